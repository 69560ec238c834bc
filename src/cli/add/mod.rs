//! `add`: a new connection from flags, or from questions line by line.

mod assemble;
mod definition;
mod questions;
mod values;

use super::args::{Add, Login};
use super::failed::Failed;
use super::prompt::prompt;
use super::setup::{self, Setup};
use super::{catalogue, json as shape, login, output};
use crate::engine::VaultFacts;
use crate::model::Untrusted;
use crate::provider::{Catalogue, Preset};

use assemble::assemble;
use questions::Answers;
pub(in crate::cli) use values::{address, auth, ca_file};

/// Whether the terminal wizard is meant: a terminal, and nothing that says otherwise.
pub(super) fn wants_wizard(add: &Add, plain: bool) -> bool {
    !plain
        && !add.no_input
        && !add.sign_in
        && !add.json
        && add.client_id.is_none()
        && add.token_url.is_none()
        && output::stdin_is_terminal()
        && output::stdout_is_terminal()
}

pub(super) fn run(setup: &Setup, add: &Add) -> Result<(), Failed> {
    let catalogue = catalogue::load(&setup::paths()?.config);
    if !add.no_input && !output::stdin_is_terminal() {
        return Err(Failed::usage(
            "no-terminal",
            "There is no terminal to ask on.",
            "Give everything as flags with --no-input (valetkey add --help).",
        ));
    }
    let preset = match preset(add, &catalogue)? {
        None if !add.no_input && !add.has_addresses() => questions::choose_preset(&catalogue)?,
        preset => preset,
    };
    let known = setup.engine.registrations()?;
    let mut answers = Answers::default();
    if !add.no_input {
        answers.ask(add, preset, &known)?;
    }
    let new = assemble(add, preset, answers, &known)?;
    let not_made = matches!(setup.engine.vault_facts()?, VaultFacts::NotMade);
    // A definition is stored in the vault too; it has to be made first.
    if new.client_secret.is_some() || add.sign_in || not_made {
        setup.open_vault()?;
    }
    let reused = new
        .reuse
        .as_ref()
        .and_then(|id| known.iter().find(|known| known.registration.id == *id));
    let new_secret = new.client_secret.is_some();
    let id = setup.engine.add(new)?;
    let detail = setup.engine.detail(&id)?;
    let name = detail.connection.name.to_string();
    if add.json {
        output::json(&shape::detail(&detail))?;
    } else {
        output::note(&format!(
            "Added {name}. Talks to {}.",
            detail.connection.provider.hosts().join(" ")
        ));
        if let Some(known) = reused {
            output::note(&format!(
                "Uses the app that is registered already{}: client ID {}.",
                questions::used_for(known),
                Untrusted::new(&*known.registration.client_id).shown()
            ));
            if new_secret {
                output::note("Its client secret was replaced by the one given now.");
            }
        }
    }
    let sign_in = add.sign_in
        || !add.no_input
            && !add.json
            && prompt("Sign in now? [Y/n] ", "y")?.starts_with(['y', 'Y']);
    if sign_in {
        login::run(setup, &Login::plain(&name))?;
    } else if !add.json {
        output::note(&format!("  run: valetkey login {name}"));
    }
    Ok(())
}

fn preset<'a>(add: &Add, catalogue: &'a Catalogue) -> Result<Option<&'a Preset>, Failed> {
    let Some(what) = &add.what else {
        return Ok(None);
    };
    if let Some(preset) = catalogue.find(what) {
        return match &preset.refused {
            None => Ok(Some(preset)),
            Some(words) => Err(Failed::usage(
                "refused-preset",
                format!(
                    "{} cannot be connected from here.",
                    Untrusted::new(&*preset.name).shown()
                ),
                Untrusted::new(&**words).shown().to_string(),
            )),
        };
    }
    let near: Vec<&str> = catalogue
        .search(what)
        .iter()
        .map(|preset| preset.id.as_str())
        .take(3)
        .collect();
    let what = Untrusted::new(what.clone()).shown();
    Err(Failed::usage(
        "unknown-preset",
        format!("There is no preset named {what}."),
        if near.is_empty() {
            "See them all: valetkey presets. For another provider give --authorization-url and --token-url.".to_owned()
        } else {
            format!("Did you mean: {}?", near.join(", "))
        },
    ))
}
