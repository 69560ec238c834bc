//! A panic of the terminal's owner gives the terminal back and tells a code; one anywhere else leaves
//! the screens where they are.

use std::fs;
use std::path::PathBuf;

use crate::home::{Home, Pages, sandbox};
use crate::kept::Provider;
use crate::term::{ESC, Term};

/// What the panic's own message holds: as if it named the value that it met.
const VALUE: &str = "canary-value-of-a-panic-77ac20";

struct Stage {
    home: Home,
    pages: Pages,
    sandbox: Provider,
    trap: PathBuf,
}

impl Stage {
    /// One connection.
    fn new() -> Self {
        let sandbox = sandbox();
        let (home, pages) = Home::new().with_browser();
        home.add(&sandbox, "notes");
        let trap = home.path("trap");
        let home = home
            .set("VALETKEY_DEBUG_PANIC", &trap.to_string_lossy())
            .set("RUST_BACKTRACE", "full");
        Self {
            home,
            pages,
            sandbox,
            trap,
        }
    }

    fn table(&self) -> Term {
        let mut term = self.home.start(&[]);
        term.until_shows("! needs sign-in");
        term
    }

    fn panic_at(&self, point: &str) {
        fs::write(&self.trap, format!("{point} {VALUE}")).expect("written");
    }

    fn no_more(&self) {
        fs::remove_file(&self.trap).expect("removed");
    }

    fn notes(&self) -> String {
        let notes = fs::read_dir(self.home.path("state/crash")).expect("notes");
        notes
            .flatten()
            .map(|note| fs::read_to_string(note.path()).expect("text"))
            .collect()
    }

    fn sign_in(&self, term: &mut Term) {
        term.press("u");
        self.approve();
        term.until_shows("Connected as Ada");
    }

    fn approve(&self) {
        let mut browser = self.sandbox.browser();
        let page = self.pages.next();
        self.sandbox.visit(&mut browser, &page).expect("a visit");
    }
}

fn assert_no_value(stage: &Stage, term: &Term) {
    for text in [term.written(), stage.notes()] {
        assert!(!text.contains(VALUE), "{text}");
        assert!(!text.contains("panicked at"), "{text}");
        for secret in stage.sandbox.secrets_issued() {
            assert!(!text.contains(&secret), "{text}");
        }
    }
}

#[test]
fn w_12_v_07_v_08_ft_34_a_panic_of_the_owner_gives_the_terminal_back_and_tells_a_code() {
    let stage = Stage::new();
    for _ in 0..20 {
        let mut term = stage.table();
        stage.panic_at("owner");
        term.press("s");
        assert_eq!(term.end(), 1);
        term.assert_screen_is_back();
        let told = term.line_with("Internal error E-");
        assert!(told.contains("src/"), "{told}");
        assert!(term.shows("What was stored is kept."));
        assert!(!term.scrollback().contains("needs sign-in"));
        assert!(stage.notes().contains("src/"));
        assert_no_value(&stage, &term);
        stage.no_more();
        let (code, list, _) = stage.home.run(&["list"]);
        assert_eq!(code, Some(0));
        assert!(list.contains("notes"), "{list}");
    }
}

#[test]
fn v_07_ft_34_a_panic_of_any_task_leaves_the_screens_where_they_are() {
    let stage = Stage::new();
    let mut term = stage.table();
    for _ in 0..20 {
        stage.panic_at("approve");
        term.press("u");
        term.until_shows("the sign-in broke off");
        stage.no_more();
        stage.pages.next();
        term.press(ESC);
        term.until_shows("! needs sign-in");
    }
    stage.sign_in(&mut term);
    term.press(ESC);
    term.until_shows("q quit");
    for (key, point) in [("r", "refresh"), ("t", "test"), ("r", "worker")] {
        stage.panic_at(point);
        term.press(key);
        term.until_shows("broke off");
        stage.no_more();
        // The next one works, on the same screen.
        term.press("r");
        term.until_shows("notes has a fresh access token.");
    }
    // The watcher of the folder is lost; the screens and what they do are not.
    stage.panic_at("watch");
    stage.home.add(&stage.sandbox, "other");
    stage.no_more();
    term.press("t");
    term.until_shows("notes works");
    term.until_shows("other");
    term.press("q");
    assert_eq!(term.end(), 0);
    term.assert_screen_is_back();
    assert_no_value(&stage, &term);
}
