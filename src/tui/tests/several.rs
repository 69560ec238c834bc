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
}

#[test]
fn marks_stay_until_esc_or_until_their_rows_go() {
    let mut script = marked();
    script.keys("t 1 r 1");
    assert_eq!(script.asked(), [["test"; 12], ["refresh"; 12]].concat());
    assert!(script.shows("12 marked"), "{}", script.frame());
    script.keys("esc");
    assert!(!script.shows("marked"), "{}", script.frame());
    let mut script = Script::usual();
    script.keys("down space space t 1 r 1 x 3");
    assert!(script.shows("2 revoked and deleted"), "{}", script.frame());
    assert_eq!(script.model.world.table.marked(), 0, "their rows are gone");
}

#[test]
fn those_without_a_sign_in_are_left_alone_and_counted() {
    let mut script = Script::new(setup(), twelve(), (80, 24));
    for row in &mut script.backend.rows[..2] {
        row.summary.grant = None;
        row.verdict = Verdict::of(None, None, None, false, NOW);
    }
    if let Some(grant) = &mut script.backend.rows[2].summary.grant {
        grant.has_refresh_token = false;
    }
    script.send(Msg::Engine(Change::Connections));
    script.keys("g space space space space space t");
    let about = "This is about c03, c04, c05.";
    assert!(script.shows(about), "{}", script.frame());
    assert!(
        script.shows("2 of 5 have no sign-in; they are left alone."),
        "{}",
        script.frame()
    );
    script.keys("1");
    assert_eq!(script.asked(), ["test"; 3]);
    let told = "3 of 5 tested, 2 without a sign-in.";
    assert!(script.shows(told), "{}", script.frame());
    script.keys("r");
    let left = "2 of 5 have no sign-in, 1 has no refresh token; they are left alone.";
    assert!(script.shows(left), "{}", script.frame());
    script.keys("1");
    assert_eq!(script.asked(), ["refresh"; 2]);
    assert!(
        script.shows("2 of 5 refreshed, 2 without a sign-in, 1 without a refresh token."),
        "{}",
        script.frame()
    );
    // None of them can: the reason, and nothing is asked.
    script.keys("esc g space space t");
    assert!(script.shows("needs a sign-in first"), "{}", script.frame());
    assert!(script.asked().is_empty());
}

#[test]
fn those_that_cannot_be_revoked_are_counted_too() {
    let mut script = Script::usual();
    for row in &mut script.backend.rows {
        if row.summary.id == id(2) {
            row.summary.grant = None;
            row.verdict = Verdict::of(None, None, None, false, NOW);
        }
    }
    script.send(Msg::Engine(Change::Connections));
    script.keys("down space space x 2");
    assert_eq!(script.asked(), ["revoke"]);
    assert!(
        script.shows("1 of 2 revoked, 1 without a sign-in."),
        "{}",
        script.frame()
    );
}

#[test]
fn progress_is_counted_and_failures_are_listed() {
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
        if row.summary.untestable {
            row.verdict = row.verdict.clone().without_test_read();
        }
    }
    script.send(Msg::Engine(Change::Connections));
    script.keys("down down");
    let why = "Signed in; the first use shows that it works.  e adds a Test read URL";
    assert!(script.shows(why), "{}", script.frame());
    script.keys("t");
    assert!(
        script.shows("No test read is known for linear. e adds a Test read URL."),
        "{}",
        script.frame()
    );
}

#[test]
fn what_goes_one_at_a_time_says_so_while_several_are_marked() {
    let mut script = Script::usual();
    script.keys("space space");
    assert!(!script.shows("u re-authorize  x"), "{}", script.frame());
    for key in ["u", "U", "e", "n"] {
        script.asked();
        script.keys(key);
        assert!(
            script.shows("This goes one at a time: esc takes the marks off."),
            "{key}\n{}",
            script.frame()
        );
        assert_eq!(script.asked(), [""; 0]);
    }
    script.keys("esc u");
    assert!(script.shows("Connecting"), "{}", script.frame());
}

#[test]
fn a_filter_says_how_many_marks_it_hides_and_esc_takes_it_off_before_them() {
    let mut script = Script::usual();
    script.keys("space space");
    assert!(script.shows("2 marked  "), "{}", script.frame());
    assert!(script.shows("esc unmark"), "{}", script.frame());
    script.keys("/ \"linear\" enter");
    assert!(script.shows("2 marked, 2 hidden"), "{}", script.frame());
    assert!(script.shows("esc clear"), "{}", script.frame());
    script.keys("esc");
    assert!(script.shows("2 marked  "), "{}", script.frame());
    script.keys("esc");
    assert!(!script.shows("marked"), "{}", script.frame());
}

#[test]
fn a_new_search_begins_empty_and_what_was_found_stays_chosen() {
    let mut script = Script::usual();
    script.keys("/ \"linear\" enter");
    assert!(script.shows("▸ linear"), "{}", script.frame());
    // What can be done with it has the room of what cannot.
    assert!(!script.shows("a add"), "{}", script.frame());
    assert!(script.shows("x revoke"), "{}", script.frame());
    script.keys("/");
    assert!(
        script.shows("4 of 4 matches") || script.shows("▸ linear"),
        "{}",
        script.frame()
    );
    script.keys("\"git\"");
    assert!(script.shows("/ git "), "{}", script.frame());
    script.keys("esc / \"linear\" enter esc");
    assert!(script.shows("▸ linear"), "{}", script.frame());
    assert!(script.shows("a add"), "{}", script.frame());
}
