//! Registrations: clients at a provider, each with its client secret, shared by connections.

use rusqlite::{Connection as Sql, OptionalExtension, params};

use super::rows::{Columns, to_json};
use super::seal::Kind;
use super::{Vault, VaultError, VaultKey, key, records};
use crate::model::{Connection, ConnectionName, Provider, Registration, RegistrationId, Secret};

/// A registration that a new connection may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRegistration {
    pub registration: Registration,
    /// The service it belongs to, as last stored with it.
    pub provider: Provider,
    /// Connections that use it, sorted.
    pub used_by: Vec<ConnectionName>,
}

impl Vault {
    /// Names of the connections that use a registration, sorted.
    pub fn connections_of(
        &self,
        registration: &RegistrationId,
    ) -> Result<Vec<ConnectionName>, VaultError> {
        let mut statement = self.db.read().prepare_cached(
            "SELECT name FROM connection WHERE registration = ?1 ORDER BY folded",
        )?;
        let mut found = statement.query([registration.as_str()])?;
        let mut names = Vec::new();
        while let Some(row) = found.next()? {
            names.push(Columns::of(row).text(|text| ConnectionName::parse(text).ok())?);
        }
        Ok(names)
    }

    /// Every registration, with or without connections.
    pub fn registrations(&self) -> Result<Vec<KnownRegistration>, VaultError> {
        let mut statement = self.db.read().prepare_cached(
            "SELECT id, client_id, auth, redirect, has_secret, definition FROM registration
             ORDER BY rowid",
        )?;
        let mut found = statement.query([])?;
        let mut known = Vec::new();
        while let Some(row) = found.next()? {
            let mut columns = Columns::of(row);
            let registration = read(&mut columns)?;
            known.push(KnownRegistration {
                provider: columns.json()?,
                used_by: self.connections_of(&registration.id)?,
                registration,
            });
        }
        Ok(known)
    }

    /// The client secret of the connection's registration.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] when it was sealed for other endpoints than `connection` names;
    /// [`VaultError::Changed`] when `connection` is no longer what is stored.
    pub fn client_secret(&self, connection: &Connection) -> Result<Option<Secret>, VaultError> {
        let place = records::client_secret_place(connection);
        match records::get(self.db.read(), self.unlocked_key()?, &place) {
            Ok(None) if connection.registration.has_secret => {
                Err(self.tampered_or_changed(connection)?)
            }
            Err(VaultError::Tampered) => Err(self.tampered_or_changed(connection)?),
            other => other,
        }
    }
}

/// Columns `id, client_id, auth, redirect, has_secret`.
pub(super) fn read(columns: &mut Columns<'_>) -> Result<Registration, VaultError> {
    Ok(Registration {
        id: columns.text(RegistrationId::parse)?,
        client_id: columns.take()?,
        auth: columns.auth()?,
        redirect: columns.json()?,
        has_secret: columns.take()?,
    })
}

/// Stores the registration of a new connection, or uses the one that is there.
pub(super) fn adopt(tx: &Sql, connection: &Connection) -> Result<(), VaultError> {
    match stored_identity(tx, &connection.registration.id)? {
        Some(identity) if identity != connection.endpoint_identity() => {
            Err(VaultError::RegistrationDiffers)
        }
        _ => store(tx, connection),
    }
}

pub(super) fn stored_identity(
    tx: &Sql,
    id: &RegistrationId,
) -> Result<Option<[u8; 32]>, VaultError> {
    Ok(tx
        .query_row(
            "SELECT identity FROM registration WHERE id = ?1",
            [id.as_str()],
            |row| row.get(0),
        )
        .optional()?)
}

/// Sees that the connection's registration is stored for the endpoints the connection names. When
/// others still use it with its old endpoints, the connection gets one of its own.
pub(super) fn settle(tx: &Sql, changed: &mut Connection) -> Result<(), VaultError> {
    let stored = stored_identity(tx, &changed.registration.id)?;
    if stored.is_some_and(|stored| stored != changed.endpoint_identity()) {
        if is_used_by_others(tx, changed)? {
            changed.registration.id = RegistrationId::from_random(key::random()?);
        } else {
            // Sealed for the old endpoints: it could not be opened again.
            drop_client_secret(tx, &changed.registration.id)?;
        }
    }
    store(tx, changed)
}

/// Removes a registration and its client secret, unless a connection uses it.
pub(super) fn remove_unused(tx: &Sql, id: &RegistrationId) -> Result<(), VaultError> {
    let removed = tx.execute(
        "DELETE FROM registration WHERE id = ?1
             AND NOT EXISTS (SELECT 1 FROM connection WHERE registration = ?1)",
        [id.as_str()],
    )?;
    if removed == 1 {
        records::erase(tx, id.as_str(), &[Kind::ClientSecret])?;
    }
    Ok(())
}

fn is_used_by_others(tx: &Sql, connection: &Connection) -> Result<bool, VaultError> {
    Ok(tx.query_row(
        "SELECT EXISTS (SELECT 1 FROM connection WHERE registration = ?1 AND id <> ?2)",
        [connection.registration.id.as_str(), connection.id.as_str()],
        |row| row.get(0),
    )?)
}

/// Leaves a client secret that is there as it is.
fn store(tx: &Sql, connection: &Connection) -> Result<(), VaultError> {
    let registration = &connection.registration;
    tx.execute(
        "INSERT INTO registration (id, client_id, auth, redirect, has_secret, identity, definition)
         VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET client_id = excluded.client_id, auth = excluded.auth,
                redirect = excluded.redirect, identity = excluded.identity,
                definition = excluded.definition",
        params![
            registration.id.as_str(),
            registration.client_id,
            registration.auth.as_str(),
            to_json(&registration.redirect)?,
            connection.endpoint_identity(),
            to_json(&connection.provider)?,
        ],
    )?;
    Ok(())
}

pub(super) fn put_client_secret(
    tx: &Sql,
    vault_key: &VaultKey,
    connection: &Connection,
    secret: &Secret,
) -> Result<(), VaultError> {
    records::put(
        tx,
        vault_key,
        &records::client_secret_place(connection),
        secret,
    )?;
    tx.execute(
        "UPDATE registration SET has_secret = 1 WHERE id = ?1",
        [connection.registration.id.as_str()],
    )?;
    Ok(())
}

pub(super) fn drop_client_secret(tx: &Sql, id: &RegistrationId) -> Result<(), VaultError> {
    records::erase(tx, id.as_str(), &[Kind::ClientSecret])?;
    tx.execute(
        "UPDATE registration SET has_secret = 0 WHERE id = ?1",
        [id.as_str()],
    )?;
    Ok(())
}
