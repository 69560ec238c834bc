//! The body of a backup: definitions as text, and beside it the secrets, written out here alone.

use std::io::{self, Write};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::carry::{Carried, SignIn};
use super::{Intent, VaultError};
use crate::model::{
    Account, AccountSource, Expiry, Grant, GrantId, ScopeSet, Secret, UnixTime, Untrusted,
};

/// The body of a backup.
#[derive(Serialize, Deserialize)]
pub(super) struct Body {
    pub(super) definitions: String,
    pub(super) made_at: UnixTime,
    pub(super) connections: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) client_secret: Option<Hidden>,
    pub(super) grant: Option<Part>,
}

/// A grant with its tokens. Its generation stays behind: the records count anew.
#[derive(Serialize, Deserialize)]
pub(super) struct Part {
    id: GrantId,
    access_token: Hidden,
    refresh_token: Option<Hidden>,
    /// When a refresh without a known outcome was begun, and how often it was tried.
    pending: Option<(UnixTime, u32)>,
    granted: Option<ScopeSet>,
    in_use: Option<ScopeSet>,
    account: Option<(AccountSource, String, Option<String>)>,
    signed_in_at: UnixTime,
    expiry: Expiry,
    issued_at: UnixTime,
    ends_at: Option<UnixTime>,
    rotates: Option<bool>,
    proved_at: Option<UnixTime>,
    tested_at: Option<UnixTime>,
}

impl Part {
    pub(super) fn of(
        grant: &Grant,
        access_token: Secret,
        refresh_token: Option<Secret>,
        pending: Option<&Intent>,
    ) -> Self {
        let raw = |text: &Untrusted| text.raw().to_owned();
        Self {
            id: grant.id.clone(),
            access_token: Hidden(access_token),
            refresh_token: refresh_token.map(Hidden),
            pending: pending.map(|intent| (intent.at, intent.tries)),
            granted: grant.granted.clone(),
            in_use: grant.in_use.clone(),
            account: grant.account.as_ref().map(|account| {
                let id = account.id.as_ref().map(raw);
                (account.source, raw(&account.label), id)
            }),
            signed_in_at: grant.signed_in_at,
            expiry: grant.expiry,
            issued_at: grant.issued_at,
            ends_at: grant.ends_at,
            rotates: grant.rotates,
            proved_at: grant.proved_at,
            tested_at: grant.tested_at,
        }
    }
}

impl Entry {
    /// `None` when it holds what this program never wrote and could not read back.
    pub(super) fn into_carried(self) -> Option<Carried> {
        let sign_in = match self.grant {
            Some(part) => Some(part.into_sign_in()?),
            None => None,
        };
        Some(Carried {
            client_secret: self.client_secret.map(|hidden| hidden.0),
            sign_in,
        })
    }
}

impl Part {
    fn into_sign_in(self) -> Option<SignIn> {
        /// Of every imported grant.
        const FIRST: u64 = 1;
        Some(SignIn {
            pending: self.pending.map(|(at, tries)| Intent {
                generation: FIRST,
                at,
                tries,
            }),
            grant: Grant {
                id: GrantId::parse(self.id.as_str())?,
                granted: self.granted,
                account: self.account.map(|(source, label, id)| Account {
                    label: Untrusted::new(label),
                    id: id.map(Untrusted::new),
                    source,
                }),
                signed_in_at: self.signed_in_at,
                expiry: self.expiry,
                issued_at: self.issued_at,
                in_use: self.in_use,
                has_refresh_token: self.refresh_token.is_some(),
                rotates: self.rotates,
                ends_at: self.ends_at,
                proved_at: self.proved_at,
                tested_at: self.tested_at,
                generation: FIRST,
            },
            access_token: self.access_token.0,
            refresh_token: self.refresh_token.map(|hidden| hidden.0),
        })
    }
}

/// A secret that is written out into nothing but a body that is sealed and wiped.
pub(super) struct Hidden(pub(super) Secret);

impl Serialize for Hidden {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.reveal())
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|text| Self(Secret::new(text)))
    }
}

/// Into a buffer that never grows, so that no copy is left behind.
pub(super) fn wiped_json(body: &Body) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let unwritable = |_| VaultError::Damaged("a definition");
    let mut length = Length(0);
    serde_json::to_writer(&mut length, body).map_err(unwritable)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer(&mut *bytes, body).map_err(unwritable)?;
    Ok(bytes)
}

/// Counts and keeps nothing.
struct Length(usize);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
