//! Sign-ins on their way out of this vault and into another: nobody but this room sees their secrets.
//!
//! The definitions travel as the text that a plain export would be, so that they are read, checked and
//! reviewed in the same way. What is in the making (a sign-in that waits to be accepted) stays behind.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::params;

use super::carry_body::{Body, Entry, Hidden, Part, wiped_json};
use super::lock::allow_open_files;
use super::passphrase::Effort;
use super::seal::Kind;
use super::{
    BackupProblem, Intent, Vault, VaultError, backup, definitions, grants, history, records,
    refresh, second_copy,
};
use crate::model::{
    Account, Connection, ConnectionId, ConnectionName, Grant, GrantId, Secret, UnixTime,
};

/// How long a backup waits for refreshes under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// An opened backup.
pub struct Backup {
    /// The definitions, as a plain export writes them. Not checked yet.
    pub definitions: String,
    pub made_at: UnixTime,
    carried: BTreeMap<String, Carried>,
}

/// What a backup holds of one connection beside its definition.
#[derive(Default)]
pub struct Carried {
    pub(super) client_secret: Option<Secret>,
    pub(super) sign_in: Option<SignIn>,
}

pub(super) struct SignIn {
    pub(super) grant: Grant,
    pub(super) access_token: Secret,
    pub(super) refresh_token: Option<Secret>,
    pub(super) pending: Option<Intent>,
}

/// A connection to be stored, and what came with it.
pub struct Addition {
    pub connection: Connection,
    pub carried: Carried,
}

impl Carried {
    /// Who signed in, and whether anybody did.
    pub fn signed_in(&self) -> Option<Option<&Account>> {
        let sign_in = self.sign_in.as_ref()?;
        Some(sign_in.grant.account.as_ref())
    }

    /// Leaves the client secret out: there is one already.
    pub fn forget_client_secret(&mut self) {
        self.client_secret = None;
    }

    pub fn has_client_secret(&self) -> bool {
        self.client_secret.is_some()
    }
}

impl Backup {
    /// Opens a backup. Takes about half a second, as long as its passphrase was made to take.
    ///
    /// # Errors
    /// [`VaultError::Backup`].
    pub fn open(bytes: &[u8], passphrase: &Secret) -> Result<Self, VaultError> {
        let body = backup::open(bytes, passphrase)?;
        let unlike_ours = VaultError::Backup(BackupProblem::Changed);
        let body: Body = serde_json::from_slice(&body).map_err(|_| unlike_ours.clone())?;
        let carried = body.connections.into_iter().map(|entry| {
            let name = definitions::fold(&entry.name);
            entry.into_carried().map(|carried| (name, carried))
        });
        Ok(Self {
            definitions: body.definitions,
            made_at: body.made_at,
            carried: carried.collect::<Option<_>>().ok_or(unlike_ours)?,
        })
    }

    /// What came with the connection of this name, to look at.
    pub fn carried(&self, name: &ConnectionName) -> Option<&Carried> {
        self.carried.get(&definitions::fold(name.as_str()))
    }

    /// The same, taken out.
    pub fn take(&mut self, name: &ConnectionName) -> Option<Carried> {
        self.carried.remove(&definitions::fold(name.as_str()))
    }
}

impl Vault {
    /// Seals connections with their client secrets and sign-ins under a passphrase of its own.
    /// `write` makes the text of their definitions.
    ///
    /// # Errors
    /// [`VaultError::Busy`] while a refresh does not end: what it brings would make the backup worthless;
    /// [`VaultError::Locked`], [`VaultError::Tampered`].
    pub fn back_up_sign_ins(
        &self,
        ids: &[ConnectionId],
        passphrase: &Secret,
        write: impl Fn(&[Connection]) -> String,
        now: UnixTime,
    ) -> Result<Vec<u8>, VaultError> {
        self.back_up_with(ids, passphrase, write, (Effort::Calibrated, PATIENCE), now)
    }

