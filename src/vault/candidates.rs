//! The outcome of a sign-in, kept beside the grant until it is accepted.

use rusqlite::{Connection as Sql, OptionalExtension, params};

use super::definitions::by_id;
use super::grants::{erase_all, write_grant};
use super::rows::{self, Columns};
use super::seal::Kind;
use super::{Vault, VaultError, history, records};
use crate::model::{
    Account, Connection, ConnectionId, Expiry, Grant, GrantId, ScopeSet, Secret, UnixTime,
};

/// The outcome of a sign-in before it is accepted.
pub struct Candidate {
    pub access_token: Secret,
    pub refresh_token: Option<Secret>,
    /// As the provider stated them.
    pub granted: Option<ScopeSet>,
    pub expiry: Expiry,
    pub issued_at: UnixTime,
    /// When the grant itself ends, if the provider tells.
    pub ends_at: Option<UnixTime>,
    pub account: Option<Account>,
    pub grant_id: GrantId,
}

const CANDIDATE: [Kind; 2] = [Kind::CandidateAccess, Kind::CandidateRefresh];

impl Vault {
    /// Seals the outcome of a sign-in, durably. What is stored already stays untouched.
    pub fn store_candidate(
        &mut self,
        connection: &Connection,
        candidate: &Candidate,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let vault_key = self.unlocked_key()?;
        self.db.write(now, |tx| {
            let stored = by_id(tx, &connection.id)?.ok_or(VaultError::UnknownConnection)?;
            if stored.endpoint_identity() != connection.endpoint_identity() {
                return Err(VaultError::Changed);
            }
            let generation = next_generation(tx, &connection.id)?;
            let (expiry, expires_at) = rows::expiry_columns(candidate.expiry);
            let (source, label, account) = rows::account_columns(candidate.account.as_ref());
            tx.execute(
                "INSERT OR REPLACE INTO candidate (connection, id, generation, expiry, expires_at,
                        issued_at, ends_at, account_source, account_label, account_id, granted)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                params![
                    connection.id.as_str(),
                    candidate.grant_id.as_str(),
                    generation.cast_signed(),
                    expiry,
                    expires_at,
                    candidate.issued_at.0,
                    candidate.ends_at.map(|at| at.0),
                    source,
                    label,
                    account,
                    rows::scopes_column(candidate.granted.as_ref()),
                ],
            )?;
            records::erase(tx, connection.id.as_str(), &CANDIDATE)?;
            // It is spent, or another way was faster.
            records::erase(tx, connection.id.as_str(), &[Kind::DeviceCode])?;
            let access = records::place(connection, Kind::CandidateAccess, generation);
            records::put(tx, vault_key, &access, &candidate.access_token)?;
            if let Some(token) = &candidate.refresh_token {
                let refresh = records::place(connection, Kind::CandidateRefresh, generation);
                records::put(tx, vault_key, &refresh, token)?;
            }
            Ok(())
        })
    }

    /// The sign-in that waits to be accepted, as the grant it would become.
    pub fn candidate(&self, id: &ConnectionId) -> Result<Option<Grant>, VaultError> {
        waiting(self.db.read(), id)
    }

    /// Access and refresh token of that sign-in, while it waits to be accepted.
    pub fn candidate_tokens(
        &self,
        connection: &Connection,
        grant: &GrantId,
    ) -> Result<Option<(Secret, Option<Secret>)>, VaultError> {
        let vault_key = self.unlocked_key()?;
        self.db.snapshot(|sql| {
            let Some(waiting) = waiting(sql, &connection.id)?.filter(|known| known.id == *grant)
            else {
                return Ok(None);
            };
            let get = |kind| {
                records::get(
                    sql,
                    vault_key,
                    &records::place(connection, kind, waiting.generation),
                )
            };
            let access = get(Kind::CandidateAccess)?.ok_or(VaultError::Tampered)?;
            Ok(Some((access, get(Kind::CandidateRefresh)?)))
        })
    }

    /// Notes who signed in, once that is known.
    ///
    /// # Errors
    /// [`VaultError::NoCandidate`] when that sign-in no longer waits: another one took its place.
    pub fn set_candidate_account(
        &mut self,
        id: &ConnectionId,
        grant: &GrantId,
        account: &Account,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let (source, label, account) = rows::account_columns(Some(account));
        self.db.write(now, |tx| {
            let set = tx.execute(
                "UPDATE candidate SET account_source = ?2, account_label = ?3, account_id = ?4
                 WHERE connection = ?1 AND id = ?5",
                params![id.as_str(), source, label, account, grant.as_str()],
            )?;
            if set == 1 {
                Ok(())
            } else {
                Err(VaultError::NoCandidate)
            }
        })
    }

    /// Puts the candidate in place of the grant, in one transaction. An earlier end, a problem and
    /// an unresolved refresh belong to the old grant and go with it.
    ///
    /// # Errors
    /// [`VaultError::NoCandidate`] when that sign-in no longer waits, [`VaultError::Tampered`],
    /// [`VaultError::Locked`].
    pub fn accept_candidate(
        &mut self,
        id: &ConnectionId,
        grant: &GrantId,
        now: UnixTime,
    ) -> Result<Grant, VaultError> {
        self.accept(id, grant, None, now)
    }

    /// The same for a sign-in that asked for other scopes than the definition, which asks for them from now
    /// on: in that same transaction, so a sign-in that fails changes neither (conformance B-11).
    pub fn accept_candidate_for(
        &mut self,
        id: &ConnectionId,
        grant: &GrantId,
        asked: &ScopeSet,
        now: UnixTime,
    ) -> Result<Grant, VaultError> {
        self.accept(id, grant, Some(asked), now)
    }

    fn accept(
        &mut self,
        id: &ConnectionId,
        grant: &GrantId,
        asked: Option<&ScopeSet>,
        now: UnixTime,
    ) -> Result<Grant, VaultError> {
        let vault_key = self.unlocked_key()?;
        let grant = self.db.write(now, |tx| {
            let connection = by_id(tx, id)?.ok_or(VaultError::UnknownConnection)?;
            let waiting = waiting(tx, id)?
                .filter(|known| known.id == *grant)
                .ok_or(VaultError::NoCandidate)?;
            let open = |kind| {
                records::get(
                    tx,
                    vault_key,
                    &records::place(&connection, kind, waiting.generation),
                )
            };
            let access = open(Kind::CandidateAccess)?.ok_or(VaultError::Tampered)?;
            let refresh = open(Kind::CandidateRefresh)?;
            let generation = next_generation(tx, id)?;
            let grant = Grant {
                generation,
                signed_in_at: now,
                has_refresh_token: refresh.is_some(),
                ..waiting
            };
            erase_all(tx, id)?;
            let place = |kind| records::place(&connection, kind, generation);
            records::put(tx, vault_key, &place(Kind::AccessToken), &access)?;
            if let Some(token) = &refresh {
                records::put(tx, vault_key, &place(Kind::RefreshToken), token)?;
            }
            write_grant(tx, id, &grant)?;
            tx.execute(
                "UPDATE connection SET ended = NULL, problem_kind = NULL, problem_at = NULL,
                        problem_detail = NULL, definition = json_remove(definition, '$.unasked'),
                        requested = coalesce(?2, requested)
                 WHERE id = ?1",
                params![id.as_str(), rows::scopes_column(asked)],
            )?;
            let label = grant.account.as_ref().map(|account| account.label.raw());
            history::note(tx, id, now, "signed-in", label)?;
            Ok(grant)
        })?;
        self.note_seen(now);
        Ok(grant)
    }

    /// Erases that candidate, if it still waits; the grant stays.
    pub fn discard_candidate(
        &mut self,
        id: &ConnectionId,
        grant: &GrantId,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        self.db.write(now, |tx| match waiting(tx, id)? {
            Some(known) if known.id == *grant => erase(tx, id),
            _ => Ok(()),
        })
    }
}

