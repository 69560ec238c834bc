//! Asking a person whether a program gets a token, where no table is open to ask in: by the askpass
//! program, else on the caller's own terminal (for connections set to be confirmed).

use std::ffi::OsString;
use std::time::Duration;

use crate::agent::Answer;
use crate::host::{ask_on_terminal, caller, run_askpass};
use crate::model::{Connection, Policy, Untrusted};

/// So that the caller is told in time (conformance Y-13).
const PATIENCE: Duration = Duration::from_secs(40);

/// The person's answer; `None` when nobody can be asked, or nobody answers.
pub(super) fn confirm(connection: &Connection) -> Option<Answer> {
    let question = question(connection);
    if let Some(program) = askpass() {
        return run_askpass(&program, &question, PATIENCE)
            .map(|yes| if yes { Answer::Once } else { Answer::No });
    }
    let choices = if connection.serving.policy == Policy::ConfirmSession {
        "1 this time   2 in this terminal session   3 no"
    } else {
        "1 this time   2 no"
    };
    let line = ask_on_terminal(&format!("{question}\n  {choices}: "), PATIENCE)?;
    Some(match line.as_str() {
        "1" => Answer::Once,
        "2" if connection.serving.policy == Policy::ConfirmSession => Answer::Session,
        _ => Answer::No,
    })
}

fn question(connection: &Connection) -> String {
    let who = match caller() {
        Some(caller) => format!("{} ({})", caller.name.raw(), caller.pid),
        None => "A program".to_owned(),
    };
    let scopes = connection.token_scopes().joined(" ");
    let scopes = if scopes.is_empty() {
        String::new()
    } else {
        format!(" ({scopes})")
    };
    let question = format!("{who} wants a token of {}{scopes}.", connection.name);
    Untrusted::new(question).shown().to_string()
}

fn askpass() -> Option<OsString> {
    ["VALETKEY_ASKPASS", "SSH_ASKPASS"]
        .into_iter()
        .find_map(|name| std::env::var_os(name).filter(|value| !value.is_empty()))
}