    pub(super) fn back_up_with(
        &self,
        ids: &[ConnectionId],
        passphrase: &Secret,
        write: impl Fn(&[Connection]) -> String,
        (effort, patience): (Effort, Duration),
        now: UnixTime,
    ) -> Result<Vec<u8>, VaultError> {
        self.unlocked_key()?;
        let body = {
            allow_open_files(ids.len());
            let _held = self.locks.lock_each(ids.iter().cloned(), patience)?;
            let mut connections = Vec::new();
            let mut entries = Vec::new();
            for id in ids {
                let connection = self
                    .connection_by_id(id)?
                    .ok_or(VaultError::UnknownConnection)?;
                entries.push(self.entry(&connection)?);
                connections.push(connection);
            }
            wiped_json(&Body {
                definitions: write(&connections),
                made_at: now,
                connections: entries,
            })?
        };
        backup::seal(passphrase, &body, effort)
    }

    fn entry(&self, connection: &Connection) -> Result<Entry, VaultError> {
        let live = connection
            .grant
            .as_ref()
            .filter(|_| connection.ended.is_none());
        let grant = match live {
            Some(grant) => Some(Part::of(
                grant,
                self.access_token(connection)?.ok_or(VaultError::Tampered)?,
                self.refresh_token(connection)?,
                self.pending_intent(&connection.id)?.as_ref(),
            )),
            None => None,
        };
        Ok(Entry {
            name: connection.name.as_str().to_owned(),
            client_secret: self.client_secret(connection)?.map(Hidden),
            grant,
        })
    }

    /// Stores new connections, all of them or none, with what came with them. Sign-ins are marked as
    /// second copies: nothing is spent from them before [`Vault::adopt`]. A sign-in that this vault has
    /// already is left out; the names of those connections are returned.
    ///
    /// # Errors
    /// As [`Vault::add`].
    pub fn add_all(
        &mut self,
        additions: &[Addition],
        now: UnixTime,
    ) -> Result<Vec<ConnectionName>, VaultError> {
        let known_already = self.db.write(now, |tx| {
            let mut known_already = Vec::new();
            for Addition {
                connection,
                carried,
            } in additions
            {
                let client_secret = carried.client_secret.as_ref();
                definitions::insert(tx, self.sealing(client_secret)?, connection, now)?;
                let Some(sign_in) = &carried.sign_in else {
                    continue;
                };
                if is_known(tx, &sign_in.grant.id)? {
                    known_already.push(connection.name.clone());
                    continue;
                }
                sign_in.store(tx, self.unlocked_key()?, connection)?;
                history::note(tx, &connection.id, now, "imported", None)?;
            }
            Ok(known_already)
        })?;
        self.note_definitions_changed();
        self.note_seen(now);
        Ok(known_already)
    }
}

impl SignIn {
    fn store(
        &self,
        tx: &rusqlite::Connection,
        key: &super::VaultKey,
        connection: &Connection,
    ) -> Result<(), VaultError> {
        let place = |kind| records::place(connection, kind, self.grant.generation);
        records::put(tx, key, &place(Kind::AccessToken), &self.access_token)?;
        if let Some(token) = &self.refresh_token {
            records::put(tx, key, &place(Kind::RefreshToken), token)?;
        }
        grants::write_grant(tx, &connection.id, &self.grant)?;
        if let Some(intent) = &self.pending {
            refresh::write(tx, key, connection, intent)?;
        }
        second_copy::mark(tx, key, connection)
    }
}

/// Two rows that refresh the same sign-in would end it as surely as two machines.
fn is_known(tx: &rusqlite::Connection, id: &GrantId) -> Result<bool, VaultError> {
    Ok(tx.query_row(
        "SELECT EXISTS (SELECT 1 FROM grants JOIN connection c ON c.id = grants.connection
                        WHERE grants.id = ?1 AND c.ended IS NULL)",
        params![id.as_str()],
        |row| row.get(0),
    )?)
}
