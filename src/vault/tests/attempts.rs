//! Notes of sign-ins under way, and the codes they leave.

use super::*;
use crate::model::Seconds;

#[test]
fn z_10_a_note_lists_its_sign_in_only_once_nobody_holds_it() {
    let place = Place::new();
    let (home, id) = (place.home(), sample("notes", 1).id);
    let mut note = AttemptNote::begin(&home, &id, T0).expect("noted");
    note.has_code(Some(T0.plus(Seconds(900))));
    assert_eq!(interrupted_attempts(&home), [], "it is under way");
    assert!(AttemptNote::begin(&home, &id, T0).is_none(), "only one");
    forget_attempt(&home, &id);
    drop(note);
    let left = InterruptedAttempt {
        connection: id.clone(),
        began: T0,
        code_until: Some(T0.plus(Seconds(900))),
    };
    assert_eq!(interrupted_attempts(&home), [left]);
    forget_attempt(&home, &id);
    assert_eq!(interrupted_attempts(&home), []);
    AttemptNote::begin(&home, &id, T0).expect("noted").end();
    assert_eq!(interrupted_attempts(&home), [], "it is over");
    assert!(AttemptNote::begin(&Home::Memory, &id, T0).is_none());
}

#[test]
fn z_10_strange_files_among_the_notes_are_no_sign_ins() {
    let place = Place::new();
    let (home, id) = (place.home(), sample("notes", 1).id);
    drop(AttemptNote::begin(&home, &id, T0));
    let Home::Disk { state, .. } = &home else {
        unreachable!("on disk")
    };
    let folder = state.join("attempts");
    let note = folder.join(id.as_str());
    for text in ["", "x y\n", "1700000000", &"1".repeat(4096)] {
        std::fs::write(&note, text).expect("written");
        assert_eq!(interrupted_attempts(&home), [], "{text:?}");
    }
    std::fs::remove_file(&note).expect("removed");
    std::os::unix::fs::symlink("/etc/hostname", &note).expect("a link");
    std::fs::write(folder.join("..data"), "1 -\n").expect("written");
    assert_eq!(interrupted_attempts(&home), []);
}

#[test]
fn z_10_k_08_a_device_code_is_sealed_and_goes_with_the_sign_in() {
    let place = Place::new();
    let mut vault = place.vault();
    let connection = signed_in(&mut vault, "notes", 1);
    let code = secret("device-canary");
    let kept = |vault: &Vault| {
        let code = vault.device_code(&connection).expect("reads");
        code.map(|code| code.reveal().to_owned())
    };
    vault
        .keep_device_code(&connection, &code, T0)
        .expect("kept");
    assert_eq!(kept(&vault).as_deref(), Some("device-canary"));
    vault
        .forget_device_code(&connection.id, T0)
        .expect("erased");
    assert_eq!(kept(&vault), None);
    vault
        .keep_device_code(&connection, &code, T0)
        .expect("kept");
    vault
        .store_candidate(&connection, &candidate("access-2", None), T0)
        .expect("stored");
    assert_eq!(kept(&vault), None, "spent");
    vault
        .keep_device_code(&connection, &code, T0)
        .expect("kept");
    vault.remove(&connection.id, false, T0).expect("removed");
    drop(vault);
    let bytes = std::fs::read(place.file("vault.db")).expect("read");
    assert!(!bytes.windows(13).any(|part| part == b"device-canary"));
}
