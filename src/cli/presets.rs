//! `presets` and `presets check FILE`.

use std::path::Path;

use serde_json::json;

use super::args::PresetsCommand;
use super::failed::Failed;
use super::{catalogue, json as shape, output, setup};
use crate::model::{ProviderKind, Untrusted};
use crate::provider::Catalogue;

pub(super) fn run(check: Option<&PresetsCommand>, as_json: bool) -> Result<(), Failed> {
    if let Some(PresetsCommand::Check { file }) = check {
        return check_file(file, as_json);
    }
    let catalogue = catalogue::load(&setup::paths()?.config);
    if as_json {
        let presets: Vec<_> = catalogue
            .presets()
            .iter()
            .map(|preset| {
                json!({
                    "id": preset.id,
                    "name": preset.name,
                    "kind": shape::kind(preset.kind),
                    "hint": preset.hint,
                    "variables": preset.variables.iter().map(|v| v.key.as_str()).collect::<Vec<_>>(),
                    "default_scopes": shape::list(&preset.default_scopes()),
                    "redirect_uri": preset.default_redirect().to_string(),
                })
            })
            .collect();
        return Ok(output::json(&json!({"version": 1, "presets": presets}))?);
    }
    for preset in catalogue.presets() {
        let own = match preset.kind {
            ProviderKind::Custom => "  (your own file)",
            _ => "",
        };
        output::data(&format!(
            "{:<12} {:<14} {}{own}",
            preset.id,
            Untrusted::new(&*preset.name).shown().as_str(),
            Untrusted::new(&*preset.hint).shown()
        ))?;
    }
    Ok(())
}

fn check_file(file: &Path, as_json: bool) -> Result<(), Failed> {
    // On top of the built-in ones, so that a taken id is found here too.
    let built_in = Catalogue::built_in().clone();
    let before = built_in.presets().len();
    let catalogue = catalogue::checked(built_in, file).map_err(|problem| {
        Failed::usage(
            "preset",
            format!("{problem}."),
            "The format stands in docs/PROVIDERS.md.",
        )
    })?;
    let found = &catalogue.presets()[before..];
    if as_json {
        let ids: Vec<&str> = found.iter().map(|preset| preset.id.as_str()).collect();
        return Ok(output::json(
            &json!({"version": 1, "file": file.to_string_lossy(), "presets": ids}),
        )?);
    }
    output::note(&match found.len() {
        1 => "1 preset, nothing wrong.".to_owned(),
        count => format!("{count} presets, nothing wrong."),
    });
    Ok(())
}
