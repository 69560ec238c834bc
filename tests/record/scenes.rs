//! The story that is recorded.

use valetkey::sandbox::SandboxThread;

use super::book::Book;
use super::home;
use crate::home::{Home, Pages, sandbox};
use crate::story::fill_in_definition;
use crate::term::{CTRL_C, ENTER, ESC, F1, Term};

type Size = (u16, u16);

fn start(home: &Home, arguments: &[&str], size: Size) -> Term {
    Term::start(home.command(arguments), size)
}

fn leave(mut term: Term) {
    term.press(CTRL_C);
    assert_eq!(term.end(), 0);
}

/// Practice from the first start to the deletion.
pub(super) fn practice(book: &mut Book, size: Size) {
    let home = home();
    let mut term = start(&home, &["demo"], size);
    term.until_shows("No connections yet.");
    book.page(&term, "practice-01-start", "Practice, nothing there yet");
    term.press("a");
    term.until_shows("Step 1 of 7");
    book.page(&term, "practice-02-provider", "Wizard: which provider");
    term.press(ENTER);
    term.until_shows("Step 2 of 7");
    book.page(&term, "practice-03-details", "Wizard: its addresses");
    term.press(ENTER);
    term.until_shows("Step 3 of 7");
    book.page(&term, "practice-04-app", "Wizard: the app");
    term.press(ENTER);
    term.until_shows("Step 4 of 7");
    book.page(&term, "practice-05-scopes", "Wizard: scopes");
    term.press(ENTER);
    term.until_shows("Step 5 of 7");
    book.page(
        &term,
        "practice-06-review",
        "Wizard: all there is to know before it starts",
    );
    term.press(ENTER);
    term.until_shows("● Waiting for your approval");
    book.page(&term, "practice-07-authorize", "Waiting for the browser");
    term.pick("approve here");
    term.until_shows("[x] items:write");
    book.page(
        &term,
        "practice-08-consent",
        "Practice: the provider's consent, in the terminal",
    );
    term.select("items:write");
    term.press(" ");
    term.until_shows("[ ] items:write");
    term.pick("Approve");
    term.until_shows("Step 7 of 7");
    book.page(
        &term,
        "practice-09-connected",
        "Connected and tested, one scope refused",
    );
    term.press(ENTER);
    term.until_shows("✓ connected");
    book.page(&term, "practice-10-table", "The table");
    term.press("t");
    term.until_shows("200 from 127.0.0.1");
    book.page(&term, "practice-11-tested", "After a test");
    term.press("r");
    term.until_shows("has a fresh access token");
    term.press(ENTER);
    term.until_shows("yes, changes at every refresh");
    book.page(&term, "practice-12-details", "Details of a connection");
    term.press(ESC);
    term.until_gone("Redirect URL");
    term.press("?");
    term.until_shows("Keys: Connections");
    book.page(&term, "practice-13-help", "Help: the keys of the table");
    term.press(ESC);
    term.until_gone("Keys: Connections");
    term.press(":");
    term.until_shows("▏");
    book.page(&term, "practice-14-palette", "The palette: actions by name");
    term.press(ESC);
    term.until_gone("▏");
    term.press("x");
    term.until_shows("Delete here only");
    book.page(&term, "practice-15-revoke", "Revoke or delete");
    term.pick("Revoke  ");
    term.until_shows("revoked at the provider. The settings are kept.");
    term.until_shows("! needs sign-in");
    book.page(
        &term,
        "practice-16-revoked",
        "Revoked; the definition is kept",
    );
    term.press("u");
    term.until_shows("● Waiting for your approval");
    term.pick("approve here");
    term.until_shows("Decline");
    term.pick("Decline");
    term.until_shows("You declined");
    book.page(
        &term,
        "practice-17-declined",
        "Declined, which is not a failure",
    );
    term.press(ESC);
    term.until_shows("NAME");
    term.press("x");
    term.pick("Delete  ");
    term.until_shows("No connections yet.");
    leave(term);
}

