//! What is taken from a token answer, and what is not.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use valetkey::engine::{Endpoint, Error, FailureKind};
use valetkey::model::{Expiry, UnixTime};

use crate::stage::{NOON, Stage, off};

#[tokio::test]
async fn i_04_a_lifetime_counts_from_the_moment_of_asking() {
    let stage = Stage::new().await;
    stage.set("token_hold=on");
    let attempt = stage.begin();
    let approved = stage.approve().await;
    let page = tokio::spawn(off(move || approved.deliver(&approved.callback)));
    stage.sandbox.until_held(1).await;
    stage.pass(20);
    stage.sandbox.release(1);
    page.await.expect("answered");
    attempt.outcome().await.expect("signed in");
    let grant = stage.connection().grant.expect("a grant");
    assert_eq!(grant.expiry, Expiry::At(UnixTime(NOON + 3600)));
}

#[tokio::test]
async fn i_07_a_token_that_could_break_an_output_is_refused() {
    let stage = Stage::signed_in().await;
    let before = stage.kept();
    for token in [
        r#""a b""#,
        r#""a\nb""#,
        r#""a\rb""#,
        r#""a\tb""#,
        r#""a\u0000b""#,
        r#""a\u007fb""#,
        r#""a\u2028b""#,
        r#""""#,
        "7",
        "null",
    ] {
        stage.once("/token", &[&format!("token.access_token={token}")]);
        let error = stage.sign_in().await.expect_err(token);
        let Error::Provider(failure) = &*error else {
            panic!("{token}: {error:?}");
        };
        assert!(
            matches!(failure.kind, FailureKind::Malformed(_)),
            "{token}: {failure:?}"
        );
        assert_eq!(stage.kept(), before, "{token}");
    }
}

#[tokio::test]
async fn i_10_members_that_nobody_knows_are_not_stored() {
    const CANARY: &str = "canary-of-an-unknown-member";
    let stage = Stage::new().await;
    stage.set(&format!("token.another_secret={CANARY}"));
    stage.sign_in().await.expect("signed in");
    stage.engine.refresh(&stage.id).await.expect("refreshed");
    assert!(!lies_in(stage.folder(), CANARY.as_bytes()));
    assert!(
        lies_in(stage.folder(), b"items:write"),
        "the search looks where things are stored"
    );
}

#[tokio::test]
async fn c_07_what_a_token_says_of_itself_decides_nothing() {
    let stage = Stage::new().await;
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let lying = format!(
        "{}.{}.c2ln",
        part(r#"{"alg":"none"}"#),
        part(r#"{"exp":1,"scope":"admin","sub":"mallory"}"#)
    );
    stage.set(&format!("token.access_token=text:{lying}"));
    let outcome = stage.sign_in().await.expect("signed in");
    assert_eq!(outcome.granted, Some(outcome.requested));
    stage.sandbox.clear_requests();
    assert_eq!(stage.token().await.expect("not expired"), lying);
    assert!(stage.sandbox.requests_to("/token").is_empty());
}

#[tokio::test]
async fn h_04_a_web_page_is_told_as_one_and_the_grant_is_kept() {
    let stage = Stage::signed_in().await;
    let before = stage.kept();
    stage.once("/token", &["token_unavailable=200"]);
    let error = stage.engine.refresh(&stage.id).await;
    let Err(Error::Provider(failure)) = error else {
        panic!("{error:?}");
    };
    assert_eq!(failure.at, Endpoint::Refresh);
    assert_eq!(failure.kind, FailureKind::WebPage);
    let after = stage.kept();
    assert_eq!(
        (&after.access, &after.refresh),
        (&before.access, &before.refresh)
    );
}

#[tokio::test]
async fn d_02_every_attempt_has_a_verifier_and_a_state_of_its_own() {
    let stage = Stage::new().await;
    for _ in 0..3 {
        stage.sign_in().await.expect("signed in");
    }
    let mut drawn: Vec<String> = Vec::new();
    for request in stage.sandbox.requests_to("/token") {
        let form = request.form();
        drawn.push(form.get("code_verifier").expect("a verifier").to_owned());
    }
    for request in stage.sandbox.requests_to("/authorize") {
        let query = request.query();
        drawn.push(query.get("state").expect("a state").to_owned());
    }
    assert!(drawn.iter().all(|text| text.len() >= 43), "32 bytes each");
    let all = drawn.len();
    drawn.sort();
    drawn.dedup();
    assert_eq!((drawn.len(), all), (6, 6));
}

fn lies_in(folder: &Path, wanted: &[u8]) -> bool {
    fs::read_dir(folder)
        .expect("a folder")
        .flatten()
        .any(|entry| {
            let path = entry.path();
            if path.is_dir() {
                return lies_in(&path, wanted);
            }
            let bytes = fs::read(path).expect("read");
            bytes.windows(wanted.len()).any(|window| window == wanted)
        })
}
