//! Stories of the table, the details, revoking, the vault and leaving.

use super::example::{id, rows, setup};
use super::script::Script;
use crate::engine::Change;
use crate::engine::PassphraseWay;
use crate::tui::screens::Revoking;
use crate::tui::{Msg, Reply, Revocation, Setup};

#[test]
fn every_key_of_the_table_asks_for_its_thing() {
    let mut script = Script::usual();
    script.keys("down t");
    assert_eq!(script.asked(), ["test"]);
    assert!(script.shows("github works: 200"));
    script.keys("down r");
    assert_eq!(script.asked(), ["refresh"]);
    script.keys("u");
    assert_eq!(script.asked(), ["sign-in"]);
}

#[test]
fn a_key_that_cannot_act_says_why() {
    let mut script = Script::usual();
    script.keys("t");
    assert!(script.asked().is_empty());
    assert!(
        script.shows("It needs a sign-in first"),
        "{}",
        script.frame()
    );
    script.keys("down");
    assert!(!script.shows("It needs a sign-in first"));
}

#[test]
fn l_06_deleting_offers_the_choice_and_keeps_by_default() {
    let mut script = Script::usual();
    script.keys("down x enter");
    assert!(script.asked().is_empty());
    script.keys("x 2");
    assert_eq!(script.asked(), ["revoke"]);
    assert!(
        script.shows("github: revoked at the provider. The settings are kept."),
        "{}",
        script.frame()
    );
    script.keys("x 4");
    assert_eq!(script.asked(), ["remove"]);
    assert!(!script.shows("ada  "), "{}", script.frame());
}

#[test]
fn l_05_without_revocation_none_is_claimed() {
    let mut script = Script::usual();
    script.backend.no_revocation = true;
    script.keys("down x");
    let frame = script.frame();
    assert!(
        !frame.contains("is told") && frame.contains("access may still exist"),
        "{frame}"
    );
    script.keys("3");
    assert!(script.asked().is_empty());
    script.keys("2");
    assert_eq!(script.asked(), ["remove"]);
    let outcome = Revocation::NotOffered {
        page: Some("https://x.example/apps".to_owned()),
    };
    script.send(Msg::Done(Reply::Revoked {
        id: id(1),
        name: super::example::name("x"),
        outcome,
        removed: None,
    }));
    assert!(script.shows("could not be told"), "{}", script.frame());
    script.keys("c");
    assert_eq!(script.backend.copied, ["https://x.example/apps"]);
}

#[test]
fn the_choices_wait_until_it_is_known_what_the_provider_offers() {
    let mut script = Script::usual();
    let row = script.model.world.table.rows()[0].clone();
    let asking = Revoking::new(&[&row], &script.model.world);
    script
        .model
        .screens
        .push(crate::tui::model::Screen::Revoking(asking));
    script.keys("2 3 4");
    assert!(script.asked().is_empty());
    assert!(script.shows("Reading what the provider offers"));
}

#[test]
fn a_locked_vault_asks_and_then_does_what_was_wanted() {
    let mut script = Script::usual();
    script.backend.locked = Some("open sesame");
    script.keys("down down r");
    script.keys("\"no\" enter");
    assert!(script.shows("does not open the vault"));
    script.keys("\"x\" enter");
    assert_eq!(script.asked(), ["refresh", "unlock"], "the wait is kept");
    script.wait(4).keys("ctrl-u").paste("open sesame\n");
    assert!(
        script.asked().is_empty(),
        "a pasted newline confirms nothing"
    );
    script.keys("enter");
    assert_eq!(script.asked(), ["unlock", "refresh"]);
    assert!(
        script.shows("linear has a fresh access token."),
        "{}",
        script.frame()
    );
}

#[test]
fn a_passphrase_that_is_not_given_leaves_nothing_waiting() {
    let mut script = Script::usual();
    script.backend.locked = Some("open sesame");
    script.keys("down u esc");
    assert!(script.model.screens.is_empty());
    script.keys("a \"gitl\" enter enter \"cid\" enter enter enter enter esc");
    assert!(script.shows("Step 5 of 7"), "{}", script.frame());
    script.asked();
    script.keys("enter");
    assert_eq!(script.asked(), ["save", "sign-in"]);
}

#[test]
fn a_new_passphrase_is_typed_twice() {
    let mut script = Script::usual();
    script.send(Msg::Done(Reply::NeedsPassphrase {
        new: true,
        agent_open: false,
        then: None,
    }));
    script.keys("\"one\" enter enter");
    assert!(script.asked().is_empty());
    script.keys("\"two\" enter");
    assert!(script.shows("The two differ") && script.asked().is_empty());
    script.keys("\"one\" enter");
    assert_eq!(script.asked(), ["new-passphrase"]);
    assert!(script.model.screens.is_empty());
}

