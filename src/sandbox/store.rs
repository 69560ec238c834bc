//! What the provider remembers: accounts, pending requests, codes, grants and tokens.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::clients::Client;

/// A person who can approve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// The name of the account in the chooser and in `Approval`.
    pub login: &'static str,
    /// `sub`.
    pub subject: &'static str,
    /// `name`.
    pub name: &'static str,
    /// `email`.
    pub email: &'static str,
}

/// The accounts of the practice provider.
pub const ACCOUNTS: &[Account] = &[
    Account {
        login: "ada",
        subject: "sub-ada",
        name: "Ada Practice",
        email: "ada@example.test",
    },
    Account {
        login: "bob",
        subject: "sub-bob",
        name: "Bob Practice",
        email: "bob@example.test",
    },
];

/// The scopes offered, each with its plain meaning.
pub const SCOPES: &[(&str, &str)] = &[
    ("profile", "See your name"),
    ("email", "See your e-mail address"),
    ("items:read", "Read your items"),
    ("items:write", "Create and change your items"),
    ("openid", "Confirm who you are"),
    ("offline_access", "Stay connected while you are away"),
];

/// A spent refresh token that was presented again after its grace had passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReuseEvent {
    /// The spent token.
    pub refresh_token: String,
    /// When it was presented, in seconds since 1970 by the sandbox's clock.
    pub at: i64,
}

/// An authorization request that waits for the person.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) id: String,
    pub(super) asked: Asked,
}

/// What a valid authorization request asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    pub(super) scopes: Vec<String>,
    pub(super) challenge: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) resources: Vec<String>,
    pub(super) login_hint: Option<String>,
}

/// What a person approved: everything issued under it lives and dies together.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) client_id: String,
    pub(super) account: Account,
    pub(super) scopes: Vec<String>,
    pub(super) resources: Vec<String>,
    pub(super) nonce: Option<String>,
    pub(super) approved_at: i64,
    pub(super) revoked: bool,
}

/// An index into the list of grants.
pub(super) type GrantId = usize;

#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) value: String,
    pub(super) grant: GrantId,
    pub(super) redirect_uri: String,
    pub(super) challenge: Option<String>,
    pub(super) expires_at: i64,
    pub(super) used: bool,
}

#[derive(Clone, Debug)]
pub(super) struct AccessToken {
    pub(super) value: String,
    pub(super) grant: GrantId,
    pub(super) scopes: Vec<String>,
    pub(super) issued_at: i64,
    pub(super) expires_at: i64,
    pub(super) revoked: bool,
}

#[derive(Clone, Debug)]
pub(super) struct RefreshToken {
    pub(super) value: String,
    pub(super) grant: GrantId,
    pub(super) spent_at: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DeviceState {
    Waiting,
    Approved(GrantId),
    Denied,
    Done,
}

#[derive(Clone, Debug)]
pub(super) struct Device {
    pub(super) code: String,
    pub(super) user_code: String,
    pub(super) client_id: String,
    pub(super) scopes: Vec<String>,
    pub(super) expires_at: i64,
    pub(super) polls: usize,
    pub(super) state: DeviceState,
}

#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) clients: Vec<Client>,
    pub(super) pending: Vec<Pending>,
    pub(super) codes: Vec<Code>,
    pub(super) grants: Vec<Grant>,
    pub(super) access: Vec<AccessToken>,
    pub(super) refresh: Vec<RefreshToken>,
    pub(super) devices: Vec<Device>,
    pub(super) reuse: Vec<ReuseEvent>,
    /// Everything secret ever issued or received, for canary sweeps.
    pub(super) secrets: BTreeSet<String>,
}

impl Store {
    pub(super) fn new(clients: Vec<Client>) -> Self {
        let secrets = clients
            .iter()
            .filter_map(|client| client.secret.clone())
            .collect();
        Self {
            clients,
            secrets,
            ..Self::default()
        }
    }

    /// A new random secret with a prefix that can be searched for.
    pub(super) fn secret(&mut self, prefix: &str) -> String {
        let secret = format!("{prefix}{}", random_text());
        self.note_secret(&secret);
        secret
    }

    pub(super) fn note_secret(&mut self, secret: &str) {
        self.secrets.insert(secret.to_owned());
    }

    pub(super) fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == id)
    }

    pub(super) fn add_grant(&mut self, grant: Grant) -> GrantId {
        self.grants.push(grant);
        self.grants.len() - 1
    }

    /// The live access token of that value.
    pub(super) fn live_access(&self, value: &str, now: i64) -> Option<&AccessToken> {
        self.access.iter().find(|token| {
            token.value == value
                && !token.revoked
                && token.expires_at > now
                && !self.grants[token.grant].revoked
        })
    }

    /// Whether a refresh token would be honoured.
    pub(super) fn refresh_is_live(&self, token: &RefreshToken, now: i64, grace: i64) -> bool {
        let in_time = token
            .spent_at
            .is_none_or(|spent| grace > 0 && now <= spent + grace);
        in_time && !self.grants[token.grant].revoked
    }
}

/// 192 random bits as text. A practice provider without randomness is of no use, so a failing
/// generator ends it.
pub(super) fn random_text() -> String {
    let mut bytes = [0_u8; 24];
    getrandom::fill(&mut bytes).expect("the system's random generator works");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The account chosen, by login or subject.
pub(super) fn account(login: &str) -> Option<Account> {
    ACCOUNTS
        .iter()
        .find(|account| account.login == login)
        .copied()
}

/// Splits a scope parameter (RFC 6749 section 3.3).
pub(super) fn scope_list(text: &str) -> Vec<String> {
    let mut scopes: Vec<String> = Vec::new();
    for scope in text.split(' ').filter(|scope| !scope.is_empty()) {
        if !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    scopes
}
