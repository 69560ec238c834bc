//! A file changed by other hands gives no secret away, and nothing lies in it in clear.

use super::*;

/// Whatever asks for a secret of `connection`, as the file now shows it, is refused.
fn assert_nothing_opens(place: &Place, connection: &Connection) {
    let mut vault = place.again();
    let connection = reload(&vault, connection);
    assert_eq!(
        refused(vault.access_token(&connection)),
        VaultError::Tampered
    );
    assert_eq!(
        refused(vault.refresh_token(&connection)),
        VaultError::Tampered
    );
    assert_eq!(
        refused(vault.client_secret(&connection)),
        VaultError::Tampered
    );
    assert_eq!(
        refused(vault.begin_refresh(&connection, T1)),
        VaultError::Tampered
    );
    assert_eq!(vault.pending_intent(&connection.id), Ok(None));
}

#[test]
fn g_07_an_address_edited_in_the_file_gets_no_secret() {
    for change in [
        "UPDATE connection SET definition = replace(definition, 'acme.example/token', 'evil.example/token')",
        "UPDATE connection SET definition = replace(definition, '\"revocation\":null', '\"revocation\":\"https://evil.example/r\"')",
        "UPDATE registration SET client_id = 'evil'",
        "UPDATE registration SET redirect = replace(redirect, '/callback', '/evil')",
    ] {
        let place = Place::new();
        let connection = signed_in(&mut place.vault(), "github", 1);
        place.sql(change);
        let shown = reload(&place.locked(), &connection);
        assert_ne!(
            shown.endpoint_identity(),
            connection.endpoint_identity(),
            "{change}"
        );
        assert_nothing_opens(&place, &connection);
    }
}

#[test]
fn t_03_swapped_records_do_not_open() {
    for (kind, other) in [
        ("access-token", "refresh-token"),
        ("refresh-token", "access-token"),
    ] {
        let place = Place::new();
        let mut vault = place.vault();
        let one = signed_in(&mut vault, "one", 1);
        // The same app and endpoints: only the connection itself tells them apart.
        let two = Connection {
            registration: one.registration.clone(),
            ..sample("two", 2)
        };
        vault.add(&two, None, T0).expect("added");
        sign_in(&mut vault, &two, ACCESS, Some(REFRESH));
        let two = reload(&vault, &two);
        // Between connections …
        place.sql(&format!(
            "UPDATE sealed SET record = (SELECT record FROM sealed s WHERE s.kind = sealed.kind
                 AND s.owner = '{}') WHERE owner = '{}' AND kind = '{kind}'",
            one.id, two.id
        ));
        let stolen = match kind {
            "access-token" => vault.access_token(&two),
            _ => vault.refresh_token(&two),
        };
        assert_eq!(refused(stolen), VaultError::Tampered);
        // … and between kinds.
        place.sql(&format!(
            "UPDATE sealed SET record = (SELECT record FROM sealed s WHERE s.kind = '{other}'
                 AND s.owner = sealed.owner) WHERE owner = '{}' AND kind = '{kind}'",
            one.id
        ));
        let stolen = match kind {
            "access-token" => vault.access_token(&one),
            _ => vault.refresh_token(&one),
        };
        assert_eq!(refused(stolen), VaultError::Tampered);
    }
}

#[test]
fn t_03_a_record_of_an_older_generation_does_not_open() {
    let place = Place::new();
    let mut vault = place.vault();
    let connection = signed_in(&mut vault, "github", 1);
    place.sql("CREATE TABLE kept AS SELECT * FROM sealed WHERE kind = 'refresh-token'; ");
    let intent = vault.begin_refresh(&connection, T1).expect("begun");
    vault
        .commit_refresh(&connection, &intent, &refreshed("a2", Some("r2")), T1)
        .expect("committed");
    place.sql("UPDATE sealed SET record = (SELECT record FROM kept) WHERE kind = 'refresh-token'");
    let connection = reload(&vault, &connection);
    assert_eq!(
        refused(vault.refresh_token(&connection)),
        VaultError::Tampered
    );
}

