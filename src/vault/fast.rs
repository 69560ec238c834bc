//! The shortest way from a name to a token that is still valid.

use super::{Home, Unlock, Vault, VaultError};
use crate::model::{Connection, Seconds, Secret, UnixTime};

/// The access token of `name` if it stays valid for `min_valid` from `now`; `None` when that needs
/// more work (a refresh, a sign-in), which is decided before the vault is unlocked.
///
/// # Errors
/// [`VaultError::NotMade`], [`VaultError::UnknownConnection`], and those of [`Vault::unlock`] and
/// [`Vault::access_token`].
pub fn fast_access_token(
    home: &Home,
    name: &str,
    now: UnixTime,
    min_valid: Seconds,
    unlock: Unlock<'_>,
) -> Result<Option<(Connection, Secret)>, VaultError> {
    let mut vault = Vault::open(home)?.ok_or(VaultError::NotMade)?;
    let connection = vault
        .connection(name)?
        .ok_or(VaultError::UnknownConnection)?;
    let valid = connection.ended.is_none()
        && connection
            .grant
            .as_ref()
            .is_some_and(|grant| !grant.expiry.passed(now.plus(min_valid)));
    if !valid {
        return Ok(None);
    }
    vault.unlock(unlock)?;
    Ok(vault
        .access_token(&connection)?
        .map(|token| (connection, token)))
}
