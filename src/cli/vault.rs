//! `vault init` and `vault status`; the slots beside it.

mod restore;
mod slots;

pub(super) use restore::run as restore;

use serde_json::json;

use super::args::VaultCommand;
use super::failed::Failed;
use super::output;
use super::setup::Setup;
use crate::engine::VaultFacts;
use crate::model::UnixTime;

pub(super) fn run(setup: &Setup, command: &VaultCommand) -> Result<(), Failed> {
    match command {
        VaultCommand::Init { passphrase } => init(setup, *passphrase),
        VaultCommand::Unlock => super::agent::unlock(setup),
        VaultCommand::Lock => super::agent::lock(),
        VaultCommand::Adopt => adopt(setup),
        VaultCommand::Status { json } => status(setup, *json),
        VaultCommand::Slot { command } => slots::run(setup, command),
        VaultCommand::Rekey {
            lose_sign_ins: true,
            passphrase,
            new,
            yes,
            ..
        } => slots::start_over(setup, *passphrase, new, *yes),
        // Done before the vault was opened.
        VaultCommand::Restore { .. } => Ok(()),
        VaultCommand::Rekey { new, .. } if new.is_given() => Err(Failed::usage(
            "usage",
            "The slots keep their passphrases when the vault gets a new key.",
            "A new passphrase comes with --lose-sign-ins, or with: valetkey vault slot add passphrase",
        )),
        VaultCommand::Rekey { drop, yes, .. } => slots::rekey(setup, drop, *yes),
    }
}

fn init(setup: &Setup, passphrase: bool) -> Result<(), Failed> {
    if matches!(setup.engine.vault_facts()?, VaultFacts::Made(_)) && !setup.engine.is_memory() {
        return Err(crate::engine::Error::Vault(crate::vault::VaultError::AlreadyMade).into());
    }
    if !passphrase {
        return setup.open_vault();
    }
    setup.make_with_passphrase()
}

fn adopt(setup: &Setup) -> Result<(), Failed> {
    let moved = matches!(setup.engine.vault_facts()?, VaultFacts::Made(status) if status.moved || status.second_copies > 0);
    setup.engine.adopt_vault()?;
    output::note(if moved {
        "This vault is in use here from now on. Stop using the other copy: both hold the same sign-ins."
    } else {
        "This vault is in its place. Nothing was changed."
    });
    Ok(())
}

fn status(setup: &Setup, as_json: bool) -> Result<(), Failed> {
    let facts = setup.engine.vault_facts()?;
    if as_json {
        let value = match &facts {
            VaultFacts::NotMade => json!({"version": 1, "made": false, "slots": [], "path": null}),
            VaultFacts::Made(status) => {
                let beside = setup.engine.vault_surroundings()?;
                json!({
                    "version": 1,
                    "made": true,
                    "id": status.id,
                    "format": status.format,
                    "slots": slots::shape(&status.slots),
                    "memory": status.memory,
                    "moved": status.moved,
                    "second_copies": status.second_copies,
                    "path": status.path.as_ref().map(|path| path.to_string_lossy().into_owned()),
                    "last_write": status.last_write.map(UnixTime::rfc3339),
                    "copy_made_at": beside.backed_up_at.map(UnixTime::rfc3339),
                    "can_lock": beside.can_lock,
                    "conflicts": beside.conflicts.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>(),
                })
            }
        };
        return Ok(output::json(&value)?);
    }
    match facts {
        VaultFacts::NotMade => {
            output::data("No vault yet. It is made when there is first something to store.")?;
        }
        VaultFacts::Made(status) => {
            let place = status
                .path
                .as_ref()
                .map_or("memory only".to_owned(), |path| output::path(path));
            output::data(&format!("Vault       {place}"))?;
            output::data(&format!("Format      {}", status.format))?;
            for slot in &status.slots {
                output::data(&slots::line(slot))?;
            }
            if let Some(at) = status.last_write {
                output::data(&format!("Last write  {}", at.rfc3339()))?;
            }
            let beside = setup.engine.vault_surroundings()?;
            if let Some(at) = beside.backed_up_at {
                output::data(&format!("Copy        of {}", at.rfc3339()))?;
            }
            for path in &beside.conflicts {
                output::data(&format!(
                    "Conflict    {}: another version, kept by a sync program; nothing reads it",
                    output::path(path)
                ))?;
            }
            if !beside.can_lock {
                output::data(
                    "Locks       this folder cannot lock files; nothing is refreshed here",
                )?;
            }
            if status.moved {
                output::data(
                    "Moved       last used on another machine, or restored from a copy; valetkey vault adopt",
                )?;
            }
            if status.second_copies > 0 {
                output::data(&format!(
                    "Second copy {} of a backup; not refreshed before: valetkey vault adopt",
                    match status.second_copies {
                        1 => "1 sign-in".to_owned(),
                        count => format!("{count} sign-ins"),
                    }
                ))?;
            }
        }
    }
    Ok(())
}
