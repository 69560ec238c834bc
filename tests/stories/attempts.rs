//! One attempt per connection, and what comes too late.

use valetkey::engine::{AttemptEvent, Error};
use valetkey::model::{EndpointUrl, Health};

use crate::stage::{Stage, off};

#[tokio::test]
async fn a_12_a_second_attempt_cancels_the_first() {
    let stage = Stage::new().await;
    let first = stage.begin();
    let old = stage.approve().await;
    let second = stage.begin();
    let error = first.outcome().await.expect_err("cancelled");
    assert!(matches!(*error, Error::Cancelled));
    assert_eq!(
        stage.engine.rows().expect("rows")[0].verdict.health,
        Health::SigningIn
    );
    // The old tab: nobody listens there any more, or its answer counts for nothing.
    let late =
        off(move || std::panic::catch_unwind(|| old.deliver(&old.callback)).map(|a| a.status))
            .await;
    assert_ne!(late.ok(), Some(200));
    stage.visit(stage.sandbox.browser()).await;
    second.outcome().await.expect("signed in");
    assert_eq!(stage.sandbox.requests_to("/token").len(), 1);
}

#[tokio::test]
async fn a_12_an_attempt_cancelled_during_the_exchange_gives_its_tokens_back() {
    let stage = Stage::signed_in().await;
    let before = stage.kept();
    stage.set("token_hold=on");
    let first = stage.begin();
    let approved = stage.approve().await;
    let page = tokio::spawn(off(move || approved.deliver(&approved.callback)));
    stage.sandbox.until_held(1).await;
    first.remote.cancel();
    stage.sandbox.release(1);
    let error = first.outcome().await.expect_err("cancelled");
    assert!(matches!(*error, Error::Cancelled));
    page.await.expect("a page");
    assert_eq!(stage.kept(), before);
    let live = stage.sandbox.live_refresh_tokens();
    assert_eq!(live, before.refresh.into_iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_12_the_attempt_that_comes_second_wins_even_over_an_exchange_under_way() {
    let stage = Stage::new().await;
    stage.once("/token", &["token_hold=on"]);
    let first = stage.begin();
    let approved = stage.approve().await;
    let page = tokio::spawn(off(move || approved.deliver(&approved.callback)));
    stage.sandbox.until_held(1).await;
    let second = stage.begin();
    stage.sandbox.release(1);
    assert!(matches!(
        *first.outcome().await.expect_err("cancelled"),
        Error::Cancelled
    ));
    page.await.expect("a page");
    stage.visit(stage.sandbox.browser()).await;
    second.outcome().await.expect("signed in");
    let kept = stage.kept().refresh.into_iter().collect::<Vec<_>>();
    assert_eq!(
        stage.sandbox.live_refresh_tokens(),
        kept,
        "the first one's is given back"
    );
}

#[tokio::test]
async fn what_is_said_to_an_ended_attempt_is_dropped() {
    let stage = Stage::new().await;
    let attempt = stage.begin();
    let remote = attempt.remote.clone();
    let id = attempt.id.clone();
    stage.visit(stage.sandbox.browser()).await;
    attempt.outcome().await.expect("signed in");
    stage.told();
    let before = stage.kept();
    remote.cancel();
    remote.use_device();
    assert_eq!(remote.start_url(true).await, None);
    assert!(stage.engine.attempt(&id).is_none());
    assert_eq!(stage.kept(), before);
    assert!(stage.told().is_empty());
}

#[tokio::test]
async fn g_01_g_06_an_edit_during_the_sign_in_ends_it_and_no_address_gets_the_code() {
    let stage = Stage::new().await;
    let elsewhere = Stage::new().await;
    let attempt = stage.begin();
    let approved = stage.approve().await;
    let mut changed = stage.connection();
    let token_url = elsewhere.sandbox.at("/token");
    changed.provider.endpoints.token = EndpointUrl::parse(&token_url, false).ok();
    stage.engine.edit(&changed, None).expect("edited");
    off(move || approved.deliver(&approved.callback)).await;
    let error = attempt.outcome().await.expect_err("edited");
    assert!(matches!(*error, Error::EditedMeanwhile), "{error:?}");
    assert!(stage.sandbox.requests_to("/token").is_empty());
    assert_eq!(elsewhere.sandbox.connections(), 0);
}

#[tokio::test]
async fn f_17_a_start_link_used_twice_stops_the_attempt() {
    let stage = Stage::new().await;
    let attempt = stage.begin();
    let url = stage.opened().await;
    for _ in 0..2 {
        let url = url.clone();
        off(move || crate::web::get(&url, &[])).await;
    }
    let error = attempt.outcome().await.expect_err("stopped");
    assert!(matches!(*error, Error::StartLinkReused));
}

#[tokio::test]
async fn opening_again_makes_another_start_link_of_the_same_attempt() {
    let stage = Stage::new().await;
    let attempt = stage.begin();
    let first = stage.opened().await;
    let copied = attempt.remote.start_url(false).await.expect("open");
    assert_ne!(copied, first);
    let again = attempt.remote.start_url(true).await.expect("open");
    assert_eq!(stage.opened().await, again);
    stage
        .sandbox
        .browser()
        .visit(&copied)
        .await
        .expect("visited");
    attempt.outcome().await.expect("signed in");
    let ended = stage
        .told()
        .iter()
        .filter(|event| matches!(event, AttemptEvent::Done { .. }))
        .count();
    assert_eq!(ended, 1);
}
