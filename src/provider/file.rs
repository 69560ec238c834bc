//! The preset file: strict TOML. Every mistake is reported with its line and column.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::model::{
    ClientAuth, EndpointUrl, ExtraParams, IssPolicy, ProviderKind, Quirk, RedirectUri, RevokeRule,
    ScopeSet,
};
use crate::oauth::check_extra_parameter;

use super::client::{Client, SecretNeed, Way};
use super::parts::{EndpointParts, Parts, RedirectPart, RevokePart, StepPart, TestPart};
use super::preset::{Preset, PresetProblem, ScopeHelp};
use super::rules::{check_header, check_pointer};
use super::template::Template;
use super::variable::Variable;

/// Longest file that is read, in bytes.
const MAX_FILE: usize = 1 << 20;
/// Most presets in one file.
const MOST_PRESETS: usize = 500;

/// Why a preset file is refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {problem}")]
pub struct CatalogueError {
    /// The name the caller gave.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    pub problem: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    preset: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: Spanned<String>,
    name: Spanned<String>,
    hint: String,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    unverified: bool,
    refused: Option<String>,
    ends: Option<String>,
    issuer: Option<Spanned<Template>>,
    #[serde(default)]
    iss: IssPolicy,
    #[serde(default)]
    default_scopes: Vec<Spanned<String>>,
    #[serde(default)]
    quirks: BTreeSet<Quirk>,
    #[serde(default)]
    api_hosts: Vec<Template>,
    manage_url: Option<Spanned<Template>>,
    register_url: Option<Spanned<String>>,
    client: Spanned<Client>,
    #[serde(default)]
    endpoints: EndpointParts,
    redirect: Option<Spanned<RedirectPart>>,
    #[serde(default)]
    extra: Extra,
    test: Option<TestPart>,
    revoke: Option<Spanned<RevokePart>>,
    #[serde(default)]
    variable: Vec<Spanned<Variable>>,
    #[serde(default)]
    scope: Vec<Spanned<ScopeHelp>>,
    #[serde(default)]
    step: Vec<Spanned<StepPart>>,
}

type Pairs = BTreeMap<Spanned<String>, String>;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Extra {
    authorize: Pairs,
    token: Pairs,
    refresh: Pairs,
    switch_account: Pairs,
    headers: Pairs,
}

/// A mistake and where it stands.
type Mistake = (Range<usize>, String);

/// Reads all presets of a text, each with the place of its id.
pub(super) fn read(
    file: &str,
    text: &str,
    kind: ProviderKind,
) -> Result<Vec<(Preset, Range<usize>)>, CatalogueError> {
    let located = |mistake| located(file, text, mistake);
    if text.len() > MAX_FILE {
        return Err(located((0..0, "the file is larger than 1 MiB".to_owned())));
    }
    let parsed: File = toml::from_str(text)
        .map_err(|error| located((error.span().unwrap_or_default(), error.message().to_owned())))?;
    if parsed.preset.len() > MOST_PRESETS {
        let words = format!("there are more than {MOST_PRESETS} presets in it");
        return Err(located((0..0, words)));
    }
    parsed
        .preset
        .into_iter()
        .map(|entry| {
            let at = entry.id.span();
            let preset = preset(entry, kind).map_err(located)?;
            Ok((preset, at))
        })
        .collect()
}

/// The mistake as a person finds it.
pub(super) fn located(file: &str, text: &str, (span, problem): Mistake) -> CatalogueError {
    let before = text.get(..span.start).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    CatalogueError {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
        column: line.chars().count() + 1,
        problem,
    }
}

