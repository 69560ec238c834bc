//! Each quirk of a request: how it looks under the quirk, and as the standards want it without (I-09).

use base64::Engine as _;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::Value;

use crate::model::{ClientAuth, Connection, TestRead};
use crate::oauth::fixtures::{
    confidential, connection, flow_of, form, secret, url, value, with_quirks,
};
use crate::oauth::{BuildProblem, HttpRequest, request};

fn exchange(connection: Connection) -> HttpRequest {
    request::exchange_code(
        &flow_of(connection),
        Some(&secret("s&cret")),
        &secret("c d"),
    )
    .expect("request")
}

fn refresh(connection: &Connection) -> HttpRequest {
    request::refresh(connection, Some(&secret("s&cret")), &secret("rt"), None).expect("request")
}

fn header(request: &HttpRequest, name: impl http::header::AsHeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}

fn members(request: &HttpRequest) -> Value {
    serde_json::from_slice(request.body()).expect("JSON")
}

fn under(mut connection: Connection, names: &[&str]) -> Connection {
    connection.provider.quirks = with_quirks(names).provider.quirks;
    connection
}

#[test]
fn i_09_token_requests_as_json() {
    let basic = under(confidential(ClientAuth::Basic), &["json-token-request"]);
    let sent = exchange(basic.clone());
    assert_eq!(header(&sent, CONTENT_TYPE), Some("application/json"));
    assert!(header(&sent, AUTHORIZATION).is_some_and(|text| text.starts_with("Basic ")));
    let told = members(&sent);
    assert_eq!(told["grant_type"], "authorization_code");
    assert_eq!(told["code"], "c d");
    assert!(told["code_verifier"].is_string());
    assert!(told.get("client_secret").is_none());
    assert_eq!(members(&refresh(&basic))["refresh_token"], "rt");
    // With the secret in the body it goes there too.
    let post = under(confidential(ClientAuth::Post), &["json-token-request"]);
    assert_eq!(members(&exchange(post))["client_secret"], "s&cret");
    // Without the quirk: a form.
    let plain = exchange(confidential(ClientAuth::Basic));
    assert_eq!(
        header(&plain, CONTENT_TYPE),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(value(&form(&plain), "code"), Some("c d"));
}

#[test]
fn i_09_a_client_without_a_secret_as_a_user_without_a_password() {
    let quirk = with_quirks(&["basic-without-secret"]);
    let revocation = request::revocations(&quirk, None, Some(&secret("rt")), None)
        .expect("requests")
        .remove(0)
        .request;
    let poll = request::device_poll(&quirk, None, &secret("dc")).expect("request");
    for sent in [exchange(quirk.clone()), refresh(&quirk), poll, revocation] {
        let text = header(&sent, AUTHORIZATION)
            .expect("a user")
            .replace("Basic ", "");
        let pair = base64::engine::general_purpose::STANDARD
            .decode(text)
            .expect("base64");
        assert_eq!(pair, b"client:");
        assert!(sent.headers()[AUTHORIZATION].is_sensitive());
        assert_eq!(value(&form(&sent), "client_id"), None);
    }
    // Without the quirk, and for clients with a secret, nothing changes.
    let plain = exchange(connection());
    assert_eq!(header(&plain, AUTHORIZATION), None);
    assert_eq!(value(&form(&plain), "client_id"), Some("client"));
    let post = under(confidential(ClientAuth::Post), &["basic-without-secret"]);
    assert_eq!(
        value(&form(&exchange(post)), "client_secret"),
        Some("s&cret")
    );
}

#[test]
fn i_09_a_refresh_at_an_address_of_its_own_without_a_grant_type() {
    let mut own = with_quirks(&["refresh-without-grant-type"]);
    own.provider.endpoints.refresh = Some(url("https://as.example/refresh"));
    let sent = refresh(&own);
    assert_eq!(sent.uri(), "https://as.example/refresh");
    assert_eq!(value(&form(&sent), "grant_type"), None);
    assert_eq!(value(&form(&sent), "refresh_token"), Some("rt"));
    // The exchange is as ever.
    let first = exchange(own);
    assert_eq!(first.uri(), "https://as.example/token");
    assert_eq!(
        value(&form(&first), "grant_type"),
        Some("authorization_code")
    );
    let plain = refresh(&connection());
    assert_eq!(plain.uri(), "https://as.example/token");
    assert_eq!(value(&form(&plain), "grant_type"), Some("refresh_token"));
}

#[test]
fn i_09_response_type_is_left_out() {
    let names = |connection| {
        let address = flow_of(connection).authorization_url().expect("address");
        let address = url::Url::parse(address.reveal()).expect("url");
        let names = address.query_pairs().map(|(name, _)| name.into_owned());
        names.collect::<Vec<_>>()
    };
    let asked = names(with_quirks(&["no-response-type"]));
    assert!(!asked.contains(&"response_type".to_owned()) && asked.contains(&"state".to_owned()));
    assert!(names(connection()).contains(&"response_type".to_owned()));
}

#[test]
fn i_09_a_device_request_names_its_scopes_otherwise() {
    let quirk = with_quirks(&["device-scope-parameter:scopes"]);
    let sent = form(&request::device_authorization(&quirk, None).expect("request"));
    assert_eq!(value(&sent, "scopes"), Some("read write"));
    assert_eq!(value(&sent, "scope"), None);
    let plain = form(&request::device_authorization(&connection(), None).expect("request"));
    assert_eq!(value(&plain, "scope"), Some("read write"));
    // The browser is sent with the usual name.
    let address = flow_of(quirk).authorization_url().expect("address");
    assert!(address.reveal().contains("&scope=read+write"));
    let reserved = with_quirks(&["device-scope-parameter:client_id"]);
    assert_eq!(
        request::device_authorization(&reserved, None).err(),
        Some(BuildProblem::ReservedParameter("client_id".to_owned()))
    );
}

#[test]
fn i_09_a_token_travels_in_a_header_of_the_services_own() {
    let test = TestRead::at(url("https://api.example/me"));
    let read = |connection: &Connection| {
        request::test_read(connection, &test, &secret("at")).expect("request")
    };
    let sent = read(&with_quirks(&["token-in-header:X-Acme-Token"]));
    assert_eq!(header(&sent, "x-acme-token"), Some("at"));
    assert!(sent.headers()["x-acme-token"].is_sensitive());
    assert_eq!(header(&sent, AUTHORIZATION), None);
    let plain = read(&connection());
    assert_eq!(header(&plain, AUTHORIZATION), Some("Bearer at"));
}

#[test]
fn token_requests_carry_a_definitions_headers_and_never_replace_the_programs_own() {
    let mut own = confidential(ClientAuth::Basic);
    own.provider.extra.headers = [
        ("X-Version", "2"),
        ("Authorization", "no"),
        ("Accept", "no"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    for sent in [exchange(own.clone()), refresh(&own)] {
        assert_eq!(header(&sent, "x-version"), Some("2"));
        assert_eq!(header(&sent, "accept"), Some("application/json"));
        assert!(header(&sent, AUTHORIZATION).is_some_and(|text| text.starts_with("Basic ")));
    }
    own.provider.extra.headers = vec![("X-Version".to_owned(), "a\nb".to_owned())];
    assert_eq!(
        request::refresh(&own, Some(&secret("s")), &secret("rt"), None).err(),
        Some(BuildProblem::NotSendable)
    );
}