#[test]
fn t_04_a_passphrase_may_come_instead_of_a_silent_keychain() {
    let mut script = Script::usual();
    script.backend.keychain_silent = Some(PassphraseWay::Choose);
    script.keys("down u");
    assert!(script.wait(12).shows("0:12 of 2:00"), "{}", script.frame());
    script.keys("1");
    assert!(script.shows("Choose a passphrase."), "{}", script.frame());
    assert_eq!(script.asked(), ["sign-in", "use-passphrase"]);
    script.keys("\"one\" enter \"one\" enter");
    assert_eq!(script.asked(), ["new-passphrase", "sign-in"]);
    assert!(
        script.shows("Waiting for your approval"),
        "{}",
        script.frame()
    );
}

#[test]
fn t_04_one_passphrase_serves_everything_that_waited_for_the_keychain() {
    let mut script = Script::usual();
    script.backend.keychain_silent = Some(PassphraseWay::Unlock);
    script.keys("down space space t 1");
    script.keys("1");
    assert_eq!(script.asked(), ["test", "test", "use-passphrase"]);
    assert!(script.shows("Unlock the vault"), "{}", script.frame());
    script.backend.locked = Some("sesame");
    script.keys("\"sesame\" enter");
    assert_eq!(script.asked(), ["unlock", "test", "test"]);
    assert!(script.shows("2 of 2 tested"), "{}", script.frame());
}

#[test]
fn t_04_who_stops_waiting_for_the_keychain_changes_nothing() {
    let mut script = Script::usual();
    script.backend.keychain_silent = Some(PassphraseWay::Unlock);
    script.keys("down u esc");
    assert_eq!(script.asked(), ["sign-in", "stop-waiting"]);
    assert!(script.model.screens.is_empty(), "{}", script.frame());
}

#[test]
fn t_04_the_screen_closes_when_the_keychain_answers() {
    let mut script = Script::usual();
    script.keys("down u");
    script.send(Msg::Done(Reply::KeychainWaits { instead: None }));
    assert!(script.model.counts_seconds() && script.shows("1  Stop waiting"));
    script.send(Msg::Done(Reply::KeychainDone));
    assert!(
        script.shows("Waiting for your approval"),
        "{}",
        script.frame()
    );
}

#[test]
fn j_14_a_copied_vault_is_asked_about_before_its_first_refresh() {
    let mut script = Script::usual();
    script.backend.moved = true;
    script.keys("down down r enter");
    assert_eq!(
        script.asked(),
        ["refresh"],
        "the first answer changes nothing"
    );
    assert!(script.model.screens.is_empty());
    script.keys("r 2");
    assert_eq!(script.asked(), ["refresh", "adopt-vault", "refresh"]);
    assert!(
        script.shows("has a fresh access token"),
        "{}",
        script.frame()
    );
}

#[test]
fn x_05_j_14_a_sign_in_of_a_backup_is_asked_about_before_its_first_refresh() {
    let mut script = Script::usual();
    script.backend.moved = true;
    script.backend.second_copy = true;
    script.keys("down down r");
    assert!(
        script.shows("This sign-in came out of a backup"),
        "{}",
        script.frame()
    );
    script.keys("2");
    assert_eq!(script.asked(), ["refresh", "adopt-vault", "refresh"]);
}

#[test]
fn renaming_refuses_a_taken_name_and_a_path() {
    let mut script = Script::usual();
    script.keys("n ctrl-u \"github\" enter");
    assert!(script.shows("This name is taken"));
    script.keys("ctrl-u \"../x\" enter");
    assert!(script.asked().is_empty());
    script.keys("ctrl-u \"okta\" enter");
    assert_eq!(script.asked(), ["rename"]);
    assert!(script.shows("It is called okta now."));
}

#[test]
fn details_follow_the_selection_beside_the_table() {
    let mut script = Script::usual();
    script.resize(120, 40);
    script.keys("enter tab down down");
    assert!(script.shows("linear · Linear"), "{}", script.frame());
    assert!(script.shows("refused  write"));
    script.keys("esc");
    assert!(script.model.screens.is_empty());
}

#[test]
fn details_of_a_removed_connection_close() {
    let mut script = Script::usual();
    script.keys("down enter");
    script.backend.rows.retain(|row| row.summary.id != id(1));
    script.send(Msg::Engine(Change::Connections));
    assert!(script.model.screens.is_empty());
}

