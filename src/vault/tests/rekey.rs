//! A new vault key (conformance T-11), and one after the old was lost (T-10).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::*;
use crate::model::EndReason;

const SOON: Duration = Duration::from_millis(20);

fn rekey(vault: &mut Vault, keychain: &dyn Keychain, dropped: &[u32]) -> Result<(), VaultError> {
    let passphrases = [secret("of another slot"), secret(PASSPHRASE)];
    let with = Rekey {
        keychain,
        passphrases: &passphrases,
        dropped,
    };
    vault.rekey_with(&with, CHEAP, SOON, T1)
}

/// A vault with every kind of record, opened by a passphrase and by a keychain.
fn full(place: &Place, keychain: &FakeKeychain) -> (Vault, Connection, Connection) {
    let mut vault = place.vault();
    vault
        .add_slot(NewSlot::Keychain(keychain), T0)
        .expect("a second slot");
    let one = signed_in(&mut vault, "one", 1);
    vault
        .store_candidate(&one, &candidate("c", Some("d")), T0)
        .expect("stored");
    vault.begin_refresh(&one, T0).expect("begun");
    let two = signed_in(&mut vault, "two", 2);
    (vault, one, two)
}

fn assert_whole(vault: &mut Vault, one: &Connection, two: &Connection) {
    for connection in [one, two] {
        assert_eq!(access_of(vault, connection).as_deref(), Some(ACCESS));
        assert_eq!(refresh_of(vault, connection).as_deref(), Some(REFRESH));
        let client = vault.client_secret(connection).expect("opens");
        assert_eq!(client.expect("there").reveal(), CLIENT_SECRET);
    }
    let (access, refresh) = vault
        .candidate_tokens(one, &waiting_id())
        .expect("opens")
        .expect("waits");
    assert_eq!(access.reveal(), "c");
    assert_eq!(refresh.expect("there").reveal(), "d");
    let intent = vault.pending_intent(&one.id).expect("reads");
    let intent = intent.expect("pending");
    // The sealed half of the intent still matches.
    let again = vault.note_retry(one, &intent, T1).expect("matches");
    vault.undo_retry(one, &again, T1).expect("matches");
}

#[test]
fn t_11_a_new_key_opens_everything_and_the_old_one_nothing() {
    let place = Place::new();
    let keychain = FakeKeychain::new();
    let (mut vault, one, two) = full(&place, &keychain);
    let old = *vault.key().expect("open").as_bytes();
    rekey(&mut vault, &keychain, &[]).expect("a new key");
    assert_ne!(&old, vault.key().expect("open").as_bytes());
    assert_whole(&mut vault, &one, &two);
    assert_whole(&mut place.again(), &one, &two);
    let mut by_keychain = place.locked();
    by_keychain
        .unlock(Unlock::Keychain(&keychain))
        .expect("unlocked");
    assert_whole(&mut by_keychain, &one, &two);
    assert_eq!(
        refused(
            place
                .locked()
                .unlock(Unlock::Key(VaultKey::from_bytes(old)))
        ),
        VaultError::Rekeyed
    );
    assert_eq!(keychain.count(), 1, "the old entry is gone");
    assert!(!place.locked().status().expect("status").moved);
}

#[test]
fn t_11_nothing_that_the_old_key_opens_is_left_on_the_disk() {
    let place = Place::new();
    let keychain = FakeKeychain::new();
    let (mut vault, ..) = full(&place, &keychain);
    let old: Vec<Vec<u8>> = {
        let mut statement = vault
            .db
            .read()
            .prepare(
                "SELECT record FROM sealed UNION ALL SELECT wrapped FROM slot
                 UNION ALL SELECT verifier FROM vault",
            )
            .expect("reads");
        let rows = statement.query_map([], |row| row.get(0)).expect("rows");
        rows.map(|row| row.expect("a record")).collect()
    };
    assert_eq!(old.len(), 9 + 2 + 1);
    let left = || {
        let bytes = all_bytes(&place.data());
        let is_left = |record: &[u8]| bytes.windows(record.len()).any(|part| part == record);
        old.iter().filter(|record| is_left(record)).count()
    };
    assert_eq!(left(), old.len());
    rekey(&mut vault, &keychain, &[]).expect("a new key");
    assert_eq!(left(), 0);
}

