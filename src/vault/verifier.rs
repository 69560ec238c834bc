//! A known text under the vault key: tells whether a key is the vault's, and still is.

use rusqlite::Connection as Sql;

use super::seal::{self, Binding, Kind};
use super::{VaultError, VaultKey};

const TEXT: &[u8] = b"valetkey vault";

/// Whether this is the key of the vault as it is now.
pub(super) fn fits(sql: &Sql, vault_key: &VaultKey) -> Result<bool, VaultError> {
    let (id, record): (String, Vec<u8>) = sql
        .prepare_cached("SELECT id, verifier FROM vault")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let text = seal::open(vault_key.as_bytes(), &place(&id), &record);
    Ok(text.is_some_and(|text| text.as_slice() == TEXT))
}

/// The verifier of the vault with this id.
pub(super) fn new(id: &str, vault_key: &VaultKey) -> Result<Vec<u8>, VaultError> {
    seal::seal(vault_key.as_bytes(), &place(id), TEXT)
}

fn place(id: &str) -> Binding<'_> {
    Binding {
        owner: id,
        kind: Kind::Verifier,
        generation: 0,
        identity: [0; 32],
    }
}
