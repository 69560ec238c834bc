//! Test reads, revocation, and definitions that change under a grant.

use valetkey::cli::practice_definition;
use valetkey::engine::{Endpoint, Error, FailureKind};
use valetkey::model::{EndReason, EndpointUrl, Health, RevokeRule, UnixTime};
use valetkey::vault::VaultError;

use crate::stage::{NAME, NOON, Stage};

fn url(text: &str) -> EndpointUrl {
    EndpointUrl::parse(text, false).expect(text)
}

fn health(stage: &Stage) -> Health {
    stage.engine.rows().expect("rows")[0].verdict.health
}

#[tokio::test]
async fn c_01_the_test_read_presents_the_token_in_the_header_alone() {
    let stage = Stage::signed_in().await;
    let report = stage.engine.test(NAME, None).await.expect("works");
    assert_eq!(report.status, 200);
    let read = &stage.sandbox.requests_to("/me")[0];
    assert_eq!(read.bearer(), stage.kept().access.as_deref());
    assert!(read.query().get("access_token").is_none() && read.body.is_empty());
    let grant = stage.connection().grant.expect("a grant");
    assert_eq!(grant.tested_at, Some(UnixTime(NOON)));
}

#[tokio::test]
async fn c_04_a_401_renews_once_and_reads_once_more() {
    let stage = Stage::signed_in().await;
    stage.once("/me", &["me_status=401"]);
    let report = stage
        .engine
        .test(NAME, None)
        .await
        .expect("works after a refresh");
    assert_eq!(report.status, 200);
    assert_eq!(stage.sandbox.requests_to("/me").len(), 2);
    assert_eq!(stage.sandbox.requests_to("/token").len(), 1);
}

#[tokio::test]
async fn c_04_a_second_401_is_the_end_of_it() {
    let stage = Stage::signed_in().await;
    stage.set("me_status=401");
    let error = stage.engine.test(NAME, None).await.expect_err("refused");
    let Error::Provider(failure) = error else {
        panic!("{error:?}");
    };
    assert_eq!(
        (failure.at, failure.kind),
        (Endpoint::Test, FailureKind::Status(401))
    );
    assert_eq!(stage.sandbox.requests_to("/me").len(), 2);
    assert_eq!(stage.sandbox.requests_to("/token").len(), 1);
    assert_eq!(health(&stage), Health::Error);
    stage.sandbox.unset("me_status");
    stage.engine.test(NAME, None).await.expect("works");
    assert_eq!(health(&stage), Health::Connected);
}

#[tokio::test]
async fn c_02_the_token_is_not_sent_to_a_foreign_host() {
    let stage = Stage::signed_in().await;
    for foreign in ["https://evil.example/me", "https://127.0.0.1:9/me"] {
        let error = stage
            .engine
            .test(NAME, Some(&url(foreign)))
            .await
            .expect_err(foreign);
        assert!(matches!(error, Error::ForeignHost { .. }));
    }
    let own = url(&stage.sandbox.at("/items"));
    let report = stage
        .engine
        .test(NAME, Some(&own))
        .await
        .expect("its own host");
    assert_eq!(report.status, 200);
}

#[tokio::test]
async fn l_01_the_refresh_token_is_revoked_first_and_both_are_erased() {
    let stage = Stage::signed_in().await;
    let before = stage.kept();
    let revoked = stage.engine.revoke(&stage.id).await.expect("revoked");
    assert!(!revoked.was_invalid);
    let sent: Vec<_> = stage
        .sandbox
        .requests_to("/revoke")
        .iter()
        .map(|request| request.form().get("token").map(str::to_owned))
        .collect();
    assert_eq!(sent, [before.refresh.clone(), before.access.clone()]);
    assert!(stage.sandbox.live_refresh_tokens().is_empty());
    assert!(!stage.sandbox.accepts_access(&before.access.expect("one")));
    let kept = stage.kept();
    assert_eq!((kept.access, kept.refresh), (None, None));
    let error = stage.token().await.expect_err("over");
    assert!(matches!(
        error,
        Error::NeedsSignIn {
            reason: Some(EndReason::RevokedByYou),
            ..
        }
    ));
    stage.sign_in().await.expect("the definition stays");
}

