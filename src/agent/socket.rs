//! The place of the socket: private, and taken by one agent at a time (conformance Y-01, 2.I6).

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{
    FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use crate::vault::{VaultError, private_folder};

/// Bytes that a socket's address has room for, its end included.
const LONGEST: usize = 108;
const MODE: u32 = 0o600;

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub(super) enum SocketError {
    /// Another agent is alive.
    #[error("an agent runs already")]
    Taken,
    #[error("the path of the socket is too long")]
    TooLong { path: PathBuf, longest: usize },
    /// Something that is no socket of ours lies there.
    #[error("something else lies in the place of the socket")]
    Occupied(PathBuf),
    #[error("the folder of the socket is not private")]
    Folder(#[from] VaultError),
    #[error("the socket cannot be made")]
    Io(#[from] io::Error),
}

/// Where the socket lies below the folder for sockets.
pub(super) fn path(run: &Path) -> PathBuf {
    run.join("agent.sock")
}

/// The socket, and the lock that proves its holder alive. Dropping it takes the socket away.
pub(super) struct Place {
    path: PathBuf,
    inode: u64,
    _alive: File,
}

/// Takes the place. A socket that a dead agent left behind is replaced: the kernel lets go of its lock
/// with the process, so a free lock proves its death.
pub(super) fn take(run: &Path) -> Result<(UnixListener, Place), SocketError> {
    let path = path(run);
    if path.as_os_str().len() >= LONGEST {
        return Err(SocketError::TooLong {
            path,
            longest: LONGEST - 1,
        });
    }
    private_folder(run)?;
    let alive = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(MODE)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(run.join("agent.lock"))?;
    match alive.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(SocketError::Taken),
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    remove_stale(&path)?;
    let listener = UnixListener::bind(&path)?;
    // Nobody else can enter the folder meanwhile.
    fs::set_permissions(&path, Permissions::from_mode(MODE))?;
    let inode = fs::symlink_metadata(&path)?.ino();
    Ok((
        listener,
        Place {
            path,
            inode,
            _alive: alive,
        },
    ))
}

fn remove_stale(path: &Path) -> Result<(), SocketError> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => Ok(fs::remove_file(path)?),
        Ok(_) => Err(SocketError::Occupied(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Not one that another put there.
        if fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}
