//! `add`: a new connection from flags, or from questions line by line.

use std::collections::BTreeMap;
use std::path::Path;

use super::args::{Add, Login};
use super::failed::Failed;
use super::setup::{Setup, prompt, prompt_secret, secret_from};
use super::{json as shape, login, output};
use crate::engine::NewConnection;
use crate::model::{
    ClientAuth, ConnectionName, EndpointUrl, Endpoints, ExtraParams, Issuer, Provider,
    ProviderKind, Quirk, RedirectUri, RevokeRule, ScopeSet, TestMethod, TestRead,
};
use crate::oauth::check_extra_parameter;
use crate::provider::{Catalogue, Preset};

/// Whether the terminal wizard is meant: a terminal, and nothing that says otherwise.
pub(super) fn wants_wizard(add: &Add, plain: bool) -> bool {
    let plain = plain || std::env::var_os("VALETKEY_PLAIN").is_some_and(|value| value == "1");
    !plain
        && !add.no_input
        && !add.yes
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

/// What a person typed at the questions; flags win.
#[derive(Default)]
struct Answers {
    variables: BTreeMap<String, String>,
    authorization_url: Option<String>,
    token_url: Option<String>,
    client_id: Option<String>,
    client_secret: Option<crate::model::Secret>,
    scopes: Option<String>,
}

impl Answers {
    fn ask(&mut self, add: &Add, preset: Option<&Preset>) -> Result<(), Failed> {
        let given = set_variables(&add.set).unwrap_or_default();
        match preset {
            Some(preset) => {
                for variable in preset
                    .variables
                    .iter()
                    .filter(|v| !given.contains_key(&v.key))
                {
                    let default = variable.default.clone().unwrap_or_default();
                    let question = format!("{} [{default}]: ", variable.label);
                    self.variables
                        .insert(variable.key.clone(), prompt(&question, &default)?);
                }
                output::note(&format!(
                    "Step 3 of 7: App. {} wants to know which program asks.",
                    preset.name
                ));
                let redirect =
                    redirect(add, Some(preset)).unwrap_or_else(|_| preset.default_redirect());
                let mut variables = given;
                variables.extend(self.variables.clone());
                for (number, step) in preset.steps(&redirect, &variables).iter().enumerate() {
                    output::note(&format!(
                        "  {} {:<9} {}",
                        number + 1,
                        step.action.as_str(),
                        step.value
                    ));
                }
            }
            None => {
                output::note("Step 2 of 7: Details. The provider's documentation names these.");
                if add.authorization_url.is_none() && add.device_url.is_none() {
                    self.authorization_url = Some(prompt("Authorization URL: ", "")?);
                }
                if add.token_url.is_none() {
                    self.token_url = Some(prompt("Token URL: ", "")?);
                }
            }
        }
        if add.client_id.is_none() {
            self.client_id = Some(prompt("Client ID: ", "")?);
        }
        let wants_secret = match preset {
            Some(preset) => preset.client.needs_secret(crate::provider::Way::Browser),
            None => prompt("Does this app have a client secret? [y/N] ", "n")?
                .to_lowercase()
                .starts_with('y'),
        };
        if wants_secret && add.client_secret_file.is_none() {
            output::note(
                "A desktop app can't keep a client secret truly private. It is stored encrypted; treat it as recoverable.",
            );
            self.client_secret = Some(prompt_secret("Client secret (not shown): ")?)
                .filter(|secret| !secret.is_empty());
        }
        if add.scope.is_empty() {
            let default = preset
                .map(|preset| preset.default_scopes().to_string())
                .unwrap_or_default();
            output::note("Step 4 of 7: Scopes decide what this connection may touch.");
            self.scopes = Some(prompt(&format!("Scopes [{default}]: "), &default)?);
        }
        Ok(())
    }
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
            let urls = Urls {
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
        let only_device = preset.client.ways.contains(&crate::provider::Way::Device);
        if preset.client.needs_secret(crate::provider::Way::Browser)
            && secret.is_none()
            && !only_device
        {
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

fn empty_provider() -> Provider {
    Provider {
        id: String::new(),
        name: String::new(),
        kind: ProviderKind::Custom,
        issuer: None,
        endpoints: Endpoints::default(),
        iss: crate::model::IssPolicy::default(),
        extra: ExtraParams::default(),
        quirks: std::collections::BTreeSet::new(),
        test: None,
        revoke: RevokeRule::Standard,
        manage_url: None,
        api_hosts: Vec::new(),
    }
}

/// The addresses, quirks and parameters of the command line, put over a definition.
struct Urls<'a> {
    add: &'a Add,
    answers_authorization: Option<String>,
    answers_token: Option<String>,
}

impl Urls<'_> {
    fn apply(&self, provider: &mut Provider) -> Vec<String> {
        let add = self.add;
        let mut problems = Vec::new();
        let endpoints = &mut provider.endpoints;
        let authorization = add
            .authorization_url
            .as_ref()
            .or(self.answers_authorization.as_ref());
        let token = add.token_url.as_ref().or(self.answers_token.as_ref());
        for (flag, text, slot) in [
            (
                "authorization-url",
                authorization,
                &mut endpoints.authorization,
            ),
            ("token-url", token, &mut endpoints.token),
            ("device-url", add.device_url.as_ref(), &mut endpoints.device),
            (
                "revocation-url",
                add.revocation_url.as_ref(),
                &mut endpoints.revocation,
            ),
            (
                "introspection-url",
                add.introspection_url.as_ref(),
                &mut endpoints.introspection,
            ),
            (
                "userinfo-url",
                add.userinfo_url.as_ref(),
                &mut endpoints.userinfo,
            ),
            ("jwks-url", add.jwks_url.as_ref(), &mut endpoints.jwks),
        ] {
            let Some(text) = text.filter(|text| !text.is_empty()) else {
                continue;
            };
            match address(text, add.dev_http) {
                Ok(url) => *slot = Some(url),
                Err(problem) => problems.push(format!("--{flag}: {problem}")),
            }
        }
        if let Some(text) = &add.issuer {
            match Issuer::parse(text, add.dev_http) {
                Ok(issuer) => provider.issuer = Some(issuer),
                Err(problem) => problems.push(format!("--issuer: {problem}")),
            }
        }
        if let Some(text) = &add.test_url {
            match address(text, add.dev_http) {
                Ok(url) => provider.test = Some(get(url)),
                Err(problem) => problems.push(format!("--test-url: {problem}")),
            }
        }
        for name in &add.quirk {
            match name.parse::<Quirk>() {
                Ok(quirk) => {
                    provider.quirks.insert(quirk);
                }
                Err(_) => problems.push(format!("--quirk {name}: there is no such quirk")),
            }
        }
        for param in &add.param {
            if let Err(problem) = parameter(&mut provider.extra, param) {
                problems.push(format!("--param {param}: {problem}"));
            }
        }
        if provider.endpoints.token.is_none() {
            problems.push("--token-url is missing".to_owned());
        }
        if provider.endpoints.authorization.is_none() && provider.endpoints.device.is_none() {
            problems.push("--authorization-url or --device-url is missing".to_owned());
        }
        name_after_host(provider);
        problems
    }
}

/// A provider without a preset is called by its host.
fn name_after_host(provider: &mut Provider) {
    let url = provider
        .endpoints
        .authorization
        .as_ref()
        .or(provider.endpoints.token.as_ref());
    if let (true, Some(url)) = (provider.id.is_empty(), url) {
        let host = url.as_url().host_str().unwrap_or_default().to_owned();
        provider.name.clone_from(&host);
        provider.id = host;
    }
}

fn get(url: EndpointUrl) -> TestRead {
    TestRead {
        method: TestMethod::Get,
        url,
        headers: Vec::new(),
        account_label: [
            "/login",
            "/preferred_username",
            "/email",
            "/username",
            "/name",
            "/sub",
        ]
        .map(str::to_owned)
        .to_vec(),
        account_id: Some("/sub".to_owned()),
        success: None,
    }
}

fn parameter(extra: &mut ExtraParams, text: &str) -> Result<(), String> {
    let (kind, pair) = match text.split_once(':') {
        Some((kind @ ("authorize" | "token" | "refresh"), pair)) => (kind, pair),
        _ => ("authorize", text),
    };
    let (key, value) = pair.split_once('=').ok_or("write it as key=value")?;
    check_extra_parameter(key).map_err(|problem| problem.to_string())?;
    let list = match kind {
        "token" => &mut extra.token,
        "refresh" => &mut extra.refresh,
        _ => &mut extra.authorize,
    };
    list.push((key.to_owned(), value.to_owned()));
    Ok(())
}

fn set_variables(set: &[String]) -> Result<BTreeMap<String, String>, String> {
    set.iter()
        .map(|pair| {
            pair.split_once('=')
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .ok_or_else(|| format!("--set {pair}: write it as VAR=VALUE"))
        })
        .collect()
}

fn redirect(add: &Add, preset: Option<&Preset>) -> Result<RedirectUri, String> {
    match (&add.redirect_uri, preset) {
        (Some(text), _) => {
            RedirectUri::parse(text).map_err(|problem| format!("--redirect-uri: {problem}"))
        }
        (None, Some(preset)) => Ok(preset.default_redirect()),
        (None, None) => Ok(RedirectUri::any_port()),
    }
}

fn scopes(add: &Add, preset: Option<&Preset>, typed: Option<&str>) -> Result<ScopeSet, String> {
    let commas = add.quirk.iter().any(|quirk| quirk == "comma-scopes")
        || preset.is_some_and(|preset| preset.quirks().contains(&Quirk::CommaScopes));
    let given = match typed {
        Some(typed) if add.scope.is_empty() => Some(typed.to_owned()),
        _ if add.scope.is_empty() => None,
        _ => Some(add.scope.join(" ")),
    };
    match given {
        Some(text) if commas => ScopeSet::parse(&text.replace(',', " ")),
        Some(text) => ScopeSet::parse(&text),
        None => Ok(preset.map(Preset::default_scopes).unwrap_or_default()),
    }
    .map_err(|problem| format!("--scope: {problem}"))
}

/// An endpoint as typed.
pub(super) fn address(text: &str, dev_http: bool) -> Result<EndpointUrl, String> {
    EndpointUrl::parse(text, dev_http).map_err(|problem| problem.to_string())
}

/// A client authentication method as typed.
pub(super) fn auth(text: &str) -> Result<ClientAuth, String> {
    match text {
        "none" => Ok(ClientAuth::None),
        "basic" | "client_secret_basic" => Ok(ClientAuth::Basic),
        "post" | "client_secret_post" => Ok(ClientAuth::Post),
        _ => Err("use none, basic or post".to_owned()),
    }
}

/// Certificates in PEM form; a key or anything else is named.
pub(super) fn ca_file(path: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("cannot be read ({})", error.kind()))?;
    if text.contains("PRIVATE KEY") {
        return Err("this is a private key, not a certificate".to_owned());
    }
    if !text.contains("-----BEGIN CERTIFICATE-----") {
        return Err("there is no certificate in it".to_owned());
    }
    Ok(text)
}
