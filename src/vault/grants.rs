//! Grants and their tokens: a sign-in's candidate, its acceptance, the end.

use rusqlite::{Connection as Sql, OptionalExtension, params};

use super::definitions::{by_id, expect_one};
use super::rows::{self, Columns};
use super::seal::Kind;
use super::{Vault, VaultError, history, records};
use crate::model::{
    Account, Connection, ConnectionId, EndReason, Expiry, Grant, GrantId, Problem, ScopeSet,
    Secret, UnixTime,
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

const TOKENS: [Kind; 3] = [Kind::AccessToken, Kind::RefreshToken, Kind::Intent];
const CANDIDATE: [Kind; 2] = [Kind::CandidateAccess, Kind::CandidateRefresh];

impl Vault {
    /// The access token of the grant that `connection` shows.
    ///
    /// # Errors
    /// [`VaultError::Changed`] when the stored grant is another generation; [`VaultError::Tampered`]
    /// when it was sealed for other endpoints than `connection` names; [`VaultError::Locked`].
    pub fn access_token(&self, connection: &Connection) -> Result<Option<Secret>, VaultError> {
        self.token(connection, Kind::AccessToken)
    }

    /// The refresh token; see [`Vault::access_token`]. Only the holder of the grant's lock spends it.
    pub fn refresh_token(&self, connection: &Connection) -> Result<Option<Secret>, VaultError> {
        self.token(connection, Kind::RefreshToken)
    }

    fn token(&self, connection: &Connection, kind: Kind) -> Result<Option<Secret>, VaultError> {
        let vault_key = self.unlocked_key()?;
        let Some(grant) = &connection.grant else {
            return Ok(None);
        };
        // One statement, so that generation and record are of one moment.
        let stored: Option<(i64, Option<Vec<u8>>)> = self
            .db
            .read()
            .prepare_cached(
                "SELECT g.generation, s.record FROM grants g
                 LEFT JOIN sealed s ON s.owner = g.connection AND s.kind = ?2
                 WHERE g.connection = ?1",
            )?
            .query_row(params![connection.id.as_str(), kind.as_str()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let Some((generation, record)) = stored else {
            return Err(VaultError::Changed);
        };
        if generation.cast_unsigned() != grant.generation {
            return Err(VaultError::Changed);
        }
        let expected = match kind {
            Kind::RefreshToken => grant.has_refresh_token,
            _ => connection.ended.is_none(),
        };
        let place = records::place(connection, kind, grant.generation);
        match record.map(|record| records::open(vault_key, &place, &record)) {
            Some(Ok(token)) => Ok(Some(token)),
            None if !expected => Ok(None),
            // Another's record, or one taken out.
            None | Some(Err(VaultError::Tampered)) => Err(self.tampered_or_changed(connection)?),
            Some(Err(error)) => Err(error),
        }
    }

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

    /// Access and refresh token of the sign-in that waits to be accepted.
    pub fn candidate_tokens(
        &self,
        connection: &Connection,
    ) -> Result<Option<(Secret, Option<Secret>)>, VaultError> {
        let vault_key = self.unlocked_key()?;
        self.db.snapshot(|sql| {
            let Some(waiting) = waiting(sql, &connection.id)? else {
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
    pub fn set_candidate_account(
        &mut self,
        id: &ConnectionId,
        account: &Account,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let (source, label, account) = rows::account_columns(Some(account));
        self.db.write(now, |tx| {
            let set = tx.execute(
                "UPDATE candidate SET account_source = ?2, account_label = ?3, account_id = ?4
                 WHERE connection = ?1",
                params![id.as_str(), source, label, account],
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
    /// [`VaultError::NoCandidate`], [`VaultError::Tampered`], [`VaultError::Locked`].
    pub fn accept_candidate(
        &mut self,
        id: &ConnectionId,
        now: UnixTime,
    ) -> Result<Grant, VaultError> {
        let vault_key = self.unlocked_key()?;
        let grant = self.db.write(now, |tx| {
            let connection = by_id(tx, id)?.ok_or(VaultError::UnknownConnection)?;
            let waiting = waiting(tx, id)?.ok_or(VaultError::NoCandidate)?;
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
                        problem_detail = NULL
                 WHERE id = ?1",
                [id.as_str()],
            )?;
            let label = grant.account.as_ref().map(|account| account.label.raw());
            history::note(tx, id, now, "signed-in", label)?;
            Ok(grant)
        })?;
        self.note_seen();
        Ok(grant)
    }

    /// Erases the candidate; the grant stays.
    pub fn discard_candidate(
        &mut self,
        id: &ConnectionId,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        self.db.write(now, |tx| erase_candidate(tx, id))
    }

    /// Ends the grant: its tokens are erased in the same transaction. A candidate stays.
    pub fn end_grant(
        &mut self,
        id: &ConnectionId,
        reason: EndReason,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        self.db.write(now, |tx| end(tx, id, reason, now))?;
        self.note_seen();
        Ok(())
    }

    /// Notes what went wrong last, or that nothing is wrong any more. The grant is kept (J-07).
    pub fn set_problem(
        &mut self,
        id: &ConnectionId,
        problem: Option<&Problem>,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        self.db.write(now, |tx| {
            let before = by_id(tx, id)?.ok_or(VaultError::UnknownConnection)?.problem;
            write_problem(tx, id, problem)?;
            // Hours without a network are one event, not thousands.
            match problem {
                Some(problem) if before.is_none_or(|before| before.kind != problem.kind) => {
                    let word = rows::problem_word(problem.kind);
                    history::note(tx, id, now, "failed", Some(word))
                }
                _ => Ok(()),
            }
        })
    }

    /// Notes that the grant was seen to work.
    pub fn mark_proved(&mut self, id: &ConnectionId, now: UnixTime) -> Result<(), VaultError> {
        self.db.write(now, |tx| {
            expect_one(tx.execute(
                "UPDATE grants SET proved_at = ?2 WHERE connection = ?1",
                params![id.as_str(), now.0],
            )?)
        })
    }

    /// Notes a test read that succeeded, and whom it named.
    pub fn mark_tested(
        &mut self,
        id: &ConnectionId,
        account: Option<&Account>,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        self.db.write(now, |tx| {
            expect_one(tx.execute(
                "UPDATE grants SET proved_at = ?2, tested_at = ?2 WHERE connection = ?1",
                params![id.as_str(), now.0],
            )?)?;
            if account.is_some() {
                let (source, label, account) = rows::account_columns(account);
                tx.execute(
                    "UPDATE grants SET account_source = ?2, account_label = ?3, account_id = ?4
                     WHERE connection = ?1",
                    params![id.as_str(), source, label, account],
                )?;
            }
            write_problem(tx, id, None)?;
            history::note(tx, id, now, "tested", None)
        })
    }
}

/// Erases the tokens of a connection whose identity changes; whether there was anything to lose.
pub(super) fn park(tx: &Sql, old: &Connection, now: UnixTime) -> Result<bool, VaultError> {
    erase_candidate(tx, &old.id)?;
    if old.grant.is_none() || old.ended.is_some() {
        return Ok(false);
    }
    end(tx, &old.id, EndReason::EndpointsChanged, now)?;
    Ok(true)
}

/// Erases every secret of a connection; not its registration's.
pub(super) fn erase_all(tx: &Sql, id: &ConnectionId) -> Result<(), VaultError> {
    erase_candidate(tx, id)?;
    erase_tokens(tx, id)
}

pub(super) fn write_grant(tx: &Sql, id: &ConnectionId, grant: &Grant) -> Result<(), VaultError> {
    let (expiry, expires_at) = rows::expiry_columns(grant.expiry);
    let (source, label, account) = rows::account_columns(grant.account.as_ref());
    tx.prepare_cached(
        "INSERT OR REPLACE INTO grants (connection, id, generation, signed_in_at, expiry,
                expires_at, issued_at, ends_at, has_refresh, rotates, proved_at, tested_at,
                account_source, account_label, account_id, granted, in_use)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    )?
    .execute(params![
        id.as_str(),
        grant.id.as_str(),
        grant.generation.cast_signed(),
        grant.signed_in_at.0,
        expiry,
        expires_at,
        grant.issued_at.0,
        grant.ends_at.map(|at| at.0),
        grant.has_refresh_token,
        grant.rotates,
        grant.proved_at.map(|at| at.0),
        grant.tested_at.map(|at| at.0),
        source,
        label,
        account,
        rows::scopes_column(grant.granted.as_ref()),
        rows::scopes_column(grant.in_use.as_ref()),
    ])?;
    Ok(())
}

pub(super) fn write_problem(
    tx: &Sql,
    id: &ConnectionId,
    problem: Option<&Problem>,
) -> Result<(), VaultError> {
    expect_one(tx.execute(
        "UPDATE connection SET problem_kind = ?2, problem_at = ?3, problem_detail = ?4
         WHERE id = ?1",
        params![
            id.as_str(),
            problem.map(|problem| rows::problem_word(problem.kind)),
            problem.map(|problem| problem.at.0),
            problem.map(|problem| problem.detail.raw()),
        ],
    )?)
}

fn end(tx: &Sql, id: &ConnectionId, reason: EndReason, now: UnixTime) -> Result<(), VaultError> {
    let word = rows::end_word(reason);
    expect_one(tx.execute(
        "UPDATE connection SET ended = ?2 WHERE id = ?1",
        params![id.as_str(), word],
    )?)?;
    erase_tokens(tx, id)?;
    tx.execute(
        "UPDATE grants SET has_refresh = 0, generation = generation + 1 WHERE connection = ?1",
        [id.as_str()],
    )?;
    history::note(tx, id, now, "ended", Some(word))
}

fn erase_tokens(tx: &Sql, id: &ConnectionId) -> Result<(), VaultError> {
    records::erase(tx, id.as_str(), &TOKENS)?;
    tx.execute("DELETE FROM intent WHERE connection = ?1", [id.as_str()])?;
    Ok(())
}

fn erase_candidate(tx: &Sql, id: &ConnectionId) -> Result<(), VaultError> {
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
