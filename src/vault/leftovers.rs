//! Entries in the keychain that no slot may need any more.
//!
//! A keychain takes no part in the vault's transactions, and cannot be asked what it holds. So the
//! names of entries about to come or go are noted beside the anchor first, and each change of slots
//! ends by removing those that no slot refers to: what a killed change left goes with the next one.
//! The caller holds the lock of the slots, or another's new entry would look like a leftover.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rusqlite::Connection as Sql;

use super::slots::{self, SlotLock};
use super::{Keychain, KeychainError, VaultError, home};

/// Entries to be looked after until a change of slots is over.
pub(super) struct Leftovers<'a> {
    state: Option<PathBuf>,
    /// Those of this change, the new ones first.
    accounts: Vec<String>,
    keychain: Option<&'a dyn Keychain>,
}

impl<'a> Leftovers<'a> {
    /// For a change that touches no keychain.
    pub(super) fn none() -> Self {
        Self {
            state: None,
            accounts: Vec::new(),
            keychain: None,
        }
    }

    /// Notes the entries, durably, before the first of them is written or the change is made.
    pub(super) fn expected(
        state: Option<&Path>,
        accounts: Vec<String>,
    ) -> Result<Self, VaultError> {
        if let Some(state) = state {
            let mut noted = read(state);
            noted.extend(accounts.iter().cloned());
            write(state, &noted)?;
        }
        Ok(Self {
            state: state.map(Path::to_owned),
            accounts,
            keychain: None,
        })
    }

    pub(super) fn with(mut self, keychain: &'a dyn Keychain) -> Self {
        self.keychain = Some(keychain);
        self
    }

    /// The name of the entry of a single new slot.
    pub(super) fn first(&self) -> &str {
        self.accounts.first().map_or("", String::as_str)
    }

    /// Removes every noted entry that no slot refers to. One that cannot be removed now opens
    /// nothing; it stays noted for the next time.
    pub(super) fn clear_up(self, sql: &Sql) {
        let (Some(keychain), Ok(slots)) = (self.keychain, slots::all(sql)) else {
            return;
        };
        let in_use: BTreeSet<String> = slots
            .into_iter()
            .filter_map(|(_, slot)| match slot.lock {
                SlotLock::Keychain { account } => Some(account),
                SlotLock::Passphrase { .. } => None,
            })
            .collect();
        let mut noted = self.state.as_deref().map(read).unwrap_or_default();
        noted.extend(self.accounts);
        let left: BTreeSet<String> = noted
            .difference(&in_use)
            .filter(|account| {
                !matches!(
                    keychain.delete(account),
                    Ok(()) | Err(KeychainError::NoEntry)
                )
            })
            .cloned()
            .collect();
        if let Some(state) = self.state {
            if left.is_empty() {
                let _ = fs::remove_file(note(&state));
            } else {
                let _ = write(&state, &left);
            }
        }
    }
}

fn read(state: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(note(state)).unwrap_or_default();
    let noted: BTreeSet<String> = serde_json::from_str(&text).unwrap_or_default();
    // Whatever else stands there is no entry of a vault.
    noted
        .into_iter()
        .filter(|account| account.starts_with(slots::ACCOUNT))
        .collect()
}

fn write(state: &Path, accounts: &BTreeSet<String>) -> Result<(), VaultError> {
    home::private_folder(state)?;
    let mut file = home::temporary_file(state, ".keychain-entries-")?;
    file.write_all(&serde_json::to_vec(accounts).map_err(io::Error::from)?)?;
    file.as_file().sync_all()?;
    file.persist(note(state)).map_err(|failed| failed.error)?;
    home::sync_folder(state)?;
    Ok(())
}

fn note(state: &Path) -> PathBuf {
    state.join("keychain-entries")
}
