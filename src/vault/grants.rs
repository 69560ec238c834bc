//! Grants and their tokens: handing out, ending, what is known of them.

use rusqlite::{Connection as Sql, params};

use super::definitions::{by_id, expect_one};
use super::rows;
use super::seal::Kind;
use super::{Vault, VaultError, candidates, history, records};
use crate::model::{
    Account, Connection, ConnectionId, EndReason, Grant, Problem, Secret, UnixTime,
};

const TOKENS: [Kind; 5] = [
    Kind::AccessToken,
    Kind::RefreshToken,
    Kind::Intent,
    Kind::SecondCopy,
    Kind::DeviceCode,
];

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
        let expected = match kind {
            Kind::RefreshToken => grant.has_refresh_token,
            _ => connection.ended.is_none(),
        };
        let place = records::place(connection, kind, grant.generation);
        match records::get(self.db.read(), vault_key, &place) {
            // Another's record, one of another generation, or one taken out.
            Err(VaultError::Tampered) => Err(self.tampered_or_changed(connection)?),
            Ok(None) if expected => Err(self.tampered_or_changed(connection)?),
            other => other,
        }
    }

    /// Ends the grant: its tokens are erased in the same transaction. A candidate stays.
    pub fn end_grant(
        &mut self,
        connection: &Connection,
        reason: EndReason,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        self.judge(connection, now, |tx| end(tx, &connection.id, reason, now))?;
        self.note_seen(now);
        Ok(())
    }

    /// Notes what went wrong last, or that nothing is wrong any more. The grant is kept (J-07).
    pub fn set_problem(
        &mut self,
        connection: &Connection,
        problem: Option<&Problem>,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let id = &connection.id;
        self.judge(connection, now, |tx| {
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
    pub fn mark_proved(
        &mut self,
        connection: &Connection,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let id = &connection.id;
        self.judge(connection, now, |tx| {
            expect_one(tx.execute(
                "UPDATE grants SET proved_at = ?2 WHERE connection = ?1",
                params![id.as_str(), now.0],
            )?)
        })
    }

    /// Notes a test read that succeeded, and whom it named.
    pub fn mark_tested(
        &mut self,
        connection: &Connection,
        account: Option<&Account>,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let id = &connection.id;
        self.judge(connection, now, |tx| {
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

    /// Writes what was learned of the grant that `connection` shows. Does nothing when another
    /// sign-in has replaced it: what was learned of the old one says nothing of the new one.
    fn judge(
        &self,
        connection: &Connection,
        now: UnixTime,
        write: impl FnOnce(&Sql) -> Result<(), VaultError>,
    ) -> Result<(), VaultError> {
        self.db.write(now, |tx| {
            if still_there(tx, connection)? {
                write(tx)?;
            }
            Ok(())
        })
    }
}

/// Erases the tokens of a connection whose identity changes; whether there was anything to lose.
pub(super) fn park(tx: &Sql, old: &Connection, now: UnixTime) -> Result<bool, VaultError> {
    candidates::erase(tx, &old.id)?;
    if old.grant.is_none() || old.ended.is_some() {
        return Ok(false);
    }
    end(tx, &old.id, EndReason::EndpointsChanged, now)?;
    Ok(true)
}

/// Erases every secret of a connection; not its registration's.
pub(super) fn erase_all(tx: &Sql, id: &ConnectionId) -> Result<(), VaultError> {
    candidates::erase(tx, id)?;
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

/// Whether the stored grant is of the sign-in that `connection` shows. One that shows none judges
/// whatever is there.
pub(super) fn still_there(tx: &Sql, connection: &Connection) -> Result<bool, VaultError> {
    let stored = by_id(tx, &connection.id)?.ok_or(VaultError::UnknownConnection)?;
    Ok(match (&connection.grant, &stored.grant) {
        (Some(shown), Some(stored)) => shown.id == stored.id,
        (Some(_), None) => false,
        (None, _) => true,
    })
}

pub(super) fn end(
    tx: &Sql,
    id: &ConnectionId,
    reason: EndReason,
    now: UnixTime,
) -> Result<(), VaultError> {
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
