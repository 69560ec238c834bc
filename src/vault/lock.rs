//! One kernel lock per grant, on a file that is never renamed or removed (conformance J-01, U-04).
//!
//! The kernel releases it when the last descriptor closes, so a killed holder blocks nobody, and a
//! worker that inherits the descriptor keeps it when its caller dies.

use std::collections::HashSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{VaultError, home};
use crate::model::ConnectionId;

const NOFOLLOW: i32 = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);
/// No connection has such an id.
const SLOTS: &str = "slots";
const WAITING: &str = "waiting";
const PROBE: &str = "probe";

/// The locks of one vault. Usable without holding the vault itself, so that waiting for one grant
/// delays no other.
#[derive(Clone)]
pub struct GrantLocks(Place);

#[derive(Clone)]
enum Place {
    Folder(PathBuf),
    Process(Arc<Mutex<HashSet<String>>>),
}

/// A held lock; dropping it releases it, unless a worker inherited the file.
pub struct GrantLock(Held);

enum Held {
    File(File),
    Process {
        name: String,
        held: Arc<Mutex<HashSet<String>>>,
    },
}

impl GrantLocks {
    pub(super) fn in_folder(folder: PathBuf) -> Self {
        Self(Place::Folder(folder))
    }

    pub(super) fn in_process() -> Self {
        Self(Place::Process(Arc::default()))
    }

    /// Takes the lock of one grant, waiting at most `patience`.
    ///
    /// # Errors
    /// [`VaultError::Busy`] when somebody else still holds it then.
    pub fn lock(&self, id: &ConnectionId, patience: Duration) -> Result<GrantLock, VaultError> {
        self.lock_named(id.as_str(), patience)
    }

    /// Takes several locks, within `patience` altogether.
    pub(super) fn lock_each(
        &self,
        ids: impl IntoIterator<Item = ConnectionId>,
        patience: Duration,
    ) -> Result<Vec<GrantLock>, VaultError> {
        let give_up = Instant::now() + patience;
        ids.into_iter()
            .map(|id| self.lock(&id, give_up.saturating_duration_since(Instant::now())))
            .collect()
    }

    /// Grants whose lock was ever taken on this disk.
    pub(super) fn ever_taken(&self) -> Vec<ConnectionId> {
        let Place::Folder(folder) = &self.0 else {
            return Vec::new();
        };
        let Ok(entries) = std::fs::read_dir(folder) else {
            return Vec::new();
        };
        entries
            .filter_map(|entry| ConnectionId::parse(entry.ok()?.file_name().to_str()?))
            .collect()
    }

    /// Proves that locks in this folder hold (conformance U-05).
    ///
    /// # Errors
    /// [`VaultError::CannotLock`].
    pub(super) fn prove(&self) -> Result<(), VaultError> {
        match self.try_named(PROBE) {
            // That it keeps somebody out is what was asked.
            Ok(_) | Err(VaultError::Busy { .. }) => Ok(()),
            Err(other) => Err(other),
        }
    }

    /// The lock under which key slots are changed; see [`GrantLocks::lock`].
    pub(super) fn lock_slots(&self, patience: Duration) -> Result<GrantLock, VaultError> {
        self.lock_named(SLOTS, patience)
    }

    /// The lock of whoever tells providers what they were not told yet; see [`GrantLocks::lock`].
    pub fn lock_waiting(&self, patience: Duration) -> Result<GrantLock, VaultError> {
        self.lock_named(WAITING, patience)
    }

    fn lock_named(&self, name: &str, patience: Duration) -> Result<GrantLock, VaultError> {
        let start = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            match self.try_named(name) {
                Err(VaultError::Busy { .. }) if start.elapsed() < patience => {
                    std::thread::sleep(pause.min(patience.saturating_sub(start.elapsed())));
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                outcome => return outcome,
            }
        }
    }

    /// Takes the lock if it is free now; [`VaultError::Busy`] otherwise.
    pub fn try_lock(&self, id: &ConnectionId) -> Result<GrantLock, VaultError> {
        self.try_named(id.as_str())
    }

