use base64::Engine as _;
use http::header::AUTHORIZATION;
use url::Url;

use crate::model::{AttemptId, ClientAuth, ScopeSet, TestMethod, TestRead, UnixTime};
use crate::oauth::fixtures::{
    REDIRECT, confidential, connection, flow, flow_of, form, secret, url, value, with_quirks,
};
use crate::oauth::{BuildProblem, Flow, HttpRequest, request};

fn query(flow: &Flow) -> Vec<(String, String)> {
    let address = flow.authorization_url().expect("address");
    Url::parse(address.reveal())
        .expect("url")
        .query_pairs()
        .into_owned()
        .collect()
}

fn authorization(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get(AUTHORIZATION)?;
    assert!(header.is_sensitive());
    Some(header.to_str().expect("text").to_owned())
}

#[test]
fn a_01_only_the_code_flow_with_s256_is_asked_for() {
    let pairs = query(&flow());
    assert_eq!(value(&pairs, "response_type"), Some("code"));
    assert_eq!(value(&pairs, "client_id"), Some("client"));
    assert_eq!(value(&pairs, "scope"), Some("read write"));
    assert_eq!(value(&pairs, "code_challenge_method"), Some("S256"));
    assert_eq!(value(&pairs, "code_challenge").map(str::len), Some(43));
    assert_eq!(value(&pairs, "nonce"), None);
}

#[test]
fn a_02_the_endpoints_own_query_is_kept() {
    let mut connection = connection();
    connection.provider.endpoints.authorization =
        Some(url("https://[2001:db8::1]:8443/a%20b?tenant=x%2By&flag"));
    let address = flow_of(connection).authorization_url().expect("address");
    assert!(
        address
            .reveal()
            .starts_with("https://[2001:db8::1]:8443/a%20b?tenant=x%2By&flag&response_type=code&")
    );
}

#[test]
fn a_03_the_protocols_parameters_cannot_come_from_elsewhere() {
    let reserved = BuildProblem::ReservedParameter("state".to_owned());
    let mut by_query = connection();
    by_query.provider.endpoints.authorization = Some(url("https://as.example/a?STATE=x"));
    assert_eq!(
        flow_of(by_query).authorization_url().err(),
        Some(reserved.clone())
    );
    let mut by_extra = connection();
    by_extra.provider.extra.authorize = vec![("%73tate".to_owned(), "x".to_owned())];
    assert_eq!(
        flow_of(by_extra).authorization_url().err(),
        Some(reserved.clone())
    );
    let once = [("state".to_owned(), "x".to_owned())];
    assert_eq!(flow().authorization_url_with(&once).err(), Some(reserved));
    let mut in_token = connection();
    in_token.provider.extra.token = vec![("Code_Verifier".to_owned(), "x".to_owned())];
    assert_eq!(
        request::exchange_code(&flow_of(in_token), None, &secret("c")).err(),
        Some(BuildProblem::ReservedParameter("code_verifier".to_owned()))
    );
    let mut in_refresh = connection();
    in_refresh.provider.extra.refresh = vec![("scope".to_owned(), "x".to_owned())];
    assert!(request::refresh(&in_refresh, None, &secret("r"), None).is_err());
}

#[test]
fn a_parameter_of_one_attempt_replaces_the_standing_one() {
    let mut connection = connection();
    connection.provider.extra.authorize = vec![
        ("prompt".to_owned(), "consent".to_owned()),
        ("audience".to_owned(), "a".to_owned()),
    ];
    let flow = flow_of(connection);
    let pairs = query(&flow);
    assert_eq!(value(&pairs, "prompt"), Some("consent"));
    let once = [("prompt".to_owned(), "select_account".to_owned())];
    let address = flow.authorization_url_with(&once).expect("address");
    assert!(
        address
            .reveal()
            .ends_with("&audience=a&prompt=select_account")
    );
}

#[test]
fn a_04_both_requests_carry_the_same_redirect_address() {
    for redirect in [
        REDIRECT,
        "http://127.0.0.1:8765",
        "http://localhost:8765/",
        "http://[::1]:9/a%20b",
    ] {
        let mut flow = flow();
        flow.redirect_uri = redirect.to_owned();
        assert_eq!(value(&query(&flow), "redirect_uri"), Some(redirect));
        let exchange = request::exchange_code(&flow, None, &secret("c")).expect("request");
        assert_eq!(value(&form(&exchange), "redirect_uri"), Some(redirect));
    }
}