#[test]
fn t_03_a_record_taken_out_is_noticed() {
    let place = Place::new();
    let mut vault = place.vault();
    let connection = signed_in(&mut vault, "github", 1);
    place.sql("DELETE FROM sealed");
    assert_nothing_opens(&place, &connection);
}

#[test]
fn t_03_a_count_of_presentations_lowered_by_hand_is_noticed() {
    let place = Place::new();
    let mut vault = place.vault();
    let connection = signed_in(&mut vault, "github", 1);
    let intent = vault.begin_refresh(&connection, T1).expect("begun");
    let again = vault.note_retry(&connection, &intent, T1).expect("noted");
    assert_eq!(again.tries, 2);
    place.sql("UPDATE intent SET tries = 1");
    let lowered = vault
        .pending_intent(&connection.id)
        .expect("reads")
        .expect("pending");
    assert_eq!(
        refused(vault.note_retry(&connection, &lowered, T1)),
        VaultError::Tampered
    );
}

#[test]
fn t_01_no_secret_lies_on_the_disk_in_clear() {
    let place = Place::new();
    let mut vault = place.vault();
    let connection = signed_in(&mut vault, "github", 1);
    vault
        .store_candidate(
            &connection,
            &candidate("canary-candidate", Some("canary-second")),
            T1,
        )
        .expect("stored");
    let intent = vault.begin_refresh(&connection, T1).expect("begun");
    vault
        .commit_refresh(
            &connection,
            &intent,
            &refreshed("canary-access-two", Some("canary-refresh-two")),
            T1,
        )
        .expect("committed");
    let key = *vault.key().expect("unlocked").as_bytes();

    let bytes = all_bytes(place.0.path());
    assert!(contains(&bytes, "client-1"), "the sweep reads the files");
    for canary in ["canary-", "battery staple"] {
        assert!(!contains(&bytes, canary), "{canary}");
    }
    assert!(!bytes.windows(key.len()).any(|part| part == key));
}

#[test]
fn f21_a_damaged_file_is_told_and_never_overwritten() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 4] = [
        ("wrong magic", |bytes| bytes[..16].fill(b'x')),
        ("truncated", |bytes| bytes.truncate(5000)),
        ("emptied", Vec::clear),
        ("another database", |bytes| bytes[68..72].fill(1)),
    ];
    for (name, damage) in damages {
        let place = Place::new();
        let vault = place.vault();
        vault.db.checkpoint().expect("checkpoint");
        drop(vault);
        let mut bytes = std::fs::read(place.file("vault.db")).expect("reads");
        damage(&mut bytes);
        std::fs::write(place.file("vault.db"), &bytes).expect("writes");

        let opened = Vault::open(&place.home()).and_then(|vault| match vault {
            Some(vault) => vault.status().map(Some),
            None => Ok(None),
        });
        assert!(
            matches!(opened, Err(VaultError::Damaged(_))),
            "{name}: {opened:?}"
        );
        let passphrase = secret(PASSPHRASE);
        let slot = NewSlot::Passphrase(&passphrase);
        let made = Vault::create_with(&place.home(), slot, CHEAP, T1);
        assert!(made.is_err(), "{name}");
        assert_eq!(
            std::fs::read(place.file("vault.db")).expect("reads"),
            bytes,
            "{name}"
        );
    }
}

#[test]
fn t_03_rows_that_this_program_never_wrote_are_damage_not_a_panic() {
    for change in [
        "UPDATE connection SET definition = '{'",
        "UPDATE connection SET requested = 'a\"b'",
        "UPDATE connection SET name = '../x'",
        "UPDATE connection SET ended = 'whenever'",
        "UPDATE connection SET resources = '7'",
        "UPDATE registration SET auth = 'magic'",
        "UPDATE grants SET expiry = 'at', expires_at = NULL",
        "UPDATE grants SET account_source = 'hearsay'",
        "UPDATE grants SET id = 'short'",
    ] {
        let place = Place::new();
        let connection = signed_in(&mut place.vault(), "github", 1);
        place.sql(change);
        let read = place.locked().connection_by_id(&connection.id);
        assert!(matches!(read, Err(VaultError::Damaged(_))), "{change}");
    }
}
