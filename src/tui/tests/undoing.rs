//! What was deleted comes back, without its sign-in.

use super::example::{id, rows, setup};
use super::script::Script;

#[test]
fn z_brings_a_deleted_definition_back_but_no_token() {
    let mut script = Script::usual();
    script.keys("z");
    assert!(script.asked().is_empty());
    assert!(script.shows("Nothing was deleted"), "{}", script.frame());
    script.keys("down down x 4");
    assert_eq!(script.asked(), ["remove"]);
    assert!(
        script.shows("linear was deleted here. z brings its settings back. But the sign-in stays"),
        "{}",
        script.frame()
    );
    script.keys("z");
    assert_eq!(script.asked(), ["restore"]);
    assert!(
        script.shows("Undone: linear is back, without its sign-in. u signs in."),
        "{}",
        script.frame()
    );
    let table = &script.model.world.table;
    let row = table.selected().expect("it is selected");
    assert_eq!(row.summary.id, id(501), "as another connection");
    assert!(row.summary.grant.is_none());
    script.keys("z");
    assert!(script.asked().is_empty(), "once is enough");
}

#[test]
fn what_a_filter_would_hide_comes_back_in_sight() {
    let mut script = Script::usual();
    // It comes back without its sign-in, so it is connected no more.
    script.keys("/ \"state:connected\" enter down x 4 z");
    assert!(
        script.shows("linear is back") && script.shows("The filter is off."),
        "{}",
        script.frame()
    );
    // The key of the notice means the one it names.
    script.asked();
    script.keys("u");
    assert!(script.shows("Connecting linear"), "{}", script.frame());
}

#[test]
fn del_asks_what_x_asks_under_the_same_numbers() {
    let mut script = Script::usual();
    script.keys("down down x");
    let asked = script.frame();
    assert!(asked.contains("3  Revoke and delete"), "{asked}");
    script.keys("esc del");
    assert_eq!(script.frame(), asked);
    // Enter by habit deletes nothing.
    script.keys("enter");
    assert!(script.asked().is_empty() && script.model.screens.is_empty());
    script.keys("enter del 4");
    assert_eq!(script.asked(), ["remove"], "from the details too");
    script.keys("g space space del");
    assert!(
        script.shows("Revoke or delete 2 connections"),
        "{}",
        script.frame()
    );
    script.keys("4");
    assert_eq!(script.asked(), ["remove", "remove"]);
    // By its name too.
    script.keys("z esc : \"dele\" enter");
    assert!(script.shows("Revoke or delete "), "{}", script.frame());
}

#[test]
fn deletions_are_undone_the_latest_first() {
    let mut script = Script::new(setup(), rows(), (80, 24));
    script.backend.secrets = true;
    script.keys("down x 3");
    assert!(
        script.shows("github: revoked at the provider and deleted here. z brings its"),
        "{}",
        script.frame()
    );
    script.keys("x 4");
    script.keys("z");
    assert!(
        script.shows("without its client secret"),
        "{}",
        script.frame()
    );
    script.keys("z");
    assert_eq!(script.asked(), ["revoke", "remove", "restore", "restore"]);
    assert!(script.shows("Undone: github is back"), "{}", script.frame());
}

#[test]
fn the_last_one_comes_back_to_an_empty_table_and_a_failure_loses_nothing() {
    let mut script = Script::new(setup(), rows().drain(..1).collect(), (80, 24));
    script.keys("x 4");
    assert!(
        script.shows("z  bring github back, which you deleted"),
        "{}",
        script.frame()
    );
    script.backend.no_room = true;
    script.keys("z");
    assert!(
        script.shows("github did not come back"),
        "{}",
        script.frame()
    );
    script.backend.no_room = false;
    script.keys("z");
    assert!(script.shows("Undone: github is back"), "{}", script.frame());
}

#[test]
fn after_a_revoke_nobody_is_signed_in() {
    let mut rows = rows();
    rows[0].summary.ended = Some(crate::model::EndReason::RevokedByYou);
    let mut script = Script::new(setup(), rows, (80, 24));
    script.keys("down x");
    assert!(script.shows("nobody is signed in"), "{}", script.frame());
    assert!(!script.shows("signed in as"), "{}", script.frame());
    assert!(!script.shows("stays valid"), "{}", script.frame());
}
