//! Signing in by the browser: what was granted, to whom, and whose answer it is.

use valetkey::engine::{
    Answer, AttemptEvent, Error, Outcome, Question, SignInOptions, Step, StepState,
};
use valetkey::model::{AccountSource, Health, ScopeSet, Seconds};
use valetkey::oauth::{AuthorizationErrorCode, IgnoreReason};
use valetkey::sandbox::Approval;

use crate::stage::{NAME, Stage, off};

fn scopes(text: &str) -> ScopeSet {
    ScopeSet::parse(text).expect("scopes")
}

/// Answers the one question that the story asks, while the browser waits for its page.
async fn answered(
    stage: &Stage,
    account: &str,
    answer: Answer,
) -> (Question, Result<Outcome, std::sync::Arc<Error>>) {
    let attempt = stage.begin();
    let browser = stage.sandbox.browser().approving(Approval::of(account));
    let (_, question) = tokio::join!(stage.visit(browser), async {
        let question = stage
            .event(|event| match event {
                AttemptEvent::Asked(question) => Some(question.clone()),
                _ => None,
            })
            .await;
        attempt.remote.answer(answer);
        question
    });
    (question, attempt.outcome().await)
}

#[tokio::test]
async fn every_step_is_told_in_order_and_the_token_works() {
    let stage = Stage::new().await;
    let options = SignInOptions {
        test: true,
        ..SignInOptions::default()
    };
    let attempt = stage.begin_with(options);
    let visit = stage.visit(stage.sandbox.browser()).await;
    let outcome = attempt.outcome().await.expect("signed in");
    assert_eq!(visit.status, 200);
    assert_eq!(outcome.name.as_str(), NAME);
    assert_eq!(
        outcome
            .account
            .map(|account| account.to_string())
            .as_deref(),
        Some("Ada Practice")
    );
    assert_eq!(outcome.granted, Some(outcome.requested));
    assert_eq!(outcome.test.expect("tested").status, 200);
    let done: Vec<Step> = stage
        .told()
        .into_iter()
        .filter_map(|event| match event {
            AttemptEvent::Step {
                step,
                state: StepState::Done,
                ..
            } => Some(step),
            _ => None,
        })
        .collect();
    assert_eq!(done, Step::ALL);
    let token = stage.token().await.expect("a token");
    assert!(stage.sandbox.accepts_access(&token));
    let row = &stage.engine.rows().expect("rows")[0];
    assert_eq!(row.verdict.health, Health::Connected);
}

#[tokio::test]
async fn a_04_the_token_request_names_the_same_redirect_address() {
    let stage = Stage::signed_in().await;
    stage.sign_in().await.expect("again");
    let asked = stage.sandbox.requests_to("/authorize")[0].query();
    let sent = stage.sandbox.requests_to("/token")[0].form();
    assert!(asked.get("redirect_uri").is_some());
    assert_eq!(asked.get("redirect_uri"), sent.get("redirect_uri"));
}

#[tokio::test]
async fn b_03_narrowed_scopes_are_shown_beside_the_requested_ones() {
    let stage = Stage::new().await;
    let approval = Approval {
        scopes: Some(vec!["profile".to_owned(), "items:read".to_owned()]),
        ..Approval::default()
    };
    let browser = stage.sandbox.browser().approving(approval);
    let outcome = stage.sign_in_by(browser).await.expect("signed in");
    assert_eq!(outcome.granted, Some(scopes("profile items:read")));
    assert_eq!(
        outcome.requested.without(&scopes("profile items:read")),
        scopes("items:write")
    );
    let grant = stage.connection().grant.expect("a grant");
    assert_eq!(grant.granted, Some(scopes("profile items:read")));
}

#[tokio::test]
async fn b_02_scopes_that_the_provider_does_not_list_are_not_stated() {
    let stage = Stage::new().await;
    stage.set("scope=absent");
    let outcome = stage.sign_in().await.expect("signed in");
    assert_eq!(outcome.granted, None);
}

#[tokio::test]
async fn b_03_a_wider_grant_is_kept_when_the_person_says_so() {
    let stage = Stage::new().await;
    stage.set("granted_scope=profile items:read items:write email");
    let (question, outcome) = answered(&stage, "ada", Answer::Accept).await;
    let added = scopes("email");
    assert_eq!(question, Question::WiderGrant { added });
    assert!(outcome.expect("kept").granted.expect("stated").len() == 4);
}

#[tokio::test]
async fn b_03_a_wider_grant_is_given_back_at_the_provider() {
    let stage = Stage::new().await;
    stage.set("granted_scope=profile items:read items:write email");
    let before = stage.kept();
    let (_, outcome) = answered(&stage, "ada", Answer::GiveBack).await;
    let error = outcome.expect_err("given back");
    assert!(
        matches!(&*error, Error::GivenBack { question, chosen: true, revoked: true } if matches!(**question, Question::WiderGrant { .. }))
    );
    assert!(stage.sandbox.live_refresh_tokens().is_empty());
    assert_eq!(stage.kept(), before);
}

