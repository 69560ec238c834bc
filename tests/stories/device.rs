//! The device code way, on a paused clock: it is moved a second at a time, and each poll is dated by it.

use std::time::Duration;

use tokio::time::Instant;
use valetkey::advice::advise;
use valetkey::engine::{Attempt, AttemptEvent, Error, Ignored, SignInOptions, Way};

use crate::stage::{Stage, off};

/// A paused clock that moves only when it is told to. (Work off the thread keeps it from jumping
/// ahead while an answer is on its way.)
struct Still(#[allow(dead_code)] std::sync::mpsc::Sender<()>);

impl Still {
    fn new() -> Self {
        let (keep, kept) = std::sync::mpsc::channel();
        tokio::task::spawn_blocking(move || kept.recv().ok());
        tokio::time::pause();
        Self(keep)
    }

    /// A second passes; whatever is due is done.
    async fn second(&self, stage: &Stage) {
        stage.pass(1);
        tokio::time::advance(Duration::from_secs(1)).await;
        for _ in 0..5 {
            // Lets the other threads come to their turn, and the network to its own.
            off(std::thread::yield_now).await;
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
        }
        // On a busy machine an answer may still be on its way, and its seconds must not run out.
        let sandbox = &stage.sandbox;
        while sandbox.connections() > sandbox.finished() + sandbox.held() {
            off(std::thread::yield_now).await;
        }
    }

    /// Seconds pass until so many polls have come.
    async fn until_polls(&self, stage: &Stage, count: usize) {
        for _ in 0..1_000 {
            // One that is due may not have reached the provider yet: the clock waits for it, or the
            // request would run out of its own time.
            for _ in 0..1_000 {
                if polls(stage).len() >= count {
                    return;
                }
                off(std::thread::yield_now).await;
            }
            self.second(stage).await;
        }
        panic!("{} polls came", polls(stage).len());
    }
}

impl Drop for Still {
    fn drop(&mut self) {
        tokio::time::resume();
    }
}

fn polls(stage: &Stage) -> Vec<Instant> {
    stage
        .sandbox
        .requests_to("/token")
        .iter()
        .map(|request| request.at)
        .collect()
}

async fn begin(stage: &Stage) -> (Attempt, String, Still) {
    let attempt = stage.begin_with(SignInOptions {
        device: true,
        ..SignInOptions::default()
    });
    let code = code(stage).await;
    (attempt, code, Still::new())
}

async fn code(stage: &Stage) -> String {
    stage
        .event(|event| match event {
            AttemptEvent::Way(Way::Device { user_code, .. }) => Some(user_code.to_string()),
            _ => None,
        })
        .await
}

#[tokio::test]
async fn k_05_polls_keep_their_distance_and_slow_down_for_good() {
    let stage = Stage::new().await;
    stage.set("device_script=pending,slow_down,pending,slow_down,pending,ok");
    let (attempt, _, still) = begin(&stage).await;
    let begun = Instant::now();
    still.until_polls(&stage, 6).await;
    attempt.outcome().await.expect("signed in");
    let mut last = begun;
    let gaps: Vec<u64> = polls(&stage)
        .into_iter()
        .map(|at| (at - std::mem::replace(&mut last, at)).as_secs())
        .collect();
    // The first wait began a moment before the test heard of it.
    for (gap, least) in gaps.iter().zip([4, 5, 10, 10, 15, 15]) {
        assert!(*gap >= least, "{gaps:?}");
    }
    assert_eq!(gaps.len(), 6);
    let slowed = stage
        .told()
        .iter()
        .filter(|event| matches!(event, AttemptEvent::Ignored(Ignored::SlowDown)))
        .count();
    assert_eq!(slowed, 2);
}

#[tokio::test]
async fn k_01_where_a_browser_works_no_code_is_asked_for() {
    let stage = Stage::new().await;
    stage.sign_in().await.expect("signed in");
    assert!(
        stage
            .sandbox
            .requests_to("/device_authorization")
            .is_empty()
    );
}

#[tokio::test]
async fn d7_k_09_an_approved_code_signs_in_at_the_first_poll() {
    let stage = Stage::new().await;
    let (attempt, code, still) = begin(&stage).await;
    stage
        .sandbox
        .approve_device(&code, "ada")
        .expect("approved");
    still.until_polls(&stage, 1).await;
    let outcome = attempt.outcome().await.expect("signed in");
    assert_eq!(outcome.account.expect("known").as_str(), "Ada Practice");
    assert!(stage.token().await.is_ok());
}

#[tokio::test]
async fn k_08_the_device_code_is_told_to_nobody() {
    let stage = Stage::new().await;
    let mut changes = stage.engine.subscribe();
    let (attempt, code, still) = begin(&stage).await;
    stage
        .sandbox
        .approve_device(&code, "ada")
        .expect("approved");
    still.until_polls(&stage, 1).await;
    attempt.outcome().await.expect("signed in");
    let polled = stage.sandbox.requests_to("/token")[0].form();
    let device_code = polled.get("device_code").expect("sent to the provider");
    let mut told = Vec::new();
    while let Ok(change) = changes.try_recv() {
        told.push(format!("{change:?}"));
    }
    let told = told.join("\n");
    assert!(told.contains(&code), "the code for people is told");
    assert!(!told.contains(device_code));
}

#[tokio::test]
async fn k_06_every_ending_stops_the_polls_and_keeps_the_old_grant() {
    for (script, expected) in [
        ("denied", "declined"),
        ("expired", "expired"),
        ("invalid_grant", "provider"),
        ("unauthorized_client", "provider"),
    ] {
        let stage = Stage::signed_in().await;
        let before = stage.kept();
        stage.set(&format!("device_script={script}"));
        let (attempt, _, still) = begin(&stage).await;
        still.until_polls(&stage, 1).await;
        let error = attempt.outcome().await.expect_err(script);
        let word = match &*error {
            Error::Declined => "declined",
            Error::DeviceCodeExpired => "expired",
            Error::Provider(_) => "provider",
            _ => "something else",
        };
        assert_eq!(word, expected, "{script}: {error:?}");
        for _ in 0..20 {
            still.second(&stage).await;
        }
        assert_eq!(polls(&stage).len(), 1, "{script}");
        assert_eq!(stage.kept(), before, "{script}");
    }
}

/// What organisations and apps refuse this way with.
const BLOCKED: [&str; 3] = [
    "unauthorized_client",
    "unsupported_grant_type",
    "device_flow_disabled",
];

fn explained(error: &Error) {
    let advice = advise(error);
    assert_eq!(advice.code, "code-way-blocked");
    assert!(advice.sentence.contains("your organisation may block it"));
    let next = advice.hint.expect("a next step");
    assert!(next.contains("paste the address"), "{next}");
}

#[tokio::test]
async fn k_11_a_blocked_code_way_is_explained_where_the_code_is_asked_for() {
    for code in BLOCKED {
        let stage = Stage::new().await;
        stage.set(&format!("device_body={{\"error\":\"{code}\"}}"));
        stage.set("device_status=400");
        let attempt = stage.begin_with(SignInOptions {
            device: true,
            ..SignInOptions::default()
        });
        explained(&attempt.outcome().await.expect_err(code));
        // With other ways open it is told, and they stay open.
        let attempt = stage.begin();
        attempt.remote.use_device();
        let closed = stage
            .event(|event| match event {
                AttemptEvent::Ignored(Ignored::DeviceWayClosed(error)) => Some(error.clone()),
                _ => None,
            })
            .await;
        explained(&closed);
        let approved = stage.approve().await;
        let page = tokio::spawn(off(move || approved.deliver(&approved.callback)));
        attempt.outcome().await.expect("signed in by the browser");
        page.await.expect("a page");
    }
}

#[tokio::test]
async fn k_11_a_blocked_code_way_is_explained_where_a_poll_is_refused() {
    for code in BLOCKED {
        let stage = Stage::new().await;
        stage.set(&format!("device_script={code}"));
        let (attempt, _, still) = begin(&stage).await;
        still.until_polls(&stage, 1).await;
        explained(&attempt.outcome().await.expect_err(code));
    }
}

#[tokio::test]
async fn d5_k_06_a_code_that_runs_out_ends_the_attempt() {
    let stage = Stage::new().await;
    stage.set("device_expires_in=12");
    let (attempt, _, still) = begin(&stage).await;
    for _ in 0..14 {
        still.second(&stage).await;
    }
    let error = attempt.outcome().await.expect_err("too late");
    assert!(matches!(*error, Error::DeviceCodeExpired), "{error:?}");
    assert!(polls(&stage).len() <= 2);
    let asked = polls(&stage).len();
    for _ in 0..20 {
        still.second(&stage).await;
    }
    assert_eq!(polls(&stage).len(), asked);
}

#[tokio::test]
async fn k_06_cancelling_stops_the_polls() {
    let stage = Stage::new().await;
    let (attempt, _, still) = begin(&stage).await;
    still.until_polls(&stage, 1).await;
    attempt.remote.cancel();
    attempt.outcome().await.expect_err("stopped");
    for _ in 0..20 {
        still.second(&stage).await;
    }
    assert_eq!(polls(&stage).len(), 1);
}

#[tokio::test]
async fn k_07_there_is_never_a_second_poll_in_flight() {
    let stage = Stage::new().await;
    stage.set("token_hold=on");
    let (attempt, code, still) = begin(&stage).await;
    still.until_polls(&stage, 1).await;
    stage.sandbox.until_held(1).await;
    for _ in 0..15 {
        still.second(&stage).await;
    }
    assert_eq!((stage.sandbox.held(), polls(&stage).len()), (1, 1));
    stage.sandbox.unset("token_hold");
    stage
        .sandbox
        .approve_device(&code, "ada")
        .expect("approved");
    stage.sandbox.release(1);
    still.until_polls(&stage, 2).await;
    attempt.outcome().await.expect("signed in");
}

#[tokio::test]
async fn k_09_the_browser_may_win_over_a_code_that_waits() {
    let stage = Stage::new().await;
    let attempt = stage.begin();
    attempt.remote.use_device();
    code(&stage).await;
    stage.visit(stage.sandbox.browser()).await;
    attempt.outcome().await.expect("signed in");
    assert_eq!(polls(&stage).len(), 1, "the exchange alone");
}

#[tokio::test]
async fn k_09_the_code_may_win_over_a_browser_that_waits() {
    let stage = Stage::new().await;
    let attempt = stage.begin();
    attempt.remote.use_device();
    let code = code(&stage).await;
    let late = stage.opened().await;
    let still = Still::new();
    stage
        .sandbox
        .approve_device(&code, "ada")
        .expect("approved");
    still.until_polls(&stage, 1).await;
    attempt.outcome().await.expect("signed in");
    assert!(
        stage.sandbox.browser().visit(&late).await.is_err(),
        "nobody listens any more"
    );
    assert_eq!(polls(&stage).len(), 1);
}

#[tokio::test]
async fn k_10_a_malformed_device_answer_is_named() {
    for fault in [
        "device.user_code=absent",
        "device.device_code=7",
        "device_body=[]",
        "device_unavailable=503",
    ] {
        let stage = Stage::new().await;
        stage.set(fault);
        let attempt = stage.begin_with(SignInOptions {
            device: true,
            ..SignInOptions::default()
        });
        let error = attempt.outcome().await.expect_err(fault);
        assert!(matches!(&*error, Error::Provider(_)), "{fault}: {error:?}");
    }
}

#[tokio::test]
async fn d5_each_of_ten_requests_to_slow_down_counts_for_good() {
    let stage = Stage::new().await;
    stage.set("device_expires_in=1800");
    stage.set(&format!("device_script={}", ["slow_down"; 12].join(",")));
    let (attempt, _, still) = begin(&stage).await;
    still.until_polls(&stage, 1).await;
    for count in 1..10 {
        // Its answer is in before the clock moves on.
        assert!(matches!(stage.ignored().await, Ignored::SlowDown));
        for _ in 0..5 + 5 * count - 1 {
            still.second(&stage).await;
        }
        assert_eq!(polls(&stage).len(), count, "none before its time");
        still.until_polls(&stage, count + 1).await;
    }
    assert!(matches!(stage.ignored().await, Ignored::SlowDown));
    for _ in 0..54 {
        still.second(&stage).await;
    }
    assert_eq!(polls(&stage).len(), 10, "55 seconds by now");
    attempt.remote.cancel();
    attempt.outcome().await.expect_err("stopped");
}

#[tokio::test]
async fn d9_tokens_that_come_after_a_cancel_are_given_back() {
    let stage = Stage::signed_in().await;
    let before = stage.kept();
    stage.set("token_hold=on");
    let (attempt, code, still) = begin(&stage).await;
    stage
        .sandbox
        .approve_device(&code, "ada")
        .expect("approved");
    still.until_polls(&stage, 1).await;
    stage.sandbox.until_held(1).await;
    attempt.remote.cancel();
    stage.sandbox.release(1);
    drop(still);
    let error = attempt.outcome().await.expect_err("stopped");
    assert!(matches!(*error, Error::Cancelled));
    assert!(stage.kept() == before);
    let live = stage.sandbox.live_refresh_tokens();
    assert_eq!(live, before.refresh.into_iter().collect::<Vec<_>>());
    assert_eq!(polls(&stage).len(), 1, "and no poll after it");
}

#[tokio::test]
async fn b_11_z_10_a_code_that_asked_for_other_scopes_still_does_when_it_is_gone_on_with() {
    let mut stage = Stage::signed_in().await;
    let before = stage.connection();
    let scopes = valetkey::model::ScopeSet::parse("profile email").expect("scopes");
    let attempt = stage.begin_with(SignInOptions {
        device: true,
        scopes: Some(scopes.clone()),
        ..SignInOptions::default()
    });
    let code = code(&stage).await;
    // The line is cut: nobody stopped it.
    attempt.remote.cancel();
    attempt.outcome().await.expect_err("cut off");
    assert_eq!(stage.connection(), before);
    stage.restart();
    let attempt = stage.begin_with(SignInOptions {
        resume: true,
        device: true,
        ..SignInOptions::default()
    });
    stage
        .sandbox
        .approve_device(&code, "ada")
        .expect("approved");
    let still = Still::new();
    still.until_polls(&stage, 1).await;
    let outcome = attempt.outcome().await.expect("signed in");
    assert_eq!(outcome.requested, scopes);
    let connection = stage.connection();
    assert_eq!(connection.requested, scopes);
    let granted = connection.grant.and_then(|grant| grant.granted);
    assert_eq!(granted, Some(scopes));
}
