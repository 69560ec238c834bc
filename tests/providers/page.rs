//! docs/PRESETS.md, made from the presets and the facts that they are proved against.

use std::fmt::Write as _;

use valetkey::model::Quirk;
use valetkey::provider::{Preset, SecretNeed, Way};

use crate::fixture::{Fixture, Outcome};
use crate::reads::revocation_needs_secret;
use crate::table::pairs;

fn connecting(pairs: &[(&Preset, Fixture)]) -> usize {
    let connects = |pair: &&(&Preset, Fixture)| pair.1.outcome == Outcome::Connects;
    pairs.iter().filter(connects).count()
}

fn page() -> String {
    let pairs = pairs();
    let connects = connecting(&pairs);
    let mut text = format!(
        "# What is proved of each preset\n\n\
         This page is made by `tests/providers`; `VALETKEY_WRITE_DOCS=1` writes it anew.\n\n\
         Each preset is played against a provider on loopback that is dressed in that service's facts:\n\
         what it demands of a request, what it refuses, what its answers look like, how it ends access.\n\
         The facts stand in `tests/fixtures/providers/`, each with its sources, and are written from the\n\
         services' documentation, not from the presets. \"Connects\" means: signed in by every way\n\
         of the table, the right account, the right scopes, the right end; the test read works; refreshed\n\
         twice where there are refresh tokens; a sign-in that was ended elsewhere is told as such; access\n\
         is ended. And without any one of its quirks the same preset does not get through. No service\n\
         itself was asked: what a service does otherwise than its documentation says, this does not show.\n\
         Where a star stands, one of the facts (mostly whether plain http on this machine is taken) was seen\n\
         in working clients or not at all; `valetkey presets` says so too.\n\n\
         {connects} of {} connect.\n\n\
         | service | outcome | ways | secret | quirks | access ends |\n\
         |---|---|---|---|---|---|\n",
        pairs.len()
    );
    for (preset, facts) in &pairs {
        let quirks: Vec<String> = preset.quirks().iter().map(Quirk::name).collect();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            facts.name,
            outcome(preset, facts),
            ways(preset),
            secret(preset),
            quirks.join(", "),
            end(facts)
        );
    }
    text
}

fn outcome(preset: &Preset, facts: &Fixture) -> String {
    let reason = facts.reason.as_deref().unwrap_or_default();
    match facts.outcome {
        Outcome::Connects if preset.unverified => "connects \\*".to_owned(),
        Outcome::Connects => "connects".to_owned(),
        Outcome::Refused => format!("refused: {reason}"),
        Outcome::Unverified => format!("unverified: {reason}"),
    }
}

fn ways(preset: &Preset) -> String {
    let word = |way: &Way| match way {
        Way::Browser => "browser",
        Way::Device => "device",
    };
    let ways: Vec<&str> = preset.client.ways.iter().map(word).collect();
    ways.join(", ")
}

fn secret(preset: &Preset) -> &'static str {
    if preset.refused.is_some() {
        return "";
    }
    match preset.client.secret {
        SecretNeed::Never => "never",
        SecretNeed::Optional => "no",
        SecretNeed::Browser => "browser only",
        SecretNeed::Always => "yes",
    }
}

fn end(facts: &Fixture) -> &'static str {
    match &facts.revoke {
        None if facts.outcome != Outcome::Connects => "",
        None => "on its own page",
        Some(_) if revocation_needs_secret(facts) => "by `revoke`, with the secret",
        Some(_) => "by `revoke`",
    }
}

/// Set `VALETKEY_WRITE_DOCS` to write the page instead of comparing it.
#[test]
fn docs_presets_md_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/PRESETS.md");
    if std::env::var_os("VALETKEY_WRITE_DOCS").is_some() {
        std::fs::write(path, page()).expect("written");
    }
    let stored = std::fs::read_to_string(path).expect("docs/PRESETS.md");
    assert_eq!(stored, page(), "stale: run with VALETKEY_WRITE_DOCS=1");
}

#[test]
fn readme_counts_the_presets_as_they_are() {
    let pairs = pairs();
    let wanted = format!(
        "Of the {} services with a preset {} connect",
        pairs.len(),
        connecting(&pairs)
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).expect("README.md");
    assert!(readme.contains(&wanted), "README.md lacks: {wanted}");
}
