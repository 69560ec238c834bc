//! Unlocking and locking, and the slots that do it.

use std::time::Duration;

use super::leftovers::Leftovers;
use super::passphrase::Effort;
use super::slots::{self, NewSlot, SlotKind, SlotLock};
use super::{Keychain, Vault, VaultError, VaultKey, verifier};
use crate::model::{Secret, UnixTime};

/// How long a change of slots waits for another one.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

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
    /// [`VaultError::WrongKey`], [`VaultError::Rekeyed`], [`VaultError::KeyGone`],
    /// [`VaultError::NoSlot`], [`VaultError::Keychain`]. A vault that was open stays open.
    pub fn unlock(&mut self, with: Unlock<'_>) -> Result<(), VaultError> {
        self.key = Some(self.opened_by(with, None)?);
        Ok(())
    }

    /// Proves that a slot other than `id` opens the vault: before `id` goes.
    ///
    /// # Errors
    /// As [`Vault::unlock`].
    pub fn opens_without(&self, id: u32, with: Unlock<'_>) -> Result<(), VaultError> {
        self.opened_by(with, Some(id)).map(drop)
    }

    fn opened_by(&self, with: Unlock<'_>, without: Option<u32>) -> Result<VaultKey, VaultError> {
        let found = match with {
            Unlock::Key(vault_key) => {
                // Some process of this program opened the vault with it.
                let fits = verifier::fits(self.db.read(), &vault_key)?;
                return fits.then_some(vault_key).ok_or(VaultError::Rekeyed);
            }
            Unlock::Keychain(keychain) => self.by_slots(SlotKind::Keychain, without, |slot| {
                slot.open_by_keychain(&self.id, keychain)
            })?,
            Unlock::Passphrase(passphrase) => {
                self.by_slots(SlotKind::Passphrase, without, |slot| {
                    slot.open_by_passphrase(&self.id, passphrase)
                })?
            }
        };
        let vault_key = found.ok_or(VaultError::WrongKey)?;
        if verifier::fits(self.db.read(), &vault_key)? {
            Ok(vault_key)
        } else {
            Err(VaultError::WrongKey)
        }
    }

    /// Tries every slot of this kind; the first that opens wins, else the first error counts.
    fn by_slots(
        &self,
        kind: SlotKind,
        without: Option<u32>,
        open: impl Fn(&slots::Slot) -> Result<Option<VaultKey>, VaultError>,
    ) -> Result<Option<VaultKey>, VaultError> {
        let slots = slots::all(self.db.read())?;
        let mut of_kind = slots
            .iter()
            .filter(|(info, _)| info.kind == kind && Some(info.id) != without)
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

    pub fn is_unlocked(&self) -> bool {
        self.key.is_some()
    }

    /// Whether the key at hand still is the vault's: another process may have changed it.
    pub fn key_fits(&self) -> Result<bool, VaultError> {
        match &self.key {
            Some(vault_key) => verifier::fits(self.db.read(), vault_key),
            None => Ok(false),
        }
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
        if !self.key_fits()? {
            self.unlocked_key()?;
            return Err(VaultError::Rekeyed);
        }
        let _lock = self.locks.lock_slots(PATIENCE)?;
        let entries = match slot {
            NewSlot::Keychain(keychain) => {
                let account = slots::new_account(&self.id)?;
                Leftovers::expected(self.state.as_deref(), vec![account])?.with(keychain)
            }
            NewSlot::Passphrase(_) => Leftovers::none(),
        };
        let stored = self.stored_slot(slot, &entries, effort, now);
        entries.clear_up(self.db.read());
        stored?;
        self.note_definitions_changed();
        Ok(())
    }

    fn stored_slot(
        &self,
        slot: NewSlot<'_>,
        entries: &Leftovers<'_>,
        effort: Effort,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let vault_key = self.unlocked_key()?;
        let made = slots::make(&self.id, vault_key, slot, entries.first(), effort)?;
        self.db.write(now, |tx| {
            // Under an old key it would open nothing.
            if !verifier::fits(tx, vault_key)? {
                return Err(VaultError::Rekeyed);
            }
            made.store(tx, now)
        })
    }

    /// Takes one way to open the vault away, and its entry out of the keychain if one is given.
    ///
    /// # Errors
    /// [`VaultError::UnknownSlot`], [`VaultError::LastSlot`]; [`VaultError::OldCopyLeft`] when the
    /// slot is gone but an old copy of it may be left on the disk.
    pub fn remove_slot(
        &mut self,
        id: u32,
        keychain: Option<&dyn Keychain>,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let _lock = self.locks.lock_slots(PATIENCE)?;
        let going = slots::all(self.db.read())?;
        let account = going.into_iter().find_map(|(info, slot)| match slot.lock {
            SlotLock::Keychain { account } if info.id == id => Some(account),
            _ => None,
        });
        let entries = match (account, keychain) {
            (Some(account), Some(keychain)) => {
                Leftovers::expected(self.state.as_deref(), vec![account])?.with(keychain)
            }
            _ => Leftovers::none(),
        };
        let removed = self.db.write(now, |tx| {
            let slots = slots::all(tx)?;
            if !slots.iter().any(|(info, _)| info.id == id) {
                return Err(VaultError::UnknownSlot);
            }
            if slots.len() == 1 {
                return Err(VaultError::LastSlot);
            }
            tx.execute("DELETE FROM slot WHERE id = ?1", [id])?;
            Ok(())
        });
        entries.clear_up(self.db.read());
        removed?;
        self.forget_old_copies()
    }

    /// A wrapped key that is left in the log or in the backup would still open the vault.
    pub(super) fn forget_old_copies(&self) -> Result<(), VaultError> {
        let emptied = self.db.checkpoint();
        let copied = self.db.back_up();
        emptied.and(copied).map_err(|_| VaultError::OldCopyLeft)
    }

    /// Proves with a synced write and a look at the key that secrets can be stored: before a browser
    /// opens and before a token is spent (conformance T-05).
    pub fn prove_storage(&self, now: UnixTime) -> Result<(), VaultError> {
        self.unlocked_key()?;
        if !self.key_fits()? {
            return Err(VaultError::Rekeyed);
        }
        self.db.write(now, |tx| {
            tx.execute("UPDATE vault SET proved_at = ?1", [now.0])?;
            Ok(())
        })
    }
}
