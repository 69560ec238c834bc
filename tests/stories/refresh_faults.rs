//! A refresh that is cut off: the provider may have spent the old refresh token, or not.

use valetkey::engine::Error;
use valetkey::model::{EndReason, Health, Quirk};
use valetkey::vault::VaultError;

use crate::stage::{NAME, Stage};

/// The answer is lost after the provider has done its part.
const LOST: [&str; 3] = [
    "token_drop=before",
    "token_drop=headers",
    "token_drop=mid-body",
];

fn presentations(stage: &Stage) -> Vec<String> {
    let requests = stage.sandbox.requests_to("/token");
    let token = |form: valetkey::sandbox::Params| form.get("refresh_token").map(str::to_owned);
    requests
        .iter()
        .filter_map(|request| token(request.form()))
        .collect()
}

#[tokio::test]
async fn j_05_within_the_providers_grace_one_retry_saves_the_grant() {
    for lost in LOST {
        let stage = Stage::signed_in().await;
        stage.set("grace=60");
        stage.once("/token", &[lost]);
        stage.engine.refresh(&stage.id).await.expect(lost);
        let presented = presentations(&stage);
        assert_eq!(presented.len(), 2, "{lost}");
        assert_eq!(presented[0], presented[1]);
        let kept = stage.kept();
        assert!(stage.sandbox.accepts_refresh(&kept.refresh.expect("one")));
        assert!(stage.sandbox.accepts_access(&kept.access.expect("one")));
        assert!(stage.sandbox.reuse_events().is_empty());
    }
}

#[tokio::test]
async fn j_05_without_grace_the_loss_is_told_as_what_it_is() {
    for lost in LOST {
        let stage = Stage::signed_in().await;
        stage.once("/token", &[lost]);
        let error = stage.engine.refresh(&stage.id).await.expect_err(lost);
        assert!(
            matches!(
                error,
                Error::NeedsSignIn {
                    reason: Some(EndReason::RefreshInterrupted),
                    ..
                }
            ),
            "{lost}: {error:?}"
        );
        assert_eq!(presentations(&stage).len(), 2, "{lost}");
        assert_eq!(
            stage.connection().ended,
            Some(EndReason::RefreshInterrupted)
        );
        stage.sign_in().await.expect("again");
        assert_eq!(
            stage.engine.rows().expect("rows")[0].verdict.health,
            Health::Untested
        );
    }
}

#[tokio::test]
async fn j_05_after_two_lost_answers_the_third_presentation_is_the_persons_to_decide() {
    let mut stage = Stage::signed_in().await;
    stage.set("grace=600");
    stage.once("/token", &["token_drop=headers"]);
    stage.once("/token", &["token_drop=headers"]);
    stage.pass(7200);
    let error = stage.token().await.expect_err("cut off twice");
    assert!(
        matches!(&error, Error::Provider(failure) if failure.is_transport()),
        "{error:?}"
    );
    assert_eq!(presentations(&stage).len(), 2);
    stage.restart();
    let error = stage.token().await.expect_err("not by itself");
    assert!(
        matches!(error, Error::RefreshInterrupted { .. }),
        "{error:?}"
    );
    assert_eq!(presentations(&stage).len(), 2);
    stage
        .engine
        .refresh(&stage.id)
        .await
        .expect("by the person");
    assert_eq!(presentations(&stage).len(), 3);
    stage.token().await.expect("a token");
}

#[tokio::test]
async fn j_09_an_interrupted_refresh_is_resolved_at_the_next_start() {
    let mut stage = Stage::signed_in().await;
    stage.set("grace=60");
    cut_off(&stage).await;
    stage.restart();
    let token = stage.token().await.expect("resolved");
    assert!(stage.sandbox.accepts_access(&token));
    assert_eq!(presentations(&stage).len(), 2);
    assert_eq!(stage.connection().problem, None);
}

