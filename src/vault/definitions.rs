//! Connections: adding, editing, finding.

use std::collections::BTreeSet;

use rusqlite::{Connection as Sql, Params, params};
use serde::Deserialize;
use serde_json::from_str;

use super::rows::{Columns, GRANT, to_json};
use super::{Vault, VaultError, VaultKey, grants, history, registrations};
use crate::model::{
    Connection, ConnectionId, ConnectionName, RegistrationId, ScopeSet, Secret, Serving, Summary,
    UnixTime,
};

/// What an edit did beside changing fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The identity changed and the tokens were erased: sign in again (conformance G-07).
    pub parked: bool,
    /// A new one when the identity changed and others still use the old registration.
    pub registration: RegistrationId,
}

impl Vault {
    /// Every connection for the table, sorted by name.
    pub fn summaries(&self) -> Result<Vec<Summary>, VaultError> {
        let mut statement = self.db.read().prepare_cached(&format!(
            "SELECT c.id, c.name, c.provider_id, c.provider_name, r.client_id, c.requested,
                    c.dev_http, c.ended, c.problem_kind, c.problem_at, c.problem_detail,
                    CASE WHEN g.id IS NOT NULL AND g.proved_at IS NULL
                         THEN json_extract(c.definition, '$.test') IS NULL ELSE 0 END,
                    CASE WHEN g.id IS NOT NULL THEN json_extract(c.definition, '$.unasked') END,
                    {GRANT}
             FROM connection c JOIN registration r ON r.id = c.registration
                  LEFT JOIN grants g ON g.connection = c.id
             ORDER BY c.folded"
        ))?;
        let mut found = statement.query([])?;
        let mut summaries = Vec::new();
        while let Some(row) = found.next()? {
            let mut columns = Columns::of(row);
            summaries.push(Summary {
                id: columns.text(ConnectionId::parse)?,
                name: columns.text(|text| ConnectionName::parse(text).ok())?,
                provider_id: columns.take()?,
                provider_name: columns.take()?,
                client_id: columns.take()?,
                requested: columns.scopes()?.unwrap_or_default(),
                dev_http: columns.take()?,
                ended: columns.ended()?,
                problem: columns.problem()?,
                // The long texts are read for those that wait for a test only.
                untestable: columns.take()?,
                unasked: columns.scopes()?.unwrap_or_default(),
                grant: columns.grant()?,
            });
        }
        Ok(summaries)
    }

    /// The connection with this name, compared without case.
    pub fn connection(&self, name: &str) -> Result<Option<Connection>, VaultError> {
        find(self.db.read(), "c.folded = ?1", [fold(name)])
    }

    /// Those whose tokens are to be renewed before anybody asks.
    pub fn served_ahead(&self) -> Result<Vec<ConnectionId>, VaultError> {
        let mut statement = self.db.read().prepare_cached(
            "SELECT id FROM connection WHERE json_extract(definition, '$.serving.ahead')",
        )?;
        let mut rows = statement.query([])?;
        let mut ids = Vec::new();
        while let Some(row) = rows.next()? {
            ids.push(Columns::of(row).text(ConnectionId::parse)?);
        }
        Ok(ids)
    }

    pub fn connection_by_id(&self, id: &ConnectionId) -> Result<Option<Connection>, VaultError> {
        by_id(self.db.read(), id)
    }

    /// Stores a new connection; its registration may be stored already. Any grant in `connection` is
    /// left out: grants come from a sign-in alone. Needs the key only if there is a secret to seal.
    ///
    /// # Errors
    /// [`VaultError::NameTaken`], [`VaultError::RegistrationDiffers`], [`VaultError::Locked`].
    pub fn add(
        &mut self,
        connection: &Connection,
        client_secret: Option<&Secret>,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let sealing = self.sealing(client_secret)?;
        self.db
            .write(now, |tx| insert(tx, sealing, connection, now))?;
        self.note_definitions_changed();
        Ok(())
    }

