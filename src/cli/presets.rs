//! `presets` and `presets check FILE`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use super::args::PresetsCommand;
use super::failed::Failed;
use super::{catalogue, json as shape, output, setup};
use crate::model::{ProviderKind, Untrusted};
use crate::provider::{Catalogue, Preset, ScopeHelp, Step};

pub(super) fn run(check: Option<&PresetsCommand>, as_json: bool) -> Result<(), Failed> {
    if let Some(PresetsCommand::Check { file }) = check {
        return check_file(file, as_json);
    }
    let catalogue = catalogue::load(&setup::paths()?.config);
    if as_json {
        let presets: Vec<_> = catalogue.presets().iter().map(told).collect();
        return Ok(output::json(&json!({"version": 1, "presets": presets}))?);
    }
    let mut marks = BTreeSet::new();
    for preset in catalogue.presets() {
        let mark = mark(preset);
        marks.extend(mark);
        output::data(&format!(
            "{:<12} {:<26} {} {}",
            preset.id,
            Untrusted::new(&*preset.name).shown().as_str(),
            mark.map_or(" ", |(mark, _)| mark),
            Untrusted::new(&*preset.hint).shown()
        ))?;
    }
    for (mark, meaning) in marks {
        output::note(&format!("{mark} {meaning}"));
    }
    Ok(())
}

/// What is special about a preset, and what the sign means.
fn mark(preset: &Preset) -> Option<(&'static str, &'static str)> {
    if preset.refused.is_some() {
        Some((
            "x",
            "cannot be connected from here; valetkey add NAME says why",
        ))
    } else if preset.replaces_built_in {
        Some(("!", "your own, not the built-in one"))
    } else if preset.kind == ProviderKind::Custom {
        Some(("*", "your own"))
    } else if preset.unverified {
        Some(("?", "not checked against the service's own documentation"))
    } else {
        None
    }
}

fn told(preset: &Preset) -> Value {
    let client = &preset.client;
    let words = |word: &dyn std::fmt::Debug| format!("{word:?}").to_lowercase();
    let scope = |scope: &ScopeHelp| json!({"name": scope.name, "help": scope.help, "broad": scope.broad, "narrower": scope.narrower});
    let redirect = preset.redirect(&BTreeMap::new());
    let steps = preset.steps(&redirect, &BTreeMap::new());
    let step = |step: &Step| json!({"action": step.action.as_str(), "value": step.value});
    json!({
        "id": preset.id,
        "name": preset.name,
        "group": preset.group,
        "kind": shape::kind(preset.kind),
        "replaces_built_in": preset.replaces_built_in,
        "unverified": preset.unverified,
        "refused": preset.refused,
        "hint": preset.hint,
        "ends": preset.ends,
        "variables": preset.variables.iter().map(|v| v.key.as_str()).collect::<Vec<_>>(),
        "default_scopes": shape::list(&preset.default_scopes()),
        "scopes": preset.known_scopes().iter().map(scope).collect::<Vec<_>>(),
        "ways": client.ways.iter().map(|way| words(way)).collect::<Vec<_>>(),
        "client_secret": words(&client.secret),
        "public_client": client.public,
        "redirect_uri": redirect.to_string(),
        "register_url": preset.register_url.as_ref().map(ToString::to_string),
        "steps": steps.iter().map(step).collect::<Vec<_>>(),
        "quirks": preset.quirks().iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn check_file(file: &Path, as_json: bool) -> Result<(), Failed> {
    // On top of the built-in ones, so that a taken id is found here too.
    let built_in = Catalogue::built_in().clone();
    let catalogue = catalogue::checked(built_in, file).map_err(|problem| {
        Failed::usage(
            "preset",
            format!("{problem}."),
            "The format stands in docs/PROVIDERS.md.",
        )
    })?;
    let found: Vec<&Preset> = catalogue
        .presets()
        .iter()
        .filter(|preset| preset.kind == ProviderKind::Custom)
        .collect();
    if as_json {
        let ids: Vec<&str> = found.iter().map(|preset| preset.id.as_str()).collect();
        return Ok(output::json(
            &json!({"version": 1, "file": file.to_string_lossy(), "presets": ids}),
        )?);
    }
    for preset in found.iter().filter(|preset| preset.replaces_built_in) {
        output::note(&format!(
            "{} takes the place of the built-in preset.",
            preset.id
        ));
    }
    output::note(&match found.len() {
        1 => "1 preset, nothing wrong.".to_owned(),
        count => format!("{count} presets, nothing wrong."),
    });
    Ok(())
}
