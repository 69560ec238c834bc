//! Backups of sign-ins: their file, and what they become in another vault (conformance X-05, J-14).

use std::time::Duration;

use super::*;
use crate::vault::{Addition, Backup, BackupProblem, Carried, check_backup, is_backup};

const OWN: &str = "canary passphrase of the backup";
const MARK: &str = "DELETE FROM sealed WHERE kind = 'second-copy'";

fn back_up(vault: &Vault, connections: &[&Connection]) -> Vec<u8> {
    let ids: Vec<ConnectionId> = connections.iter().map(|known| known.id.clone()).collect();
    let write = |connections: &[Connection]| {
        let names = connections.iter().map(|known| known.name.to_string());
        names.collect::<Vec<_>>().join("\n")
    };
    vault
        .back_up_with(&ids, &secret(OWN), write, (CHEAP, Duration::ZERO), T0)
        .expect("sealed")
}

fn opened(bytes: &[u8]) -> Backup {
    Backup::open(bytes, &secret(OWN)).expect("opens")
}

fn problem(bytes: &[u8]) -> BackupProblem {
    match refused(Backup::open(bytes, &secret(OWN))) {
        VaultError::Backup(problem) => problem,
        other => panic!("{other:?}"),
    }
}

/// The same definition as another vault would store it.
fn arriving(name: &str, number: u8, carried: Carried) -> Addition {
    let mut connection = sample(name, number);
    connection.registration.client_id = "client-1".to_owned();
    Addition {
        connection,
        carried,
    }
}

/// A vault with a sign-in, its backup, and another vault that took it.
fn moved_over() -> (Vec<u8>, Place, Connection) {
    let mut vault = Vault::memory(T0).expect("made");
    let connection = signed_in(&mut vault, "github", 1);
    let bytes = back_up(&vault, &[&connection]);
    let place = Place::new();
    let mut other = place.vault();
    let carried = opened(&bytes).take(&connection.name).expect("carried");
    other
        .add_all(&[arriving("github", 7, carried)], T1)
        .expect("added");
    let stored = other.connection("github").expect("reads").expect("there");
    (bytes, place, stored)
}

#[test]
fn x_05_a_backup_brings_definition_secret_and_sign_in_and_shows_none_of_them() {
    let (bytes, place, stored) = moved_over();
    for text in [ACCESS, REFRESH, CLIENT_SECRET, OWN, "github", "ada"] {
        assert!(!contains(&bytes, text), "{text}");
        assert!(text == "github" || text == "ada" || !contains(&all_bytes(place.0.path()), text));
    }
    assert!(is_backup(&bytes) && !is_backup(b"version = 1"));
    check_backup(&bytes).expect("whole");
    let backup = opened(&bytes);
    assert_eq!(
        (backup.definitions.as_str(), backup.made_at),
        ("github", T0)
    );
    let carried = backup.carried(&stored.name).expect("carried");
    let who = carried.signed_in().expect("signed in").expect("named");
    assert!(who.label.raw() == "ada" && carried.has_client_secret());

    let vault = place.again();
    assert_eq!(access_of(&vault, &stored).as_deref(), Some(ACCESS));
    assert_eq!(refresh_of(&vault, &stored).as_deref(), Some(REFRESH));
    let client = vault.client_secret(&stored).expect("opens").expect("there");
    assert_eq!(client.reveal(), CLIENT_SECRET);
    let grant = stored.grant.expect("signed in");
    assert_eq!((grant.id, grant.generation), (waiting_id(), 1));
    assert_eq!(grant.account, Some(account("ada")));
    assert_eq!(
        grant.granted,
        Some(ScopeSet::parse("read").expect("scopes"))
    );
    let told: Vec<String> = vault
        .history(None, 9)
        .expect("reads")
        .into_iter()
        .map(|event| event.what)
        .collect();
    assert_eq!(told, ["imported", "added"]);
}

#[test]
fn x_05_j_14_a_second_copy_spends_nothing_before_it_is_adopted() {
    let (_, place, stored) = moved_over();
    let mut running = place.again();
    assert_eq!(
        refused(running.begin_refresh(&stored, T1)),
        VaultError::SecondCopy
    );
    assert_eq!(running.pending_intent(&stored.id), Ok(None));
    let status = place.locked().status().expect("status");
    assert!(status.second_copies == 1 && !status.moved);
    // What is signed in here is this machine's own.
    let own = signed_in_as(&mut running, "own", 3);
    running.begin_refresh(&own, T1).expect("begun");
    // Another program hears the word, and this one sees it.
    place.locked().adopt(T1).expect("adopted");
    assert_eq!(running.status().expect("status").second_copies, 0);
    let intent = running.begin_refresh(&stored, T1).expect("begun");
    running
        .commit_refresh(&stored, &intent, &refreshed("a2", Some("r2")), T1)
        .expect("committed");
}

