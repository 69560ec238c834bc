//! Key slots, keychain faults, passphrases.

use super::*;

fn on_keychain(place: &Place, keychain: &FakeKeychain) -> Vault {
    Vault::create(&place.home(), NewSlot::Keychain(keychain), T0).expect("created")
}

#[test]
fn t_02_the_keychain_holds_one_small_item_whatever_the_vault_holds() {
    let place = Place::new();
    let keychain = FakeKeychain::new();
    let mut vault = on_keychain(&place, &keychain);
    let connection = sample("big", 1);
    vault.add(&connection, None, T0).expect("added");
    let long = "x".repeat(64 * 1024);
    sign_in(&mut vault, &connection, &long, Some(&long));
    drop(vault);

    let mut vault = place.locked();
    vault.unlock(Unlock::Keychain(&keychain)).expect("unlocked");
    let connection = reload(&vault, &connection);
    assert_eq!(access_of(&vault, &connection), Some(long.clone()));
    assert_eq!(refresh_of(&vault, &connection), Some(long));
    assert_eq!(keychain.count(), 1);
    let entries = keychain.entries.lock().expect("lock");
    assert!(entries.values().all(|entry| entry.len() < 64));
}

#[test]
fn t_04_each_keychain_fault_is_an_error_of_its_own_and_nothing_is_made() {
    let faults = [
        KeychainError::Absent,
        KeychainError::NoCollection,
        KeychainError::Locked,
        KeychainError::Unresponsive,
        KeychainError::Refused(Untrusted::new("no")),
    ];
    for fault in faults {
        let place = Place::new();
        let keychain = FakeKeychain::with(Fault::Every(fault.clone()));
        let made = Vault::create(&place.home(), NewSlot::Keychain(&keychain), T0);
        assert_eq!(refused(made), VaultError::Keychain(fault.clone()));
        assert!(Vault::open(&place.home()).expect("opens").is_none());

        keychain.set(Fault::None);
        let mut vault = on_keychain(&place, &keychain);
        vault.lock();
        keychain.set(Fault::Every(fault.clone()));
        assert_eq!(
            refused(vault.unlock(Unlock::Keychain(&keychain))),
            VaultError::Keychain(fault)
        );
        assert!(!vault.is_unlocked());
    }
}

#[test]
fn t_06_a_keychain_that_forgets_or_garbles_is_noticed_when_the_slot_is_made() {
    for fault in [Fault::StoresNothing, Fault::Garbles] {
        let place = Place::new();
        let keychain = FakeKeychain::with(fault);
        let made = Vault::create(&place.home(), NewSlot::Keychain(&keychain), T0);
        assert_eq!(refused(made), VaultError::NotKept);
        assert_eq!(keychain.count(), 0);
        assert!(Vault::open(&place.home()).expect("opens").is_none());
    }
}

#[test]
fn t_10_f22_an_entry_that_is_no_key_opens_nothing_and_loses_nothing() {
    let place = Place::new();
    let keychain = FakeKeychain::new();
    let mut vault = on_keychain(&place, &keychain);
    let connection = sample("github", 1);
    vault.add(&connection, None, T0).expect("added");
    sign_in(&mut vault, &connection, "access", Some("refresh"));
    drop(vault);
    let put = |text: &str| {
        for entry in keychain.entries.lock().expect("lock").values_mut() {
            *entry = secret(text);
        }
    };
    let good = {
        let entries = keychain.entries.lock().expect("lock");
        entries.values().next().expect("entry").reveal().to_owned()
    };
    let long = format!("{good}A");
    let twice = good.repeat(2);
    let padded = format!("{good}=");
    let spaced = format!(" {good}");
    let hexadecimal = "00".repeat(32);
    for wrong in [
        "",
        "A",
        "AAAA",
        &good[..42],
        &long,
        &twice,
        &padded,
        &spaced,
        &hexadecimal,
        "not base64!",
        "\u{2713}",
    ] {
        put(wrong);
        let mut vault = place.locked();
        assert_eq!(
            refused(vault.unlock(Unlock::Keychain(&keychain))),
            VaultError::Keychain(KeychainError::Damaged),
            "{wrong:?}"
        );
        assert!(!vault.is_unlocked());
        let kept = vault.summaries().expect("reads").len();
        assert_eq!(kept, 1, "the connections are kept");
    }
    put(&good);
    let mut vault = place.locked();
    vault.unlock(Unlock::Keychain(&keychain)).expect("unlocked");
    let connection = reload(&vault, &connection);
    assert_eq!(access_of(&vault, &connection), Some("access".to_owned()));
}

