//! From flags and answers to a definition, or to the list of everything that is missing.

use super::super::args::Add;
use super::super::failed::Failed;
use super::super::prompt::secret_from;
use super::definition::{Addresses, empty_provider};
use super::questions::Answers;
use super::values::{auth, ca_file, redirect, scopes, set_variables};
use crate::engine::{Doubt, NewConnection, check_client_id, shared_registration};
use crate::model::{ClientAuth, ConnectionName, Provider};
use crate::provider::{Preset, check_resource};
use crate::vault::KnownRegistration;

/// The provider for this client ID, with every address of the command line; and what is wrong.
pub(super) fn provider(
    add: &Add,
    preset: Option<&Preset>,
    answers: &Answers,
    client_id: &str,
) -> (Option<Provider>, Vec<String>) {
    let mut problems = Vec::new();
    let mut variables = answers.variables.clone();
    match set_variables(&add.set) {
        Ok(set) => variables.extend(set),
        Err(problem) => problems.push(problem),
    }
    let base = match preset {
        Some(preset) => preset
            .provider(&variables, client_id)
            .map_err(|problem| format!("{}: {problem} (--set VAR=VALUE)", preset.id)),
        None => Ok(empty_provider()),
    };
    let provider = match base {
        Ok(mut provider) => {
            problems.extend(Addresses { add, answers }.apply(&mut provider));
            Some(provider)
        }
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    (provider, problems)
}

/// What to ask about of what the flags say.
pub(super) fn doubts(add: &Add, provider: &Provider) -> Vec<Doubt> {
    Doubt::of(provider, add.client_id.as_deref(), add.test_url.is_some())
}

/// Everything missing or contradicting is listed at once. `known`: registrations that are there
/// already; the same app is not registered twice.
pub(super) fn assemble(
    add: &Add,
    preset: Option<&Preset>,
    mut answers: Answers,
    known: &[KnownRegistration],
) -> Result<NewConnection, Failed> {
    let client_id = add
        .client_id
        .clone()
        .or(answers.client_id.take())
        .or_else(|| preset.and_then(|preset| preset.client.client_id.clone()))
        .unwrap_or_default();
    let typed_secret = answers.client_secret.take();
    let (provider, mut problems) = provider(add, preset, &answers, &client_id);
    if client_id.trim().is_empty() {
        problems.insert(0, "--client-id is missing".to_owned());
    } else if let Err(problem) = check_client_id(&client_id) {
        problems.insert(0, format!("--client-id: {problem}"));
    }
    let mut keep = |problem: String| problems.push(problem);
    let secret = match &add.client_secret_file {
        Some(file) => secret_from(file)
            .map_err(|failed| keep(failed.0.sentence))
            .ok()
            .filter(|secret| !secret.is_empty()),
        None => typed_secret,
    };
    let redirect = redirect(add, preset, &answers.variables)
        .map_err(&mut keep)
        .ok();
    let asked_redirect = redirect.as_ref().filter(|_| add.redirect_uri.is_some());
    let reuse = provider
        .as_ref()
        .filter(|_| add.auth.is_none())
        .and_then(|provider| shared_registration(known, provider, &client_id, asked_redirect))
        // A client with a secret is another one than a client without.
        .filter(|known| secret.is_none() || known.registration.has_secret)
        .map(|known| known.registration.id.clone());
    let auth = match &add.auth {
        Some(text) => auth(text)
            .map_err(|problem| keep(format!("--auth: {problem}")))
            .unwrap_or_default(),
        None => match preset {
            Some(preset) => preset.client.auth_with(secret.is_some()),
            None if secret.is_some() => ClientAuth::Basic,
            None => ClientAuth::None,
        },
    };
    if reuse.is_none() && secret.is_none() {
        if auth != ClientAuth::None {
            keep(format!(
                "--auth {} needs --client-secret-file",
                auth.as_str()
            ));
        }
        if let Some(preset) = preset.filter(|preset| preset.client.always_needs_secret()) {
            keep(format!(
                "{} needs its client secret: --client-secret-file",
                preset.name
            ));
        }
    }
    let scopes = scopes(add, preset, answers.scopes.as_deref())
        .map_err(&mut keep)
        .ok();
    let name = add.name.as_deref().map(ConnectionName::parse).transpose();
    let name = name
        .map_err(|problem| keep(format!("--name: {problem}")))
        .ok()
        .flatten();
    let ca_pem = add.ca_file.as_deref().map(ca_file).transpose();
    let ca_pem = ca_pem
        .map_err(|problem| keep(format!("--ca-file: {problem}")))
        .ok()
        .flatten();
    for resource in &add.resource {
        if let Err(problem) = check_resource(resource) {
            keep(format!("--resource {resource}: {problem}"));
        }
    }
    if add.no_input && !add.yes {
        let doubts = provider.as_ref().map(|provider| doubts(add, provider));
        for doubt in doubts.into_iter().flatten() {
            keep(format!("{doubt} (--yes keeps it so)"));
        }
    }
    match (provider, redirect, scopes) {
        (Some(provider), Some(redirect), Some(scopes)) if problems.is_empty() => {
            Ok(NewConnection {
                name,
                provider,
                reuse,
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
