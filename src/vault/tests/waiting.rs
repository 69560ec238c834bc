//! Revocations that wait: the tokens change their place in one step, and nothing else opens them.

use super::*;
use crate::model::{EndReason, NextTry, Problem, ProblemKind, Seconds, Waiting};

fn problem() -> Problem {
    Problem {
        kind: ProblemKind::Transport,
        detail: Untrusted::new("status 503"),
        at: T1,
    }
}

fn untold() -> Untold {
    Untold {
        refresh_token: Some(secret(REFRESH)),
        access_token: Some(secret(ACCESS)),
        client_secret: Some(secret(CLIENT_SECRET)),
    }
}

fn next() -> NextTry {
    NextTry::after(1, Some(Seconds(120)), T1)
}

fn put_off(vault: &mut Vault, connection: &Connection) -> Waiting {
    vault
        .put_off(connection, &untold(), next(), &problem(), T1)
        .expect("put off")
}

fn text(token: Option<&Secret>) -> Option<&str> {
    token.map(Secret::reveal)
}

#[track_caller]
fn assert_kept(vault: &Vault, waiting: &Waiting) {
    let kept = vault.untold(waiting).expect("opens");
    assert_eq!(text(kept.refresh_token.as_ref()), Some(REFRESH));
    assert_eq!(text(kept.access_token.as_ref()), Some(ACCESS));
    assert_eq!(text(kept.client_secret.as_ref()), Some(CLIENT_SECRET));
}

#[test]
fn l_04_the_tokens_move_into_the_queue_in_one_step_and_nothing_else_opens_them() {
    let place = Place::new();
    let mut vault = place.vault();
    let connection = signed_in(&mut vault, "github", 1);
    let waiting = put_off(&mut vault, &connection);
    drop(vault);

    let vault = place.again();
    let now = reload(&vault, &connection);
    assert_eq!(now.ended, Some(EndReason::RevokedByYou));
    assert_eq!(
        (access_of(&vault, &now), refresh_of(&vault, &now)),
        (None, None)
    );
    assert_eq!(
        vault.waiting().expect("reads"),
        std::slice::from_ref(&waiting)
    );
    assert_eq!(waiting.next.at, T1.plus(Seconds(120)));
    assert_kept(&vault, &waiting);
    // Under another name the record opens nothing: neither as a token nor for another connection.
    place.sql(&format!(
        "INSERT INTO sealed SELECT '{}', 'access-token', record FROM sealed
             WHERE kind = 'waiting-revocation'",
        connection.id
    ));
    let as_before = Connection {
        ended: None,
        ..connection
    };
    assert!(vault.access_token(&as_before).is_err());
    // Looking needs no key.
    assert_eq!(place.locked().waiting().expect("reads").len(), 1);
    assert!(matches!(
        place.locked().untold(&waiting),
        Err(VaultError::Locked)
    ));
}

#[test]
fn l_04_a_grant_that_another_sign_in_replaced_is_left_alone() {
    let mut vault = Vault::memory(T0).expect("made");
    let seen = signed_in(&mut vault, "github", 1);
    let mut other = candidate("new-access", Some("new-refresh"));
    other.grant_id = GrantId::from_random([8; 16]);
    vault.store_candidate(&seen, &other, T1).expect("stored");
    vault
        .accept_candidate(&seen.id, &other.grant_id, T1)
        .expect("accepted");
    let put_off = vault.put_off(&seen, &untold(), next(), &problem(), T1);
    assert_eq!(refused(put_off), VaultError::Changed);
    assert!(vault.waiting().expect("reads").is_empty());
    let now = reload(&vault, &seen);
    assert_eq!(access_of(&vault, &now).as_deref(), Some("new-access"));
}

#[test]
fn l_04_g_07_it_outlives_its_connection_with_all_that_is_needed() {
    let place = Place::new();
    let mut vault = place.vault();
    let connection = signed_in(&mut vault, "github", 1);
    put_off(&mut vault, &connection);
    vault.remove(&connection.id, true, T1).expect("removed");
    assert!(vault.registrations().expect("reads").is_empty());
    let all = place.again().waiting().expect("reads");
    let [waiting] = all.as_slice() else {
        panic!("{all:?}");
    };
    assert_eq!(waiting.of.provider, connection.provider);
    assert_eq!(
        waiting.of.registration.client_id,
        connection.registration.client_id
    );
    assert_eq!(waiting.of.registration.auth, connection.registration.auth);
    assert_eq!(
        waiting.of.endpoint_identity(),
        connection.endpoint_identity()
    );
    assert_kept(&place.again(), waiting);
}

#[test]
fn l_04_g_07_an_address_changed_beside_it_opens_nothing() {
    let place = Place::new();
    let mut vault = place.vault();
    let connection = signed_in(&mut vault, "github", 1);
    put_off(&mut vault, &connection);
    for change in [
        "UPDATE waiting SET definition = replace(definition, 'https://', 'https://evil.')",
        "UPDATE waiting SET client_id = 'another'",
        "UPDATE waiting SET ca_pem = 'mine'",
    ] {
        place.sql("CREATE TABLE kept AS SELECT * FROM waiting");
        place.sql(change);
        let changed = vault.waiting().expect("reads").remove(0);
        assert_eq!(
            vault.untold(&changed).map(|_| ()).expect_err(change),
            VaultError::Tampered
        );
        for back in [
            "DELETE FROM waiting",
            "INSERT INTO waiting SELECT * FROM kept",
            "DROP TABLE kept",
        ] {
            place.sql(back);
        }
    }
    let whole = vault.waiting().expect("reads").remove(0);
    assert_kept(&vault, &whole);
}