/// Signed in under another grant than [`waiting_id`].
fn signed_in_as(vault: &mut Vault, name: &str, number: u8) -> Connection {
    let connection = sample(name, number);
    vault.add(&connection, None, T0).expect("added");
    let mut candidate = candidate("a", Some("r"));
    candidate.grant_id = GrantId::from_random([number; 16]);
    vault
        .store_candidate(&connection, &candidate, T0)
        .expect("stored");
    vault
        .accept_candidate(&connection.id, &candidate.grant_id, T0)
        .expect("accepted");
    reload(vault, &connection)
}

#[test]
fn j_14_a_new_sign_in_or_its_end_makes_it_this_machines_own() {
    let (_, place, stored) = moved_over();
    let mut vault = place.again();
    sign_in(&mut vault, &stored, "a3", Some("r3"));
    assert_eq!(vault.status().expect("status").second_copies, 0);
    let stored = reload(&vault, &stored);
    vault.begin_refresh(&stored, T1).expect("begun");

    let (_, place, stored) = moved_over();
    let mut vault = place.again();
    let reason = crate::model::EndReason::RevokedByYou;
    vault.end_grant(&stored, reason, T1).expect("ended");
    assert_eq!(vault.status().expect("status").second_copies, 0);
}

#[test]
fn j_14_t_11_the_mark_outlives_a_new_key_and_a_restart() {
    let (_, place, stored) = moved_over();
    let mut vault = place.again();
    let keychain = FakeKeychain::new();
    let with = Rekey {
        keychain: &keychain,
        passphrases: &[secret(PASSPHRASE)],
        dropped: &[],
    };
    vault
        .rekey_with(&with, CHEAP, Duration::ZERO, T1)
        .expect("a new key");
    drop(vault);
    let refusal = refused(place.again().begin_refresh(&stored, T1));
    assert_eq!(refusal, VaultError::SecondCopy);
    // It is the mark that does it.
    place.sql(MARK);
    place.again().begin_refresh(&stored, T1).expect("begun");
}

#[test]
fn j_14_a_refresh_without_a_known_outcome_comes_along_as_that() {
    let mut vault = Vault::memory(T0).expect("made");
    let connection = signed_in(&mut vault, "github", 1);
    let intent = vault.begin_refresh(&connection, T1).expect("begun");
    let bytes = back_up(&vault, &[&connection]);
    let mut other = Vault::memory(T0).expect("made");
    let carried = opened(&bytes).take(&connection.name).expect("carried");
    other
        .add_all(&[arriving("github", 7, carried)], T1)
        .expect("added");
    let stored = other.connection("github").expect("reads").expect("there");
    let pending = other.pending_intent(&stored.id).expect("reads");
    let pending = pending.expect("pending");
    assert_eq!((pending.at, pending.tries), (intent.at, intent.tries));
    assert_eq!(
        refused(other.note_retry(&stored, &pending, T1)),
        VaultError::SecondCopy
    );
    other.adopt(T1).expect("adopted");
    other.note_retry(&stored, &pending, T1).expect("noted");
}

/// What it brings would make the backup worthless.
#[test]
fn x_05_no_backup_is_made_beside_a_refresh_under_way() {
    let mut vault = Vault::memory(T0).expect("made");
    let connection = signed_in(&mut vault, "github", 1);
    let ids = [connection.id.clone()];
    let sealed = |vault: &Vault| {
        let write = |_: &[Connection]| String::new();
        vault.back_up_with(&ids, &secret(OWN), write, (CHEAP, Duration::ZERO), T0)
    };
    let held = vault.grant_locks().try_lock(&connection.id).expect("free");
    assert!(matches!(refused(sealed(&vault)), VaultError::Busy { .. }));
    drop(held);
    sealed(&vault).expect("sealed");
}

#[test]
fn x_05_the_same_sign_in_is_not_taken_twice_into_one_vault() {
    let (bytes, place, stored) = moved_over();
    let mut vault = place.again();
    let carried = opened(&bytes).take(&stored.name).expect("carried");
    let known = vault
        .add_all(&[arriving("again", 8, carried)], T1)
        .expect("added");
    assert_eq!(known, [ConnectionName::parse("again").expect("a name")]);
    let again = vault.connection("again").expect("reads").expect("there");
    assert_eq!(again.grant, None);
    assert_eq!(vault.status().expect("status").second_copies, 1);
}

#[test]
fn x_06_an_import_is_stored_whole_or_not_at_all() {
    let place = Place::new();
    let mut vault = place.vault();
    vault.add(&sample("Taken", 1), None, T0).expect("added");
    let additions = [
        arriving("new", 7, Carried::default()),
        arriving("taken", 8, Carried::default()),
    ];
    assert_eq!(
        refused(vault.add_all(&additions, T1)),
        VaultError::NameTaken
    );
    assert_eq!(vault.summaries().expect("reads").len(), 1);
    vault.add_all(&additions[..1], T1).expect("added");
    assert_eq!(vault.summaries().expect("reads").len(), 2);
}

