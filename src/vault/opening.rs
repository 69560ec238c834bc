//! Making, opening, unlocking and locking a vault.

use std::path::{Path, PathBuf};

use rusqlite::params;

use super::anchor::{self, Seen};
use super::db::{self, Connect, Db, FORMAT};
use super::seal::{self, Binding, Kind};
use super::slots::{self, Cost, Effort, NewSlot, SlotInfo, SlotKind, SlotLock};
use super::{GrantLock, GrantLocks, Home, Keychain, VaultError, VaultKey, key};
use crate::model::{ConnectionId, Secret, UnixTime};
use std::time::Duration;

const VERIFIER: &[u8] = b"valetkey vault";

/// The store of everything the program remembers. Reading definitions needs no key.
pub struct Vault {
    pub(super) db: Db,
    pub(super) key: Option<VaultKey>,
    id: String,
    state: Option<PathBuf>,
    locks: GrantLocks,
    moved: bool,
}

/// What unlocks a vault.
pub enum Unlock<'a> {
    Keychain(&'a dyn Keychain),
    Passphrase(&'a Secret),
    /// The vault key itself, as a process of this program hands it over.
    Key(VaultKey),
}

/// The vault as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub id: String,
    pub format: u32,
    pub slots: Vec<SlotInfo>,
    pub unlocked: bool,
    /// Lives in memory only.
    pub memory: bool,
    pub path: Option<PathBuf>,
    pub last_write: Option<UnixTime>,
    /// Copied from another machine or restored from a copy (conformance J-14).
    pub moved: bool,
}

impl Vault {
    /// Opens the vault of this home, locked; `None` when none was made yet.
    pub fn open(home: &Home) -> Result<Option<Self>, VaultError> {
        Self::open_by(home, db::connect)
    }

