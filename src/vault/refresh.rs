//! The journal of a refresh: what is about to be spent is written down, synced, before it is.
//!
//! After a crash the intent that is left tells the next holder of the lock that the outcome is
//! unknown (conformance J-02 to J-05, J-09). The caller holds the grant's lock throughout.

use rusqlite::{Connection as Sql, OptionalExtension, params};

use super::definitions::by_id;
use super::seal::Kind;
use super::{Vault, VaultError, VaultKey, grants, history, records, second_copy};
use crate::model::{Connection, ConnectionId, Expiry, Grant, ScopeSet, Secret, UnixTime};

/// A refresh that was begun and has no known outcome yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Of the grant whose refresh token is spent.
    pub generation: u64,
    /// When it was first begun.
    pub at: UnixTime,
    /// How often the token may have been presented.
    pub tries: u32,
}

/// What a refresh brought.
pub struct Refreshed {
    pub access_token: Secret,
    /// `None` keeps the old one (RFC 6749 section 6).
    pub refresh_token: Option<Secret>,
    /// Scopes of this access token, where the provider stated them.
    pub in_use: Option<ScopeSet>,
    pub expiry: Expiry,
    pub issued_at: UnixTime,
    /// When the grant itself ends; `None` keeps what was known.
    pub ends_at: Option<UnixTime>,
    /// What a person may want to know about the answer: in the history.
    pub remark: Option<String>,
}

impl Vault {
    /// Writes down, durably, that the refresh token is about to be spent. Proves at once that the
    /// disk takes writes, that the key opens the token and that it belongs to these endpoints.
    ///
    /// # Errors
    /// Then nothing may be sent: [`VaultError::Moved`], [`VaultError::SecondCopy`], [`VaultError::Changed`],
    /// [`VaultError::IntentPending`], [`VaultError::NoRefreshToken`], [`VaultError::Tampered`], [`VaultError::Locked`],
    /// [`VaultError::Disk`].
    pub fn begin_refresh(
        &mut self,
        connection: &Connection,
        now: UnixTime,
    ) -> Result<Intent, VaultError> {
        self.refuse_if_moved()?;
        let vault_key = self.unlocked_key()?;
        self.db.write(now, |tx| {
            let grant = current_grant(tx, connection)?;
            second_copy::refuse(tx, &connection.id)?;
            if read(tx, &connection.id)?.is_some() {
                return Err(VaultError::IntentPending);
            }
            let place = |kind| records::place(connection, kind, grant.generation);
            if !grant.has_refresh_token {
                return Err(VaultError::NoRefreshToken);
            }
            records::get(tx, vault_key, &place(Kind::RefreshToken))?.ok_or(VaultError::Tampered)?;
            let intent = Intent {
                generation: grant.generation,
                at: now,
                tries: 1,
            };
            write(tx, vault_key, connection, &intent)?;
            Ok(intent)
        })
    }

    /// The refresh that was cut off, if any.
    pub fn pending_intent(&self, id: &ConnectionId) -> Result<Option<Intent>, VaultError> {
        read(self.db.read(), id)
    }

    /// Counts one more presentation of the same token, durably, before it is made.
    ///
    /// # Errors
    /// [`VaultError::Moved`], [`VaultError::SecondCopy`]; [`VaultError::Changed`] when `intent` is no longer the stored one; [`VaultError::Tampered`]
    /// when the stored one is not what this program wrote.
    pub fn note_retry(
        &mut self,
        connection: &Connection,
        intent: &Intent,
        now: UnixTime,
    ) -> Result<Intent, VaultError> {
        self.refuse_if_moved()?;
        self.set_tries(connection, intent, intent.tries + 1, now)
    }

    /// Takes a presentation back that never left this machine.
    ///
    /// # Errors
    /// As [`Vault::note_retry`].
    pub fn undo_retry(
        &mut self,
        connection: &Connection,
        intent: &Intent,
        now: UnixTime,
    ) -> Result<Intent, VaultError> {
        self.set_tries(connection, intent, intent.tries.saturating_sub(1), now)
    }

