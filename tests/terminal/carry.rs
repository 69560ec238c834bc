//! A second copy of sign-ins is for somebody who says so, and an import for somebody who saw its hosts.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::home::{Home, sandbox};
use crate::term::{CTRL_C, ENTER, Term};

const OF_BACKUP: &str = "canary-77aa02c9e4-passphrase-of-the-backup";

/// Answers a question that is not echoed.
fn hidden(term: &mut Term, question: &str, answer: &str) {
    term.until("a question without echo", |term| {
        term.text().ends_with(question.trim_end()) && !term.echoes()
    });
    term.press(&format!("{answer}{ENTER}"));
}

pub(crate) fn signed_in(sandbox: &valetkey::sandbox::SandboxThread) -> Home {
    let (home, pages) = Home::new().with_browser();
    home.add(sandbox, "notes");
    let mut term = home.start(&["login", "notes"]);
    let visit = sandbox.visit(&mut sandbox.browser(), &pages.next());
    assert_eq!(visit.expect("visits").status, 200);
    assert_eq!(term.end(), 0);
    home
}

#[test]
fn x_05_g_09_a_second_copy_is_made_by_typed_words_and_taken_over_after_its_hosts_were_seen() {
    crate::kept::secrets([OF_BACKUP]);
    let sandbox = sandbox();
    let home = signed_in(&sandbox);
    let file = home.path("backup");
    let path = file.to_string_lossy().into_owned();
    let export = ["export", "--with-sign-ins", "--output", &path];

    // Enter alone, and words that are near, make none.
    for answer in ["", "y", "yes", "second", "secondcopy"] {
        let mut term = home.start(&export);
        term.until_shows("Type `second copy` to make one:");
        assert!(term.shows("Two machines must not refresh the same sign-in"));
        term.press(&format!("{answer}{ENTER}"));
        term.until_shows("Nothing was written.");
        assert_eq!(term.end(), 0);
        assert!(!file.exists());
    }
    // Two different passphrases do not either.
    let mut term = home.start(&export);
    term.until_shows("Type `second copy` to make one:");
    term.press(&format!("second copy{ENTER}"));
    hidden(&mut term, "Passphrase: ", OF_BACKUP);
    hidden(&mut term, "Once more: ", "another");
    term.until_shows("The two differ.");
    term.until("no echo", |term| !term.echoes());
    term.press(CTRL_C);
    assert_eq!(term.end(), 130);
    assert!(!file.exists());

    let mut term = home.start(&export);
    term.until_shows("Type `second copy` to make one:");
    term.press(&format!("second copy{ENTER}"));
    hidden(&mut term, "Passphrase: ", OF_BACKUP);
    hidden(&mut term, "Once more: ", OF_BACKUP);
    term.until_shows("Wrote 1 connection to");
    assert_eq!(term.end(), 0);
    assert!(!term.written().contains(OF_BACKUP));
    let mode = fs::metadata(&file).expect("made").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (code, _, told) = home.run(&export);
    assert!(code == Some(2) && told.contains("exists already"), "{told}");

    let other = Home::new();
    let mut term = other.start(&["import", &path]);
    // A question mark is no guess.
    hidden(&mut term, "Passphrase of the backup:", "?");
    term.until_shows("It is the one that was chosen when this backup was written.");
    hidden(&mut term, "Passphrase of the backup:", "a guess");
    // What is typed before it is asked again answers nothing.
    term.until("the question again", |term| {
        term.text().matches("Passphrase of the backup:").count() == 3
    });
    hidden(&mut term, "Passphrase of the backup:", OF_BACKUP);
    term.until_shows("Type `yes`, or press enter to leave it:");
    let host = sandbox.url().trim_start_matches("http://").to_owned();
    assert!(term.shows(&host) && term.shows("! plain http is allowed on this machine"));
    term.press(ENTER);
    term.until_shows("Nothing was imported.");
    assert_eq!(term.end(), 0);
    assert!(!other.path("data").join("vault.db").exists());

    let mut term = other.start(&["import", &path]);
    hidden(&mut term, "Passphrase of the backup:", OF_BACKUP);
    term.until_shows("Type `yes`, or press enter to leave it:");
    term.press(&format!("yes{ENTER}"));
    term.until_shows("Nothing is refreshed here until you run: valetkey vault adopt");
    assert_eq!(term.end(), 0);
    assert!(!term.written().contains(OF_BACKUP));
    let (code, _, told) = other.run(&["refresh", "notes"]);
    assert!(code == Some(6) && told.contains("vault adopt"), "{told}");
    let (code, ..) = other.run(&["vault", "adopt"]);
    assert_eq!(code, Some(0));
    let (code, _, told) = other.run(&["refresh", "notes"]);
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn g_09_a_plain_import_asks_on_a_terminal_and_enter_alone_is_no() {
    let sandbox = sandbox();
    let home = Home::new();
    home.add(&sandbox, "notes");
    let (_, plain, _) = home.run(&["export"]);
    let other = Home::new();
    let file = other.path("connections.toml");
    fs::write(&file, &plain).expect("written");
    let path = file.to_string_lossy().into_owned();
    for (answer, stored) in [("", false), ("y", false), ("YES", true)] {
        let mut term = other.start(&["import", &path]);
        term.until_shows("Type `yes`, or press enter to leave it:");
        term.press(&format!("{answer}{ENTER}"));
        assert_eq!(term.end(), 0);
        assert_eq!(
            other.path("data").join("vault.db").exists(),
            stored,
            "{answer}"
        );
    }
    assert_eq!(other.run(&["export"]).1, plain);
    assert!(sandbox.requests().is_empty());
}

#[test]
fn g_09_the_screens_bring_a_backup_over_after_its_hosts_were_seen() {
    crate::kept::secrets([OF_BACKUP]);
    let sandbox = sandbox();
    let home = signed_in(&sandbox);
    let file = home.path("backup");
    let path = file.to_string_lossy().into_owned();
    let mut term = home.start(&["export", "--with-sign-ins", "--output", &path]);
    term.until_shows("Type `second copy` to make one:");
    term.press(&format!("second copy{ENTER}"));
    hidden(&mut term, "Passphrase: ", OF_BACKUP);
    hidden(&mut term, "Once more: ", OF_BACKUP);
    assert_eq!(term.end(), 0);

    let other = Home::new();
    fs::copy(&file, other.path("backup")).expect("copied");
    fs::write(other.path("broken.toml"), "version = 1\n[[connection]]\n").expect("written");
    let before = sandbox.requests().len();
    let mut term = other.start(&[]);
    term.until_shows("No connections yet.");
    term.press("i");
    term.until_shows("Bring settings over");
    term.press(&format!("~/broken.toml{ENTER}"));
    term.until_shows("line 2, column");
    assert!(term.shows("~/broken.toml"));
    term.press(&format!("\x15~/backup{ENTER}"));
    term.until_shows("This is an encrypted backup.");
    term.press(&format!("a guess{ENTER}"));
    term.until_shows("does not open the backup");
    term.press(&format!("{OF_BACKUP}{ENTER}"));
    term.until_shows("2  Import 1 connection");
    let host = sandbox.url().trim_start_matches("http://").to_owned();
    assert!(term.shows(&host), "{}", term.text());
    assert!(!other.path("data").join("vault.db").exists());
    term.press(ENTER);
    term.until_shows("No connections yet.");
    assert!(!other.path("data").join("vault.db").exists());

    term.press(&format!("i~/backup{ENTER}"));
    term.until_shows("This is an encrypted backup.");
    term.press(&format!("{OF_BACKUP}{ENTER}"));
    term.until_shows("2  Import 1 connection");
    term.press("2");
    term.until_shows("Imported 1 connection.");
    assert!(
        term.shows("refreshed here before you say so"),
        "{}",
        term.text()
    );
    term.press("q");
    assert_eq!(term.end(), 0);
    assert!(!term.written().contains(OF_BACKUP));
    assert_eq!(sandbox.requests().len(), before, "nothing was sent");
    let (code, _, told) = other.run(&["refresh", "notes"]);
    assert!(code == Some(6) && told.contains("vault adopt"), "{told}");
}