#[tokio::test]
async fn l_02_tokens_that_the_provider_forgot_count_as_revoked() {
    let stage = Stage::signed_in().await;
    stage.sandbox.revoke_all();
    stage
        .engine
        .revoke(&stage.id)
        .await
        .expect("as good as revoked");
    assert_eq!(stage.connection().ended, Some(EndReason::RevokedByYou));
}

#[tokio::test]
async fn l_03_an_access_token_that_cannot_be_revoked_is_told_with_its_end() {
    let stage = Stage::signed_in().await;
    stage.set("revocation=unsupported_token_type");
    let revoked = stage
        .engine
        .revoke(&stage.id)
        .await
        .expect("the refresh token is");
    assert!(revoked.access_token_lives);
    assert_eq!(revoked.access_token_until, Some(UnixTime(NOON + 3600)));
    assert!(stage.sandbox.live_refresh_tokens().is_empty());
}

#[tokio::test]
async fn l_04_a_provider_that_refuses_changes_nothing_and_nothing_is_claimed() {
    for fault in ["revocation=off", "revocation=invalid_client"] {
        let stage = Stage::signed_in().await;
        let before = stage.kept();
        stage.set(fault);
        let error = stage.engine.revoke(&stage.id).await.expect_err(fault);
        assert!(
            matches!(&error, Error::Provider(failure) if failure.at == Endpoint::Revocation),
            "{fault}: {error:?}"
        );
        assert_eq!(stage.kept(), before, "{fault}");
        assert!(stage.engine.waiting().expect("reads").is_empty());
    }
}

#[tokio::test]
async fn l_05_without_revocation_none_is_claimed() {
    let stage = Stage::with(|new| new.provider.revoke = RevokeRule::None).await;
    stage.sign_in().await.expect("signed in");
    let before = stage.kept();
    let error = stage
        .engine
        .revoke(&stage.id)
        .await
        .expect_err("none offered");
    assert!(matches!(error, Error::NoRevocation { manage_url: None }));
    assert_eq!(stage.kept(), before);
    assert!(stage.sandbox.requests_to("/revoke").is_empty());
}

#[tokio::test]
async fn g_07_an_edited_address_parks_the_tokens() {
    let stage = Stage::signed_in().await;
    let mut changed = stage.connection();
    changed.provider.endpoints.token = Some(url(&stage.sandbox.at("/elsewhere")));
    let edited = stage.engine.edit(&changed, None).expect("edited");
    assert!(edited.parked);
    let kept = stage.kept();
    assert_eq!((kept.access, kept.refresh), (None, None));
    for error in [
        stage.token().await.map(|_| ()).expect_err("parked"),
        stage
            .engine
            .refresh(&stage.id)
            .await
            .map(|_| ())
            .expect_err("parked"),
        stage
            .engine
            .revoke(&stage.id)
            .await
            .map(|_| ())
            .expect_err("parked"),
    ] {
        assert!(matches!(
            error,
            Error::NeedsSignIn {
                reason: Some(EndReason::EndpointsChanged),
                ..
            }
        ));
    }
    assert!(stage.sandbox.requests().is_empty());
}

#[tokio::test]
async fn a_changed_scope_parks_nothing() {
    let stage = Stage::signed_in().await;
    let mut changed = stage.connection();
    changed.requested = valetkey::model::ScopeSet::parse("profile").expect("a scope");
    assert!(!stage.engine.edit(&changed, None).expect("edited").parked);
    stage.token().await.expect("still there");
}

#[tokio::test]
async fn g_08_a_registration_is_not_shared_with_another_provider() {
    let stage = Stage::new().await;
    let known = stage.connection().registration.id;
    let base = stage.sandbox.url();
    let second = |token: &str| {
        let mut new = practice_definition(base, stage.sandbox.ca_pem()).expect("a definition");
        new.provider.endpoints.token = Some(url(token));
        new.reuse = Some(known.clone());
        stage.engine.add(new)
    };
    let error = second("https://other.example/token").expect_err("another provider");
    assert!(matches!(
        error,
        Error::Vault(VaultError::RegistrationDiffers)
    ));
    second(&stage.sandbox.at("/token")).expect("the same provider");
}
