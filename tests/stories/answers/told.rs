//! What a provider says of its refusals, and what a person is told of it.

use valetkey::advice::{Advice, Fix, advise};
use valetkey::engine::Error;
use valetkey::model::{ClientAuth, EndReason, Health, Secret};

use super::{body, health, sent, sign_in};
use crate::stage::{NAME, Stage};

/// The advice for a sign-in whose code was refused by this answer.
async fn refused(stage: &Stage, switches: &[&str]) -> Advice {
    stage.once("/token", switches);
    advise(&sign_in(stage).await.expect_err(switches[0]))
}

#[tokio::test]
async fn a35_a_providers_words_are_cut_and_made_harmless() {
    let stage = Stage::signed_in().await;
    let before = stage.kept();
    let hostile = "\u{1b}[2J\u{202e}\u{7}";
    let error = serde_json::json!({
        "error": hostile.repeat(3),
        "error_description": format!("{hostile}{}", "x".repeat(900_000)),
    });
    let answer = body(error.to_string());
    let advice = refused(&stage, &[&answer, "token_status=400"]).await;
    harmless(&advice.sentence);
    stage.once("/token", &[&answer, "token_status=400"]);
    let error = stage.engine.refresh(&stage.id).await.expect_err("refused");
    harmless(&advise(&error).sentence);
    let after = stage.kept();
    assert!(after.refresh == before.refresh && after.access == before.access);
    // The row keeps it too.
    let row = stage.engine.rows().expect("rows").remove(0);
    assert_eq!(row.verdict.health, Health::Error);
    harmless(&row.verdict.message.expect("a reason"));
}

