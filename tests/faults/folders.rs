//! Folders without shared memory, as some network file systems offer them (FT-52).

use std::path::Path;
use std::process::Command;

use crate::vault_home::{PASSPHRASE, made};

/// A folder seen through a file system that refuses shared memory.
struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    fn of(under: &Path, at: &'a Path) -> Self {
        let mounted = Command::new("bindfs")
            .args(["-o", "direct_io"])
            .args([under, at])
            .status();
        assert!(mounted.expect("bindfs").success());
        Self(at)
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let ended = Command::new("fusermount").arg("-u").arg(self.0).status();
        assert!(ended.is_ok_and(|ended| ended.success()));
    }
}

#[test]
fn u_05_ft_52_without_shared_memory_no_vault_is_made_and_none_is_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let [under, at] = ["under", "at"].map(|name| {
        let path = folder.path().join(name);
        std::fs::create_dir(&path).expect("made");
        path
    });
    let passphrase = folder.path().join("passphrase");
    std::fs::write(&passphrase, PASSPHRASE).expect("written");
    made(&under.join("made"));
    let _mounted = Mounted::of(&under, &at);
    for (home, arguments) in [
        ("new", ["vault", "init"].as_slice()),
        ("made", &["list"]),
        ("made", &["vault", "rekey"]),
    ] {
        let ended = Command::new(env!("CARGO_BIN_EXE_valetkey"))
            .args(arguments)
            .env_clear()
            .env("VALETKEY_HOME", at.join(home))
            .env("VALETKEY_PASSPHRASE_FILE", &passphrase)
            .output()
            .expect("starts");
        let told = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(6), "{told}");
        assert!(told.contains("cannot lock files"), "{told}");
        assert!(
            told.contains("Keep the vault on a disk of this machine"),
            "{told}"
        );
    }
}
