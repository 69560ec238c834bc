//! Other scopes for a connection that is there: `u` costs nothing more than before, `U` asks first (B-08, B-11).

use super::example::{NOW, grant, row, rows, setup};
use super::script::Script;
use crate::engine::{AttemptEvent, Row, Step, StepState};
use crate::model::{Expiry, Seconds};
use crate::provider::ScopeHelp;
use crate::tui::ScopeChoice;

fn gitlab(asked: &str) -> Vec<Row> {
    let soon = Expiry::At(NOW.plus(Seconds(3600)));
    let grant = grant(Some("ada"), Some(asked), soon);
    vec![row(5, "gitlab", "GitLab", asked, Some(grant), None)]
}

/// What the last sign-in asks for in place of what is stored.
fn asked_for(script: &Script) -> Option<String> {
    let scopes = script.backend.scopes.as_ref();
    scopes.map(ToString::to_string)
}

#[test]
fn b_11_the_usual_key_signs_in_at_once_and_shows_the_way_to_other_scopes() {
    let mut script = Script::usual();
    script.asked();
    script.keys("down u");
    assert_eq!(script.asked(), ["sign-in"]);
    assert_eq!(asked_for(&script), None);
    assert!(
        script.shows("Asks for: repo read:user   U asks for others"),
        "{}",
        script.frame()
    );
    insta::assert_snapshot!("reauthorize_80x24", script.frame());
    // Which goes on until others are chosen.
    script.keys("U");
    assert_eq!(script.asked(), [""; 0]);
    assert!(
        script.shows("Other scopes for github") && script.shows("that waits goes on"),
        "{}",
        script.frame()
    );
    script.keys("esc");
    assert!(
        script.shows("Asks for: repo read:user"),
        "{}",
        script.frame()
    );
    script.keys("U ctrl-u \"read:user\" enter enter");
    assert_eq!(script.asked(), ["sign-in"]);
    assert_eq!(asked_for(&script).as_deref(), Some("read:user"));
    assert!(
        script.shows("Asks for: read:user   U"),
        "{}",
        script.frame()
    );
}

#[test]
fn b_11_the_key_of_the_table_asks_nobody_before_the_scopes_are_chosen() {
    let mut script = Script::new(setup(), gitlab("read_user api"), (80, 24));
    script.asked();
    script.keys("U");
    assert_eq!(script.asked(), [""; 0]);
    insta::assert_snapshot!("other_scopes_80x24", script.frame());
    // The same ones: an ordinary sign-in, which changes no definition.
    script.keys("enter enter");
    assert_eq!(script.asked(), ["sign-in"]);
    assert_eq!(asked_for(&script), None);
    script.keys("U down down down down");
    assert!(script.shows("enter untick"), "{}", script.frame());
    script.keys("space");
    assert_eq!(script.asked(), [""; 0]);
    assert!(script.shows("[ ] api"), "{}", script.frame());
    assert!(script.shows("enter tick"), "{}", script.frame());
    script.keys("up up up enter");
    assert_eq!(script.asked(), ["sign-in"]);
    assert_eq!(asked_for(&script).as_deref(), Some("read_user"));
    // Leaving it changes nothing.
    let mut script = Script::new(setup(), gitlab("read_user api"), (80, 24));
    script.asked();
    script.keys("U ctrl-u \"api\" esc");
    assert_eq!(script.asked(), [""; 0]);
}

#[test]
fn b_05_a_scope_that_cannot_be_asked_for_is_named_and_stays_typed() {
    let mut script = Script::new(setup(), gitlab("read_user"), (80, 24));
    script.keys("U");
    script.paste("a\u{201c}b").keys("enter enter");
    assert!(script.shows("U+201C"), "{}", script.frame());
    assert!(!script.asked().contains(&"sign-in"));
}

#[test]
fn b_11_once_it_is_approved_it_is_too_late_for_other_scopes() {
    let mut script = Script::usual();
    script.keys("down u");
    script.event(AttemptEvent::Step {
        step: Step::Check,
        state: StepState::Active,
        detail: None,
    });
    assert!(!script.shows("Asks for:"), "{}", script.frame());
    script.asked();
    script.keys("U");
    assert_eq!(script.asked(), [""; 0]);
    assert!(
        script.shows("It is too late for that"),
        "{}",
        script.frame()
    );
}

