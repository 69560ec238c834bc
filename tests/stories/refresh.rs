//! Renewing a token: when, by whom, and what is kept.

use valetkey::engine::{Class, Error};
use valetkey::model::{EndReason, Expiry, Health, ProblemKind, Quirk, ScopeSet, Seconds, UnixTime};

use crate::stage::{NAME, NOON, Stage};

const HOUR: u32 = 3600;

fn refreshes(stage: &Stage) -> usize {
    stage.sandbox.requests_to("/token").len()
}

fn health(stage: &Stage) -> Health {
    stage.engine.rows().expect("rows")[0].verdict.health
}

#[tokio::test]
async fn j_10_a_token_is_renewed_early_and_not_before() {
    let stage = Stage::signed_in().await;
    stage.pass(HOUR - 361);
    let first = stage.token().await.expect("still good");
    assert_eq!(refreshes(&stage), 0);
    stage.pass(1);
    let second = stage.token().await.expect("renewed");
    assert_ne!(second, first);
    assert_eq!(refreshes(&stage), 1);
    let grant = stage.connection().grant.expect("a grant");
    assert_eq!(grant.expiry, Expiry::At(UnixTime(NOON + 2 * 3600 - 360)));
    assert_eq!(health(&stage), Health::Connected);
}

#[tokio::test]
async fn j_04_a_new_refresh_token_replaces_the_old_one() {
    let stage = Stage::signed_in().await;
    let before = stage.kept().refresh.expect("one");
    for _ in 0..3 {
        stage.engine.refresh(&stage.id).await.expect("refreshed");
    }
    let after = stage.kept().refresh.expect("one");
    assert_ne!(after, before);
    assert_eq!(stage.sandbox.live_refresh_tokens(), [after]);
    assert!(stage.sandbox.reuse_events().is_empty());
    assert_eq!(
        stage.connection().grant.expect("a grant").rotates,
        Some(true)
    );
}

#[tokio::test]
async fn j_04_without_a_new_one_the_old_refresh_token_is_kept() {
    for switches in [
        ["rotation=off", "refresh_token=absent"],
        ["rotation=off", "grace=0"],
    ] {
        let stage = Stage::signed_in().await;
        for switch in switches {
            stage.set(switch);
        }
        let before = stage.kept();
        stage.engine.refresh(&stage.id).await.expect("refreshed");
        let after = stage.kept();
        assert_eq!(after.refresh, before.refresh);
        assert_ne!(after.access, before.access);
        stage.engine.refresh(&stage.id).await.expect("again");
        assert_eq!(
            stage.connection().grant.expect("a grant").rotates,
            Some(false)
        );
    }
}

#[tokio::test]
async fn b_06_a_narrower_token_is_shown_as_in_use_and_the_grant_stays() {
    let stage = Stage::signed_in().await;
    let granted = stage.connection().grant.expect("a grant").granted;
    stage.set("scope=profile");
    let connection = stage.engine.refresh(&stage.id).await.expect("refreshed");
    let grant = connection.grant.expect("a grant");
    assert_eq!(grant.granted, granted);
    assert_eq!(
        grant.in_use,
        Some(ScopeSet::parse("profile").expect("a scope"))
    );
    stage.sandbox.unset("scope");
    stage.sign_in().await.expect("again");
    let asked = stage.sandbox.requests_to("/authorize")[0].query();
    assert_eq!(asked.get("scope"), Some("profile items:read items:write"));
}

#[tokio::test]
async fn b_07_a_refresh_asks_for_no_more_than_was_granted() {
    let stage = Stage::new().await;
    stage.set("granted_scope=profile");
    stage.sign_in().await.expect("signed in");
    stage.sandbox.clear_requests();
    stage.engine.refresh(&stage.id).await.expect("refreshed");
    let form = stage.sandbox.requests_to("/token")[0].form();
    assert!(matches!(form.get("scope"), None | Some("profile")));
}

