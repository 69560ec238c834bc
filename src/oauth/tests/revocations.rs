use crate::model::{
    ClientAuth, Connection, NoRevocation, RevokeAuth, RevokeMethod, RevokeRequest, RevokeRule,
    Seconds,
};
use crate::oauth::fixtures::{answer, confidential, connection, form, json, secret, url, value};
use crate::oauth::{
    Revocation, RevocationOutcome, TokenKind, request, revocation_answer, revocation_outcome,
};

fn with_rule(rule: RevokeRule, auth: ClientAuth) -> Connection {
    let mut connection = confidential(auth);
    connection.provider.revoke = rule;
    connection
}

fn both(connection: &Connection, client_secret: Option<&str>) -> Vec<Revocation> {
    request::revocations(
        connection,
        client_secret.map(secret).as_ref(),
        Some(&secret("rt")),
        Some(&secret("at")),
    )
    .expect("requests")
}

fn bearer_post() -> RevokeRule {
    RevokeRule::BearerPost {
        url: url("https://as.example/api/auth.revoke"),
        success: Some("/revoked".to_owned()),
    }
}

fn github() -> RevokeRule {
    RevokeRule::GithubDelete {
        url: url("https://api.example/applications/client/grant"),
    }
}

#[test]
fn l_01_the_refresh_token_goes_first() {
    let requests = both(&connection(), None);
    let seen: Vec<_> = requests
        .iter()
        .map(|r| {
            let pairs = form(&r.request);
            assert_eq!(r.request.uri(), "https://as.example/revoke");
            assert_eq!(value(&pairs, "client_id"), Some("client"));
            (
                r.kind,
                value(&pairs, "token").map(str::to_owned),
                value(&pairs, "token_type_hint").map(str::to_owned),
                r.ends_grant,
            )
        })
        .collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        seen,
        [
            (TokenKind::Refresh, text("rt"), text("refresh_token"), true),
            (TokenKind::Access, text("at"), text("access_token"), false),
        ]
    );
    let alone = request::revocations(&connection(), None, None, Some(&secret("at"))).expect("r");
    assert!(alone.len() == 1 && alone[0].ends_grant);
}

#[test]
fn l_05_nothing_is_claimed_where_nothing_is_offered() {
    let mut silent = connection();
    silent.provider.endpoints.revocation = None;
    assert!(both(&silent, None).is_empty());
    assert!(both(&with_rule(RevokeRule::None, ClientAuth::None), None).is_empty());
    assert!(both(&with_rule(RevokeRule::Standard, ClientAuth::Post), None).is_empty());
    assert!(both(&with_rule(github(), ClientAuth::None), None).is_empty());
}

#[test]
fn l_05_what_is_known_beforehand_is_what_can_be_sent() {
    let request = |auth, body| RevokeRule::Request(described(RevokeMethod::Post, auth, body));
    let rules = [
        RevokeRule::None,
        RevokeRule::Standard,
        RevokeRule::TokenOnly,
        bearer_post(),
        github(),
        request(RevokeAuth::Bearer, &[]),
        request(RevokeAuth::Basic, &[]),
        request(RevokeAuth::None, &[("s", "{client_secret}")]),
    ];
    let mut told = Vec::new();
    for rule in rules {
        for (address, has_secret) in [(true, true), (true, false), (false, true)] {
            let mut connection = with_rule(rule.clone(), ClientAuth::None);
            connection.registration.has_secret = has_secret;
            if !address {
                connection.provider.endpoints.revocation = None;
            }
            let sent = both(&connection, has_secret.then_some("secret"));
            let why = connection.no_revocation();
            assert_eq!(sent.is_empty(), why.is_some(), "{rule:?} {has_secret}");
            told.extend(why);
        }
    }
    let expected = [NoRevocation::NotOffered; 3]
        .into_iter()
        .chain([NoRevocation::NoAddress; 2])
        .chain([NoRevocation::NoSecret; 3]);
    assert!(told.into_iter().eq(expected));
}

#[test]
fn l_07_the_client_authenticates_as_at_the_token_endpoint() {
    let requests = both(
        &with_rule(RevokeRule::Standard, ClientAuth::Basic),
        Some("s"),
    );
    for revocation in requests {
        assert!(revocation.request.headers().contains_key("authorization"));
        assert_eq!(value(&form(&revocation.request), "client_id"), None);
    }
}

