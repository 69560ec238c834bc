//! The preset file: strict TOML. Every mistake is reported with its line and column.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::model::{
    ClientAuth, EndpointUrl, ExtraParams, IssPolicy, ProviderKind, Quirk, ScopeSet,
};
use crate::oauth::check_extra_parameter;

use super::preset::{
    Client, EndpointParts, Parts, Preset, RedirectPart, RevokePart, ScopeHelp, SecretNeed,
    StepPart, TestPart, Variable, Way,
};
use super::template::Template;

/// Longest file that is read, in bytes.
const MAX_FILE: usize = 1 << 20;

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
    name: String,
    hint: String,
    issuer: Option<Template>,
    #[serde(default)]
    iss: IssPolicy,
    #[serde(default)]
    default_scopes: Vec<Spanned<String>>,
    #[serde(default)]
    quirks: BTreeSet<Quirk>,
    #[serde(default)]
    api_hosts: Vec<Template>,
    manage_url: Option<Template>,
    register_url: Option<Spanned<String>>,
    client: Client,
    endpoints: EndpointParts,
    #[serde(default)]
    redirect: RedirectPart,
    #[serde(default)]
    extra: Extra,
    test: Option<TestPart>,
    #[serde(default)]
    revoke: RevokePart,
    #[serde(default)]
    variable: Vec<Variable>,
    #[serde(default)]
    scope: Vec<ScopeHelp>,
    #[serde(default)]
    step: Vec<StepPart>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Extra {
    authorize: BTreeMap<String, String>,
    token: BTreeMap<String, String>,
    refresh: BTreeMap<String, String>,
    switch_account: BTreeMap<String, String>,
}

/// A mistake and where it stands.
type Mistake = (Range<usize>, String);

/// Reads all presets of a text.
pub(super) fn read(
    file: &str,
    text: &str,
    kind: ProviderKind,
) -> Result<Vec<Preset>, CatalogueError> {
    let located = |(span, problem): Mistake| {
        let before = text.get(..span.start).unwrap_or(text);
        CatalogueError {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before
                .rsplit('\n')
                .next()
                .unwrap_or_default()
                .chars()
                .count()
                + 1,
            problem,
        }
    };
    if text.len() > MAX_FILE {
        return Err(located((0..0, "the file is larger than 1 MiB".to_owned())));
    }
    let parsed: File = toml::from_str(text)
        .map_err(|error| located((error.span().unwrap_or_default(), error.message().to_owned())))?;
    parsed
        .preset
        .into_iter()
        .map(|entry| preset(entry, kind).map_err(located))
        .collect()
}

fn preset(entry: Entry, kind: ProviderKind) -> Result<Preset, Mistake> {
    let at = entry.id.span();
    let mistake = |problem: String| (at.clone(), problem);
    let id = entry.id.into_inner();
    let is_id = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.len() <= 40
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if !is_id(&id) {
        return Err(mistake(
            "an id has lower-case letters, digits and `-` only, and starts with a letter"
                .to_owned(),
        ));
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
    let pairs = |table: BTreeMap<String, String>| -> Result<Vec<_>, Mistake> {
        for name in table.keys() {
            check_extra_parameter(name).map_err(|problem| mistake(problem.to_string()))?;
        }
        Ok(table.into_iter().collect())
    };
    let extra = ExtraParams {
        authorize: pairs(entry.extra.authorize)?,
        token: pairs(entry.extra.token)?,
        refresh: pairs(entry.extra.refresh)?,
    };
    let preset = Preset {
        id,
        name: entry.name,
        hint: entry.hint,
        kind,
        client: entry.client,
        variables: entry.variable,
        register_url,
        switch_account: pairs(entry.extra.switch_account)?,
        quirks: entry.quirks,
        scopes: entry.scope,
        default_scopes,
        parts: Parts {
            issuer: entry.issuer,
            iss: entry.iss,
            endpoints: entry.endpoints,
            redirect: entry.redirect,
            extra,
            test: entry.test,
            revoke: entry.revoke,
            manage_url: entry.manage_url,
            api_hosts: entry.api_hosts,
            steps: entry.step,
        },
    };
    check(&preset).map_err(mistake)?;
    Ok(preset)
}

/// What only the whole preset shows.
fn check(preset: &Preset) -> Result<(), String> {
    for variable in &preset.variables {
        let shown = [Some(&variable.example), variable.default.as_ref()];
        if let Some(bad) = shown.into_iter().flatten().find(|v| !variable.accepts(v)) {
            return Err(format!(
                "`{bad}` does not fit the pattern of `{}`",
                variable.key
            ));
        }
    }
    preset.sample().map_err(|problem| problem.to_string())?;
    for gap in preset.parts.steps.iter().flat_map(|step| step.value.gaps()) {
        if gap != "redirect" && preset.variables.iter().all(|known| known.key != gap) {
            return Err(format!("a step names the unknown variable `{gap}`"));
        }
    }
    let client = &preset.client;
    if client.ways.is_empty() {
        return Err("`ways` is empty".to_owned());
    }
    if client.ways.contains(&Way::Device) && preset.parts.endpoints.device.is_none() {
        return Err("the device way needs a device endpoint".to_owned());
    }
    if client.ways.contains(&Way::Browser) && preset.parts.endpoints.authorization.is_none() {
        return Err("the browser way needs an authorization endpoint".to_owned());
    }
    if client.secret != SecretNeed::Never && client.auth == ClientAuth::None {
        return Err("a client with a secret needs `auth` to be basic or post".to_owned());
    }
    if preset.quirks.contains(&Quirk::NoPkce) && client.secret != SecretNeed::Always {
        return Err("`no-pkce` is for clients that always have a secret".to_owned());
    }
    Ok(())
}
