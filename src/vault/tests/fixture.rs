//! A stored vault of every format ever written. Format 1 was written by `write_fixture` below.

use std::fs;

use super::*;
use crate::model::{Problem, ProblemKind};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/vault/v1.db");

fn problem() -> Problem {
    Problem {
        kind: ProblemKind::Transport,
        detail: Untrusted::new("connection refused"),
        at: T1,
    }
}

/// Everything that a vault can hold. Called by hand when a new format is made, never to "repair" a
/// test: set `VALETKEY_WRITE_FIXTURE`.
fn write_fixture() {
    let place = Place::new();
    let mut vault = place.vault();
    let done = signed_in(&mut vault, "done", 1);
    let intent = vault.begin_refresh(&done, T1).expect("begun");
    vault
        .commit_refresh(&done, &intent, &refreshed("a2", Some("r2")), T1)
        .expect("committed");
    let pending = signed_in(&mut vault, "pending", 2);
    vault.begin_refresh(&pending, T1).expect("begun");
    vault
        .set_problem(&pending, Some(&problem()), T1)
        .expect("set");
    let waiting = sample("waiting", 3);
    vault.add(&waiting, None, T0).expect("added");
    vault
        .store_candidate(&waiting, &candidate("c", Some("d")), T0)
        .expect("stored");
    vault.db.back_up().expect("one whole file");
    fs::copy(place.file("vault.db.bak"), FIXTURE).expect("kept");
}

fn place_with_fixture() -> Place {
    let place = Place::new();
    home::private_folder(&place.data()).expect("made");
    fs::copy(FIXTURE, place.file("vault.db")).expect("the fixture");
    fs::set_permissions(
        place.file("vault.db"),
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )
    .expect("mode");
    place
}

#[test]
fn u_08_a_vault_of_format_1_opens_and_reads_back() {
    if std::env::var_os("VALETKEY_WRITE_FIXTURE").is_some() {
        write_fixture();
    }
    let place = place_with_fixture();
    let vault = place.again();
    assert_eq!(vault.status().expect("status").format, 1);
    let named = |name: &str| vault.connection(name).expect("reads").expect(name);

    let done = named("done");
    assert_eq!(done.provider, sample("done", 1).provider);
    assert_eq!(done.grant.as_ref().expect("signed in").rotates, Some(true));
    assert_eq!(access_of(&vault, &done).as_deref(), Some("a2"));
    assert_eq!(refresh_of(&vault, &done).as_deref(), Some("r2"));
    let client = vault.client_secret(&done).expect("opens").expect("there");
    assert_eq!(client.reveal(), CLIENT_SECRET);

    let pending = named("pending");
    assert_eq!(pending.problem, Some(problem()));
    let intent = vault.pending_intent(&pending.id).expect("reads");
    assert_eq!(intent.expect("pending").at, T1);

    let (access, _) = vault
        .candidate_tokens(&named("waiting"), &waiting_id())
        .expect("opens")
        .expect("waiting");
    assert_eq!(access.reveal(), "c");
    assert_eq!(vault.history(None, 100).expect("reads").len(), 7);
}

#[test]
fn u_08_a_newer_format_is_refused_and_left_as_it_is() {
    let place = place_with_fixture();
    place.sql("PRAGMA user_version = 3");
    let before = fs::read(place.file("vault.db")).expect("reads");
    assert_eq!(
        refused(Vault::open(&place.home())),
        VaultError::NewerFormat(3)
    );
    let passphrase = secret(PASSPHRASE);
    let slot = NewSlot::Passphrase(&passphrase);
    assert_eq!(
        refused(Vault::create_with(&place.home(), slot, CHEAP, T1)),
        VaultError::AlreadyMade
    );
    assert_eq!(fs::read(place.file("vault.db")).expect("reads"), before);
}
