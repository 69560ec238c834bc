//! Connections and registrations: adding, editing, finding.

use rusqlite::{Connection as Sql, OptionalExtension, Params, params};

use super::rows::{Columns, GRANT, to_json};
use super::seal::Kind;
use super::{Vault, VaultError, VaultKey, grants, history, key, records};
use crate::model::{
    Connection, ConnectionId, ConnectionName, Provider, Registration, RegistrationId, Secret,
    Summary, UnixTime,
};

/// A registration that a new connection may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRegistration {
    pub registration: Registration,
    /// The service it belongs to, as last stored with it.
    pub provider: Provider,
    /// Connections that use it, sorted.
    pub used_by: Vec<ConnectionName>,
}

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
                    c.dev_http, c.ended, c.problem_kind, c.problem_at, c.problem_detail, {GRANT}
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
                grant: columns.grant()?,
            });
        }
        Ok(summaries)
    }

    /// The connection with this name, compared without case.
    pub fn connection(&self, name: &str) -> Result<Option<Connection>, VaultError> {
        find(self.db.read(), "c.folded = ?1", [fold(name)])
    }

    pub fn connection_by_id(&self, id: &ConnectionId) -> Result<Option<Connection>, VaultError> {
        by_id(self.db.read(), id)
    }

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
            let registration = registration(&mut columns)?;
            known.push(KnownRegistration {
                provider: columns.json()?,
                used_by: self.connections_of(&registration.id)?,
                registration,
            });
        }
        Ok(known)
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
        self.db.write(now, |tx| {
            check_name(tx, &connection.id, &connection.name)?;
            match stored_identity(tx, &connection.registration.id)? {
                None => insert_registration(tx, connection)?,
                Some(identity) if identity == connection.endpoint_identity() => {
                    update_registration(tx, connection)?;
                }
                Some(_) => return Err(VaultError::RegistrationDiffers),
            }
            if let Some((vault_key, secret)) = sealing {
                put_client_secret(tx, vault_key, connection, secret)?;
            }
            insert_connection(tx, connection)?;
            history::note(tx, &connection.id, now, "added", None)
        })?;
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
            settle_registration(tx, &mut changed)?;
            update_connection(tx, &changed)?;
            if let Some((vault_key, secret)) = sealing {
                put_client_secret(tx, vault_key, &changed, secret)?;
            } else if client_secret.is_some() {
                drop_client_secret(tx, &changed.registration.id)?;
            }
            history::note(tx, &changed.id, now, "edited", None)?;
            Ok(Edited {
                parked,
                registration: changed.registration.id,
            })
        })?;
        self.note_definitions_changed();
        if edited.parked {
            self.note_seen();
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
            if with_registration && !is_used(tx, &old.registration.id)? {
                records::erase(tx, old.registration.id.as_str(), &[Kind::ClientSecret])?;
                tx.execute(
                    "DELETE FROM registration WHERE id = ?1",
                    [old.registration.id.as_str()],
                )?;
            }
            Ok(())
        })?;
        self.note_definitions_changed();
        self.note_seen();
        Ok(())
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

    fn sealing<'s>(
        &'s self,
        secret: Option<&'s Secret>,
    ) -> Result<Option<(&'s VaultKey, &'s Secret)>, VaultError> {
        secret
            .map(|secret| Ok((self.unlocked_key()?, secret)))
            .transpose()
    }
}

pub(super) fn by_id(sql: &Sql, id: &ConnectionId) -> Result<Option<Connection>, VaultError> {
    find(sql, "c.id = ?1", [id.as_str()])
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
    Ok(Some(Connection {
        registration: registration(&mut columns)?,
        id: columns.text(ConnectionId::parse)?,
        name: columns.text(|text| ConnectionName::parse(text).ok())?,
        provider: columns.json()?,
        requested: columns.scopes()?.unwrap_or_default(),
        resources: columns.json()?,
        dev_http: columns.take()?,
        ca_pem: columns.take()?,
        ended: columns.ended()?,
        problem: columns.problem()?,
        grant: columns.grant()?,
    }))
}

