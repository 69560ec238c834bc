//! The sealed records: the only rows that hold secrets.

use rusqlite::{Connection as Sql, OptionalExtension, params};

use super::seal::{self, Binding, Kind};
use super::{VaultError, VaultKey, verifier};
use crate::model::{Connection, Secret};

/// Where a secret of this connection belongs.
pub(super) fn place(connection: &Connection, kind: Kind, generation: u64) -> Binding<'_> {
    Binding {
        owner: connection.id.as_str(),
        kind,
        generation,
        identity: connection.endpoint_identity(),
    }
}

/// Where the client secret of this connection's registration belongs. It is the same place for
/// every connection of the registration, since they share its endpoints.
pub(super) fn client_secret_place(connection: &Connection) -> Binding<'_> {
    Binding {
        owner: connection.registration.id.as_str(),
        kind: Kind::ClientSecret,
        generation: 0,
        identity: connection.endpoint_identity(),
    }
}

/// Seals and stores, replacing what was there.
///
/// # Errors
/// [`VaultError::Rekeyed`]: under a key that is not the vault's any more nobody could open it again.
pub(super) fn put(
    tx: &Sql,
    key: &VaultKey,
    place: &Binding<'_>,
    secret: &Secret,
) -> Result<(), VaultError> {
    if !verifier::fits(tx, key)? {
        return Err(VaultError::Rekeyed);
    }
    let record = seal::seal(key.as_bytes(), place, secret.reveal().as_bytes())?;
    tx.prepare_cached("INSERT OR REPLACE INTO sealed (owner, kind, record) VALUES (?1, ?2, ?3)")?
        .execute(params![place.owner, place.kind.as_str(), record])?;
    Ok(())
}

/// Reads and opens; `None` when there is no such record.
///
/// # Errors
/// [`VaultError::Tampered`] when the record does not belong to this place; [`VaultError::Rekeyed`]
/// when the vault has another key since `key` opened it.
pub(super) fn get(
    sql: &Sql,
    key: &VaultKey,
    place: &Binding<'_>,
) -> Result<Option<Secret>, VaultError> {
    let record: Option<Vec<u8>> = sql
        .prepare_cached("SELECT record FROM sealed WHERE owner = ?1 AND kind = ?2")?
        .query_row(params![place.owner, place.kind.as_str()], |row| row.get(0))
        .optional()?;
    let Some(record) = record else {
        return Ok(None);
    };
    match seal::open(key.as_bytes(), place, &record).and_then(Secret::from_utf8) {
        Some(secret) => Ok(Some(secret)),
        None if verifier::fits(sql, key)? => Err(VaultError::Tampered),
        None => Err(VaultError::Rekeyed),
    }
}

/// Whether there is such a record; needs no key.
pub(super) fn exists(sql: &Sql, owner: &str, kind: Kind) -> Result<bool, VaultError> {
    Ok(sql
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM sealed WHERE owner = ?1 AND kind = ?2)")?
        .query_row(params![owner, kind.as_str()], |row| row.get(0))?)
}

/// Erases records of these kinds; the engine overwrites their pages.
pub(super) fn erase(tx: &Sql, owner: &str, kinds: &[Kind]) -> Result<(), VaultError> {
    let mut statement = tx.prepare_cached("DELETE FROM sealed WHERE owner = ?1 AND kind = ?2")?;
    for kind in kinds {
        statement.execute(params![owner, kind.as_str()])?;
    }
    Ok(())
}
