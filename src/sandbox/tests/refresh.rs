//! Refresh: rotation, reuse, grace, and what a cut connection has done.

use super::*;

#[tokio::test]
async fn j_04_rotation_spends_the_old_token_and_reuse_ends_the_family() {
    let sandbox = sandbox(&[]).await;
    let first = sign_in(&sandbox, "profile", &[]).await;
    let old = text(&first, "refresh_token");
    let second = json(&refresh(&sandbox, old).await);
    let new = text(&second, "refresh_token");
    assert_ne!(new, old);
    assert_eq!(sandbox.live_refresh_tokens(), [new]);
    assert!(sandbox.reuse_events().is_empty());

    let again = refresh(&sandbox, old).await;
    assert_eq!(
        (again.0, text(&json(&again), "error")),
        (400, "invalid_grant")
    );
    assert_eq!(sandbox.reuse_events()[0].refresh_token, old);
    assert!(sandbox.live_refresh_tokens().is_empty());
    assert!(!sandbox.accepts_access(text(&second, "access_token")));
}

#[tokio::test]
async fn j_05_within_the_grace_a_spent_token_still_works() {
    let sandbox = sandbox(&["grace=60"]).await;
    let first = sign_in(&sandbox, "profile", &[]).await;
    let old = text(&first, "refresh_token");
    assert_eq!(refresh(&sandbox, old).await.0, 200);
    sandbox.advance(60);
    assert!(sandbox.accepts_refresh(old));
    assert_eq!(refresh(&sandbox, old).await.0, 200);
    // The grace counts from the first use, or a retry a minute would last for ever.
    sandbox.advance(1);
    assert!(!sandbox.accepts_refresh(old));
    assert_eq!(refresh(&sandbox, old).await.0, 400);
    assert_eq!(sandbox.reuse_events().len(), 1);
}

#[tokio::test]
async fn reuse_can_be_refused_without_ending_the_family() {
    let sandbox = sandbox(&["reuse=refuse"]).await;
    let first = sign_in(&sandbox, "profile", &[]).await;
    let old = text(&first, "refresh_token");
    let second = json(&refresh(&sandbox, old).await);
    assert_eq!(refresh(&sandbox, old).await.0, 400);
    assert!(sandbox.accepts_refresh(text(&second, "refresh_token")));
}

#[tokio::test]
async fn without_rotation_the_old_token_stays() {
    let sandbox = sandbox(&["rotation=off"]).await;
    let first = sign_in(&sandbox, "profile", &[]).await;
    let old = text(&first, "refresh_token");
    let same = json(&refresh(&sandbox, old).await);
    assert_eq!(text(&same, "refresh_token"), old);
    sandbox.unset("rotation");
    sandbox.set("refresh_token=absent").expect("a switch");
    let none = json(&refresh(&sandbox, old).await);
    assert!(none.get("refresh_token").is_none());
    assert_eq!(sandbox.live_refresh_tokens(), [old]);
}

#[tokio::test]
async fn a_refresh_may_narrow_but_never_widen() {
    let sandbox = sandbox(&["rotation=off"]).await;
    let first = sign_in(&sandbox, "profile items:read", &[]).await;
    let with = |scope| {
        [
            ("grant_type", "refresh_token"),
            ("client_id", "valetkey-practice"),
            ("refresh_token", text(&first, "refresh_token")),
            ("scope", scope),
        ]
    };
    let narrow = json(&post(&sandbox, "/token", &with("profile"), "").await);
    assert_eq!(text(&narrow, "scope"), "profile");
    let wide = post(&sandbox, "/token", &with("profile email"), "").await;
    assert_eq!(text(&json(&wide), "error"), "invalid_scope");
}

#[tokio::test]
async fn another_client_cannot_use_the_token() {
    let sandbox = sandbox(&[]).await;
    let first = sign_in(&sandbox, "profile", &[]).await;
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "valetkey-confidential-post"),
        ("client_secret", "practice-secret-not-real"),
        ("refresh_token", text(&first, "refresh_token")),
    ];
    let answer = post(&sandbox, "/token", &form, "").await;
    assert_eq!(text(&json(&answer), "error"), "invalid_grant");
    assert_eq!(sandbox.live_refresh_tokens().len(), 1);
}

#[tokio::test]
async fn ft_a_cut_answer_has_spent_the_token_and_a_cut_request_has_not() {
    let sandbox = sandbox(&[]).await;
    let first = sign_in(&sandbox, "profile", &[]).await;
    let old = text(&first, "refresh_token");
    sandbox
        .once("/token", &["token_drop=undone"])
        .expect("a switch");
    assert_eq!(refresh(&sandbox, old).await, (0, String::new()));
    sandbox
        .once("/token", &["token_unavailable=503", "retry_after=120"])
        .expect("switches");
    assert_eq!(refresh(&sandbox, old).await.0, 503);
    sandbox
        .once("/token", &["token_error=temporarily_unavailable"])
        .expect("a switch");
    assert_eq!(refresh(&sandbox, old).await.0, 400);
    assert!(sandbox.accepts_refresh(old));
    sandbox
        .once("/token", &["token_drop=before"])
        .expect("a switch");
    assert_eq!(refresh(&sandbox, old).await, (0, String::new()));
    assert!(!sandbox.accepts_refresh(old));
    assert_eq!(sandbox.live_refresh_tokens().len(), 1);
}

#[tokio::test]
async fn a_held_answer_waits_for_the_test() {
    let sandbox = std::sync::Arc::new(sandbox(&[]).await);
    let first = sign_in(&sandbox, "profile", &[]).await;
    let old = text(&first, "refresh_token").to_owned();
    sandbox.set("token_hold=before").expect("a switch");
    let caller = tokio::spawn({
        let (sandbox, old) = (sandbox.clone(), old.clone());
        async move { refresh(&sandbox, &old).await }
    });
    sandbox.until_held(1).await;
    assert!(sandbox.accepts_refresh(&old));
    sandbox.set("token_hold=on").expect("a switch");
    let other = tokio::spawn({
        let (sandbox, old) = (sandbox.clone(), old.clone());
        async move { refresh(&sandbox, &old).await }
    });
    sandbox.until_held(2).await;
    assert!(!sandbox.accepts_refresh(&old));
    sandbox.release(2);
    // The first was decided only after the second had spent the token.
    assert_eq!(caller.await.expect("answered").0, 400);
    assert_eq!(other.await.expect("answered").0, 200);
    assert_eq!(sandbox.held(), 0);
}

#[tokio::test]
async fn access_tokens_end_by_the_sandboxs_clock() {
    let sandbox = sandbox(&["expires_in=60"]).await;
    let tokens = sign_in(&sandbox, "profile", &[]).await;
    let token = text(&tokens, "access_token");
    sandbox.advance(59);
    assert_eq!(get(&sandbox, "/me", token).await.0, 200);
    sandbox.advance(1);
    assert_eq!(get(&sandbox, "/me", token).await.0, 401);
    assert_eq!(sandbox.now(), START + 60);
}