#[tokio::test]
async fn j_10_a_token_of_unstated_life_is_not_renewed_until_somebody_asks() {
    let stage = Stage::new().await;
    stage.set("expires_in=absent");
    stage.sign_in().await.expect("signed in");
    stage.sandbox.clear_requests();
    stage.pass(100 * HOUR);
    stage.token().await.expect("handed out");
    assert_eq!(refreshes(&stage), 0);
    stage.engine.refresh(&stage.id).await.expect("renewed");
    assert_eq!(refreshes(&stage), 1);
}

#[tokio::test]
async fn j_16_without_a_refresh_token_nothing_is_asked_and_the_end_is_told() {
    let stage = Stage::new().await;
    stage.set("refresh_token=absent");
    stage.sign_in().await.expect("signed in");
    stage.sandbox.clear_requests();
    stage.pass(HOUR - 30);
    stage.token().await.expect("what is left of it");
    assert_eq!(health(&stage), Health::Expiring);
    stage.pass(30);
    let error = stage.token().await.expect_err("over");
    assert!(matches!(error, Error::NeedsSignIn { .. }));
    let error = stage
        .engine
        .refresh(&stage.id)
        .await
        .expect_err("nothing to renew with");
    assert!(matches!(error, Error::NoRefreshToken { .. }));
    assert_eq!(refreshes(&stage), 0);
}

#[tokio::test]
async fn y_12_a_failed_early_refresh_hands_out_what_is_left_with_a_warning() {
    let stage = Stage::signed_in().await;
    let first = stage.token().await.expect("good");
    // A token just issued is not renewed again, whatever is asked for.
    let handout = stage
        .engine
        .fresh_token(NAME, Some(Seconds(2 * 3600)))
        .await
        .expect("the same");
    assert!(!handout.refreshed && handout.warning.is_none());
    stage.pass(31);
    stage.set("token_unavailable=503");
    let handout = stage
        .engine
        .fresh_token(NAME, Some(Seconds(2 * 3600)))
        .await
        .expect("the old one");
    assert_eq!(handout.token.reveal(), first);
    assert!(!handout.refreshed);
    assert!(matches!(handout.warning, Some(Error::Provider(_))));
    stage.sandbox.unset("token_unavailable");
    let handout = stage
        .engine
        .fresh_token(NAME, Some(Seconds(2 * 3600)))
        .await
        .expect("a new one");
    assert!(handout.refreshed && handout.warning.is_none());
    assert_ne!(handout.token.reveal(), first);
}

#[tokio::test]
async fn y_12_with_less_than_a_second_left_nothing_is_handed_out() {
    let stage = Stage::signed_in().await;
    stage.set("token_unavailable=503");
    stage.pass(HOUR - 1);
    stage.token().await.expect_err("too late");
}