#[test]
fn t_11_whoever_holds_the_old_key_is_told_to_unlock_again_and_spoils_nothing() {
    let place = Place::new();
    let keychain = FakeKeychain::new();
    let (mut vault, one, two) = full(&place, &keychain);
    let mut other = place.again();
    rekey(&mut vault, &keychain, &[]).expect("a new key");

    assert!(!other.key_fits().expect("reads"));
    assert_eq!(refused(other.access_token(&two)), VaultError::Rekeyed);
    assert_eq!(refused(other.client_secret(&two)), VaultError::Rekeyed);
    assert_eq!(refused(other.begin_refresh(&two, T1)), VaultError::Rekeyed);
    assert_eq!(refused(other.prove_storage(T1)), VaultError::Rekeyed);
    // Writing under the old key would lose what is written.
    assert_eq!(
        refused(other.store_candidate(&two, &candidate("x", None), T1)),
        VaultError::Rekeyed
    );
    assert_eq!(
        refused(other.add(&sample("three", 3), Some(&secret("s")), T1)),
        VaultError::Rekeyed
    );
    let added = other.add_slot_with(NewSlot::Passphrase(&secret("p")), CHEAP, T1);
    assert_eq!(refused(added), VaultError::Rekeyed);
    assert_eq!(
        refused(rekey(&mut other, &keychain, &[])),
        VaultError::Rekeyed
    );
    assert_whole(&mut vault, &one, &two);

    other
        .unlock(Unlock::Passphrase(&secret(PASSPHRASE)))
        .expect("unlocked again");
    assert_whole(&mut other, &one, &two);
}

#[test]
fn t_11_a_refresh_under_way_is_not_overtaken() {
    let place = Place::new();
    let keychain = FakeKeychain::new();
    let (mut vault, one, two) = full(&place, &keychain);
    let busy = place
        .locked()
        .lock_grant(&two.id, Duration::ZERO)
        .expect("free");
    assert!(matches!(
        refused(rekey(&mut vault, &keychain, &[])),
        VaultError::Busy { .. }
    ));
    assert_whole(&mut vault, &one, &two);
    drop(busy);
    rekey(&mut vault, &keychain, &[]).expect("a new key");
    assert_whole(&mut vault, &one, &two);
}

#[test]
fn t_11_a_slot_nobody_can_open_stops_it_unless_it_is_let_go() {
    let place = Place::new();
    let keychain = FakeKeychain::new();
    let (mut vault, one, two) = full(&place, &keychain);
    vault
        .add_slot_with(NewSlot::Passphrase(&secret("forgotten")), CHEAP, T0)
        .expect("a third slot");
    let entries = keychain.count();
    assert_eq!(
        refused(rekey(&mut vault, &keychain, &[])),
        VaultError::SlotPassphrase(3)
    );
    assert_eq!(keychain.count(), entries);
    assert_eq!(
        refused(rekey(&mut vault, &keychain, &[9])),
        VaultError::UnknownSlot
    );
    assert_eq!(
        refused(rekey(&mut vault, &keychain, &[1, 2, 3])),
        VaultError::LastSlot
    );
    rekey(&mut vault, &keychain, &[2, 3]).expect("a new key");
    let slots = vault.status().expect("status").slots;
    assert_eq!(slots.iter().map(|slot| slot.id).collect::<Vec<_>>(), [1]);
    assert_eq!(keychain.count(), 0, "the dropped slot's entry went too");
    assert_whole(&mut place.again(), &one, &two);
}

#[test]
fn t_06_t_11_a_keychain_that_forgets_leaves_the_old_key_in_force() {
    for fault in [
        Fault::StoresNothing,
        Fault::Every(KeychainError::Locked),
        Fault::Garbles,
    ] {
        let place = Place::new();
        let keychain = FakeKeychain::new();
        let (mut vault, one, two) = full(&place, &keychain);
        keychain.set(fault);
        refused(rekey(&mut vault, &keychain, &[]));
        keychain.set(Fault::None);
        let mut by_keychain = place.locked();
        by_keychain
            .unlock(Unlock::Keychain(&keychain))
            .expect("as before");
        assert_whole(&mut by_keychain, &one, &two);
        assert_eq!(keychain.count(), 1);
    }
}

/// A keychain at which the process is killed in the nth call, before or after it is done.
struct Killer<'k> {
    keychain: &'k FakeKeychain,
    calls_left: AtomicU32,
    after: bool,
}

impl Killer<'_> {
    fn call<T>(&self, work: impl FnOnce(&FakeKeychain) -> T) -> T {
        let last = self.calls_left.fetch_sub(1, Ordering::Relaxed) == 1;
        assert!(!last || self.after, "killed before it is done");
        let done = work(self.keychain);
        assert!(!last, "killed when it is done");
        done
    }
}

impl Keychain for Killer<'_> {
    fn read(&self, account: &str) -> Result<Secret, KeychainError> {
        self.call(|keychain| keychain.read(account))
    }

    fn write(&self, account: &str, entry: &Secret) -> Result<(), KeychainError> {
        self.call(|keychain| keychain.write(account, entry))
    }

    fn delete(&self, account: &str) -> Result<(), KeychainError> {
        self.call(|keychain| keychain.delete(account))
    }

    fn name(&self) -> String {
        self.call(|keychain| keychain.name())
    }
}