/// Columns `id, client_id, auth, redirect, has_secret`.
fn registration(columns: &mut Columns<'_>) -> Result<Registration, VaultError> {
    Ok(Registration {
        id: columns.text(RegistrationId::parse)?,
        client_id: columns.take()?,
        auth: columns.auth()?,
        redirect: columns.json()?,
        has_secret: columns.take()?,
    })
}

/// Names that differ in case alone are the same to people.
fn fold(name: &str) -> String {
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

fn stored_identity(tx: &Sql, id: &RegistrationId) -> Result<Option<[u8; 32]>, VaultError> {
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
fn settle_registration(tx: &Sql, changed: &mut Connection) -> Result<(), VaultError> {
    match stored_identity(tx, &changed.registration.id)? {
        None => insert_registration(tx, changed),
        Some(identity) if identity == changed.endpoint_identity() => {
            update_registration(tx, changed)
        }
        Some(_) if is_used_by_others(tx, changed)? => {
            changed.registration.id = RegistrationId::from_random(key::random()?);
            insert_registration(tx, changed)
        }
        Some(_) => {
            // Sealed for the old endpoints: it could not be opened again.
            drop_client_secret(tx, &changed.registration.id)?;
            update_registration(tx, changed)
        }
    }
}

fn is_used(tx: &Sql, id: &RegistrationId) -> Result<bool, VaultError> {
    Ok(tx.query_row(
        "SELECT EXISTS (SELECT 1 FROM connection WHERE registration = ?1)",
        [id.as_str()],
        |row| row.get(0),
    )?)
}

fn is_used_by_others(tx: &Sql, connection: &Connection) -> Result<bool, VaultError> {
    Ok(tx.query_row(
        "SELECT EXISTS (SELECT 1 FROM connection WHERE registration = ?1 AND id <> ?2)",
        [connection.registration.id.as_str(), connection.id.as_str()],
        |row| row.get(0),
    )?)
}

fn insert_registration(tx: &Sql, connection: &Connection) -> Result<(), VaultError> {
    let registration = &connection.registration;
    tx.execute(
        "INSERT INTO registration (id, client_id, auth, redirect, has_secret, identity, definition)
         VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6)",
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

fn update_registration(tx: &Sql, connection: &Connection) -> Result<(), VaultError> {
    let registration = &connection.registration;
    tx.execute(
        "UPDATE registration SET client_id = ?2, auth = ?3, redirect = ?4, identity = ?5,
                definition = ?6
         WHERE id = ?1",
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

fn put_client_secret(
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

fn drop_client_secret(tx: &Sql, id: &RegistrationId) -> Result<(), VaultError> {
    records::erase(tx, id.as_str(), &[Kind::ClientSecret])?;
    tx.execute(
        "UPDATE registration SET has_secret = 0 WHERE id = ?1",
        [id.as_str()],
    )?;
    Ok(())
}

fn insert_connection(tx: &Sql, connection: &Connection) -> Result<(), VaultError> {
    tx.execute(
        "INSERT INTO connection (id, name, folded, registration, provider_id, provider_name,
                dev_http, requested, resources, definition, ca_pem)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
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
            to_json(&connection.provider)?,
            connection.ca_pem,
        ],
    )?;
    Ok(())
}

fn update_connection(tx: &Sql, connection: &Connection) -> Result<(), VaultError> {
    let updated = tx.execute(
        "UPDATE connection SET name = ?2, folded = ?3, registration = ?4, provider_id = ?5,
                provider_name = ?6, dev_http = ?7, requested = ?8, resources = ?9,
                definition = ?10, ca_pem = ?11
         WHERE id = ?1",
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
            to_json(&connection.provider)?,
            connection.ca_pem,
        ],
    )?;
    expect_one(updated)
}