#[test]
fn l_04_only_what_is_left_is_told_again_and_the_end_erases_it() {
    let place = Place::new();
    let mut vault = place.vault();
    let connection = signed_in(&mut vault, "github", 1);
    let waiting = put_off(&mut vault, &connection);
    let left = Untold {
        refresh_token: None,
        ..untold()
    };
    let later = NextTry::after(2, None, T1);
    vault
        .put_off_again(&waiting, Some(&left), later, &problem(), T1)
        .expect("once more");
    let again = vault.waiting_by_id(&waiting.id).expect("reads");
    let again = again.expect("there");
    assert_eq!((again.tries, again.next), (2, later));
    assert!(vault.untold(&again).expect("opens").refresh_token.is_none());

    vault.settle_waiting(&again, true, T1).expect("told");
    assert!(vault.waiting().expect("reads").is_empty());
    place
        .sql("CREATE TABLE counted AS SELECT count(*) AS n FROM sealed WHERE kind LIKE 'waiting%'");
    let left: i64 = vault
        .db
        .read()
        .query_row("SELECT n FROM counted", [], |row| row.get(0))
        .expect("counted");
    assert_eq!(left, 0);
    // Whoever was told of it late changes nothing and brings nothing back.
    let left = untold();
    vault
        .put_off_again(&again, Some(&left), later, &problem(), T1)
        .expect("does nothing");
    assert!(vault.untold(&again).is_err());
    let words: Vec<String> = vault
        .history(Some(&connection.id), 2)
        .expect("reads")
        .into_iter()
        .map(|event| event.what)
        .collect();
    assert_eq!(words, ["revoked", "put-off"]);
}

#[test]
fn t_11_l_04_a_new_key_seals_it_anew_and_a_lost_one_takes_it_away() {
    let place = Place::new();
    let mut vault = place.vault();
    let connection = signed_in(&mut vault, "github", 1);
    let gone = signed_in(&mut vault, "gone", 2);
    let waiting = put_off(&mut vault, &connection);
    let other = put_off(&mut vault, &gone);
    vault.remove(&gone.id, true, T1).expect("removed");
    let mut old = place.again();
    let keychain = FakeKeychain::new();
    let passphrases = [secret(PASSPHRASE)];
    let with = Rekey {
        keychain: &keychain,
        passphrases: &passphrases,
        dropped: &[],
    };
    vault
        .rekey_with(&with, CHEAP, std::time::Duration::from_millis(50), T1)
        .expect("a new key");
    assert_kept(&place.again(), &waiting);
    assert_kept(&place.again(), &other);
    assert!(matches!(old.untold(&waiting), Err(VaultError::Rekeyed)));
    // Under the old key it could never be opened again.
    let spoilt = old.put_off_again(&waiting, Some(&untold()), next(), &problem(), T1);
    assert_eq!(refused(spoilt), VaultError::Rekeyed);
    assert_kept(&place.again(), &waiting);
}

#[test]
fn ft_40_a_vault_is_raised_when_there_is_something_that_only_the_new_format_holds() {
    let place = Place::new();
    let mut vault = place.vault();
    let connection = signed_in(&mut vault, "github", 1);
    let format = |vault: &Vault| vault.status().expect("status").format;
    assert_eq!(format(&vault), 1, "older versions read it until then");
    assert!(vault.waiting().expect("nothing is missing").is_empty());
    // Raised in vain: nothing of it is left.
    let cut = vault.db.write(T1, |tx| {
        db::Db::raise(tx, 2)?;
        Err::<(), _>(VaultError::Changed)
    });
    assert_eq!(refused(cut), VaultError::Changed);
    assert_eq!(format(&place.again()), 1);

    let second = signed_in(&mut vault, "second", 2);
    let other = place.again();
    put_off(&mut vault, &connection);
    assert_eq!(format(&vault), 2);
    // A program that opened it before sees the new part at once.
    assert_eq!(other.waiting().expect("reads").len(), 1);
    put_off(&mut vault, &second);
    assert_eq!((format(&vault), format(&place.again())), (2, 2));
    let now = reload(&vault, &connection);
    assert_eq!(now.ended, Some(EndReason::RevokedByYou));
}

#[test]
fn ft_40_a_vault_that_was_raised_beyond_us_meanwhile_is_left_as_it_is() {
    let place = Place::new();
    let mut vault = place.vault();
    let connection = signed_in(&mut vault, "github", 1);
    place.sql("PRAGMA user_version = 3");
    let put_off = vault.put_off(&connection, &untold(), next(), &problem(), T1);
    assert_eq!(refused(put_off), VaultError::NewerFormat(3));
    assert_eq!(access_of(&vault, &connection).as_deref(), Some(ACCESS));
}
