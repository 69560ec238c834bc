//! `revoke`: the provider is told, the definition stays.

use serde_json::json;

use super::failed::Failed;
use super::prompt::choice;
use super::setup::Setup;
use super::{output, runtime, waiting};
use crate::advice::{half_revoked, nothing_to_revoke};
use crate::engine;
use crate::model::{Connection, UnixTime};

pub(super) fn run(setup: &Setup, name: &str, as_json: bool) -> Result<(), Failed> {
    if let Some(waits) = waiting::over_here(setup, name)? {
        return waiting::tell_now(setup, waits, as_json);
    }
    let connection = setup.engine.connection(name)?;
    if !connection.is_signed_in() {
        let verdict = setup.engine.verdict(&connection, setup.engine.now());
        let why = verdict.message.filter(|_| connection.ended.is_some());
        return Err(Failed(nothing_to_revoke(&connection, why.as_deref())));
    }
    let siblings = siblings(setup, &connection)?;
    if !confirmed(&connection, &siblings, as_json)? {
        output::note(&format!("Kept {}. Nothing was changed.", connection.name));
        return Ok(());
    }
    setup.open_vault()?;
    let revoked = runtime()?.block_on(setup.engine.revoke(&connection.id))?;
    waiting::tell_due(setup)?;
    if let Some(waits) = revoked.waiting {
        return Err(waiting::failed(setup, waits)?);
    }
    if as_json {
        return Ok(output::json(&json!({
            "version": 1,
            "connection": connection.name.as_str(),
            "revoked": true,
            "was_invalid": revoked.was_invalid,
            "access_token_lives": revoked.access_token_lives,
            "access_token_until": revoked.access_token_until.map(UnixTime::rfc3339),
            "may_end_too": siblings,
        }))?);
    }
    output::note(&format!(
        "{} The settings stay; sign in again any time.",
        revoked_words(&connection.provider.name, &revoked)
    ));
    Ok(())
}

/// Names of the other connections that may end with this one.
pub(super) fn siblings(setup: &Setup, connection: &Connection) -> Result<Vec<String>, Failed> {
    let rows = setup.engine.rows()?;
    let targets: Vec<_> = rows
        .iter()
        .map(|row| &row.summary)
        .filter(|summary| summary.id == connection.id)
        .collect();
    Ok(engine::siblings(&targets, &rows)
        .into_iter()
        .map(|row| row.summary.name.to_string())
        .collect())
}

/// The warning about siblings, where there are any.
pub(super) fn siblings_words(siblings: &[String]) -> Option<String> {
    (!siblings.is_empty()).then(|| {
        format!(
            "Revoking may also end: {} (same app and account).",
            siblings.join(", ")
        )
    })
}

/// Names what else may end; on a terminal asks whether to go on.
pub(super) fn confirmed(
    connection: &Connection,
    siblings: &[String],
    as_json: bool,
) -> Result<bool, Failed> {
    let Some(words) = siblings_words(siblings) else {
        return Ok(true);
    };
    output::note(&words);
    if as_json || !output::stdin_is_terminal() {
        return Ok(true);
    }
    output::note(&format!("  1 keep   2 revoke {}", connection.name));
    Ok(choice("Number, enter keeps it: ", "1", 2)? == 2)
}

/// Exactly what happened, never more (conformance L-02, L-03).
pub(super) fn revoked_words(provider: &str, revoked: &engine::Revoked) -> String {
    let provider = crate::model::Untrusted::new(provider).shown();
    if revoked.access_token_lives {
        let until = revoked.access_token_until.map(UnixTime::rfc3339);
        half_revoked(&provider.to_string(), until)
    } else if revoked.was_invalid {
        format!("{provider} knew these tokens no longer. Forgotten here too.")
    } else {
        format!("Revoked at {provider}.")
    }
}
