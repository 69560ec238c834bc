//! The page `docs/KEYS.md`, written from the table.

use std::fmt::Write as _;

use super::place::Place;
use super::table::{Entry, all, entries_of_table};

/// The whole text of `docs/KEYS.md`.
pub fn keys_page() -> String {
    let mut page = String::from(
        "# Keys\n\n\
         This page is written from the action table (`src/actions/table.rs`); a test fails when it is stale.\n\n\
         While a text field has the focus, every printable key is text; F1 opens the help there.\n\n\
         The keys can be your own: `[keys]` in `config.toml` ([SETTINGS.md](SETTINGS.md)) gives an action the keys that \
         you list, wherever it works, by the name that stands here.\n\n\
         ## Everywhere\n\n",
    );
    lines(&mut page, all().iter().filter(|entry| entry.is_global()));
    for place in Place::ALL {
        let _ = write!(page, "\n## {}\n\n", place.title());
        lines(
            &mut page,
            entries_of_table(place).filter(|entry| !entry.is_global()),
        );
    }
    page
}

fn lines(page: &mut String, entries: impl Iterator<Item = &'static Entry>) {
    page.push_str("| key | action | what it does |\n|---|---|---|\n");
    for entry in entries {
        let keys: Vec<String> = entry.keys.iter().map(|key| format!("`{key}`")).collect();
        let _ = writeln!(
            page,
            "| {} | `{}` | {} |",
            keys.join(" "),
            entry.public_name(),
            entry.help
        );
    }
}