#[test]
fn x_05_what_is_not_signed_in_comes_as_a_definition_alone() {
    let mut vault = Vault::memory(T0).expect("made");
    let never = sample("never", 1);
    vault.add(&never, None, T0).expect("added");
    let over = signed_in(&mut vault, "over", 2);
    let reason = crate::model::EndReason::EndedByProvider;
    vault.end_grant(&over, reason, T1).expect("ended");
    let over = reload(&vault, &over);
    let waiting = sample("waiting", 3);
    vault.add(&waiting, None, T0).expect("added");
    vault
        .store_candidate(&waiting, &candidate("c", Some("d")), T0)
        .expect("stored");
    let backup = opened(&back_up(&vault, &[&never, &over, &waiting]));
    assert_eq!(backup.definitions, "never\nover\nwaiting");
    for connection in [&never, &over, &waiting] {
        let carried = backup.carried(&connection.name).expect("carried");
        assert!(carried.signed_in().is_none(), "{}", connection.name);
        assert_eq!(carried.has_client_secret(), connection.name == over.name);
    }
    vault.lock();
    let ids = [over.id];
    let locked = vault.back_up_with(
        &ids,
        &secret(OWN),
        |_| String::new(),
        (CHEAP, Duration::ZERO),
        T0,
    );
    assert_eq!(refused(locked), VaultError::Locked);
}

/// With the digest made to fit, as somebody would who changes it on purpose.
fn resealed(mut bytes: Vec<u8>, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    use sha2::{Digest, Sha256};

    bytes.truncate(bytes.len() - 32);
    change(&mut bytes);
    let digest = Sha256::digest(&bytes);
    bytes.extend(digest);
    bytes
}

#[test]
fn x_05_a_wrong_passphrase_is_told_apart_from_a_cut_or_changed_file() {
    let (bytes, ..) = moved_over();
    let wrong = refused(Backup::open(&bytes, &secret("a guess")));
    assert_eq!(wrong, VaultError::Backup(BackupProblem::Passphrase));
    for end in 0..bytes.len() {
        assert_eq!(problem(&bytes[..end]), BackupProblem::Changed, "{end}");
    }
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let found = problem(&changed);
        // A version of its own is told first: a newer file may look quite different.
        let newer = (16..20).contains(&at);
        assert!(
            found == BackupProblem::Changed || newer && matches!(found, BackupProblem::Newer(_)),
            "{at}: {found:?}"
        );
    }
    let longer = [bytes.as_slice(), b"x"].concat();
    assert_eq!(problem(&longer), BackupProblem::Changed);
    assert_eq!(problem(&vec![0; LONGEST_BACKUP + 1]), BackupProblem::Large);
    // On purpose: cost, salt and body are all under the seal.
    for at in [24, 28, 40, 60, 100] {
        let changed = resealed(bytes.clone(), |bytes| bytes[at + 3] ^= 1);
        let found = problem(&changed);
        assert!(
            matches!(found, BackupProblem::Passphrase | BackupProblem::Cost),
            "{at}: {found:?}"
        );
    }
}

#[test]
fn x_05_a_newer_version_and_absurd_costs_are_refused_before_any_work() {
    let (bytes, ..) = moved_over();
    let put = |at: usize, number: u32| {
        resealed(bytes.clone(), |bytes| {
            bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
        })
    };
    assert_eq!(problem(&put(16, 2)), BackupProblem::Newer(2));
    assert_eq!(problem(&put(16, 0)), BackupProblem::Changed);
    for (at, number) in [
        (20, u32::MAX),
        (20, 0),
        (20, 2 * 1024 * 1024),
        (24, u32::MAX),
        (24, 0),
        (28, u32::MAX),
        (28, 0),
    ] {
        let bytes = put(at, number);
        assert_eq!(problem(&bytes), BackupProblem::Cost, "{at} {number}");
        let early = check_backup(&bytes).expect_err("seen without a passphrase");
        assert_eq!(early, VaultError::Backup(BackupProblem::Cost));
    }
}

/// Somebody who knows the passphrase can put anything inside.
#[test]
fn x_06_a_body_that_this_program_never_wrote_is_refused() {
    for body in [
        "",
        "{}",
        "[]",
        r#"{"definitions":"","made_at":0,"connections":[{"name":"a","client_secret":null,"grant":7}]}"#,
        r#"{"definitions":"","made_at":0,"connections":[{"name":"a","client_secret":null,"grant":{"id":"short","access_token":"x","refresh_token":null,"pending":null,"granted":null,"in_use":null,"account":null,"signed_in_at":0,"expiry":"never","issued_at":0,"ends_at":null,"rotates":null,"proved_at":null,"tested_at":null}}]}"#,
        r#"{"definitions":"","made_at":0,"connections":[{"name":"a","client_secret":null,"grant":{"id":"00000000000000000000000000000000","access_token":"x","refresh_token":null,"pending":null,"granted":["a b"],"in_use":null,"account":null,"signed_in_at":0,"expiry":"never","issued_at":0,"ends_at":null,"rotates":null,"proved_at":null,"tested_at":null}}]}"#,
    ] {
        let bytes = crate::vault::backup::seal(&secret(OWN), body.as_bytes(), CHEAP);
        assert_eq!(
            problem(&bytes.expect("sealed")),
            BackupProblem::Changed,
            "{body}"
        );
    }
}
