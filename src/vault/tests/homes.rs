//! Folders, modes, masks; making and opening.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use super::*;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).expect("is there").mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("mode");
}

fn problem_of(place: &Place) -> Option<PrivacyProblem> {
    match refused(Vault::open(&place.home()).map(|_| ())) {
        VaultError::NotPrivate { problem, .. } => Some(problem),
        _ => None,
    }
}

fn make_and_use(home: &Home) {
    let passphrase = secret(PASSPHRASE);
    let slot = NewSlot::Passphrase(&passphrase);
    let mut vault = Vault::create_with(home, slot, CHEAP, T0).expect("created");
    let connection = signed_in(&mut vault, "github", 1);
    vault
        .lock_grant(&connection.id, std::time::Duration::ZERO)
        .expect("free");
}

#[test]
fn u_01_folders_and_files_are_private_whatever_the_mask() {
    if let Some(folder) = child_place() {
        return make_and_use(&Home::Disk {
            data: folder.join("share/valetkey"),
            state: folder.join("state/valetkey"),
        });
    }
    for mask in ["000", "022", "777"] {
        let place = Place::new();
        let made = child(
            "homes::u_01_folders_and_files_are_private_whatever_the_mask",
            &format!("umask {mask};"),
            place.0.path(),
        )
        .output()
        .expect("ran");
        assert!(
            made.status.success(),
            "{mask}: {}",
            String::from_utf8_lossy(&made.stdout)
        );
        let mut files = Vec::new();
        for folder in [
            "share",
            "state",
            "share/valetkey",
            "state/valetkey",
            "share/valetkey/locks",
        ] {
            let path = place.0.path().join(folder);
            assert_eq!(mode(&path), 0o700, "{mask}: {folder}");
            for entry in fs::read_dir(&path).expect("lists") {
                let path = entry.expect("entry").path();
                if path.is_file() {
                    assert_eq!(mode(&path), 0o600, "{mask}: {}", path.display());
                    files.push(path.file_name().expect("name").to_owned());
                }
            }
        }
        for name in ["vault.db", "vault.db.bak", "seen"] {
            assert!(files.iter().any(|file| file == name), "{name}: {files:?}");
        }
    }
}

#[test]
fn u_01_the_files_beside_an_open_vault_are_private_too() {
    let place = Place::new();
    let mut vault = place.vault();
    signed_in(&mut vault, "github", 1);
    for name in ["vault.db", "vault.db-wal", "vault.db-shm", "vault.db.bak"] {
        assert_eq!(mode(&place.file(name)), 0o600, "{name}");
    }
}

#[test]
fn u_02_open_modes_are_refused() {
    for bits in [0o701, 0o710, 0o720, 0o755, 0o777] {
        let place = Place::new();
        drop(place.vault());
        set_mode(&place.data(), bits);
        assert_eq!(problem_of(&place), Some(PrivacyProblem::Mode), "{bits:o}");
    }
    for bits in [0o604, 0o640, 0o660, 0o666] {
        let place = Place::new();
        drop(place.vault());
        set_mode(&place.file("vault.db"), bits);
        assert_eq!(problem_of(&place), Some(PrivacyProblem::Mode), "{bits:o}");
    }
}

#[test]
fn u_02_a_parent_that_anybody_may_write_is_refused() {
    let place = Place::new();
    drop(place.vault());
    let parent = place.data().parent().expect("parent").to_owned();
    set_mode(&parent, 0o777);
    assert_eq!(problem_of(&place), Some(PrivacyProblem::Mode));
    // As /tmp: others may not replace what is not theirs.
    set_mode(&parent, 0o1777);
    assert!(Vault::open(&place.home()).expect("opens").is_some());
}

#[test]
fn u_02_links_and_other_types_are_refused() {
    let place = Place::new();
    drop(place.vault());
    let aside = place.0.path().join("aside");
    fs::rename(place.data(), &aside).expect("moved");
    std::os::unix::fs::symlink(&aside, place.data()).expect("linked");
    assert_eq!(problem_of(&place), Some(PrivacyProblem::Symlink));
    fs::remove_file(place.data()).expect("removed");
    fs::write(place.data(), "").expect("written");
    set_mode(&place.data(), 0o600);
    assert_eq!(problem_of(&place), Some(PrivacyProblem::Type));

    let place = Place::new();
    drop(place.vault());
    let aside = place.0.path().join("aside");
    fs::rename(place.file("vault.db"), &aside).expect("moved");
    std::os::unix::fs::symlink(&aside, place.file("vault.db")).expect("linked");
    assert_eq!(problem_of(&place), Some(PrivacyProblem::Symlink));
    fs::remove_file(place.file("vault.db")).expect("removed");
    home::private_folder(&place.file("vault.db")).expect("made");
    assert_eq!(problem_of(&place), Some(PrivacyProblem::Type));
}

