//! Damaged, missing and replaced vaults (conformance U-07, FT-39).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use super::*;

const SOON: Duration = Duration::from_millis(20);

/// A vault with a finished refresh, all of it in the main file; two connections.
fn written(place: &Place) -> Vec<u8> {
    let mut vault = place.vault();
    let one = signed_in(&mut vault, "one", 1);
    let intent = vault.begin_refresh(&one, T1).expect("begun");
    vault
        .commit_refresh(&one, &intent, &refreshed("a2", Some("r2")), T1)
        .expect("committed");
    signed_in(&mut vault, "two", 2);
    vault.db.checkpoint().expect("checkpoint");
    drop(vault);
    fs::read(place.file("vault.db")).expect("reads")
}

fn write_file(place: &Place, name: &str, bytes: &[u8]) {
    fs::write(place.file(name), bytes).expect("writes");
    fs::set_permissions(place.file(name), fs::Permissions::from_mode(0o600)).expect("mode");
}

/// Where the first page of a table lies.
fn page_of(file: &Path, table: &str) -> usize {
    let sql = rusqlite::Connection::open(file).expect("opens");
    let root: i64 = sql
        .query_row(
            "SELECT rootpage FROM sqlite_schema WHERE name = ?1",
            [table],
            |row| row.get(0),
        )
        .expect("a table");
    usize::try_from(root - 1).expect("a page") * 4096
}

/// What the vault shows: in clear, and of its secrets.
fn shown(place: &Place) -> Result<(Vec<String>, Vec<String>), VaultError> {
    let mut vault = Vault::open(&place.home())?.ok_or(VaultError::NotMade)?;
    vault.unlock(Unlock::Passphrase(&secret(PASSPHRASE)))?;
    vault.check()?;
    let mut clear = vec![format!(
        "{:?}{:?}",
        vault.summaries()?,
        vault.history(None, 100)?
    )];
    let mut secrets = Vec::new();
    for name in ["one", "two"] {
        let connection = vault
            .connection(name)?
            .ok_or(VaultError::UnknownConnection)?;
        clear.push(format!("{connection:?}"));
        for secret in [
            vault.access_token(&connection)?,
            vault.refresh_token(&connection)?,
            vault.client_secret(&connection)?,
        ] {
            secrets.push(secret.map_or(String::new(), |secret| secret.reveal().to_owned()));
        }
    }
    Ok((clear, secrets))
}

/// Every byte, or with `VALETKEY_EVERY_BYTE` unset those of the header and one in `stride`.
fn bytes_to_flip(length: usize, stride: usize) -> impl Iterator<Item = usize> {
    let stride = match std::env::var_os("VALETKEY_EVERY_BYTE") {
        Some(_) => 1,
        None => stride,
    };
    (0..length).filter(move |at| *at < 100 || at % stride == 0)
}

#[test]
fn u_07_a_flipped_bit_gives_no_wrong_secret_and_nothing_is_overwritten() {
    let place = Place::new();
    let whole = written(&place);
    let (clear, secrets) = shown(&place).expect("whole");
    let (mut right, mut told, mut misread) = (0, 0, 0);
    for at in bytes_to_flip(whole.len(), 127) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        write_file(&place, "vault.db", &bytes);
        match shown(&place) {
            Ok((read, found)) => {
                assert_eq!(found, secrets, "byte {at}");
                if read == clear {
                    right += 1;
                } else {
                    misread += 1;
                }
            }
            Err(_) => told += 1,
        }
        assert!(
            fs::read(place.file("vault.db")).expect("reads") == bytes,
            "byte {at}: the file is as it was"
        );
    }
    assert!(right > 0 && told > 0, "{right} {told}");
    // What lies in clear has no checksum: a letter of a label, a time.
    assert!(
        misread * 8 < right + told,
        "{right} right, {told} told, {misread} misread"
    );
}