pub(super) fn erase(tx: &Sql, id: &ConnectionId) -> Result<(), VaultError> {
    records::erase(tx, id.as_str(), &CANDIDATE)?;
    tx.execute("DELETE FROM candidate WHERE connection = ?1", [id.as_str()])?;
    Ok(())
}

fn next_generation(tx: &Sql, id: &ConnectionId) -> Result<u64, VaultError> {
    let last: Option<i64> = tx
        .query_row(
            "SELECT generation FROM grants WHERE connection = ?1",
            [id.as_str()],
            |row| row.get(0),
        )
        .optional()?;
    Ok(last.unwrap_or(0).cast_unsigned() + 1)
}

/// The candidate as the grant it would become; its generation is the one it was sealed under.
fn waiting(sql: &Sql, id: &ConnectionId) -> Result<Option<Grant>, VaultError> {
    let mut statement = sql.prepare_cached(
        "SELECT id, generation, expiry, expires_at, issued_at, ends_at,
                account_source, account_label, account_id, granted
         FROM candidate WHERE connection = ?1",
    )?;
    let mut found = statement.query([id.as_str()])?;
    let Some(row) = found.next()? else {
        return Ok(None);
    };
    let mut columns = Columns::of(row);
    let grant_id = columns.text(GrantId::parse)?;
    let generation = columns.take::<i64>()?.cast_unsigned();
    let expiry = columns.expiry()?;
    let issued_at = columns.time()?;
    Ok(Some(Grant {
        id: grant_id,
        generation,
        signed_in_at: issued_at,
        expiry,
        issued_at,
        ends_at: columns.optional_time()?,
        account: columns.account()?,
        granted: columns.scopes()?,
        in_use: None,
        has_refresh_token: false,
        rotates: None,
        proved_at: None,
        tested_at: None,
    }))
}