/// The ordinary program for the first time: presets, an own provider, the vault.
pub(super) fn first_time(book: &mut Book, size: Size) {
    let sandbox = sandbox();
    let home = Home::without_passphrase().with_idle_browser();
    let mut term = start(&home, &[], size);
    term.until_shows("No connections yet.");
    book.page(&term, "first-01-start", "First start");
    term.press("a");
    term.until_shows("Step 1 of 7");
    book.page(&term, "first-02-presets", "Wizard: the presets");
    term.press("gith");
    term.until_shows("▏gith");
    book.page(
        &term,
        "first-03-found",
        "Wizard: presets that fit what is typed",
    );
    term.press(ENTER);
    term.until_shows("Step 2 of 7");
    book.page(
        &term,
        "first-04-github-details",
        "Wizard: GitHub's addresses",
    );
    term.press(ENTER);
    term.until_shows("Step 3 of 7");
    book.page(
        &term,
        "first-05-github-app",
        "Wizard: registering an app at GitHub",
    );
    for step in [2, 1] {
        term.press(ESC);
        term.until_shows(&format!("Step {step} of 7"));
    }
    term.press("\x15");
    term.until_shows("Go on connecting GitHub");
    book.page(
        &term,
        "first-06-go-on",
        "Wizard: going on with what was begun",
    );
    term.press("other");
    term.until_gone("GitLab");
    term.press(ENTER);
    term.until_shows("Step 2 of 7");
    book.page(
        &term,
        "first-07-own-details",
        "Wizard: a provider of one's own",
    );
    term.fill("Authorization URL", "http://auth.example/authorize");
    term.press(ENTER);
    term.until_shows("✗");
    book.page(
        &term,
        "first-08-own-problem",
        "Wizard: a problem beside its field",
    );
    term.select("Authorization URL");
    term.press("\x15");
    term.until_gone("auth.example");
    fill_in_definition(&mut term, &sandbox, |term, step| match step {
        2 => book.page(
            term,
            "first-09-own-more",
            "Wizard: all addresses and options",
        ),
        3 => book.page(
            term,
            "first-10-own-app",
            "Wizard: the app at one's own provider",
        ),
        4 => book.page(term, "first-11-own-scopes", "Wizard: scopes, typed"),
        _ => book.page(term, "first-12-own-review", "Wizard: review"),
    });
    term.until_shows("New passphrase");
    book.page(
        &term,
        "first-13-passphrase",
        "A passphrase for the new vault",
    );
    term.press(&format!("open sesame{ENTER}open sesam{ENTER}"));
    term.until_shows("The two differ");
    book.page(
        &term,
        "first-14-passphrase-differs",
        "The passphrase, typed twice differently",
    );
    term.press(&format!("open sesame{ENTER}"));
    term.until_shows("● Waiting for your approval");
    term.pick("Paste");
    term.until_shows("Never send this address");
    term.paste("http://127.0.0.1:41873/callback?code=c&state=s");
    term.until_shows("46 characters");
    book.page(
        &term,
        "first-15-paste",
        "Pasting the address that the browser ended on",
    );
    term.press(ENTER);
    term.until_shows("That is a different address");
    book.page(
        &term,
        "first-16-ignored",
        "A pasted address that is not the answer",
    );
    // The field closes first.
    term.press(ESC);
    term.until_shows("● Waiting for your approval");
    term.press(ESC);
    term.until_shows("Stop it");
    book.page(&term, "first-17-stop", "Stopping a sign-in that waits");
    term.pick("Stop it");
    term.until_shows("Step 5 of 7");
    leave(term);
    // The next start: locked until a secret is needed.
    let mut term = start(&home, &[], size);
    term.until_shows("vault locked");
    book.page(
        &term,
        "first-18-locked",
        "The table opens with a locked vault",
    );
    term.press("u");
    term.until_shows("Unlock the vault");
    term.press(&format!("wrong{ENTER}"));
    term.until_shows("does not open the vault");
    term.until_gone("The next try");
    book.page(&term, "first-19-unlock", "A wrong passphrase");
    leave(term);
}