#[test]
fn c_15_the_code_comes_back_encoded_again() {
    let exchange = request::exchange_code(&flow(), None, &secret("a b&c=d%2B")).expect("request");
    assert_eq!(value(&form(&exchange), "code"), Some("a b&c=d%2B"));
    assert_eq!(
        value(&form(&exchange), "grant_type"),
        Some("authorization_code")
    );
    assert_eq!(exchange.uri(), "https://as.example/token");
    assert_eq!(exchange.method(), http::Method::POST);
}

#[test]
fn d_01_the_verifier_of_the_challenge_is_sent_by_confidential_clients_too() {
    for auth in [ClientAuth::None, ClientAuth::Basic, ClientAuth::Post] {
        let flow = flow_of(confidential(auth));
        assert_eq!(flow.verifier.len(), 43);
        assert!(value(&query(&flow), "code_challenge").is_some());
        let exchange = request::exchange_code(&flow, Some(&secret("s")), &secret("c")).expect("r");
        assert_eq!(
            value(&form(&exchange), "code_verifier"),
            Some(flow.verifier.reveal())
        );
    }
}

#[test]
fn d_03_without_pkce_only_under_the_quirk_and_with_a_secret() {
    let public = flow_of(with_quirks(&["no-pkce"]));
    assert_eq!(
        public.authorization_url().err(),
        Some(BuildProblem::PkceNeeded)
    );
    assert_eq!(
        request::exchange_code(&public, None, &secret("c")).err(),
        Some(BuildProblem::PkceNeeded)
    );
    let mut connection = with_quirks(&["no-pkce"]);
    connection.registration.auth = ClientAuth::Post;
    let flow = flow_of(connection);
    assert_eq!(value(&query(&flow), "code_challenge"), None);
    let exchange = request::exchange_code(&flow, Some(&secret("s")), &secret("c")).expect("r");
    assert_eq!(value(&form(&exchange), "code_verifier"), None);
}

#[test]
fn d_02_each_attempt_draws_its_own_verifier_of_32_bytes() {
    let mut seen = std::collections::HashSet::new();
    for number in 0..10_000_u32 {
        let mut random = [0; 96];
        random[..4].copy_from_slice(&number.to_be_bytes());
        random[32..36].copy_from_slice(&number.to_be_bytes());
        let uri = "http://127.0.0.1:1/callback".to_owned();
        let attempt = AttemptId::from_random([0; 16]);
        let flow = Flow::new(attempt, connection(), uri, &random, UnixTime(0));
        assert_eq!(flow.verifier.len(), 43);
        assert!(seen.insert(flow.verifier.reveal().to_owned()));
    }
}

#[test]
fn d_05_every_attempt_has_values_of_its_own() {
    let flow = flow();
    assert_ne!(flow.state.reveal(), flow.verifier.reveal());
    assert_eq!(flow.state.len(), 43);
    assert_eq!(
        flow.state.reveal(),
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    );
}

#[test]
fn g_01_g_06_a_connection_edited_during_the_sign_in_gets_no_code() {
    let mut flow = flow();
    flow.connection.provider.endpoints.token = Some(url("https://evil.example/token"));
    assert_eq!(
        request::exchange_code(&flow, None, &secret("c")).err(),
        Some(BuildProblem::ConnectionChanged)
    );
}

#[test]
fn g_11_a_nonce_is_sent_when_openid_is_requested() {
    let mut connection = connection();
    connection.requested = ScopeSet::parse("openid email").expect("scopes");
    let flow = flow_of(connection);
    let nonce = flow.nonce.as_ref().expect("nonce");
    assert_eq!(value(&query(&flow), "nonce"), Some(nonce.reveal()));
    assert!(!nonce.same(&flow.state) && !nonce.same(&flow.verifier));
}

#[test]
fn b_09_commas_and_another_name_only_under_their_quirks() {
    let pairs = query(&flow_of(with_quirks(&[
        "comma-scopes",
        "scope-parameter:user_scope",
    ])));
    assert_eq!(value(&pairs, "user_scope"), Some("read,write"));
    assert_eq!(value(&pairs, "scope"), None);
    let pairs = query(&flow_of(with_quirks(&["comma-scopes-in-answer"])));
    assert_eq!(value(&pairs, "scope"), Some("read write"));
}