#[tokio::test]
async fn b_03_a_wider_grant_may_be_accepted_beforehand() {
    let stage = Stage::new().await;
    stage.set("granted_scope=profile items:read items:write email");
    let attempt = stage.begin_with(SignInOptions {
        accept_wider: true,
        ..SignInOptions::default()
    });
    stage.visit(stage.sandbox.browser()).await;
    attempt.outcome().await.expect("signed in");
}

#[tokio::test]
async fn a_10_another_account_is_asked_about_and_given_back() {
    let stage = Stage::signed_in().await;
    let before = stage.kept();
    let (question, outcome) = answered(&stage, "bob", Answer::GiveBack).await;
    let Question::OtherAccount { before: old, now } = question else {
        panic!("asked something else: {question:?}");
    };
    assert_eq!(
        (old.as_str(), now.as_str()),
        ("Ada Practice", "Bob Practice")
    );
    outcome.expect_err("given back");
    assert_eq!(stage.kept(), before);
    assert_eq!(
        stage.sandbox.live_refresh_tokens(),
        before.refresh.into_iter().collect::<Vec<_>>(),
        "only ada's is left"
    );
}

#[tokio::test]
async fn a_10_another_account_replaces_the_first_when_the_person_says_so() {
    let stage = Stage::signed_in().await;
    let (_, outcome) = answered(&stage, "bob", Answer::Accept).await;
    let account = outcome.expect("replaced").account.expect("known");
    assert_eq!(account.as_str(), "Bob Practice");
    let kept = stage.connection().grant.and_then(|grant| grant.account);
    let kept = kept.expect("an account");
    assert_eq!(kept.id.expect("an id").raw(), "sub-bob");
    assert_eq!(kept.source, AccountSource::TestRead);
}

#[tokio::test]
async fn a_07_declining_leaves_the_old_grant_alone() {
    let stage = Stage::signed_in().await;
    let before = stage.kept();
    let browser = stage.sandbox.browser().denying();
    let error = stage.sign_in_by(browser).await.expect_err("declined");
    assert!(matches!(*error, Error::Declined));
    assert_eq!(stage.kept(), before);
    assert!(stage.sandbox.requests_to("/token").is_empty());
    let token = stage.token().await.expect("still there");
    assert!(stage.sandbox.accepts_access(&token));
}

#[tokio::test]
async fn a_06_the_other_refusals_end_the_attempt_by_their_own_code() {
    let stage = Stage::signed_in().await;
    for (code, expected) in [
        ("invalid_request", AuthorizationErrorCode::InvalidRequest),
        (
            "unauthorized_client",
            AuthorizationErrorCode::UnauthorizedClient,
        ),
        (
            "unsupported_response_type",
            AuthorizationErrorCode::UnsupportedResponseType,
        ),
        ("invalid_scope", AuthorizationErrorCode::InvalidScope),
        ("server_error", AuthorizationErrorCode::ServerError),
        (
            "temporarily_unavailable",
            AuthorizationErrorCode::TemporarilyUnavailable,
        ),
    ] {
        let before = stage.kept();
        stage.once("/authorize", &[&format!("authorize_error={code}")]);
        let error = stage.sign_in().await.expect_err(code);
        match &*error {
            Error::Authorization(refusal) => assert_eq!(refusal.code, expected),
            other => panic!("{code}: {other:?}"),
        }
        assert_eq!(stage.kept(), before, "{code}");
    }
}

#[tokio::test]
async fn g_02_a_wrong_issuer_ends_the_attempt_and_no_code_is_exchanged() {
    let stage = Stage::signed_in().await;
    let before = stage.kept();
    stage.set("iss=https://evil.example");
    let error = stage.sign_in().await.expect_err("another provider");
    match &*error {
        Error::WrongIssuer { expected, got } => {
            assert_eq!(expected, stage.sandbox.issuer());
            assert_eq!(
                got.as_ref().map(|got| got.raw()),
                Some("https://evil.example")
            );
        }
        other => panic!("{other:?}"),
    }
    assert!(stage.sandbox.requests_to("/token").is_empty());
    assert_eq!(stage.kept(), before);
}

#[tokio::test]
async fn g_02_an_issuer_that_was_promised_must_come() {
    let stage = Stage::signed_in().await;
    stage.set("iss=absent");
    let error = stage.sign_in().await.expect_err("no issuer");
    assert!(matches!(&*error, Error::WrongIssuer { got: None, .. }));
    assert!(stage.sandbox.requests_to("/token").is_empty());
}

#[tokio::test]
async fn g_04_a_foreign_issuers_words_are_not_passed_on() {
    let stage = Stage::new().await;
    stage.set("iss=https://evil.example");
    stage.set("authorize_error=invalid_scope");
    let error = stage.sign_in().await.expect_err("another provider");
    assert!(matches!(*error, Error::WrongIssuer { .. }));
}

