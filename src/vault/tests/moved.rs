//! Copies and rollbacks are noticed (conformance J-14).

use std::fs;

use super::*;

fn moved(place: &Place) -> bool {
    place.locked().status().expect("status").moved
}

fn note(place: &Place) -> PathBuf {
    place.0.path().join("state/valetkey/seen")
}

/// The whole vault as one file, as a backup program would keep it.
fn keep(place: &Place) -> Vec<u8> {
    let vault = place.again();
    vault.db.checkpoint().expect("checkpoint");
    drop(vault);
    fs::read(place.file("vault.db")).expect("reads")
}

#[test]
fn j_14_a_vault_in_its_place_is_not_moved() {
    let place = Place::new();
    let mut vault = place.vault();
    let connection = signed_in(&mut vault, "github", 1);
    assert!(!moved(&place));
    let intent = vault.begin_refresh(&connection, T1).expect("begun");
    vault
        .commit_refresh(&connection, &intent, &refreshed("a2", None), T1)
        .expect("committed");
    drop(vault);
    assert!(!moved(&place));
}

#[test]
fn j_14_an_older_state_written_back_is_noticed() {
    let place = Place::new();
    drop(place.vault());
    let kept = keep(&place);
    signed_in(&mut place.again(), "github", 1);
    assert!(!moved(&place));
    // Same file, same disk: only the count of changes tells.
    fs::write(place.file("vault.db"), kept).expect("written back");
    assert!(moved(&place));
}

#[test]
fn j_14_a_copied_file_is_noticed() {
    let place = Place::new();
    signed_in(&mut place.vault(), "github", 1);
    let kept = keep(&place);
    let copy = place.file("copy");
    fs::write(&copy, kept).expect("written");
    fs::set_permissions(
        &copy,
        fs::metadata(place.file("vault.db"))
            .expect("mode")
            .permissions(),
    )
    .expect("mode");
    fs::rename(&copy, place.file("vault.db")).expect("replaced");
    assert!(moved(&place));
}

#[test]
fn j_14_another_machine_another_vault_or_no_note_is_noticed() {
    let place = Place::new();
    drop(place.vault());
    let text = fs::read_to_string(note(&place)).expect("a note");
    let seen: serde_json::Value = serde_json::from_str(&text).expect("json");
    for (field, value) in [("machine", "another"), ("vault", "another")] {
        let mut changed = seen.clone();
        changed[field] = value.into();
        fs::write(note(&place), changed.to_string()).expect("written");
        assert!(moved(&place), "{field}");
    }
    fs::write(note(&place), "{").expect("written");
    assert!(moved(&place));
    fs::remove_file(note(&place)).expect("removed");
    assert!(moved(&place));
    fs::write(note(&place), text).expect("written");
    assert!(!moved(&place));
}

#[test]
fn j_14_a_moved_vault_keeps_saying_so_until_somebody_decides() {
    let place = Place::new();
    drop(place.vault());
    fs::remove_file(note(&place)).expect("removed");
    signed_in(&mut place.again(), "github", 1);
    assert!(moved(&place));
}

#[test]
fn j_14_nothing_is_spent_from_a_moved_vault_until_it_is_adopted() {
    let place = Place::new();
    let connection = signed_in(&mut place.vault(), "github", 1);
    fs::remove_file(note(&place)).expect("removed");
    let mut vault = place.again();
    let refused = vault.begin_refresh(&connection, T1).expect_err("refused");
    assert_eq!(refused, VaultError::Moved);
    assert_eq!(vault.pending_intent(&connection.id), Ok(None));
    // Told by another program, this one sees it.
    place.again().adopt(T1).expect("adopted");
    assert!(!vault.status().expect("status").moved);
    vault.begin_refresh(&connection, T1).expect("begun");
}

#[test]
fn j_14_a_copy_repeats_no_presentation_either() {
    let place = Place::new();
    let mut vault = place.vault();
    let connection = signed_in(&mut vault, "github", 1);
    let intent = vault.begin_refresh(&connection, T1).expect("begun");
    drop(vault);
    fs::remove_file(note(&place)).expect("removed");
    let refused = place.again().note_retry(&connection, &intent, T1);
    assert_eq!(refused, Err(VaultError::Moved));
}

/// A disk that fails for a moment must not make the vault look like another one for ever.
#[test]
fn j_14_a_note_that_cannot_be_read_is_the_disks_fault() {
    let place = Place::new();
    let connection = signed_in(&mut place.vault(), "github", 1);
    let kept = fs::read(note(&place)).expect("a note");
    fs::remove_file(note(&place)).expect("removed");
    // Whoever reads a folder as a file gets an error that is not "not found", root included.
    fs::create_dir(note(&place)).expect("made");
    let mut vault = place.again();
    let refused = vault.begin_refresh(&connection, T1).expect_err("refused");
    assert!(matches!(refused, VaultError::Disk(_)), "{refused:?}");
    fs::remove_dir(note(&place)).expect("removed");
    fs::write(note(&place), kept).expect("written");
    vault.begin_refresh(&connection, T1).expect("begun");
}
