//! Where the vault lies, and the privacy of its folders (conformance U-01, U-02).

use std::fs::{self, DirBuilder, File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{PrivacyProblem, VaultError};

/// Where the vault lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Home {
    /// Folders of this program alone; they need not exist yet.
    Disk { data: PathBuf, state: PathBuf },
    /// Nothing touches the disk; everything ends with the process.
    Memory,
}

const FOLDER_MODE: u32 = 0o700;
pub(super) const FILE_MODE: u32 = 0o600;
const OTHERS: u32 = 0o077;
const WORLD_WRITABLE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// Makes the folder (and missing ones above it) for this user alone, or checks the one that is there.
pub(super) fn private_folder(path: &Path) -> Result<(), VaultError> {
    make_missing(path)?;
    check_folder(path)?;
    Ok(())
}

/// Checks that `path` is a folder of this user alone; `false` when there is none.
pub(super) fn check_folder(path: &Path) -> Result<bool, VaultError> {
    let Some(found) = look(path)? else {
        return Ok(false);
    };
    check_owner_and_mode(path, &found, found.is_dir())?;
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        check_parent(parent)?;
    }
    Ok(true)
}

/// Checks that `path` is a plain file of this user alone; `None` when there is none.
///
/// Only looks: opening and closing a database file would drop the locks its engine holds on it.
pub(super) fn check_file(path: &Path) -> Result<Option<Metadata>, VaultError> {
    let Some(found) = look(path)? else {
        return Ok(None);
    };
    check_owner_and_mode(path, &found, found.is_file())?;
    Ok(Some(found))
}

/// The same for a file that is open already: nobody can put another in its place between the look
/// and the use.
pub(super) fn check_open_file(path: &Path, file: &File) -> Result<Metadata, VaultError> {
    let found = file.metadata()?;
    check_owner_and_mode(path, &found, found.is_file())?;
    Ok(found)
}

/// A new file beside the one it is to replace; removed again unless it is persisted.
pub(super) fn temporary_file(folder: &Path, prefix: &str) -> io::Result<NamedTempFile> {
    let file = tempfile::Builder::new()
        .prefix(prefix)
        .tempfile_in(folder)?;
    make_private(file.as_file())?;
    Ok(file)
}

/// Sets the mode on the descriptor: the creation mask may have taken bits away.
pub(super) fn make_private(file: &File) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(FILE_MODE))
}

/// Makes a rename or a new file in this folder durable.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn make_missing(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        make_missing(parent)?;
    }
    match DirBuilder::new().mode(FOLDER_MODE).create(path) {
        // The creation mask may have taken bits away.
        Ok(()) => {
            fs::set_permissions(path, Permissions::from_mode(FOLDER_MODE))?;
            // Or everything in it would be gone with the folder after a loss of power.
            path.parent()
                .filter(|parent| !parent.as_os_str().is_empty())
                .map_or(Ok(()), sync_folder)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn look(path: &Path) -> Result<Option<Metadata>, VaultError> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn check_owner_and_mode(path: &Path, found: &Metadata, right_type: bool) -> Result<(), VaultError> {
    let problem = if found.is_symlink() {
        PrivacyProblem::Symlink
    } else if !right_type {
        PrivacyProblem::Type
    } else if found.uid() != rustix::process::geteuid().as_raw() {
        PrivacyProblem::Owner
    } else if found.mode() & OTHERS != 0 {
        PrivacyProblem::Mode
    } else {
        return Ok(());
    };
    Err(VaultError::NotPrivate {
        path: path.to_owned(),
        problem,
    })
}

/// Anybody who may write into the parent could put another folder in this one's place.
fn check_parent(parent: &Path) -> Result<(), VaultError> {
    let mode = fs::metadata(parent)?.mode();
    if mode & WORLD_WRITABLE != 0 && mode & STICKY == 0 {
        return Err(VaultError::NotPrivate {
            path: parent.to_owned(),
            problem: PrivacyProblem::Mode,
        });
    }
    Ok(())
}
