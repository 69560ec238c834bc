//! `vault slot …` and `vault rekey`: what opens the vault.

use serde_json::{Value, json};

use crate::advice::fields::PASSPHRASE;
use crate::cli::args::{NewPassphrase, NewSlotKind, SlotCommand};
use crate::cli::failed::Failed;
use crate::cli::prompt::{confirmed, prompt_passphrase, prompt_passphrase_again};
use crate::cli::setup::{Setup, TRIES};
use crate::cli::{output, passphrase};
use crate::engine::{Access, Error, wait_after};
use crate::model::Secret;
use crate::vault::{KeychainError, SlotInfo, SlotKind, VaultError};

pub(super) fn run(setup: &Setup, command: &SlotCommand) -> Result<(), Failed> {
    match command {
        SlotCommand::List { json } => list(setup, *json),
        SlotCommand::Add { kind, new } => add(setup, *kind, new),
        SlotCommand::Remove { id, yes } => remove(setup, *id, *yes),
    }
}

fn list(setup: &Setup, as_json: bool) -> Result<(), Failed> {
    let slots = setup.engine.slots()?;
    if as_json {
        return Ok(output::json(
            &json!({"version": 1, "slots": shape(&slots)}),
        )?);
    }
    for slot in &slots {
        output::data(&line(slot))?;
    }
    Ok(())
}

fn add(setup: &Setup, kind: NewSlotKind, new: &NewPassphrase) -> Result<(), Failed> {
    if kind == NewSlotKind::Keychain && new.is_given() {
        return Err(Failed::usage(
            "usage",
            "The keychain needs no passphrase.",
            "Leave it out, or run: valetkey vault slot add passphrase",
        ));
    }
    // Nothing there to add to: known before anything is asked.
    setup.engine.slots()?;
    setup.open_vault()?;
    if kind == NewSlotKind::Keychain {
        setup.explained(|| setup.engine.add_keychain_slot())?;
        output::note("Added. Your keychain opens the vault too.");
    } else {
        let passphrase = passphrase::new(new, setup.asks())?;
        setup.engine.add_passphrase_slot(&passphrase)?;
        output::note("Added. This passphrase opens the vault too.");
    }
    Ok(())
}

fn remove(setup: &Setup, id: u32, yes: bool) -> Result<(), Failed> {
    let slots = setup.engine.slots()?;
    let going = slots
        .iter()
        .find(|slot| slot.id == id)
        .ok_or_else(|| Failed::from(Error::Vault(VaultError::UnknownSlot)))?;
    let left: Vec<&str> = slots
        .iter()
        .filter(|slot| slot.id != id)
        .map(|slot| slot.kind.as_str())
        .collect();
    if left.is_empty() {
        return Err(Error::Vault(VaultError::LastSlot).into());
    }
    let what = format!(
        "{} goes. The vault then opens by: {}.",
        line(going),
        left.join(", ")
    );
    if !confirmed(yes, &what, "Remove it?")? {
        output::note("Kept. Nothing was changed.");
        return Ok(());
    }
    let access = Access {
        passphrase: setup.passphrase_brought()?,
        ..Access::default()
    };
    match setup.explained(|| setup.engine.remove_slot(id, &access)) {
        Err(Error::PassphraseNeeded(_)) if setup.asks() => {
            output::note("Another slot must open the vault before this one goes.");
            setup.with_typed_passphrase(|access| setup.engine.remove_slot(id, access))?;
        }
        Err(Error::Vault(VaultError::WrongKey)) => {
            return Err(Failed::usage(
                "slot-unproved",
                "This passphrase opens only the slot that would go. Nothing was changed.",
                "Give the passphrase of a slot that stays.",
            ));
        }
        done => done?,
    }
    output::note(&format!("Removed key slot {id}."));
    Ok(())
}