#[tokio::test]
async fn f_10_a_wrong_state_is_ignored_and_the_true_answer_succeeds() {
    let stage = Stage::new().await;
    let attempt = stage.begin();
    let approved = stage.approve().await;
    for (name, value, reason) in [
        ("state", "wrong", IgnoreReason::WrongState),
        ("state", "", IgnoreReason::MissingState),
        ("code", "", IgnoreReason::MissingCode),
    ] {
        let url = approved.with(name, value);
        let cookie = approved.cookie.clone();
        let answer = off(move || crate::web::get(&url, &[("Cookie", &cookie)])).await;
        assert_eq!(answer.status, 400);
        assert!(
            !answer.body.contains("wrong"),
            "nothing of the request in the page"
        );
        let what = stage.ignored().await;
        assert!(
            matches!(what, valetkey::engine::Ignored::Answer(told) if told == reason),
            "{what:?}"
        );
    }
    assert!(stage.sandbox.requests_to("/token").is_empty());
    let page = off(move || approved.deliver(&approved.callback)).await;
    assert_eq!(page.status, 200);
    attempt.outcome().await.expect("signed in");
}

#[tokio::test]
async fn f_18_a_second_answer_is_reported_and_the_first_counts() {
    let stage = Stage::new().await;
    stage.set("token_hold=on");
    let attempt = stage.begin();
    let approved = stage.approve().await;
    let other = approved.with("code", "another-code");
    let cookie = approved.cookie.clone();
    let first = tokio::spawn(off(move || approved.deliver(&approved.callback)));
    stage.sandbox.until_held(1).await;
    let second = off(move || crate::web::get(&other, &[("Cookie", &cookie)])).await;
    assert_eq!(second.status, 400);
    stage.sandbox.release(1);
    assert_eq!(first.await.expect("done").status, 200);
    attempt.outcome().await.expect("signed in");
    assert_eq!(stage.sandbox.requests_to("/token").len(), 1);
    let warned = stage.told().iter().any(|event| {
        matches!(
            event,
            AttemptEvent::Ignored(valetkey::engine::Ignored::SecondAnswer)
        )
    });
    assert!(warned, "the second answer is told");
}

#[tokio::test]
async fn f_06_favicons_and_prefetches_change_nothing() {
    let stage = Stage::new().await;
    let browser = stage.sandbox.browser().fetching_icons().prefetching();
    stage.sign_in_by(browser).await.expect("signed in");
    assert_eq!(stage.sandbox.requests_to("/token").len(), 1);
}

#[tokio::test]
async fn e_12_an_answer_from_another_browser_is_ignored() {
    let stage = Stage::new().await;
    let attempt = stage.begin();
    let approved = stage.approve().await;
    let url = approved.callback.clone();
    let stranger = off(move || crate::web::get(&url, &[])).await;
    assert_ne!(stranger.status, 200);
    assert!(matches!(
        stage.ignored().await,
        valetkey::engine::Ignored::OtherBrowser
    ));
    off(move || approved.deliver(&approved.callback)).await;
    attempt.outcome().await.expect("signed in");
}

#[tokio::test]
async fn c40_an_answer_behind_the_hash_is_named() {
    let stage = Stage::new().await;
    stage.set("callback_fragment=on");
    let attempt = stage.begin();
    let page = stage.visit(stage.sandbox.browser()).await;
    assert_eq!(page.status, 400);
    let what = stage.ignored().await;
    assert!(
        matches!(
            what,
            valetkey::engine::Ignored::Answer(IgnoreReason::FragmentAnswer)
        ),
        "{what:?}"
    );
    attempt.remote.cancel();
    assert!(matches!(
        *attempt.outcome().await.expect_err("stopped"),
        Error::Cancelled
    ));
}

#[tokio::test]
async fn nobody_answers_and_nothing_changes() {
    let stage = Stage::signed_in().await;
    let before = stage.kept();
    tokio::time::pause();
    let attempt = stage.begin_with(SignInOptions {
        timeout: Some(Seconds(30)),
        ..SignInOptions::default()
    });
    let error = attempt.outcome().await.expect_err("nobody");
    assert!(matches!(
        *error,
        Error::NobodyAnswered {
            waited: Seconds(30)
        }
    ));
    assert_eq!(stage.kept(), before);
}

#[tokio::test]
async fn e_14_after_45_seconds_without_an_answer_another_browser_is_suggested() {
    let stage = Stage::new().await;
    let attempt = stage.begin();
    let approved = stage.approve().await;
    let hints = |stage: &Stage| {
        let told = stage.told();
        let hint = |event: &&AttemptEvent| {
            matches!(
                event,
                AttemptEvent::Ignored(valetkey::engine::Ignored::NoAnswerYet)
            )
        };
        told.iter().filter(hint).count()
    };
    tokio::time::pause();
    for (seconds, expected) in [(40, 0), (10, 1), (300, 0)] {
        tokio::time::advance(std::time::Duration::from_secs(seconds)).await;
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        assert_eq!(hints(&stage), expected, "after {seconds} more");
    }
    tokio::time::resume();
    off(move || approved.deliver(&approved.callback)).await;
    attempt.outcome().await.expect("signed in");
}
