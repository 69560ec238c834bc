//! The queue of revocations that the provider did not hear (conformance L-04).
//!
//! The tokens leave the connection and lie in a record of a kind of their own, which nothing but this
//! file opens: from the moment it waits, no program gets the token, whatever becomes of the provider.
//! Putting it off and ending the sign-in is one transaction, so that a token is always at one of both.
//! Beside the record stands all that is needed to tell the provider, because the connection may be
//! edited or deleted meanwhile; the record is bound to it like every other (G-07).

use rusqlite::{Connection as Sql, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::db::Db;
use super::rows::{self, Columns, DAMAGED_ROW, to_json};
use super::seal::{Binding, Kind};
use super::{Vault, VaultError, VaultKey, grants, history, key, records};
use crate::model::{
    Connection, ConnectionId, ConnectionName, EndReason, NextTry, Problem, Registration,
    RegistrationId, Secret, Serving, UnixTime, Waiting, WaitingId, opt_secret_text,
};

/// The format that holds the queue.
const FORMAT: u32 = 2;

/// What the provider is still to be told.
#[derive(Serialize, Deserialize)]
pub struct Untold {
    #[serde(with = "opt_secret_text")]
    pub refresh_token: Option<Secret>,
    #[serde(with = "opt_secret_text")]
    pub access_token: Option<Secret>,
    /// Kept with it: the registration may be deleted before the provider answers.
    #[serde(with = "opt_secret_text")]
    pub client_secret: Option<Secret>,
}

impl Vault {
    /// Ends the grant that `connection` shows, and keeps what the provider did not hear.
    ///
    /// # Errors
    /// [`VaultError::Changed`] when another sign-in has replaced that grant: nothing is written then.
    pub fn put_off(
        &mut self,
        connection: &Connection,
        untold: &Untold,
        next: NextTry,
        problem: &Problem,
        now: UnixTime,
    ) -> Result<Waiting, VaultError> {
        let vault_key = self.unlocked_key()?;
        let waiting = Waiting {
            id: WaitingId::from_random(key::random()?),
            of: connection.clone(),
            since: now,
            tries: 1,
            next,
            problem: problem.clone(),
        };
        let stored = self.db.write(now, |tx| {
            if !grants::still_there(tx, connection)? {
                return Err(VaultError::Changed);
            }
            Db::raise(tx, FORMAT)?;
            insert(tx, &waiting)?;
            seal(tx, vault_key, &waiting, untold)?;
            grants::end(tx, &connection.id, EndReason::RevokedByYou, now)?;
            history::note(tx, &connection.id, now, "put-off", None)?;
            by_id(tx, &waiting.id)
        })?;
        // The copy must know it too, and no longer hold the sign-in.
        self.note_definitions_changed();
        self.note_seen(now);
        stored.ok_or(DAMAGED_ROW)
    }

    /// Everything that waits, the oldest first. Needs no key.
    pub fn waiting(&self) -> Result<Vec<Waiting>, VaultError> {
        let sql = self.db.read();
        if !is_there(sql)? {
            return Ok(Vec::new());
        }
        let mut statement = sql.prepare_cached(&format!("{SELECT} ORDER BY since, id"))?;
        let mut rows = statement.query([])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read(row)?);
        }
        Ok(all)
    }

    /// One that waits, as it is now; `None` when it is over.
    pub fn waiting_by_id(&self, id: &WaitingId) -> Result<Option<Waiting>, VaultError> {
        by_id(self.db.read(), id)
    }

    /// What is to be told, for whoever tells it.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] when an address beside it was changed.
    pub fn untold(&self, waiting: &Waiting) -> Result<Untold, VaultError> {
        let text = records::get(self.db.read(), self.unlocked_key()?, &place(waiting))?;
        let text = text.ok_or(VaultError::Tampered)?;
        serde_json::from_str(text.reveal()).map_err(|_| VaultError::Damaged("a sealed record"))
    }

    /// It was told in vain once more. `left`: what of it is still to be told, where that is less.
    pub fn put_off_again(
        &mut self,
        waiting: &Waiting,
        left: Option<&Untold>,
        next: NextTry,
        problem: &Problem,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let vault_key = left.map(|_| self.unlocked_key()).transpose()?;
        self.db.write(now, |tx| {
            // Somebody may have dropped it meanwhile.
            let changed = tx.execute(
                "UPDATE waiting SET tries = tries + 1, next_at = ?2, asked = ?3,
                        problem_kind = ?4, problem_at = ?5, problem_detail = ?6
                 WHERE id = ?1",
                params![
                    waiting.id.as_str(),
                    next.at.0,
                    next.asked,
                    rows::problem_word(problem.kind),
                    problem.at.0,
                    problem.detail.raw(),
                ],
            )?;
            if let (1, Some(left), Some(vault_key)) = (changed, left, vault_key) {
                seal(tx, vault_key, waiting, left)?;
            }
            Ok(())
        })
    }

    /// The provider was told, or a person wants it told no more: the tokens are erased here.
    pub fn settle_waiting(
        &mut self,
        waiting: &Waiting,
        told: bool,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let what = if told { "revoked" } else { "dropped" };
        self.db.write(now, |tx| {
            records::erase(tx, waiting.id.as_str(), &[Kind::Waiting])?;
            let gone = tx.execute("DELETE FROM waiting WHERE id = ?1", [waiting.id.as_str()])?;
            if gone == 1 {
                history::note(tx, &waiting.of.id, now, what, None)?;
            }
            Ok(())
        })?;
        self.note_definitions_changed();
        Ok(())
    }
}

