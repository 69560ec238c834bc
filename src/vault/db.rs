//! The database file: the only place that names `vault.db*`, opens it and knows its format.
//!
//! Our own handles never open and close the live file: that would drop the locks which the engine
//! holds on it for this process (POSIX record locks). Only new files are made by hand.

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Progress;
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags, Transaction, TransactionBehavior};

use super::{DiskFault, VaultError, home};
use crate::model::{UnixTime, Untrusted};

/// Format that this version writes, and the newest it reads.
pub(super) const FORMAT: u32 = 1;
/// "VKEY": marks the file as a vault.
const APPLICATION: i64 = 0x564b_4559;
const PATIENCE: Duration = Duration::from_secs(5);
const FILE_MODE: u32 = 0o600;
/// Every statement of this room fits in.
const STATEMENTS: usize = 64;
const SCHEMA: &str = include_str!("schema.sql");

pub(super) struct Db {
    conn: Connection,
    file: Option<PathBuf>,
}

impl Db {
    /// Opens the vault in this folder; `None` when none was made yet.
    pub(super) fn open(data: &Path) -> Result<Option<Self>, VaultError> {
        if !home::check_folder(data)? {
            return Ok(None);
        }
        let file = data.join("vault.db");
        if home::check_file(&file)?.is_none() {
            return Ok(None);
        }
        let db = Self::over(connect(&file)?, Some(file))?;
        match db.format()? {
            Some(FORMAT) => Ok(Some(db)),
            Some(other) => Err(VaultError::NewerFormat(other)),
            // An empty file is what an interrupted first start leaves; beside a backup it is damage.
            None if backup_of(data).exists() => Err(VaultError::Damaged("the vault file is empty")),
            None => Ok(None),
        }
    }

    /// Makes the file, private from its first moment, still without content.
    pub(super) fn make(data: &Path) -> Result<Self, VaultError> {
        home::private_folder(data)?;
        let file = data.join("vault.db");
        if home::check_file(&file)?.is_none() {
            new_private_file(&file)?;
            home::sync_folder(data)?;
        }
        let db = Self::over(connect(&file)?, Some(file))?;
        if db.format()?.is_some() {
            return Err(VaultError::AlreadyMade);
        }
        // Where shared memory is missing (some network folders), write-ahead logging is refused.
        let mode: String = db
            .conn
            .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        if mode != "wal" {
            return Err(VaultError::Disk(DiskFault::Other(Untrusted::new(
                "this folder offers no shared memory",
            ))));
        }
        Ok(db)
    }

    pub(super) fn memory() -> Result<Self, VaultError> {
        Self::over(Connection::open_in_memory()?, None)
    }

    fn over(conn: Connection, file: Option<PathBuf>) -> Result<Self, VaultError> {
        conn.busy_timeout(PATIENCE)?;
        conn.set_prepared_statement_cache_capacity(STATEMENTS);
        conn.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1;
             PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;",
        )?;
        Ok(Self { conn, file })
    }

    /// `None` while the file has no content.
    fn format(&self) -> Result<Option<u32>, VaultError> {
        let (application, format, tables): (i64, u32, i64) = self.conn.query_row(
            "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
             FROM pragma_application_id, pragma_user_version",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        match (application, format) {
            (APPLICATION, format @ 1..) => Ok(Some(format)),
            (0, 0) if tables == 0 => Ok(None),
            _ => Err(VaultError::Damaged("the vault file is another database")),
        }
    }

    /// Lays out an empty file; part of the transaction that fills it.
    pub(super) fn lay_out(tx: &Connection) -> Result<(), VaultError> {
        let taken: i64 =
            tx.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if taken != 0 {
            return Err(VaultError::AlreadyMade);
        }
        tx.execute_batch(SCHEMA)?;
        tx.pragma_update(None, "application_id", APPLICATION)?;
        tx.pragma_update(None, "user_version", FORMAT)?;
        Ok(())
    }

    /// For reading. One statement sees one state; several may not.
    pub(super) fn read(&self) -> &Connection {
        &self.conn
    }

    /// Several statements over one state.
    pub(super) fn snapshot<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        let tx = Transaction::new_unchecked(&self.conn, TransactionBehavior::Deferred)?;
        work(&tx)
    }

    /// One transaction, durable when this returns. Counts the change.
    pub(super) fn write<T>(
        &self,
        now: UnixTime,
        work: impl FnOnce(&Connection) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        let tx = Transaction::new_unchecked(&self.conn, TransactionBehavior::Immediate)?;
        let done = work(&tx)?;
        tx.prepare_cached("UPDATE vault SET last_write = ?1, changes = changes + 1")?
            .execute([now.0])?;
        tx.commit()?;
        Ok(done)
    }

    /// Copies the vault beside itself, replacing the last copy at once.
    pub(super) fn back_up(&self) -> Result<(), VaultError> {
        let Some(data) = self.file.as_deref().and_then(Path::parent) else {
            return Ok(());
        };
        let copy = data.join("vault.db.bak.new");
        match fs::remove_file(&copy) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        new_private_file(&copy)?;
        self.conn.backup(MAIN_DB, &copy, None::<fn(Progress)>)?;
        fs::rename(&copy, backup_of(data))?;
        home::sync_folder(data)?;
        Ok(())
    }

    /// Moves everything into the main file, so that erased records are gone from the log too.
    pub(super) fn checkpoint(&self) -> Result<(), VaultError> {
        self.conn
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// The file's identity on its disk.
    pub(super) fn inode(&self) -> Option<u64> {
        let file = self.file.as_ref()?;
        fs::symlink_metadata(file).ok().map(|found| found.ino())
    }

    /// Where it lies, to show; `None` in memory.
    pub(super) fn path(&self) -> Option<&Path> {
        self.file.as_deref()
    }
}

fn connect(file: &Path) -> Result<Connection, VaultError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
    Ok(Connection::open_with_flags(file, flags)?)
}

fn backup_of(data: &Path) -> PathBuf {
    data.join("vault.db.bak")
}

/// Exclusive, so that nothing put in its place beforehand is used; the mode whatever the mask says.
fn new_private_file(path: &Path) -> Result<(), VaultError> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(path)?;
    file.set_permissions(Permissions::from_mode(FILE_MODE))?;
    file.sync_all()?;
    Ok(())
}

impl From<rusqlite::Error> for VaultError {
    fn from(error: rusqlite::Error) -> Self {
        match &error {
            rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy { holder: None },
                ErrorCode::DiskFull => Self::Disk(DiskFault::Full),
                ErrorCode::ReadOnly => Self::Disk(DiskFault::ReadOnly),
                ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
                    Self::Disk(DiskFault::Permission)
                }
                ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => {
                    Self::Damaged("the vault file")
                }
                _ => Self::Disk(DiskFault::Other(Untrusted::new(error.to_string()))),
            },
            // A column of another type than we wrote, a row that must exist and does not.
            _ => Self::Damaged("a row of the vault"),
        }
    }
}
