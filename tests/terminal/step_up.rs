//! A resource that wants more scopes, and a person who is asked (C-05).

use crate::home::{Home, Pages, sandbox};
use crate::kept::Provider;
use crate::term::{ENTER, Term};

const QUESTION: &str = "notes needs items:read. Sign in again to add it? [y/N]";

/// Signed in for `profile` alone.
fn narrow(sandbox: &Provider) -> (Home, Pages) {
    narrow_with(sandbox, &[])
}

/// With more changes of the definition.
fn narrow_with(sandbox: &Provider, changes: &[&str]) -> (Home, Pages) {
    let (home, pages) = Home::new().with_browser();
    home.add(sandbox, "notes");
    let (code, _, told) = home.run(&[&["edit", "notes", "scope=profile"], changes].concat());
    assert_eq!(code, Some(0), "{told}");
    let mut term = home.start(&["login", "notes"]);
    approve(sandbox, &pages);
    assert_eq!(term.end(), 0, "{}", term.text());
    (home, pages)
}

fn approve(sandbox: &Provider, pages: &Pages) {
    let visit = sandbox.visit(&mut sandbox.browser(), &pages.next());
    assert_eq!(visit.expect("visits").status, 200);
}

/// On a screen that holds all that is said.
fn tall(home: &Home, arguments: &[&str]) -> Term {
    Term::start(home.command(arguments), (80, 90))
}

/// The last sign-in's.
fn asked_for(sandbox: &Provider) -> String {
    let request = sandbox.requests_to("/authorize").pop();
    let request = request.expect("a request");
    request.query().get("scope").unwrap_or_default().to_owned()
}

impl Term {
    fn answers(&mut self, times: usize, answer: &str) {
        self.until(QUESTION, |term| {
            let text = term.text().replace('\n', " ");
            text.matches(QUESTION).count() == times && text.ends_with("[y/N]") && term.echoes()
        });
        self.press(&format!("{answer}{ENTER}"));
    }
}

#[test]
fn c_05_a_yes_signs_in_with_the_union_and_tests_again_and_enter_does_nothing() {
    let sandbox = sandbox();
    let (home, pages) = narrow(&sandbox);
    let items = sandbox.at("/items");
    let test = ["test", "notes", "--url", &items];
    let mut term = tall(&home, &test);
    term.answers(1, "");
    assert_eq!(term.end(), 7);
    assert!(
        term.shows("valetkey login notes --scope \"profile items:read\""),
        "{}",
        term.text()
    );
    // Nor is whoever reads JSON asked.
    let mut term = tall(&home, &[&test[..], &["--json"]].concat());
    assert_eq!(term.end(), 7);
    assert!(!term.shows("[y/N]"), "{}", term.text());
    assert_eq!(sandbox.requests_to("/authorize").len(), 1);
    let mut term = tall(&home, &test);
    term.answers(1, "y");
    approve(&sandbox, &pages);
    term.until_shows("notes works");
    assert_eq!(term.end(), 0);
    assert_eq!(asked_for(&sandbox), "profile items:read");
}

#[test]
fn c_05_s_04_two_sign_ins_that_do_not_bring_it_are_the_end() {
    let sandbox = sandbox();
    let (home, pages) = narrow(&sandbox);
    sandbox.set("granted_scope=profile").expect("a switch");
    let items = sandbox.at("/items");
    let mut term = tall(&home, &["test", "notes", "--url", &items]);
    for round in 1..=2 {
        term.answers(round, "y");
        approve(&sandbox, &pages);
    }
    term.until_shows("provider does not grant it.");
    assert_eq!(term.end(), 7);
    assert_eq!(sandbox.requests_to("/authorize").len(), 3);
    assert_eq!(asked_for(&sandbox), "profile items:read");
    // What there was still works.
    let (code, _, told) = home.run(&["test", "notes"]);
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn c_05_s_04_a_sign_in_that_is_declined_keeps_the_old_one() {
    let sandbox = sandbox();
    let (home, pages) = narrow(&sandbox);
    let items = sandbox.at("/items");
    let mut term = tall(&home, &["test", "notes", "--url", &items]);
    term.answers(1, "y");
    let visit = sandbox.visit(&mut sandbox.browser().denying(), &pages.next());
    visit.expect("visits");
    assert_eq!(term.end(), 5);
    let (code, _, told) = home.run(&["test", "notes"]);
    assert_eq!(code, Some(0), "{told}");
    let (_, shown, _) = home.run(&["show", "notes", "--json"]);
    assert!(!shown.contains("items:read"), "{shown}");
}

#[test]
fn c_05_w_10_line_by_line_the_same_is_asked() {
    let sandbox = sandbox();
    let address = format!("test-url={}", sandbox.at("/items"));
    let (home, pages) = narrow_with(&sandbox, &[&address]);
    let home = home.set("TERM", "dumb");
    let mut term = tall(&home, &["--plain"]);
    term.until_shows("Number, or a add");
    term.press(&format!("t 1{ENTER}"));
    term.answers(1, "n");
    term.until("the list's question again", |term| {
        term.shows("To ask for other scopes: notes, then 4 scopes")
            && term.text().ends_with("q quit:")
    });
    term.press(&format!("t 1{ENTER}"));
    term.answers(2, "y");
    approve(&sandbox, &pages);
    term.until_shows("notes works");
    term.press(&format!("q{ENTER}"));
    assert_eq!(term.end(), 0);
}
