//! `history`: what happened, when, and who was given a token. No unlock and no network.

use serde_json::{Value, json};

use super::failed::Failed;
use super::output;
use super::setup::Setup;
use crate::advice::advise;
use crate::engine::{Error, Happened, Happening, Telling};
use crate::model::UnixTime;

pub(super) fn run(
    setup: &Setup,
    name: Option<&str>,
    limit: u32,
    as_json: bool,
) -> Result<(), Failed> {
    let of = match name {
        Some(name) => Some(setup.engine.connection(name)?.id),
        None => None,
    };
    // A program reads each one; for people the same again is one line with a number.
    let telling = if as_json {
        Telling::Each
    } else {
        Telling::Folded
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let history = setup.engine.history(of.as_ref(), limit, telling)?;
    if let Some(unread) = history.unread {
        let why = advise(&Error::Vault(unread)).sentence;
        output::note(&format!(
            "valetkey: who was given a token cannot be told. {why}"
        ));
    }
    if as_json {
        let events: Vec<Value> = history.lines.iter().map(event).collect();
        return Ok(output::json(&json!({"version": 1, "events": events}))?);
    }
    if history.lines.is_empty() {
        output::note("Nothing has happened yet.");
    }
    let wide = history.lines.iter().map(|line| line.name.len()).max();
    for line in &history.lines {
        output::data(&format!(
            "{}  {:<wide$}  {}",
            line.at.rfc3339(),
            line.name,
            line.sentence(UnixTime::rfc3339),
            wide = wide.unwrap_or_default(),
        ))?;
    }
    if history.more && output::stdout_is_terminal() {
        output::note("There is more: --limit N");
    }
    Ok(())
}

fn event(line: &Happened) -> Value {
    let (via, caller) = match &line.what {
        Happening::Changed { .. } => (None, None),
        Happening::Handed { via, caller, .. } => (Some(via.as_str()), caller.as_ref()),
    };
    json!({
        "at": line.at.rfc3339(),
        "connection": {"id": line.connection.as_str(), "name": line.name},
        "action": line.action(),
        "outcome": line.outcome(),
        "detail": line.detail(),
        "caller": caller.map(|caller| json!({"pid": caller.pid, "name": caller.name.shown()})),
        "via": via,
    })
}
