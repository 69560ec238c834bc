//! Registrations, connections, grants: what the vault keeps and the table shows.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use unicode_width::UnicodeWidthChar;

use super::{
    ConnectionId, EndpointUrl, GrantId, Issuer, NoRevocation, Provider, RedirectUri,
    RegistrationId, RevokeRule, ScopeSet, Serving, UnixTime, Untrusted,
};

/// How the client identifies itself at the token endpoint (RFC 6749 section 2.3). Exactly one is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientAuth {
    /// Public client: `client_id` in the body and no secret.
    #[default]
    None,
    /// `client_secret_basic`.
    Basic,
    /// `client_secret_post`.
    Post,
}

impl ClientAuth {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Basic => "basic",
            Self::Post => "post",
        }
    }

    /// By its word, ours or that of the standards.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "none" => Some(Self::None),
            "basic" | "client_secret_basic" => Some(Self::Basic),
            "post" | "client_secret_post" => Some(Self::Post),
            _ => None,
        }
    }
}

/// A client at one provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    pub id: RegistrationId,
    pub client_id: String,
    pub auth: ClientAuth,
    pub redirect: RedirectUri,
    /// Whether a client secret is sealed in the vault.
    pub has_secret: bool,
}

/// Who a connection speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub label: Untrusted,
    /// The provider's stable identity, when it gives one.
    pub id: Option<Untrusted>,
    pub source: AccountSource,
}

/// Where the account's name was learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountSource {
    IdToken,
    Userinfo,
    TestRead,
}

impl AccountSource {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IdToken => "id-token",
            Self::Userinfo => "userinfo",
            Self::TestRead => "test-read",
        }
    }
}

/// When an access token ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expiry {
    At(UnixTime),
    /// The provider's documentation says that its tokens do not end.
    Never,
    /// Neither the answer nor the documentation tells.
    NotStated,
}

impl Expiry {
    pub fn at(self) -> Option<UnixTime> {
        match self {
            Self::At(time) => Some(time),
            Self::Never | Self::NotStated => None,
        }
    }

    /// Whether it has passed at `now`. A token of unknown life is used until it is refused.
    pub fn passed(self, now: UnixTime) -> bool {
        self.at().is_some_and(|at| at <= now)
    }
}

/// Why a grant is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndReason {
    /// The provider answered `invalid_grant`.
    EndedByProvider,
    RevokedByYou,
    /// The vault key is gone, and the tokens with it.
    VaultKeyGone,
    /// A refresh was cut off and the provider no longer accepts the old token.
    RefreshInterrupted,
    /// A refresh brought tokens of somebody else (conformance J-15).
    AccountChanged,
    /// An address of the connection was edited: its tokens are parked (conformance G-07).
    EndpointsChanged,
}

/// What went wrong last, while the grant is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub kind: ProblemKind,
    /// The provider's or the system's words.
    pub detail: Untrusted,
    pub at: UnixTime,
}

/// How a problem counts for the health of a connection (conformance I-08).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// The provider refuses this configuration (`invalid_client`, `unauthorized_client`, `invalid_scope` …).
    Configuration,
    /// Transport, 408, 429, 5xx, a web page instead of data.
    Transport,
}

/// What the person approved, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub id: GrantId,
    /// As the provider stated them; `None` when it did not (then: as requested).
    pub granted: Option<ScopeSet>,
    pub account: Option<Account>,
    pub signed_in_at: UnixTime,
    /// Of the access token at hand.
    pub expiry: Expiry,
    /// When that token was received.
    pub issued_at: UnixTime,
    /// Scopes of the access token at hand, where a refresh narrowed them.
    pub in_use: Option<ScopeSet>,
    pub has_refresh_token: bool,
    /// Whether a refresh ever brought a new refresh token; `None` before the first refresh.
    pub rotates: Option<bool>,
    /// When the grant itself ends, if the provider tells.
    pub ends_at: Option<UnixTime>,
    /// Last proof that it works: test read, refresh or hand-out.
    pub proved_at: Option<UnixTime>,
    pub tested_at: Option<UnixTime>,
    /// Counts up with every change of its tokens.
    pub generation: u64,
}