    fn try_named(&self, name: &str) -> Result<GrantLock, VaultError> {
        match &self.0 {
            Place::Folder(folder) => {
                home::private_folder(folder)?;
                let path = folder.join(name);
                home::check_file(&path)?;
                let mut file = open(&path)?;
                home::make_private(&file)?;
                match file.try_lock() {
                    Ok(()) => {
                        holds(|| open(&path))?;
                        note_holder(&mut file)?;
                        Ok(GrantLock(Held::File(file)))
                    }
                    Err(TryLockError::WouldBlock) => Err(VaultError::Busy {
                        holder: read_holder(&mut file),
                    }),
                    Err(TryLockError::Error(error)) => Err(cannot_lock(error)),
                }
            }
            Place::Process(held) => {
                let mut names = held.lock().unwrap_or_else(PoisonError::into_inner);
                if names.insert(name.to_owned()) {
                    Ok(GrantLock(Held::Process {
                        name: name.to_owned(),
                        held: Arc::clone(held),
                    }))
                } else {
                    Err(VaultError::Busy {
                        holder: Some(std::process::id()),
                    })
                }
            }
        }
    }
}

impl GrantLock {
    /// The locked file, to hand to a worker, which then holds the lock too. `None` in a memory vault.
    pub fn file(&self) -> Option<&File> {
        match &self.0 {
            Held::File(file) => Some(file),
            Held::Process { .. } => None,
        }
    }
}

impl Drop for GrantLock {
    fn drop(&mut self) {
        if let Held::Process { name, held } = &self.0 {
            held.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(name);
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    // Nothing is truncated: the holder's number stands in it.
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(home::FILE_MODE)
        .custom_flags(NOFOLLOW)
        .open(path)
}

/// A lock that a second descriptor gets too keeps nobody out: on some network and synced folders
/// the call succeeds and does nothing. Costs microseconds, so every lock proves itself.
fn holds(again: impl FnOnce() -> io::Result<File>) -> Result<(), VaultError> {
    match again()?.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(()),
        Ok(()) => Err(VaultError::CannotLock),
        Err(TryLockError::Error(error)) => Err(cannot_lock(error)),
    }
}

fn cannot_lock(error: io::Error) -> VaultError {
    use rustix::io::Errno;

    const UNSUPPORTED: [Errno; 4] = [Errno::NOLCK, Errno::NOSYS, Errno::OPNOTSUPP, Errno::INVAL];
    let unsupported = error
        .raw_os_error()
        .is_some_and(|number| UNSUPPORTED.contains(&Errno::from_raw_os_error(number)));
    if unsupported {
        VaultError::CannotLock
    } else {
        error.into()
    }
}

/// The holder's process number, for the message alone: the kernel decides who holds the lock.
fn note_holder(file: &mut File) -> Result<(), VaultError> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(std::process::id().to_string().as_bytes())?;
    Ok(())
}

fn read_holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.parse().ok()
}

/// Each lock is an open file, and a thousand connections are more than most shells allow.
pub(super) fn allow_open_files(count: usize) {
    use rustix::process::{Resource, getrlimit, setrlimit};

    const OTHERS: u64 = 64;
    let wanted = count as u64 + OTHERS;
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < wanted) {
        limit.current = Some(limit.maximum.map_or(wanted, |most| most.min(wanted)));
        // Without it the locks themselves tell that there are too many.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn u_05_ft_52_a_lock_that_keeps_nobody_out_is_no_lock() {
        let folder = tempfile::tempdir().expect("a folder");
        let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
        let locked = open(&one).expect("opens");
        locked.lock().expect("locked");
        assert_eq!(holds(|| open(&one)), Ok(()));
        // As where the lock call succeeds and does nothing: the second gets it too.
        assert_eq!(holds(|| open(&two)), Err(VaultError::CannotLock));
    }

    #[test]
    fn u_05_ft_52_a_folder_that_knows_no_locks_is_told_from_a_failing_disk() {
        use rustix::io::Errno;

        for errno in [Errno::NOLCK, Errno::NOSYS, Errno::OPNOTSUPP] {
            let error = io::Error::from_raw_os_error(errno.raw_os_error());
            assert_eq!(cannot_lock(error), VaultError::CannotLock, "{errno}");
        }
        let error = io::Error::from_raw_os_error(Errno::IO.raw_os_error());
        assert!(matches!(cannot_lock(error), VaultError::Disk(_)));
    }
}
