//! The protected reads, revocation, introspection.

use super::*;

async fn about(sandbox: &Sandbox, path: &str, token: &str) -> (u16, String) {
    let form = [("client_id", "valetkey-practice"), ("token", token)];
    post(sandbox, path, &form, "").await
}

#[tokio::test]
async fn c_reads_say_why_they_refuse() {
    let sandbox = sandbox(&[]).await;
    let tokens = sign_in(&sandbox, "profile email", &[]).await;
    let token = text(&tokens, "access_token");
    let me = json(&get(&sandbox, "/me", token).await);
    assert_eq!(
        me,
        serde_json::json!({
            "sub": "sub-ada", "name": "Ada Practice", "email": "ada@example.test",
            "scopes": ["profile", "email"],
        })
    );
    let ask = async |path: &str, token: &str| {
        let line = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
        raw(
            &sandbox,
            &format!("{line}Authorization: bearer {token}\r\n\r\n"),
        )
        .await
    };
    assert!(
        ask("/me", "wrong")
            .await
            .contains("error=\"invalid_token\"\r\n")
    );
    let narrow = ask("/items", token).await;
    assert!(narrow.starts_with("HTTP/1.1 403"));
    assert!(narrow.contains("error=\"insufficient_scope\", scope=\"items:read\"\r\n"));
    let bare = raw(&sandbox, "GET /me HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await;
    assert!(bare.starts_with("HTTP/1.1 401") && !bare.contains("error="));
    assert!(bare.contains("/.well-known/oauth-protected-resource\""));
    sandbox
        .set("challenge=Bearer x=\"unterminated")
        .expect("a switch");
    assert!(
        ask("/me", "wrong")
            .await
            .contains("WWW-Authenticate: Bearer x=\"unterminated\r\n")
    );
    sandbox.set("me_status=502").expect("a switch");
    assert!(ask("/me", token).await.starts_with("HTTP/1.1 502"));
}

#[tokio::test]
async fn l_01_revoking_the_refresh_token_ends_the_grant_and_an_access_token_only_itself() {
    let sandbox = sandbox(&["rotation=off"]).await;
    let tokens = sign_in(&sandbox, "profile", &[]).await;
    let (access, renewal) = (
        text(&tokens, "access_token"),
        text(&tokens, "refresh_token"),
    );
    assert_eq!(about(&sandbox, "/revoke", access).await.0, 200);
    assert!(!sandbox.accepts_access(access) && sandbox.accepts_refresh(renewal));
    let other = json(&refresh(&sandbox, renewal).await);
    assert_eq!(about(&sandbox, "/revoke", renewal).await.0, 200);
    assert!(!sandbox.accepts_refresh(renewal));
    assert!(!sandbox.accepts_access(text(&other, "access_token")));
    assert_eq!(refresh(&sandbox, renewal).await.0, 400);
}

#[tokio::test]
async fn l_02_an_unknown_token_is_revoked_and_a_foreign_one_is_not() {
    let sandbox = sandbox(&[]).await;
    assert_eq!(about(&sandbox, "/revoke", "unknown").await.0, 200);
    let tokens = sign_in(&sandbox, "profile", &[]).await;
    let form = [
        ("client_id", "valetkey-confidential-post"),
        ("client_secret", "practice-secret-not-real"),
        ("token", text(&tokens, "refresh_token")),
    ];
    assert_eq!(post(&sandbox, "/revoke", &form, "").await.0, 400);
    assert_eq!(sandbox.live_refresh_tokens().len(), 1);
}

#[tokio::test]
async fn l_03_to_l_05_revocation_can_be_partial_down_or_missing() {
    let sandbox = sandbox(&["revocation=unsupported_token_type"]).await;
    let tokens = sign_in(&sandbox, "profile", &[]).await;
    let (access, renewal) = (
        text(&tokens, "access_token"),
        text(&tokens, "refresh_token"),
    );
    let refused = about(&sandbox, "/revoke", access).await;
    assert_eq!(text(&json(&refused), "error"), "unsupported_token_type");
    assert_eq!(about(&sandbox, "/revoke", renewal).await.0, 200);

    let tokens = sign_in(&sandbox, "profile", &[]).await;
    let renewal = text(&tokens, "refresh_token");
    for (switch, status) in [("revocation=503", 503), ("revocation=off", 404)] {
        sandbox.set(switch).expect("a switch");
        assert_eq!(about(&sandbox, "/revoke", renewal).await.0, status);
        assert!(sandbox.accepts_refresh(renewal));
    }
}

#[tokio::test]
async fn l_09_introspection_tells_what_is_live() {
    let sandbox = sandbox(&[]).await;
    let tokens = sign_in(&sandbox, "profile", &[]).await;
    let (access, renewal) = (
        text(&tokens, "access_token"),
        text(&tokens, "refresh_token"),
    );
    let live = json(&about(&sandbox, "/introspect", access).await);
    assert_eq!(
        (live["active"].as_bool(), text(&live, "username")),
        (Some(true), "ada")
    );
    assert_eq!(live["exp"].as_i64(), Some(START + 3_600));
    assert_eq!(
        json(&about(&sandbox, "/introspect", renewal).await)["active"],
        true
    );
    sandbox.advance(3_600);
    let dead = about(&sandbox, "/introspect", access).await;
    assert_eq!(dead.1, "{\"active\":false}");
    sandbox.set("introspect.active=\"true\"").expect("a switch");
    assert_eq!(
        json(&about(&sandbox, "/introspect", access).await)["active"],
        "true"
    );
    sandbox.revoke_all();
    assert!(sandbox.live_refresh_tokens().is_empty());
}
