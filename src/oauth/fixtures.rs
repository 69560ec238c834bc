//! Connections and answers for the tests of this room.

use std::collections::BTreeSet;

use crate::model::{
    AttemptId, ClientAuth, Connection, ConnectionId, ConnectionName, EndpointUrl, Endpoints,
    ExtraParams, IssPolicy, Issuer, Provider, ProviderKind, RedirectUri, Registration,
    RegistrationId, RevokeRule, ScopeSet, Secret, UnixTime,
};

use super::{Flow, HttpRequest, HttpResponse};

pub(super) const REDIRECT: &str = "http://127.0.0.1:8765/callback";
pub(super) const ISSUER: &str = "https://as.example";

pub(super) fn url(text: &str) -> EndpointUrl {
    EndpointUrl::parse(text, true).expect(text)
}

pub(super) fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

/// A public client at `as.example` that asks for `read write`.
pub(super) fn connection() -> Connection {
    Connection {
        id: ConnectionId::from_random([1; 16]),
        name: ConnectionName::parse("example").expect("name"),
        provider: Provider {
            id: "example".to_owned(),
            name: "Example".to_owned(),
            kind: ProviderKind::Custom,
            issuer: Some(Issuer::parse(ISSUER, false).expect("issuer")),
            endpoints: Endpoints {
                authorization: Some(url("https://as.example/authorize")),
                token: Some(url("https://as.example/token")),
                device: Some(url("https://as.example/device")),
                revocation: Some(url("https://as.example/revoke")),
                userinfo: Some(url("https://as.example/userinfo")),
                jwks: Some(url("https://as.example/jwks")),
                ..Endpoints::default()
            },
            iss: IssPolicy::NotAdvertised,
            extra: ExtraParams::default(),
            quirks: BTreeSet::new(),
            test: None,
            revoke: RevokeRule::Standard,
            manage_url: None,
            api_hosts: vec!["api.example".to_owned()],
        },
        registration: Registration {
            id: RegistrationId::from_random([2; 16]),
            client_id: "client".to_owned(),
            auth: ClientAuth::None,
            redirect: RedirectUri::any_port(),
            has_secret: false,
        },
        requested: ScopeSet::parse("read write").expect("scopes"),
        resources: Vec::new(),
        dev_http: false,
        ca_pem: None,
        grant: None,
        serving: crate::model::Serving::default(),
        ended: None,
        problem: None,
    }
}

/// As [`connection`], with quirks by name.
pub(super) fn with_quirks(names: &[&str]) -> Connection {
    let mut connection = connection();
    connection.provider.quirks = names.iter().map(|name| name.parse().expect(name)).collect();
    connection
}

pub(super) fn confidential(auth: ClientAuth) -> Connection {
    let mut connection = connection();
    connection.registration.auth = auth;
    connection.registration.has_secret = true;
    connection
}

pub(super) fn flow_of(connection: Connection) -> Flow {
    let mut random = [0; 96];
    for (value, byte) in (0..).zip(random.iter_mut()) {
        *byte = value;
    }
    Flow::new(
        AttemptId::from_random([3; 16]),
        connection,
        REDIRECT.to_owned(),
        &random,
        UnixTime(1_000),
    )
}

pub(super) fn flow() -> Flow {
    flow_of(connection())
}

pub(super) fn answer(status: u16, media: &str, body: impl AsRef<[u8]>) -> HttpResponse {
    http::Response::builder()
        .status(status)
        .header("content-type", media)
        .body(body.as_ref().to_vec())
        .expect("answer")
}

pub(super) fn json(status: u16, body: &str) -> HttpResponse {
    answer(status, "application/json;charset=UTF-8", body)
}

/// Decoded pairs of a request's form.
pub(super) fn form(request: &HttpRequest) -> Vec<(String, String)> {
    url::form_urlencoded::parse(request.body())
        .into_owned()
        .collect()
}

pub(super) fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut found = pairs.iter().filter(|(n, _)| n == name);
    let first = found.next();
    assert!(found.next().is_none(), "{name} occurs twice");
    first.map(|(_, value)| value.as_str())
}
