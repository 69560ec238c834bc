//! What happened to a connection. Written in the transaction of the change itself.
//!
//! Fixed words, scopes and the provider's short error codes only, never a token or a body (conformance X-01).

use rusqlite::{Connection as Sql, params};

use super::rows::Columns;
use super::{Vault, VaultError};
use crate::model::{ConnectionId, UnixTime, Untrusted};

/// Oldest events of a connection make room for new ones beyond this number.
const KEPT: u32 = 200;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub at: UnixTime,
    /// Which may be gone by now.
    pub connection: ConnectionId,
    /// The connection's name at that time.
    pub name: String,
    /// A fixed word for scripts: `added`, `edited`, `renamed`, `removed`, `signed-in`, `refreshed`,
    /// `retried`, `tested`, `failed`, `ended`, `put-off`, `revoked`, `dropped`, `imported`.
    pub what: String,
    pub detail: Option<Untrusted>,
}

impl Vault {
    /// Latest events first, of one connection or of all.
    pub fn history(
        &self,
        of: Option<&ConnectionId>,
        limit: usize,
    ) -> Result<Vec<Event>, VaultError> {
        let mut statement = self.db.read().prepare_cached(
            "SELECT at, connection, name, what, detail FROM event
             WHERE ?1 IS NULL OR connection = ?1 ORDER BY id DESC LIMIT ?2",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![of.map(ConnectionId::as_str), limit])?;
        let mut events = Vec::new();
        while let Some(row) = rows.next()? {
            let mut columns = Columns::of(row);
            events.push(Event {
                at: columns.time()?,
                connection: columns.text(ConnectionId::parse)?,
                name: columns.take()?,
                what: columns.take()?,
                detail: columns.take::<Option<String>>()?.map(Untrusted::new),
            });
        }
        Ok(events)
    }
}

/// Adds an event under the connection's present name.
pub(super) fn note(
    tx: &Sql,
    id: &ConnectionId,
    now: UnixTime,
    what: &str,
    detail: Option<&str>,
) -> Result<(), VaultError> {
    tx.prepare_cached(
        "INSERT INTO event (connection, at, name, what, detail)
         SELECT id, ?2, name, ?3, ?4 FROM connection WHERE id = ?1",
    )?
    .execute(params![id.as_str(), now.0, what, detail])?;
    tx.prepare_cached(
        "DELETE FROM event WHERE connection = ?1 AND id <=
             (SELECT id FROM event WHERE connection = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    )?
    .execute(params![id.as_str(), KEPT])?;
    Ok(())
}

/// Forgets what happened to a connection.
pub(super) fn forget(tx: &Sql, id: &ConnectionId) -> Result<(), VaultError> {
    tx.execute("DELETE FROM event WHERE connection = ?1", [id.as_str()])?;
    Ok(())
}
