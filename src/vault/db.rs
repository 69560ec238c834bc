//! The database file: the only place that names `vault.db*`, opens it and knows its format.
//!
//! Our own handles never open and close the live file: that would drop the locks which the engine
//! holds on it for this process (POSIX record locks). Only new files are made by hand.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Progress;
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags, Transaction, TransactionBehavior, ffi};
use rustix::fs::{Access, access};
use tempfile::NamedTempFile;

use super::{DiskFault, VaultError, home};
use crate::model::{UnixTime, Untrusted};

/// The newest format that this version reads. A vault is made in the first one and raised when there is
/// something to store that only a later one can hold, so that older versions can read it until then.
const NEWEST: u32 = 2;
/// "VKEY": marks the file as a vault.
const APPLICATION: i64 = 0x564b_4559;
const FLAGS: OpenFlags =
    OpenFlags::SQLITE_OPEN_NO_MUTEX.union(OpenFlags::SQLITE_OPEN_PRIVATE_CACHE);
const PATIENCE: Duration = Duration::from_secs(5);
/// Every statement of this room fits in.
const STATEMENTS: usize = 64;
const SCHEMA: &str = include_str!("schema.sql");
/// What each format adds to the one before; the first one here makes format 2.
const STEPS: [&str; NEWEST as usize - 1] = [include_str!("schema_2.sql")];

pub(super) struct Db {
    conn: Connection,
    file: Option<PathBuf>,
    /// Of the file when it was opened.
    inode: u64,
}

impl Db {
    /// Opens the vault in this folder; `None` when none was made yet.
    pub(super) fn open(data: &Path, connect: Connect) -> Result<Option<Self>, VaultError> {
        if !home::check_folder(data)? {
            return Ok(None);
        }
        let files = Files::of(data);
        let file = files.vault();
        let unmade = files.nothing_was_made();
        let Some(found) = home::check_file(&file)? else {
            return unmade.map(|()| None);
        };
        if found.len() == 0 {
            // The engine would throw away a log beside it.
            unmade.clone()?;
        }
        let db = Self::over(connect(&file)?, Some(file))?;
        match db.format()? {
            Some(..=NEWEST) => Ok(Some(db)),
            Some(newer) => Err(VaultError::NewerFormat(newer)),
            // What an interrupted first start leaves.
            None => unmade.map(|()| None),
        }
    }

    /// Makes the file, private from its first moment, still without content.
    pub(super) fn make(data: &Path) -> Result<Self, VaultError> {
        home::private_folder(data)?;
        let files = Files::of(data);
        let file = files.vault();
        let unmade = files.nothing_was_made();
        match home::check_file(&file)? {
            Some(found) if found.len() > 0 => {}
            // The engine would throw away a log beside it.
            Some(_) => unmade.clone()?,
            None => {
                unmade.clone()?;
                new_private_file(data, &file)?;
            }
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
            return Err(VaultError::CannotLock);
        }
        Ok(db)
    }

    /// Opens the copy beside the vault, to look at: nothing is written, not even beside it.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] when it is not whole.
    pub(super) fn open_copy(files: &Files<'_>) -> Result<Self, VaultError> {
        let copy = Self::over(connect_read_only(&files.backup())?, None)?;
        match copy.format()? {
            Some(..=NEWEST) => copy.check_whole()?,
            Some(newer) => return Err(VaultError::NewerFormat(newer)),
            None => return Err(VaultError::Damaged("the copy is empty")),
        }
        Ok(copy)
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
        let inode = file.as_deref().map_or(Ok(0), inode_of)?;
        Ok(Self { conn, file, inode })
    }

    /// Opens the file anew.
    ///
    /// # Errors
    /// Then nothing is open, and this can be tried again.
    pub(super) fn reconnect(&mut self) -> Result<(), VaultError> {
        let Some(file) = self.file.clone() else {
            return Ok(());
        };
        // The old handle goes first: the engine keeps the locks of a file and process together.
        self.conn = Connection::open_in_memory()?;
        let fresh = Self::over(connect(&file)?, Some(file))?;
        if fresh.inode != self.inode {
            return Err(VaultError::Replaced);
        }
        *self = fresh;
        Ok(())
    }

    /// `None` while the file has no content.
    pub(super) fn format(&self) -> Result<Option<u32>, VaultError> {
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
        tx.pragma_update(None, "user_version", 1)?;
        Ok(())
    }