#[test]
fn u_07_a_flipped_bit_in_the_log_gives_an_older_whole_state_that_is_noticed() {
    let place = Place::new();
    let mut vault = place.vault();
    let one = signed_in(&mut vault, "one", 1);
    signed_in(&mut vault, "two", 2);
    vault.db.checkpoint().expect("checkpoint");
    let main = fs::read(place.file("vault.db")).expect("reads");
    let before = ["canary-access-one", "canary-refresh-one"];
    let intent = vault.begin_refresh(&one, T1).expect("begun");
    vault
        .commit_refresh(&one, &intent, &refreshed("a2", Some("r2")), T1)
        .expect("committed");
    let log = fs::read(place.file("vault.db-wal")).expect("a log");
    drop(vault);
    let (mut new, mut old) = (0, 0);
    for at in bytes_to_flip(log.len(), 307) {
        let mut bytes = log.clone();
        bytes[at] ^= 1 << (at % 8);
        let _ = fs::remove_file(place.file("vault.db-shm"));
        // In place, so that only the content tells.
        write_file(&place, "vault.db", &main);
        write_file(&place, "vault.db-wal", &bytes);
        let vault = place.again();
        vault.check().expect("whole");
        let connection = reload(&vault, &one);
        let tokens = [
            access_of(&vault, &connection).expect("there"),
            refresh_of(&vault, &connection).expect("there"),
        ];
        if tokens == ["a2", "r2"] {
            new += 1;
        } else {
            assert_eq!(tokens, before, "byte {at}");
            assert!(vault.status().expect("status").moved, "byte {at}");
            old += 1;
        }
    }
    assert!(old > 0, "{new} {old}");
}

#[test]
fn u_07_a_damaged_vault_is_kept_aside_and_its_copy_takes_its_place() {
    type Damage = fn(&Place, &[u8]);
    let damages: [(&str, bool, Damage); 5] = [
        ("magic", true, |place, bytes| {
            let mut bytes = bytes.to_vec();
            bytes[..16].fill(b'x');
            write_file(place, "vault.db", &bytes);
        }),
        ("cut", true, |place, bytes| {
            write_file(place, "vault.db", &bytes[..bytes.len() / 2]);
        }),
        ("a page", true, |place, bytes| {
            let mut bytes = bytes.to_vec();
            // Opening does not read it.
            let at = page_of(&place.file("vault.db"), "event");
            bytes[at..at + 4096].fill(0xff);
            write_file(place, "vault.db", &bytes);
        }),
        ("empty", true, |place, _| write_file(place, "vault.db", &[])),
        ("missing", false, |place, _| {
            fs::remove_file(place.file("vault.db")).expect("removed");
        }),
    ];
    for (name, there, damage) in damages {
        let place = Place::new();
        let whole = written(&place);
        damage(&place, &whole);
        let left = fs::read(place.file("vault.db")).ok();
        assert!(
            matches!(refused(shown(&place)), VaultError::Damaged(_)),
            "{name}"
        );
        let copy = Vault::copy_of(&place.home()).expect(name);
        assert_eq!(copy.connections, 2);
        assert!(matches!(copy.damage, Some(VaultError::Damaged(_))));

        let restored = Vault::restore(&place.home(), SOON, T1).expect(name);
        assert_eq!(restored.made_at, copy.made_at);
        assert_eq!(restored.kept_aside.is_some(), there, "{name}");
        if let Some(aside) = restored.kept_aside {
            assert_eq!(fs::read(aside).ok(), left, "{name}");
        }
        let mut vault = place.again();
        vault.check().expect("whole");
        // The copy is of the last change of a definition: before the second sign-in.
        let one = vault.connection("one").expect("reads").expect("there");
        assert_eq!(refresh_of(&vault, &one).as_deref(), Some("r2"));
        assert!(vault.status().expect("status").moved);
        assert_eq!(refused(vault.begin_refresh(&one, T1)), VaultError::Moved);
        vault.adopt(T1).expect("decided");
        vault.begin_refresh(&one, T1).expect("may refresh");
        drop(vault);
        assert!(!place.locked().status().expect("status").moved);
    }
}

#[test]
fn u_07_the_log_of_the_damaged_file_is_not_replayed_into_its_copy() {
    let place = Place::new();
    drop(written(&place));
    let mut vault = place.again();
    let one = vault.connection("one").expect("reads").expect("there");
    let intent = vault.begin_refresh(&one, T1).expect("begun");
    vault
        .commit_refresh(&one, &intent, &refreshed("a3", Some("r3")), T1)
        .expect("committed");
    // The log is whole, the file is gone.
    let log = fs::read(place.file("vault.db-wal")).expect("a log");
    assert!(!log.is_empty());
    drop(vault);
    fs::remove_file(place.file("vault.db")).expect("removed");
    write_file(&place, "vault.db-wal", &log);

    let restored = Vault::restore(&place.home(), SOON, T1).expect("restored");
    let vault = place.again();
    vault.check().expect("whole");
    let one = vault.connection("one").expect("reads").expect("there");
    assert_eq!(refresh_of(&vault, &one).as_deref(), Some("r2"));
    let aside = restored.kept_aside.expect("kept").display().to_string();
    assert_eq!(fs::read(format!("{aside}-wal")).expect("kept"), log);
}

