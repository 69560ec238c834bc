//! `add`: a new connection from flags, or from questions line by line.

mod definition;
mod questions;
mod values;

use super::args::{Add, Login};
use super::failed::Failed;
use super::setup::{Setup, secret_from};
use super::{json as shape, login, output};
use crate::engine::NewConnection;
use crate::model::{ClientAuth, ConnectionName};
use crate::provider::{Catalogue, Preset, Way};

use definition::{Addresses, empty_provider};
use questions::Answers;
pub(in crate::cli) use values::{address, auth, ca_file};
use values::{redirect, scopes, set_variables};

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
    let preset = preset(add)?;
    let mut answers = Answers::default();
    if !add.no_input {
        if !output::stdin_is_terminal() {
            return Err(Failed::usage(
                "no-terminal",
                "There is no terminal to ask on.",
                "Give everything as flags with --no-input (valetkey add --help).",
            ));
        }
        answers.ask(add, preset)?;
    }
    let new = assemble(add, preset, answers)?;
    if new.client_secret.is_some() || add.sign_in {
        setup.open_vault()?;
    } else if matches!(
        setup.engine.vault_facts()?,
        crate::engine::VaultFacts::NotMade
    ) {
        // A definition is stored in the vault too; it has to be made first.
        setup.open_vault()?;
    }
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
        if !add.sign_in {
            output::note(&format!("  run: valetkey login {name}"));
        }
    }
    if add.sign_in {
        login::run(setup, &Login::plain(&name))?;
    }
    Ok(())
}

fn preset(add: &Add) -> Result<Option<&'static Preset>, Failed> {
    let Some(what) = &add.what else {
        return Ok(None);
    };
    let catalogue = Catalogue::built_in();
    if let Some(preset) = catalogue.find(what) {
        return Ok(Some(preset));
    }
    let near: Vec<&str> = catalogue
        .search(what)
        .iter()
        .map(|preset| preset.id.as_str())
        .take(3)
        .collect();
    let what = crate::model::Untrusted::new(what.clone()).shown();
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

/// Everything missing or contradicting is listed at once.
fn assemble(add: &Add, preset: Option<&Preset>, answers: Answers) -> Result<NewConnection, Failed> {
    let mut problems: Vec<String> = Vec::new();
    let mut keep = |result: Result<(), String>| {
        if let Err(problem) = result {
            problems.push(problem);
        }
    };
    let client_id = add
        .client_id
        .clone()
        .or(answers.client_id)
        .or_else(|| preset.and_then(|preset| preset.client.client_id.clone()))
        .unwrap_or_default();
    if client_id.trim().is_empty() {
        keep(Err("--client-id is missing".to_owned()));
    }
    let mut variables = answers.variables;
    match set_variables(&add.set) {
        Ok(set) => variables.extend(set),
        Err(problem) => keep(Err(problem)),
    }
    let secret = match (&add.client_secret_file, answers.client_secret) {
        (Some(file), _) => match secret_from(file) {
            Ok(secret) => Some(secret).filter(|secret| !secret.is_empty()),
            Err(failed) => {
                keep(Err(failed.0.sentence));
                None
            }
        },
        (None, typed) => typed,
    };
    let base = match preset {
        Some(preset) => preset
            .provider(&variables, &client_id)
            .map_err(|problem| format!("{}: {problem} (--set VAR=VALUE)", preset.id)),
        None => Ok(empty_provider()),
    };
    let provider = match base {
        Ok(mut provider) => {
            let urls = Addresses {
                add,
                answers_authorization: answers.authorization_url,
                answers_token: answers.token_url,
            };
            for problem in urls.apply(&mut provider) {
                keep(Err(problem));
            }
            Some(provider)
        }
        Err(problem) => {
            keep(Err(problem));
            None
        }
    };
    let auth = match &add.auth {
        Some(text) => auth(text)
            .map_err(|problem| keep(Err(format!("--auth: {problem}"))))
            .unwrap_or_default(),
        None => match preset {
            Some(preset) => preset.client.auth_with(secret.is_some()),
            None if secret.is_some() => ClientAuth::Basic,
            None => ClientAuth::None,
        },
    };
    if auth != ClientAuth::None && secret.is_none() {
        keep(Err(format!(
            "--auth {} needs --client-secret-file",
            auth.as_str()
        )));
    }
    if let Some(preset) = preset {
        let only_device = preset.client.ways.contains(&Way::Device);
        if preset.client.needs_secret(Way::Browser) && secret.is_none() && !only_device {
            keep(Err(format!(
                "{} needs its client secret: --client-secret-file",
                preset.name
            )));
        }
    }
    let redirect = redirect(add, preset)
        .map_err(|problem| keep(Err(problem)))
        .ok();
    let scopes = scopes(add, preset, answers.scopes.as_deref())
        .map_err(|problem| keep(Err(problem)))
        .ok();
    let name = match add.name.as_deref().map(ConnectionName::parse).transpose() {
        Ok(name) => name,
        Err(problem) => {
            keep(Err(format!("--name: {problem}")));
            None
        }
    };
    let ca_pem = match add.ca_file.as_deref().map(ca_file).transpose() {
        Ok(pem) => pem,
        Err(problem) => {
            keep(Err(format!("--ca-file: {problem}")));
            None
        }
    };
    for resource in &add.resource {
        let bad = url::Url::parse(resource).is_err() || resource.contains('#');
        if bad {
            keep(Err(format!(
                "--resource {resource}: an absolute address without `#` is needed"
            )));
        }
    }
    match (provider, redirect, scopes) {
        (Some(provider), Some(redirect), Some(scopes)) if problems.is_empty() => {
            Ok(NewConnection {
                name,
                provider,
                reuse: None,
                client_id,
                client_secret: secret,
                auth,
                redirect,
                scopes,
                resources: add.resource.clone(),
                dev_http: add.dev_http,
                ca_pem,
            })
        }
        _ => Err(Failed::usage(
            "add",
            format!(
                "This does not make a connection yet:\n  {}",
                problems.join("\n  ")
            ),
            "Nothing was stored. See valetkey add --help",
        )),
    }
}
