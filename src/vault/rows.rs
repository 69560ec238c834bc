//! Rows to values and back. A text that this program never wrote is damage, not a panic.

use rusqlite::Row;
use rusqlite::types::FromSql;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::VaultError;
use crate::model::{
    Account, AccountSource, ClientAuth, EndReason, Expiry, Grant, GrantId, Problem, ProblemKind,
    ScopeSet, UnixTime, Untrusted,
};

pub(super) const DAMAGED_ROW: VaultError = VaultError::Damaged("a row of the vault");

/// Reads the columns of a row in the order of its SELECT list.
pub(super) struct Columns<'r> {
    row: &'r Row<'r>,
    next: usize,
}

impl<'r> Columns<'r> {
    pub(super) fn of(row: &'r Row<'r>) -> Self {
        Self { row, next: 0 }
    }

    pub(super) fn take<T: FromSql>(&mut self) -> Result<T, VaultError> {
        let value = self.row.get(self.next)?;
        self.next += 1;
        Ok(value)
    }

    /// A text, read without copying it first.
    pub(super) fn text<T>(
        &mut self,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, VaultError> {
        self.optional_text(parse)?.ok_or(DAMAGED_ROW)
    }

    pub(super) fn optional_text<T>(
        &mut self,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, VaultError> {
        let value = self.row.get_ref(self.next)?;
        self.next += 1;
        let text = value.as_str_or_null().map_err(|_| DAMAGED_ROW)?;
        text.map(|text| parse(text).ok_or(DAMAGED_ROW)).transpose()
    }

    pub(super) fn scopes(&mut self) -> Result<Option<ScopeSet>, VaultError> {
        self.optional_text(|text| ScopeSet::parse(text).ok())
    }

    pub(super) fn time(&mut self) -> Result<UnixTime, VaultError> {
        self.take().map(UnixTime)
    }

    pub(super) fn optional_time(&mut self) -> Result<Option<UnixTime>, VaultError> {
        Ok(self.take::<Option<i64>>()?.map(UnixTime))
    }

    pub(super) fn json<T: DeserializeOwned>(&mut self) -> Result<T, VaultError> {
        self.text(|text| serde_json::from_str(text).ok())
    }

    /// Passes over columns, as when a left join found nothing.
    pub(super) fn skip(&mut self, columns: usize) {
        self.next += columns;
    }

    /// Columns of [`GRANT`].
    pub(super) fn grant(&mut self) -> Result<Option<Grant>, VaultError> {
        let start = self.next;
        let Some(id) = self.optional_text(GrantId::parse)? else {
            self.next = start;
            self.skip(GRANT_COLUMNS);
            return Ok(None);
        };
        Ok(Some(Grant {
            id,
            generation: self.take::<i64>()?.cast_unsigned(),
            signed_in_at: self.time()?,
            expiry: self.expiry()?,
            issued_at: self.time()?,
            ends_at: self.optional_time()?,
            has_refresh_token: self.take()?,
            rotates: self.take()?,
            proved_at: self.optional_time()?,
            tested_at: self.optional_time()?,
            account: self.account()?,
            granted: self.scopes()?,
            in_use: self.scopes()?,
        }))
    }

    /// Columns `expiry, expires_at`.
    pub(super) fn expiry(&mut self) -> Result<Expiry, VaultError> {
        let word: String = self.take()?;
        let at = self.optional_time()?;
        match (word.as_str(), at) {
            ("at", Some(at)) => Ok(Expiry::At(at)),
            ("never", None) => Ok(Expiry::Never),
            ("not-stated", None) => Ok(Expiry::NotStated),
            _ => Err(DAMAGED_ROW),
        }
    }

    /// Columns `account_source, account_label, account_id`.
    pub(super) fn account(&mut self) -> Result<Option<Account>, VaultError> {
        let source = self.optional_text(|text| value_of(&SOURCES, text))?;
        let label: Option<String> = self.take()?;
        let id: Option<String> = self.take()?;
        match (source, label) {
            (Some(source), Some(label)) => Ok(Some(Account {
                label: Untrusted::new(label),
                id: id.map(Untrusted::new),
                source,
            })),
            (None, None) => Ok(None),
            _ => Err(DAMAGED_ROW),
        }
    }

    pub(super) fn ended(&mut self) -> Result<Option<EndReason>, VaultError> {
        self.optional_text(|text| value_of(&ENDS, text))
    }

    /// Columns `problem_kind, problem_at, problem_detail`.
    pub(super) fn problem(&mut self) -> Result<Option<Problem>, VaultError> {
        let kind = self.optional_text(|text| value_of(&PROBLEMS, text))?;
        let at = self.optional_time()?;
        let detail: Option<String> = self.take()?;
        match (kind, at, detail) {
            (Some(kind), Some(at), Some(detail)) => Ok(Some(Problem {
                kind,
                detail: Untrusted::new(detail),
                at,
            })),
            (None, None, None) => Ok(None),
            _ => Err(DAMAGED_ROW),
        }
    }

    pub(super) fn auth(&mut self) -> Result<ClientAuth, VaultError> {
        self.text(|text| {
            [ClientAuth::None, ClientAuth::Basic, ClientAuth::Post]
                .into_iter()
                .find(|auth| auth.as_str() == text)
        })
    }
}

/// Columns of a grant, in the order [`Columns::grant`] reads them.
pub(super) const GRANT: &str =
    "g.id, g.generation, g.signed_in_at, g.expiry, g.expires_at, g.issued_at, g.ends_at,
     g.has_refresh, g.rotates, g.proved_at, g.tested_at,
     g.account_source, g.account_label, g.account_id, g.granted, g.in_use";
const GRANT_COLUMNS: usize = 16;

const ENDS: [(EndReason, &str); 6] = [
    (EndReason::EndedByProvider, "ended-by-provider"),
    (EndReason::RevokedByYou, "revoked-by-you"),
    (EndReason::VaultKeyGone, "vault-key-gone"),
    (EndReason::RefreshInterrupted, "refresh-interrupted"),
    (EndReason::EndpointsChanged, "endpoints-changed"),
    (EndReason::AccountChanged, "account-changed"),
];

const PROBLEMS: [(ProblemKind, &str); 2] = [
    (ProblemKind::Configuration, "configuration"),
    (ProblemKind::Transport, "transport"),
];

const SOURCES: [(AccountSource, &str); 3] = [
    (AccountSource::IdToken, "id-token"),
    (AccountSource::Userinfo, "userinfo"),
    (AccountSource::TestRead, "test-read"),
];

fn value_of<T: Copy>(words: &[(T, &str)], text: &str) -> Option<T> {
    words
        .iter()
        .find(|(_, word)| *word == text)
        .map(|(value, _)| *value)
}

fn word_of<T: PartialEq>(words: &[(T, &'static str)], value: &T) -> &'static str {
    words
        .iter()
        .find(|(listed, _)| listed == value)
        .map_or("", |(_, word)| word)
}

pub(super) fn end_word(end: EndReason) -> &'static str {
    word_of(&ENDS, &end)
}

/// Why a sign-in ended, from the word that an event keeps.
pub fn end_of_word(word: &str) -> Option<EndReason> {
    value_of(&ENDS, word)
}

/// What kind of problem there was, from the word that an event keeps.
pub fn problem_of_word(word: &str) -> Option<ProblemKind> {
    value_of(&PROBLEMS, word)
}

pub(super) fn problem_word(kind: ProblemKind) -> &'static str {
    word_of(&PROBLEMS, &kind)
}

/// For the columns `expiry, expires_at`.
pub(super) fn expiry_columns(expiry: Expiry) -> (&'static str, Option<i64>) {
    match expiry {
        Expiry::At(at) => ("at", Some(at.0)),
        Expiry::Never => ("never", None),
        Expiry::NotStated => ("not-stated", None),
    }
}

/// For the columns `account_source, account_label, account_id`.
pub(super) fn account_columns(
    account: Option<&Account>,
) -> (Option<&'static str>, Option<&str>, Option<&str>) {
    (
        account.map(|account| account.source.as_str()),
        account.map(|account| account.label.raw()),
        account
            .and_then(|account| account.id.as_ref())
            .map(Untrusted::raw),
    )
}

pub(super) fn scopes_column(scopes: Option<&ScopeSet>) -> Option<String> {
    scopes.map(|scopes| scopes.joined(" "))
}

pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String, VaultError> {
    serde_json::to_string(value).map_err(|_| VaultError::Damaged("a definition"))
}
