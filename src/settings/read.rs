//! From the text of the file to settings, strictly (conformance U-11).

use toml::de::DeTable;

use super::theme::{self, Theme};
use super::{FILE, Found, Settings, Told};
use crate::host::TextFileError;
use crate::model::strict_toml::{Fields, Findings, Located};

use super::table::SETTINGS;

/// Longest text that is read, in bytes.
const LONGEST: usize = 1 << 20;

/// What the lines of the table fill.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) settings: Settings,
    /// The file of the theme, below the folder, and the bytes that name it.
    pub(super) theme_file: Option<(String, std::ops::Range<usize>)>,
}

pub(super) fn read(text: &str, other: &dyn Fn(&str) -> Result<String, TextFileError>) -> Found {
    // Some editors put a mark before the text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let findings = Findings::of(text);
    let mut draft = Draft::default();
    with_table(text, &findings, |fields| {
        for setting in SETTINGS {
            (setting.read)(&fields, &mut draft);
        }
        fields.end();
    });
    let mut of_theme = None;
    if let Some((file, at)) = draft.theme_file {
        match other(&file) {
            Ok(text) => of_theme = Some((theme_of(&text, &mut draft.settings.theme), file)),
            Err(problem) => findings.wrong(&at, format!("theme: {file}: {problem}")),
        }
    }
    let (problems, warnings) = findings.sorted();
    let mut found = Found {
        settings: draft.settings,
        problems: told(FILE, problems),
        warnings: told(FILE, warnings),
    };
    if let Some(((problems, warnings), file)) = of_theme {
        found.problems.extend(told(&file, problems));
        found.warnings.extend(told(&file, warnings));
    }
    found
}

/// A theme in a file of its own.
fn theme_of(text: &str, theme: &mut Theme) -> (Vec<Located>, Vec<Located>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let findings = Findings::of(text);
    with_table(text, &findings, |fields| *theme = theme::of_table(fields));
    findings.sorted()
}

fn with_table(text: &str, findings: &Findings<'_>, take: impl FnOnce(Fields<'_>)) {
    if text.len() > LONGEST {
        return findings.wrong(&(0..0), "the file is larger than 1 MiB");
    }
    match DeTable::parse(text) {
        Ok(table) => take(Fields::of(findings, table.get_ref(), 0..0, "")),
        Err(error) => {
            let why = match error.message() {
                "recursion limit" => "something is nested too deep in it",
                other => other,
            };
            let what = format!("{why}; nothing of this file is used");
            findings.wrong(&error.span().unwrap_or_default(), what);
        }
    }
}

fn told(file: &str, all: Vec<Located>) -> Vec<Told> {
    let told = all.into_iter().map(|found| Told {
        file: file.to_owned(),
        place: Some((found.line, found.column)),
        what: found.what,
    });
    told.collect()
}
