//! Putting the copy in the place of a vault that does not open (conformance U-07).
//!
//! Nothing is overwritten: the damaged file and its log are kept aside. Whoever is killed in
//! between leaves no vault beside its copy, which is told and taken up again. The restored vault
//! counts as copied from elsewhere: it asks before its first refresh (J-14).

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::db::{Db, Files};
use super::lock::allow_open_files;
use super::{GrantLock, GrantLocks, Home, Vault, VaultError, definitions, home, opening, slots};
use crate::model::UnixTime;

/// What can be put in the place of the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultCopy {
    pub made_at: UnixTime,
    /// How many connections it holds.
    pub connections: usize,
    /// What is wrong with the vault; `None` when it is whole.
    pub damage: Option<VaultError>,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// When the copy was made.
    pub made_at: UnixTime,
    /// Where the damaged file is now; `None` when there was none.
    pub kept_aside: Option<PathBuf>,
}

impl Vault {
    /// Reads everything that can be read without a key.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] for whatever is not as this program writes it.
    pub fn check(&self) -> Result<(), VaultError> {
        self.db.check_whole()?;
        self.db.snapshot(|sql| {
            slots::all(sql)?;
            for id in definitions::every_id(sql)? {
                definitions::by_id(sql, &id)?.ok_or(VaultError::Damaged("a row of the vault"))?;
            }
            Ok(())
        })
    }

    /// Looks at the vault of this home and at its copy.
    ///
    /// # Errors
    /// [`VaultError::NotMade`]; [`VaultError::NoCopy`]; what is wrong with the vault when no copy
    /// helps against it: [`VaultError::NewerFormat`], [`VaultError::NotPrivate`],
    /// [`VaultError::Disk`], [`VaultError::Busy`].
    pub fn copy_of(home: &Home) -> Result<VaultCopy, VaultError> {
        let Home::Disk { data, .. } = home else {
            return Err(VaultError::NotMade);
        };
        let opened = Self::open(home).and_then(|vault| match vault {
            Some(vault) => vault.check(),
            None => Err(VaultError::NotMade),
        });
        let damage = match opened {
            Ok(()) => None,
            Err(damage @ VaultError::Damaged(_)) => Some(damage),
            Err(other) => return Err(other),
        };
        let files = Files::of(data);
        let made_at = files.backup_made_at()?.ok_or(VaultError::NoCopy)?;
        let copy = whole_copy(&files)?;
        Ok(VaultCopy {
            made_at,
            connections: definitions::every_id(copy.read())?.len(),
            damage,
        })
    }

    /// Keeps the vault aside and puts its copy in its place. Waits at most `patience` for refreshes
    /// under way. Look at [`Vault::copy_of`] first: this replaces a whole vault too.
    ///
    /// # Errors
    /// Nothing is changed then: those of [`Vault::copy_of`], [`VaultError::Busy`]. After
    /// [`VaultError::Disk`] the vault may be kept aside already; repeat it.
    pub fn restore(home: &Home, patience: Duration, now: UnixTime) -> Result<Restored, VaultError> {
        let Home::Disk { data, .. } = home else {
            return Err(VaultError::NotMade);
        };
        let VaultCopy { made_at, .. } = Self::copy_of(home)?;
        let files = Files::of(data);
        let copy = whole_copy(&files)?;
        let _held = lock_all(data, &copy, patience)?;
        drop(copy);
        let restored = files.copy_of_backup()?;
        let kept_aside = files.keep_aside(now)?;
        files.put_in_place(restored)?;
        Ok(Restored {
            made_at,
            kept_aside,
        })
    }
}

/// The copy, proved to be all there.
fn whole_copy(files: &Files<'_>) -> Result<Db, VaultError> {
    home::check_file(&files.backup())?.ok_or(VaultError::NoCopy)?;
    let copy = Db::open_copy(files).map_err(|error| match error {
        VaultError::Damaged(_) => VaultError::NoCopy,
        other => other,
    })?;
    Ok(copy)
}

/// The lock of every grant that is known of: a worker at work would store into the file that goes.
fn lock_all(data: &Path, copy: &Db, patience: Duration) -> Result<Vec<GrantLock>, VaultError> {
    let locks = GrantLocks::in_folder(opening::locks_in(data));
    let mut ids = definitions::every_id(copy.read())?;
    ids.extend(locks.ever_taken());
    allow_open_files(ids.len());
    locks.lock_each(ids, patience)
}
