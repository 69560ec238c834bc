//! Whether a preset holds together: what only several of its parts show, each mistake at its place.

use std::ops::Range;

use crate::model::{ClientAuth, EndpointUrl, Quirk, RedirectUri, RevokeRule};
use crate::oauth::check_test_address;

use super::client::{SecretNeed, Way};
use super::file::Mistake;
use super::parts::TestPart;
use super::preset::{Preset, PresetProblem};
use super::rules::{check_header, check_pointer};

pub(super) fn check_test(test: Option<&TestPart>) -> Result<(), Mistake> {
    let Some(test) = test else {
        return Ok(());
    };
    for name in test.headers.keys() {
        check_header(name.get_ref()).map_err(|problem| (name.span(), problem.to_owned()))?;
    }
    for pointer in test.pointers() {
        check_pointer(pointer).map_err(|problem| (test.url.span(), problem.to_owned()))?;
    }
    Ok(())
}

/// Where the parts stand that are checked together.
pub(super) struct Places {
    pub(super) id: Range<usize>,
    pub(super) client: Range<usize>,
    pub(super) redirect: Option<Range<usize>>,
    pub(super) revoke: Option<Range<usize>>,
    pub(super) variables: Vec<Range<usize>>,
    pub(super) steps: Vec<Range<usize>>,
}

/// What only the whole preset shows.
pub(super) fn check(preset: &Preset, places: &Places) -> Result<(), Mistake> {
    let at_id = |words: String| (places.id.clone(), words);
    let at_client = |words: &str| Err((places.client.clone(), words.to_owned()));
    for (variable, at) in preset.variables.iter().zip(&places.variables) {
        let shown = [Some(&variable.example), variable.default.as_ref()];
        if let Some(bad) = shown.into_iter().flatten().find(|v| !variable.accepts(v)) {
            let words = format!("`{bad}` does not fit the pattern of `{}`", variable.key);
            return Err((at.clone(), words));
        }
    }
    for (step, at) in preset.parts.steps.iter().zip(&places.steps) {
        let known = |gap: &str| preset.variables.iter().any(|known| known.key == gap);
        if let Some(gap) = step
            .value
            .gaps()
            .find(|gap| *gap != "redirect" && !known(gap))
        {
            let words = format!("a step names the unknown variable `{gap}`");
            return Err((at.clone(), words));
        }
    }
    for scope in preset.known_scopes() {
        let Some(enough) = &scope.narrower else {
            continue;
        };
        if enough == &scope.name || preset.scope_help(enough).is_none() {
            let words = format!(
                "`narrower` of `{}` is no other scope of this list",
                scope.name
            );
            return Err(at_id(words));
        }
    }
    check_addresses(preset, places)?;
    let redirect = preset.default_redirect();
    if RedirectUri::parse(&redirect.to_string()).as_ref() != Ok(&redirect) {
        let at = places.redirect.clone().unwrap_or_else(|| places.id.clone());
        let words = "the redirect path is not a path like `/callback`";
        return Err((at, words.to_owned()));
    }
    let client = &preset.client;
    if preset.refused.is_some() {
        return Ok(());
    }
    if preset.parts.endpoints.token.is_none() {
        return Err(at_id("a token endpoint is needed".to_owned()));
    }
    if client.ways.is_empty() {
        return at_client("`ways` is missing or empty");
    }
    if client.ways.contains(&Way::Device) && preset.parts.endpoints.device.is_none() {
        return at_client("the device way needs a device endpoint");
    }
    if client.ways.contains(&Way::Browser) && preset.parts.endpoints.authorization.is_none() {
        return at_client("the browser way needs an authorization endpoint");
    }
    if client.secret != SecretNeed::Never && client.auth == ClientAuth::None {
        return at_client("a client with a secret needs `auth` to be basic or post");
    }
    if preset.quirks.contains(&Quirk::NoPkce) && client.secret != SecretNeed::Always {
        return at_client("`no-pkce` is for clients that always have a secret");
    }
    if client.unregistered && (client.client_id.is_none() || client.secret != SecretNeed::Never) {
        return at_client("`unregistered` needs a client_id and no secret");
    }
    Ok(())
}

/// The preset as it is where nobody set a variable: its addresses, and what belongs to them.
fn check_addresses(preset: &Preset, places: &Places) -> Result<(), Mistake> {
    let at_id = || places.id.clone();
    let at_revoke = || places.revoke.clone().unwrap_or_else(at_id);
    for (part, address) in preset.parts.addresses() {
        let known = |gap: &str| {
            gap == "client_id" || preset.variables.iter().any(|variable| variable.key == gap)
        };
        if let Some(gap) = address.get_ref().gaps().find(|gap| !known(gap)) {
            let words = format!("{part}: there is no variable `{gap}`");
            return Err((address.span(), words));
        }
    }
    let sample = preset.sample().map_err(|problem| {
        let at = match &problem {
            PresetProblem::Address { part, .. } if part == "revoke" => Some(at_revoke()),
            PresetProblem::Address { part, .. } => preset.parts.place(part),
            _ => None,
        };
        (at.unwrap_or_else(at_id), problem.to_string())
    })?;
    if let RevokeRule::Request(request) = &sample.revoke
        && let Some(blank) = request.unknown_blank()
    {
        let words = format!(
            "`{blank}` is not {{token}}, {{access_token}}, {{client_id}} or {{client_secret}}"
        );
        return Err((at_revoke(), words));
    }
    if let Some(test) = &sample.test
        && let Err(problem) = check_test_address(&test.url)
    {
        let at = preset.parts.place("test").unwrap_or_else(at_id);
        return Err((at, problem.to_string()));
    }
    for host in &sample.api_hosts {
        let same = EndpointUrl::parse(&format!("https://{host}/"), false)
            .is_ok_and(|url| url.authority() == *host && url.as_url().path() == "/");
        if !same {
            let words = format!("api_hosts: write `{host}` as host or host:port, in lower case");
            return Err((at_id(), words));
        }
    }
    Ok(())
}