#[test]
fn t_04_a_lost_a_garbled_and_a_foreign_entry_are_told_apart() {
    let (place, other) = (Place::new(), Place::new());
    let keychain = FakeKeychain::new();
    let mut vault = on_keychain(&place, &keychain);
    vault.lock();

    keychain.set(Fault::Garbles);
    assert_eq!(
        refused(vault.unlock(Unlock::Keychain(&keychain))),
        VaultError::Keychain(KeychainError::Damaged)
    );

    keychain.set(Fault::None);
    let foreign = FakeKeychain::new();
    on_keychain(&other, &foreign);
    let entry = foreign
        .entries
        .lock()
        .expect("lock")
        .values()
        .next()
        .expect("entry")
        .duplicate();
    for mine in keychain.entries.lock().expect("lock").values_mut() {
        *mine = entry.duplicate();
    }
    assert_eq!(
        refused(vault.unlock(Unlock::Keychain(&keychain))),
        VaultError::WrongKey
    );

    keychain.empty();
    assert_eq!(
        refused(vault.unlock(Unlock::Keychain(&keychain))),
        VaultError::KeyGone
    );
}

#[test]
fn t_02_a_wrong_passphrase_and_a_missing_slot_are_told_apart() {
    let place = Place::new();
    drop(place.vault());
    let mut vault = place.locked();
    assert_eq!(
        refused(vault.unlock(Unlock::Passphrase(&secret("wrong")))),
        VaultError::WrongKey
    );
    assert_eq!(
        refused(vault.unlock(Unlock::Keychain(&FakeKeychain::new()))),
        VaultError::NoSlot(SlotKind::Keychain)
    );
    assert!(!vault.is_unlocked());
    vault
        .unlock(Unlock::Passphrase(&secret(PASSPHRASE)))
        .expect("unlocked");
    vault.lock();
    assert!(vault.key().is_none());
}

#[test]
fn t_02_a_key_handed_over_is_checked() {
    let place = Place::new();
    let vault = place.vault();
    let bytes = *vault.key().expect("unlocked").as_bytes();
    let mut worker = place.locked();
    assert_eq!(
        refused(worker.unlock(Unlock::Key(VaultKey::from_bytes([7; 32])))),
        VaultError::Rekeyed
    );
    worker
        .unlock(Unlock::Key(VaultKey::from_bytes(bytes)))
        .expect("unlocked");
    assert!(worker.is_unlocked());
}

#[test]
fn t_02_several_slots_open_the_same_vault_until_one_is_removed() {
    let place = Place::new();
    let keychain = FakeKeychain::new();
    let mut vault = on_keychain(&place, &keychain);
    let connection = signed_in(&mut vault, "github", 1);
    vault
        .add_slot_with(NewSlot::Passphrase(&secret(PASSPHRASE)), CHEAP, T1)
        .expect("added");
    assert_eq!(
        access_of(&place.again(), &connection).as_deref(),
        Some(ACCESS)
    );

    let slots = vault.status().expect("status").slots;
    assert_eq!(
        slots.iter().map(|slot| slot.kind).collect::<Vec<_>>(),
        [SlotKind::Keychain, SlotKind::Passphrase]
    );
    vault
        .remove_slot(slots[0].id, Some(&keychain), T1)
        .expect("removed");
    assert_eq!(keychain.count(), 0);
    assert_eq!(
        refused(vault.unlock(Unlock::Keychain(&keychain))),
        VaultError::NoSlot(SlotKind::Keychain)
    );
    assert_eq!(
        refused(vault.remove_slot(slots[0].id, None, T1)),
        VaultError::UnknownSlot
    );
    assert_eq!(
        refused(vault.remove_slot(slots[1].id, None, T1)),
        VaultError::LastSlot
    );
    assert_eq!(
        access_of(&place.again(), &connection).as_deref(),
        Some(ACCESS)
    );
}

