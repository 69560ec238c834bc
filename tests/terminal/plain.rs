//! The wizard line by line, for screen readers and simple terminals.

use crate::home::{Home, PASSPHRASE, sandbox};
use crate::term::ENTER;

#[test]
fn adding_and_signing_in_with_plain_questions() {
    let sandbox = sandbox();
    let (home, pages) = Home::without_passphrase().with_browser();
    let home = home.set("TERM", "dumb");
    let mut term = home.start(&[
        "add",
        "--plain",
        "--dev-http",
        "--sign-in",
        "--name",
        "notes",
    ]);
    for (question, answer) in [
        ("Authorization URL:", sandbox.at("/authorize")),
        ("Token URL:", sandbox.at("/token")),
        ("Client ID:", "valetkey-confidential".to_owned()),
        ("client secret? [y/N]", "y".to_owned()),
    ] {
        term.until_shows(question);
        term.press(&format!("{answer}{ENTER}"));
    }
    term.until("the secret's question", |term| {
        term.shows("Client secret") && !term.echoes()
    });
    term.press(&format!("practice-secret-not-real{ENTER}"));
    term.until("the next question", |term| {
        term.shows("Scopes []:") && term.echoes()
    });
    term.press(&format!("profile{ENTER}"));
    // The first thing to store makes the vault; there is no keychain here.
    for question in ["Passphrase:", "Once more:"] {
        term.until("a question without echo", |term| {
            term.shows(question) && !term.echoes()
        });
        term.press(&format!("{PASSPHRASE}{ENTER}"));
    }
    term.until_shows("Added notes.");
    let visit = sandbox.visit(&mut sandbox.browser(), &pages.next());
    assert_eq!(visit.expect("visits").status, 200);
    term.until_shows("Signed in to notes");
    assert_eq!(term.end(), 0);
    let written = term.written();
    assert!(!written.contains('\x1b'), "nothing is redrawn: {written:?}");
    for secret in sandbox.secrets_issued() {
        assert!(!written.contains(&secret), "a secret was written");
    }
    let (_, list, _) = home.run(&["list"]);
    assert!(list.contains("notes"), "{list}");
}