    /// Stores changed fields. A changed identity (issuer, endpoints, client ID, redirect address)
    /// parks the grant: its tokens are erased in the same transaction, and so is the client secret
    /// unless a new one is given (conformance G-07).
    ///
    /// `client_secret`: `None` leaves it as it is, `Some(None)` removes it.
    ///
    /// # Errors
    /// [`VaultError::UnknownConnection`], [`VaultError::NameTaken`], [`VaultError::Locked`].
    ///
    /// Hold the grant's lock, or a refresh under way loses what it brought.
    pub fn edit(
        &mut self,
        changed: &Connection,
        client_secret: Option<Option<&Secret>>,
        now: UnixTime,
    ) -> Result<Edited, VaultError> {
        let sealing = self.sealing(client_secret.flatten())?;
        let edited = self.db.write(now, |tx| {
            let old = by_id(tx, &changed.id)?.ok_or(VaultError::UnknownConnection)?;
            check_name(tx, &changed.id, &changed.name)?;
            let mut changed = changed.clone();
            let parked = if old.endpoint_identity() == changed.endpoint_identity() {
                false
            } else {
                grants::park(tx, &old, now)?
            };
            registrations::settle(tx, &mut changed)?;
            let unasked = unasked(tx, &old, &changed)?;
            store(tx, &changed)?;
            if old.grant.is_some() && !parked && !unasked.is_empty() {
                tx.execute(
                    "UPDATE connection SET definition = json_set(definition, '$.unasked', ?2)
                     WHERE id = ?1",
                    params![changed.id.as_str(), unasked.joined(" ")],
                )?;
            }
            if let Some((vault_key, secret)) = sealing {
                registrations::put_client_secret(tx, vault_key, &changed, secret)?;
            } else if client_secret.is_some() {
                registrations::drop_client_secret(tx, &changed.registration.id)?;
            }
            history::note(tx, &changed.id, now, "edited", None)?;
            Ok(Edited {
                parked,
                registration: changed.registration.id,
            })
        })?;
        self.note_definitions_changed();
        if edited.parked {
            self.note_seen(now);
        }
        Ok(edited)
    }

    pub fn rename(
        &mut self,
        id: &ConnectionId,
        name: &ConnectionName,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        self.db.write(now, |tx| {
            check_name(tx, id, name)?;
            // Under the old name first, so that the history reads in order.
            history::note(tx, id, now, "renamed", Some(name.as_str()))?;
            let renamed = tx.execute(
                "UPDATE connection SET name = ?2, folded = ?3 WHERE id = ?1",
                params![id.as_str(), name.as_str(), fold(name.as_str())],
            )?;
            expect_one(renamed)
        })?;
        self.note_definitions_changed();
        Ok(())
    }

    /// Removes a connection and erases its tokens. `with_registration` removes its registration and
    /// client secret too, unless another connection uses them.
    pub fn remove(
        &mut self,
        id: &ConnectionId,
        with_registration: bool,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        self.db.write(now, |tx| {
            let old = by_id(tx, id)?.ok_or(VaultError::UnknownConnection)?;
            grants::erase_all(tx, id)?;
            history::forget(tx, id)?;
            history::note(tx, id, now, "removed", None)?;
            tx.execute("DELETE FROM connection WHERE id = ?1", [id.as_str()])?;
            if with_registration {
                registrations::remove_unused(tx, &old.registration.id)?;
            }
            Ok(())
        })?;
        self.note_definitions_changed();
        self.note_seen(now);
        Ok(())
    }

    /// A record that does not open is tampering only if the caller's connection is the stored one.
    pub(super) fn tampered_or_changed(
        &self,
        connection: &Connection,
    ) -> Result<VaultError, VaultError> {
        let stored = self.connection_by_id(&connection.id)?;
        let same = stored.is_some_and(|stored| {
            stored.endpoint_identity() == connection.endpoint_identity()
                && stored.registration.id == connection.registration.id
                && stored.registration.has_secret == connection.registration.has_secret
                && stored.grant.map(|grant| grant.generation)
                    == connection.grant.as_ref().map(|grant| grant.generation)
        });
        Ok(if same {
            VaultError::Tampered
        } else {
            VaultError::Changed
        })
    }

    pub(super) fn sealing<'s>(
        &'s self,
        secret: Option<&'s Secret>,
    ) -> Result<Option<(&'s VaultKey, &'s Secret)>, VaultError> {
        secret
            .map(|secret| Ok((self.unlocked_key()?, secret)))
            .transpose()
    }
}

/// Puts a new connection in.
pub(super) fn insert(
    tx: &Sql,
    sealing: Option<(&VaultKey, &Secret)>,
    connection: &Connection,
    now: UnixTime,
) -> Result<(), VaultError> {
    check_name(tx, &connection.id, &connection.name)?;
    if by_id(tx, &connection.id)?.is_some() {
        return Err(VaultError::Changed);
    }
    registrations::adopt(tx, connection)?;
    if let Some((vault_key, secret)) = sealing {
        registrations::put_client_secret(tx, vault_key, connection, secret)?;
    }
    store(tx, connection)?;
    history::note(tx, &connection.id, now, "added", None)
}

pub(super) fn by_id(sql: &Sql, id: &ConnectionId) -> Result<Option<Connection>, VaultError> {
    find(sql, "c.id = ?1", [id.as_str()])
}