/// `vault rekey`.
pub(super) fn rekey(setup: &Setup, dropped: &[u32], yes: bool) -> Result<(), Failed> {
    let slots = setup.engine.slots()?;
    if !dropped.is_empty() {
        let going: Vec<String> = slots
            .iter()
            .filter(|slot| dropped.contains(&slot.id))
            .map(line)
            .collect();
        let what = format!("With the old key goes: {}.", going.join("; "));
        if !confirmed(yes, &what, "Give the vault a new key without it?")? {
            output::note("Kept. Nothing was changed.");
            return Ok(());
        }
    }
    setup.open_vault()?;
    let mut passphrases: Vec<Secret> = setup.passphrase_brought()?.into_iter().collect();
    passphrases.extend(setup.take_typed());
    let mut wrong = 0;
    let mut asked_for = None;
    loop {
        match setup.explained(|| setup.engine.rekey(&passphrases, dropped)) {
            Err(Error::Vault(VaultError::SlotPassphrase(id)))
                if setup.asks() && wrong + 1 < TRIES =>
            {
                wrong = if asked_for == Some(id) { wrong + 1 } else { 0 };
                asked_for = Some(id);
                passphrases.push(typed_for(id, wrong, &slots)?);
            }
            done => {
                done?;
                break;
            }
        }
    }
    output::note("The vault has a new key. The old one opens nothing any more.");
    Ok(())
}

fn typed_for(id: u32, wrong: u32, slots: &[SlotInfo]) -> Result<Secret, Failed> {
    let several = slots
        .iter()
        .filter(|slot| slot.kind == SlotKind::Passphrase)
        .count()
        > 1;
    let question = if several {
        format!("Passphrase of key slot {id}: ")
    } else {
        "Passphrase of the vault: ".to_owned()
    };
    let passphrase = match wrong {
        0 => prompt_passphrase(&question, PASSPHRASE)?,
        _ => prompt_passphrase_again(wait_after(wrong), &question, PASSPHRASE)?,
    };
    if passphrase.is_empty() {
        return Err(Error::Vault(VaultError::SlotPassphrase(id)).into());
    }
    Ok(passphrase)
}

/// `vault rekey --lose-sign-ins`.
pub(super) fn start_over(
    setup: &Setup,
    by_passphrase: bool,
    new: &NewPassphrase,
    yes: bool,
) -> Result<(), Failed> {
    let rows = setup.engine.rows()?;
    setup.engine.slots()?;
    let what = format!(
        "The vault gets a new key without the old one. {}; every sign-in and client secret is lost for good.",
        match rows.len() {
            1 => "1 connection stays".to_owned(),
            count => format!("{count} connections stay"),
        }
    );
    if !confirmed(yes, &what, "Lose the sign-ins?")? {
        output::note("Kept. Nothing was changed.");
        return Ok(());
    }
    let passphrase = (by_passphrase || new.is_given())
        .then(|| passphrase::new(new, setup.asks()))
        .transpose()?;
    match setup.explained(|| setup.engine.start_over(passphrase.as_ref())) {
        Err(Error::Vault(VaultError::Keychain(why))) => return Err(no_keychain(why)),
        done => done?,
    }
    output::note("The vault has a new key. Sign in again: valetkey login NAME");
    Ok(())
}

fn no_keychain(why: KeychainError) -> Failed {
    let mut failed = Failed::from(Error::Vault(VaultError::Keychain(why)));
    failed.0.hint =
        Some("Use a passphrase: valetkey vault rekey --lose-sign-ins --passphrase".to_owned());
    failed
}

/// A slot on a line.
pub(super) fn line(slot: &SlotInfo) -> String {
    format!(
        "Key slot {}  {}, since {}",
        slot.id,
        slot.kind.as_str(),
        slot.created_at.rfc3339()
    )
}

/// Slots in JSON.
pub(super) fn shape(slots: &[SlotInfo]) -> Vec<Value> {
    slots
        .iter()
        .map(|slot| {
            json!({
                "id": slot.id,
                "kind": slot.kind.as_str(),
                "created_at": slot.created_at.rfc3339(),
            })
        })
        .collect()
}
