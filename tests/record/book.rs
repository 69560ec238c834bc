//! The recorded pages: one file a screen, and an index that says what each shows.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use super::steady::steady;
use crate::term::Term;

/// The screens so far.
#[derive(Default)]
pub(super) struct Book {
    pages: BTreeMap<String, String>,
    /// Name and what it shows, in order of the story.
    index: Vec<(String, &'static str)>,
}

impl Book {
    /// Takes the screen as it is now.
    pub(super) fn page(&mut self, term: &Term, name: &str, shows: &'static str) {
        let (lines, columns) = term.screen().size();
        let mut text = steady(&term.text());
        text.push('\n');
        self.pages
            .insert(format!("{name}-{columns}x{lines}.txt"), text);
        if !self.index.iter().any(|(known, _)| known == name) {
            self.index.push((name.to_owned(), shows));
        }
    }

    fn index(&self) -> String {
        let mut text = String::from(
            "# Screens\n\n\
             Every screen of the program, recorded from the real one in a terminal of 80 columns and\n\
             24 lines, and in one of 120 and 40. Ports, times and codes are replaced by fixed ones.\n\
             A test keeps them fresh; `UPDATE=1 cargo test --test terminal recorded` writes them anew.\n\n\
             | screen | 80x24 | 120x40 |\n|---|---|---|\n",
        );
        for (name, shows) in &self.index {
            let link = |size: &str| {
                let file = format!("{name}-{size}.txt");
                if self.pages.contains_key(&file) {
                    format!("[{name}]({file})")
                } else {
                    String::new()
                }
            };
            let _ = writeln!(text, "| {shows} | {} | {} |", link("80x24"), link("120x40"));
        }
        text
    }

    /// Compares all pages with those in the documentation, or writes them.
    pub(super) fn close(mut self) {
        let index = self.index();
        self.pages.insert("README.md".to_owned(), index);
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/screens");
        if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(&folder).expect("a folder");
            for (name, text) in &self.pages {
                fs::write(folder.join(name), text).expect("writes");
            }
            return;
        }
        let mut stale = String::new();
        for (name, text) in &self.pages {
            let kept = fs::read_to_string(folder.join(name)).unwrap_or_default();
            if kept != *text {
                let _ = writeln!(stale, "{name}: kept\n{kept}\nnow\n{text}");
            }
        }
        for kept in fs::read_dir(&folder).expect("docs/screens").flatten() {
            let name = kept.file_name().to_string_lossy().into_owned();
            if !self.pages.contains_key(&name) {
                let _ = writeln!(stale, "{name}: shows a screen that is recorded no more");
            }
        }
        assert!(
            stale.is_empty(),
            "UPDATE=1 records them anew; look at each before you commit it.\n{stale}"
        );
    }
}
