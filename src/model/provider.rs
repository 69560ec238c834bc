//! The definition of a service: endpoints, deviations, test read, way to revoke.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{EndpointUrl, Issuer, Quirk, RevokeRule, Seconds};

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
    /// Where a refresh has an address of its own.
    pub refresh: Option<EndpointUrl>,
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
            ("refresh", &self.refresh),
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
    /// Headers of both token requests.
    pub headers: Vec<(String, String)>,
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

    /// How long a sign-in lasts whatever happens, where that is known: it begins with the person's
    /// approval, and no refresh begins it again.
    pub fn grant_lasts(&self) -> Option<Seconds> {
        self.quirks.iter().find_map(|quirk| match quirk {
            Quirk::GrantEndsAfterDays(days) => Some(Seconds(u64::from(*days) * 24 * 60 * 60)),
            _ => None,
        })
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
        let revoke = self.revoke.url().map(EndpointUrl::authority);
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
