//! The look at every host before anything is taken over. What a person should look at twice is marked
//! with `!` and words.

use serde_json::{Value, json};

use super::plan::{Entry, Plan, State};
use crate::cli::output;
use crate::model::{Quirk, Untrusted};
use crate::provider::{Catalogue, Origin, hosts};

pub(super) fn print(plan: &Plan, catalogue: &Catalogue) {
    let mut existing = Vec::new();
    for entry in &plan.entries {
        let name = &entry.name;
        match &entry.state {
            State::New => {
                for line in new(entry, catalogue) {
                    output::note(&line);
                }
            }
            State::Same => {
                existing.push(format!("{name}: exists already, same{}", left_out(entry)));
            }
            State::Differs(fields) => existing.push(format!(
                "{name}: exists already, differs: skipped ({}){}",
                fields.join(", "),
                left_out(entry)
            )),
        }
    }
    output::note("");
    for line in &existing {
        output::note(line);
    }
}

fn left_out(entry: &Entry) -> String {
    let name = &entry.name;
    entry.carried.signed_in().map_or(String::new(), |_| {
        format!("; its sign-in in the backup is left out (--rename {name}=OTHER takes it)")
    })
}

/// The hosts of one connection in JSON.
pub(super) fn hosts_json(entry: &Entry, catalogue: &Catalogue) -> Vec<Value> {
    let hosts = hosts(&entry.definition, catalogue).into_iter();
    hosts
        .map(|known| {
            json!({
                "host": known.host,
                "uses": known.uses,
                "another_domain": known.away_from.is_some(),
                "not_of_preset": known.not_of_preset.is_some(),
            })
        })
        .collect()
}

fn new(entry: &Entry, catalogue: &Catalogue) -> Vec<String> {
    let definition = &entry.definition;
    let provider = &definition.provider;
    let shown = |text: &str| Untrusted::new(text).shown().to_string();
    let id = shown(&provider.id);
    let mut lines = vec![String::new()];
    lines.push(match definition.origin(catalogue) {
        Origin::Shipped => format!("{}  {}, the preset {id}", entry.name, shown(&provider.name)),
        _ => format!("{}  {}", entry.name, shown(&provider.name)),
    });
    match definition.origin(catalogue) {
        Origin::Changed(fields) => lines.push(format!(
            "  ! not as the preset {id} has it: {}",
            fields.join(", ")
        )),
        Origin::Unknown => lines.push(format!("  ! there is no preset {id} here")),
        Origin::Shipped | Origin::Own => {}
    }
    let mut rows = vec![(
        "client ID".to_owned(),
        shown(&definition.client_id),
        Vec::new(),
    )];
    for host in hosts(definition, catalogue) {
        let mut marks = Vec::new();
        if let Some(home) = host.away_from {
            marks.push(format!("another domain than {home}"));
        }
        if let Some(preset) = host.not_of_preset {
            marks.push(format!(
                "differs from the preset {}: {}",
                shown(&preset),
                host.host
            ));
        }
        rows.push((host.host, host.uses.join(", "), marks));
    }
    rows.push((
        "this machine".to_owned(),
        format!("redirect {}", definition.redirect),
        Vec::new(),
    ));
    rows.extend(
        beside(entry)
            .into_iter()
            .map(|(what, text)| (what.to_owned(), shown(&text), Vec::new())),
    );
    let width = rows.iter().map(|(what, ..)| what.chars().count()).max();
    let width = width.unwrap_or_default();
    for (what, text, marks) in rows {
        lines.push(format!("  {what:<width$}  {text}"));
        lines.extend(marks.into_iter().map(|mark| format!("    ! {mark}")));
    }
    lines.extend(
        warnings(entry)
            .into_iter()
            .map(|warning| format!("  ! {warning}")),
    );
    lines
}

/// What is sent and what comes along, beside the hosts.
fn beside(entry: &Entry) -> Vec<(&'static str, String)> {
    let definition = &entry.definition;
    let provider = &definition.provider;
    let mut rows = Vec::new();
    if !definition.scopes.is_empty() {
        rows.push(("scopes", definition.scopes.joined(" ")));
    }
    if !definition.resources.is_empty() {
        rows.push(("resources", definition.resources.join(" ")));
    }
    let extra = &provider.extra;
    for (what, pairs) in [
        ("sends", &extra.authorize),
        ("sends for tokens", &extra.token),
        ("sends to refresh", &extra.refresh),
    ] {
        if !pairs.is_empty() {
            let pairs: Vec<_> = pairs
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            rows.push((what, pairs.join(" ")));
        }
    }
    if !provider.quirks.is_empty() {
        let quirks: Vec<String> = provider.quirks.iter().map(Quirk::name).collect();
        rows.push(("quirks", quirks.join(" ")));
    }
    if let Some(account) = entry.carried.signed_in() {
        let label = account.map_or("nobody named".to_owned(), |account| {
            account.label.shown().to_string()
        });
        rows.push(("signed in", format!("{label}, as a second copy")));
    }
    if entry.carried.has_client_secret() {
        rows.push(("client secret", "comes along, sealed".to_owned()));
    } else if entry
        .shares
        .as_ref()
        .is_some_and(|shared| shared.has_secret)
    {
        rows.push((
            "client secret",
            "of the app that is registered here already".to_owned(),
        ));
    }
    rows
}

fn warnings(entry: &Entry) -> Vec<String> {
    let definition = &entry.definition;
    let mut warnings = Vec::new();
    if definition.dev_http {
        warnings.push("plain http is allowed on this machine".to_owned());
    }
    if let Some(pem) = &definition.ca_pem {
        let certificates = pem.matches("-----BEGIN CERTIFICATE-----").count();
        warnings.push(format!(
            "trusts {certificates} certificate{} of this file for its hosts",
            if certificates == 1 { "" } else { "s" }
        ));
    }
    if definition.provider.has(&Quirk::NoPkce) {
        warnings.push(format!("no PKCE: {}", Quirk::NoPkce.meaning()));
    }
    warnings
}