#[test]
fn u_02_a_state_folder_that_is_a_link_makes_no_vault() {
    let place = Place::new();
    let Home::Disk { state, .. } = place.home() else {
        unreachable!("on disk")
    };
    fs::create_dir_all(state.parent().expect("parent")).expect("made");
    std::os::unix::fs::symlink(place.0.path(), &state).expect("linked");
    let passphrase = secret(PASSPHRASE);
    let slot = NewSlot::Passphrase(&passphrase);
    assert!(matches!(
        refused(Vault::create_with(&place.home(), slot, CHEAP, T0)),
        VaultError::NotPrivate {
            problem: PrivacyProblem::Symlink,
            ..
        }
    ));
    assert!(Vault::open(&place.home()).expect("opens").is_none());
}

#[test]
fn a_vault_is_made_once() {
    let place = Place::new();
    assert!(Vault::open(&place.home()).expect("opens").is_none());
    assert!(!place.data().exists(), "looking makes nothing");
    let vault = place.vault();
    let status = vault.status().expect("status");
    assert!(status.unlocked && !status.memory && !status.moved);
    assert_eq!(status.path, Some(place.file("vault.db")));
    assert_eq!((status.format, status.slots.len()), (1, 1));
    let passphrase = secret("another");
    let slot = NewSlot::Passphrase(&passphrase);
    assert_eq!(
        refused(Vault::create_with(&place.home(), slot, CHEAP, T1)),
        VaultError::AlreadyMade
    );
    assert_eq!(place.again().status().expect("status").id, status.id);
}

#[test]
fn an_interrupted_first_start_is_taken_up_again() {
    let place = Place::new();
    drop(db::Db::make(&place.data()).expect("made, not laid out"));
    assert!(Vault::open(&place.home()).expect("opens").is_none());
    drop(place.vault());
    assert!(!place.again().status().expect("status").moved);
}

#[test]
fn two_first_starts_at_once_make_one_vault() {
    let place = Place::new();
    let home = place.home();
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let keychain = FakeKeychain::new();
                    let made = Vault::create(&home, NewSlot::Keychain(&keychain), T0);
                    (made.map(|_| ()), keychain.count())
                })
            })
            .collect();
        starts
            .into_iter()
            .map(|start| start.join().expect("no panic"))
            .collect()
    });
    let made = outcomes.iter().filter(|(made, _)| made.is_ok()).count();
    assert_eq!(made, 1, "{outcomes:?}");
    for (outcome, entries) in &outcomes {
        match outcome {
            Ok(()) => assert_eq!(*entries, 1),
            Err(error) => {
                assert_eq!(error, &VaultError::AlreadyMade);
                assert_eq!(*entries, 0, "the loser leaves no entry");
            }
        }
    }
    assert!(!place.locked().status().expect("status").moved);
}

#[test]
fn a_read_only_folder_can_be_read() {
    let place = Place::new();
    let connection = signed_in(&mut place.vault(), "github", 1);
    let mut vault = Vault::open_by(&place.home(), db::connect_read_only)
        .expect("opens")
        .expect("made");
    vault
        .unlock(Unlock::Passphrase(&secret(PASSPHRASE)))
        .expect("unlocked");
    assert_eq!(access_of(&vault, &connection).as_deref(), Some(ACCESS));
    assert_eq!(
        refused(vault.prove_storage(T1)),
        VaultError::Disk(DiskFault::ReadOnly)
    );
}

#[test]
fn u_03_every_commit_is_synced() {
    let place = Place::new();
    let vault = place.vault();
    let asked = |pragma: &str| -> String {
        vault
            .db
            .read()
            .query_row(&format!("PRAGMA {pragma}"), [], |row| {
                row.get::<_, rusqlite::types::Value>(0)
            })
            .map(|value| format!("{value:?}"))
            .expect("answers")
    };
    assert_eq!(asked("journal_mode"), "Text(\"wal\")");
    assert_eq!(asked("synchronous"), "Integer(2)", "FULL");
    assert_eq!(asked("secure_delete"), "Integer(1)");
}

#[test]
fn u_05_ft_52_an_engine_without_locks_or_shared_memory_is_told_from_a_failing_disk() {
    use rusqlite::ffi;

    let told = |code| VaultError::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
    for code in [
        ffi::SQLITE_IOERR_SHMMAP,
        ffi::SQLITE_IOERR_SHMOPEN,
        ffi::SQLITE_IOERR_LOCK,
        ffi::SQLITE_PROTOCOL,
    ] {
        assert_eq!(told(code), VaultError::CannotLock, "{code}");
    }
    assert!(matches!(told(ffi::SQLITE_IOERR), VaultError::Disk(_)));
}

#[test]
fn ft_52_what_a_sync_program_kept_beside_the_vault_is_named() {
    let place = Place::new();
    let vault = place.vault();
    assert!(vault.conflicts().is_empty());
    let kept = [
        "vault (Ada's conflicted copy 2026-11-25).db",
        "vault.db.sync-conflict-20261125-101112-ABCDEFG",
        "vault.sync-conflict-20261125-101112-ABCDEFG.db",
    ]
    .map(|name| place.file(name));
    for path in &kept {
        fs::write(path, "another version").expect("written");
    }
    assert_eq!(vault.conflicts(), kept);
}
