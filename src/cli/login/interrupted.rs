//! What an interrupted sign-in to the same connection left (conformance Z-10).

use super::super::args::Login;
use super::super::failed::Failed;
use super::super::output;
use super::super::prompt::prompt;
use super::super::setup::Setup;
use crate::model::ConnectionId;

/// Whether to go on with it. Says that it was interrupted, and asks where its code can still be used.
pub(super) fn goes_on(setup: &Setup, login: &Login, id: &ConnectionId) -> Result<bool, Failed> {
    let mut found = setup.engine.interrupted().into_iter();
    let attempt = found.find(|attempt| attempt.connection == *id);
    let Some(attempt) = attempt.filter(|_| !login.json && !login.resume) else {
        return Ok(login.resume);
    };
    let at = output::local_time(attempt.began);
    let asked = attempt.code_until.is_some() && output::stdin_is_terminal();
    if !asked {
        output::note(&format!(
            "A sign-in was interrupted at {at}. This one begins anew."
        ));
        return Ok(false);
    }
    let question = format!(
        "A sign-in was interrupted at {at}.   1 go on, with the same code   2 forget it\nNumber [1]: "
    );
    Ok(prompt(&question, "1")? != "2")
}
