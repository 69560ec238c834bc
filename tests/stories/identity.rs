//! Identity tokens: verified in full, or the sign-in ends and its tokens are given back.

use valetkey::engine::{Error, SignInOptions};
use valetkey::model::{AccountSource, EndReason, ScopeSet, Seconds};

use crate::stage::Stage;

async fn stage() -> Stage {
    Stage::with(|new| {
        new.scopes = ScopeSet::parse("openid profile").expect("scopes");
    })
    .await
}

#[tokio::test]
async fn g_11_a_verified_identity_token_names_the_account() {
    let stage = stage().await;
    let outcome = stage.sign_in().await.expect("signed in");
    assert_eq!(outcome.account.expect("known").as_str(), "Ada Practice");
    assert!(
        stage.sandbox.requests_to("/authorize")[0]
            .query()
            .get("nonce")
            .is_some()
    );
    let account = stage
        .connection()
        .grant
        .expect("a grant")
        .account
        .expect("an account");
    assert_eq!(account.source, AccountSource::IdToken);
    assert_eq!(account.id.expect("an id").raw(), "sub-ada");
    assert!(stage.sandbox.requests_to("/userinfo").is_empty());
}

#[tokio::test]
async fn a_10_a_person_named_in_another_way_with_other_scopes_is_the_same() {
    let stage = Stage::signed_in().await;
    let mut connection = stage.connection();
    let before = connection.grant.clone().and_then(|grant| grant.account);
    let before = before.expect("an account");
    assert_eq!(
        (before.label.raw(), before.source),
        ("Ada Practice", AccountSource::TestRead)
    );
    connection.requested = ScopeSet::parse("openid email items:read").expect("scopes");
    stage.engine.edit(&connection, None).expect("changed");
    // A question would wait for its answer until then.
    let attempt = stage.begin_with(SignInOptions {
        timeout: Some(Seconds(20)),
        ..SignInOptions::default()
    });
    stage.visit(stage.sandbox.browser()).await;
    attempt.outcome().await.expect("nothing is asked");
    let now = stage.connection().grant.and_then(|grant| grant.account);
    let now = now.expect("an account");
    assert_eq!(
        (now.label.raw(), now.source),
        ("ada@example.test", AccountSource::IdToken)
    );
}

#[tokio::test]
async fn r_01_r_02_r_03_r_04_r_05_r_06_r_07_r_08_a_faulty_identity_token_ends_the_sign_in_and_its_tokens_are_given_back()
 {
    let stage = stage().await;
    stage.sign_in().await.expect("signed in");
    let before = stage.kept();
    for fault in [
        "wrong_iss",
        "wrong_aud",
        "extra_aud",
        "bad_sig",
        "alg_none",
        "hs256",
        "rs384",
        "expired",
        "no_nonce",
        "wrong_nonce",
        "missing_sub",
        "wrong_at_hash",
    ] {
        stage.once("/token", &[&format!("id_token={fault}")]);
        let error = stage.sign_in().await.expect_err(fault);
        assert!(matches!(&*error, Error::IdToken(_)), "{fault}: {error:?}");
        assert_eq!(stage.kept(), before, "{fault}");
        let live = stage.sandbox.live_refresh_tokens();
        assert_eq!(
            live,
            before.refresh.clone().into_iter().collect::<Vec<_>>(),
            "{fault}"
        );
    }
}

#[tokio::test]
async fn r_09_rotated_keys_are_fetched_once_more() {
    let stage = stage().await;
    stage.once("/jwks", &["jwks=stale"]);
    stage.sign_in().await.expect("signed in");
    assert_eq!(stage.sandbox.requests_to("/jwks").len(), 2);
}

#[tokio::test]
async fn r_09_keys_that_never_fit_are_fetched_twice_and_no_more() {
    let stage = stage().await;
    stage.set("jwks=stale");
    let error = stage.sign_in().await.expect_err("no key fits");
    assert!(matches!(&*error, Error::IdToken(_)), "{error:?}");
    assert_eq!(stage.sandbox.requests_to("/jwks").len(), 2);
    assert!(stage.sandbox.live_refresh_tokens().is_empty());
}

#[tokio::test]
async fn r_03_without_an_identity_token_the_account_is_asked_for_instead() {
    let stage = stage().await;
    stage.set("id_token=absent");
    let outcome = stage.sign_in().await.expect("signed in");
    assert_eq!(outcome.account.expect("known").as_str(), "Ada Practice");
    assert_eq!(stage.sandbox.requests_to("/userinfo").len(), 1);
}

#[tokio::test]
async fn r_03_an_identity_token_that_nobody_asked_for_is_not_read() {
    let stage = Stage::new().await;
    stage.set("id_token=unasked");
    stage.sign_in().await.expect("signed in");
    assert!(stage.sandbox.requests_to("/jwks").is_empty());
}

#[tokio::test]
async fn r_03_without_keys_the_identity_token_is_ignored_not_half_trusted() {
    for fault in ["jwks_drop=undone", "jwks_status=503", "jwks_body=<html>"] {
        let stage = stage().await;
        stage.set(fault);
        stage.set("id_token.preferred_username=\"mallory\"");
        stage.sign_in().await.expect("signed in without it");
        let account = stage.connection().grant.expect("a grant").account;
        let account = account.expect("known from elsewhere");
        assert_ne!(account.source, AccountSource::IdToken, "{fault}");
        assert_ne!(account.label.raw(), "mallory", "{fault}");
    }
}

#[tokio::test]
async fn j_15_another_account_in_a_refresh_stops_it() {
    let stage = stage().await;
    stage.sign_in().await.expect("signed in");
    stage.engine.refresh(&stage.id).await.expect("ada's own");
    stage.set("subject=bob");
    let error = stage
        .engine
        .refresh(&stage.id)
        .await
        .expect_err("another account");
    assert!(
        matches!(
            error,
            Error::NeedsSignIn {
                reason: Some(EndReason::AccountChanged),
                ..
            }
        ),
        "{error:?}"
    );
    stage
        .token()
        .await
        .expect_err("nothing of bob's is handed out");
    assert!(stage.sandbox.live_refresh_tokens().is_empty());
}
