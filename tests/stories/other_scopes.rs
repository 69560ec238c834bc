//! Signing in again with other scopes: what is there stays until the new grant is accepted, and the definition
//! changes with it (B-11).

use std::sync::Arc;

use valetkey::engine::{Answer, AttemptEvent, Error, Outcome, Question, SignInOptions};
use valetkey::model::ScopeSet;
use valetkey::sandbox::Browser;

use crate::stage::Stage;

fn scopes(text: &str) -> ScopeSet {
    ScopeSet::parse(text).expect("scopes")
}

fn with(text: &str) -> SignInOptions {
    SignInOptions {
        scopes: Some(scopes(text)),
        ..SignInOptions::default()
    }
}

async fn sign_in(stage: &Stage, text: &str, browser: Browser) -> Result<Outcome, Arc<Error>> {
    let attempt = stage.begin_with(with(text));
    stage.visit(browser).await;
    attempt.outcome().await
}

/// Requested, granted.
fn sets(stage: &Stage) -> (ScopeSet, Option<ScopeSet>) {
    let connection = stage.connection();
    let granted = connection.grant.and_then(|grant| grant.granted);
    (connection.requested, granted)
}

#[tokio::test]
async fn b_11_narrower_and_wider_scopes_are_asked_for_and_kept_with_the_new_grant() {
    let stage = Stage::signed_in().await;
    for asked in ["profile", "profile items:read email", ""] {
        let before = stage.kept();
        let attempt = stage.begin_with(with(asked));
        let approved = stage.approve().await;
        // While it waits, everything is as it was.
        assert_eq!(stage.kept(), before, "{asked}");
        let token = stage.token().await.expect("the old one");
        assert!(stage.sandbox.accepts_access(&token));
        crate::stage::off(move || approved.deliver(&approved.callback)).await;
        let outcome = attempt.outcome().await.expect("signed in");
        assert_eq!(outcome.requested, scopes(asked));
        let request = stage.sandbox.requests_to("/authorize").pop();
        let request = request.expect("a request");
        let sent = request.query().get("scope").map(str::to_owned);
        assert_eq!(sent.unwrap_or_default(), asked);
        let granted = if asked.is_empty() { "profile" } else { asked };
        assert_eq!(sets(&stage), (scopes(asked), Some(scopes(granted))));
    }
    // What was asked for last is what the next sign-in asks for.
    stage.sign_in().await.expect("signed in");
    assert_eq!(sets(&stage).0, scopes(""));
}

#[tokio::test]
async fn b_03_b_11_what_is_granted_is_compared_with_what_was_asked_this_time() {
    let stage = Stage::signed_in().await;
    // Granted before and not asked for now: wider than asked.
    stage.set("granted_scope=profile items:read");
    let before = stage.kept();
    for answer in [Answer::GiveBack, Answer::Accept] {
        let attempt = stage.begin_with(with("profile"));
        let answering = async {
            let question = stage
                .event(|event| match event {
                    AttemptEvent::Asked(question) => Some(question.clone()),
                    _ => None,
                })
                .await;
            assert_eq!(
                question,
                Question::WiderGrant {
                    added: scopes("items:read")
                }
            );
            assert_eq!(stage.kept(), before, "not before the answer");
            attempt.remote.answer(answer);
        };
        tokio::join!(stage.visit(stage.sandbox.browser()), answering);
        match (answer, attempt.outcome().await) {
            (Answer::GiveBack, Err(_)) => assert_eq!(stage.kept(), before),
            (Answer::Accept, Ok(_)) => {
                let expected = (scopes("profile"), Some(scopes("profile items:read")));
                assert_eq!(sets(&stage), expected);
            }
            other => panic!("{other:?}"),
        }
    }
    // Asked for and refused is told, and stays asked for (B-06).
    stage.set("granted_scope=profile");
    let outcome = sign_in(&stage, "profile email", stage.sandbox.browser()).await;
    assert_eq!(outcome.expect("signed in").granted, Some(scopes("profile")));
    let expected = (scopes("profile email"), Some(scopes("profile")));
    assert_eq!(sets(&stage), expected);
}

#[tokio::test]
async fn b_11_whatever_goes_wrong_leaves_the_scopes_and_the_grant_as_they_were() {
    let stage = Stage::signed_in().await;
    let before = stage.kept();
    for fault in [
        "authorize_error=invalid_scope",
        "token_error=invalid_grant",
        "token_drop=before",
        "token_status=500",
    ] {
        stage.set(fault);
        let end = sign_in(&stage, "profile email", stage.sandbox.browser()).await;
        end.expect_err(fault);
        assert_eq!(stage.kept(), before, "{fault}");
        let switch = fault.split('=').next().expect("a switch");
        stage.sandbox.unset(switch);
    }
    let denying = stage.sandbox.browser().denying();
    let end = sign_in(&stage, "profile email", denying).await;
    assert!(matches!(*end.expect_err("declined"), Error::Declined));
    assert_eq!(stage.kept(), before);
    let attempt = stage.begin_with(with("profile email"));
    stage.approve().await;
    attempt.remote.cancel();
    attempt.outcome().await.expect_err("stopped");
    assert_eq!(stage.kept(), before);
    let token = stage.token().await.expect("the old one");
    assert!(stage.sandbox.accepts_access(&token));
}

#[tokio::test]
async fn b_11_openid_asked_for_now_brings_an_identity_that_is_checked() {
    let stage = Stage::signed_in().await;
    stage.set("id_token=bad_sig");
    let before = stage.kept();
    let end = sign_in(&stage, "openid profile", stage.sandbox.browser()).await;
    let error = end.expect_err("not genuine");
    assert!(matches!(*error, Error::IdToken(_)), "{error:?}");
    assert_eq!(stage.kept(), before);
}