/// A name of a connection: a key, never a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionName(String);

/// Why a name was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameProblem {
    #[error("a name is needed")]
    Empty,
    #[error("a name has at most 64 characters")]
    Long,
    #[error(
        "a name has letters, digits, `.`, `_`, `@` and `-` only, and starts with a letter or a digit"
    )]
    Character,
}

impl ConnectionName {
    pub fn parse(text: &str) -> Result<Self, NameProblem> {
        if text.is_empty() {
            return Err(NameProblem::Empty);
        }
        if text.chars().count() > 64 {
            return Err(NameProblem::Long);
        }
        let fits = |c: char| {
            (c.is_alphanumeric() && c.width() == Some(1)) || matches!(c, '.' | '_' | '@' | '-')
        };
        let starts = text.chars().next().is_some_and(char::is_alphanumeric);
        if !starts || !text.chars().all(fits) {
            return Err(NameProblem::Character);
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConnectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A named use of a registration by one account: a row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    pub id: ConnectionId,
    pub name: ConnectionName,
    pub provider: Provider,
    pub registration: Registration,
    pub requested: ScopeSet,
    /// Resource indicators (RFC 8707), absolute addresses.
    pub resources: Vec<String>,
    /// Plain http on this machine is allowed for this connection.
    pub dev_http: bool,
    /// PEM certificates trusted beside the platform's, for this connection only.
    pub ca_pem: Option<String>,
    /// How programs get its tokens.
    pub serving: Serving,
    pub grant: Option<Grant>,
    pub ended: Option<EndReason>,
    pub problem: Option<Problem>,
}

impl Connection {
    /// Scopes of its access token, as far as the provider stated them; else what was asked for.
    pub fn token_scopes(&self) -> &ScopeSet {
        let grant = self.grant.as_ref();
        grant
            .and_then(|grant| grant.in_use.as_ref().or(grant.granted.as_ref()))
            .unwrap_or(&self.requested)
    }

    /// Scopes of the sign-in that is there, as far as they were stated; else what is asked for.
    pub fn held_or_requested(&self) -> &ScopeSet {
        let grant = self.grant.as_ref().filter(|_| self.ended.is_none());
        grant
            .and_then(|grant| grant.granted.as_ref())
            .unwrap_or(&self.requested)
    }

    /// Whether somebody is signed in, as far as is known here.
    pub fn is_signed_in(&self) -> bool {
        self.grant.is_some() && self.ended.is_none()
    }

    /// Why its provider cannot be told that the sign-in is over; `None` where it can (conformance L-05).
    pub fn no_revocation(&self) -> Option<NoRevocation> {
        let has_secret = self.registration.has_secret;
        match &self.provider.revoke {
            RevokeRule::None => Some(NoRevocation::NotOffered),
            RevokeRule::Standard | RevokeRule::TokenOnly => {
                let address = &self.provider.endpoints.revocation;
                address.is_none().then_some(NoRevocation::NoAddress)
            }
            RevokeRule::GithubDelete { .. } if !has_secret => Some(NoRevocation::NoSecret),
            RevokeRule::Request(rule) if rule.needs_secret() && !has_secret => {
                Some(NoRevocation::NoSecret)
            }
            RevokeRule::BearerPost { .. }
            | RevokeRule::GithubDelete { .. }
            | RevokeRule::Request(_) => None,
        }
    }

    /// Identity of the connection (conformance G-07): issuer, every endpoint, the hosts that may be
    /// sent its token, extra certificates, client ID and redirect address. Secrets are bound to it,
    /// so a changed address gets none of them.
    pub fn endpoint_identity(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut part = |label: &str, text: &str| {
            // Length first, so that no two lists of parts hash alike.
            hash.update((label.len() as u64).to_be_bytes());
            hash.update(label);
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        };
        part(
            "issuer",
            self.provider
                .issuer
                .as_ref()
                .map_or("", |issuer| issuer.as_str()),
        );
        for (name, url) in self.provider.endpoints.named() {
            part(name, url.as_str());
        }
        if let Some(url) = self.provider.revoke.url() {
            part("revoke", url.as_str());
        }
        // Whoever may be sent the access token, and whoever is believed over TLS, belongs to it too.
        if let Some(test) = &self.provider.test {
            let origin = test.url.as_url().origin();
            let token = self.provider.endpoints.token.as_ref();
            // Where the tokens come from learns nothing by a test read.
            if token.is_none_or(|token| token.as_url().origin() != origin) {
                part("test", &origin.ascii_serialization());
            }
        }
        for host in &self.provider.api_hosts {
            part("host", host);
        }
        if let Some(pem) = &self.ca_pem {
            part("ca", pem);
        }
        if self.provider.iss == super::IssPolicy::Advertised {
            part("iss", "advertised");
        }
        part("client", &self.registration.client_id);
        part("redirect", &self.registration.redirect.to_string());
        hash.finalize().into()
    }

    /// What shows that an answer was given by this provider and no other (RFC 9700 section 4.4).
    pub fn issuer_proof(&self) -> IssuerProof {
        let endpoints = &self.provider.endpoints;
        let redirect = &self.registration.redirect;
        let token = endpoints.token.as_ref();
        if endpoints.authorization.is_none() {
            IssuerProof::NotNeeded
        } else if self.provider.iss == super::IssPolicy::Advertised
            && self.provider.issuer.is_some()
        {
            IssuerProof::Issuer
        } else if token.is_some_and(|token| redirect.has_path_of(token)) {
            IssuerProof::Redirect
        } else {
            IssuerProof::None
        }
    }

    /// Whether an access token may be sent to this authority (conformance C-02).
    pub fn may_send_token_to(&self, authority: &str) -> bool {
        self.provider.hosts().iter().any(|host| host == authority)
    }

    /// Whether a provider that is asked about a token at this authority is nobody else than who issued it: a
    /// host of the sign-in itself, or one that was approved to be sent access tokens (conformance L-10).
    pub fn issues_or_gets_tokens_at(&self, authority: &str) -> bool {
        let provider = &self.provider;
        let endpoints = &provider.endpoints;
        let own = [
            &endpoints.authorization,
            &endpoints.token,
            &endpoints.refresh,
            &endpoints.device,
        ];
        let own = own.into_iter().flatten().map(EndpointUrl::authority);
        let issuer = provider.issuer.iter().map(Issuer::authority);
        let read = provider.test.iter().map(|test| test.url.authority());
        let approved = provider.api_hosts.iter().cloned();
        own.chain(issuer)
            .chain(read)
            .chain(approved)
            .any(|host| host == authority)
    }
}

/// What shows that an answer came from the provider that was asked (conformance G-05).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuerProof {
    /// Every answer names its issuer (RFC 9207).
    Issuer,
    /// The redirect address is this provider's alone.
    Redirect,
    /// Nothing: `no issuer proof`.
    None,
    /// No answer comes by a browser.
    NotNeeded,
}

impl IssuerProof {
    /// Said to a person where nothing shows it.
    pub const MISSING: &str = "no issuer proof: use a redirect URL of its own";

    /// A word for JSON; `None` where no answer comes by a browser.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Issuer => Some("issuer"),
            Self::Redirect => Some("redirect"),
            Self::None => Some("none"),
            Self::NotNeeded => None,
        }
    }
}

/// What the table needs of a connection; cheap to read for thousands of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub id: ConnectionId,
    pub name: ConnectionName,
    pub provider_id: String,
    pub provider_name: String,
    pub client_id: String,
    pub requested: ScopeSet,
    pub dev_http: bool,
    pub grant: Option<Grant>,
    pub ended: Option<EndReason>,
    pub problem: Option<Problem>,
    /// Scopes that were added after the sign-in: the provider was not asked for them yet.
    pub unasked: ScopeSet,
    /// It waits for a test, and no test read is known for it.
    pub untestable: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f1_names_are_keys_never_paths() {
        for good in ["github", "github-2", "a.b_c@d", "Zoë"] {
            assert!(ConnectionName::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "../x",
            "-x",
            ".x",
            "a b",
            "a/b",
            "a\u{1b}",
            "日本",
            "\u{202e}x",
        ] {
            assert!(ConnectionName::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(
            ConnectionName::parse(&"x".repeat(65)),
            Err(NameProblem::Long)
        );
    }
}
