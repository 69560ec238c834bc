use crate::model::{Connection, ScopeSet, Seconds};
use crate::oauth::fixtures::{answer, connection, json, with_quirks};
use crate::oauth::{
    AnswerError, ErrorClass, HttpResponse, JsonProblem, Lifetime, MemberProblem, Note, StatedScope,
    TokenAnswer, token_answer,
};

fn read(response: &HttpResponse) -> Result<TokenAnswer, AnswerError> {
    token_answer(&connection(), response)
}

fn error(response: &HttpResponse) -> AnswerError {
    read(response).err().expect("must fail")
}

/// A good answer with one more member.
fn with(member: &str) -> HttpResponse {
    json(
        200,
        &format!(r#"{{"access_token":"at","token_type":"Bearer",{member}}}"#),
    )
}

fn accepted(response: &HttpResponse) -> TokenAnswer {
    accepted_by(&connection(), response)
}

fn accepted_by(connection: &Connection, response: &HttpResponse) -> TokenAnswer {
    token_answer(connection, response).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn i_01_a_plain_answer_is_read() {
    let answer = accepted(&json(
        200,
        r#"{"access_token":"at","token_type":"Bearer","expires_in":3600,"refresh_token":"rt","scope":"write read","x":"secret"}"#,
    ));
    assert_eq!(answer.access_token.reveal(), "at");
    assert_eq!(answer.lifetime, Lifetime::Seconds(Seconds(3600)));
    assert_eq!(answer.refresh_token.expect("token").reveal(), "rt");
    assert_eq!(
        answer.scope,
        StatedScope::Stated(ScopeSet::parse("read write").expect("scopes"))
    );
    assert!(answer.id_token.is_none() && answer.notes.is_empty());
}

#[test]
fn a1_a2_a3_a4_a5_only_one_json_object_is_an_answer() {
    assert_eq!(error(&json(200, "")), AnswerError::Empty);
    assert_eq!(error(&json(200, "")).class(), ErrorClass::Transient);
    let good = r#"{"access_token":"at","token_type":"bearer"}"#;
    let not_json = |problem| AnswerError::NotJson(problem);
    for body in ["[]", "\"x\"", "null", "42"] {
        assert_eq!(
            error(&json(200, body)),
            not_json(JsonProblem::NotAnObject),
            "{body}"
        );
    }
    assert_eq!(
        error(&json(200, &format!("{good}{good}"))),
        not_json(JsonProblem::Trailing)
    );
    assert_eq!(
        error(&json(200, &format!("{good}x"))),
        not_json(JsonProblem::Trailing)
    );
    assert_eq!(
        error(&json(200, &format!("\u{feff}{good}"))),
        not_json(JsonProblem::ByteOrderMark)
    );
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(
        error(&answer(200, "application/json", utf16)),
        not_json(JsonProblem::Encoding)
    );
    let latin1 = b"{\"access_token\":\"at\",\"token_type\":\"bearer\",\"x\":\"\xe9\"}";
    assert_eq!(
        error(&answer(200, "application/json", latin1)),
        not_json(JsonProblem::Encoding)
    );
}

#[test]
fn a6_a7_a8_i_07_the_token_is_visible_ascii_of_bounded_length() {
    let token = |value: &str| {
        json(
            200,
            &format!(r#"{{"access_token":{value},"token_type":"bearer"}}"#),
        )
    };
    for (value, problem) in [
        ("null", MemberProblem::Type),
        ("5", MemberProblem::Type),
        ("[\"x\"]", MemberProblem::Type),
        ("1e400", MemberProblem::Type),
        ("\"\"", MemberProblem::Empty),
        ("\"a b\"", MemberProblem::Character),
        ("\"a\\tb\"", MemberProblem::Character),
        ("\"a\\nb\"", MemberProblem::Character),
        ("\"a\\rb\"", MemberProblem::Character),
        ("\"a\\u0000b\"", MemberProblem::Character),
        ("\"a\\u007fb\"", MemberProblem::Character),
        ("\"a\\u2028b\"", MemberProblem::Character),
        ("\"😀\"", MemberProblem::Character),
    ] {
        assert_eq!(
            error(&token(value)),
            AnswerError::Malformed {
                member: "access_token",
                problem
            },
            "{value}"
        );
    }
    assert_eq!(
        error(&json(200, r#"{"token_type":"bearer"}"#)),
        AnswerError::Malformed {
            member: "access_token",
            problem: MemberProblem::Missing
        }
    );
    let longest = "x".repeat(64 * 1024);
    assert_eq!(
        accepted(&token(&format!("\"{longest}\"")))
            .access_token
            .len(),
        64 * 1024
    );
    assert_eq!(
        error(&token(&format!("\"{longest}x\""))),
        AnswerError::Malformed {
            member: "access_token",
            problem: MemberProblem::TooLong(64 * 1024)
        }
    );
}

#[test]
fn a9_a_repeated_member_is_refused() {
    let twice = r#"{"access_token":"a","access_token":"b","token_type":"bearer"}"#;
    assert_eq!(
        error(&json(200, twice)),
        AnswerError::NotJson(JsonProblem::Duplicate)
    );
}

#[test]
fn i_02_c_08_only_bearer_in_any_case() {
    let kind = |value: &str| {
        json(
            200,
            &format!(r#"{{"access_token":"at","token_type":{value}}}"#),
        )
    };
    for good in ["\"bearer\"", "\"Bearer\"", "\"bEaReR\""] {
        accepted(&kind(good));
    }
    for bad in [
        "\"mac\"",
        "\"N_A\"",
        "[\"Bearer\"]",
        "\"DPoP\"",
        "null",
        "\"user\"",
        "\" bearer\"",
    ] {
        assert!(
            matches!(error(&kind(bad)), AnswerError::UnsupportedTokenType(_)),
            "{bad}"
        );
    }
    assert_eq!(
        error(&kind("\"\"")),
        AnswerError::Malformed {
            member: "token_type",
            problem: MemberProblem::Empty
        }
    );
    assert_eq!(
        error(&json(200, r#"{"access_token":"at"}"#)),
        AnswerError::Malformed {
            member: "token_type",
            problem: MemberProblem::Missing
        }
    );
}

#[test]
fn i_03_lifetimes_are_read_or_unknown_but_never_fail_the_token() {
    for (value, seconds) in [
        ("3600", 3600),
        ("\"3600\"", 3600),
        ("3600.9", 3600),
        ("3.6e3", 3600),
        ("\"3600.0\"", 3600),
        ("0", 0),
        ("9999999999999", 9_999_999_999_999),
    ] {
        let answer = accepted(&with(&format!(r#""expires_in":{value}"#)));
        assert_eq!(
            answer.lifetime,
            Lifetime::Seconds(Seconds(seconds)),
            "{value}"
        );
        assert!(answer.notes.is_empty(), "{value}");
    }
    for value in [
        "-1", "\"soon\"", "\"\"", "\"-5\"", "\"0x10\"", "1e400", "1e300", "NaN", "{}", "[1]",
        "true",
    ] {
        let answer = accepted(&with(&format!(r#""expires_in":{value}"#)));
        assert_eq!(answer.lifetime, Lifetime::NotStated, "{value}");
        assert_eq!(answer.notes, [Note::LifetimeNotUnderstood], "{value}");
    }
    for response in [with(r#""x":1"#), with(r#""expires_in":null"#)] {
        let answer = accepted(&response);
        assert_eq!(answer.lifetime, Lifetime::NotStated);
        assert!(answer.notes.is_empty());
    }
}

#[test]
fn b_02_b_04_a_missing_scope_is_not_an_empty_one() {
    assert_eq!(accepted(&with(r#""x":1"#)).scope, StatedScope::NotStated);
    for value in ["\"\"", "null", "[]", "{}"] {
        let answer = accepted(&with(&format!(r#""scope":{value}"#)));
        assert_eq!(answer.scope, StatedScope::Empty, "{value}");
    }
    for value in [
        "\"a  b\"",
        "\" a\"",
        "\"a\\tb\"",
        "\"a\\\"b\"",
        "\"é\"",
        "5",
        "[\"a\"]",
        "{\"a\":1}",
    ] {
        assert!(
            matches!(
                error(&with(&format!(r#""scope":{value}"#))),
                AnswerError::Malformed {
                    member: "scope",
                    ..
                }
            ),
            "{value}"
        );
    }
    let many: Vec<String> = (0..5000).map(|n| format!("s{n}")).collect();
    let answer = accepted(&with(&format!(r#""scope":"{}""#, many.join(" "))));
    assert!(matches!(answer.scope, StatedScope::Stated(scopes) if scopes.len() == 5000));
    let huge = "x".repeat(64 * 1024 + 1);
    assert_eq!(
        error(&with(&format!(r#""scope":"{huge}""#))),
        AnswerError::Malformed {
            member: "scope",
            problem: MemberProblem::TooLong(64 * 1024)
        }
    );
}

#[test]
fn a24_an_empty_refresh_token_is_none_and_told() {
    let answer = accepted(&with(r#""refresh_token":"""#));
    assert!(answer.refresh_token.is_none());
    assert_eq!(answer.notes, [Note::RefreshTokenEmpty]);
    assert!(
        accepted(&with(r#""refresh_token":null"#))
            .refresh_token
            .is_none()
    );
    for value in ["5", "\"a b\"", "[]"] {
        assert!(matches!(
            error(&with(&format!(r#""refresh_token":{value}"#))),
            AnswerError::Malformed {
                member: "refresh_token",
                ..
            }
        ));
    }
}

#[test]
fn g18_an_identity_token_counts_only_when_asked_for() {
    assert!(accepted(&with(r#""id_token":"a.b.c""#)).id_token.is_none());
    let mut openid = connection();
    openid.requested = ScopeSet::parse("openid").expect("scopes");
    let answer = accepted_by(&openid, &with(r#""id_token":"a.b.c""#));
    assert_eq!(answer.id_token.expect("token").reveal(), "a.b.c");
}

#[test]
fn i_05_an_error_member_is_an_error_whatever_the_status() {
    for status in [200, 201, 400, 401, 403] {
        let body = r#"{"error":"bad_verification_code","error_description":"d","error_uri":"u","access_token":"at","token_type":"bearer"}"#;
        let AnswerError::Provider(error) = error(&json(status, body)) else {
            panic!("{status}");
        };
        assert_eq!(error.code.raw(), "bad_verification_code");
        assert_eq!(error.description.expect("description").raw(), "d");
        assert_eq!(error.uri.expect("uri").raw(), "u");
        assert_eq!(error.status, status);
    }
    accepted(&with(r#""error":null"#));
    accepted(&with(r#""error":"""#));
    assert_eq!(
        error(&with(r#""error":{"code":5}"#)),
        AnswerError::Malformed {
            member: "error",
            problem: MemberProblem::Type
        }
    );
}

#[test]
fn i_08_only_invalid_grant_retires_a_grant() {
    for (code, class) in [
        ("invalid_grant", ErrorClass::Permanent),
        ("invalid_client", ErrorClass::Configuration),
        ("unauthorized_client", ErrorClass::Configuration),
        ("invalid_scope", ErrorClass::Request),
        ("invalid_target", ErrorClass::Request),
        ("authorization_pending", ErrorClass::Request),
        ("server_error", ErrorClass::Transient),
        ("anything_else", ErrorClass::Request),
        ("INVALID_GRANT", ErrorClass::Request),
    ] {
        let body = format!(r#"{{"error":"{code}"}}"#);
        for status in [200, 400, 401] {
            assert_eq!(
                error(&json(status, &body)).class(),
                class,
                "{code} {status}"
            );
        }
        for status in [408, 429, 500, 503] {
            let error = error(&json(status, &body));
            assert_eq!(error.class(), ErrorClass::Transient, "{code} {status}");
            assert_eq!(error.provider_code(), Some(code));
        }
    }
}

#[test]
fn a31_a34_h_04_web_pages_and_silent_errors() {
    assert_eq!(
        error(&answer(200, "text/html; charset=utf-8", "<html>")),
        AnswerError::WebPage { status: 200 }
    );
    assert_eq!(
        error(&answer(400, "Text/HTML", "<html>")),
        AnswerError::WebPage { status: 400 }
    );
    assert_eq!(
        error(&answer(200, "text/html", "<html>")).class(),
        ErrorClass::Transient
    );
    for body in ["", "[]", "{}", "{\"error\":5}", "nonsense"] {
        assert_eq!(
            error(&json(400, body)),
            AnswerError::ErrorWithoutDetails(400),
            "{body}"
        );
    }
    assert_eq!(
        error(&answer(400, "text/plain", r#"{"error":"invalid_grant"}"#)).class(),
        ErrorClass::Permanent
    );
}

#[test]
fn a30_the_media_type_must_be_json() {
    let good = r#"{"access_token":"at","token_type":"bearer"}"#;
    for media in [
        "application/json",
        "APPLICATION/JSON; x=y",
        "application/vnd.a+json",
    ] {
        accepted(&answer(200, media, good));
    }
    let mut unlabelled = answer(200, "x", good);
    unlabelled.headers_mut().clear();
    accepted(&unlabelled);
    for media in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "text/javascript",
        "",
    ] {
        assert!(
            matches!(error(&answer(200, media, good)), AnswerError::MediaType(_)),
            "{media}"
        );
    }
    let mut twice = answer(200, "application/json", good);
    twice.headers_mut().append(
        "content-type",
        http::HeaderValue::from_static("application/json"),
    );
    assert_eq!(error(&twice), AnswerError::Headers);
}

#[test]
fn a32_a41_another_status_spoils_a_good_answer() {
    let good = r#"{"access_token":"at","token_type":"bearer"}"#;
    for status in [201, 202, 206] {
        assert_eq!(
            error(&json(status, good)),
            AnswerError::UnexpectedStatus(status)
        );
    }
    assert_eq!(error(&json(204, "")), AnswerError::UnexpectedStatus(204));
    assert_eq!(
        error(&json(500, good)),
        AnswerError::Unavailable {
            status: 500,
            retry_after: None
        }
    );
}

#[test]
fn a33_a_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let mut response = json(status, r#"{"access_token":"at","token_type":"bearer"}"#);
        response.headers_mut().insert(
            "location",
            http::HeaderValue::from_static("http://127.0.0.1:1/"),
        );
        let AnswerError::Redirect { to } = error(&response) else {
            panic!("{status}");
        };
        assert_eq!(to.expect("target").raw(), "http://127.0.0.1:1/");
    }
}

#[test]
fn a35_a_providers_words_are_cut_and_neutralised() {
    let long = "x".repeat(900_000);
    let body = format!(r#"{{"error":"\u001b[2J\u202e","error_description":"{long}"}}"#);
    let AnswerError::Provider(error) = error(&json(400, &body)) else {
        panic!("not a provider error");
    };
    assert_eq!(error.code.shown().as_str(), "␛[2J⟨U+202E⟩");
    assert!(error.description.expect("text").raw().len() <= 2000);
}

#[test]
fn q_07_a_basic_challenge_is_noticed() {
    let mut response = json(401, r#"{"error":"invalid_client"}"#);
    let AnswerError::Provider(plain) = error(&response) else {
        panic!("not a provider error");
    };
    assert!(!plain.wants_basic);
    response.headers_mut().insert(
        "www-authenticate",
        http::HeaderValue::from_static("bAsIc realm=x"),
    );
    let AnswerError::Provider(challenged) = error(&response) else {
        panic!("not a provider error");
    };
    assert!(challenged.wants_basic);
}

#[test]
fn a40_retry_after_is_capped_and_understood() {
    for (status, after, date, expected) in [
        (429, "120", None, Some(120)),
        (429, "0", None, Some(0)),
        (429, "1000000000", None, Some(3600)),
        (429, "99999999999999999999999999", None, Some(3600)),
        (429, "-5", None, None),
        (429, "soon", None, None),
        (429, "", None, None),
        (
            429,
            "Fri, 01 Jan 1999 00:00:00 GMT",
            Some("Mon, 23 Nov 2026 00:00:00 GMT"),
            None,
        ),
        (
            429,
            "Mon, 23 Nov 2026 00:01:30 GMT",
            Some("Mon, 23 Nov 2026 00:00:00 GMT"),
            Some(90),
        ),
        (429, "Mon, 23 Nov 2026 00:01:30 GMT", None, None),
        (403, "60", None, Some(60)),
    ] {
        let mut response = answer(status, "text/html", "<html>");
        let mut set = |name: &'static str, value: &str| {
            let value = http::HeaderValue::from_str(value).expect("value");
            response.headers_mut().insert(name, value);
        };
        set("retry-after", after);
        if let Some(date) = date {
            set("date", date);
        }
        let error = error(&response);
        assert_eq!(
            error,
            AnswerError::RateLimited {
                retry_after: expected.map(Seconds)
            },
            "{after}"
        );
        assert_eq!(error.class(), ErrorClass::Transient);
        assert_eq!(error.retry_after(), expected.map(Seconds));
    }
}

#[test]
fn a45_depth_and_size_are_bounded() {
    let deep = format!(
        r#"{{"access_token":"at","token_type":"bearer","x":{}}}"#,
        "[".repeat(100_000)
    );
    assert_eq!(
        error(&json(200, &deep)),
        AnswerError::NotJson(JsonProblem::TooDeep)
    );
    let large = format!(
        r#"{{"access_token":"at","token_type":"bearer","x":"{}"}}"#,
        "x".repeat(1 << 20)
    );
    assert_eq!(error(&json(200, &large)), AnswerError::TooLarge);
}

#[test]
fn j_13_the_end_of_the_grant_is_read_from_known_members() {
    for (members, expected) in [
        (r#""refresh_token_timeout":60"#, Some(60)),
        (r#""authorization_expires_in":"90""#, Some(90)),
        (
            r#""refresh_token_expires_in":15897600,"refresh_token_timeout":60"#,
            Some(60),
        ),
        (r#""refresh_expires_in":0"#, None),
        (r#""refresh_token_timeout":-1"#, None),
        (r#""refresh_token_timeout":1e300"#, None),
        (r#""x":1"#, None),
    ] {
        assert_eq!(
            accepted(&with(members)).grant_ends_in,
            expected.map(Seconds),
            "{members}"
        );
    }
}

#[test]
fn never_is_said_only_where_the_preset_knows_it() {
    let github: Connection = with_quirks(&["never-expires"]);
    let plain = with(r#""x":1"#);
    let lifetime = |response| accepted_by(&github, response).lifetime;
    assert_eq!(lifetime(&plain), Lifetime::Never);
    assert_eq!(
        lifetime(&with(r#""expires_in":28800"#)),
        Lifetime::Seconds(Seconds(28800))
    );
    assert_eq!(accepted(&plain).lifetime, Lifetime::NotStated);
}

proptest::proptest! {
    #[test]
    fn i_06_no_answer_makes_it_panic(status in 200u16..600, media: String, body: Vec<u8>) {
        let media = http::HeaderValue::from_str(&media);
        let mut response = answer(status, "application/json", body);
        if let Ok(media) = media {
            response.headers_mut().insert("content-type", media);
        }
        let _ = read(&response);
    }

    #[test]
    fn i_01_whatever_is_accepted_can_be_printed(token: String) {
        let body = serde_json::json!({"access_token": token, "token_type": "bearer"});
        if let Ok(answer) = read(&json(200, &body.to_string())) {
            proptest::prop_assert!(answer.access_token.reveal().bytes().all(|b| b.is_ascii_graphic()));
        }
    }
}
