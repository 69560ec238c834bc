//! The look at every host before anything is taken over, in words. What a person should look at twice is
//! marked with `!`.

use std::fmt;

use super::advise;
use crate::engine::{BringProblem, ImportFate, ImportPlan, Imported, Planned};
use crate::host::TextFileError;
use crate::model::strict_toml::Located;
use crate::model::{ClientAuth, Connection, ConnectionName, Quirk, Untrusted};

/// How many connections, in words.
pub fn count(connections: usize) -> String {
    match connections {
        1 => "1 connection".to_owned(),
        count => format!("{count} connections"),
    }
}

/// One line of a review. Its `Display` is the line as a terminal that prints shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewLine {
    /// Cells before it.
    pub indent: usize,
    /// What the words are about, and the cells of its column.
    pub label: Option<(String, usize)>,
    pub words: String,
    /// To be looked at twice.
    pub marked: bool,
}

impl ReviewLine {
    fn plain(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            ..Self::default()
        }
    }

    fn mark(indent: usize, words: impl fmt::Display) -> Self {
        Self {
            indent,
            words: format!("! {words}"),
            marked: true,
            ..Self::default()
        }
    }
}

impl fmt::Display for ReviewLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&" ".repeat(self.indent))?;
        if let Some((label, width)) = &self.label {
            write!(f, "{label:<width$}  ")?;
        }
        f.write_str(&self.words)
    }
}

/// Every host of what is new, then what is here already.
pub fn review(plan: &ImportPlan) -> Vec<ReviewLine> {
    let mut lines = Vec::new();
    let mut existing = Vec::new();
    for entry in &plan.entries {
        let name = entry.name();
        match &entry.fate {
            ImportFate::New => lines.extend(new(entry)),
            ImportFate::Same => {
                existing.push(format!("{name}: exists already, same{}", left_out(entry)));
            }
            ImportFate::Differs(fields) => existing.push(format!(
                "{name}: exists already, differs: skipped ({}){}",
                fields.join(", "),
                left_out(entry)
            )),
        }
    }
    lines.push(ReviewLine::default());
    lines.extend(existing.into_iter().map(ReviewLine::plain));
    lines
}

/// A sign-in that this vault has already.
pub fn known_already(name: &ConnectionName) -> String {
    format!(
        "The sign-in of {name} is in this vault already under another name; it was not taken twice."
    )
}

fn left_out(entry: &Planned) -> String {
    let name = entry.name();
    entry.carried.signed_in().map_or(String::new(), |_| {
        format!("; its sign-in in the backup is left out (--rename {name}=OTHER takes it)")
    })
}

fn shown(text: &str) -> String {
    Untrusted::new(text).shown().to_string()
}

fn new(entry: &Planned) -> Vec<ReviewLine> {
    let definition = &entry.definition;
    let provider = &definition.provider;
    let (name, called) = (entry.name(), shown(&provider.name));
    let id = shown(&provider.id);
    let mut lines = vec![ReviewLine::default()];
    lines.push(ReviewLine::plain(if entry.is_as_the_preset() {
        format!("{name}  {called}, the preset {id}")
    } else {
        format!("{name}  {called}")
    }));
    let fields = entry.unlike_preset();
    if !fields.is_empty() {
        let words = format!("not as the preset {id} has it: {}", fields.join(", "));
        lines.push(ReviewLine::mark(2, words));
    } else if entry.preset_is_unknown() {
        lines.push(ReviewLine::mark(2, format!("there is no preset {id} here")));
    }
    let mut rows = vec![("client ID".to_owned(), shown(&definition.client_id), vec![])];
    for host in &entry.hosts {
        let mut marks = Vec::new();
        if let Some(home) = &host.away_from {
            marks.push(format!("another domain than {home}"));
        }
        if let Some(preset) = &host.not_of_preset {
            let preset = shown(preset);
            marks.push(format!("differs from the preset {preset}: {}", host.host));
        }
        rows.push((host.host.clone(), host.uses.join(", "), marks));
    }
    let redirect = format!("redirect {}", definition.redirect);
    rows.push(("this machine".to_owned(), redirect, vec![]));
    let beside = beside(entry).into_iter();
    rows.extend(beside.map(|(what, text)| (what.to_owned(), shown(&text), vec![])));
    let width = rows.iter().map(|(what, ..)| what.chars().count()).max();
    let width = width.unwrap_or_default();
    for (what, words, marks) in rows {
        lines.push(ReviewLine {
            indent: 2,
            label: Some((what, width)),
            words,
            marked: false,
        });
        lines.extend(marks.into_iter().map(|mark| ReviewLine::mark(4, mark)));
    }
    let warnings = warnings(entry).into_iter();
    lines.extend(warnings.map(|warning| ReviewLine::mark(2, warning)));
    lines
}

/// What is sent and what comes along, beside the hosts.
fn beside(entry: &Planned) -> Vec<(&'static str, String)> {
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

fn warnings(entry: &Planned) -> Vec<String> {
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

/// Why the file that was named is not looked at.
pub fn unread(problem: TextFileError) -> String {
    sentence(&problem.to_string())
}

/// Why what it holds is not looked at.
pub fn unlooked(problem: &BringProblem) -> String {
    match problem {
        BringProblem::Backup(error) => advise(error).sentence,
        other => sentence(&other.to_string()),
    }
}

/// Something in the file, with its place.
pub fn placed(found: &Located) -> String {
    let what = shown(&found.what);
    format!("line {}, column {}: {what}", found.line, found.column)
}

/// What a person who has seen everything goes on with, on a screen.
pub fn imported(imported: &Imported) -> String {
    let connections = &imported.connections;
    let mut words = vec![format!("Imported {}.", count(connections.len()))];
    words.extend(imported.known_already.iter().map(known_already));
    if connections.iter().any(|new| new.grant.is_some()) {
        words.push(
            "Sign-ins came along as a second copy; nothing is refreshed here before you say so."
                .to_owned(),
        );
    }
    let lacks = |new: &&Connection| {
        let app = &new.registration;
        app.auth != ClientAuth::None && !app.has_secret
    };
    match connections
        .iter()
        .filter(lacks)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [] => {}
        [new] => words.push(format!("{} needs its client secret: {{edit}}.", new.name)),
        many => words.push(format!(
            "{} need their client secrets: {{edit}}.",
            many.len()
        )),
    }
    if connections.iter().any(|new| new.grant.is_none()) {
        words.push("{re-authorize} signs in.".to_owned());
    }
    words.join(" ")
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase());
    let words: String = first.into_iter().flatten().chain(letters).collect();
    format!("{words}.")
}