#[test]
fn no_scope_parameter_without_scopes() {
    let mut connection = connection();
    connection.requested = ScopeSet::default();
    let device = request::device_authorization(&connection, None).expect("request");
    assert_eq!(value(&form(&device), "scope"), None);
    assert_eq!(value(&query(&flow_of(connection)), "scope"), None);
}

#[test]
fn b_07_a_refresh_never_asks_for_more_than_was_granted() {
    let granted = ScopeSet::parse("read").expect("scopes");
    let plain = request::refresh(&connection(), None, &secret("r t"), Some(&granted)).expect("r");
    assert_eq!(
        form(&plain),
        [
            ("grant_type", "refresh_token"),
            ("refresh_token", "r t"),
            ("client_id", "client")
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    let mut repeating = with_quirks(&["refresh-repeats-scope"]);
    repeating.requested = ScopeSet::parse("read write offline_access").expect("scopes");
    let repeated = request::refresh(&repeating, None, &secret("r"), Some(&granted)).expect("r");
    assert_eq!(
        value(&form(&repeated), "scope"),
        Some("read offline_access")
    );
    let unknown = request::refresh(&repeating, None, &secret("r"), None).expect("r");
    assert_eq!(
        value(&form(&unknown), "scope"),
        Some("read write offline_access")
    );
}

#[test]
fn resources_go_into_every_request_unless_refused() {
    let mut connection = connection();
    connection.resources = vec![
        "https://api.example/a".to_owned(),
        "https://b.example".to_owned(),
    ];
    let count =
        |pairs: Vec<(String, String)>| pairs.iter().filter(|(n, _)| n == "resource").count();
    let flow = flow_of(connection.clone());
    assert_eq!(count(query(&flow)), 2);
    let exchange = request::exchange_code(&flow, None, &secret("c")).expect("r");
    assert_eq!(count(form(&exchange)), 2);
    let refresh = request::refresh(&connection, None, &secret("r"), None).expect("r");
    assert_eq!(count(form(&refresh)), 2);
    connection.provider.quirks = with_quirks(&["no-resource"]).provider.quirks;
    assert_eq!(count(query(&flow_of(connection.clone()))), 0);
    let refresh = request::refresh(&connection, None, &secret("r"), None).expect("r");
    assert_eq!(count(form(&refresh)), 0);
}

#[test]
fn q_01_exactly_one_way_to_authenticate_is_used() {
    let client_secret = secret("s");
    for (auth, in_header, in_body) in [
        (ClientAuth::None, false, false),
        (ClientAuth::Basic, true, false),
        (ClientAuth::Post, false, true),
    ] {
        let connection = confidential(auth);
        let flow = flow_of(connection.clone());
        let some = Some(&client_secret);
        let mut requests = vec![
            request::exchange_code(&flow, some, &secret("c")).expect("exchange"),
            request::refresh(&connection, some, &secret("r"), None).expect("refresh"),
            request::device_authorization(&connection, some).expect("device"),
            request::device_poll(&connection, some, &secret("d")).expect("poll"),
        ];
        let revocations =
            request::revocations(&connection, some, Some(&secret("r")), None).expect("revoke");
        requests.extend(revocations.into_iter().map(|revocation| revocation.request));
        for request in &requests {
            let pairs = form(request);
            assert_eq!(authorization(request).is_some(), in_header, "{auth:?}");
            assert_eq!(
                value(&pairs, "client_secret").is_some(),
                in_body,
                "{auth:?}"
            );
        }
    }
}

#[test]
fn q_02_basic_encodes_id_and_secret_first() {
    let mut connection = confidential(ClientAuth::Basic);
    connection.registration.client_id = "a:b c".to_owned();
    let client_secret = secret("p%q+r s:é");
    let expected = base64::engine::general_purpose::STANDARD.encode("a%3Ab+c:p%25q%2Br+s%3A%C3%A9");
    let refresh =
        request::refresh(&connection, Some(&client_secret), &secret("r"), None).expect("r");
    assert_eq!(authorization(&refresh), Some(format!("Basic {expected}")));
    let revoke = request::revocations(&connection, Some(&client_secret), Some(&secret("r")), None);
    let revoke = revoke.expect("requests").remove(0).request;
    assert_eq!(authorization(&revoke), Some(format!("Basic {expected}")));
}

#[test]
fn q_03_a_public_client_sends_its_id_and_no_secret() {
    let exchange = request::exchange_code(&flow(), Some(&secret("s")), &secret("c")).expect("r");
    let pairs = form(&exchange);
    assert_eq!(value(&pairs, "client_id"), Some("client"));
    assert_eq!(value(&pairs, "client_secret"), None);
    assert_eq!(authorization(&exchange), None);
    let confidential = confidential(ClientAuth::Post);
    for missing in [None, Some(secret(""))] {
        assert_eq!(
            request::refresh(&confidential, missing.as_ref(), &secret("r"), None).err(),
            Some(BuildProblem::SecretMissing)
        );
    }
}

#[test]
fn k_05_a_poll_is_one_request_with_the_device_code() {
    let poll = request::device_poll(&connection(), None, &secret("d&c")).expect("request");
    let pairs = form(&poll);
    assert_eq!(value(&pairs, "device_code"), Some("d&c"));
    assert_eq!(
        value(&pairs, "grant_type"),
        Some("urn:ietf:params:oauth:grant-type:device_code")
    );
    assert_eq!(value(&pairs, "client_id"), Some("client"));
    assert_eq!(poll.uri(), "https://as.example/token");
    let start = request::device_authorization(&connection(), None).expect("request");
    assert_eq!(start.uri(), "https://as.example/device");
    assert_eq!(value(&form(&start), "scope"), Some("read write"));
}

fn test_read(address: &str) -> TestRead {
    TestRead {
        method: TestMethod::Get,
        url: url(address),
        headers: vec![
            ("X-Version".to_owned(), "1".to_owned()),
            ("AUTHORIZATION".to_owned(), "Bearer other".to_owned()),
        ],
        account_label: Vec::new(),
        account_id: None,
        success: None,
    }
}

#[test]
fn c_01_an_access_token_travels_in_the_header_only() {
    let token = secret("canary");
    let read = request::test_read(
        &connection(),
        &test_read("https://api.example/me?x=1"),
        &token,
    )
    .expect("request");
    let userinfo = request::userinfo(&connection(), &token).expect("request");
    for request in [read, userinfo] {
        assert_eq!(request.headers().get_all(AUTHORIZATION).iter().count(), 1);
        assert_eq!(authorization(&request).as_deref(), Some("Bearer canary"));
        assert!(!request.uri().to_string().contains("canary"));
        assert!(request.body().is_empty());
    }
}

#[test]
fn c_02_a_token_goes_to_hosts_of_the_connection_only() {
    for address in [
        "https://api.exarnple/me",
        "https://api.example:8443/me",
        "https://api.example.evil.example/",
    ] {
        assert!(matches!(
            request::test_read(&connection(), &test_read(address), &secret("t")),
            Err(BuildProblem::ForeignHost(_))
        ));
    }
}

#[test]
fn c_09_a_presets_post_reads_with_its_own_body() {
    let mut test = test_read("https://api.example/graphql");
    test.method = TestMethod::Post {
        body: "{\"query\":\"x\"}".to_owned(),
    };
    let request = request::test_read(&connection(), &test, &secret("t")).expect("request");
    assert_eq!(request.method(), http::Method::POST);
    assert_eq!(request.body(), b"{\"query\":\"x\"}");
    assert_eq!(request.headers()["content-type"], "application/json");
}

#[test]
fn a_missing_endpoint_is_named() {
    let mut connection = connection();
    connection.provider.endpoints = crate::model::Endpoints::default();
    let flow = flow_of(connection.clone());
    assert_eq!(
        flow.authorization_url().err(),
        Some(BuildProblem::NoEndpoint("authorization"))
    );
    assert_eq!(
        request::exchange_code(&flow, None, &secret("c")).err(),
        Some(BuildProblem::NoEndpoint("token"))
    );
    assert_eq!(
        request::device_authorization(&connection, None).err(),
        Some(BuildProblem::NoEndpoint("device"))
    );
    assert!(request::userinfo(&connection, &secret("t")).is_none());
    assert!(request::jwks(&connection).is_none());
}
