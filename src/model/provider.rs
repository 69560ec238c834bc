//! The definition of a service: endpoints, deviations, test read, way to revoke.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{EndpointUrl, Issuer};

/// Where a definition came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// Ships with the program.
    Preset,
    /// The user's own, typed or in `providers/*.toml`.
    Custom,
    /// Built from published metadata.
    Discovered,
    /// The built-in practice provider.
    Practice,
}

/// The addresses of one provider. Absent means the provider offers no such endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Endpoints {
    pub authorization: Option<EndpointUrl>,
    pub token: Option<EndpointUrl>,
    pub device: Option<EndpointUrl>,
    pub revocation: Option<EndpointUrl>,
    pub introspection: Option<EndpointUrl>,
    pub userinfo: Option<EndpointUrl>,
    pub jwks: Option<EndpointUrl>,
    pub registration: Option<EndpointUrl>,
}

impl Endpoints {
    /// Each endpoint with the name people know it by, in the order they are shown.
    pub fn named(&self) -> Vec<(&'static str, &EndpointUrl)> {
        [
            ("authorization", &self.authorization),
            ("token", &self.token),
            ("device", &self.device),
            ("revocation", &self.revocation),
            ("introspection", &self.introspection),
            ("userinfo", &self.userinfo),
            ("keys", &self.jwks),
            ("registration", &self.registration),
        ]
        .into_iter()
        .filter_map(|(name, url)| url.as_ref().map(|url| (name, url)))
        .collect()
    }
}

/// Whether answers must carry `iss` (RFC 9207 section 2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IssPolicy {
    /// The provider advertises it: an answer without `iss` is refused.
    Advertised,
    /// Not advertised: compared when it is there.
    #[default]
    NotAdvertised,
}

/// Extra parameters per kind of request, in order. Never protocol ones (conformance A-03).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExtraParams {
    pub authorize: Vec<(String, String)>,
    pub token: Vec<(String, String)>,
    pub refresh: Vec<(String, String)>,
}

/// A named, visible deviation of a provider from the standards (conformance I-09).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Quirk {
    /// Scopes are joined with commas, in requests and answers (GitHub's answers, Linear, Slack).
    CommaScopes,
    /// Only the answer joins scopes with commas; requests use spaces.
    CommaScopesInAnswer,
    /// The answer lists scopes as a JSON array.
    ScopeArray,
    /// The scope parameter has another name (`scope-parameter:user_scope`).
    ScopeParameter(String),
    /// The token answer is form-encoded instead of JSON.
    FormEncodedAnswer,
    /// Failures come as 200 with `ok: false` (Slack).
    OkFalse,
    /// The token object lies under a member (`nested-token:authed_user`).
    NestedToken(String),
    /// `token_type` may be missing, or say `user` or `bot` (Slack); it means Bearer.
    MissingTokenType,
    /// Any 2xx status counts as success.
    AnySuccessStatus,
    /// The provider rejects PKCE; allowed for confidential clients only (conformance D-03).
    NoPkce,
    /// The redirect port is compared: a fixed one is used.
    FixedPort,
    /// Only `localhost` is accepted in redirect addresses.
    LocalhostRedirect,
    /// The browser flow needs a client secret although the client is a desktop app.
    SecretRequired,
    /// The refresh request must repeat the scopes (Microsoft).
    RefreshRepeatsScope,
    /// The `resource` parameter is refused.
    NoResource,
    /// Access tokens do not expire; the provider says so in its documentation (GitHub OAuth Apps).
    NeverExpires,
    /// A refresh token that is presented twice ends the sign-in at once, even when the first answer
    /// was lost (conformance J-05).
    NoRefreshGrace,
}