#[test]
fn the_palette_runs_what_it_names() {
    let mut script = Script::usual();
    script.keys("down : \"re-auth\" enter");
    assert_eq!(script.asked(), ["sign-in"]);
}

#[test]
fn help_explains_the_screen_below() {
    let mut script = Script::usual();
    script.keys("a f1");
    assert!(
        script.shows("Keys: Choosing a provider"),
        "{}",
        script.frame()
    );
    script.keys("esc");
    assert!(script.shows("Step 1 of 7"));
}

#[test]
fn leaving_asks_once_while_a_sign_in_runs() {
    let mut script = Script::usual();
    script.keys("q");
    assert_eq!(script.asked(), ["quit"]);
    script.keys("down u");
    script.asked();
    script.keys("ctrl-c");
    assert!(script.asked().is_empty());
    assert!(script.shows("Stop it and quit"));
    script.keys("enter");
    assert!(script.shows("Waiting for your approval"));
    script.keys("ctrl-c ctrl-c");
    assert_eq!(script.asked(), ["quit"]);
}

#[test]
fn practice_is_offered_and_named() {
    let mut script = Script::empty();
    script.keys("p");
    assert_eq!(script.asked(), ["practise"]);
    let mut script = Script::new(
        Setup {
            practice: true,
            ..setup()
        },
        rows(),
        (80, 24),
    );
    assert!(script.shows(" practice "));
    script.keys("a");
    assert!(script.shows(" practice "));
}

#[test]
fn practice_shows_its_way_out() {
    let practising = |leads_back, rows| {
        let setup = Setup {
            practice: true,
            leads_back,
            ..setup()
        };
        Script::new(setup, rows, (80, 24))
    };
    let mut script = practising(true, Vec::new());
    assert!(
        script.shows("q leaves practice") && script.shows("back to your own connections"),
        "{}",
        script.frame()
    );
    script.keys("down enter");
    assert_eq!(script.asked(), ["leave-practice"]);
    script.keys("ctrl-c");
    assert_eq!(script.asked(), ["quit"], "at once means at once");
    let mut script = practising(true, rows());
    assert!(script.shows("q leaves practice"), "{}", script.frame());
    script.keys("q");
    assert_eq!(script.asked(), ["leave-practice"]);
    let mut script = practising(false, Vec::new());
    assert!(script.shows("and the program"), "{}", script.frame());
    script.keys("q");
    assert_eq!(script.asked(), ["quit"]);
}

#[test]
fn the_mouse_selects_opens_sorts_and_can_be_released() {
    use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    let mouse = |column, row| {
        let kind = MouseEventKind::Down(MouseButton::Left);
        Msg::Mouse(MouseEvent {
            kind,
            column,
            row,
            modifiers: KeyModifiers::NONE,
        })
    };
    let mut script = Script::usual();
    script.send(mouse(10, 5));
    let selected = |script: &Script| {
        script
            .model
            .world
            .table
            .selected()
            .map(|row| row.summary.id.clone())
    };
    assert_eq!(selected(&script), Some(id(2)));
    script.send(mouse(4, 2));
    assert_eq!(
        selected(&script),
        Some(id(2)),
        "sorting keeps the selection"
    );
    assert!(script.shows("NAME↓"), "{}", script.frame());
    script.send(mouse(10, 4));
    assert!(script.shows("linear · Linear"), "{}", script.frame());
    script.keys("esc M").send(mouse(10, 3));
    assert_eq!(selected(&script), Some(id(2)));
    assert_eq!(script.asked(), ["mouse"]);
}

#[test]
fn the_clock_asks_for_new_rows_only_when_something_ended() {
    let mut script = Script::usual();
    script.backend.asked.clear();
    script.wait(60);
    assert!(script.backend.asked.is_empty());
    assert!(script.shows("in 41 min"));
    script.wait(42 * 60);
    assert_eq!(script.backend.asked, ["load-rows"]);
}

#[test]
fn nothing_wakes_the_program_while_no_text_changes() {
    let mut script = Script::usual();
    assert!(!script.model.counts_seconds());
    // `in 42 min` of linear turns to `in 41 min` at 41:29, in 36 seconds.
    let change = script.model.next_change().expect("linear");
    assert_eq!(change.since(super::example::NOW).0, 36);
    script.backend.rows.retain(|row| row.summary.id == id(1));
    script.send(Msg::Engine(Change::Connections));
    assert_eq!(script.model.next_change(), None);
    script.keys("u");
    assert!(script.model.counts_seconds());
}
