//! Revocations that wait: telling them again, and dropping them.

use serde_json::{Value, json};

use super::failed::Failed;
use super::json as shape;
use super::setup::Setup;
use super::{output, runtime};
use crate::advice::{advise, dropped, exit, retold, still_waits};
use crate::engine::{Error, Retold, Want};
use crate::model::{UnixTime, Untrusted, Waiting};

/// What became of one.
pub(super) struct Told {
    pub(super) exit: u8,
    pub(super) value: Value,
}

/// `revoke --pending`: one line for each on stderr.
pub(super) fn tell_all(setup: &Setup, as_json: bool) -> Result<u8, Failed> {
    let all = setup.engine.waiting()?;
    let now = setup.engine.waiting_now(Want::Person)?;
    if all.is_empty() {
        output::note("No revocation waits.");
    }
    if !now.is_empty() {
        setup.open_vault()?;
    }
    let left: Vec<Waiting> = all
        .into_iter()
        .filter(|one| !now.iter().any(|told| told.id == one.id))
        .collect();
    let mut told = tell_each(setup, now)?;
    for waits in left {
        output::note(&still_waits(&waits, UnixTime::rfc3339));
        told.push(outcome(&waits, false, Value::Null, exit::OFFLINE));
    }
    let code = told.iter().map(|told| told.exit).max().unwrap_or(exit::OK);
    if as_json {
        let revocations: Vec<Value> = told.into_iter().map(|told| told.value).collect();
        output::json(&json!({"version": 1, "revocations": revocations}))?;
    }
    Ok(code)
}

/// Tells these, one after the other; the vault is open.
pub(super) fn tell_each(setup: &Setup, these: Vec<Waiting>) -> Result<Vec<Told>, Failed> {
    if these.is_empty() {
        return Ok(Vec::new());
    }
    let runtime = runtime()?;
    let mut told = Vec::with_capacity(these.len());
    for waits in these {
        told.push(match runtime.block_on(setup.engine.tell_again(&waits)) {
            Ok(Retold::Waits) => {
                // As it stands after this try.
                let waits = setup.engine.waiting_again(&waits)?.unwrap_or(waits);
                output::note(&retold(&waits, Retold::Waits));
                outcome(&waits, false, Value::Null, exit::OFFLINE)
            }
            Ok(done) => {
                output::note(&retold(&waits, done));
                outcome(&waits, true, Value::Null, exit::OK)
            }
            Err(error) => {
                let advice = advise(&error);
                output::note(&format!("{}: {}", waits.of.name, advice.sentence));
                let error = output::json_error(&advice)["error"].take();
                outcome(&waits, false, error, advice.exit)
            }
        });
    }
    Ok(told)
}

fn outcome(waits: &Waiting, revoked: bool, error: Value, exit: u8) -> Told {
    let mut value = shape::waiting(waits);
    value["revoked"] = json!(revoked);
    value["error"] = error;
    Told { exit, value }
}

/// On the way of a command that goes over the network anyway; the vault is open. What becomes of it
/// changes nothing about that command.
pub(super) fn tell_due(setup: &Setup) -> Result<(), Failed> {
    tell_each(setup, setup.engine.waiting_now(Want::Due)?).map(|_| ())
}

/// What waits under this name, where nobody is signed in any more: the connection may be gone.
pub(super) fn over_here(setup: &Setup, name: &str) -> Result<Option<Vec<Waiting>>, Failed> {
    let signed_in = match setup.engine.connection(name) {
        Ok(connection) => connection.is_signed_in(),
        Err(Error::UnknownConnection { .. }) => false,
        Err(other) => return Err(other.into()),
    };
    let waits = named(setup, name)?;
    Ok((!signed_in && !waits.is_empty()).then_some(waits))
}

/// `revoke NAME` again, while it waits.
pub(super) fn tell_now(setup: &Setup, these: Vec<Waiting>, as_json: bool) -> Result<(), Failed> {
    setup.open_vault()?;
    let now = setup.engine.now();
    if let Some(asked) = these.iter().find(|waits| !waits.next.may_be_now(now)) {
        return Err(failed(setup, asked.clone())?);
    }
    let told = tell_each(setup, these.clone())?;
    for waits in these {
        if let Some(still) = setup.engine.waiting_again(&waits)? {
            return Err(failed(setup, still)?);
        }
    }
    if as_json {
        let revocations: Vec<Value> = told.into_iter().map(|told| told.value).collect();
        output::json(&json!({"version": 1, "revocations": revocations}))?;
    }
    Ok(())
}

/// `revoke NAME --drop`.
pub(super) fn drop(setup: &Setup, name: &str, as_json: bool) -> Result<(), Failed> {
    let waits = named(setup, name)?;
    if waits.is_empty() {
        return Err(Failed::usage(
            "nothing-waits",
            format!("No revocation of {} waits.", Untrusted::new(name).shown()),
            "valetkey list tells what waits.",
        ));
    }
    for one in &waits {
        setup.engine.drop_waiting(one)?;
        output::note(&dropped(one));
    }
    if as_json {
        let all: Vec<Value> = waits.iter().map(shape::waiting).collect();
        output::json(&json!({"version": 1, "dropped": all}))?;
    }
    Ok(())
}

/// The error of a command whose revocation waits.
pub(super) fn failed(setup: &Setup, waits: Waiting) -> Result<Failed, Failed> {
    let count = setup.engine.waiting()?.len();
    Ok(Error::RevocationWaits {
        waiting: Box::new(waits),
        count,
    }
    .into())
}

/// One line for each, and what to run.
pub(super) fn note_all(setup: &Setup) -> Result<(), Failed> {
    let all = setup.engine.waiting()?;
    for waits in &all {
        output::note(&still_waits(waits, UnixTime::rfc3339));
    }
    if !all.is_empty() {
        output::note("Tell it now: valetkey revoke --pending");
    }
    Ok(())
}

fn named(setup: &Setup, name: &str) -> Result<Vec<Waiting>, Failed> {
    let mut all = setup.engine.waiting()?;
    all.retain(|waits| waits.of.name.as_str().to_lowercase() == name.to_lowercase());
    Ok(all)
}