pub(super) fn every_id(sql: &Sql) -> Result<BTreeSet<ConnectionId>, VaultError> {
    let mut statement = sql.prepare_cached("SELECT id FROM connection")?;
    let mut rows = statement.query([])?;
    let mut ids = BTreeSet::new();
    while let Some(row) = rows.next()? {
        ids.insert(Columns::of(row).text(ConnectionId::parse)?);
    }
    Ok(ids)
}

pub(super) fn expect_one(rows: usize) -> Result<(), VaultError> {
    if rows == 1 {
        Ok(())
    } else {
        Err(VaultError::UnknownConnection)
    }
}

fn find(sql: &Sql, which: &str, of: impl Params) -> Result<Option<Connection>, VaultError> {
    let mut statement = sql.prepare_cached(&format!(
        "SELECT r.id, r.client_id, r.auth, r.redirect, r.has_secret,
                c.id, c.name, c.definition, c.requested, c.resources, c.dev_http, c.ca_pem,
                c.ended, c.problem_kind, c.problem_at, c.problem_detail, {GRANT}
         FROM connection c JOIN registration r ON r.id = c.registration
              LEFT JOIN grants g ON g.connection = c.id
         WHERE {which}"
    ))?;
    let mut found = statement.query(of)?;
    let Some(row) = found.next()? else {
        return Ok(None);
    };
    let mut columns = Columns::of(row);
    let registration = registrations::read(&mut columns)?;
    let id = columns.text(ConnectionId::parse)?;
    let name = columns.text(|text| ConnectionName::parse(text).ok())?;
    let (provider, Beside { serving }) =
        columns.text(|text| Some((from_str(text).ok()?, from_str(text).ok()?)))?;
    Ok(Some(Connection {
        registration,
        id,
        name,
        provider,
        serving,
        requested: columns.scopes()?.unwrap_or_default(),
        resources: columns.json()?,
        dev_http: columns.take()?,
        ca_pem: columns.take()?,
        ended: columns.ended()?,
        problem: columns.problem()?,
        grant: columns.grant()?,
    }))
}

/// What stands in the column of the provider's definition beside it. Programs that do not know it
/// leave it out.
#[derive(Deserialize)]
struct Beside {
    #[serde(default)]
    serving: Serving,
}

fn definition_text(connection: &Connection) -> Result<String, VaultError> {
    if connection.serving.is_default() {
        return to_json(&connection.provider);
    }
    let damaged = |_| VaultError::Damaged("a definition");
    let mut definition = serde_json::to_value(&connection.provider).map_err(damaged)?;
    definition["serving"] = serde_json::to_value(connection.serving).map_err(damaged)?;
    to_json(&definition)
}

/// What `changed` asks for beyond what the provider was asked at the sign-in that is there.
fn unasked(tx: &Sql, old: &Connection, changed: &Connection) -> Result<ScopeSet, VaultError> {
    let before: Option<String> = tx
        .prepare_cached(
            "SELECT json_extract(definition, '$.unasked') FROM connection WHERE id = ?1",
        )?
        .query_row([old.id.as_str()], |row| row.get(0))?;
    let before = ScopeSet::parse(&before.unwrap_or_default()).unwrap_or_default();
    let asked = changed.requested.iter();
    Ok(asked
        .filter(|scope| before.contains(scope) || !old.requested.contains(scope))
        .cloned()
        .collect())
}

/// Names that differ in case alone are the same to people.
pub(super) fn fold(name: &str) -> String {
    name.to_lowercase()
}

fn check_name(tx: &Sql, id: &ConnectionId, name: &ConnectionName) -> Result<(), VaultError> {
    let taken: bool = tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM connection WHERE folded = ?1 AND id <> ?2)")?
        .query_row(params![fold(name.as_str()), id.as_str()], |row| row.get(0))?;
    if taken {
        Err(VaultError::NameTaken)
    } else {
        Ok(())
    }
}

fn store(tx: &Sql, connection: &Connection) -> Result<(), VaultError> {
    tx.execute(
        "INSERT INTO connection (id, name, folded, registration, provider_id, provider_name,
                dev_http, requested, resources, definition, ca_pem)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, folded = excluded.folded,
                registration = excluded.registration, provider_id = excluded.provider_id,
                provider_name = excluded.provider_name, dev_http = excluded.dev_http,
                requested = excluded.requested, resources = excluded.resources,
                definition = excluded.definition, ca_pem = excluded.ca_pem",
        params![
            connection.id.as_str(),
            connection.name.as_str(),
            fold(connection.name.as_str()),
            connection.registration.id.as_str(),
            connection.provider.id,
            connection.provider.name,
            connection.dev_http,
            connection.requested.joined(" "),
            to_json(&connection.resources)?,
            definition_text(connection)?,
            connection.ca_pem,
        ],
    )?;
    Ok(())
}
