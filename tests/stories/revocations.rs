//! Revocations that the provider does not hear: they wait, and are told until it does (L-04).

use valetkey::engine::{Error, FailureKind, Retold, Revoked, Want};
use valetkey::model::{EndReason, NextTry, ProblemKind, RevokeRule, Seconds, UnixTime, Waiting};

use crate::stage::{NOON, Stage};

/// What a provider does that did not hear it.
const UNHEARD: [&str; 5] = [
    "revocation=503",
    "revocation=500",
    "revocation=429",
    "revoke_drop=undone",
    "revoke_drop=before",
];

async fn put_off(stage: &Stage) -> Waiting {
    let revoked = stage.engine.revoke(&stage.id).await.expect("put off");
    revoked.waiting.expect("it waits")
}

fn one(stage: &Stage) -> Waiting {
    let mut all = stage.engine.waiting().expect("reads");
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn tokens_told(stage: &Stage) -> Vec<Option<String>> {
    let requests = stage.sandbox.requests_to("/revoke");
    let token =
        |request: &valetkey::sandbox::Request| request.form().get("token").map(str::to_owned);
    requests.iter().map(token).collect()
}

#[tokio::test]
async fn l_04_what_was_not_heard_is_over_here_and_waits() {
    for fault in UNHEARD {
        let mut stage = Stage::signed_in().await;
        let before = stage.kept();
        stage.set(fault);
        let waiting = put_off(&stage).await;
        assert_eq!(waiting.problem.kind, ProblemKind::Transport, "{fault}");
        assert_eq!(stage.connection().ended, Some(EndReason::RevokedByYou));
        // No program gets it, and no refresh spends it.
        for error in [
            stage.token().await.map(|_| ()).expect_err("over"),
            stage
                .engine
                .refresh(&stage.id)
                .await
                .map(|_| ())
                .expect_err("over"),
        ] {
            assert!(matches!(error, Error::NeedsSignIn { .. }), "{error:?}");
        }
        assert!(stage.sandbox.requests_to("/token").is_empty());
        // Nothing goes over the network at a start, nor before its time.
        stage.restart();
        stage
            .sandbox
            .unset(fault.split('=').next().expect("a switch"));
        stage.sandbox.clear_requests();
        assert!(
            stage
                .engine
                .waiting_now(Want::Due)
                .expect("reads")
                .is_empty()
        );
        assert!(stage.sandbox.requests().is_empty());
        stage.pass(61);
        let due = stage.engine.waiting_now(Want::Due).expect("reads");
        let told = stage.engine.tell_again(&due[0]).await.expect("told");
        assert!(matches!(told, Retold::Told { .. }), "{fault}: {told:?}");
        assert_eq!(
            tokens_told(&stage),
            [before.refresh.clone(), before.access.clone()]
        );
        assert!(stage.sandbox.live_refresh_tokens().is_empty());
        assert!(!stage.sandbox.accepts_access(&before.access.expect("one")));
        assert!(stage.engine.waiting().expect("reads").is_empty(), "{fault}");
    }
}

#[tokio::test]
async fn l_04_pauses_grow_and_retry_after_is_kept_even_when_a_person_asks() {
    let stage = Stage::signed_in().await;
    stage.set("revocation=503");
    put_off(&stage).await;
    assert_eq!(one(&stage).next.at, UnixTime(NOON).plus(Seconds(60)));
    // A person need not wait for a pause of our own.
    let now = stage.engine.waiting_now(Want::Person).expect("reads");
    assert_eq!(
        stage.engine.tell_again(&now[0]).await.expect("asked"),
        Retold::Waits
    );
    assert_eq!(
        (one(&stage).tries, one(&stage).next.at),
        (2, UnixTime(NOON).plus(Seconds(300)))
    );
    stage.set("retry_after=1800");
    stage.engine.tell_again(&one(&stage)).await.expect("asked");
    let waiting = one(&stage);
    assert_eq!(waiting.next.at, UnixTime(NOON).plus(Seconds(1800)));
    for want in [Want::Due, Want::Person] {
        assert!(stage.engine.waiting_now(want).expect("reads").is_empty());
    }
    stage.pass(1801);
    assert_eq!(stage.engine.waiting_now(Want::Due).expect("reads").len(), 1);
}

#[tokio::test]
async fn l_04_whoever_saw_it_before_another_try_sends_nothing() {
    let stage = Stage::signed_in().await;
    stage.set("revocation=503");
    let seen = put_off(&stage).await;
    stage.engine.tell_again(&seen).await.expect("asked");
    stage.sandbox.clear_requests();
    assert_eq!(
        stage.engine.tell_again(&seen).await.expect("looked"),
        Retold::Waits
    );
    assert!(stage.sandbox.requests().is_empty());
    stage.sandbox.unset("revocation");
    stage.engine.tell_again(&one(&stage)).await.expect("told");
    stage.sandbox.clear_requests();
    assert_eq!(
        stage.engine.tell_again(&seen).await.expect("looked"),
        Retold::Over
    );
    assert!(stage.sandbox.requests().is_empty());
}

#[tokio::test]
async fn l_04_d11_only_the_access_token_waits_once_the_refresh_token_is_gone() {
    let stage = Stage::signed_in().await;
    let before = stage.kept();
    // The first answer is good, the second is not.
    stage.set("revocation=503");
    stage.once("/revoke", &["revocation=on"]);
    put_off(&stage).await;
    assert!(stage.sandbox.live_refresh_tokens().is_empty());
    stage.sandbox.unset("revocation");
    stage.sandbox.clear_requests();
    stage.engine.tell_again(&one(&stage)).await.expect("told");
    assert_eq!(tokens_told(&stage), [before.access]);
}

#[tokio::test]
async fn l_04_l_06_deleting_the_connection_leaves_what_is_needed() {
    let mut stage = Stage::signed_in().await;
    stage.set("revocation=503");
    put_off(&stage).await;
    stage.engine.remove(&stage.connection()).expect("removed");
    stage.restart();
    assert!(stage.engine.rows().expect("rows").is_empty());
    assert_eq!(one(&stage).of.id, stage.id);
    stage.sandbox.unset("revocation");
    stage.engine.tell_again(&one(&stage)).await.expect("told");
    assert!(stage.sandbox.live_refresh_tokens().is_empty());
    assert!(stage.engine.waiting().expect("reads").is_empty());
}

#[tokio::test]
async fn l_04_a_new_sign_in_and_an_edited_address_do_not_touch_it() {
    let stage = Stage::signed_in().await;
    stage.set("revocation=503");
    put_off(&stage).await;
    stage.sign_in().await.expect("signed in again");
    let mut changed = stage.connection();
    let elsewhere = stage.sandbox.at("/elsewhere");
    let elsewhere = valetkey::model::EndpointUrl::parse(&elsewhere, false).expect("an address");
    changed.provider.endpoints.revocation = Some(elsewhere);
    stage.engine.edit(&changed, None).expect("edited");
    stage.sandbox.unset("revocation");
    stage.sandbox.clear_requests();
    stage.engine.tell_again(&one(&stage)).await.expect("told");
    assert!(stage.sandbox.requests_to("/elsewhere").is_empty());
    assert_eq!(stage.sandbox.requests_to("/revoke").len(), 2);
}

#[tokio::test]
async fn l_04_a_refusal_while_it_waits_keeps_it_until_a_person_drops_it() {
    let stage = Stage::signed_in().await;
    stage.set("revocation=503");
    put_off(&stage).await;
    stage.set("revocation=invalid_client");
    let told = stage.engine.tell_again(&one(&stage)).await.expect("asked");
    assert_eq!(told, Retold::Waits);
    let waiting = one(&stage);
    assert_eq!(waiting.problem.kind, ProblemKind::Configuration);
    assert_eq!(waiting.next.at, UnixTime(NOON).plus(Seconds(24 * 60 * 60)));
    stage.engine.drop_waiting(&waiting).expect("dropped");
    assert!(stage.engine.waiting().expect("reads").is_empty());
    assert_eq!(
        stage.sandbox.live_refresh_tokens().len(),
        1,
        "and that is what is said"
    );
}

#[tokio::test]
async fn l_02_l_04_what_the_provider_forgot_meanwhile_waits_no_more() {
    let stage = Stage::signed_in().await;
    stage.set("revocation=503");
    put_off(&stage).await;
    stage.sandbox.revoke_all();
    stage.sandbox.unset("revocation");
    stage.engine.tell_again(&one(&stage)).await.expect("told");
    assert!(stage.engine.waiting().expect("reads").is_empty());
}

#[tokio::test]
async fn l_03_l_04_an_access_token_that_cannot_be_revoked_does_not_wait() {
    let stage = Stage::signed_in().await;
    stage.set("revocation=unsupported_token_type");
    let revoked: Revoked = stage.engine.revoke(&stage.id).await.expect("the other is");
    assert!(revoked.access_token_lives && revoked.waiting.is_none());
}

/// What an answer to a revocation comes to.
#[derive(Debug, PartialEq, Eq)]
enum Came {
    Revoked,
    WasOver,
    /// Only the access token is left, until then (L-03).
    HalfRevoked(Option<UnixTime>),
    Waits(NextTry),
    Refused(FailureKind),
}

#[tokio::test]
async fn d10_d11_d12_d13_d14_d15_each_answer_to_a_revocation_means_what_it_says_and_no_more() {
    let refused = |code: &str| {
        Came::Refused(FailureKind::Refused {
            code: code.to_owned(),
            description: None,
            page: None,
            basic_instead_of: None,
        })
    };
    let later = NextTry {
        at: UnixTime(NOON + 120),
        asked: true,
    };
    let page = ["revoke_body=<h1>Done</h1>", "revoke_content_type=text/html"];
    let invalid = [
        "revoke_body={\"error\":\"invalid_token\"}",
        "revoke_status=400",
    ];
    let (standard, token_only) = (RevokeRule::Standard, RevokeRule::TokenOnly);
    for (row, answer, rule, expected) in [
        ("D10", &page[..], &standard, Came::Revoked),
        ("D11", &["revoke_status=202"], &standard, Came::Revoked),
        ("D11", &["revoke_status=204"], &standard, Came::Revoked),
        (
            "D12",
            &["revocation=unsupported_token_type"],
            &standard,
            Came::HalfRevoked(Some(UnixTime(NOON + 3600))),
        ),
        ("D13", &invalid, &standard, refused("invalid_token")),
        ("D13", &invalid, &token_only, Came::WasOver),
        (
            "D14",
            &["revocation=503", "retry_after=120"],
            &standard,
            Came::Waits(later),
        ),
        (
            "D15",
            &["revoke_unavailable=405"],
            &standard,
            refused("status 405"),
        ),
    ] {
        let stage = Stage::with(|new| new.provider.revoke = rule.clone()).await;
        stage.sign_in().await.expect("signed in");
        let before = stage.kept();
        for switch in answer {
            stage.set(switch);
        }
        let came = match stage.engine.revoke(&stage.id).await {
            Ok(revoked) => match revoked.waiting {
                Some(waiting) => Came::Waits(waiting.next),
                None if revoked.access_token_lives => Came::HalfRevoked(revoked.access_token_until),
                None if revoked.was_invalid => Came::WasOver,
                None => Came::Revoked,
            },
            Err(Error::Provider(failure)) => Came::Refused(failure.kind),
            Err(other) => panic!("{row}: {other:?}"),
        };
        assert_eq!(came, expected, "{row}: {answer:?}");
        // A refusal changes nothing; after anything else no program gets the token here.
        if matches!(expected, Came::Refused(_)) {
            assert_eq!(stage.kept(), before, "{row}");
        } else {
            assert_eq!(
                stage.connection().ended,
                Some(EndReason::RevokedByYou),
                "{row}"
            );
        }
    }
}

#[tokio::test]
async fn d14_nobody_tells_it_earlier_than_retry_after_asks() {
    let stage = Stage::signed_in().await;
    stage.set("revocation=503");
    stage.set("retry_after=120");
    put_off(&stage).await;
    stage.sandbox.unset("revocation");
    stage.pass(119);
    for want in [Want::Due, Want::Person] {
        let now = stage.engine.waiting_now(want).expect("reads");
        assert!(now.is_empty(), "{want:?}");
    }
    stage.pass(1);
    let now = stage.engine.waiting_now(Want::Due).expect("reads");
    stage.engine.tell_again(&now[0]).await.expect("told");
    assert!(stage.sandbox.live_refresh_tokens().is_empty());
}
