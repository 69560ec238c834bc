//! A test read that wants more scopes: what is missing is said, and other scopes begin with it (C-05).

use super::example::{NOW, grant, row, scopes, setup};
use super::script::Script;
use crate::engine::{AttemptEvent, Outcome, Row};
use crate::model::{Expiry, Seconds, Untrusted};

fn gitlab(asked: &str, granted: &str) -> Vec<Row> {
    let soon = Expiry::At(NOW.plus(Seconds(3600)));
    let grant = grant(Some("ada"), Some(granted), soon);
    vec![row(5, "gitlab", "GitLab", asked, Some(grant), None)]
}

/// Tests, and is refused for want of `wanted`.
fn refused(wanted: &'static str) -> Script {
    let mut script = Script::new(setup(), gitlab("read_user", "read_user"), (80, 24));
    script.backend.wanting = Some(wanted);
    script.keys("t");
    script.asked();
    script
}

/// The sign-in under way is accepted, and brings no more than there was.
fn accepted(script: &mut Script, asked: &str) {
    script.backend.rows = gitlab(asked, "read_user");
    script.event(AttemptEvent::Done {
        outcome: Outcome {
            name: super::example::name("gitlab"),
            account: Some(Untrusted::new("ada").shown()),
            requested: scopes(asked),
            granted: Some(scopes("read_user")),
            notes: Vec::new(),
            test: None,
        },
    });
    script.keys("esc");
}

#[test]
fn c_05_what_a_test_read_misses_is_said_and_other_scopes_begin_with_it() {
    let mut script = refused("read_user api");
    let frame = script.frame();
    assert!(
        script.shows("gitlab needs api. U signs in again and asks for it too."),
        "{frame}"
    );
    // Nobody is asked before the person says so, and leaving it loses nothing.
    script.keys("U");
    assert_eq!(script.asked(), [""; 0]);
    assert!(script.shows("read_user api"), "{}", script.frame());
    script.keys("esc U enter enter");
    assert_eq!(script.asked(), ["sign-in"]);
    let asked = script.backend.scopes.as_ref().map(ToString::to_string);
    assert_eq!(asked.as_deref(), Some("read_user api"));
    // A sign-in that asked for less does not forget it.
    script.keys("q u");
    accepted(&mut script, "read_user");
    script.keys("U");
    assert!(script.shows("read_user api"), "{}", script.frame());
}

#[test]
fn c_05_a_test_read_that_works_forgets_what_was_missing() {
    let mut script = refused("api");
    script.backend.wanting = None;
    script.keys("t U");
    assert!(!script.shows("read_user api"), "{}", script.frame());
    assert!(script.shows("read_user"), "{}", script.frame());
}

#[test]
fn c_05_after_two_sign_ins_in_a_row_the_words_are_that_it_is_not_granted() {
    let mut script = refused("api");
    for _ in 0..2 {
        assert!(script.shows("gitlab needs api. U"), "{}", script.frame());
        script.keys("U enter enter");
        assert_eq!(script.asked(), ["sign-in"]);
        accepted(&mut script, "read_user api");
        script.keys("t");
        script.asked();
    }
    let frame = script.frame();
    assert!(
        script.shows("gitlab still needs api after two sign-ins"),
        "{frame}"
    );
    assert!(script.shows("does not grant"), "{frame}");
    // Another one does not begin it anew, and nothing is filled in for it any more.
    script.backend.wanting = Some("sudo");
    script.keys("t U");
    assert!(
        script.shows("Other scopes for gitlab"),
        "{}",
        script.frame()
    );
    assert!(!script.shows("api sudo"), "{}", script.frame());
}

#[test]
fn c_05_w_01_what_is_no_list_of_scopes_is_shown_harmless_and_not_filled_in() {
    let mut script = refused("api\u{1b}[2J\u{202e}");
    let frame = script.frame();
    assert!(script.shows("api␛[2J"), "{frame}");
    assert!(!script.shows("gitlab needs"), "{frame}");
    script.keys("U");
    assert!(
        script.shows("Other scopes for gitlab"),
        "{}",
        script.frame()
    );
    assert!(!script.shows("read_user api"), "{}", script.frame());
}
