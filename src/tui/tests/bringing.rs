//! Connections from another machine's file: nothing is stored before every host was on the screen.

use super::example::{rows, setup};
use super::script::Script;
use crate::provider::{Definition, write_definitions};
use crate::tui::{Look, Setup};

const FILE: &str = "i \"~/connections.toml\" enter";

/// A file of these connections, each with hosts that want a second look.
pub(super) fn file_of(names: &[&str]) -> String {
    let definitions: Vec<Definition> = names
        .iter()
        .zip(1..)
        .map(|(called, n)| {
            let row = super::example::row(n, called, "GitLab", "read_user api", None, None);
            Definition::of(&super::example::detail_of(&row).connection)
        })
        .collect();
    write_definitions(&definitions)
        .replacen("gitlab.example/oauth/token", "token.evil.example/t", 1)
        .replacen(
            "https://gitlab.example/oauth/revoke",
            "https://gitlab.test/oauth/revoke",
            1,
        )
}

fn with_file(text: &str) -> Script {
    let mut script = Script::usual();
    text.clone_into(&mut script.backend.file);
    script.asked();
    script
}

#[test]
fn g_09_the_hosts_are_seen_before_anything_is_stored() {
    let mut script = with_file(&file_of(&["work", "github", "home", "third"]));
    script.keys(FILE);
    assert_eq!(script.asked(), ["read-import"]);
    for (width, height) in [(80, 24), (120, 40), (40, 12)] {
        script.resize(width, height);
        insta::assert_snapshot!(format!("import_review_{width}x{height}"), script.frame());
    }
    script.resize(80, 24).keys("2");
    assert_eq!(script.asked(), Vec::<&str>::new(), "{}", script.frame());
    assert!(script.shows("Look at every host first"));
    // Neither by the keys that choose the line.
    script.keys("tab enter");
    assert_eq!(script.asked(), Vec::<&str>::new());
    let mut seen = script.frame();
    for _ in 0..200 {
        script.keys("down");
        seen.push_str(&script.frame());
    }
    for name in ["work", "home", "third", "token.evil.example", "gitlab.test"] {
        assert!(seen.contains(name), "{name}");
    }
    insta::assert_snapshot!("import_review_end", script.frame());
    script.keys("enter");
    assert_eq!(script.asked(), ["import"]);
    assert!(
        script.shows("Imported 3 connections."),
        "{}",
        script.frame()
    );
    assert_eq!(script.backend.rows.len(), rows().len() + 3);
}

#[test]
fn g_09_enter_alone_leaves_it() {
    let mut script = with_file(&file_of(&["work"]));
    script.keys(FILE).keys("enter");
    assert_eq!(script.asked(), ["read-import"]);
    assert!(script.shows("4 connections"), "{}", script.frame());
    script.keys(FILE).keys("esc");
    assert!(script.shows("~/connections.toml"), "{}", script.frame());
    script.keys("esc");
    assert_eq!(script.asked(), ["read-import"]);
}

#[test]
fn x_06_what_is_wrong_stands_by_the_field_and_nothing_typed_is_lost() {
    let broken = file_of(&["work"])
        .replace("client_id", "client-id")
        .replace("scopes = [", "scopes = [3, ");
    let mut script = with_file(&broken);
    script.keys("i enter");
    assert!(script.shows("A file is needed"));
    script.keys("\"~/nothing\" enter");
    assert!(
        script.shows("✗ There is no such file."),
        "{}",
        script.frame()
    );
    assert!(script.shows("~/nothing"));
    script.keys("ctrl-u \"~/connections.toml\" enter");
    insta::assert_snapshot!("import_problems", script.frame());
    assert!(script.shows("column"), "{}", script.frame());
    script.resize(40, 12);
    insta::assert_snapshot!("import_problems_40x12", script.frame());
    assert_eq!(script.asked(), ["read-import", "read-import"]);
}

#[test]
fn x_05_a_backup_asks_for_its_passphrase() {
    let mut script = with_file(&file_of(&["work"]));
    script.keys("i \"~/backup\" enter");
    insta::assert_snapshot!("import_passphrase", script.frame());
    script.keys("\"a-guess\" enter");
    assert!(
        script.shows("does not open the backup"),
        "{}",
        script.frame()
    );
    assert!(!script.shows("a-guess"));
    script.paste("of the backup").keys("enter");
    assert!(script.shows("1  Leave it"), "{}", script.frame());
    // Back to the file, and on again without typing it twice.
    script.keys("esc enter");
    assert!(script.shows("1  Leave it"), "{}", script.frame());
}

#[test]
fn v_02_an_import_that_fails_keeps_what_was_typed() {
    let mut script = with_file(&file_of(&["work"]));
    script.backend.no_room = true;
    script.keys(FILE).keys("down down down down 2");
    assert!(script.shows("~/connections.toml"), "{}", script.frame());
    script.backend.no_room = false;
    script.keys("enter 2");
    assert!(script.shows("Imported 1 connection."), "{}", script.frame());
}

#[test]
fn a_passphrase_of_the_vault_that_is_not_given_stores_nothing() {
    let mut script = with_file(&file_of(&["work"]));
    script.backend.locked = Some("open sesame");
    script.keys(FILE).keys("2");
    assert!(script.shows("Unlock the vault"), "{}", script.frame());
    script.keys("esc");
    assert!(script.shows("~/connections.toml"), "{}", script.frame());
    script.keys("enter 2").paste("open sesame").keys("enter");
    assert!(script.shows("Imported 1 connection."), "{}", script.frame());
}

#[test]
fn the_first_start_offers_it_and_practice_does_not() {
    let mut script = Script::empty();
    script.keys("down down enter");
    insta::assert_snapshot!("import_file", script.frame());
    script.resize(40, 12);
    insta::assert_snapshot!("import_file_40x12", script.frame());
    let practice = Setup {
        practice: true,
        ..setup()
    };
    let mut script = Script::new(practice, Vec::new(), (80, 24));
    script.keys("i");
    assert!(script.shows("Practice keeps nothing"), "{}", script.frame());
}

#[test]
fn w_10_the_review_in_ascii_without_colour() {
    let look = Look {
        colour: false,
        ascii: true,
        ..Look::default()
    };
    let mut script = Script::new(Setup { look, ..setup() }, rows(), (60, 20));
    script.backend.file = file_of(&["work"]);
    script.keys(FILE);
    assert!(script.frame().is_ascii(), "{}", script.frame());
    insta::assert_snapshot!("import_review_ascii", script.frame());
}
