//! Unlocking and locking, and the slots that do it.

use super::passphrase::Effort;
use super::seal::{self, Binding, Kind};
use super::slots::{self, NewSlot, SlotKind, SlotLock};
use super::{Keychain, Vault, VaultError, VaultKey};
use crate::model::{Secret, UnixTime};

const VERIFIER: &[u8] = b"valetkey vault";

/// What unlocks a vault.
pub enum Unlock<'a> {
    Keychain(&'a dyn Keychain),
    Passphrase(&'a Secret),
    /// The vault key itself, as a process of this program hands it over.
    Key(VaultKey),
}

impl Vault {
    /// Opens the vault by one of its slots. With a passphrase this takes about half a second.
    ///
    /// # Errors
    /// [`VaultError::WrongKey`], [`VaultError::KeyGone`], [`VaultError::NoSlot`],
    /// [`VaultError::Keychain`]. A vault that was open stays open.
    pub fn unlock(&mut self, with: Unlock<'_>) -> Result<(), VaultError> {
        let found = match with {
            Unlock::Key(vault_key) => Some(vault_key),
            Unlock::Keychain(keychain) => self.by_slots(SlotKind::Keychain, |slot| {
                slot.open_by_keychain(&self.id, keychain)
            })?,
            Unlock::Passphrase(passphrase) => self.by_slots(SlotKind::Passphrase, |slot| {
                slot.open_by_passphrase(&self.id, passphrase)
            })?,
        };
        let vault_key = found.ok_or(VaultError::WrongKey)?;
        self.verify(&vault_key)?;
        self.key = Some(vault_key);
        Ok(())
    }

    /// Tries every slot of this kind; the first that opens wins, else the first error counts.
    fn by_slots(
        &self,
        kind: SlotKind,
        open: impl Fn(&slots::Slot) -> Result<Option<VaultKey>, VaultError>,
    ) -> Result<Option<VaultKey>, VaultError> {
        let slots = slots::all(self.db.read())?;
        let mut of_kind = slots
            .iter()
            .filter(|(info, _)| info.kind == kind)
            .peekable();
        if of_kind.peek().is_none() {
            return Err(VaultError::NoSlot(kind));
        }
        let mut first_error = None;
        for (_, slot) in of_kind {
            match open(slot) {
                Ok(Some(vault_key)) => return Ok(Some(vault_key)),
                Ok(None) => {}
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        first_error.map_or(Ok(None), Err)
    }

    fn verify(&self, vault_key: &VaultKey) -> Result<(), VaultError> {
        let record: Vec<u8> =
            self.db
                .read()
                .query_row("SELECT verifier FROM vault", [], |row| row.get(0))?;
        let text = seal::open(vault_key.as_bytes(), &self.verifier_place(), &record);
        if text.is_some_and(|text| text.as_slice() == VERIFIER) {
            Ok(())
        } else {
            Err(VaultError::WrongKey)
        }
    }

    fn verifier_place(&self) -> Binding<'_> {
        Binding {
            owner: &self.id,
            kind: Kind::Verifier,
            generation: 0,
            identity: [0; 32],
        }
    }

    pub fn is_unlocked(&self) -> bool {
        self.key.is_some()
    }

    /// Wipes the key from this process.
    pub fn lock(&mut self) {
        self.key = None;
    }

    /// The key, to hand to a process of this program.
    pub fn key(&self) -> Option<&VaultKey> {
        self.key.as_ref()
    }

    pub(super) fn unlocked_key(&self) -> Result<&VaultKey, VaultError> {
        self.key.as_ref().ok_or(VaultError::Locked)
    }

    /// Adds another way to open the vault. It must be unlocked.
    pub fn add_slot(&mut self, slot: NewSlot<'_>, now: UnixTime) -> Result<(), VaultError> {
        self.add_slot_with(slot, Effort::Calibrated, now)
    }

    pub(super) fn add_slot_with(
        &mut self,
        slot: NewSlot<'_>,
        effort: Effort,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let made = slots::make(&self.id, self.unlocked_key()?, slot, effort)?;
        let stored = self.db.write(now, |tx| made.store(tx, now));
        if let (Err(_), NewSlot::Keychain(keychain), SlotLock::Keychain { account }) =
            (&stored, slot, &made.lock)
        {
            slots::forget(keychain, account);
        }
        stored?;
        self.note_definitions_changed();
        Ok(())
    }

    /// Takes one way to open the vault away, and its entry out of the keychain if one is given.
    ///
    /// # Errors
    /// [`VaultError::UnknownSlot`], [`VaultError::LastSlot`]; [`VaultError::Disk`] when the slot is
    /// gone but an old copy of it may be left on the disk.
    pub fn remove_slot(
        &mut self,
        id: u32,
        keychain: Option<&dyn Keychain>,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let removed = self.db.write(now, |tx| {
            let mut slots = slots::all(tx)?;
            let at = slots
                .iter()
                .position(|(info, _)| info.id == id)
                .ok_or(VaultError::UnknownSlot)?;
            if slots.len() == 1 {
                return Err(VaultError::LastSlot);
            }
            tx.execute("DELETE FROM slot WHERE id = ?1", [id])?;
            Ok(slots.swap_remove(at).1)
        })?;
        if let (SlotLock::Keychain { account }, Some(keychain)) = (&removed.lock, keychain) {
            slots::forget(keychain, account);
        }
        // A wrapped key that is left in the log or in the backup would still open the vault.
        self.db.checkpoint()?;
        self.db.back_up()
    }

    /// Proves with a synced write and a look at the key that secrets can be stored: before a browser
    /// opens and before a token is spent (conformance T-05).
    pub fn prove_storage(&self, now: UnixTime) -> Result<(), VaultError> {
        self.verify(self.unlocked_key()?)?;
        self.db.write(now, |tx| {
            tx.execute("UPDATE vault SET proved_at = ?1", [now.0])?;
            Ok(())
        })
    }

    /// A known text under the vault key.
    pub(super) fn new_verifier(&self, vault_key: &VaultKey) -> Result<Vec<u8>, VaultError> {
        seal::seal(vault_key.as_bytes(), &self.verifier_place(), VERIFIER)
    }
}
