//! Addresses, quirks and parameters of the command line, put over a definition.

use super::super::args::Add;
use super::questions::Answers;
use super::values::refused;
use crate::model::{
    EndpointUrl, Endpoints, ExtraParams, IssPolicy, Issuer, Provider, ProviderKind, Quirk,
    RevokeRule, TestRead,
};
use crate::oauth::{check_extra_parameter, check_test_address};

pub(super) fn empty_provider() -> Provider {
    Provider {
        id: String::new(),
        name: String::new(),
        kind: ProviderKind::Custom,
        issuer: None,
        endpoints: Endpoints::default(),
        iss: IssPolicy::default(),
        extra: ExtraParams::default(),
        quirks: std::collections::BTreeSet::new(),
        test: None,
        revoke: RevokeRule::Standard,
        manage_url: None,
        api_hosts: Vec::new(),
    }
}

/// The addresses, quirks and parameters of the command line, put over a definition.
pub(super) struct Addresses<'a> {
    pub(super) add: &'a Add,
    pub(super) answers: &'a Answers,
}

impl Addresses<'_> {
    pub(super) fn apply(&self, provider: &mut Provider) -> Vec<String> {
        let add = self.add;
        let mut problems = Vec::new();
        let address = |text: &str| {
            let url = EndpointUrl::parse(text, add.dev_http);
            url.map_err(|problem| refused(text, add.dev_http, &problem))
        };
        let endpoints = &mut provider.endpoints;
        let authorization = add
            .authorization_url
            .as_ref()
            .or(self.answers.authorization_url.as_ref());
        let token = add.token_url.as_ref().or(self.answers.token_url.as_ref());
        let (authorization, token) = if self.answers.swapped {
            (token, authorization)
        } else {
            (authorization, token)
        };
        for (flag, text, slot) in [
            (
                "authorization-url",
                authorization,
                &mut endpoints.authorization,
            ),
            ("token-url", token, &mut endpoints.token),
            (
                "device-url",
                add.device_url.as_ref().or(self.answers.device_url.as_ref()),
                &mut endpoints.device,
            ),
            (
                "revocation-url",
                add.revocation_url
                    .as_ref()
                    .or(self.answers.revocation_url.as_ref()),
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
            match address(text) {
                Ok(url) => *slot = Some(url),
                Err(problem) => problems.push(format!("--{flag}: {problem}")),
            }
        }
        if let Some(text) = &add.issuer {
            match Issuer::typed(text, add.dev_http) {
                Ok(issuer) => provider.issuer = Some(issuer),
                Err(problem) => {
                    let problem = refused(text, add.dev_http, &problem);
                    problems.push(format!("--issuer: {problem}"));
                }
            }
        }
        if let Some(text) = add.test_url.as_ref().or(self.answers.test_url.as_ref()) {
            let url = address(text).and_then(|url| {
                check_test_address(&url).map_err(|problem| problem.to_string())?;
                Ok(url)
            });
            match url {
                Ok(url) => provider.test = Some(TestRead::at(url)),
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
        let given = |text: Option<&String>| text.is_some_and(|text| !text.is_empty());
        if provider.endpoints.token.is_none() && !given(token) {
            problems.push("--token-url is missing".to_owned());
        }
        if provider.endpoints.authorization.is_none()
            && provider.endpoints.device.is_none()
            && !given(authorization)
            && !given(add.device_url.as_ref())
        {
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
