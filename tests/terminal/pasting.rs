//! Pasting the address that the browser ended on (conformance W-09).

use crate::home::{Home, answer_to, sandbox};
use crate::term::{ENTER, Term};

/// A sign-in that waits, and the start page that the browser was given.
fn waiting(home: &Home) -> Term {
    let mut term = home.start(&[]);
    term.until_shows("! needs sign-in");
    term.press("u");
    term.until_shows("● Waiting for your approval");
    term
}

#[test]
fn w_09_a_paste_anywhere_on_the_screen_goes_to_the_masked_field() {
    let sandbox = sandbox();
    let (home, pages) = Home::new().with_browser();
    home.add(&sandbox, "notes");
    let mut term = waiting(&home);
    let address = answer_to(&sandbox, &pages.next());
    // A newline at the end comes along with many copies; it confirms nothing.
    term.paste(&format!("{address}\n"));
    term.until_shows(&format!("•••• {} characters", address.len()));
    term.press(ENTER);
    term.until_shows("Connected as Ada Practice.");
    term.press("q");
    term.until_shows("✓ connected");
    term.press("q");
    assert_eq!(term.end(), 0);
    let code = address.split("code=").nth(1).expect("a code");
    let code = code.split('&').next().expect("a code");
    assert!(!term.written().contains(code), "it was never shown");
}

#[test]
fn w_09_control_bytes_in_a_paste_are_data() {
    let sandbox = sandbox();
    let home = Home::new().with_idle_browser();
    home.add(&sandbox, "notes");
    let mut term = waiting(&home);
    // An interrupt, a suspension, an escape, an arrow, a quit, a line end in the middle.
    term.paste("http://127.0.0.1/\x03\x1a\x1b\x1b[Aq\rcallback");
    term.until_shows("characters");
    assert!(!term.shows("Stop it"), "{}", term.text());
    term.press(ENTER);
    term.until("a refusal", |term| term.shows("✗") && term.shows("address"));
    assert!(sandbox.requests_to("/token").is_empty());
    term.press("\x03");
    term.pick("Stop it and quit");
    assert_eq!(term.end(), 0);
    term.assert_screen_is_back();
}

#[test]
fn w_09_an_address_of_somewhere_else_changes_nothing() {
    let sandbox = sandbox();
    let home = Home::new().with_idle_browser();
    home.add(&sandbox, "notes");
    let mut term = waiting(&home);
    term.paste("https://elsewhere.example/?code=stolen&state=guessed");
    term.until_shows("52 characters");
    term.press(ENTER);
    term.until_shows("That is a different address");
    assert!(!term.written().contains("stolen"));
    assert!(sandbox.requests_to("/token").is_empty());
    term.press("\x03");
    term.pick("Stop it and quit");
    assert_eq!(term.end(), 0);
}