fn harmless(told: &str) {
    assert!(told.contains('\u{241b}'), "{told}");
    assert!(!told.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{told}");
    assert!(told.chars().count() < 2500, "{}", told.len());
}

#[tokio::test]
async fn a36_a_page_about_an_error_is_offered_only_over_https_and_opened_by_nobody() {
    let stage = Stage::signed_in().await;
    let long = format!("https://help.example/{}", "a".repeat(2000));
    for (page, offered) in [
        ("https://help.example/why?x=1#there", true),
        ("http://help.example/why", false),
        ("javascript:alert(1)", false),
        ("file:///etc/passwd", false),
        ("https://user@help.example/", false),
        ("https://help.example/$(id)", false),
        ("https://help.example/\u{202e}", false),
        (&long, false),
        ("--help", false),
    ] {
        let error = format!("error.error_uri=text:{page}");
        let advice = refused(&stage, &["token_error=invalid_scope", &error]).await;
        let fix = Fix::OpenPage(page.to_owned());
        assert_eq!(advice.fixes.contains(&fix), offered, "{page}");
        let hint = advice.hint.expect("a hint");
        assert_eq!(hint.contains(page), offered, "{page}: {hint}");
        assert!(!advice.sentence.contains(page), "{page}");
        assert!(!stage.browser_waits().await, "{page}: opened unasked");
    }
    stage.once(
        "/token",
        &[
            "token_error=invalid_scope",
            "error.error_uri=https://help.example/",
        ],
    );
    let error = stage.engine.refresh(&stage.id).await.expect_err("refused");
    let hint = advise(&error).hint.expect("a hint");
    assert!(hint.ends_with("at https://help.example/"), "{hint}");
    assert!(!stage.browser_waits().await);
}

#[tokio::test]
async fn a36_the_page_about_a_refused_sign_in_is_offered_by_the_same_rule() {
    let stage = Stage::signed_in().await;
    stage.set("authorize_error=invalid_scope");
    for (page, offered) in [
        ("https://help.example/", true),
        ("javascript:alert(1)", false),
    ] {
        stage.set(&format!("callback.error_uri={page}"));
        let error = stage.sign_in().await.expect_err("refused");
        assert!(matches!(&*error, Error::Authorization(_)), "{error:?}");
        let fix = Fix::OpenPage(page.to_owned());
        assert_eq!(advise(&error).fixes.contains(&fix), offered, "{page}");
        assert!(!stage.browser_waits().await, "{page}: opened unasked");
    }
}

/// Of a confidential client, by this method.
async fn confidential(auth: ClientAuth) -> Stage {
    let stage = Stage::with(|new| {
        new.client_id = String::from(match auth {
            ClientAuth::Post => "valetkey-confidential-post",
            _ => "valetkey-confidential",
        });
        new.client_secret = Some(Secret::new("practice-secret-not-real".to_owned()));
        new.auth = auth;
    })
    .await;
    stage.sign_in().await.expect("signed in");
    stage
}

#[tokio::test]
async fn a37_a_challenge_for_basic_names_the_method_where_another_one_was_used() {
    // The stand-in asks for Basic with every `invalid_client`.
    let switch = ["token_error=invalid_client"];
    for (auth, words, first) in [
        (
            ClientAuth::Post,
            "in a header (HTTP Basic), not in the body",
            Fix::SecretInHeader,
        ),
        (
            ClientAuth::Basic,
            "this client ID and secret together",
            Fix::SecretInBody,
        ),
    ] {
        let stage = confidential(auth).await;
        let before = stage.kept();
        stage.sandbox.clear_requests();
        let advice = refused(&stage, &switch).await;
        assert!(
            advice.sentence.contains(words),
            "{auth:?}: {}",
            advice.sentence
        );
        assert_eq!(advice.fixes[0], first, "{auth:?}");
        assert_eq!(sent(&stage), 1, "no other method is tried");
        assert!(stage.kept() == before);
        stage.once("/token", &switch);
        let error = stage.engine.refresh(&stage.id).await.expect_err("refused");
        let told = advise(&error).sentence;
        assert!(told.contains(words), "{auth:?}: {told}");
        assert!(told.ends_with("The sign-in is kept."), "{told}");
        assert_eq!(sent(&stage), 2, "no other method is tried");
        assert_eq!(health(&stage), Health::Error);
        let after = stage.kept();
        assert!(after.refresh == before.refresh && after.access == before.access);
    }
    let stage = Stage::signed_in().await;
    let advice = refused(&stage, &switch).await;
    let words = "does not accept this client ID without a secret";
    assert!(advice.sentence.contains(words), "{}", advice.sentence);
    assert_eq!(advice.fixes[0], Fix::ChangeSecret);
}

#[tokio::test]
async fn a38_invalid_grant_at_a_refresh_ends_the_sign_in_and_leaves_no_token() {
    let mut stage = Stage::signed_in().await;
    stage.once("/token", &["token_error=invalid_grant"]);
    let error = stage.engine.refresh(&stage.id).await.expect_err("ended");
    let Error::NeedsSignIn { reason, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(*reason, Some(EndReason::EndedByProvider));
    let advice = advise(&error);
    assert!(
        advice
            .sentence
            .starts_with(&format!("{NAME} needs a new sign-in."))
    );
    assert_eq!(advice.fixes, [Fix::SignInAgain]);
    assert_eq!(sent(&stage), 1);
    let kept = stage.kept();
    assert_eq!((kept.access, kept.refresh), (None, None));
    // It says so at the next start as well, and nothing is presented any more.
    stage.restart();
    let row = stage.engine.rows().expect("rows").remove(0);
    assert_eq!(row.verdict.health, Health::NeedsSignIn);
    assert_eq!(row.verdict.reason, Some("ended-by-provider"));
    stage.token().await.expect_err("ended");
    stage.engine.refresh(&stage.id).await.expect_err("ended");
    assert_eq!(sent(&stage), 1);
    stage.sign_in().await.expect("signed in anew");
    assert_eq!(health(&stage), Health::Untested);
}

#[tokio::test]
async fn a32_a_success_of_another_kind_may_have_spent_the_refresh_token() {
    let stage = Stage::signed_in().await;
    stage.once("/token", &["token_status=201"]);
    stage.engine.refresh(&stage.id).await.expect_err("refused");
    assert!(
        stage.kept().refresh.is_some(),
        "kept, as far as anybody knows"
    );
    // The provider forgives no second presentation: that is told as what it is.
    let error = stage.engine.refresh(&stage.id).await.expect_err("spent");
    let Error::NeedsSignIn { reason, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(reason, Some(EndReason::RefreshInterrupted));
}

#[tokio::test]
async fn a29_slacks_false_is_an_error_under_its_quirk() {
    let quirk = valetkey::model::Quirk::OkFalse;
    let stage = Stage::with(|new| {
        new.provider.quirks.insert(quirk);
    })
    .await;
    stage.sign_in().await.expect("signed in");
    let advice = refused(&stage, &["token_body={\"ok\":false}"]).await;
    assert!(
        advice.sentence.contains("(ok: false)"),
        "{}",
        advice.sentence
    );
    let over = "token_body={\"ok\":false,\"error\":\"invalid_refresh_token\"}";
    stage.once("/token", &[over]);
    let error = stage.engine.refresh(&stage.id).await.expect_err("over");
    assert!(matches!(error, Error::NeedsSignIn { .. }), "{error:?}");

    // Without the quirk the same words end nothing.
    let stage = Stage::signed_in().await;
    stage.once("/token", &[over]);
    let error = stage.engine.refresh(&stage.id).await.expect_err("refused");
    let told = advise(&error).sentence;
    assert!(
        told.contains("refused it (invalid_refresh_token)"),
        "{told}"
    );
    assert!(stage.kept().refresh.is_some());
}