#[test]
fn l_08_google_gets_one_token_and_nothing_else() {
    let requests = both(
        &with_rule(RevokeRule::TokenOnly, ClientAuth::Post),
        Some("s"),
    );
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].request.body(), b"token=rt");
    assert!(requests[0].ends_grant);
}

#[test]
fn l_08_slack_gets_the_token_as_bearer() {
    let requests = both(&with_rule(bearer_post(), ClientAuth::None), None);
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].request.headers()["authorization"], "Bearer at");
    assert!(requests[0].request.body().is_empty());
}

#[test]
fn l_08_github_gets_a_delete_with_the_secret() {
    let requests = both(&with_rule(github(), ClientAuth::Post), Some("s"));
    assert_eq!(requests.len(), 1);
    let request = &requests[0].request;
    assert_eq!(request.method(), http::Method::DELETE);
    // base64 of `client:s`
    assert_eq!(request.headers()["authorization"], "Basic Y2xpZW50OnM=");
    assert_eq!(request.body(), br#"{"access_token":"at"}"#);
}

#[test]
fn l_02_success_counts_whatever_the_body_says() {
    for response in [
        json(200, ""),
        json(200, "{}"),
        answer(200, "text/html", "<html>"),
        json(202, ""),
        json(204, ""),
    ] {
        assert_eq!(
            revocation_outcome(&RevokeRule::Standard, &response),
            RevocationOutcome::Revoked
        );
    }
}

#[test]
fn l_03_an_access_token_may_not_be_revocable() {
    assert_eq!(
        revocation_outcome(
            &RevokeRule::Standard,
            &json(400, r#"{"error":"unsupported_token_type"}"#)
        ),
        RevocationOutcome::AccessTokenNotRevocable
    );
}

#[test]
fn l_04_trouble_means_later() {
    for status in [408, 429, 500, 502, 503] {
        let mut response = json(status, r#"{"error":"unsupported_token_type"}"#);
        response
            .headers_mut()
            .insert("retry-after", http::HeaderValue::from_static("120"));
        for rule in [
            RevokeRule::Standard,
            RevokeRule::TokenOnly,
            bearer_post(),
            github(),
        ] {
            assert_eq!(
                revocation_outcome(&rule, &response),
                RevocationOutcome::TryLater {
                    after: Some(Seconds(120))
                }
            );
        }
    }
}

fn refused_code(rule: &RevokeRule, status: u16, body: &str) -> String {
    match revocation_outcome(rule, &json(status, body)) {
        RevocationOutcome::Refused(error) => {
            assert_eq!(error.status, status);
            error.code.raw().to_owned()
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn d13_d15_a_refusal_is_never_a_revocation() {
    let standard = RevokeRule::Standard;
    assert_eq!(
        refused_code(&standard, 400, r#"{"error":"invalid_token"}"#),
        "invalid_token"
    );
    assert_eq!(refused_code(&standard, 405, "<html>"), "status 405");
    assert_eq!(refused_code(&standard, 302, ""), "status 302");
    assert_eq!(
        refused_code(&standard, 401, r#"{"error":"invalid_client"}"#),
        "invalid_client"
    );
    assert_eq!(
        refused_code(&RevokeRule::TokenOnly, 400, r#"{"error":"invalid_token"}"#),
        "AlreadyInvalid"
    );
    assert_eq!(
        refused_code(
            &RevokeRule::TokenOnly,
            400,
            r#"{"error":"invalid_request"}"#
        ),
        "invalid_request"
    );
}

#[test]
fn l_08_slacks_own_success_rule() {
    let rule = bearer_post();
    assert_eq!(
        refused_code(&rule, 200, r#"{"ok":true,"revoked":true}"#),
        "Revoked"
    );
    assert_eq!(
        refused_code(&rule, 200, r#"{"ok":true,"revoked":false}"#),
        "status 200"
    );
    assert_eq!(
        refused_code(&rule, 200, r#"{"ok":true,"revoked":"true"}"#),
        "status 200"
    );
    assert_eq!(refused_code(&rule, 200, ""), "status 200");
    assert_eq!(
        refused_code(&rule, 200, r#"{"ok":false,"error":"token_revoked"}"#),
        "AlreadyInvalid"
    );
    assert_eq!(
        refused_code(&rule, 200, r#"{"ok":false,"error":"not_allowed"}"#),
        "not_allowed"
    );
    assert_eq!(
        refused_code(&rule, 403, r#"{"revoked":true}"#),
        "status 403"
    );
}

#[test]
fn l_08_githubs_own_success_rule() {
    assert_eq!(refused_code(&github(), 204, ""), "Revoked");
    assert_eq!(refused_code(&github(), 404, "{}"), "AlreadyInvalid");
    assert_eq!(refused_code(&github(), 401, "{}"), "status 401");
    assert_eq!(refused_code(&github(), 422, "{}"), "status 422");
}

fn described(method: RevokeMethod, auth: RevokeAuth, body: &[(&str, &str)]) -> RevokeRequest {
    let owned = |pair: &(&str, &str)| (pair.0.to_owned(), pair.1.to_owned());
    RevokeRequest {
        url: url("https://api.example/end"),
        method,
        auth,
        body: body.iter().map(owned).collect(),
        json: false,
        everything: false,
    }
}

#[test]
fn l_08_a_described_request_is_sent_as_it_says() {
    let header = |r: &Revocation, name: &str| {
        let value = r.request.headers().get(name)?;
        Some(value.to_str().expect("text").to_owned())
    };
    // The access token as bearer, nothing in the body (Lichess).
    let delete = described(RevokeMethod::Delete, RevokeAuth::Bearer, &[]);
    let sent = both(
        &with_rule(RevokeRule::Request(delete), ClientAuth::None),
        None,
    );
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].request.method(), http::Method::DELETE);
    assert_eq!(sent[0].request.uri(), "https://api.example/end");
    assert_eq!(
        header(&sent[0], "authorization").as_deref(),
        Some("Bearer at")
    );
    assert_eq!(header(&sent[0], "content-type"), None);
    assert!(sent[0].request.body().is_empty() && sent[0].ends_grant);
    assert_eq!(sent[0].kind, TokenKind::Access);

    // Client credentials in front, the refresh token in a JSON body (Notion).
    let mut json_body = described(
        RevokeMethod::Post,
        RevokeAuth::Basic,
        &[("token", "{token}")],
    );
    json_body.json = true;
    let rule = RevokeRule::Request(json_body);
    let sent = both(&with_rule(rule.clone(), ClientAuth::Basic), Some("s"));
    assert_eq!(sent[0].request.body(), br#"{"token":"rt"}"#);
    assert_eq!(
        header(&sent[0], "content-type").as_deref(),
        Some("application/json")
    );
    assert!(header(&sent[0], "authorization").is_some_and(|text| text.starts_with("Basic ")));
    assert_eq!(sent[0].kind, TokenKind::Refresh);
    assert!(
        both(&with_rule(rule, ClientAuth::None), None).is_empty(),
        "no secret, no request"
    );

    // Everything in a form, under names of its own (Miro has them in JSON).
    let body = [
        ("accessToken", "{token}"),
        ("clientId", "{client_id}"),
        ("clientSecret", "{client_secret}"),
        ("kind", "fixed"),
    ];
    let own = RevokeRule::Request(described(RevokeMethod::Post, RevokeAuth::None, &body));
    let sent = both(&with_rule(own.clone(), ClientAuth::Post), Some("s&t"));
    let pairs = form(&sent[0].request);
    for (name, expected) in [
        ("accessToken", "rt"),
        ("clientId", "client"),
        ("clientSecret", "s&t"),
        ("kind", "fixed"),
    ] {
        assert_eq!(value(&pairs, name), Some(expected), "{name}");
    }
    assert_eq!(header(&sent[0], "authorization"), None);
    assert!(both(&with_rule(own, ClientAuth::None), None).is_empty());

    // The access token, although there is a refresh token (Miro takes no other).
    let body = [("accessToken", "{access_token}")];
    let access = RevokeRule::Request(described(RevokeMethod::Post, RevokeAuth::None, &body));
    let sent = both(&with_rule(access, ClientAuth::None), None);
    let pairs = form(&sent[0].request);
    assert_eq!(value(&pairs, "accessToken"), Some("at"));
    assert_eq!(sent[0].kind, TokenKind::Access);
}

#[test]
fn l_08_a_described_request_with_a_blank_nobody_knows_is_never_sent() {
    let body = [("a", "{token}"), ("b", "{refresh_token}")];
    let rule = described(RevokeMethod::Post, RevokeAuth::None, &body);
    assert_eq!(rule.unknown_blank(), Some("{refresh_token}"));
    let connection = with_rule(RevokeRule::Request(rule), ClientAuth::None);
    assert!(both(&connection, None).is_empty());
}

/// Part 2.D of the conformance table, for every way that a preset may name.
#[test]
fn part_2d_d10_d15_what_each_way_of_a_preset_makes_of_an_answer() {
    let request = |method| RevokeRule::Request(described(method, RevokeAuth::Bearer, &[]));
    let plain_post = RevokeRule::BearerPost {
        url: url("https://api.example/end"),
        success: None,
    };
    let ways = [
        RevokeRule::Standard,
        RevokeRule::TokenOnly,
        plain_post,
        request(RevokeMethod::Post),
        request(RevokeMethod::Delete),
    ];
    for way in &ways {
        let outcome =
            |status, media: &str, body: &str| revocation_outcome(way, &answer(status, media, body));
        let html = outcome(200, "text/html", "<html>gone</html>");
        assert_eq!(html, RevocationOutcome::Revoked, "D10 {way:?}");
        for status in [202, 204] {
            let empty = outcome(status, "text/plain", "");
            assert_eq!(empty, RevocationOutcome::Revoked, "D11 {way:?}");
        }
        let json = "application/json";
        let unsupported = outcome(400, json, r#"{"error":"unsupported_token_type"}"#);
        assert_eq!(
            unsupported,
            RevocationOutcome::AccessTokenNotRevocable,
            "D12 {way:?}"
        );
        let invalid = outcome(400, json, r#"{"error":"invalid_token"}"#);
        let done = matches!(invalid, RevocationOutcome::AlreadyInvalid);
        assert_eq!(done, *way == RevokeRule::TokenOnly, "D13 {way:?}");
        let mut later = answer(503, json, "");
        later
            .headers_mut()
            .insert("retry-after", "120".parse().expect("header"));
        assert_eq!(
            revocation_outcome(way, &later),
            RevocationOutcome::TryLater {
                after: Some(Seconds(120))
            },
            "D14 {way:?}"
        );
        let get_only = outcome(405, "text/html", "<html>Method Not Allowed</html>");
        assert!(
            matches!(get_only, RevocationOutcome::Refused(_)),
            "D15 {way:?}"
        );
    }
}

#[test]
fn l_08_i_09_revoke_gone_is_known_by_the_words_of_the_service_alone() {
    for (name, status, body) in [
        (
            "revoke-gone:/error_description=Unable to revoke token",
            400,
            r#"{"error":"invalid_request","error_description":"Unable to revoke token"}"#,
        ),
        (
            "revoke-gone:/error/code=190",
            401,
            r#"{"error":{"message":"gone","code":190}}"#,
        ),
        (
            "revoke-gone:/error=No such token",
            401,
            r#"{"error":"No such token"}"#,
        ),
    ] {
        let quirk = crate::oauth::fixtures::with_quirks(&[name]).provider;
        let gone = json(status, body);
        assert_eq!(
            revocation_answer(&quirk, &gone),
            RevocationOutcome::AlreadyInvalid,
            "{name}"
        );
        let plain = crate::oauth::fixtures::connection().provider;
        for (provider, answer) in [
            (&plain, gone),
            (
                &quirk,
                json(
                    400,
                    r#"{"error":"invalid_client","error_description":"no"}"#,
                ),
            ),
        ] {
            let outcome = revocation_answer(provider, &answer);
            assert!(
                matches!(outcome, RevocationOutcome::Refused(_)),
                "{name}: {outcome:?}"
            );
        }
        let outcome = revocation_answer(&quirk, &json(503, body));
        assert!(
            matches!(outcome, RevocationOutcome::TryLater { .. }),
            "{name}"
        );
    }
}
