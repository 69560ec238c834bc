//! What can be seen of a vault's folders and files without opening or changing any of them.

use std::path::Path;

use super::{Home, VaultError, db, home};
use crate::model::UnixTime;

/// Checks that `folder` is of this user alone, as the vault asks of its own; `false` when there is
/// none.
///
/// # Errors
/// [`VaultError::NotPrivate`] (conformance U-02), [`VaultError::Disk`].
pub fn check_private_folder(folder: &Path) -> Result<bool, VaultError> {
    home::check_folder(folder)
}

/// Makes the folder for this user alone, or checks the one that is there.
///
/// # Errors
/// As [`check_private_folder`].
pub fn private_folder(folder: &Path) -> Result<(), VaultError> {
    home::private_folder(folder)
}

/// When the copy beside the vault was made; `None` when there is none, or the vault lives in memory.
pub fn backup_made_at(home: &Home) -> Option<UnixTime> {
    let Home::Disk { data, .. } = home else {
        return None;
    };
    db::Files::of(data).backup_made_at().ok()?
}
