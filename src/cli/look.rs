//! `list`, `show`, `paths`: what is there. No unlock and no network.

use serde_json::json;

use super::failed::Failed;
use super::setup::Setup;
use super::{json as shape, output, scopes, waiting};
use crate::advice::{self, still_waits};
use crate::engine::{Detail, Error, Row};
use crate::host::{Paths, proxy_in_use};
use crate::model::{Connection, Expiry, IssuerProof, Seconds, Shown, UnixTime, Untrusted};
use crate::provider::narrower;
use crate::settings::Loaded;

pub(super) fn list(setup: &Setup, as_json: bool) -> Result<(), Failed> {
    let rows = setup.engine.rows()?;
    if as_json {
        let mut connections = Vec::with_capacity(rows.len());
        for row in &rows {
            let connection = match setup.engine.connection_by_id(&row.summary.id) {
                Ok(connection) => connection,
                // Removed elsewhere since the rows were read.
                Err(Error::UnknownConnection { .. }) => continue,
                Err(other) => return Err(other.into()),
            };
            connections.push(shape::connection(&connection, &row.verdict));
        }
        let waiting = setup.engine.waiting()?;
        return Ok(output::json(&json!({
            "version": 1,
            "connections": connections,
            "waiting_revocations": waiting.iter().map(shape::waiting).collect::<Vec<_>>(),
        }))?);
    }
    waiting::note_all(setup)?;
    if rows.is_empty() {
        output::note(
            "No connections yet. Connect one: valetkey add   Practise first: valetkey demo",
        );
        return Ok(());
    }
    let now = setup.engine.now();
    let table: Vec<[String; 6]> = rows.iter().map(|row| columns(row, now)).collect();
    let heads = ["NAME", "PROVIDER", "ACCOUNT", "SCOPES", "EXPIRES", "STATE"].map(str::to_owned);
    let widths: Vec<usize> = (0..heads.len())
        .map(|i| {
            table
                .iter()
                .chain([&heads])
                .map(|row| width(&row[i]))
                .max()
                .unwrap_or(0)
        })
        .collect();
    for row in [&heads].into_iter().chain(&table) {
        let line: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, wide)| format!("{cell}{}", " ".repeat(wide - width(cell))))
            .collect();
        output::data(line.join("  ").trim_end())?;
    }
    Ok(())
}

pub(super) fn width(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}

/// NAME, PROVIDER, ACCOUNT, SCOPES, EXPIRES, STATE.
pub(super) fn columns(row: &Row, now: UnixTime) -> [String; 6] {
    let summary = &row.summary;
    let grant = summary.grant.as_ref().filter(|_| summary.ended.is_none());
    let scopes = grant
        .and_then(|grant| grant.granted.as_ref())
        .unwrap_or(&summary.requested);
    let account = grant.and_then(|grant| grant.account.as_ref());
    [
        summary.name.to_string(),
        Untrusted::new(summary.provider_name.clone())
            .shown()
            .to_string(),
        account
            .map(|account| account.label.shown().to_string())
            .unwrap_or_default(),
        scopes.to_string(),
        grant
            .map(|grant| expires(grant.expiry, now))
            .unwrap_or_default(),
        row.verdict.health.word().to_owned(),
    ]
}

/// The words of the EXPIRES column.
pub(super) fn expires(expiry: Expiry, now: UnixTime) -> String {
    match expiry {
        Expiry::Never => "never".to_owned(),
        Expiry::NotStated => "not stated".to_owned(),
        Expiry::At(at) if at <= now => "expired".to_owned(),
        Expiry::At(at) => format!("in {}", short(at.since(now))),
    }
}

fn short(span: Seconds) -> String {
    match span.0 {
        s @ 0..60 => format!("{s} s"),
        s @ 60..5_400 => format!("{} min", s / 60),
        s @ 5_400..172_800 => format!("{} h", s / 3_600),
        s if s < 315_360_000 => format!("{} d", s / 86_400),
        _ => "over 10 years".to_owned(),
    }
}

pub(super) fn show(setup: &Setup, name: &str, as_json: bool) -> Result<(), Failed> {
    let id = setup.engine.connection(name)?.id;
    let detail = setup.engine.detail(&id)?;
    let known = scopes::known(setup, &detail.connection);
    let found = narrower(&known, detail.connection.held_or_requested());
    if as_json {
        let mut value = shape::detail(&detail);
        value["narrower"] = found
            .iter()
            .map(|one| json!({"scope": one.asked.name, "enough": one.enough.name}))
            .collect();
        return Ok(output::json(&value)?);
    }
    let less = found
        .first()
        .map(|first| ("Less", first.told(advice::narrower)));
    let revocations = detail
        .waiting
        .iter()
        .map(|waits| ("Revocation", still_waits(waits, UnixTime::rfc3339)));
    for (label, text) in facts(&detail, setup.engine.now())
        .into_iter()
        .chain(less)
        .chain(revocations)
    {
        output::data(&format!("{label:<15}{text}"))?;
    }
    Ok(())
}