fn preset(entry: Entry, kind: ProviderKind) -> Result<Preset, Mistake> {
    let at = entry.id.span();
    let id = entry.id.into_inner();
    if !is_id(&id) {
        let words = "an id has lower-case letters, digits and `-` only, and starts with a letter";
        return Err((at, words.to_owned()));
    }
    let name = entry.name.get_ref();
    if name.trim().is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
        let words = "a name is one line of at most 200 characters";
        return Err((entry.name.span(), words.to_owned()));
    }
    let default_scopes = entry
        .default_scopes
        .iter()
        .map(|scope| {
            crate::model::Scope::parse(scope.get_ref())
                .map_err(|problem| (scope.span(), problem.to_string()))
        })
        .collect::<Result<ScopeSet, _>>()?;
    let register_url = entry
        .register_url
        .map(|url| {
            EndpointUrl::parse(url.get_ref(), false)
                .map_err(|problem| (url.span(), problem.to_string()))
        })
        .transpose()?;
    check_test(entry.test.as_ref())?;
    let scopes = entry.scope.into_iter().map(|scope| {
        match crate::model::Scope::parse(&scope.get_ref().name) {
            Ok(_) => Ok(scope.into_inner()),
            Err(problem) => Err((scope.span(), problem.to_string())),
        }
    });
    let scopes = scopes.collect::<Result<Vec<_>, _>>()?;
    let parameter = |name: &str| check_extra_parameter(name).map_err(|p| p.to_string());
    let header = |name: &str| check_header(name).map_err(str::to_owned);
    let extra = ExtraParams {
        authorize: pairs(entry.extra.authorize, parameter)?,
        token: pairs(entry.extra.token, parameter)?,
        refresh: pairs(entry.extra.refresh, parameter)?,
        headers: pairs(entry.extra.headers, header)?,
    };
    let places = Places {
        id: at,
        client: entry.client.span(),
        redirect: entry.redirect.as_ref().map(Spanned::span),
        revoke: entry.revoke.as_ref().map(Spanned::span),
        variables: entry.variable.iter().map(Spanned::span).collect(),
        steps: entry.step.iter().map(Spanned::span).collect(),
    };
    let preset = Preset {
        id,
        name: entry.name.into_inner(),
        hint: entry.hint,
        group: entry.group.unwrap_or_else(|| "own".to_owned()),
        kind,
        replaces_built_in: false,
        unverified: entry.unverified,
        refused: entry.refused,
        ends: entry.ends,
        client: entry.client.into_inner(),
        variables: plain(entry.variable),
        register_url,
        switch_account: pairs(entry.extra.switch_account, parameter)?,
        quirks: entry.quirks,
        scopes,
        default_scopes,
        parts: Parts {
            issuer: entry.issuer,
            iss: entry.iss,
            endpoints: entry.endpoints,
            redirect: entry.redirect.map(Spanned::into_inner).unwrap_or_default(),
            extra,
            test: entry.test,
            revoke: entry.revoke.map(Spanned::into_inner).unwrap_or_default(),
            manage_url: entry.manage_url,
            api_hosts: entry.api_hosts,
            steps: plain(entry.step),
        },
    };
    check(&preset, &places)?;
    Ok(preset)
}

fn is_id(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.len() <= 40
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn plain<T>(spanned: Vec<Spanned<T>>) -> Vec<T> {
    spanned.into_iter().map(Spanned::into_inner).collect()
}

fn pairs(
    table: Pairs,
    check: impl Fn(&str) -> Result<(), String>,
) -> Result<Vec<(String, String)>, Mistake> {
    let checked = table.into_iter().map(|(name, value)| {
        check(name.get_ref()).map_err(|problem| (name.span(), problem))?;
        Ok((name.into_inner(), value))
    });
    checked.collect()
}

fn check_test(test: Option<&TestPart>) -> Result<(), Mistake> {
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
struct Places {
    id: Range<usize>,
    client: Range<usize>,
    redirect: Option<Range<usize>>,
    revoke: Option<Range<usize>>,
    variables: Vec<Range<usize>>,
    steps: Vec<Range<usize>>,
}

/// What only the whole preset shows.
fn check(preset: &Preset, places: &Places) -> Result<(), Mistake> {
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
        let words = format!("`{blank}` is not {{token}}, {{client_id}} or {{client_secret}}");
        return Err((at_revoke(), words));
    }
    if let Some(test) = &sample.test
        && let Some((name, _)) = test
            .url
            .as_url()
            .query_pairs()
            .find(|(name, _)| check_extra_parameter(name).is_err())
    {
        let at = preset.parts.place("test").unwrap_or_else(at_id);
        let words = format!("`{name}` does not belong in the address of a test read");
        return Err((at, words));
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