impl Quirk {
    /// The name in files, JSON and on screens.
    pub fn name(&self) -> String {
        match self {
            Self::CommaScopes => "comma-scopes".to_owned(),
            Self::CommaScopesInAnswer => "comma-scopes-in-answer".to_owned(),
            Self::ScopeArray => "scope-array".to_owned(),
            Self::ScopeParameter(name) => format!("scope-parameter:{name}"),
            Self::FormEncodedAnswer => "form-encoded-answer".to_owned(),
            Self::OkFalse => "ok-false".to_owned(),
            Self::NestedToken(member) => format!("nested-token:{member}"),
            Self::MissingTokenType => "missing-token-type".to_owned(),
            Self::AnySuccessStatus => "any-success-status".to_owned(),
            Self::NoPkce => "no-pkce".to_owned(),
            Self::FixedPort => "fixed-port".to_owned(),
            Self::LocalhostRedirect => "localhost-redirect".to_owned(),
            Self::SecretRequired => "secret-required".to_owned(),
            Self::RefreshRepeatsScope => "refresh-repeats-scope".to_owned(),
            Self::NoResource => "no-resource".to_owned(),
            Self::NeverExpires => "never-expires".to_owned(),
            Self::NoRefreshGrace => "no-refresh-grace".to_owned(),
        }
    }

    /// One plain sentence for the details screen.
    pub fn meaning(&self) -> &'static str {
        match self {
            Self::CommaScopes => "commas between scopes",
            Self::CommaScopesInAnswer => "commas between scopes in answers",
            Self::ScopeArray => "scopes come as a list",
            Self::ScopeParameter(_) => "scopes are sent under another name",
            Self::FormEncodedAnswer => "answers are form-encoded, not JSON",
            Self::OkFalse => "failures come with status 200 and ok: false",
            Self::NestedToken(_) => "the token lies deeper in the answer",
            Self::MissingTokenType => "the token's type is not stated",
            Self::AnySuccessStatus => "any 2xx status means success",
            Self::NoPkce => "PKCE is refused; the secret alone protects the code",
            Self::FixedPort => "the redirect port is compared",
            Self::LocalhostRedirect => "only localhost is accepted as redirect",
            Self::SecretRequired => "a desktop app needs its client secret too",
            Self::RefreshRepeatsScope => "a refresh repeats the scopes",
            Self::NoResource => "the resource parameter is refused",
            Self::NeverExpires => "tokens do not expire",
            Self::NoRefreshGrace => "a refresh token that is sent twice ends the sign-in",
        }
    }
}

/// The name is none of the known quirks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown quirk")]
pub struct UnknownQuirk(pub String);

impl FromStr for Quirk {
    type Err = UnknownQuirk;

    fn from_str(text: &str) -> Result<Self, UnknownQuirk> {
        let known = [
            Self::CommaScopes,
            Self::CommaScopesInAnswer,
            Self::ScopeArray,
            Self::FormEncodedAnswer,
            Self::OkFalse,
            Self::MissingTokenType,
            Self::AnySuccessStatus,
            Self::NoPkce,
            Self::FixedPort,
            Self::LocalhostRedirect,
            Self::SecretRequired,
            Self::RefreshRepeatsScope,
            Self::NoResource,
            Self::NeverExpires,
            Self::NoRefreshGrace,
        ];
        let is_member =
            |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        match text.split_once(':') {
            Some(("scope-parameter", name)) if is_member(name) => {
                Ok(Self::ScopeParameter(name.to_owned()))
            }
            Some(("nested-token", name)) if is_member(name) => {
                Ok(Self::NestedToken(name.to_owned()))
            }
            _ => known
                .into_iter()
                .find(|quirk| quirk.name() == text)
                .ok_or_else(|| UnknownQuirk(text.to_owned())),
        }
    }
}

impl fmt::Display for Quirk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl TryFrom<String> for Quirk {
    type Error = UnknownQuirk;
    fn try_from(text: String) -> Result<Self, UnknownQuirk> {
        text.parse()
    }
}

impl From<Quirk> for String {
    fn from(quirk: Quirk) -> Self {
        quirk.name()
    }
}

/// How the test read is sent. A person's own address is always `Get` (conformance C-09).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TestMethod {
    Get,
    /// A POST fixed in a preset whose JSON body only reads (GraphQL, RPC).
    Post {
        body: String,
    },
}