#[test]
fn t_11_whoever_is_killed_at_the_keychain_leaves_a_whole_vault_and_the_next_change_clears_up() {
    let mut killed = 0;
    for after in [false, true] {
        for calls in 1.. {
            let place = Place::new();
            let keychain = FakeKeychain::new();
            let (mut vault, one, two) = full(&place, &keychain);
            let fatal = Killer {
                keychain: &keychain,
                calls_left: AtomicU32::new(calls),
                after,
            };
            let done = catch_unwind(AssertUnwindSafe(|| rekey(&mut vault, &fatal, &[])));
            drop(vault);
            let mut vault = place.again();
            assert_whole(&mut vault, &one, &two);
            let mut by_keychain = place.locked();
            by_keychain
                .unlock(Unlock::Keychain(&keychain))
                .expect("old or new entry");
            assert_whole(&mut by_keychain, &one, &two);
            if done.is_ok() {
                break;
            }
            killed += 1;
            vault
                .add_slot_with(NewSlot::Keychain(&keychain), CHEAP, T1)
                .expect("the next change");
            assert_eq!(keychain.count(), 2, "one entry for each slot");
        }
    }
    // Write, read back, delete; each before and after.
    assert_eq!(killed, 6);
}

#[test]
fn t_03_t_11_a_record_that_does_not_open_stops_it() {
    let place = Place::new();
    let keychain = FakeKeychain::new();
    let (mut vault, one, two) = full(&place, &keychain);
    place.sql(&format!(
        "UPDATE sealed SET record = zeroblob(80) WHERE owner = '{}' AND kind = 'access-token'",
        two.id
    ));
    assert_eq!(
        refused(rekey(&mut vault, &keychain, &[])),
        VaultError::Tampered
    );
    assert_eq!(access_of(&place.again(), &one).as_deref(), Some(ACCESS));
}

#[test]
fn t_11_old_copies_that_somebody_still_reads_are_told() {
    let place = Place::new();
    let keychain = FakeKeychain::new();
    let (mut vault, one, two) = full(&place, &keychain);
    vault
        .db
        .read()
        .busy_timeout(Duration::ZERO)
        .expect("impatient");
    let reader = place.locked();
    reader
        .db
        .snapshot(|sql| {
            let _: i64 = sql.query_row("SELECT count(*) FROM sealed", [], |row| row.get(0))?;
            assert_eq!(
                refused(rekey(&mut vault, &keychain, &[])),
                VaultError::OldCopyLeft
            );
            Ok(())
        })
        .expect("read");
    assert_whole(&mut vault, &one, &two);
    assert_whole(&mut place.again(), &one, &two);
}

#[test]
fn t_10_after_the_key_is_lost_the_connections_are_kept_and_can_be_signed_in_again() {
    let place = Place::new();
    let keychain = FakeKeychain::new();
    let (vault, one, two) = full(&place, &keychain);
    drop(vault);
    keychain.empty();
    let mut vault = place.locked();
    let passphrase = secret("a new one");
    vault
        .start_over_with(NewSlot::Passphrase(&passphrase), CHEAP, SOON, T1)
        .expect("begun anew");
    let before = [one, two];
    let names: Vec<String> = vault
        .summaries()
        .expect("reads")
        .iter()
        .map(|row| row.name.to_string())
        .collect();
    assert_eq!(names, ["one", "two"]);
    for connection in &before {
        let now = reload(&vault, connection);
        assert_eq!(now.ended, Some(EndReason::VaultKeyGone));
        assert_eq!(now.provider, connection.provider);
        assert!(!now.registration.has_secret);
        assert_eq!(access_of(&vault, &now), None);
        assert_eq!(vault.candidate(&now.id), Ok(None));
        assert_eq!(vault.pending_intent(&now.id), Ok(None));
    }
    let mut again = place.locked();
    assert_eq!(
        refused(again.unlock(Unlock::Passphrase(&secret(PASSPHRASE)))),
        VaultError::WrongKey
    );
    again
        .unlock(Unlock::Passphrase(&passphrase))
        .expect("the new one opens");
    let connection = reload(&again, &before[1]);
    sign_in(&mut again, &connection, "fresh", None);
    let connection = reload(&again, &connection);
    assert_eq!(connection.ended, None);
    assert_eq!(access_of(&again, &connection).as_deref(), Some("fresh"));
}

#[test]
fn t_11_more_connections_than_open_files_are_allowed() {
    const COUNT: u8 = 60;
    if let Some(folder) = child_place() {
        let home = Home::Disk {
            data: folder.join("share/valetkey"),
            state: folder.join("state/valetkey"),
        };
        let mut vault = Vault::open(&home).expect("opens").expect("made");
        vault
            .unlock(Unlock::Passphrase(&secret(PASSPHRASE)))
            .expect("unlocked");
        return rekey(&mut vault, &FakeKeychain::new(), &[]).expect("a new key");
    }
    let place = Place::new();
    let mut vault = place.vault();
    for number in 0..COUNT {
        let connection = sample(&format!("c{number}"), number);
        vault.add(&connection, None, T0).expect("added");
    }
    drop(vault);
    let done = child(
        "rekey::t_11_more_connections_than_open_files_are_allowed",
        "ulimit -S -n 40;",
        place.0.path(),
    )
    .output()
    .expect("ran");
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stdout)
    );
    let rows = place.again().summaries().expect("reads").len();
    assert_eq!(rows, usize::from(COUNT));
}
