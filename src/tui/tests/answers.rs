//! What a person is told of a provider's answer, and what one key does about it.

use super::example::{name, scopes};
use super::script::Script;
use crate::engine::{AttemptEvent, Outcome};
use crate::model::ClientAuth;
use crate::oauth::Note;

#[test]
fn q_07_a_secret_that_belongs_in_a_header_is_sent_there_at_one_key() {
    let mut script = Script::usual();
    script.backend.fail_sign_in = Some("wants_basic");
    script.keys(
        "a \"gith\" enter enter up up up up 2 enter \"cid\" enter \"s3cret\" enter enter enter enter",
    );
    assert!(
        script.shows("1  sign in again, sending the secret in a header"),
        "{}",
        script.frame()
    );
    script.backend.fail_sign_in = None;
    script.keys("1");
    assert!(script.shows("Step 6 of 7"), "{}", script.frame());
    let saved = script.backend.saved.last().expect("saved again");
    assert_eq!(saved.auth, ClientAuth::Basic);
    assert!(saved.client_secret.is_some(), "what was typed is kept");
}

#[test]
fn a17_a24_what_was_odd_about_the_answer_is_told_when_the_sign_in_is_done() {
    for (note, told) in [
        (Note::LifetimeNotUnderstood, "lifetime that makes no sense"),
        (Note::RefreshTokenEmpty, "this sign-in cannot be renewed"),
    ] {
        let mut script = Script::usual();
        script.keys("down u");
        let outcome = Outcome {
            name: name("github"),
            account: None,
            requested: scopes("read"),
            granted: None,
            notes: vec![note],
            test: None,
        };
        script.event(AttemptEvent::Done { outcome });
        assert!(script.shows(told), "{}", script.frame());
    }
}
