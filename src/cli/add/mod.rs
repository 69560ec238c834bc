//! `add`: a new connection from flags, or from questions line by line.

mod addresses;
mod assemble;
#[cfg(test)]
mod by_hand;
mod definition;
mod questions;
mod values;

use super::args::{Add, Login};
use super::failed::Failed;
use super::prompt::{confirmed, prompt, yes};
use super::setup::{self, Setup};
use super::{catalogue, json as shape, login, output, test};
use crate::engine::{Doubt, Error, NewConnection, VaultFacts};
use crate::model::{ConnectionName, EndpointUrl, Untrusted, UrlProblem};
use crate::provider::{Catalogue, Preset};
use crate::vault::VaultError;

use assemble::assemble;
use questions::Answers;
pub(in crate::cli) use values::ca_file;
use values::refused;

const WITHOUT_PRESET: &str = "Without a preset: give --authorization-url and --token-url.";

const WHY_NAME: &str =
    "What you and your programs call it: letters, digits, - . _ and @. Rename changes it later.";

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
    let mut answers = Answers::default();
    let mut preset = match preset(add, &catalogue, &mut answers)? {
        None if !add.no_input && !add.has_addresses() => questions::choose_preset(&catalogue)?
            .map(connectable)
            .transpose()?,
        preset => preset,
    };
    let known = setup.engine.registrations()?;
    if !add.no_input {
        preset = answers.ask(add, preset, &catalogue, &known)?;
    }
    let add = &answers.allowing(add);
    let own = preset.is_none() && answers.has_addresses();
    let mut new = assemble(add, preset, answers, &known)?;
    // Somebody answers questions here.
    let steps = !add.no_input && !add.json;
    if steps {
        review(&new);
        // A host is a poor name; a preset's is a good one.
        if own && new.name.is_none() {
            new.name = Some(ask_name(setup, &new)?);
        }
    }
    if !add.no_input {
        for doubt in assemble::doubts(add, &new.provider) {
            agreed(&doubt, add.yes)?;
        }
    }
    if let Some(words) = new.redirect.advice() {
        output::note(&words);
    }
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
        let hosts = detail.connection.provider.hosts().join(" ");
        output::note(&if steps {
            format!("Added {name}.")
        } else {
            format!("Added {name}. Talks to {hosts}.")
        });
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
    let sign_in = add.sign_in || !add.no_input && !add.json && yes("Sign in now?", true)?;
    if sign_in {
        if steps {
            output::note("Step 6 of 7: Authorize.");
        }
        login::run(setup, &Login::plain(&name)).map_err(|failed| stays(failed, &name))?;
        if steps {
            last_step(setup, &name)?;
        }
    } else if !add.json {
        output::note(&setup.way_to_sign_in(&name));
    }
    Ok(())
}

/// Asks for a name until nobody else has it.
fn ask_name(setup: &Setup, new: &NewConnection) -> Result<ConnectionName, Failed> {
    let free = setup.engine.free_name(&new.provider.id)?;
    let question = format!("Name for this connection, enter for {free}: ");
    loop {
        let typed = prompt(&question, free.as_str())?;
        if typed == "?" {
            output::note(WHY_NAME);
            continue;
        }
        let problem = match ConnectionName::parse(&typed) {
            Ok(name) => match setup.engine.connection(name.as_str()) {
                Err(Error::UnknownConnection { .. }) => return Ok(name),
                Err(other) => return Err(other.into()),
                Ok(_) => Failed::from(Error::Vault(VaultError::NameTaken)).0.sentence,
            },
            Err(problem) => problem.to_string(),
        };
        let problem = Untrusted::new(problem.trim_end_matches('.')).shown();
        output::note(&format!("  {problem}. Once more:"));
    }
}

/// Goes on only if a person says that it is meant so.
pub(super) fn agreed(doubt: &Doubt, yes: bool) -> Result<(), Failed> {
    if confirmed(yes, &format!("{doubt}."), "Keep it so?")? {
        return Ok(());
    }
    Err(Failed::usage(
        "declined",
        "Nothing was changed.",
        "Type it once more.",
    ))
}

