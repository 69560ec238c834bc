//! The database file: the only place that names `vault.db*`, opens it and knows its format.
//!
//! Our own handles never open and close the live file: that would drop the locks which the engine
//! holds on it for this process (POSIX record locks). Only new files are made by hand.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Progress;
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags, Transaction, TransactionBehavior};
use rustix::fs::{Access, access};

use super::{DiskFault, VaultError, home};
use crate::model::{UnixTime, Untrusted};

/// Format that this version writes, and the newest it reads.
pub(super) const FORMAT: u32 = 1;
/// "VKEY": marks the file as a vault.
const APPLICATION: i64 = 0x564b_4559;
const FLAGS: OpenFlags =
    OpenFlags::SQLITE_OPEN_NO_MUTEX.union(OpenFlags::SQLITE_OPEN_PRIVATE_CACHE);
const PATIENCE: Duration = Duration::from_secs(5);
/// Every statement of this room fits in.
const STATEMENTS: usize = 64;
const SCHEMA: &str = include_str!("schema.sql");

pub(super) struct Db {
    conn: Connection,
    file: Option<PathBuf>,
}

impl Db {
    /// Opens the vault in this folder; `None` when none was made yet.
    pub(super) fn open(data: &Path, connect: Connect) -> Result<Option<Self>, VaultError> {
        if !home::check_folder(data)? {
            return Ok(None);
        }
        let file = data.join("vault.db");
        let unmade = nothing_was_made(data);
        if home::check_file(&file)?.is_none() {
            return unmade.map(|()| None);
        }
        let db = Self::over(connect(&file)?, Some(file))?;
        match db.format()? {
            Some(FORMAT) => Ok(Some(db)),
            Some(other) => Err(VaultError::NewerFormat(other)),
            // What an interrupted first start leaves.
            None => unmade.map(|()| None),
        }
    }

    /// Makes the file, private from its first moment, still without content.
    pub(super) fn make(data: &Path) -> Result<Self, VaultError> {
        home::private_folder(data)?;
        let file = data.join("vault.db");
        let unmade = nothing_was_made(data);
        if home::check_file(&file)?.is_none() {
            unmade.clone()?;
            new_private_file(data, &file)?;
        }
        let db = Self::over(connect(&file)?, Some(file))?;
        if db.format()?.is_some() {
            return Err(VaultError::AlreadyMade);
        }
        unmade?;
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
        let copy = home::temporary_file(data, "vault.db.bak.")?.into_temp_path();
        self.conn.backup(MAIN_DB, &copy, None::<fn(Progress)>)?;
        copy.persist(backup_of(data))
            .map_err(|failed| failed.error)?;
        home::sync_folder(data)?;
        Ok(())
    }

    /// Moves everything into the main file, so that erased records are gone from the log too.
    pub(super) fn checkpoint(&self) -> Result<(), VaultError> {
        let busy: bool = self
            .conn
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        // Somebody still reads an older state out of the log.
        if busy {
            return Err(VaultError::Busy { holder: None });
        }
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

/// A way to reach the file.
pub(super) type Connect = fn(&Path) -> Result<Connection, VaultError>;

/// For writing where the folder allows it.
pub(super) fn connect(file: &Path) -> Result<Connection, VaultError> {
    let writable = file
        .parent()
        .is_none_or(|folder| access(folder, Access::WRITE_OK).is_ok());
    if !writable {
        return connect_read_only(file);
    }
    Ok(Connection::open_with_flags(
        file,
        FLAGS | OpenFlags::SQLITE_OPEN_READ_WRITE,
    )?)
}

/// In a folder that takes no files there can be no shared memory. Without a log nobody is writing,
/// so the file alone is the whole state.
pub(super) fn connect_read_only(file: &Path) -> Result<Connection, VaultError> {
    let log = file.with_extension("db-wal");
    let flags = FLAGS | OpenFlags::SQLITE_OPEN_READ_ONLY;
    if fs::metadata(log).is_ok_and(|log| log.len() > 0) {
        return Ok(Connection::open_with_flags(file, flags)?);
    }
    let mut address = url::Url::from_file_path(file)
        .map_err(|()| VaultError::Disk(DiskFault::Other(Untrusted::new("no absolute path"))))?;
    address.set_query(Some("immutable=1"));
    Ok(Connection::open_with_flags(
        address.as_str(),
        flags | OpenFlags::SQLITE_OPEN_URI,
    )?)
}

/// A copy without its vault is a loss that a new vault must not cover up. Asked before the file is
/// looked at, since a vault being made elsewhere at this moment is there before its copy is.
fn nothing_was_made(data: &Path) -> Result<(), VaultError> {
    if backup_of(data).exists() {
        return Err(VaultError::Damaged(
            "the vault file is empty or missing, its copy is there",
        ));
    }
    Ok(())
}

fn backup_of(data: &Path) -> PathBuf {
    data.join("vault.db.bak")
}

/// Exclusive, so that nothing put in its place beforehand is used; the mode whatever the mask says.
fn new_private_file(folder: &Path, path: &Path) -> Result<(), VaultError> {
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(home::FILE_MODE)
        .open(path);
    match created {
        Ok(file) => {
            home::make_private(&file)?;
            file.sync_all()?;
            home::sync_folder(folder)?;
            Ok(())
        }
        // Another program is making the vault at this moment; one of both will lay it out.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.into()),
    }
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