fn facts(detail: &Detail, now: UnixTime) -> Vec<(&'static str, String)> {
    let connection = &detail.connection;
    let grant = connection
        .grant
        .as_ref()
        .filter(|_| connection.ended.is_none());
    let mut lines = vec![
        ("Name", connection.name.to_string()),
        ("State", detail.verdict.health.word().to_owned()),
    ];
    if let Some(message) = &detail.verdict.message {
        lines.push(("", message.clone()));
    }
    let account = grant.and_then(|grant| grant.account.as_ref());
    lines.push((
        "Account",
        account.map_or("not known".to_owned(), |account| {
            account.label.shown().to_string()
        }),
    ));
    for (at, line) in scope_lines(connection).into_iter().enumerate() {
        lines.push((if at == 0 { "Scopes" } else { "" }, line));
    }
    if let Some(grant) = grant {
        let at = grant
            .expiry
            .at()
            .map_or(String::new(), |at| format!(" ({})", at.rfc3339()));
        lines.push((
            "Access token",
            match grant.expiry {
                Expiry::At(end) if end > now => format!("ends {}{at}", expires(grant.expiry, now)),
                other => format!("{}{at}", expires(other, now)),
            },
        ));
        lines.push((
            "Refresh token",
            match (grant.has_refresh_token, grant.rotates) {
                (false, _) => "none",
                (true, Some(true)) => "yes, changes at every refresh",
                (true, _) => "yes",
            }
            .to_owned(),
        ));
    }
    lines.push((
        "App",
        format!(
            "{}  {}",
            Untrusted::new(&*connection.registration.client_id).shown(),
            match connection.registration.auth {
                crate::model::ClientAuth::None => "no secret (PKCE)",
                crate::model::ClientAuth::Basic => "secret sent as Basic authentication",
                crate::model::ClientAuth::Post => "secret sent in the body",
            }
        ),
    ));
    lines.push(("Redirect URL", connection.registration.redirect.to_string()));
    if connection.issuer_proof() == IssuerProof::None {
        lines.push(("Answers", IssuerProof::MISSING.to_owned()));
    }
    lines.push(("Talks to", connection.provider.hosts().join("  ")));
    match proxy(connection) {
        Ok(None) => {}
        Ok(Some(proxy)) => lines.push(("", format!("via proxy {proxy}"))),
        Err(problem) => lines.push(("", format!("not reached: {problem}"))),
    }
    for quirk in &connection.provider.quirks {
        lines.push(("Quirk", format!("{}  {}", quirk.name(), quirk.meaning())));
    }
    for line in detail.history.lines.iter().take(10) {
        let what = line.sentence(UnixTime::rfc3339);
        lines.push(("History", format!("{}  {what}", line.at.rfc3339())));
    }
    lines
}

/// What was asked for, what was granted, and what the token at hand may do where that is less.
pub(super) fn scope_lines(connection: &Connection) -> Vec<String> {
    let mut lines = vec![if connection.requested.is_empty() {
        "asked    none".to_owned()
    } else {
        format!("asked    {}", connection.requested)
    }];
    let grant = connection.grant.as_ref();
    if let Some(grant) = grant.filter(|_| connection.ended.is_none()) {
        lines.push(match &grant.granted {
            Some(granted) if granted.is_empty() => {
                "granted  the provider reported no scopes".to_owned()
            }
            Some(granted) => format!("granted  {granted}"),
            None => "granted  as requested (the provider did not list them)".to_owned(),
        });
        if let Some(in_use) = &grant.in_use {
            lines.push(format!("in use   {in_use}"));
        }
    }
    lines
}

/// The proxy between here and the token endpoint, without its password (conformance H-05); or that what is
/// named as one is none.
pub(super) fn proxy(connection: &Connection) -> Result<Option<Shown>, Shown> {
    let Some(token) = &connection.provider.endpoints.token else {
        return Ok(None);
    };
    let variable = |name: &str| std::env::var(name).ok();
    match proxy_in_use(token.as_url(), variable) {
        Ok(proxy) => Ok(proxy.map(|proxy| proxy.shown())),
        Err(problem) => Err(problem.summary().shown()),
    }
}

pub(super) fn paths(paths: &Paths, loaded: &Loaded, as_json: bool) -> Result<(), Failed> {
    let all = [
        ("settings", &loaded.path),
        ("config", &paths.config),
        ("data", &paths.data),
        ("state", &paths.state),
        ("run", &paths.run),
    ];
    if as_json {
        let map: serde_json::Map<String, serde_json::Value> = all
            .iter()
            .map(|(name, path)| ((*name).to_owned(), json!(path.to_string_lossy())))
            .chain([
                ("version".to_owned(), json!(1)),
                (
                    "problems".to_owned(),
                    json!(loaded.lines().collect::<Vec<_>>()),
                ),
            ])
            .collect();
        return Ok(output::json(&map)?);
    }
    for (name, path) in all {
        output::data(&format!("{name:<10}{}", output::path(path)))?;
    }
    for line in loaded.lines() {
        output::note(&line);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a19_a20_a_life_without_a_sensible_end_is_told_as_one() {
        let now = UnixTime(1_800_000_000);
        let end = |seconds| expires(Expiry::At(now.plus(Seconds(seconds))), now);
        assert_eq!(end(9_999_999_999_999), "in over 10 years");
        assert_eq!(end(u64::MAX), "in over 10 years");
        assert_eq!(end(3600), "in 60 min");
        assert_eq!(end(0), "expired");
        assert_eq!(expires(Expiry::NotStated, now), "not stated");
    }
}
