//! What is stored stays as it is until a new sign-in is accepted, whatever fails on the way.

use std::os::unix::fs::PermissionsExt as _;

use valetkey::engine::{Endpoint, Error, FailureKind};

use crate::stage::Stage;

/// Everything that a token endpoint does wrong, and whether it had issued tokens by then.
const FAULTS: &[&[&str]] = &[
    &["token_error=invalid_grant"],
    &["token_error=invalid_client"],
    &["token_error=unauthorized_client"],
    &["token_error=invalid_scope"],
    &["token_error=something_new"],
    &["token_error_in_200=invalid_grant"],
    &["token_shape=ok_false"],
    &["token_unavailable=503"],
    &["token_unavailable=200"],
    &["token_status=500"],
    &["token_status=404"],
    &["token_redirect=302:https://evil.example/token"],
    &["token_redirect=307:https://evil.example/token"],
    &["token_content_type=text/html"],
    &["token_body=[]"],
    &["token_body=null"],
    &["token_body={}"],
    &["token_body={\"access_token\":\"a\",\"token_type\":\"Bearer\"}{}"],
    &["token_big=2000000"],
    &["token_duplicate=access_token"],
    &["token_nest=data"],
    &["token_type=mac"],
    &["token_type=absent"],
    &["token.access_token=absent"],
    &["token.access_token=a b"],
    &["token_length=+5"],
    &["token_drop=undone"],
    &["token_drop=before"],
    &["token_drop=headers"],
    &["token_drop=mid-body"],
];

#[tokio::test]
async fn a_05_b_11_no_fault_of_the_token_endpoint_costs_the_old_grant_or_a_second_presentation() {
    let stage = Stage::signed_in().await;
    for fault in FAULTS {
        stage.sandbox.clear_requests();
        let before = stage.kept();
        stage.once("/token", fault);
        let error = stage.sign_in().await.expect_err(fault[0]);
        let failure = match &*error {
            Error::Provider(failure) => failure,
            other => panic!("{fault:?}: {other:?}"),
        };
        assert_eq!(failure.at, Endpoint::Token, "{fault:?}");
        assert_eq!(stage.kept(), before, "{fault:?}");
        assert_eq!(stage.sandbox.requests_to("/token").len(), 1, "{fault:?}");
    }
    let token = stage.token().await.expect("the old one");
    assert!(stage.sandbox.accepts_access(&token));
    stage.sign_in().await.expect("and a good answer is taken");
}

#[tokio::test]
async fn h_01_a_redirect_of_the_token_endpoint_is_named_and_not_followed() {
    let stage = Stage::new().await;
    let elsewhere = stage.sandbox.at("/elsewhere");
    stage.set(&format!("token_redirect=307:{elsewhere}"));
    let error = stage.sign_in().await.expect_err("redirected");
    let Error::Provider(failure) = &*error else {
        panic!("{error:?}");
    };
    assert!(matches!(&failure.kind, FailureKind::Redirect(to) if to.raw() == elsewhere));
    assert!(stage.sandbox.requests_to("/elsewhere").is_empty());
}

#[tokio::test]
async fn a_10_not_knowing_who_it_is_does_not_fail_the_sign_in() {
    for switches in [
        ["userinfo_unavailable=503", "me_unavailable=503"],
        ["userinfo_body=[]", "me_body=[]"],
    ] {
        let stage = Stage::new().await;
        for switch in switches {
            stage.set(switch);
        }
        let outcome = stage.sign_in().await.expect("signed in");
        assert_eq!(outcome.account, None);
    }
}

#[tokio::test]
async fn t_05_without_a_place_to_store_the_browser_does_not_open() {
    let stage = Stage::signed_in().await;
    let before = stage.kept();
    stage.engine.lock_vault();
    let error = stage.begin().outcome().await.expect_err("locked");
    assert!(matches!(
        &*error,
        Error::Vault(valetkey::vault::VaultError::Locked)
    ));
    assert!(stage.sandbox.requests().is_empty());
    assert_eq!(stage.kept(), before);
}

#[tokio::test]
async fn u_02_a_folder_that_others_may_read_stops_the_sign_in_before_the_code_is_spent() {
    let stage = Stage::signed_in().await;
    let locks = stage.folder().join("data/locks");
    let before = stage.kept();
    std::fs::set_permissions(&locks, std::fs::Permissions::from_mode(0o755)).expect("opened");
    let error = stage.sign_in().await.expect_err("not private");
    assert!(matches!(
        &*error,
        Error::Vault(valetkey::vault::VaultError::NotPrivate { .. })
    ));
    assert!(stage.sandbox.requests_to("/token").is_empty());
    assert_eq!(stage.kept(), before);
}
