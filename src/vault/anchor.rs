//! The anchor: a note outside the vault by which copies and rollbacks are noticed (conformance J-14).
//!
//! Two copies of one refresh token end the sign-in at providers that detect reuse.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{VaultError, home, slots};

/// What was last seen of a vault on this machine. The device number is left out: it may change
/// with every start of the machine.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    pub(super) vault: String,
    /// Highest number of changes; a vault with fewer was restored from a copy.
    pub(super) changes: u64,
    /// Digest over the machine's own identity, where the system has one.
    pub(super) machine: Option<String>,
    pub(super) inode: u64,
}

impl Seen {
    /// # Errors
    /// The machine's identity is there and cannot be read: without it this would look like another
    /// machine.
    pub(super) fn now(vault: &str, changes: u64, inode: u64) -> io::Result<Self> {
        Ok(Self {
            vault: vault.to_owned(),
            changes,
            machine: machine(vault)?,
            inode,
        })
    }

    /// Whether this vault is another copy than the one last seen.
    pub(super) fn is_older_or_elsewhere_than(&self, last: &Self) -> bool {
        self.vault != last.vault
            || self.changes < last.changes
            || self.machine != last.machine
            || self.inode != last.inode
    }
}

/// The note in `state`; `None` when there is none, or one that is not ours.
pub(super) fn read(state: &Path) -> io::Result<Option<Seen>> {
    Ok(read_if_there(&note(state))?.and_then(|text| serde_json::from_slice(&text).ok()))
}

fn read_if_there(file: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Replaces the note: old or new, never neither (conformance U-03).
pub(super) fn write(state: &Path, seen: &Seen) -> Result<(), VaultError> {
    home::private_folder(state)?;
    let mut file = home::temporary_file(state, ".seen-")?;
    file.write_all(&serde_json::to_vec(seen).map_err(io::Error::from)?)?;
    file.as_file().sync_all()?;
    file.persist(note(state)).map_err(|failed| failed.error)?;
    home::sync_folder(state)?;
    Ok(())
}

fn note(state: &Path) -> PathBuf {
    state.join("seen")
}

/// Never the identity itself: machine-id(5) asks programs not to spread it.
fn machine(vault: &str) -> io::Result<Option<String>> {
    let Some(id) = read_if_there(Path::new("/etc/machine-id"))? else {
        return Ok(None);
    };
    let mut hash = Sha256::new();
    hash.update(vault);
    hash.update(&id);
    Ok(Some(slots::hex(&hash.finalize())))
}