#[tokio::test]
async fn j_01_many_callers_cause_one_refresh_and_get_the_same_token() {
    let stage = Stage::signed_in().await;
    stage.pass(2 * HOUR);
    let callers: Vec<_> = (0..30)
        .map(|_| {
            let engine = stage.engine.clone();
            tokio::spawn(async move { engine.fresh_token(NAME, None).await })
        })
        .collect();
    let mut tokens = Vec::new();
    for caller in callers {
        let handout = caller.await.expect("done").expect("a token");
        tokens.push(handout.token.reveal().to_owned());
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
    assert!(stage.sandbox.accepts_access(&tokens[0]));
    assert_eq!(refreshes(&stage), 1);
}

#[tokio::test]
async fn i_08_only_invalid_grant_ends_the_grant() {
    let stage = Stage::signed_in().await;
    stage.sandbox.revoke_all();
    stage.pass(2 * HOUR);
    let error = stage.token().await.expect_err("ended");
    assert!(matches!(
        error,
        Error::NeedsSignIn {
            reason: Some(EndReason::EndedByProvider),
            ..
        }
    ));
    let kept = stage.kept();
    assert_eq!((kept.access, kept.refresh), (None, None));
    assert_eq!(health(&stage), Health::NeedsSignIn);
    // Nothing is asked again until somebody signs in.
    let asked = refreshes(&stage);
    stage.token().await.expect_err("still");
    assert_eq!(refreshes(&stage), asked);
    stage.sign_in().await.expect("again");
    stage.token().await.expect("a token");
    assert_eq!(health(&stage), Health::Connected);
}

#[tokio::test]
async fn i_08_a_refused_configuration_keeps_the_grant_and_shows_as_error() {
    for code in [
        "invalid_client",
        "unauthorized_client",
        "invalid_scope",
        "unsupported_grant_type",
    ] {
        let stage = Stage::signed_in().await;
        let before = stage.kept();
        stage.set(&format!("token_error={code}"));
        let error = stage.engine.refresh(&stage.id).await.expect_err(code);
        let Error::Provider(failure) = error else {
            panic!("{code}: {error:?}");
        };
        assert!(matches!(
            failure.class,
            Class::Configuration | Class::Request
        ));
        let after = stage.kept();
        assert_eq!(
            (&after.access, &after.refresh),
            (&before.access, &before.refresh)
        );
        assert_eq!(health(&stage), Health::Error, "{code}");
        stage.sandbox.unset("token_error");
        stage.engine.refresh(&stage.id).await.expect("put right");
        assert_eq!(stage.connection().problem, None);
    }
}

#[tokio::test]
async fn j_07_a_transient_failure_keeps_the_grant_and_shows_as_offline() {
    for fault in [
        "token_unavailable=500",
        "token_unavailable=503",
        "token_unavailable=408",
        "token_unavailable=429",
        "token_unavailable=200",
        "token_content_type=text/html",
        "token_error=temporarily_unavailable",
        "token_error=server_error",
    ] {
        let stage = Stage::signed_in().await;
        let before = stage.kept();
        stage.once("/token", &[fault]);
        stage.engine.refresh(&stage.id).await.expect_err(fault);
        let after = stage.kept();
        assert_eq!(
            (&after.access, &after.refresh),
            (&before.access, &before.refresh),
            "{fault}"
        );
        let problem = stage.connection().problem.expect("a problem");
        assert_eq!(problem.kind, ProblemKind::Transport, "{fault}");
        assert_eq!(health(&stage), Health::Offline, "{fault}");
        assert_eq!(refreshes(&stage), 1, "{fault}: nothing is repeated unasked");
    }
}

#[tokio::test]
async fn j_06_a_request_that_never_left_may_be_repeated_as_often_as_needed() {
    let mut stage = Stage::signed_in().await;
    let before = stage.kept();
    stage.close_sandbox().await;
    stage.pass(2 * HOUR);
    for _ in 0..5 {
        // Not "interrupted": that would want the person to decide.
        let error = stage.token().await.expect_err("nobody");
        assert!(
            matches!(&error, Error::Provider(failure) if failure.is_transport()),
            "{error:?}"
        );
    }
    let after = stage.kept();
    assert_eq!(
        (&after.access, &after.refresh),
        (&before.access, &before.refresh)
    );
    assert_eq!(health(&stage), Health::Offline);
}

#[tokio::test]
async fn j_13_a_fixed_end_counts_from_the_approval_and_no_refresh_moves_it() {
    let ends = |stage: &Stage| stage.connection().grant.expect("a grant").ends_at;
    let stage = Stage::with(|new| {
        new.provider.quirks.insert(Quirk::GrantEndsAfterDays(2));
    })
    .await;
    stage.sign_in().await.expect("signed in");
    let end = Some(UnixTime(NOON + 2 * 24 * 3600));
    assert_eq!(ends(&stage), end);
    for _ in 0..30 {
        stage.pass(HOUR);
        stage.engine.refresh(&stage.id).await.expect("refreshed");
    }
    assert_eq!(ends(&stage), end);
    assert_eq!(health(&stage), Health::Connected);
    stage.pass(18 * HOUR);
    assert_eq!(health(&stage), Health::NeedsSignIn);
    // Without the quirk nobody claims an end.
    assert_eq!(ends(&Stage::signed_in().await), None);
}