    pub(super) fn open_by(home: &Home, connect: Connect) -> Result<Option<Self>, VaultError> {
        let Home::Disk { data, state } = home else {
            return Ok(None);
        };
        let Some(db) = Db::open(data, connect)? else {
            return Ok(None);
        };
        // The note first: a change between the two readings must not look like a rollback.
        let last = anchor::read(state);
        let (id, changes): (String, i64) =
            db.read()
                .query_row("SELECT id, changes FROM vault", [], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?;
        let at_hand = Seen::now(&id, changes.cast_unsigned(), db.inode().unwrap_or_default());
        Ok(Some(Self {
            moved: last.is_none_or(|last| at_hand.is_older_or_elsewhere_than(&last)),
            db,
            key: None,
            id,
            state: Some(state.clone()),
            locks: GrantLocks::in_folder(locks_in(data)),
        }))
    }

    /// Makes the vault of this home with its first key slot; returns it unlocked.
    ///
    /// # Errors
    /// [`VaultError::AlreadyMade`]; whatever the keychain or the disk refuses. Nothing is left behind
    /// but an empty file.
    pub fn create(home: &Home, slot: NewSlot<'_>, now: UnixTime) -> Result<Self, VaultError> {
        Self::create_with(home, slot, Effort::Calibrated, now)
    }

    /// A vault whose passphrase protects nothing, because a guess costs next to nothing: for tests
    /// that start the program hundreds of times. Everything else about it is as [`Vault::create`]
    /// makes it.
    #[doc(hidden)]
    pub fn create_for_tests(
        home: &Home,
        passphrase: &Secret,
        now: UnixTime,
    ) -> Result<Self, VaultError> {
        let effort = Effort::Fixed(Cost::CHEAP);
        Self::create_with(home, NewSlot::Passphrase(passphrase), effort, now)
    }

    pub(super) fn create_with(
        home: &Home,
        slot: NewSlot<'_>,
        effort: Effort,
        now: UnixTime,
    ) -> Result<Self, VaultError> {
        let (db, state, locks) = match home {
            Home::Disk { data, state } => (
                Db::make(data)?,
                Some(state.clone()),
                GrantLocks::in_folder(locks_in(data)),
            ),
            Home::Memory => (Db::memory()?, None, GrantLocks::in_process()),
        };
        let mut vault = Self::blank(db, state, locks)?;
        let vault_key = VaultKey::random()?;
        let made = slots::make(&vault.id, &vault_key, slot, effort)?;
        let stored = vault.lay_out(&vault_key, now, |tx| {
            made.store(tx, now)?;
            // Before the commit: a start cut off in between must not look like a copy from elsewhere.
            if let (Some(state), Some(inode)) = (&vault.state, vault.db.inode()) {
                anchor::write(state, &Seen::now(&vault.id, 0, inode))?;
            }
            Ok(())
        });
        if let (Err(_), NewSlot::Keychain(keychain), SlotLock::Keychain { account }) =
            (&stored, slot, &made.lock)
        {
            slots::forget(keychain, account);
        }
        stored?;
        vault.key = Some(vault_key);
        vault.note_definitions_changed();
        Ok(vault)
    }

    /// A vault in memory under a key that nobody else has; unlocked, and gone with the process.
    pub fn memory(now: UnixTime) -> Result<Self, VaultError> {
        let mut vault = Self::blank(Db::memory()?, None, GrantLocks::in_process())?;
        let vault_key = VaultKey::random()?;
        vault.lay_out(&vault_key, now, |_| Ok(()))?;
        vault.key = Some(vault_key);
        Ok(vault)
    }

    fn blank(db: Db, state: Option<PathBuf>, locks: GrantLocks) -> Result<Self, VaultError> {
        Ok(Self {
            db,
            key: None,
            id: slots::hex(&key::random::<16>()?),
            state,
            locks,
            moved: false,
        })
    }

    fn lay_out(
        &self,
        vault_key: &VaultKey,
        now: UnixTime,
        fill: impl FnOnce(&rusqlite::Connection) -> Result<(), VaultError>,
    ) -> Result<(), VaultError> {
        let verifier = seal::seal(vault_key.as_bytes(), &self.verifier_place(), VERIFIER)?;
        self.db.write(now, |tx| {
            Db::lay_out(tx)?;
            tx.execute(
                "INSERT INTO vault (one, id, created_at, last_write, changes, verifier)
                 VALUES (1, ?1, ?2, ?2, 0, ?3)",
                params![self.id, now.0, verifier],
            )?;
            fill(tx)
        })
    }

    pub fn status(&self) -> Result<Status, VaultError> {
        let last_write: i64 =
            self.db
                .read()
                .query_row("SELECT last_write FROM vault", [], |row| row.get(0))?;
        let slots = slots::all(self.db.read())?;
        Ok(Status {
            id: self.id.clone(),
            format: FORMAT,
            slots: slots.into_iter().map(|(info, _)| info).collect(),
            unlocked: self.is_unlocked(),
            memory: self.db.path().is_none(),
            path: self.db.path().map(Path::to_owned),
            last_write: Some(UnixTime(last_write)),
            moved: self.moved,
        })
    }

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

    /// Differs from the last answer when another process has written meanwhile.
    pub fn data_version(&self) -> Result<u64, VaultError> {
        let version: i64 = self
            .db
            .read()
            .prepare_cached("PRAGMA data_version")?
            .query_row([], |row| row.get(0))?;
        Ok(version.cast_unsigned())
    }

    /// The locks of this vault's grants, to wait for without holding the vault.
    pub fn grant_locks(&self) -> GrantLocks {
        self.locks.clone()
    }

    /// Takes the lock of one grant, waiting at most `patience`; see [`GrantLocks::lock`].
    pub fn lock_grant(
        &self,
        id: &ConnectionId,
        patience: Duration,
    ) -> Result<GrantLock, VaultError> {
        self.locks.lock(id, patience)
    }

    /// Keeps a copy of the vault after a change of definitions or slots. The change itself is
    /// durable already, so a failing copy does not undo it.
    pub(super) fn note_definitions_changed(&self) {
        let _ = self.db.back_up();
    }

    /// Renews the note outside the vault after a change of a grant. A moved vault keeps its old
    /// note until the person has decided. As above, a failure does not undo the change.
    pub(super) fn note_seen(&self) {
        let (Some(state), Some(inode), false) = (&self.state, self.db.inode(), self.moved) else {
            return;
        };
        let changes = self
            .db
            .read()
            .query_row("SELECT changes FROM vault", [], |row| row.get::<_, i64>(0));
        if let Ok(changes) = changes {
            let seen = Seen::now(&self.id, changes.cast_unsigned(), inode);
            let _ = anchor::write(state, &seen);
        }
    }
}

fn locks_in(data: &Path) -> PathBuf {
    data.join("locks")
}