/// Tests the new sign-in, which stands whatever comes of that.
fn last_step(setup: &Setup, name: &str) -> Result<(), Failed> {
    if setup.engine.connection(name)?.provider.test.is_none() {
        output::note(
            "Step 7 of 7: Test. No test read is known; the first use shows that it works.",
        );
        return Ok(());
    }
    output::note("Step 7 of 7: Test.");
    test::of_a_new_sign_in(setup, name);
    Ok(())
}

/// What is stored, and what a sign-in will say to whom. Each stands at the end of its line, for copying.
fn review(new: &NewConnection) {
    output::note("Step 5 of 7: Review. It is stored encrypted on this machine.");
    let scopes = if new.scopes.is_empty() {
        "the provider's default".to_owned()
    } else {
        new.scopes.to_string()
    };
    for (what, value) in [
        ("Talks to", new.provider.hosts().join(" ")),
        (
            "Client ID",
            Untrusted::new(&*new.client_id).shown().to_string(),
        ),
        ("Redirect", new.redirect.to_string()),
        ("Asks for", scopes),
    ] {
        output::note(&format!("  {what:<9} {value}"));
    }
}

/// The sign-in failed; what was added before it is still there.
pub(in crate::cli) fn stays(mut failed: Failed, name: &str) -> Failed {
    let stays = format!("{name} stays in the list, not signed in.");
    failed.0.sentence = failed.0.sentence.replace("Nothing was changed.", &stays);
    failed
}

fn preset<'a>(
    add: &Add,
    catalogue: &'a Catalogue,
    answers: &mut Answers,
) -> Result<Option<&'a Preset>, Failed> {
    let Some(what) = &add.what else {
        return Ok(None);
    };
    if let Some(preset) = catalogue.find(what) {
        return connectable(preset).map(Some);
    }
    match EndpointUrl::parse(what, add.dev_http) {
        Ok(url) => return of_address(add, &url, catalogue, answers).map(Some),
        Err(problem @ UrlProblem::PlainHttp) => {
            let why = refused(what, add.dev_http, &problem);
            let what = Untrusted::new(what.clone()).shown();
            return Err(Failed::usage(
                "plain-http",
                format!("{what}: {why}."),
                WITHOUT_PRESET,
            ));
        }
        Err(_) => {}
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

/// The preset, unless it says that it cannot be connected.
fn connectable(preset: &Preset) -> Result<&Preset, Failed> {
    match &preset.refused {
        None => Ok(preset),
        Some(words) => Err(Failed::usage(
            "refused-preset",
            format!(
                "{} cannot be connected from here.",
                Untrusted::new(&*preset.name).shown()
            ),
            Untrusted::new(&**words).shown().to_string(),
        )),
    }
}

/// The preset at home at an address, taken after a question; what the address shows is filled in.
fn of_address<'a>(
    add: &Add,
    url: &EndpointUrl,
    catalogue: &'a Catalogue,
    answers: &mut Answers,
) -> Result<&'a Preset, Failed> {
    let Some(preset) = catalogue.find_by_url(url) else {
        return Err(Failed::usage(
            "unknown-address",
            format!("No preset is known for {}.", url.authority()),
            WITHOUT_PRESET,
        ));
    };
    let preset = connectable(preset)?;
    if add.no_input || !output::stdin_is_terminal() {
        return Err(Failed::usage(
            "address-of-preset",
            format!("This address belongs to the preset {}.", preset.id),
            format!("Use it: valetkey add {} … {WITHOUT_PRESET}", preset.id),
        ));
    }
    if !answers.take_preset(preset, url)? {
        return Err(Failed::usage(
            "preset-declined",
            "Nothing was added.",
            WITHOUT_PRESET,
        ));
    }
    Ok(preset)
}
