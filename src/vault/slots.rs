//! Key slots: several ways to the one vault key (as in LUKS). Each wraps it under a key of its own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::{Connection as Sql, params};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::passphrase::{Cost, Effort, calibrate, derive};
use super::seal::{self, Binding, Kind};
use super::{Keychain, KeychainError, VaultError, VaultKey, key};
use crate::model::{Secret, UnixTime};

/// A slot to be made.
#[derive(Clone, Copy)]
pub enum NewSlot<'a> {
    Keychain(&'a dyn Keychain),
    Passphrase(&'a Secret),
}

/// What opens a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotKind {
    Keychain,
    Passphrase,
}

impl SlotKind {
    /// The word in commands, JSON and the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keychain => "keychain",
            Self::Passphrase => "passphrase",
        }
    }
}

/// A slot as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotInfo {
    pub id: u32,
    pub kind: SlotKind,
    pub created_at: UnixTime,
}

/// A slot's row without its number.
pub(super) struct Slot {
    pub(super) kind: SlotKind,
    pub(super) lock: SlotLock,
    pub(super) wrapped: Vec<u8>,
}

/// What is needed to ask for the slot's own key.
pub(super) enum SlotLock {
    Keychain { account: String },
    Passphrase { cost: Cost, salt: Vec<u8> },
}

/// What the names of all entries in the keychain begin with.
pub(super) const ACCOUNT: &str = "vault-";

/// A name for a new entry in the keychain.
pub(super) fn new_account(vault: &str) -> Result<String, VaultError> {
    Ok(format!(
        "{ACCOUNT}{}-{}",
        &vault[..8],
        hex(&key::random::<4>()?)
    ))
}

/// Makes a slot for `vault_key`; one of the keychain under the name `account`. A keychain's entry
/// is read back and compared (conformance T-06).
pub(super) fn make(
    vault: &str,
    vault_key: &VaultKey,
    new: NewSlot<'_>,
    account: &str,
    effort: Effort,
) -> Result<Slot, VaultError> {
    let (kind, slot_key, lock) = match new {
        NewSlot::Keychain(keychain) => {
            let account = account.to_owned();
            let slot_key = VaultKey::random()?;
            let entry = to_text(&slot_key);
            keychain.write(&account, &entry)?;
            let trouble = match keychain.read(&account) {
                Ok(kept) if kept.same(&entry) => None,
                Ok(_) | Err(KeychainError::NoEntry) => Some(VaultError::NotKept),
                Err(error) => Some(error.into()),
            };
            if let Some(error) = trouble {
                forget(keychain, &account);
                return Err(error);
            }
            (SlotKind::Keychain, slot_key, SlotLock::Keychain { account })
        }
        NewSlot::Passphrase(passphrase) => {
            let salt = key::random::<16>()?.to_vec();
            let (slot_key, cost) = match effort {
                Effort::Calibrated => calibrate(passphrase, &salt)?,
                Effort::Fixed(cost) => (derive(passphrase, &salt, cost)?, cost),
            };
            (
                SlotKind::Passphrase,
                slot_key,
                SlotLock::Passphrase { cost, salt },
            )
        }
    };
    let wrapped = seal::seal(
        slot_key.as_bytes(),
        &place(vault, &lock),
        vault_key.as_bytes(),
    )?;
    Ok(Slot {
        kind,
        lock,
        wrapped,
    })
}

/// Removes the entry of a slot that is gone. It opens nothing any more, so a failure costs nothing.
pub(super) fn forget(keychain: &dyn Keychain, account: &str) {
    let _ = keychain.delete(account);
}

