//! Published metadata of an authorization server (RFC 8414, OpenID Connect Discovery), checked like
//! anything a stranger typed.

use serde_json::Value;

use crate::model::{
    EndpointUrl, Endpoints, ExtraParams, IssPolicy, Issuer, Provider, ProviderKind, RevokeRule,
    UrlProblem,
};

use super::strict_json::Document;
use super::{HttpResponse, JsonProblem};

/// Largest document (conformance 0.3).
const MAX_BODY: usize = 2 << 20;
/// Most entries kept of a list.
const MAX_LIST: usize = 500;

/// Why metadata cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataProblem {
    /// Nothing is published here: try the next address.
    #[error("no metadata here (status {0})")]
    NotFound(u16),
    #[error("the metadata is too large")]
    TooLarge,
    #[error("the metadata is malformed: {0}")]
    NotJson(JsonProblem),
    /// RFC 8414 section 3.3, byte for byte (M-02).
    #[error("the metadata claims to be another issuer")]
    OtherIssuer,
    #[error("the metadata lacks `{0}`")]
    Missing(&'static str),
    #[error("`{0}` has the wrong type")]
    Type(&'static str),
    #[error("`{member}`: {problem}")]
    Address {
        member: &'static str,
        problem: UrlProblem,
    },
    /// D-04.
    #[error("the provider does not offer PKCE with S256")]
    NoS256,
}

/// What a document says, beyond the provider built from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    pub provider: Provider,
    /// Whether `code_challenge_methods_supported` is there; where it is, it holds S256.
    pub pkce_declared: bool,
    /// Authentication methods of the token endpoint, as published; empty when not stated.
    pub auth_methods: Vec<String>,
    /// At most 500; for picking from, never preselected.
    pub scopes: Vec<String>,
    /// Client ID metadata documents are accepted.
    pub client_id_documents: bool,
}

/// The addresses where an issuer's metadata may be, in the order to try them: RFC 8414 inserts
/// between host and path, OpenID Connect appends (RFC 8414 sections 3.1 and 5).
pub fn well_known(issuer: &Issuer) -> Vec<EndpointUrl> {
    const OAUTH: &str = "/.well-known/oauth-authorization-server";
    const OPENID: &str = "/.well-known/openid-configuration";
    let Ok(url) = url::Url::parse(issuer.as_str()) else {
        return Vec::new();
    };
    let path = url.path().trim_end_matches('/');
    let mut paths = vec![format!("{OAUTH}{path}"), format!("{OPENID}{path}")];
    if !path.is_empty() {
        paths.push(format!("{path}{OPENID}"));
    }
    paths
        .iter()
        .filter_map(|path| {
            let mut url = url.clone();
            url.set_path(path);
            // The issuer was checked when it was made; plain http got in by the switch only.
            EndpointUrl::parse(url.as_str(), true).ok()
        })
        .collect()
}

/// The provider that a document describes. See [`read`].
pub fn provider(
    issuer: &Issuer,
    response: &HttpResponse,
    dev_http: bool,
) -> Result<Provider, MetadataProblem> {
    read(issuer, response, dev_http).map(|metadata| metadata.provider)
}

/// Reads and checks a document fetched from one of [`well_known`].
pub fn read(
    issuer: &Issuer,
    response: &HttpResponse,
    dev_http: bool,
) -> Result<Metadata, MetadataProblem> {
    if response.status() != http::StatusCode::OK {
        return Err(MetadataProblem::NotFound(response.status().as_u16()));
    }
    if response.body().len() > MAX_BODY {
        return Err(MetadataProblem::TooLarge);
    }
    let document = Document::object(response.body()).map_err(MetadataProblem::NotJson)?;
    match document.get("issuer") {
        Some(Value::String(stated)) if stated == issuer.as_str() => {}
        Some(Value::String(_)) => return Err(MetadataProblem::OtherIssuer),
        Some(_) => return Err(MetadataProblem::Type("issuer")),
        None => return Err(MetadataProblem::Missing("issuer")),
    }
    let address = |member| address(&document, member, dev_http);
    let endpoints = Endpoints {
        authorization: address("authorization_endpoint")?,
        token: address("token_endpoint")?,
        refresh: None,
        device: address("device_authorization_endpoint")?,
        revocation: address("revocation_endpoint")?,
        introspection: address("introspection_endpoint")?,
        userinfo: address("userinfo_endpoint")?,
        jwks: address("jwks_uri")?,
        registration: address("registration_endpoint")?,
    };
    if endpoints.token.is_none() {
        return Err(MetadataProblem::Missing("token_endpoint"));
    }
    if endpoints.authorization.is_none() && endpoints.device.is_none() {
        return Err(MetadataProblem::Missing("authorization_endpoint"));
    }
    let challenges = list(&document, "code_challenge_methods_supported")?;
    if challenges
        .as_ref()
        .is_some_and(|methods| !methods.iter().any(|method| method == "S256"))
    {
        return Err(MetadataProblem::NoS256);
    }
    let iss = flag(&document, "authorization_response_iss_parameter_supported")?;
    let host = url::Url::parse(issuer.as_str())
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_default();
    Ok(Metadata {
        pkce_declared: challenges.is_some(),
        auth_methods: list(&document, "token_endpoint_auth_methods_supported")?.unwrap_or_default(),
        scopes: list(&document, "scopes_supported")?.unwrap_or_default(),
        client_id_documents: flag(&document, "client_id_metadata_document_supported")?,
        provider: Provider {
            id: host.clone(),
            name: host,
            kind: ProviderKind::Discovered,
            issuer: Some(issuer.clone()),
            revoke: if endpoints.revocation.is_some() {
                RevokeRule::Standard
            } else {
                RevokeRule::None
            },
            endpoints,
            iss: if iss {
                IssPolicy::Advertised
            } else {
                IssPolicy::NotAdvertised
            },
            extra: ExtraParams::default(),
            quirks: std::collections::BTreeSet::new(),
            test: None,
            manage_url: None,
            api_hosts: Vec::new(),
        },
    })
}

fn address(
    document: &Document,
    member: &'static str,
    dev_http: bool,
) -> Result<Option<EndpointUrl>, MetadataProblem> {
    match document.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => EndpointUrl::parse(text, dev_http)
            .map(Some)
            .map_err(|problem| MetadataProblem::Address { member, problem }),
        Some(_) => Err(MetadataProblem::Type(member)),
    }
}

fn list(document: &Document, member: &'static str) -> Result<Option<Vec<String>>, MetadataProblem> {
    match document.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(items)) => items
            .iter()
            .take(MAX_LIST)
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
            .map(Some)
            .ok_or(MetadataProblem::Type(member)),
        Some(_) => Err(MetadataProblem::Type(member)),
    }
}

fn flag(document: &Document, member: &'static str) -> Result<bool, MetadataProblem> {
    match document.get(member) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(_) => Err(MetadataProblem::Type(member)),
    }
}
