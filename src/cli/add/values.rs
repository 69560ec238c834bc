//! Single values as people type them.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::args::Add;
use super::super::output;
use crate::model::{ClientAuth, EndpointUrl, Quirk, RedirectUri, ScopeSet, UrlProblem};
use crate::provider::{Preset, check_certificates};

pub(super) fn set_variables(set: &[String]) -> Result<BTreeMap<String, String>, String> {
    set.iter()
        .map(|pair| {
            pair.split_once('=')
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .ok_or_else(|| format!("--set {pair}: write it as VAR=VALUE"))
        })
        .collect()
}

/// `typed`: variables beside those of `--set`.
pub(super) fn redirect(
    add: &Add,
    preset: Option<&Preset>,
    typed: &BTreeMap<String, String>,
) -> Result<RedirectUri, String> {
    match (&add.redirect_uri, preset) {
        (Some(text), _) => {
            RedirectUri::parse(text).map_err(|problem| format!("--redirect-uri: {problem}"))
        }
        (None, Some(preset)) => {
            let mut variables = set_variables(&add.set).unwrap_or_default();
            variables.extend(typed.clone());
            Ok(preset.redirect(&variables))
        }
        (None, None) => Ok(RedirectUri::any_port()),
    }
}

pub(super) fn scopes(
    add: &Add,
    preset: Option<&Preset>,
    typed: Option<&str>,
) -> Result<ScopeSet, String> {
    let commas = has_commas(add, preset);
    let given = match typed {
        Some(typed) if add.scope.is_empty() => Some(typed.to_owned()),
        _ if add.scope.is_empty() => None,
        _ => Some(add.scope.join(" ")),
    };
    match given {
        Some(text) => ScopeSet::typed(&text, commas),
        None => Ok(preset.map(Preset::default_scopes).unwrap_or_default()),
    }
    .map_err(|problem| format!("--scope: {problem}"))
}

/// Whether commas separate scopes at this provider.
pub(super) fn has_commas(add: &Add, preset: Option<&Preset>) -> bool {
    add.quirk.iter().any(|quirk| quirk == "comma-scopes")
        || preset.is_some_and(|preset| preset.quirks().contains(&Quirk::CommaScopes))
}

/// An endpoint as typed.
pub(super) fn address(text: &str, dev_http: bool) -> Result<EndpointUrl, String> {
    EndpointUrl::parse(text, dev_http).map_err(|problem| problem.to_string())
}

/// Why the address of a flag is refused, with the flag that would allow it; a question asks instead.
pub(super) fn refused(text: &str, dev_http: bool, problem: &UrlProblem) -> String {
    match problem {
        UrlProblem::PlainHttp if dev_http => {
            format!("{problem} (--dev-http allows 127.0.0.1, [::1] and localhost only)")
        }
        UrlProblem::PlainHttp if EndpointUrl::parse(text, true).is_ok() => {
            format!("{problem}, or --dev-http for a server of yours on this machine")
        }
        other => other.to_string(),
    }
}

/// A client authentication method as typed.
pub(super) fn auth(text: &str) -> Result<ClientAuth, String> {
    ClientAuth::parse(text).ok_or_else(|| "use none, basic or post".to_owned())
}

/// Certificates in PEM form; a key or anything else is named.
pub(in crate::cli) fn ca_file(path: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(path).map_err(|error| output::unreadable(&error))?;
    check_certificates(&text)?;
    Ok(text)
}
