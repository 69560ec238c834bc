//! What happened to a connection.

use super::*;
use crate::model::EndReason;

fn words(vault: &Vault, of: Option<&ConnectionId>) -> Vec<String> {
    let events = vault.history(of, 1000).expect("reads");
    events.into_iter().map(|event| event.what).collect()
}

#[test]
fn x_01_changes_are_noted_with_fixed_words_and_no_secret() {
    let mut vault = Vault::memory(T0).expect("made");
    let connection = signed_in(&mut vault, "github", 1);
    let intent = vault.begin_refresh(&connection, T1).expect("begun");
    vault
        .commit_refresh(&connection, &intent, &refreshed("a2", Some("r2")), T1)
        .expect("committed");
    vault.mark_tested(&connection, None, T1).expect("marked");
    let name = ConnectionName::parse("gh").expect("valid");
    vault.rename(&connection.id, &name, T1).expect("renamed");
    vault
        .end_grant(&connection, EndReason::RevokedByYou, T1)
        .expect("ended");
    assert_eq!(
        words(&vault, Some(&connection.id)),
        [
            "ended",
            "renamed",
            "tested",
            "refreshed",
            "signed-in",
            "added"
        ]
    );
    let events = vault.history(None, 2).expect("reads");
    assert_eq!(events.len(), 2);
    assert_eq!((events[0].name.as_str(), events[0].at), ("gh", T1));
    assert_eq!(events[0].detail, Some(Untrusted::new("revoked-by-you")));
    assert_eq!(events[1].name, "github");
    for event in vault.history(None, 1000).expect("reads") {
        assert!(!format!("{event:?}").contains("canary"));
    }

    vault.remove(&connection.id, true, T1).expect("removed");
    assert_eq!(words(&vault, None), ["removed"]);
}

#[test]
fn x_01_the_history_of_a_connection_is_bounded() {
    let mut vault = Vault::memory(T0).expect("made");
    let (one, two) = (sample("one", 1), sample("two", 2));
    vault.add(&one, None, T0).expect("added");
    vault.add(&two, None, T0).expect("added");
    for _ in 0..250 {
        vault.edit(&one, None, T1).expect("edited");
    }
    let kept = words(&vault, Some(&one.id));
    assert_eq!(kept.len(), 200);
    assert!(kept.iter().all(|word| word == "edited"));
    assert_eq!(words(&vault, Some(&two.id)), ["added"]);
}

#[test]
fn a_change_that_fails_leaves_no_event() {
    let mut vault = Vault::memory(T0).expect("made");
    let connection = sample("github", 1);
    vault.add(&connection, None, T0).expect("added");
    assert!(
        vault
            .accept_candidate(&connection.id, &waiting_id(), T1)
            .is_err()
    );
    assert!(vault.mark_tested(&connection, None, T1).is_err());
    assert_eq!(words(&vault, None), ["added"]);
}