#[test]
fn u_07_whoever_is_killed_while_restoring_leaves_something_to_take_up_again() {
    for steps in 1..=3 {
        let place = Place::new();
        let whole = written(&place);
        write_file(&place, "vault.db", &whole[..5000]);
        write_file(&place, "vault.db-wal", b"a log of the damaged file");
        let data = place.data();
        let files = db::Files::of(&data);
        // As far as the killed one came.
        if steps >= 2 {
            fs::rename(place.file("vault.db"), place.file("vault.db.damaged-a")).expect("moved");
        }
        if steps >= 3 {
            fs::rename(
                place.file("vault.db-wal"),
                place.file("vault.db.damaged-a-wal"),
            )
            .expect("moved");
        }
        drop(files.copy_of_backup().expect("copied"));
        assert!(
            matches!(refused(shown(&place)), VaultError::Damaged(_)),
            "{steps}"
        );
        let passphrase = secret(PASSPHRASE);
        let made = Vault::create_with(&place.home(), NewSlot::Passphrase(&passphrase), CHEAP, T1);
        assert!(made.is_err(), "no new vault covers it up");
        Vault::restore(&place.home(), SOON, T1).expect("restored");
        place.again().check().expect("whole");
        assert!(!place.file("vault.db-wal").exists() || steps == 3);
    }
}

#[test]
fn u_07_a_log_without_its_vault_is_a_loss_that_no_new_vault_covers_up() {
    let place = Place::new();
    drop(written(&place));
    fs::remove_file(place.file("vault.db.bak")).expect("removed");
    for vault_file in [None, Some(Vec::new())] {
        let _ = fs::remove_file(place.file("vault.db"));
        if let Some(bytes) = &vault_file {
            write_file(&place, "vault.db", bytes);
        }
        write_file(&place, "vault.db-wal", b"frames");
        assert!(matches!(refused(shown(&place)), VaultError::Damaged(_)));
        let passphrase = secret(PASSPHRASE);
        let made = Vault::create_with(&place.home(), NewSlot::Passphrase(&passphrase), CHEAP, T1);
        assert!(matches!(refused(made), VaultError::Damaged(_)));
        assert_eq!(
            fs::read(place.file("vault.db-wal")).expect("there"),
            b"frames"
        );
        assert_eq!(refused(Vault::copy_of(&place.home())), VaultError::NoCopy);
    }
    // Empty ones are what a closed vault may leave behind.
    fs::remove_file(place.file("vault.db")).expect("removed");
    write_file(&place, "vault.db-wal", b"");
    write_file(&place, "vault.db-shm", b"");
    assert!(Vault::open(&place.home()).expect("opens").is_none());
    drop(place.vault());
    place.again().check().expect("whole");
}

#[test]
fn u_07_a_damaged_copy_takes_nobodys_place() {
    let place = Place::new();
    let whole = written(&place);
    write_file(&place, "vault.db", &whole[..5000]);
    let copy = fs::read(place.file("vault.db.bak")).expect("reads");
    // A page that nothing but the check reads.
    let mut hole = copy.clone();
    let at = page_of(&place.file("vault.db.bak"), "event");
    hole[at..at + 4096].fill(0xff);
    for damaged in [
        hole,
        copy[..8192].to_vec(),
        b"not a copy".to_vec(),
        Vec::new(),
    ] {
        write_file(&place, "vault.db.bak", &damaged);
        assert_eq!(
            refused(Vault::restore(&place.home(), SOON, T1)),
            VaultError::NoCopy
        );
        assert_eq!(
            fs::read(place.file("vault.db")).expect("reads"),
            whole[..5000]
        );
    }
}

#[test]
fn u_07_a_worker_at_work_is_waited_for_and_an_old_handle_spoils_nothing() {
    let place = Place::new();
    let mut old = place.vault();
    let one = signed_in(&mut old, "one", 1);
    let lock = old.lock_grant(&one.id, Duration::ZERO).expect("free");
    assert!(matches!(
        refused(Vault::restore(&place.home(), SOON, T1)),
        VaultError::Busy { .. }
    ));
    drop(lock);
    Vault::restore(&place.home(), SOON, T1).expect("restored");
    let copy = fs::read(place.file("vault.db.bak")).expect("reads");
    assert_eq!(
        refused(old.add(&sample("two", 2), None, T1)),
        VaultError::Replaced
    );
    assert_eq!(refused(old.db.back_up()), VaultError::Replaced);
    assert_eq!(fs::read(place.file("vault.db.bak")).expect("reads"), copy);
}

