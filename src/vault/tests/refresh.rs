//! The refresh journal.

use super::*;
use crate::model::{EndReason, Seconds};

#[test]
fn j_02_the_intent_is_durable_before_anything_is_sent() {
    let place = Place::new();
    let mut vault = place.vault();
    let connection = signed_in(&mut vault, "github", 1);
    let intent = vault.begin_refresh(&connection, T1).expect("begun");
    assert_eq!(
        intent,
        Intent {
            generation: 1,
            at: T1,
            tries: 1
        }
    );
    drop(vault);

    // As after a kill: the next process finds it and must resolve it first (J-09).
    let mut vault = place.again();
    assert_eq!(
        vault.pending_intent(&connection.id),
        Ok(Some(intent.clone()))
    );
    assert_eq!(
        refused(vault.begin_refresh(&connection, T1)),
        VaultError::IntentPending
    );
    let again = vault
        .note_retry(&connection, &intent, T1.plus(Seconds(3)))
        .expect("noted");
    assert_eq!((again.tries, again.at), (2, T1));
    assert_eq!(
        vault.pending_intent(&connection.id),
        Ok(Some(again.clone()))
    );
    assert_eq!(
        refused(vault.note_retry(&connection, &intent, T1)),
        VaultError::Changed
    );
    vault
        .commit_refresh(&connection, &again, &refreshed("a2", Some("r2")), T1)
        .expect("committed");
    assert_eq!(vault.pending_intent(&connection.id), Ok(None));
}

#[test]
fn j_02_nothing_spent_nothing_remembered() {
    let mut vault = Vault::memory(T0).expect("made");
    let connection = signed_in(&mut vault, "github", 1);
    vault.begin_refresh(&connection, T1).expect("begun");
    vault.clear_intent(&connection.id, T1).expect("cleared");
    assert_eq!(vault.pending_intent(&connection.id), Ok(None));
    assert_eq!(refresh_of(&vault, &connection).as_deref(), Some(REFRESH));
    vault.begin_refresh(&connection, T1).expect("begun anew");
}

#[test]
fn j_03_what_a_refresh_brought_is_on_the_disk_when_it_returns() {
    let place = Place::new();
    let mut vault = place.vault();
    let connection = signed_in(&mut vault, "github", 1);
    let intent = vault.begin_refresh(&connection, T1).expect("begun");
    let grant = vault
        .commit_refresh(&connection, &intent, &refreshed("a2", Some("r2")), T1)
        .expect("committed");
    let other = place.again();
    let seen = reload(&other, &connection);
    assert_eq!(seen.grant, Some(grant));
    assert_eq!(access_of(&other, &seen).as_deref(), Some("a2"));
    assert_eq!(refresh_of(&other, &seen).as_deref(), Some("r2"));
}

#[test]
fn j_04_a_new_refresh_token_replaces_and_none_keeps_the_old() {
    let mut vault = Vault::memory(T0).expect("made");
    let mut connection = signed_in(&mut vault, "github", 1);
    assert_eq!(connection.grant.as_ref().expect("grant").rotates, None);
    // brought, then held, rotates
    let story = [
        (None, REFRESH, false),
        (Some(REFRESH), REFRESH, false),
        (Some("r2"), "r2", true),
        (None, "r2", true),
        (Some("r3"), "r3", true),
    ];
    for (step, (brought, held, rotates)) in story.into_iter().enumerate() {
        let intent = vault.begin_refresh(&connection, T1).expect("begun");
        let access = format!("access-{step}");
        let grant = vault
            .commit_refresh(&connection, &intent, &refreshed(&access, brought), T1)
            .expect("committed");
        assert_eq!(grant.rotates, Some(rotates), "{step}");
        assert_eq!(grant.generation, intent.generation + 1, "{step}");
        assert_eq!(grant.proved_at, Some(T1));
        connection = reload(&vault, &connection);
        assert_eq!(access_of(&vault, &connection), Some(access));
        assert_eq!(
            refresh_of(&vault, &connection).as_deref(),
            Some(held),
            "{step}"
        );
    }
}

#[test]
fn j_04_the_end_of_the_grant_is_kept_when_a_refresh_does_not_tell() {
    let mut vault = Vault::memory(T0).expect("made");
    let connection = sample("github", 1);
    vault.add(&connection, None, T0).expect("added");
    let ends = Some(T0.plus(Seconds(86_400)));
    let with_end = Candidate {
        ends_at: ends,
        ..candidate(ACCESS, Some(REFRESH))
    };
    vault
        .store_candidate(&connection, &with_end, T0)
        .expect("stored");
    vault
        .accept_candidate(&connection.id, &waiting_id(), T0)
        .expect("accepted");
    let connection = reload(&vault, &connection);
    let intent = vault.begin_refresh(&connection, T1).expect("begun");
    let grant = vault
        .commit_refresh(&connection, &intent, &refreshed("a2", None), T1)
        .expect("committed");
    assert_eq!(grant.ends_at, ends);
}

#[test]
fn u_06_a_writer_that_saw_an_older_generation_writes_nothing() {
    let place = Place::new();
    let (mut one, mut two) = (place.vault(), place.again());
    let connection = signed_in(&mut one, "github", 1);
    let intent = one.begin_refresh(&connection, T1).expect("begun");
    one.commit_refresh(&connection, &intent, &refreshed("a2", Some("r2")), T1)
        .expect("committed");

    assert_eq!(
        refused(two.commit_refresh(&connection, &intent, &refreshed("late", Some("late")), T1)),
        VaultError::Changed
    );
    assert_eq!(
        refused(two.begin_refresh(&connection, T1)),
        VaultError::Changed
    );
    assert_eq!(refused(two.access_token(&connection)), VaultError::Changed);
    let now = reload(&two, &connection);
    assert_eq!(refresh_of(&two, &now).as_deref(), Some("r2"));
}

#[test]
fn u_06_an_end_or_a_sign_in_meanwhile_is_not_overwritten() {
    let mut vault = Vault::memory(T0).expect("made");
    let connection = signed_in(&mut vault, "github", 1);
    let intent = vault.begin_refresh(&connection, T1).expect("begun");
    vault
        .end_grant(&connection, EndReason::RevokedByYou, T1)
        .expect("ended");
    assert_eq!(
        refused(vault.commit_refresh(&connection, &intent, &refreshed("late", None), T1)),
        VaultError::Changed
    );
    sign_in(&mut vault, &connection, "fresh", Some("fresh-refresh"));
    assert_eq!(
        refused(vault.commit_refresh(&connection, &intent, &refreshed("late", None), T1)),
        VaultError::Changed
    );
    let now = reload(&vault, &connection);
    assert_eq!(access_of(&vault, &now).as_deref(), Some("fresh"));
}

#[test]
fn j_02_without_a_refresh_token_nothing_is_begun() {
    let mut vault = Vault::memory(T0).expect("made");
    let connection = sample("github", 1);
    vault.add(&connection, None, T0).expect("added");
    sign_in(&mut vault, &connection, ACCESS, None);
    let connection = reload(&vault, &connection);
    assert_eq!(
        refused(vault.begin_refresh(&connection, T1)),
        VaultError::NoRefreshToken
    );
    assert_eq!(vault.pending_intent(&connection.id), Ok(None));
}