#[test]
fn b_11_an_approval_meanwhile_takes_the_choice_of_other_scopes_away() {
    let mut script = Script::usual();
    script.keys("down u U");
    assert!(script.shows("Other scopes for"), "{}", script.frame());
    script.event(AttemptEvent::Step {
        step: Step::Check,
        state: StepState::Active,
        detail: None,
    });
    assert!(!script.shows("Other scopes for"), "{}", script.frame());
    assert!(
        script.shows("too late for other scopes"),
        "{}",
        script.frame()
    );
    assert!(!script.asked().contains(&"cancel"));
}

#[test]
fn b_11_after_a_sign_in_other_scopes_begin_with_what_was_asked() {
    let mut script = Script::usual();
    script.keys("down u");
    script
        .paste("http://127.0.0.1/callback?code=c")
        .keys("enter");
    assert!(script.shows("Connected as ada."), "{}", script.frame());
    script.asked();
    script.keys("U");
    assert!(
        script.shows("Other scopes for github"),
        "{}",
        script.frame()
    );
    assert!(script.shows("read_user api"), "{}", script.frame());
    assert_eq!(script.asked(), [""; 0]);
}

#[test]
fn b_08_where_less_would_do_it_is_said_once_in_plain_words() {
    let less = "If this is enough, ask for read_api in place of api: read";
    let mut script = Script::new(setup(), gitlab("read_user api"), (80, 24));
    script.keys("enter");
    assert_eq!(script.frame().matches("in place of api").count(), 1);
    assert!(script.shows(less), "{}", script.frame());
    script.keys("esc U");
    assert!(script.shows(less), "{}", script.frame());
    // Taken, or chosen with open eyes: nothing more to say.
    for taken in ["read_api", "api read_api", "read_user"] {
        script.keys("home ctrl-u");
        script.paste(taken);
        assert!(!script.shows("in place of"), "{}", script.frame());
    }
    // Nor where no preset knows the scopes.
    let mut script = Script::new(setup(), rows(), (80, 24));
    script.keys("enter");
    assert!(!script.shows("in place of"), "{}", script.frame());
}

#[test]
fn b_10_without_the_scope_that_keeps_people_signed_in_it_is_said_where_scopes_are_chosen() {
    let mut setup = setup();
    let preset = setup
        .presets
        .iter_mut()
        .find(|preset| preset.id == "gitlab");
    let stay = ScopeChoice::of(ScopeHelp {
        name: "offline_access".to_owned(),
        help: "Stay signed in.".to_owned(),
        broad: false,
        narrower: None,
    });
    preset.expect("known").scopes.push(stay.expect("a scope"));
    let mut script = Script::new(setup, gitlab("read_user"), (80, 24));
    script.keys("U");
    let words = "Without offline_access you will have to sign in again";
    assert!(script.shows(words), "{}", script.frame());
    script.keys("\"offline_access\"");
    assert!(!script.shows(words), "{}", script.frame());
}

#[test]
fn esc_drops_no_scopes_that_were_chosen_without_asking() {
    let mut script = Script::usual();
    script.keys("down U esc");
    assert!(!script.shows("Other scopes"), "nothing was changed");
    script.keys("U \"gist\" esc");
    assert!(
        script.shows("You changed the scopes and did not ask for them."),
        "{}",
        script.frame()
    );
    script.keys("enter");
    assert!(script.shows("repo read:user gist"), "{}", script.frame());
    script.keys("esc 2");
    assert!(!script.shows("Other scopes"), "{}", script.frame());
    // The same above a sign-in that waits, which goes on.
    script.keys("u U \"gist\" esc esc");
    assert!(script.shows("repo read:user gist"), "{}", script.frame());
    script.keys("esc 2");
    assert!(
        script.shows("Asks for: repo read:user"),
        "{}",
        script.frame()
    );
}
