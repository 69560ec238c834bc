//! The preset file: strict TOML. Every mistake is reported with its line and column.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::model::{EndpointUrl, ExtraParams, IssPolicy, ProviderKind, Quirk, ScopeSet};
use crate::oauth::check_extra_parameter;

use super::client::Client;
use super::parts::{EndpointParts, Parts, RedirectPart, RevokePart, StepPart, TestPart};
use super::preset::{Preset, ScopeHelp};
use super::rules::check_header;
use super::sound::{Places, check, check_test};
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
pub(super) type Mistake = (Range<usize>, String);

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
            crate::model::Scope::wished(scope.get_ref())
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
        match crate::model::Scope::wished(&scope.get_ref().name) {
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
