//! The device grant.

use super::*;
use crate::sandbox::ApprovalError;

async fn start(sandbox: &Sandbox) -> Value {
    let form = [("client_id", "valetkey-practice"), ("scope", "profile")];
    json(&post(sandbox, "/device_authorization", &form, "").await)
}

async fn poll(sandbox: &Sandbox, device: &Value) -> Value {
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", "valetkey-practice"),
        ("device_code", text(device, "device_code")),
    ];
    json(&post(sandbox, "/token", &form, "").await)
}

#[tokio::test]
async fn k_a_device_waits_until_it_is_approved() {
    let sandbox = sandbox(&[]).await;
    let device = start(&sandbox).await;
    assert_eq!(
        (device["expires_in"].as_i64(), device["interval"].as_i64()),
        (Some(600), Some(5))
    );
    assert_eq!(
        text(&poll(&sandbox, &device).await, "error"),
        "authorization_pending"
    );
    let typed = text(&device, "user_code").to_lowercase().replace('-', " ");
    sandbox.approve_device(&typed, "bob").expect("approved");
    let tokens = poll(&sandbox, &device).await;
    let me = json(&get(&sandbox, "/me", text(&tokens, "access_token")).await);
    assert_eq!(text(&me, "sub"), "sub-bob");
    assert_eq!(
        text(&poll(&sandbox, &device).await, "error"),
        "invalid_grant"
    );
}

#[tokio::test]
async fn k_06_denied_and_expired_end_it() {
    let sandbox = sandbox(&[]).await;
    let denied = start(&sandbox).await;
    sandbox
        .deny_device(text(&denied, "user_code"))
        .expect("denied");
    assert_eq!(
        text(&poll(&sandbox, &denied).await, "error"),
        "access_denied"
    );
    let late = start(&sandbox).await;
    sandbox.advance(600);
    assert_eq!(text(&poll(&sandbox, &late).await, "error"), "expired_token");
    let gone = sandbox.approve_device(text(&late, "user_code"), "ada");
    assert_eq!(gone, Err(ApprovalError::NoSuchDevice));
}

#[tokio::test]
async fn d_a_script_decides_poll_by_poll() {
    let sandbox = sandbox(&["device_script=pending,slow_down,policy_block,ok"]).await;
    let device = start(&sandbox).await;
    for expected in ["authorization_pending", "slow_down", "policy_block"] {
        assert_eq!(text(&poll(&sandbox, &device).await, "error"), expected);
    }
    assert!(text(&poll(&sandbox, &device).await, "access_token").starts_with("sbx_at_"));
}

#[tokio::test]
async fn d_1_and_d_2_members_can_be_bent() {
    let sandbox = sandbox(&[
        "device_interval=\"5\"",
        "device_expires_in=absent",
        "device.extra=1",
    ])
    .await;
    let device = start(&sandbox).await;
    assert_eq!(text(&device, "interval"), "5");
    assert_eq!(device["extra"].as_i64(), Some(1));
    assert!(device.get("expires_in").is_none());
}

#[tokio::test]
async fn the_browser_confirms_the_complete_address() {
    let sandbox = sandbox(&[]).await;
    let device = start(&sandbox).await;
    let address = text(&device, "verification_uri_complete");
    let visit = sandbox.browser().visit(address).await.expect("visited");
    assert!(visit.body.contains("Approved"));
    assert!(text(&poll(&sandbox, &device).await, "access_token").starts_with("sbx_at_"));
}
