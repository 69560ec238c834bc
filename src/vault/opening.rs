//! Making, opening, unlocking and locking a vault.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::params;

use super::anchor::{self, Seen};
use super::db::{self, Connect, Db, Files};
use super::issued::LastRead;
use super::passphrase::{Cost, Effort};
use super::slots::{self, NewSlot, SlotInfo, SlotLock};
use super::unlocking::PATIENCE;
use super::{GrantLock, GrantLocks, Home, VaultError, VaultKey, key, second_copy, verifier};
use crate::model::{ConnectionId, Seconds, Secret, UnixTime};

/// The copy beside the vault is never older than this when a grant changes.
const A_DAY: Seconds = Seconds(24 * 60 * 60);

/// The store of everything the program remembers. Reading definitions needs no key.
pub struct Vault {
    pub(super) db: Db,
    pub(super) key: Option<VaultKey>,
    pub(super) id: String,
    pub(super) state: Option<PathBuf>,
    pub(super) locks: GrantLocks,
    pub(super) moved: bool,
    pub(super) issued_read: LastRead,
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
    /// Sign-ins that came out of a backup and were not taken into use yet (conformance X-05).
    pub second_copies: usize,
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
        let id: String = db
            .read()
            .query_row("SELECT id FROM vault", [], |row| row.get(0))?;
        let mut vault = Self {
            moved: true,
            db,
            key: None,
            id,
            state: Some(state.clone()),
            locks: GrantLocks::in_folder(locks_in(data)),
            issued_read: LastRead::default(),
        };
        vault.moved = vault.is_moved();
        Ok(Some(vault))
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
            Home::Disk { data, state } => {
                let locks = GrantLocks::in_folder(locks_in(data));
                // One after the other: the engine turns one of two away that begin to log at once.
                let _lock = locks.lock_slots(PATIENCE)?;
                (Db::make(data)?, Some(state.clone()), locks)
            }
            Home::Memory => (Db::memory()?, None, GrantLocks::in_process()),
        };
        // Where two programs could spend one refresh token twice, no vault is made.
        locks.prove()?;
        let mut vault = Self::blank(db, state, locks)?;
        let vault_key = VaultKey::random()?;
        let account = slots::new_account(&vault.id)?;
        let made = slots::make(&vault.id, &vault_key, slot, &account, effort)?;
        let stored = vault.lay_out(&vault_key, now, |tx| {
            made.store(tx, now)?;
            // Before the commit: a start cut off in between must not look like a copy from elsewhere.
            if let Some(state) = &vault.state {
                anchor::write(state, &Seen::now(&vault.id, 0, vault.db.inode()?)?)?;
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
            issued_read: LastRead::default(),
        })
    }

    fn lay_out(
        &self,
        vault_key: &VaultKey,
        now: UnixTime,
        fill: impl FnOnce(&rusqlite::Connection) -> Result<(), VaultError>,
    ) -> Result<(), VaultError> {
        let verifier = verifier::new(&self.id, vault_key)?;
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
            format: self.db.format()?.unwrap_or_default(),
            slots: slots.into_iter().map(|(info, _)| info).collect(),
            unlocked: self.is_unlocked(),
            memory: self.db.path().is_none(),
            path: self.db.path().map(Path::to_owned),
            last_write: Some(UnixTime(last_write)),
            moved: self.is_moved(),
            second_copies: second_copy::count(self.db.read())?,
        })
    }

    /// Opens the vault's file anew: after a disk that failed, a lock may be left that only closing the
    /// old handle lets go of.
    ///
    /// # Errors
    /// Those of opening it. Then nothing else works before this has succeeded.
    pub fn reconnect(&mut self) -> Result<(), VaultError> {
        self.db.reconnect()
    }

    /// Whether the file it was opened from still lies in its place: after `vault restore` another does.
    pub fn is_in_place(&self) -> bool {
        self.db.is_in_place()
    }

    /// Keeps little of the file in memory: for a process that stays.
    pub fn be_modest(&self) -> Result<(), VaultError> {
        self.db.be_modest()
    }

    /// Takes a copied or restored vault, and sign-ins that came out of a backup, into use on this machine:
    /// their refresh tokens may be spent here from now on. Nothing changes where there is neither.
    pub fn adopt(&mut self, now: UnixTime) -> Result<(), VaultError> {
        if second_copy::count(self.db.read())? > 0 {
            self.db.write(now, second_copy::clear)?;
        }
        if let Some(state) = self.state.as_ref().filter(|_| self.is_moved()) {
            anchor::write(state, &self.seen()?)?;
        }
        self.moved = false;
        Ok(())
    }

    /// Nothing may be spent from a vault that may be in use elsewhere.
    pub(super) fn refuse_if_moved(&self) -> Result<(), VaultError> {
        if self.moved && self.differs_from_note()? {
            return Err(VaultError::Moved);
        }
        Ok(())
    }

    /// Where the note cannot be read now, nobody knows.
    fn is_moved(&self) -> bool {
        self.moved && self.differs_from_note().unwrap_or(true)
    }

    /// Whether this is another copy than the one last seen here. Another program may have been told
    /// meanwhile that it is in use here, so it is looked at each time.
    fn differs_from_note(&self) -> Result<bool, VaultError> {
        let Some(state) = &self.state else {
            return Ok(false);
        };
        // The note first: a change between the two readings must not look like a rollback.
        let Some(last) = anchor::read(state)? else {
            return Ok(true);
        };
        Ok(self.seen()?.is_older_or_elsewhere_than(&last))
    }

    /// This vault as it is now.
    fn seen(&self) -> Result<Seen, VaultError> {
        let changes: i64 = self
            .db
            .read()
            .query_row("SELECT changes FROM vault", [], |row| row.get(0))?;
        Ok(Seen::now(
            &self.id,
            changes.cast_unsigned(),
            self.db.inode()?,
        )?)
    }

    /// Proves that the vault's folder can lock.
    ///
    /// # Errors
    /// [`VaultError::CannotLock`].
    pub fn prove_locks(&self) -> Result<(), VaultError> {
        self.locks.prove()
    }

    /// Other versions of the vault that a sync program kept beside it.
    pub fn conflicts(&self) -> Vec<PathBuf> {
        let folder = self.db.path().and_then(Path::parent);
        folder.map_or(Vec::new(), |data| Files::of(data).conflicts())
    }

    /// When the copy beside the vault was made.
    pub fn backed_up_at(&self) -> Option<UnixTime> {
        self.db.backed_up_at()
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

    /// Renews the note outside the vault after a change of a grant, and the copy beside it once a
    /// day (conformance U-07). A moved vault keeps its old note until the person has decided. As
    /// above, a failure does not undo the change.
    pub(super) fn note_seen(&self, now: UnixTime) {
        let copied_at = self.db.backed_up_at();
        if copied_at.is_none_or(|at| now.since(at) >= A_DAY) {
            let _ = self.db.back_up();
        }
        if let (Some(state), false) = (&self.state, self.is_moved())
            && let Ok(seen) = self.seen()
        {
            let _ = anchor::write(state, &seen);
        }
    }
}

pub(super) fn locks_in(data: &Path) -> PathBuf {
    data.join("locks")
}
