//! `presets` and `presets check FILE`.

use serde_json::json;

use super::args::PresetsCommand;
use super::failed::Failed;
use super::output;
use crate::provider::Catalogue;

pub(super) fn run(check: Option<&PresetsCommand>, as_json: bool) -> Result<(), Failed> {
    if let Some(PresetsCommand::Check { file }) = check {
        return check_file(file);
    }
    let catalogue = Catalogue::built_in();
    if as_json {
        let presets: Vec<_> = catalogue
            .presets()
            .iter()
            .map(|preset| {
                json!({
                    "id": preset.id,
                    "name": preset.name,
                    "hint": preset.hint,
                    "variables": preset.variables.iter().map(|v| v.key.as_str()).collect::<Vec<_>>(),
                    "default_scopes": super::json::list(&preset.default_scopes()),
                    "redirect_uri": preset.default_redirect().to_string(),
                })
            })
            .collect();
        return Ok(output::json(&json!({"version": 1, "presets": presets}))?);
    }
    for preset in catalogue.presets() {
        output::data(&format!(
            "{:<12} {:<14} {}",
            preset.id, preset.name, preset.hint
        ))?;
    }
    Ok(())
}

fn check_file(file: &std::path::Path) -> Result<(), Failed> {
    let unreadable = |why: String| {
        Failed::usage(
            "file",
            format!("The file cannot be read: {why}."),
            "Name a readable TOML file.",
        )
    };
    let text = std::fs::read(file).map_err(|error| unreadable(error.kind().to_string()))?;
    if text.len() > 1024 * 1024 {
        return Err(unreadable("it is larger than 1 MiB".to_owned()));
    }
    let text =
        String::from_utf8(text).map_err(|_| unreadable("it is not UTF-8 text".to_owned()))?;
    let name = file
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    match Catalogue::default().with_user_file(&name, &text) {
        Ok(catalogue) => {
            output::note(&format!(
                "{} presets, nothing wrong.",
                catalogue.presets().len()
            ));
            Ok(())
        }
        Err(error) => Err(Failed::usage(
            "preset",
            crate::model::Untrusted::new(error.to_string())
                .shown()
                .to_string(),
            "The format stands in docs/PROVIDERS.md.",
        )),
    }
}