/// At the far end of an SSH session.
pub(super) fn over_ssh(book: &mut Book, size: Size) {
    let sandbox = sandbox();
    let home = Home::new()
        .set("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22")
        .set("SSH_TTY", "/dev/pts/9");
    home.add(&sandbox, "notes");
    let mut term = start(&home, &[], size);
    term.until_shows("SSH");
    book.page(&term, "ssh-01-table", "The table over SSH");
    term.press("u");
    term.until_shows("type   ");
    term.until_shows("then open");
    term.until_shows("● Waiting for your approval");
    book.page(
        &term,
        "ssh-02-ways",
        "All ways to sign in where no browser is",
    );
    term.press("h");
    term.until_shows("What did you type");
    term.press("ada@notes.example");
    term.until_shows("ada@notes.example");
    book.page(
        &term,
        "ssh-04-host",
        "This machine's name, asked once, and more forms of the line",
    );
    term.press(ENTER);
    term.until_shows("then open");
    term.until_shows(" ada@notes.example");
    book.page(&term, "ssh-05-named", "The line with this machine's name");
    term.press("Q");
    term.until_shows("Check that the page shows");
    term.press("Q");
    term.until_shows("type   ");
    term.press(CTRL_C);
    term.until_shows("Stop it and quit");
    book.page(&term, "ssh-03-leave", "Leaving while a sign-in waits");
    term.pick("Stop it and quit");
    assert_eq!(term.end(), 0);
}

/// What goes wrong at providers.
pub(super) fn trouble(book: &mut Book, size: Size) {
    let sandbox = sandbox();
    let (home, pages) = Home::new().with_browser();
    for name in ["notes", "calendar", "team-chat"] {
        home.add(&sandbox, name);
    }
    connect(&home, &pages, &sandbox, "calendar");
    connect(&home, &pages, &sandbox, "team-chat");
    sandbox.revoke_all();
    let (code, _, _) = home.run(&["refresh", "calendar"]);
    assert_eq!(code, Some(3));
    let mut term = start(&home, &[], size);
    term.until_shows("3 connections");
    book.page(&term, "trouble-01-table", "Several states in one table");
    term.press("/state:needs");
    term.until("the rows found", |term| {
        term.shows("/ state:needs") && !term.shows("team-chat")
    });
    book.page(&term, "trouble-02-find", "Finding rows");
    term.press(&format!("x{ENTER}"));
    term.until_shows("Nothing matches \"state:needsx\"");
    term.until_shows("a add");
    book.page(&term, "trouble-03-nothing-found", "Nothing found");
    term.press(ESC);
    term.until_shows("team-chat");
    term.select_row("team-chat");
    term.press("t");
    term.until("a failed test and its row", |term| {
        term.shows("✗ team-chat") && !term.shows("in 1 h")
    });
    book.page(
        &term,
        "trouble-04-test-failed",
        "A test that the provider refuses",
    );
    sandbox.set("token_error=invalid_client").expect("a switch");
    term.select_row("notes");
    term.press("u");
    term.until_shows("● Waiting for your approval");
    approve(&pages, &sandbox);
    // Not only the step: the whole page of the failure.
    term.until_shows("Correct the client ID");
    book.page(
        &term,
        "trouble-05-exchange",
        "The provider refuses the client",
    );
    term.press(F1);
    term.until_shows("Keys: Questions");
    book.page(
        &term,
        "trouble-06-help",
        "Help where there is something to choose",
    );
    leave(term);
}

fn approve(pages: &Pages, sandbox: &SandboxThread) {
    let visit = sandbox.visit(&mut sandbox.browser(), &pages.next());
    visit.expect("visits");
}

fn connect(home: &Home, pages: &Pages, sandbox: &SandboxThread, name: &str) {
    let mut term = home.start(&["login", name]);
    approve(pages, sandbox);
    assert_eq!(term.end(), 0);
}