#[test]
fn u_07_a_copy_is_made_once_a_day_and_never_of_a_damaged_vault() {
    let place = Place::new();
    let mut vault = place.vault();
    let mut one = signed_in(&mut vault, "one", 1);
    let copy = || fs::read(place.file("vault.db.bak")).expect("reads");
    let made_ago = |seconds| {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(T1.0.unsigned_abs() - seconds);
        fs::File::options()
            .write(true)
            .open(place.file("vault.db.bak"))
            .and_then(|file| file.set_modified(at))
            .expect("set");
    };
    let mut refresh = |token: &str| {
        let intent = vault.begin_refresh(&one, T1).expect("begun");
        vault
            .commit_refresh(&one, &intent, &refreshed(token, None), T1)
            .expect("committed");
        one = reload(&vault, &one);
    };
    let before = copy();
    made_ago(60 * 60 * 24 - 1);
    refresh("a2");
    assert!(copy() == before, "not yet");
    made_ago(60 * 60 * 24);
    refresh("a3");
    assert!(copy() != before, "a day later");

    let before = copy();
    vault.db.checkpoint().expect("checkpoint");
    drop(vault);
    let mut bytes = fs::read(place.file("vault.db")).expect("reads");
    let at = page_of(&place.file("vault.db"), "event");
    bytes[at..at + 16].fill(0xff);
    fs::write(place.file("vault.db"), &bytes).expect("writes");
    let vault = place.again();
    assert!(matches!(
        refused(vault.db.back_up()),
        VaultError::Damaged(_)
    ));
    assert!(copy() == before);
}

#[test]
fn u_08_a_newer_vault_is_not_replaced_by_its_copy() {
    let place = Place::new();
    drop(written(&place));
    place.sql("PRAGMA user_version = 3");
    let before = fs::read(place.file("vault.db")).expect("reads");
    assert_eq!(
        refused(Vault::restore(&place.home(), SOON, T1)),
        VaultError::NewerFormat(3)
    );
    assert_eq!(fs::read(place.file("vault.db")).expect("reads"), before);
}

#[test]
fn ft_39_j_14_every_copy_and_every_older_state_asks_before_its_first_refresh() {
    let rounds = std::env::var("VALETKEY_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(8);
    for round in 0..rounds {
        let place = Place::new();
        let older = written(&place);
        let note = place.0.path().join("state/valetkey/seen");
        match round % 4 {
            // To another machine, with everything that lies beside it.
            0 => {
                let text = fs::read_to_string(&note).expect("a note");
                let mut seen: serde_json::Value = serde_json::from_str(&text).expect("json");
                seen["machine"] = format!("machine {round}").into();
                fs::write(&note, seen.to_string()).expect("written");
            }
            1 => fs::remove_file(&note).expect("the vault alone was copied"),
            2 => {
                let mut vault = place.again();
                let one = vault.connection("one").expect("reads").expect("there");
                let intent = vault.begin_refresh(&one, T1).expect("begun");
                vault
                    .commit_refresh(&one, &intent, &refreshed("a3", Some("r3")), T1)
                    .expect("committed");
                drop(vault);
                fs::write(place.file("vault.db"), &older).expect("an older state");
            }
            _ => {
                Vault::restore(&place.home(), SOON, T1).expect("restored");
            }
        }
        for _ in 0..2 {
            let mut vault = place.again();
            let one = vault.connection("one").expect("reads").expect("there");
            assert_eq!(
                refused(vault.begin_refresh(&one, T1)),
                VaultError::Moved,
                "{round}"
            );
            assert_eq!(vault.pending_intent(&one.id), Ok(None));
            assert!(
                access_of(&vault, &one).is_some(),
                "what is there is handed out"
            );
        }
        let mut vault = place.again();
        vault.adopt(T1).expect("decided");
        let one = vault.connection("one").expect("reads").expect("there");
        vault.begin_refresh(&one, T1).expect("begun");
        assert!(!place.locked().status().expect("status").moved);
    }
}

#[test]
fn j_14_a_refresh_cut_off_elsewhere_is_not_repeated_by_a_copy() {
    let place = Place::new();
    let mut vault = place.vault();
    let one = signed_in(&mut vault, "one", 1);
    let intent = vault.begin_refresh(&one, T1).expect("begun");
    drop(vault);
    fs::remove_file(place.0.path().join("state/valetkey/seen")).expect("removed");
    let mut vault = place.again();
    assert_eq!(
        refused(vault.note_retry(&one, &intent, T1)),
        VaultError::Moved
    );
}
