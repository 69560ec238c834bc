//! The device code of a sign-in that waits, so that a cut line does not cost it (conformance Z-10). It
//! is as good as a token to whoever polls with it, so it is sealed like one (K-08).

use super::records;
use super::seal::Kind;
use super::{Vault, VaultError};
use crate::model::{Connection, ConnectionId, Secret, UnixTime};

impl Vault {
    /// Keeps it beside the grant, in place of an earlier one.
    pub fn keep_device_code(
        &mut self,
        connection: &Connection,
        code: &Secret,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let vault_key = self.unlocked_key()?;
        let place = records::place(connection, Kind::DeviceCode, 0);
        self.db
            .write(now, |tx| records::put(tx, vault_key, &place, code))
    }

    /// The code that was kept.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] also when the definition was changed since.
    pub fn device_code(&self, connection: &Connection) -> Result<Option<Secret>, VaultError> {
        let vault_key = self.unlocked_key()?;
        let place = records::place(connection, Kind::DeviceCode, 0);
        records::get(self.db.read(), vault_key, &place)
    }

    /// Erases it.
    pub fn forget_device_code(
        &mut self,
        id: &ConnectionId,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        // Most sign-ins have none, and need no write for it.
        if !records::exists(self.db.read(), id.as_str(), Kind::DeviceCode)? {
            return Ok(());
        }
        self.db.write(now, |tx| {
            records::erase(tx, id.as_str(), &[Kind::DeviceCode])
        })
    }
}
