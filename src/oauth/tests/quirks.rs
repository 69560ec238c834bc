//! Each quirk: one answer it lets through, and the same answer refused without it (I-09).

use crate::model::{Connection, ScopeSet, Seconds};
use crate::oauth::fixtures::{answer, connection, json, with_quirks};
use crate::oauth::{
    AnswerError, ErrorClass, HttpResponse, JsonProblem, Lifetime, MemberProblem, Note, StatedScope,
    TokenAnswer, token_answer,
};

fn read(connection: &Connection, response: &HttpResponse) -> TokenAnswer {
    token_answer(connection, response).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(response: &HttpResponse) -> AnswerError {
    token_answer(&connection(), response)
        .err()
        .expect("refused without the quirk")
}

fn stated(text: &str) -> StatedScope {
    StatedScope::Stated(ScopeSet::parse(text).expect("scopes"))
}

#[test]
fn form_encoded_answer() {
    let quirk = with_quirks(&["form-encoded-answer"]);
    let form = |body: &str| {
        answer(
            200,
            "application/x-www-form-urlencoded; charset=utf-8",
            body,
        )
    };
    let good = form("access_token=gho_x%2Dy&scope=repo&token_type=bearer&expires_in=60\n");
    let read_answer = read(&quirk, &good);
    assert_eq!(read_answer.access_token.reveal(), "gho_x-y");
    assert_eq!(read_answer.scope, stated("repo"));
    assert!(matches!(refused(&good), AnswerError::MediaType(_)));

    let error = token_answer(&quirk, &form("error=bad_verification_code"))
        .err()
        .expect("error");
    assert_eq!(error.provider_code(), Some("bad_verification_code"));
    let twice = form("access_token=a&access_token=b&token_type=bearer");
    assert_eq!(
        token_answer(&quirk, &twice).err(),
        Some(AnswerError::NotJson(JsonProblem::Duplicate))
    );
    assert_eq!(
        token_answer(&quirk, &form("access_token=%zz")).err(),
        Some(AnswerError::NotJson(JsonProblem::Syntax))
    );
}

#[test]
fn ok_false() {
    let quirk = with_quirks(&["ok-false"]);
    let silent = json(
        200,
        r#"{"ok":false,"access_token":"at","token_type":"bearer"}"#,
    );
    let error = token_answer(&quirk, &silent).err().expect("error");
    assert_eq!(error.provider_code(), Some("ok: false"));
    read(&connection(), &silent);
    let named = json(200, r#"{"ok":false,"error":"invalid_code"}"#);
    let error = token_answer(&quirk, &named).err().expect("error");
    assert_eq!(error.provider_code(), Some("invalid_code"));
    // A refresh token that is over has words of its own; without the quirk they mean nothing.
    let over = json(200, r#"{"ok":false,"error":"invalid_refresh_token"}"#);
    let error = token_answer(&quirk, &over).err().expect("error");
    assert_eq!(error.provider_code(), Some("invalid_grant"));
    assert_eq!(
        refused(&over).provider_code(),
        Some("invalid_refresh_token")
    );
    read(
        &quirk,
        &json(
            200,
            r#"{"ok":true,"access_token":"at","token_type":"bearer"}"#,
        ),
    );
}

#[test]
fn nested_token() {
    let quirk = with_quirks(&["nested-token:authed_user"]);
    let nested = json(
        200,
        r#"{"ok":true,"authed_user":{"id":"U1","access_token":"xoxp","token_type":"bearer","scope":"a b","refresh_token":"r"}}"#,
    );
    let answer = read(&quirk, &nested);
    assert_eq!(answer.access_token.reveal(), "xoxp");
    assert_eq!(answer.refresh_token.expect("token").reveal(), "r");
    assert_eq!(answer.scope, stated("a b"));
    let missing = AnswerError::Malformed {
        member: "access_token",
        problem: MemberProblem::Missing,
    };
    assert_eq!(refused(&nested), missing);
    let flat = json(
        200,
        r#"{"access_token":"top","token_type":"bearer","authed_user":{"id":"U1"}}"#,
    );
    assert_eq!(read(&quirk, &flat).access_token.reveal(), "top");
    // What the other quirks concern lies in there too.
    let both = with_quirks(&["comma-scopes-in-answer", "nested-token:authed_user"]);
    let commas = json(
        200,
        r#"{"authed_user":{"access_token":"xoxp","token_type":"bearer","scope":"a,b"}}"#,
    );
    assert_eq!(read(&both, &commas).scope, stated("a b"));
    let no_object = json(200, r#"{"authed_user":"x"}"#);
    assert_eq!(token_answer(&quirk, &no_object).err(), Some(missing));
}

#[test]
fn missing_token_type() {
    let quirk = with_quirks(&["missing-token-type"]);
    for body in [
        r#"{"access_token":"at"}"#,
        r#"{"access_token":"at","token_type":null}"#,
        r#"{"access_token":"at","token_type":"user"}"#,
        r#"{"access_token":"at","token_type":"bot"}"#,
    ] {
        assert_eq!(
            read(&quirk, &json(200, body)).notes,
            [Note::TokenTypeMissing],
            "{body}"
        );
        refused(&json(200, body));
    }
    let mac = json(200, r#"{"access_token":"at","token_type":"mac"}"#);
    assert!(matches!(
        token_answer(&quirk, &mac).err(),
        Some(AnswerError::UnsupportedTokenType(_))
    ));
}

#[test]
fn any_success_status() {
    let quirk = with_quirks(&["any-success-status"]);
    let body = r#"{"access_token":"at","token_type":"bearer"}"#;
    for status in [200, 201, 202, 206] {
        assert_eq!(
            read(&quirk, &json(status, body)).access_token.reveal(),
            "at"
        );
    }
    assert_eq!(
        refused(&json(201, body)),
        AnswerError::UnexpectedStatus(201)
    );
    assert!(token_answer(&quirk, &json(500, body)).is_err());
    assert!(token_answer(&quirk, &json(204, "")).is_err());
}

#[test]
fn scope_array() {
    let quirk = with_quirks(&["scope-array"]);
    let list = json(
        200,
        r#"{"access_token":"at","token_type":"bearer","scope":["a","b"]}"#,
    );
    assert_eq!(read(&quirk, &list).scope, stated("a b"));
    assert_eq!(
        refused(&list),
        AnswerError::Malformed {
            member: "scope",
            problem: MemberProblem::Type
        }
    );
    let mixed = json(
        200,
        r#"{"access_token":"at","token_type":"bearer","scope":["a",5]}"#,
    );
    assert!(token_answer(&quirk, &mixed).is_err());
    let spaced = json(
        200,
        r#"{"access_token":"at","token_type":"bearer","scope":["a\"b"]}"#,
    );
    assert!(token_answer(&quirk, &spaced).is_err());
}

#[test]
fn b_09_comma_scopes() {
    let commas = json(
        200,
        r#"{"access_token":"at","token_type":"bearer","scope":"repo,read:user, gist"}"#,
    );
    for name in ["comma-scopes", "comma-scopes-in-answer"] {
        assert_eq!(
            read(&with_quirks(&[name]), &commas).scope,
            stated("repo read:user gist")
        );
    }
    assert_ne!(
        read(&connection(), &commas).scope,
        stated("repo read:user gist")
    );
    let plain = json(
        200,
        r#"{"access_token":"at","token_type":"bearer","scope":"repo,gist"}"#,
    );
    let one = read(&connection(), &plain).scope;
    assert!(matches!(one, StatedScope::Stated(scopes) if scopes.len() == 1));
    let empty = json(
        200,
        r#"{"access_token":"at","token_type":"bearer","scope":""}"#,
    );
    assert_eq!(
        read(&with_quirks(&["comma-scopes"]), &empty).scope,
        StatedScope::Empty
    );
}

#[test]
fn scope_member() {
    let quirk = with_quirks(&["scope-member:scopes"]);
    let named = json(
        200,
        r#"{"access_token":"at","token_type":"bearer","scopes":"account email"}"#,
    );
    assert_eq!(read(&quirk, &named).scope, stated("account email"));
    assert_eq!(read(&connection(), &named).scope, StatedScope::NotStated);
    let both = json(
        200,
        r#"{"access_token":"at","token_type":"bearer","scopes":"x","scope":"account"}"#,
    );
    assert_eq!(read(&quirk, &both).scope, stated("account"));
}

#[test]
fn nonzero_status() {
    let quirk = with_quirks(&["nonzero-status", "nested-token:body"]);
    let good = json(
        200,
        r#"{"status":0,"body":{"access_token":"at","token_type":"Bearer","expires_in":10800}}"#,
    );
    assert_eq!(read(&quirk, &good).access_token.reveal(), "at");
    let failed = json(
        200,
        r#"{"status":503,"body":{},"error":"Invalid Params: invalid code","access_token":"no"}"#,
    );
    let error = token_answer(&quirk, &failed).err().expect("error");
    assert_eq!(error.provider_code(), Some("status 503"));
    // The same number, and words for a refresh token that is over.
    let over = json(
        200,
        r#"{"status":503,"body":{},"error":"Invalid Params: invalid refresh_token"}"#,
    );
    let error = token_answer(&quirk, &over).err().expect("error");
    assert_eq!(error.provider_code(), Some("invalid_grant"));
    assert_ne!(refused(&over).provider_code(), Some("invalid_grant"));
    // Without the quirk a `status` means nothing.
    let plain = json(
        200,
        r#"{"status":503,"access_token":"at","token_type":"Bearer"}"#,
    );
    assert_eq!(read(&connection(), &plain).access_token.reveal(), "at");
}

#[test]
fn error_in_message() {
    let quirk = with_quirks(&["error-in-message"]);
    let code = |connection: &Connection, status, body: &str| {
        let error = token_answer(connection, &json(status, body)).err();
        error.expect("error").provider_code().map(str::to_owned)
    };
    for (body, expected) in [
        (
            r#"{"status":400,"message":"authorization_pending"}"#,
            "authorization_pending",
        ),
        (
            r#"{"error":"Bad Request","status":400,"message":"Invalid refresh token"}"#,
            "invalid_grant",
        ),
        (
            r#"{"status":400,"message":"invalid device code"}"#,
            "expired_token",
        ),
        (
            r#"{"status":403,"message":"invalid client secret"}"#,
            "invalid_client",
        ),
        (
            r#"{"status":400,"message":"no such thing"}"#,
            "no such thing",
        ),
        (
            r#"{"status":400,"error":"invalid_request"}"#,
            "invalid_request",
        ),
    ] {
        assert_eq!(code(&quirk, 400, body).as_deref(), Some(expected), "{body}");
    }
    let silent = r#"{"status":400,"message":"authorization_pending"}"#;
    assert_eq!(code(&connection(), 400, silent), None);
    // A message beside a token is no failure.
    let good = json(
        200,
        r#"{"access_token":"at","token_type":"bearer","message":"hello"}"#,
    );
    read(&quirk, &good);
}

#[test]
fn expires_at_date() {
    let quirk = with_quirks(&["expires-at-date"]);
    let body = r#"{"access_token":"at","token_type":"bearer","expires_at":"2026-03-31T12:00:30Z"}"#;
    let sent = |date: Option<&str>| {
        let mut response = json(200, body);
        if let Some(date) = date {
            let date = date.parse().expect("header");
            response.headers_mut().insert("date", date);
        }
        response
    };
    let noon = sent(Some("Tue, 31 Mar 2026 12:00:00 GMT"));
    assert_eq!(read(&quirk, &noon).lifetime, Lifetime::Seconds(Seconds(30)));
    assert_eq!(read(&connection(), &noon).lifetime, Lifetime::NotStated);
    // No date of its own, or an end in the past: not understood, and said so.
    for silent in [sent(None), sent(Some("Tue, 31 Mar 2026 13:00:00 GMT"))] {
        let answer = read(&quirk, &silent);
        assert_eq!(answer.lifetime, Lifetime::NotStated);
        assert_eq!(answer.notes, [Note::LifetimeNotUnderstood]);
    }
    let stated = json(
        200,
        r#"{"access_token":"at","token_type":"bearer","expires_in":60,"expires_at":"x"}"#,
    );
    assert_eq!(
        read(&quirk, &stated).lifetime,
        Lifetime::Seconds(Seconds(60))
    );
}

#[test]
fn dead_refresh() {
    for (name, status, body) in [
        (
            "dead-refresh:/message=Invalid refresh token.",
            401,
            r#"{"id":"unauthorized","message":"Invalid refresh token."}"#,
        ),
        (
            "dead-refresh:/code=unauthorized.bad_refresh_token*",
            401,
            r#"{"code":"unauthorized.bad_refresh_token.evicted","message":"evicted"}"#,
        ),
        (
            "dead-refresh:/errors/0/errorType=invalid_grant",
            400,
            r#"{"errors":[{"errorType":"invalid_grant","message":"Refresh token invalid"}]}"#,
        ),
        (
            "dead-refresh:/error=invalid_code",
            200,
            r#"{"error":"invalid_code"}"#,
        ),
        (
            "dead-refresh:/error/code=190",
            400,
            r#"{"error":{"code":190}}"#,
        ),
    ] {
        let quirk = with_quirks(&[name]);
        let dead = json(status, body);
        let class = |answer: &HttpResponse| {
            let error = token_answer(&quirk, answer).err();
            error.expect("an error").class()
        };
        assert_eq!(class(&dead), ErrorClass::Permanent, "{name}");
        assert_ne!(refused(&dead).class(), ErrorClass::Permanent, "{name}");
        // A server in trouble is believed in nothing else, and other words are another mistake.
        assert_eq!(class(&json(503, body)), ErrorClass::Transient, "{name}");
        let other = json(
            400,
            r#"{"message":"Invalid client.","code":"bad","errors":[],"error":"no"}"#,
        );
        assert_ne!(class(&other), ErrorClass::Permanent, "{name}");
    }
}
