//! The tasks with keys alone, as somebody far away does them: 300 ms each way, and no key is pressed that
//! the screen does not name (conformance W-11).

use std::fs;
use std::time::Duration;

use crate::home::Home;
use crate::term::{ENTER, TAB, Term};

const DELAY: Duration = Duration::from_millis(300);
/// The design size, and a small one.
const SIZES: [(u16, u16); 2] = [(80, 24), (40, 12)];

/// Somebody who knows no key but those on the screen.
struct Newcomer {
    term: Term,
}

impl Newcomer {
    fn at(home: &Home, arguments: &[&str], size: (u16, u16)) -> Self {
        Self {
            term: Term::start_far(home.command(arguments), size, DELAY),
        }
    }

    /// Presses a key that the last lines name with this word.
    fn hint(&mut self, key: &str, named: &str) {
        let footer = |term: &Term| {
            let text = term.text();
            let lines: Vec<&str> = text.lines().collect();
            let last = lines[lines.len().saturating_sub(2)..].join(" ");
            format!("{} ", last.replace("  ", " "))
        };
        self.term
            .until(&format!("{named:?} in the footer"), |term| {
                footer(term).contains(&format!(" {named} "))
            });
        self.term.press(key);
    }

    /// Presses the number that stands before a choice. What is further down than the screen is reached by
    /// the key that the footer names for it.
    fn number(&mut self, words: &str) {
        let number = |term: &Term| {
            let text = term.text();
            text.lines().find_map(|line| {
                let (number, label) = line.trim_start_matches(['▸', ' ']).split_once("  ")?;
                // On a narrow screen the explanation stands below.
                let named = label.contains(words) || label.trim() == words.trim();
                let found = named && number.parse::<u8>().is_ok();
                found.then(|| number.to_owned())
            })
        };
        for _ in 0..20 {
            let before = self.term.text();
            if let Some(key) = number(&self.term) {
                self.term.press(&key);
                return;
            }
            self.hint(TAB, "tab next");
            let selected = |text: &str| {
                let line = text.lines().find(|line| line.contains('▸'));
                line.map(str::to_owned)
            };
            self.term.until("the next line", |term| {
                number(term).is_some() || selected(&term.text()) != selected(&before)
            });
        }
        panic!("no {words:?} in\n{}", self.term.text());
    }

    /// Types into the field that stands open.
    fn write(&mut self, text: &str, field: &str) {
        self.term.until_shows(field);
        self.term.press(text);
        self.term.until_shows(&format!("{field}{text}"));
    }

    fn until(&mut self, words: &str) {
        self.term.until_shows(words);
    }

    /// Through the practice service's consent.
    fn approve(&mut self) {
        self.until("Connecting practice");
        self.number("approve here");
        self.until("The practice provider asks");
        self.number("Approve");
    }

    /// Connects the practice service, up to its row.
    fn connect(&mut self) {
        self.until("No connections yet.");
        self.hint("a", "a add");
        self.until("Name or URL");
        // Each page fills the screen before the next key goes out.
        for (page, hint) in [
            ("Name or URL", "enter choose"),
            ("Authorization URL", "enter go on"),
            ("Client ID", "enter go on"),
            ("Scopes decide", "enter go on"),
            ("Save and sign in", "enter sign in"),
        ] {
            self.until(page);
            self.hint(ENTER, hint);
        }
        self.approve();
        self.until("Connected as Ada Practice");
        self.hint(ENTER, "enter choose");
        self.until("NAME");
        self.until("✓ connected");
    }

    fn leave(mut self) {
        self.hint("q", "q quit");
        assert_eq!(self.term.end(), 0);
        self.term.assert_screen_is_back();
    }
}

#[test]
fn w_11_a_newcomer_far_away_connects_re_authorizes_and_revokes() {
    for size in SIZES {
        let home = Home::new().with_idle_browser();
        let mut newcomer = Newcomer::at(&home, &["demo"], size);
        newcomer.connect();
        newcomer.hint("u", "u re-authorize");
        newcomer.approve();
        newcomer.until("Connected as Ada Practice");
        newcomer.hint(ENTER, "enter choose");
        newcomer.until("NAME");
        newcomer.until("✓ connected");
        newcomer.hint("x", "x revoke");
        newcomer.until("1  Keep");
        newcomer.number("Revoke  ");
        newcomer.until("! needs sign-in");
        newcomer.leave();
    }
}

#[test]
fn w_11_a_newcomer_far_away_finds_one_of_a_thousand() {
    let home = Home::new();
    thousand(&home);
    for size in SIZES {
        let mut newcomer = Newcomer::at(&home, &[], size);
        newcomer.until("1000 connections");
        newcomer.hint("/", "/ find");
        newcomer.write("c0777", " / ");
        newcomer.until("▸ c0777");
        newcomer.hint(ENTER, "enter go on");
        newcomer.hint(ENTER, "enter open");
        newcomer.until("c0777 · notes.example");
        newcomer.hint("\x1b", "esc back");
        newcomer.until("NAME");
        newcomer.hint("\x1b", "esc clear");
        // What was found stays chosen among all of them.
        newcomer.until("c0776");
        newcomer.until("▸ c0777");
        newcomer.leave();
    }
}

/// A thousand definitions, as two files that are taken over.
pub(crate) fn thousand(home: &Home) {
    for half in 0..2 {
        let entries: String = (half * 500..(half + 1) * 500).map(definition).collect();
        let file = home.path("definitions.toml");
        fs::write(&file, format!("version = 1\n{entries}")).expect("writes");
        let (code, _, told) = home.run(&["import", "--yes", &file.to_string_lossy()]);
        assert_eq!(code, Some(0), "{told}");
    }
}

fn definition(number: u32) -> String {
    format!(
        r#"
[[connection]]
name = "c{number:04}"
client_id = "fake"
auth = "none"
redirect_uri = "http://127.0.0.1/callback"
scopes = ["notes:read"]
[connection.provider]
id = "notes.example"
name = "notes.example"
kind = "custom"
[connection.provider.endpoints]
authorization = "https://notes.example/authorize"
token = "https://notes.example/token"
"#
    )
}
