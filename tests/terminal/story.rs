//! The whole story, with keys alone.

use valetkey::sandbox::SandboxThread;

use crate::home::{Home, sandbox};
use crate::term::{ENTER, Term};

#[test]
fn practice_from_the_first_start_to_the_deletion() {
    let home = Home::new().with_idle_browser();
    let mut term = home.start(&["demo"]);
    term.until_shows("No connections yet.");
    term.press("a");
    term.until_shows("Step 1 of 7");
    term.press(ENTER);
    for step in 2..=5 {
        term.until_shows(&format!("Step {step} of 7"));
        term.press(ENTER);
    }
    // The other ways come in one by one until then, and move the numbers.
    term.until_shows("● Waiting for your approval");
    term.pick("approve here");
    term.until_shows("[x] items:write");
    term.pick("Approve");
    term.until_shows("Connected as Ada Practice.");
    term.press(ENTER);
    to_the_end(&mut term);
    term.until_shows("No connections yet.");
    term.press("q");
    assert_eq!(term.end(), 0);
    term.assert_screen_is_back();
    assert!(!home.path("data").exists(), "practice is kept nowhere");
}

#[test]
fn w_07_a_provider_typed_by_its_addresses_and_kept_over_a_restart() {
    let sandbox = sandbox();
    let (home, pages) = Home::new().with_browser();
    let mut term = home.start(&[]);
    term.until_shows("No connections yet.");
    term.press("a");
    type_definition(&mut term, &sandbox);
    let page = pages.next();
    assert!(page.contains("/go/"), "a short address: {page}");
    let visit = sandbox.visit(&mut sandbox.browser(), &page);
    assert_eq!(visit.expect("visits").status, 200);
    term.until_shows("Connected as Ada Practice.");
    assert!(term.shows("2 scopes granted: profile items:read."));
    term.press(ENTER);
    term.until_shows("connected");
    term.press("q");
    assert_eq!(term.end(), 0);
    assert_no_secrets(&mut term, &sandbox);

    // Another process finds it all.
    let mut term = home.start(&[]);
    term.until_shows("▸ notes");
    let row = term.line_with("▸");
    assert!(
        row.contains("in 1 h") && row.contains("✓ connected"),
        "{row}"
    );
    // Columns are cut to fit; the whole of it stands below the table.
    let whole = term.line_with(" · profile items:read");
    assert!(
        whole.contains("127.0.0.1") && whole.contains("Ada Practice"),
        "{whole}"
    );
    to_the_end(&mut term);
    term.until_shows("No connections yet.");
    term.press("q");
    assert_eq!(term.end(), 0);
    assert_no_secrets(&mut term, &sandbox);
    assert!(sandbox.live_refresh_tokens().is_empty(), "it was revoked");
    assert!(sandbox.reuse_events().is_empty());
}

#[test]
fn design_4_a_refresh_in_another_shell_changes_the_row_of_an_open_table() {
    let sandbox = sandbox();
    let (home, pages) = Home::new().with_browser();
    let mut term = home.start(&[]);
    term.until_shows("No connections yet.");
    term.press("a");
    type_definition(&mut term, &sandbox);
    let visit = sandbox.visit(&mut sandbox.browser(), &pages.next());
    assert_eq!(visit.expect("visits").status, 200);
    term.until_shows("Connected as Ada Practice.");
    term.press(ENTER);
    term.until_shows("▸ notes");
    term.until("an hour", |term| {
        term.line_with("▸ notes").contains("in 1 h")
    });
    sandbox.set("expires_in=300").expect("a switch");
    let (code, _, told) = home.run(&["refresh", "notes"]);
    assert_eq!(code, Some(0), "{told}");
    // Nobody touches a key.
    term.until("minutes", |term| term.line_with("▸ notes").contains("min"));
    term.press("q");
    assert_eq!(term.end(), 0);
}

/// Chooses a provider of one's own and describes this sandbox, up to the sign-in.
fn type_definition(term: &mut Term, sandbox: &SandboxThread) {
    term.until_shows("Step 1 of 7");
    term.press("other");
    term.until_gone("GitHub");
    term.press(ENTER);
    fill_in_definition(term, sandbox, |_, _| {});
    term.until_shows("Step 6 of 7");
}

/// Fills in the wizard's steps 2 to 5 for this sandbox; each filled step is shown to `look`.
pub(crate) fn fill_in_definition(
    term: &mut Term,
    sandbox: &SandboxThread,
    mut look: impl FnMut(&Term, u8),
) {
    term.until_shows("Step 2 of 7");
    // The leave for plain http is folded away.
    term.select("More addresses");
    term.press(ENTER);
    term.until_shows("Fewer addresses");
    for (label, path) in [
        ("Authorization URL", "/authorize"),
        ("Token URL", "/token"),
        ("Revocation URL", "/revoke"),
        ("Test read URL", "/me"),
    ] {
        term.fill(label, &sandbox.at(path));
    }
    term.select("Plain http on this machine");
    term.press(" ");
    term.until_shows("[x] Plain http");
    term.select("Go on");
    look(term, 2);
    term.press(ENTER);
    term.until_shows("Step 3 of 7");
    term.fill("Client ID", "valetkey-practice");
    term.select("Go on");
    look(term, 3);
    term.press(ENTER);
    term.until_shows("Step 4 of 7");
    term.fill("Scopes", "profile items:read");
    term.select("Go on");
    look(term, 4);
    term.press(ENTER);
    term.until_shows("Step 5 of 7");
    term.fill("Name", "notes");
    term.select("Save and sign in");
    // The addresses were looked at; until then the picture changes.
    term.until_shows("Token URL: it answers programs");
    look(term, 5);
    term.press(ENTER);
}

/// From a row of the table: test, refresh, details, revoke, delete.
fn to_the_end(term: &mut Term) {
    term.until_shows("✓ connected");
    assert!(term.line_with("▸").contains("Ada "));
    term.press("t");
    term.until_shows("200 from 127.0.0.1");
    term.press("r");
    term.until_shows("has a fresh access token");
    term.press(ENTER);
    term.until_shows("yes, changes at every refresh");
    term.press("\x1b");
    term.until_shows("NAME");
    term.press("x");
    term.pick("Revoke  ");
    term.until_shows("! needs sign-in");
    assert!(term.shows("You revoked this sign-in."), "{}", term.text());
    term.press("x");
    term.pick("Delete  ");
}

/// Nothing that the provider gave or got in secret was ever written to the terminal.
fn assert_no_secrets(term: &mut Term, sandbox: &SandboxThread) {
    let written = term.written();
    for secret in sandbox.secrets_issued() {
        assert!(!written.contains(&secret), "a secret was written");
    }
    assert!(
        !term.scrollback().contains("127.0.0.1"),
        "all is gone from the screen"
    );
}