#[tokio::test]
async fn j_09_an_interrupted_refresh_that_cannot_be_resolved_is_told() {
    let mut stage = Stage::signed_in().await;
    cut_off(&stage).await;
    stage.restart();
    let error = stage.token().await.expect_err("lost");
    assert!(
        matches!(
            error,
            Error::NeedsSignIn {
                reason: Some(EndReason::RefreshInterrupted),
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(presentations(&stage).len(), 2);
}

#[tokio::test]
async fn j_05_no_retry_comes_later_than_ten_seconds() {
    let stage = Stage::signed_in().await;
    stage.set("grace=60");
    stage.once("/token", &["token_drop=headers", "token_hold=on"]);
    let engine = stage.engine.clone();
    let id = stage.id.clone();
    let refresh = tokio::spawn(async move { engine.refresh(&id).await });
    stage.sandbox.until_held(1).await;
    stage.pass(11);
    stage.sandbox.release(1);
    let error = refresh.await.expect("done").expect_err("cut off");
    assert!(matches!(error, Error::Provider(_)), "{error:?}");
    assert_eq!(presentations(&stage).len(), 1);
    // The grant is not lost: whoever needs it next makes the one retry.
    stage.engine.refresh(&stage.id).await.expect("resolved");
    assert_eq!(presentations(&stage).len(), 2);
}

#[tokio::test]
async fn j_05_an_answer_that_does_not_come_in_time_counts_as_lost() {
    let stage = Stage::signed_in().await;
    stage.set("grace=60");
    stage.once("/token", &["token_hold=on"]);
    let engine = stage.engine.clone();
    let id = stage.id.clone();
    let refresh = tokio::spawn(async move { engine.refresh(&id).await });
    stage.sandbox.until_held(1).await;
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(31)).await;
    tokio::time::resume();
    refresh.await.expect("done").expect("the retry succeeded");
    assert_eq!(presentations(&stage).len(), 2);
}

/// With a provider that forgives no second presentation.
async fn strict_stage() -> Stage {
    let stage = Stage::with(|new| {
        new.provider.quirks.insert(Quirk::NoRefreshGrace);
    })
    .await;
    stage.sign_in().await.expect("signed in");
    stage.sandbox.clear_requests();
    stage
}

#[tokio::test]
async fn j_05_where_no_grace_is_known_nothing_is_sent_twice_while_the_token_lasts() {
    let mut stage = strict_stage().await;
    stage.once("/token", &["token_drop=headers"]);
    let error = stage.engine.refresh(&stage.id).await.expect_err("cut off");
    assert!(matches!(error, Error::Provider(_)), "{error:?}");
    assert_eq!(presentations(&stage).len(), 1, "no retry");
    stage.restart();
    // Due, but good for another minute: what is left of it is handed out, with a warning.
    stage.pass(3540);
    let handout = stage.engine.fresh_token(NAME, None).await.expect("a token");
    assert!(matches!(
        handout.warning,
        Some(Error::RefreshInterrupted { .. })
    ));
    assert!(stage.sandbox.accepts_access(handout.token.reveal()));
    assert_eq!(presentations(&stage).len(), 1);
    // Nothing is left to lose now.
    stage.pass(120);
    let error = stage.token().await.expect_err("spent and changed");
    assert!(matches!(error, Error::NeedsSignIn { .. }), "{error:?}");
    assert_eq!(presentations(&stage).len(), 2);
}

#[tokio::test]
async fn j_17_after_a_wake_up_no_more_than_four_refreshes_run_at_a_time() {
    const GRANTS: usize = 12;
    let stage = Stage::signed_in().await;
    let mut ids = vec![stage.id.clone()];
    while ids.len() < GRANTS {
        ids.push(stage.another(&format!("practice-{}", ids.len())).await);
    }
    stage.sandbox.clear_requests();
    stage.pass(7200);
    stage.set("token_hold=on");
    let callers: Vec<_> = ids
        .into_iter()
        .map(|id| {
            let engine = stage.engine.clone();
            tokio::spawn(async move { engine.refresh(&id).await.map(|_| ()) })
        })
        .collect();
    for released in 0..GRANTS {
        let allowed = GRANTS.min(released + 4);
        while presentations(&stage).len() < allowed {
            tokio::task::yield_now().await;
        }
        assert_eq!(presentations(&stage).len(), allowed, "four at a time");
        stage.sandbox.release(1);
    }
    for caller in callers {
        caller.await.expect("done").expect("refreshed");
    }
    assert_eq!(presentations(&stage).len(), GRANTS, "one for each");
}

#[tokio::test]
async fn j_14_a_copied_vault_asks_before_its_first_refresh() {
    let mut stage = Stage::signed_in().await;
    let note = stage.folder().join("state/seen");
    std::fs::remove_file(&note).expect("a note");
    stage.restart();
    // What needs no refresh goes on.
    stage.token().await.expect("still good");
    stage.pass(7200);
    for _ in 0..2 {
        let error = stage.token().await.expect_err("asked first");
        assert!(
            matches!(error, Error::Vault(VaultError::Moved)),
            "{error:?}"
        );
    }
    assert!(presentations(&stage).is_empty(), "nothing was sent");
    stage.engine.adopt_vault().expect("adopted");
    stage.token().await.expect("refreshed");
    assert_eq!(presentations(&stage).len(), 1);
    stage.restart();
    stage.pass(7200);
    stage.token().await.expect("asked once only");
}

/// Ends the refreshing task after the provider did its part and before its answer came.
async fn cut_off(stage: &Stage) {
    stage.pass(7200);
    stage.once("/token", &["token_hold=on"]);
    let engine = stage.engine.clone();
    let caller = tokio::spawn(async move { engine.fresh_token(NAME, None).await.map(|_| ()) });
    stage.sandbox.until_held(1).await;
    caller.abort();
    caller.await.expect_err("aborted");
    stage.sandbox.release(1);
}