/// The simple read that proves a connection works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestRead {
    pub method: TestMethod,
    pub url: EndpointUrl,
    /// Extra headers, never `Authorization`.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// JSON pointers (RFC 6901) tried in order for the account's name.
    #[serde(default)]
    pub account_label: Vec<String>,
    /// JSON pointer to the account's stable identity.
    #[serde(default)]
    pub account_id: Option<String>,
    /// JSON pointer to a boolean that must be true (Slack's `/ok`).
    #[serde(default)]
    pub success: Option<String>,
}

impl TestRead {
    /// A GET at an address that somebody typed; the account is looked for where most services name
    /// it.
    pub fn at(url: EndpointUrl) -> Self {
        let labels = [
            "/login",
            "/preferred_username",
            "/email",
            "/username",
            "/name",
            "/sub",
        ];
        Self {
            method: TestMethod::Get,
            url,
            headers: Vec::new(),
            account_label: labels.map(str::to_owned).to_vec(),
            account_id: Some("/sub".to_owned()),
            success: None,
        }
    }
}

/// How a grant is taken back at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "way", rename_all = "kebab-case")]
pub enum RevokeRule {
    /// RFC 7009 at the revocation endpoint.
    #[default]
    Standard,
    /// POST with the access token as bearer; success is `true` at this JSON pointer, if given.
    BearerPost {
        url: EndpointUrl,
        success: Option<String>,
    },
    /// RFC 7009 with the access token only: revoking either token ends the grant (Google).
    TokenOnly,
    /// GitHub: DELETE with Basic client authentication and the token as JSON; needs the secret.
    GithubDelete { url: EndpointUrl },
    /// The provider offers none (or none was found).
    None,
}

impl RevokeRule {
    /// Whether revoking one token ends everything the account ever allowed this app.
    pub fn ends_everything(&self) -> bool {
        matches!(self, Self::TokenOnly | Self::GithubDelete { .. })
    }
}

/// The definition of a service, with every variable filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// A preset's id, or the host for a custom provider.
    pub id: String,
    /// The name people read.
    pub name: String,
    pub kind: ProviderKind,
    pub issuer: Option<Issuer>,
    pub endpoints: Endpoints,
    #[serde(default)]
    pub iss: IssPolicy,
    #[serde(default)]
    pub extra: ExtraParams,
    #[serde(default)]
    pub quirks: BTreeSet<Quirk>,
    #[serde(default)]
    pub test: Option<TestRead>,
    #[serde(default)]
    pub revoke: RevokeRule,
    /// Page where a person ends access by hand; `{client_id}` already filled in.
    #[serde(default)]
    pub manage_url: Option<EndpointUrl>,
    /// Authorities (`host` or `host:port`) beside the endpoints' that may be sent an access token.
    #[serde(default)]
    pub api_hosts: Vec<String>,
}

impl Provider {
    pub fn has(&self, quirk: &Quirk) -> bool {
        self.quirks.contains(quirk)
    }

    /// Every authority this provider talks to, each once, in the order people should read them.
    pub fn hosts(&self) -> Vec<String> {
        let mut hosts: Vec<String> = Vec::new();
        let endpoints = self
            .endpoints
            .named()
            .into_iter()
            .map(|(_, url)| url.authority());
        let test = self.test.iter().map(|test| test.url.authority());
        let revoke = match &self.revoke {
            RevokeRule::BearerPost { url, .. } | RevokeRule::GithubDelete { url } => {
                Some(url.authority())
            }
            _ => None,
        };
        for host in endpoints
            .chain(test)
            .chain(revoke)
            .chain(self.api_hosts.iter().cloned())
        {
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        hosts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i_09_every_quirk_reads_back_from_its_name() {
        for name in [
            "comma-scopes",
            "nested-token:authed_user",
            "scope-parameter:user_scope",
            "never-expires",
        ] {
            assert_eq!(name.parse::<Quirk>().expect(name).name(), name);
        }
        for name in ["", "comma", "nested-token:", "nested-token:a.b", "NO-PKCE"] {
            assert!(name.parse::<Quirk>().is_err(), "{name}");
        }
    }
}