    /// Stores what the refresh brought, durably, before anybody gets the new token (J-03). Writes
    /// generation n + 1 over n alone (U-06).
    ///
    /// # Errors
    /// [`VaultError::Changed`] when the grant or the intent is another one by now.
    pub fn commit_refresh(
        &mut self,
        connection: &Connection,
        intent: &Intent,
        refreshed: &Refreshed,
        now: UnixTime,
    ) -> Result<Grant, VaultError> {
        let vault_key = self.unlocked_key()?;
        let grant = self.db.write(now, |tx| {
            let old = current_grant(tx, connection)?;
            if old.generation != intent.generation
                || read(tx, &connection.id)?.as_ref() != Some(intent)
            {
                return Err(VaultError::Changed);
            }
            let spent = records::get(
                tx,
                vault_key,
                &records::place(connection, Kind::RefreshToken, old.generation),
            )?
            .ok_or(VaultError::Tampered)?;
            let brought = refreshed
                .refresh_token
                .as_ref()
                .filter(|brought| !brought.same(&spent));
            let generation = old.generation + 1;
            let place = |kind| records::place(connection, kind, generation);
            records::put(
                tx,
                vault_key,
                &place(Kind::AccessToken),
                &refreshed.access_token,
            )?;
            records::put(
                tx,
                vault_key,
                &place(Kind::RefreshToken),
                brought.unwrap_or(&spent),
            )?;
            let grant = Grant {
                generation,
                expiry: refreshed.expiry,
                issued_at: refreshed.issued_at,
                in_use: refreshed.in_use.clone(),
                has_refresh_token: true,
                rotates: Some(old.rotates == Some(true) || brought.is_some()),
                ends_at: refreshed.ends_at.or(old.ends_at),
                proved_at: Some(now),
                ..old
            };
            grants::write_grant(tx, &connection.id, &grant)?;
            grants::write_problem(tx, &connection.id, None)?;
            clear(tx, &connection.id)?;
            history::note(
                tx,
                &connection.id,
                now,
                "refreshed",
                refreshed.remark.as_deref(),
            )?;
            Ok(grant)
        })?;
        self.note_seen(now);
        Ok(grant)
    }

    fn set_tries(
        &mut self,
        connection: &Connection,
        intent: &Intent,
        tries: u32,
        now: UnixTime,
    ) -> Result<Intent, VaultError> {
        let vault_key = self.unlocked_key()?;
        self.db.write(now, |tx| {
            let grant = current_grant(tx, connection)?;
            if grant.generation != intent.generation
                || read(tx, &connection.id)?.as_ref() != Some(intent)
            {
                return Err(VaultError::Changed);
            }
            if tries > intent.tries {
                second_copy::refuse(tx, &connection.id)?;
            }
            let place = records::place(connection, Kind::Intent, intent.generation);
            let written = records::get(tx, vault_key, &place)?;
            if !written.is_some_and(|written| written.same(&text_of(intent))) {
                return Err(VaultError::Tampered);
            }
            let again = Intent {
                tries,
                ..intent.clone()
            };
            tx.execute(
                "UPDATE intent SET tries = ?2 WHERE connection = ?1",
                params![connection.id.as_str(), again.tries],
            )?;
            records::put(tx, vault_key, &place, &text_of(&again))?;
            if tries > intent.tries {
                history::note(tx, &connection.id, now, "retried", None)?;
            }
            Ok(again)
        })
    }

    /// Forgets the intent: it is certain that nothing was spent.
    pub fn clear_intent(&mut self, id: &ConnectionId, now: UnixTime) -> Result<(), VaultError> {
        self.db.write(now, |tx| clear(tx, id))
    }
}

/// The stored grant, if `connection` still shows it.
fn current_grant(tx: &Sql, connection: &Connection) -> Result<Grant, VaultError> {
    let stored = by_id(tx, &connection.id)?.ok_or(VaultError::UnknownConnection)?;
    let shown = connection.grant.as_ref().map(|grant| grant.generation);
    match stored.grant {
        Some(grant) if shown == Some(grant.generation) => Ok(grant),
        _ => Err(VaultError::Changed),
    }
}

fn read(sql: &Sql, id: &ConnectionId) -> Result<Option<Intent>, VaultError> {
    Ok(sql
        .prepare_cached("SELECT generation, at, tries FROM intent WHERE connection = ?1")?
        .query_row([id.as_str()], |row| {
            Ok(Intent {
                generation: row.get::<_, i64>(0)?.cast_unsigned(),
                at: UnixTime(row.get(1)?),
                tries: row.get(2)?,
            })
        })
        .optional()?)
}

pub(super) fn write(
    tx: &Sql,
    vault_key: &VaultKey,
    connection: &Connection,
    intent: &Intent,
) -> Result<(), VaultError> {
    tx.prepare_cached(
        "INSERT INTO intent (connection, generation, at, tries) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        connection.id.as_str(),
        intent.generation.cast_signed(),
        intent.at.0,
        intent.tries
    ])?;
    let place = records::place(connection, Kind::Intent, intent.generation);
    records::put(tx, vault_key, &place, &text_of(intent))
}

fn clear(tx: &Sql, id: &ConnectionId) -> Result<(), VaultError> {
    records::erase(tx, id.as_str(), &[Kind::Intent])?;
    tx.execute("DELETE FROM intent WHERE connection = ?1", [id.as_str()])?;
    Ok(())
}

/// What is sealed beside the readable columns, so that nobody lowers the count unnoticed.
fn text_of(intent: &Intent) -> Secret {
    Secret::new(format!("{} {}", intent.at.0, intent.tries))
}