fn place(waiting: &Waiting) -> Binding<'_> {
    Binding {
        owner: waiting.id.as_str(),
        kind: Kind::Waiting,
        generation: 0,
        identity: waiting.of.endpoint_identity(),
    }
}

fn seal(
    tx: &Sql,
    vault_key: &VaultKey,
    waiting: &Waiting,
    untold: &Untold,
) -> Result<(), VaultError> {
    let text = serde_json::to_vec(untold).map(Zeroizing::new);
    let text = text.map_err(|_| VaultError::Damaged("a sealed record"))?;
    let secret = Secret::from_utf8(text).ok_or(VaultError::Damaged("a sealed record"))?;
    records::put(tx, vault_key, &place(waiting), &secret)
}

fn insert(tx: &Sql, waiting: &Waiting) -> Result<(), VaultError> {
    let of = &waiting.of;
    tx.execute(
        "INSERT INTO waiting (id, connection, name, client_id, auth, redirect, has_secret, dev_http,
                definition, ca_pem, since, tries, next_at, asked,
                problem_kind, problem_at, problem_detail)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        params![
            waiting.id.as_str(),
            of.id.as_str(),
            of.name.as_str(),
            of.registration.client_id,
            of.registration.auth.as_str(),
            to_json(&of.registration.redirect)?,
            of.registration.has_secret,
            of.dev_http,
            to_json(&of.provider)?,
            of.ca_pem,
            waiting.since.0,
            waiting.tries,
            waiting.next.at.0,
            waiting.next.asked,
            rows::problem_word(waiting.problem.kind),
            waiting.problem.at.0,
            waiting.problem.detail.raw(),
        ],
    )?;
    Ok(())
}

const SELECT: &str =
    "SELECT id, connection, name, client_id, auth, redirect, has_secret, dev_http, definition, ca_pem,
            since, tries, next_at, asked, problem_kind, problem_at, problem_detail
     FROM waiting";

fn read(row: &Row<'_>) -> Result<Waiting, VaultError> {
    let mut columns = Columns::of(row);
    let id = columns.text(WaitingId::parse)?;
    let connection = columns.text(ConnectionId::parse)?;
    let name = columns.text(|text| ConnectionName::parse(text).ok())?;
    // That of a registration that may be gone: nothing is looked up by it.
    let registration = RegistrationId::parse(id.as_str()).ok_or(DAMAGED_ROW)?;
    let registration = Registration {
        id: registration,
        client_id: columns.take()?,
        auth: columns.auth()?,
        redirect: columns.json()?,
        has_secret: columns.take()?,
    };
    let dev_http = columns.take()?;
    let provider = columns.json()?;
    let of = Connection {
        id: connection,
        name,
        provider,
        registration,
        requested: crate::model::ScopeSet::default(),
        resources: Vec::new(),
        dev_http,
        ca_pem: columns.take()?,
        serving: Serving::default(),
        grant: None,
        ended: None,
        problem: None,
    };
    Ok(Waiting {
        id,
        of,
        since: columns.time()?,
        tries: columns.take()?,
        next: NextTry {
            at: columns.time()?,
            asked: columns.take()?,
        },
        problem: columns.problem()?.ok_or(DAMAGED_ROW)?,
    })
}

pub(super) fn by_id(sql: &Sql, id: &WaitingId) -> Result<Option<Waiting>, VaultError> {
    if !is_there(sql)? {
        return Ok(None);
    }
    let mut statement = sql.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?;
    let mut rows = statement.query([id.as_str()])?;
    rows.next()?.map(read).transpose()
}

/// The vault's key is gone, and with it what could be told.
pub(super) fn lose_all(tx: &Sql, now: UnixTime) -> Result<(), VaultError> {
    if !is_there(tx)? {
        return Ok(());
    }
    let mut statement = tx.prepare("SELECT connection FROM waiting")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id = Columns::of(row).text(ConnectionId::parse)?;
        history::note(tx, &id, now, "dropped", Some("vault-key-gone"))?;
    }
    tx.execute("DELETE FROM waiting", [])?;
    Ok(())
}

/// Whether the vault was ever raised to the format that has a queue.
fn is_there(sql: &Sql) -> Result<bool, VaultError> {
    let found = sql
        .prepare_cached("SELECT 1 FROM sqlite_schema WHERE name = 'waiting'")?
        .query_row([], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}
