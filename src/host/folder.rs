//! The program's folders as they are: nothing is made, and what is tried is taken back at once.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access, statvfs};

use crate::vault::{VaultError, check_private_folder};

/// What a folder is for, which decides what is asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderUse {
    /// The user's own settings: only read, may be a link into a folder of dotfiles.
    Config,
    /// The vault.
    Data,
    /// History and notes.
    State,
    /// Sockets.
    Run,
}

/// What was seen of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    pub path: PathBuf,
    pub purpose: FolderUse,
    /// `false` until something is first stored there.
    pub there: bool,
    /// Whose it is and who may enter (conformance U-02).
    pub private: Result<(), VaultError>,
    /// Whether a file could be made there and synced; in a folder that is not there yet, whether it
    /// could be made.
    pub writable: Result<(), VaultError>,
    /// Whether its file system keeps locks; `None` where that was not tried.
    pub locks: Option<bool>,
    /// Bytes left for this user, where the file system tells.
    pub free: Option<u64>,
}

/// Looks at one folder.
pub fn look_at_folder(path: &Path, purpose: FolderUse) -> Folder {
    let there = path.exists();
    let config = purpose == FolderUse::Config;
    let private = if config {
        Ok(())
    } else {
        check_private_folder(path).map(|_| ())
    };
    let mut locks = None;
    let writable = match (config, there) {
        (true, _) => Ok(()),
        (false, true) => try_a_file(path).map(|kept| locks = Some(kept)),
        (false, false) => could_be_made(path),
    };
    Folder {
        there,
        private,
        writable: writable.map_err(Into::into),
        locks,
        free: nearest(path).and_then(free_below),
        path: path.to_owned(),
        purpose,
    }
}

/// Makes a file, syncs it and takes it away again; whether a lock on it kept another one out.
fn try_a_file(folder: &Path) -> io::Result<bool> {
    let file = tempfile::Builder::new()
        .prefix(".valetkey-doctor-")
        .tempfile_in(folder)?;
    file.as_file().sync_all()?;
    let other = File::open(file.path())?;
    let kept =
        file.as_file().lock().is_ok() && matches!(other.try_lock(), Err(TryLockError::WouldBlock));
    file.close()?;
    Ok(kept)
}

fn could_be_made(path: &Path) -> io::Result<()> {
    let above = nearest(path).ok_or(io::ErrorKind::NotFound)?;
    Ok(access(above, Access::WRITE_OK | Access::EXEC_OK)?)
}

/// The folder itself, or the nearest one above it that is there.
fn nearest(path: &Path) -> Option<&Path> {
    path.ancestors().find(|above| above.is_dir())
}

fn free_below(folder: &Path) -> Option<u64> {
    let system = statvfs(folder).ok()?;
    system.f_bavail.checked_mul(system.f_frsize)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;
    use crate::vault::PrivacyProblem;

    fn private_folder(below: &Path) -> PathBuf {
        let path = below.join("data");
        fs::create_dir(&path).expect("made");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("private");
        path
    }

    #[test]
    fn u_02_a_folder_is_looked_at_and_left_as_it_was() {
        let below = tempfile::tempdir().expect("a folder");
        let path = private_folder(below.path());
        let found = look_at_folder(&path, FolderUse::Data);
        assert!(found.there && found.private.is_ok() && found.writable.is_ok());
        assert_eq!(found.locks, Some(true));
        assert!(found.free.is_some());
        assert_eq!(fs::read_dir(&path).expect("a folder").count(), 0);
        let missing = look_at_folder(&path.join("a/b"), FolderUse::State);
        assert!(!missing.there && missing.private.is_ok() && missing.writable.is_ok());
        assert!(!path.join("a").exists());
    }

    #[test]
    fn u_02_links_and_open_modes_are_seen_except_of_the_settings() {
        let below = tempfile::tempdir().expect("a folder");
        let path = private_folder(below.path());
        let link = below.path().join("link");
        symlink(&path, &link).expect("a link");
        let problem = |path: &Path, purpose| match look_at_folder(path, purpose).private {
            Err(VaultError::NotPrivate { problem, .. }) => Some(problem),
            _ => None,
        };
        assert_eq!(
            problem(&link, FolderUse::Data),
            Some(PrivacyProblem::Symlink)
        );
        assert_eq!(problem(&link, FolderUse::Config), None);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).expect("opened");
        assert_eq!(problem(&path, FolderUse::State), Some(PrivacyProblem::Mode));
    }
}