#[test]
fn t_02_a_removed_slot_leaves_nothing_that_opens() {
    let place = Place::new();
    let mut vault = place.vault();
    let wrapped: Vec<u8> = vault
        .db
        .read()
        .query_row("SELECT wrapped FROM slot", [], |row| row.get(0))
        .expect("a slot");
    let is_left = || {
        all_bytes(&place.data())
            .windows(wrapped.len())
            .any(|part| part == wrapped)
    };
    assert!(is_left());
    vault
        .add_slot_with(NewSlot::Passphrase(&secret("another")), CHEAP, T1)
        .expect("added");
    vault.remove_slot(1, None, T1).expect("removed");
    assert!(!is_left());
}

#[test]
fn t_03_a_slot_that_asks_for_absurd_work_is_refused() {
    for change in [
        "memory_kib = 4000000000",
        "passes = 100000",
        "lanes = 99",
        "passes = 0",
    ] {
        let place = Place::new();
        drop(place.vault());
        place.sql(&format!("UPDATE slot SET {change}"));
        assert_eq!(
            refused(
                place
                    .locked()
                    .unlock(Unlock::Passphrase(&secret(PASSPHRASE)))
            ),
            VaultError::Damaged("a key slot"),
            "{change}"
        );
    }
}

#[test]
fn t_03_a_slot_made_cheaper_does_not_open() {
    let place = Place::new();
    drop(place.vault());
    place.sql("UPDATE slot SET passes = 2");
    assert_eq!(
        refused(
            place
                .locked()
                .unlock(Unlock::Passphrase(&secret(PASSPHRASE)))
        ),
        VaultError::WrongKey
    );
}

#[test]
fn design_4_a_new_passphrase_slot_costs_at_least_the_agreed_work() {
    let vault = Vault::create(&Home::Memory, NewSlot::Passphrase(&secret(PASSPHRASE)), T0)
        .expect("created");
    let (memory, passes): (u32, u32) = vault
        .db
        .read()
        .query_row("SELECT memory_kib, passes FROM slot", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .expect("a slot");
    assert!(memory >= 64 * 1024 && passes >= 3, "{memory} {passes}");
}

#[test]
fn design_4_a_memory_vault_works_and_touches_no_disk() {
    let mut vault = Vault::memory(T0).expect("made");
    let connection = signed_in(&mut vault, "github", 1);
    assert_eq!(access_of(&vault, &connection).as_deref(), Some(ACCESS));
    let status = vault.status().expect("status");
    assert!(status.memory && status.unlocked && status.path.is_none() && !status.moved);
    assert!(Vault::open(&Home::Memory).expect("opens").is_none());
}

#[test]
fn design_4_definitions_are_readable_while_locked_and_secrets_are_not() {
    let place = Place::new();
    let connection = signed_in(&mut place.vault(), "github", 1);
    let mut vault = place.locked();
    assert_eq!(vault.summaries().expect("reads").len(), 1);
    assert_eq!(reload(&vault, &connection), connection);
    assert_eq!(refused(vault.access_token(&connection)), VaultError::Locked);
    assert_eq!(
        refused(vault.client_secret(&connection)),
        VaultError::Locked
    );
    assert_eq!(refused(vault.prove_storage(T1)), VaultError::Locked);
    assert_eq!(
        refused(vault.begin_refresh(&connection, T1)),
        VaultError::Locked
    );
    vault
        .add(&sample("plain", 2), None, T1)
        .expect("no secret to seal");
    assert_eq!(
        refused(vault.add(&sample("sealed", 3), Some(&secret("x")), T1)),
        VaultError::Locked
    );
}