    /// Raises the vault to this format at least; part of the transaction that needs it.
    pub(super) fn raise(tx: &Connection, to: u32) -> Result<(), VaultError> {
        let present: u32 = tx.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        // Another program may have raised it beyond what this one knows since it was opened.
        if present > NEWEST {
            return Err(VaultError::NewerFormat(present));
        }
        for (step, format) in STEPS.iter().zip(2..=to) {
            if format > present {
                tx.execute_batch(step)?;
                tx.pragma_update(None, "user_version", format)?;
            }
        }
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
    ///
    /// # Errors
    /// [`VaultError::Replaced`] when another file has been put in the place of the one opened.
    pub(super) fn write<T>(
        &self,
        now: UnixTime,
        work: impl FnOnce(&Connection) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        let tx = Transaction::new_unchecked(&self.conn, TransactionBehavior::Immediate)?;
        let done = work(&tx)?;
        self.still_in_place()?;
        tx.prepare_cached("UPDATE vault SET last_write = ?1, changes = changes + 1")?
            .execute([now.0])?;
        tx.commit()?;
        Ok(done)
    }

    /// A few pages are kept instead of two megabytes; the system keeps the file in memory anyway.
    pub(super) fn be_modest(&self) -> Result<(), VaultError> {
        const KIB: i32 = 128;
        // Negative: a size instead of a number of pages.
        Ok(self.conn.pragma_update(None, "cache_size", -KIB)?)
    }

    pub(super) fn is_in_place(&self) -> bool {
        self.still_in_place().is_ok()
    }

    /// What is stored in a file that was moved away would be lost.
    fn still_in_place(&self) -> Result<(), VaultError> {
        match self.inode() {
            Ok(inode) if inode == self.inode => Ok(()),
            Ok(_) => Err(VaultError::Replaced),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(VaultError::Replaced),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether every page and every index entry is where it belongs.
    ///
    /// # Errors
    /// [`VaultError::Damaged`].
    pub(super) fn check_whole(&self) -> Result<(), VaultError> {
        self.check_by("PRAGMA integrity_check(1)")
    }

    fn check_by(&self, pragma: &str) -> Result<(), VaultError> {
        let found: String = self.conn.query_row(pragma, [], |row| row.get(0))?;
        if found == "ok" {
            Ok(())
        } else {
            Err(VaultError::Damaged("the vault file"))
        }
    }

    /// Copies the vault beside itself, replacing the last copy at once. A damaged vault leaves the
    /// last copy as it is.
    pub(super) fn back_up(&self) -> Result<(), VaultError> {
        let Some(data) = self.file.as_deref().and_then(Path::parent) else {
            return Ok(());
        };
        // A quarter of the time of the whole check, which whoever restores the copy makes.
        self.check_by("PRAGMA quick_check(1)")?;
        let files = Files::of(data);
        let copy = files.temporary()?.into_temp_path();
        self.conn.backup(MAIN_DB, &copy, None::<fn(Progress)>)?;
        self.still_in_place()?;
        copy.persist(files.backup())
            .map_err(|failed| failed.error)?;
        home::sync_folder(data)?;
        Ok(())
    }

    /// When the copy beside the vault was made.
    pub(super) fn backed_up_at(&self) -> Option<UnixTime> {
        let data = self.file.as_deref()?.parent()?;
        Files::of(data).backup_made_at().ok()?
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

    /// The file's identity on its disk; zero in memory.
    pub(super) fn inode(&self) -> io::Result<u64> {
        self.file.as_deref().map_or(Ok(0), inode_of)
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

fn inode_of(file: &Path) -> io::Result<u64> {
    Ok(fs::symlink_metadata(file)?.ino())
}

/// The files of the vault in its folder.
pub(super) struct Files<'a> {
    data: &'a Path,
}

impl<'a> Files<'a> {
    pub(super) fn of(data: &'a Path) -> Self {
        Self { data }
    }

    fn vault(&self) -> PathBuf {
        self.data.join("vault.db")
    }

    pub(super) fn backup(&self) -> PathBuf {
        self.data.join("vault.db.bak")
    }

    fn temporary(&self) -> Result<NamedTempFile, VaultError> {
        Ok(home::temporary_file(self.data, "vault.db.bak.")?)
    }

    /// When the copy was made; `None` when there is none.
    pub(super) fn backup_made_at(&self) -> Result<Option<UnixTime>, VaultError> {
        let found = home::check_file(&self.backup())?;
        Ok(found.map(|found| UnixTime(found.mtime())))
    }

    /// A copy without its vault is a loss that a new vault must not cover up, and so is a log
    /// without one. Asked before the file is looked at, since a vault being made elsewhere at this
    /// moment is there before its copy and its log are.
    fn nothing_was_made(&self) -> Result<(), VaultError> {
        let holds = |path: PathBuf| fs::symlink_metadata(path).is_ok_and(|found| found.len() > 0);
        let log_alone = holds(beside(&self.vault(), "-wal")) && !holds(self.vault());
        if self.backup().exists() || log_alone {
            return Err(VaultError::Damaged("the vault file is empty or missing"));
        }
        Ok(())
    }

    /// The copy once more, as a new file that is synced.
    pub(super) fn copy_of_backup(&self) -> Result<NamedTempFile, VaultError> {
        let mut file = home::temporary_file(self.data, "vault.db.new.")?;
        file.write_all(&fs::read(self.backup())?)?;
        file.as_file().sync_all()?;
        Ok(file)
    }

    /// Moves the vault away with its log, which would be replayed into whatever came in its place.
    /// The vault goes first: a log alone is a loss that is told, a vault without its log is not.
    pub(super) fn keep_aside(&self, now: UnixTime) -> Result<Option<PathBuf>, VaultError> {
        let vault = self.vault();
        let stamp: String = now.rfc3339().replace(':', "-");
        let aside = (1..1000)
            .map(|number| match number {
                1 => self.data.join(format!("vault.db.damaged-{stamp}")),
                _ => self.data.join(format!("vault.db.damaged-{stamp}-{number}")),
            })
            .find(|path| fs::symlink_metadata(path).is_err());
        let aside = aside.ok_or(VaultError::AlreadyMade)?;
        let mut moved = false;
        for ending in ["", "-wal", "-journal"] {
            match fs::rename(beside(&vault, ending), beside(&aside, ending)) {
                Ok(()) => moved = true,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
            home::sync_folder(self.data)?;
        }
        // Only an index into the log, made anew by whoever opens the vault.
        let _ = fs::remove_file(beside(&vault, "-shm"));
        Ok(moved.then_some(aside))
    }

    /// Other versions of the vault that a sync program kept beside it (conformance FT-52), such as
    /// `vault (conflicted copy).db` and `vault.sync-conflict-20261125.db`.
    pub(super) fn conflicts(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.data) else {
            return Vec::new();
        };
        let mut found: Vec<PathBuf> = entries
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                let name = path.file_name()?.to_string_lossy().to_lowercase();
                (name.starts_with("vault") && name.contains("conflict")).then_some(path)
            })
            .collect();
        found.sort();
        found
    }

    /// Puts a vault where there is none.
    pub(super) fn put_in_place(&self, file: NamedTempFile) -> Result<(), VaultError> {
        file.persist_noclobber(self.vault())
            .map_err(|failed| failed.error)?;
        home::sync_folder(self.data)?;
        Ok(())
    }
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
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

/// How the engine says that the folder offers no locks or no shared memory.
const CANNOT_LOCK: [i32; 9] = [
    ffi::SQLITE_IOERR_LOCK,
    ffi::SQLITE_IOERR_RDLOCK,
    ffi::SQLITE_IOERR_UNLOCK,
    ffi::SQLITE_IOERR_CHECKRESERVEDLOCK,
    ffi::SQLITE_IOERR_SHMOPEN,
    ffi::SQLITE_IOERR_SHMSIZE,
    ffi::SQLITE_IOERR_SHMLOCK,
    ffi::SQLITE_IOERR_SHMMAP,
    ffi::SQLITE_PROTOCOL,
];

impl From<rusqlite::Error> for VaultError {
    fn from(error: rusqlite::Error) -> Self {
        match &error {
            rusqlite::Error::SqliteFailure(failure, _)
                if CANNOT_LOCK.contains(&failure.extended_code) =>
            {
                Self::CannotLock
            }
            rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy { holder: None },
                ErrorCode::DiskFull => Self::Disk(DiskFault::Full),
                ErrorCode::ReadOnly => Self::Disk(DiskFault::ReadOnly),
                ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
                    Self::Disk(DiskFault::Permission)
                }
                // The last three: tables, texts or rows that this program never wrote.
                ErrorCode::NotADatabase
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::Unknown
                | ErrorCode::TypeMismatch
                | ErrorCode::ConstraintViolation => Self::Damaged("the vault file"),
                _ => Self::Disk(DiskFault::Other(Untrusted::new(error.to_string()))),
            },
            // A column of another type than we wrote, a row that must exist and does not.
            _ => Self::Damaged("a row of the vault"),
        }
    }
}
