//! Switches as text.

use super::*;
use crate::sandbox::BehaviourError;

#[test]
fn an_unknown_key_is_an_error_that_lists_the_known_ones() {
    for key in [
        "rotaton",
        "tokens_drop",
        "token_dorp",
        "callback.",
        "nothing.issuer",
        "",
    ] {
        let error = Behaviour::parse([format!("{key}=on")]).expect_err("unknown");
        let listed = error.to_string();
        assert!(matches!(error, BehaviourError::UnknownKey { .. }), "{key}");
        assert!(
            listed.contains("rotation=on|off") && listed.contains("ENDPOINT_drop="),
            "{key}"
        );
        assert!(listed.contains("metadata.MEMBER=absent") && listed.contains("expires_in=VALUE"));
    }
}

#[test]
fn a_value_must_fit_its_switch() {
    for bad in [
        "rotation=maybe",
        "grace=soon",
        "grace=-1",
        "token_drop=later",
        "pkce=",
    ] {
        let error = Behaviour::parse([bad]).expect_err("does not fit");
        assert!(matches!(error, BehaviourError::BadValue { .. }), "{bad}");
    }
    let error = Behaviour::parse(["rotation"]).expect_err("no value");
    assert_eq!(error, BehaviourError::NotAPair("rotation".to_owned()));
}

#[test]
fn short_names_mean_the_long_ones_and_the_last_wins() {
    let short = Behaviour::parse(["expires_in=1", "expires_in=2", "iss=wrong"]).expect("known");
    let long = Behaviour::parse(["token.expires_in=2", "callback.iss=wrong"]).expect("known");
    assert_eq!(short, long);
    let mut emptied = short;
    emptied.unset("expires_in");
    emptied.unset("iss");
    assert_eq!(emptied, Behaviour::default());
}

#[test]
fn values_may_contain_anything() {
    let switches = [
        "token_body={\"a\":\"b=c\"}",
        "metadata.issuer=https://x.example/?a=b",
    ];
    assert!(Behaviour::parse(switches).is_ok());
}

#[tokio::test]
async fn switches_can_hold_for_one_request_each() {
    let sandbox = sandbox(&[]).await;
    sandbox
        .once("/jwks", &["jwks_status=500"])
        .expect("a switch");
    sandbox
        .once("/jwks", &["jwks_body=second"])
        .expect("a switch");
    assert_eq!(get(&sandbox, "/", "").await.0, 200);
    assert_eq!(get(&sandbox, "/jwks", "").await.0, 500);
    assert_eq!(get(&sandbox, "/jwks", "").await.1, "second");
    assert_eq!(get(&sandbox, "/jwks", "").await.0, 200);
    assert_eq!(sandbox.behaviour(), Behaviour::default());
}
