//! One thing done with several marked connections.

use super::example::{NOW, id, rows, setup};
use super::script::Script;
use crate::engine::{Change, PassphraseWay, Row};
use crate::model::Verdict;
use crate::tui::Msg;

/// Twelve connections that are signed in and have refresh tokens.
fn twelve() -> Vec<Row> {
    let like = rows().remove(1);
    (1..=12)
        .map(|n| {
            let mut row = like.clone();
            row.summary.id = id(n);
            row.summary.name = super::example::name(&format!("c{n:02}"));
            row
        })
        .collect()
}

fn marked() -> Script {
    let mut script = Script::new(setup(), twelve(), (80, 24));
    for _ in 0..12 {
        script.keys("space");
    }
    script
}

#[test]
fn one_question_names_them_all_and_nothing_happens_before_it() {
    let mut script = marked();
    script.keys("t");
    assert!(script.asked().is_empty());
    let words: String = script
        .frame()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    for n in 1..=12 {
        assert!(words.contains(&format!("c{n:02}")), "{words}");
    }
    insta::assert_snapshot!("bulk_question", script.frame());
    script.keys("2");
    assert!(script.asked().is_empty());
    assert_eq!(
        script.model.world.table.marked(),
        12,
        "a no keeps the marks"
    );
    script.keys("t esc r enter");
    assert_eq!(script.asked(), ["refresh"; 12]);
    assert!(script.shows("12 of 12 refreshed"), "{}", script.frame());
    // No page that says nothing: the keys belong to the table.
    assert!(script.model.screens.is_empty(), "{}", script.frame());
    assert_eq!(script.model.world.table.marked(), 0);
}

#[test]
fn progress_is_counted_and_failures_are_listed_and_stay_marked() {
    let mut script = marked();
    script.backend.failing = vec![id(3), id(11)];
    script.backend.slow = true;
    script.keys("t 1");
    assert_eq!(script.asked(), ["test"; 4], "a few at a time");
    assert!(script.shows("0 of 12 tested"), "{}", script.frame());
    for _ in 0..4 {
        script.deliver();
    }
    assert_eq!(script.asked(), ["test"; 4]);
    assert!(
        script.shows("3 of 12 tested, 1 failed"),
        "{}",
        script.frame()
    );
    insta::assert_snapshot!("bulk_progress", script.frame());
    // It goes on while the table is used, and says how far it is.
    script.keys("esc");
    assert!(script.shows("▸"), "{}", script.frame());
    script.deliver();
    assert!(
        script.shows("4 of 12 tested, 1 failed."),
        "{}",
        script.frame()
    );
    script.keys("t");
    assert!(script.shows("is under way"), "{}", script.frame());
    while script.deliver() {}
    assert!(
        script.shows("10 of 12 tested, 2 failed: c03, c11"),
        "{}",
        script.frame()
    );
    assert_eq!(script.model.world.table.marked(), 2);
    script.keys("t");
    assert!(
        script.shows("This is about c03, c11."),
        "{}",
        script.frame()
    );
}

#[test]
fn several_are_revoked_with_one_confirmation() {
    let mut script = Script::usual();
    script.keys("down space space");
    assert!(script.shows("2 marked"), "{}", script.frame());
    script.keys("x");
    assert!(
        script.shows("This is about github, linear."),
        "{}",
        script.frame()
    );
    script.keys("3");
    assert_eq!(script.asked(), ["revoke", "revoke"]);
    assert!(
        script.shows("2 revoked and deleted; z brings their settings back, one at a time."),
        "{}",
        script.frame()
    );
    assert_eq!(script.model.world.table.marked(), 0);
    script.keys("z z");
    assert_eq!(script.asked(), ["restore", "restore"]);
}

#[test]
fn marks_belong_to_connections_not_to_lines() {
    let mut script = Script::usual();
    script.keys("down space space s s S / \"note\" enter");
    script.backend.rows.push(twelve().remove(6));
    script.send(Msg::Engine(Change::Connections));
    script.keys("t");
    assert!(
        script.shows("This is about linear, github.")
            || script.shows("This is about github, linear."),
        "{}",
        script.frame()
    );
    // One of them goes elsewhere: the other is still marked.
    script.keys("esc");
    script.backend.rows.retain(|row| row.summary.id != id(1));
    script.send(Msg::Engine(Change::Connections));
    assert_eq!(script.model.world.table.marked(), 1);
}

#[test]
fn an_open_connection_is_not_those_that_are_marked() {
    let mut script = Script::usual();
    script.keys("down space space up enter t");
    assert_eq!(script.asked(), ["test"]);
    assert!(
        script.shows("Edit") || script.shows("linear works"),
        "{}",
        script.frame()
    );
}

#[test]
fn without_the_vault_the_rest_is_not_done_and_that_is_said() {
    let mut script = marked();
    script.backend.keychain_silent = Some(PassphraseWay::Unlock);
    script.keys("t 1");
    script.keys("esc");
    assert!(
        script.shows("0 of 12 tested; the rest was not done"),
        "{}",
        script.frame()
    );
    assert_eq!(
        script.asked(),
        ["test", "test", "test", "test", "stop-waiting"]
    );
    assert_eq!(script.model.world.table.marked(), 12);
    script.keys("esc t");
    assert!(
        script.shows("Test 12 connections"),
        "nothing is under way any more"
    );
    let mut script = marked();
    script.backend.moved = true;
    script.keys("r 1 esc");
    assert!(script.shows("the rest was not done"), "{}", script.frame());
    let mut script = marked();
    script.backend.moved = true;
    script.keys("r 1 2");
    assert!(script.shows("12 of 12 refreshed"), "{}", script.frame());
}

#[test]
fn what_has_no_test_read_is_no_failure() {
    let mut script = Script::usual();
    script.backend.untestable = vec![id(2)];
    script.keys("down space space t 1");
    assert!(
        script.shows("1 of 2 tested, 1 without a test read."),
        "{}",
        script.frame()
    );
    let mut script = Script::usual();
    script.backend.untestable = vec![id(2)];
    for row in &mut script.backend.rows {
        if let Some(grant) = &mut row.summary.grant {
            grant.proved_at = None;
            row.verdict = Verdict::of(Some(grant), None, None, false, NOW);
        }
        row.summary.untestable = row.summary.id == id(2);
    }
    script.send(Msg::Engine(Change::Connections));
    script.keys("down down");
    assert!(script.shows("e adds a Test read URL"), "{}", script.frame());
    script.keys("t");
    assert!(
        script.shows("No test read is known for linear. e adds a Test read URL."),
        "{}",
        script.frame()
    );
}
