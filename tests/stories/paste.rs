//! Pasting the address that the browser ended on.

use valetkey::engine::{AttemptEvent, Error, Ignored, PasteProblem, SignInOptions};
use valetkey::model::{Quirk, Secret};
use valetkey::oauth::IgnoreReason;

use crate::stage::Stage;

fn options() -> SignInOptions {
    SignInOptions {
        no_browser: true,
        ..SignInOptions::default()
    }
}

/// The address that a browser elsewhere ended on.
async fn ended_on(stage: &Stage) -> String {
    let start = stage
        .event(|event| match event {
            AttemptEvent::Way(valetkey::engine::Way::Open { start_url }) => Some(start_url.clone()),
            _ => None,
        })
        .await;
    let mut browser = stage.sandbox.browser().stopping_before_callback();
    browser.visit(&start).await.expect("a visit").url
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

#[tokio::test]
async fn e1_the_whole_address_signs_in() {
    let stage = Stage::new().await;
    let attempt = stage.begin_with(options());
    let url = ended_on(&stage).await;
    attempt.remote.paste(secret(&url));
    attempt.outcome().await.expect("signed in");
}

#[tokio::test]
async fn e3_an_address_wrapped_over_lines_signs_in() {
    let stage = Stage::new().await;
    let attempt = stage.begin_with(options());
    let url = ended_on(&stage).await;
    let wrapped: Vec<&str> = url
        .as_bytes()
        .chunks(30)
        .map(|line| std::str::from_utf8(line).expect("ASCII"))
        .collect();
    attempt
        .remote
        .paste(secret(&format!("  <{}>\n", wrapped.join("\r\n"))));
    attempt.outcome().await.expect("signed in");
}

#[tokio::test]
async fn f_10_what_is_not_the_answer_is_named_and_the_answer_still_counts() {
    let stage = Stage::new().await;
    let attempt = stage.begin_with(options());
    let url = ended_on(&stage).await;
    let code = url
        .split("code=")
        .nth(1)
        .and_then(|rest| rest.split('&').next());
    let at = url.find("state=").expect("a state") + "state=".len();
    let other_state = format!("{}x{}", &url[..at], &url[at..]);
    for (pasted, problem) in [
        ("hello there", PasteProblem::NotAnAddress),
        (code.expect("a code"), PasteProblem::BareCode),
        (
            &other_state,
            PasteProblem::Ignored(IgnoreReason::WrongState),
        ),
        (
            &url.replace("/callback", "/elsewhere"),
            PasteProblem::OtherAddress,
        ),
        (
            &stage.sandbox.at("/authorize?client_id=x"),
            PasteProblem::AuthorizationAddress,
        ),
    ] {
        attempt.remote.paste(secret(pasted));
        let what = stage.ignored().await;
        assert!(
            matches!(&what, Ignored::Paste(named) if *named == problem),
            "{pasted}: {what:?}"
        );
    }
    assert!(stage.sandbox.requests_to("/token").is_empty());
    attempt.remote.paste(secret(&url));
    attempt.outcome().await.expect("signed in");
}

#[tokio::test]
async fn g_02_a_pasted_answer_of_another_issuer_ends_the_attempt() {
    let stage = Stage::new().await;
    stage.set("iss=https://evil.example");
    let attempt = stage.begin_with(options());
    let url = ended_on(&stage).await;
    attempt.remote.paste(secret(&url));
    let error = attempt.outcome().await.expect_err("another provider");
    assert!(matches!(*error, Error::WrongIssuer { .. }));
}

#[tokio::test]
async fn a_07_a_pasted_refusal_is_the_persons_choice() {
    let stage = Stage::signed_in().await;
    let before = stage.kept();
    let attempt = stage.begin_with(options());
    let start = stage
        .event(|event| match event {
            AttemptEvent::Way(valetkey::engine::Way::Open { start_url }) => Some(start_url.clone()),
            _ => None,
        })
        .await;
    let (authorize, _) = crate::stage::off(move || crate::web::follow(&start)).await;
    let url = stage.sandbox.deny(&authorize).expect("denied");
    attempt.remote.paste(secret(&url));
    assert!(matches!(
        *attempt.outcome().await.expect_err("declined"),
        Error::Declined
    ));
    assert_eq!(stage.kept(), before);
}

#[tokio::test]
async fn i_09_scopes_that_come_beside_the_code_are_what_was_granted() {
    let stage = Stage::with(|new| {
        new.provider.quirks.insert(Quirk::ScopeInCallback);
    })
    .await;
    // What the token answer states goes first.
    for (answers, expected) in [
        ("scope=absent", "profile items:read"),
        ("scope=profile", "profile"),
    ] {
        stage.set(answers);
        let attempt = stage.begin_with(options());
        let url = ended_on(&stage).await;
        attempt
            .remote
            .paste(secret(&format!("{url}&scope=profile,items:read")));
        attempt.outcome().await.expect("signed in");
        let granted = stage.connection().grant.expect("a grant").granted;
        assert_eq!(granted.expect("stated").to_string(), expected);
    }
}

#[tokio::test]
async fn e15_a_paste_counts_for_the_sign_in_that_its_state_names_and_no_other() {
    let stage = Stage::new().await;
    let second = stage.another("second").await;
    stage.told();
    let other = stage.engine.sign_in(&second, options()).expect("begun");
    let elsewhere = ended_on(&stage).await;
    stage.sandbox.clear_requests();
    let attempt = stage.begin_with(options());
    let here = ended_on(&stage).await;
    // By its port it is another address, by its state another sign-in.
    let query = |url: &str| url.split_once('?').expect("a query").1.to_owned();
    for (pasted, problem) in [
        (elsewhere.clone(), PasteProblem::OtherAddress),
        (
            query(&elsewhere),
            PasteProblem::Ignored(IgnoreReason::WrongState),
        ),
    ] {
        attempt.remote.paste(secret(&pasted));
        let what = stage.ignored().await;
        assert!(
            matches!(&what, Ignored::Paste(named) if *named == problem),
            "{what:?}"
        );
    }
    assert!(stage.sandbox.requests_to("/token").is_empty());
    other.remote.paste(secret(&elsewhere));
    other.outcome().await.expect("signed in");
    attempt.remote.paste(secret(&here));
    attempt.outcome().await.expect("signed in");
    assert_eq!(stage.sandbox.requests_to("/token").len(), 2);
}
