//! The mark of a sign-in that came out of a backup: the machine it was made on may still use it, and two
//! machines must not refresh the same sign-in (conformance X-05, J-14).
//!
//! It is a record beside the tokens, written in the transaction that brings them, so it is there for every
//! process at once and travels with every copy of the vault. Only its presence counts; like all records
//! it is sealed. Taking the vault into use ([`super::Vault::adopt`]), a new sign-in and the end of the
//! sign-in take it away.

use rusqlite::Connection as Sql;

use super::seal::Kind;
use super::{VaultError, VaultKey, records};
use crate::model::{Connection, ConnectionId, Secret};

pub(super) fn mark(tx: &Sql, key: &VaultKey, connection: &Connection) -> Result<(), VaultError> {
    let place = records::place(connection, Kind::SecondCopy, 0);
    records::put(tx, key, &place, &Secret::new("second copy".to_owned()))
}

/// Nothing may be spent from a sign-in that may be in use elsewhere.
pub(super) fn refuse(sql: &Sql, id: &ConnectionId) -> Result<(), VaultError> {
    if records::exists(sql, id.as_str(), Kind::SecondCopy)? {
        return Err(VaultError::SecondCopy);
    }
    Ok(())
}

/// How many sign-ins are marked.
pub(super) fn count(sql: &Sql) -> Result<usize, VaultError> {
    let count: i64 = sql
        .prepare_cached("SELECT count(*) FROM sealed WHERE kind = ?1")?
        .query_row([Kind::SecondCopy.as_str()], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Takes every mark away: a person said that these sign-ins are in use here.
pub(super) fn clear(tx: &Sql) -> Result<(), VaultError> {
    tx.execute(
        "DELETE FROM sealed WHERE kind = ?1",
        [Kind::SecondCopy.as_str()],
    )?;
    Ok(())
}