impl Slot {
    pub(super) fn store(&self, tx: &Sql, now: UnixTime) -> Result<(), VaultError> {
        let (account, cost, salt) = self.columns();
        tx.execute(
            "INSERT INTO slot (kind, created_at, account, memory_kib, passes, lanes, salt, wrapped)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                self.kind.as_str(),
                now.0,
                account,
                cost.map(|c| c.memory_kib),
                cost.map(|c| c.passes),
                cost.map(|c| c.lanes),
                salt,
                self.wrapped
            ],
        )?;
        Ok(())
    }

    /// Puts this slot in the place of the one with that number.
    pub(super) fn replace(&self, tx: &Sql, id: u32) -> Result<(), VaultError> {
        let (account, cost, salt) = self.columns();
        tx.execute(
            "UPDATE slot SET account = ?2, memory_kib = ?3, passes = ?4, lanes = ?5, salt = ?6,
                    wrapped = ?7
             WHERE id = ?1",
            params![
                id,
                account,
                cost.map(|c| c.memory_kib),
                cost.map(|c| c.passes),
                cost.map(|c| c.lanes),
                salt,
                self.wrapped
            ],
        )?;
        Ok(())
    }

    fn columns(&self) -> (Option<&String>, Option<&Cost>, Option<&Vec<u8>>) {
        match &self.lock {
            SlotLock::Keychain { account } => (Some(account), None, None),
            SlotLock::Passphrase { cost, salt } => (None, Some(cost), Some(salt)),
        }
    }

    /// The vault key by the keychain; `None` when the entry is not this slot's.
    pub(super) fn open_by_keychain(
        &self,
        vault: &str,
        keychain: &dyn Keychain,
    ) -> Result<Option<VaultKey>, VaultError> {
        let SlotLock::Keychain { account } = &self.lock else {
            return Ok(None);
        };
        let entry = keychain.read(account).map_err(|error| match error {
            KeychainError::NoEntry => VaultError::KeyGone,
            other => VaultError::Keychain(other),
        })?;
        let slot_key = from_text(&entry).ok_or(KeychainError::Damaged)?;
        Ok(self.unwrap_key(vault, &slot_key))
    }

    /// The vault key by the passphrase; `None` when it is wrong.
    pub(super) fn open_by_passphrase(
        &self,
        vault: &str,
        passphrase: &Secret,
    ) -> Result<Option<VaultKey>, VaultError> {
        let SlotLock::Passphrase { cost, salt } = &self.lock else {
            return Ok(None);
        };
        if !cost.is_sane() {
            return Err(VaultError::Damaged("a key slot"));
        }
        let slot_key = derive(passphrase, salt, *cost)?;
        Ok(self.unwrap_key(vault, &slot_key))
    }

    fn unwrap_key(&self, vault: &str, slot_key: &VaultKey) -> Option<VaultKey> {
        let text = seal::open(
            slot_key.as_bytes(),
            &place(vault, &self.lock),
            &self.wrapped,
        )?;
        VaultKey::from_slice(&text)
    }
}

/// All slots in the order they were made.
pub(super) fn all(sql: &Sql) -> Result<Vec<(SlotInfo, Slot)>, VaultError> {
    let mut statement = sql.prepare_cached(
        "SELECT id, kind, created_at, account, memory_kib, passes, lanes, salt, wrapped
         FROM slot ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    let mut slots = Vec::new();
    while let Some(row) = rows.next()? {
        let kind = match row.get_ref(1)?.as_str().unwrap_or_default() {
            "keychain" => SlotKind::Keychain,
            "passphrase" => SlotKind::Passphrase,
            _ => return Err(VaultError::Damaged("a key slot")),
        };
        let lock = match kind {
            SlotKind::Keychain => SlotLock::Keychain {
                account: row.get(3)?,
            },
            SlotKind::Passphrase => SlotLock::Passphrase {
                cost: Cost {
                    memory_kib: row.get(4)?,
                    passes: row.get(5)?,
                    lanes: row.get(6)?,
                },
                salt: row.get(7)?,
            },
        };
        let info = SlotInfo {
            id: row.get(0)?,
            kind,
            created_at: UnixTime(row.get(2)?),
        };
        let wrapped = row.get(8)?;
        slots.push((
            info,
            Slot {
                kind,
                lock,
                wrapped,
            },
        ));
    }
    Ok(slots)
}

/// The wrapped key is bound to the vault and to the slot's own parameters.
fn place<'a>(vault: &'a str, lock: &SlotLock) -> Binding<'a> {
    let mut hash = Sha256::new();
    match lock {
        SlotLock::Keychain { account } => hash.update(account),
        SlotLock::Passphrase { cost, salt } => {
            for number in [cost.memory_kib, cost.passes, cost.lanes] {
                hash.update(number.to_be_bytes());
            }
            hash.update(salt);
        }
    }
    Binding {
        owner: vault,
        kind: Kind::Slot,
        generation: 0,
        identity: hash.finalize().into(),
    }
}

fn to_text(slot_key: &VaultKey) -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(slot_key.as_bytes()))
}

fn from_text(entry: &Secret) -> Option<VaultKey> {
    // The decoder wants room for a whole number of groups.
    let mut bytes = Zeroizing::new([0; 36]);
    let length = URL_SAFE_NO_PAD
        .decode_slice(entry.reveal(), bytes.as_mut_slice())
        .ok()?;
    VaultKey::from_slice(&bytes[..length])
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        use std::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
        text
    })
}
