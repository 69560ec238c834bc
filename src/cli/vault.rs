//! `vault init` and `vault status`.

use serde_json::json;

use super::args::VaultCommand;
use super::failed::Failed;
use super::output;
use super::setup::{Setup, prompt_secret};
use crate::engine::VaultFacts;
use crate::model::UnixTime;

pub(super) fn run(setup: &Setup, command: &VaultCommand) -> Result<(), Failed> {
    match command {
        VaultCommand::Init { passphrase } => init(setup, *passphrase),
        VaultCommand::Status { json } => status(setup, *json),
    }
}

fn init(setup: &Setup, passphrase: bool) -> Result<(), Failed> {
    if matches!(setup.engine.vault_facts()?, VaultFacts::Made(_)) && !setup.engine.is_memory() {
        return Err(crate::engine::Error::Vault(crate::vault::VaultError::AlreadyMade).into());
    }
    if !passphrase {
        return setup.open_vault();
    }
    let secret = match setup.passphrase_brought()? {
        Some(secret) => secret,
        None if output::stdin_is_terminal() => {
            output::note(
                "Choose a passphrase. There is no recovery: if you forget it, you sign in everywhere again.",
            );
            let first = prompt_secret("Passphrase: ")?;
            if !first.same(&prompt_secret("Once more: ")?) {
                return Err(Failed::usage(
                    "passphrase-differs",
                    "The two passphrases differ.",
                    "Try again.",
                ));
            }
            first
        }
        None => {
            return Err(Failed::usage(
                "passphrase-needed",
                "There is no terminal to type a passphrase on.",
                "Set VALETKEY_PASSPHRASE_FILE or give --passphrase-fd.",
            ));
        }
    };
    if secret.is_empty() {
        return Err(Failed::usage(
            "passphrase-empty",
            "The passphrase is empty.",
            "Choose one with some characters.",
        ));
    }
    setup.engine.make_with_passphrase(&secret)?;
    output::note("Made the vault. Sign-ins are stored encrypted; your passphrase opens it.");
    Ok(())
}

fn status(setup: &Setup, as_json: bool) -> Result<(), Failed> {
    let facts = setup.engine.vault_facts()?;
    if as_json {
        let value = match &facts {
            VaultFacts::NotMade => json!({"version": 1, "made": false, "slots": [], "path": null}),
            VaultFacts::Made(status) => json!({
                "version": 1,
                "made": true,
                "id": status.id,
                "format": status.format,
                "slots": status.slots.iter().map(|slot| json!({
                    "id": slot.id,
                    "kind": slot.kind.as_str(),
                    "created_at": slot.created_at.rfc3339(),
                })).collect::<Vec<_>>(),
                "memory": status.memory,
                "moved": status.moved,
                "path": status.path.as_ref().map(|path| path.to_string_lossy().into_owned()),
                "last_write": status.last_write.map(UnixTime::rfc3339),
            }),
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
                .map_or("memory only".to_owned(), |path| path.display().to_string());
            output::data(&format!("Vault       {place}"))?;
            output::data(&format!("Format      {}", status.format))?;
            for slot in &status.slots {
                output::data(&format!(
                    "Key slot {}  {}, since {}",
                    slot.id,
                    slot.kind.as_str(),
                    slot.created_at.rfc3339()
                ))?;
            }
            if let Some(at) = status.last_write {
                output::data(&format!("Last write  {}", at.rfc3339()))?;
            }
            if status.moved {
                output::data(
                    "Moved       this vault was last used on another machine or restored from a copy",
                )?;
            }
        }
    }
    Ok(())
}
