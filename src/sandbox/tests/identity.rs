//! Identity tokens and their keys, checked with the crypto library alone.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

use super::*;

struct Parts {
    header: Value,
    claims: Value,
    signed: String,
    signature: Vec<u8>,
    access_token: String,
}

/// Signs in with `openid` and takes the identity token apart.
async fn identity(sandbox: &Sandbox) -> Parts {
    let tokens = sign_in(sandbox, "openid profile", &[("nonce", "nonce-1")]).await;
    take_apart(&tokens)
}

fn take_apart(tokens: &Value) -> Parts {
    let token = text(tokens, "id_token");
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let (header, claims) = signed.split_once('.').expect("three parts");
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("base64url");
    let value = |part: &str| serde_json::from_slice(&decode(part)).expect("JSON");
    Parts {
        header: value(header),
        claims: value(claims),
        signed: signed.to_owned(),
        signature: decode(signature),
        access_token: text(tokens, "access_token").to_owned(),
    }
}

async fn keys(sandbox: &Sandbox) -> Vec<Value> {
    let set = json(&get(sandbox, "/jwks", "").await);
    set["keys"].as_array().expect("a list").clone()
}

fn verifies(parts: &Parts, key: &Value) -> bool {
    let decode = |name: &str| URL_SAFE_NO_PAD.decode(text(key, name)).expect("base64url");
    let key = RsaPublicKeyComponents {
        n: decode("n"),
        e: decode("e"),
    };
    key.verify(
        &RSA_PKCS1_2048_8192_SHA256,
        parts.signed.as_bytes(),
        &parts.signature,
    )
    .is_ok()
}

#[tokio::test]
async fn r_a_good_identity_token_says_who_for_whom_and_when() {
    let sandbox = sandbox(&[]).await;
    let parts = identity(&sandbox).await;
    let keys = keys(&sandbox).await;
    assert_eq!(parts.header["kid"], keys[0]["kid"]);
    assert_eq!(text(&parts.header, "alg"), "RS256");
    assert!(verifies(&parts, &keys[0]));
    let at_hash = URL_SAFE_NO_PAD.encode(&Sha256::digest(&parts.access_token)[..16]);
    assert_eq!(
        parts.claims,
        serde_json::json!({
            "iss": sandbox.issuer(), "sub": "sub-ada", "aud": "valetkey-practice",
            "iat": START, "exp": START + 600, "auth_time": START,
            "nonce": "nonce-1", "at_hash": at_hash, "name": "Ada Practice",
        })
    );
}

#[tokio::test]
async fn r_each_fault_bends_one_thing() {
    let sandbox = sandbox(&[]).await;
    let good = identity(&sandbox).await;
    let key = keys(&sandbox).await.remove(0);
    for (fault, claim) in [
        ("wrong_iss", "iss"),
        ("wrong_aud", "aud"),
        ("extra_aud", "aud"),
        ("no_nonce", "nonce"),
        ("wrong_nonce", "nonce"),
        ("missing_sub", "sub"),
    ] {
        sandbox.set(&format!("id_token={fault}")).expect("a switch");
        let parts = identity(&sandbox).await;
        assert_ne!(parts.claims[claim], good.claims[claim], "{fault}");
        assert!(verifies(&parts, &key), "{fault}");
    }
    sandbox.set("id_token=wrong_at_hash").expect("a switch");
    let parts = identity(&sandbox).await;
    let at_hash = URL_SAFE_NO_PAD.encode(&Sha256::digest(&parts.access_token)[..16]);
    assert_ne!(text(&parts.claims, "at_hash"), at_hash);
    sandbox.set("id_token=expired").expect("a switch");
    assert!(identity(&sandbox).await.claims["exp"].as_i64() < Some(sandbox.now()));
}

#[tokio::test]
async fn r_03_and_r_04_signatures_can_be_bad() {
    let sandbox = sandbox(&[]).await;
    let key = keys(&sandbox).await.remove(0);
    for (fault, alg) in [
        ("bad_sig", "RS256"),
        ("alg_none", "none"),
        ("hs256", "HS256"),
        ("rs384", "RS384"),
    ] {
        sandbox.set(&format!("id_token={fault}")).expect("a switch");
        let parts = identity(&sandbox).await;
        assert_eq!(text(&parts.header, "alg"), alg);
        assert!(!verifies(&parts, &key), "{fault}");
    }
    sandbox.set("id_token=no_kid").expect("a switch");
    let parts = identity(&sandbox).await;
    assert!(parts.header.get("kid").is_none() && verifies(&parts, &key));
}

#[tokio::test]
async fn r_09_keys_rotate_and_key_sets_can_be_bent() {
    let sandbox = sandbox(&["key=second"]).await;
    let parts = identity(&sandbox).await;
    let second = keys(&sandbox).await.remove(0);
    assert!(verifies(&parts, &second));
    sandbox.set("jwks=stale").expect("a switch");
    let stale = keys(&sandbox).await;
    assert!(stale.len() == 1 && !verifies(&parts, &stale[0]));
    sandbox.set("jwks=same_kid").expect("a switch");
    let twins = keys(&sandbox).await;
    assert_eq!(twins[0]["kid"], twins[1]["kid"]);
    assert!(!verifies(&parts, &twins[0]) && verifies(&parts, &twins[1]));
    sandbox.set("jwks=no_kid").expect("a switch");
    assert!(
        keys(&sandbox)
            .await
            .iter()
            .all(|key| key.get("kid").is_none())
    );
    sandbox.set("jwks=empty").expect("a switch");
    assert!(keys(&sandbox).await.is_empty());
    sandbox.set("jwks=missing").expect("a switch");
    assert_eq!(get(&sandbox, "/jwks", "").await.1, "{}");
}

#[tokio::test]
async fn j_15_a_refresh_repeats_the_identity_without_a_nonce() {
    let sandbox = sandbox(&[]).await;
    let tokens = sign_in(&sandbox, "openid", &[("nonce", "nonce-1")]).await;
    let renewed = json(&refresh(&sandbox, text(&tokens, "refresh_token")).await);
    let parts = take_apart(&renewed);
    assert_eq!(text(&parts.claims, "sub"), "sub-ada");
    assert!(parts.claims.get("nonce").is_none());
    sandbox.set("subject=bob").expect("a switch");
    let renewed = json(&refresh(&sandbox, text(&renewed, "refresh_token")).await);
    assert_eq!(text(&take_apart(&renewed).claims, "sub"), "sub-bob");
}

#[tokio::test]
async fn g_18_it_comes_when_asked_for_unless_a_switch_says_otherwise() {
    let sandbox = sandbox(&[]).await;
    assert!(
        sign_in(&sandbox, "profile", &[])
            .await
            .get("id_token")
            .is_none()
    );
    sandbox.set("id_token=unasked").expect("a switch");
    assert!(
        sign_in(&sandbox, "profile", &[])
            .await
            .get("id_token")
            .is_some()
    );
    sandbox.set("id_token=absent").expect("a switch");
    assert!(
        sign_in(&sandbox, "openid", &[])
            .await
            .get("id_token")
            .is_none()
    );
}

#[tokio::test]
async fn r_11_userinfo_needs_openid_and_can_be_about_another() {
    let sandbox = sandbox(&["userinfo.sub=somebody"]).await;
    let tokens = sign_in(&sandbox, "openid email", &[]).await;
    let info = json(&get(&sandbox, "/userinfo", text(&tokens, "access_token")).await);
    assert_eq!(
        (text(&info, "sub"), text(&info, "email")),
        ("somebody", "ada@example.test")
    );
    assert!(info.get("name").is_none());
    let narrow = sign_in(&sandbox, "profile", &[]).await;
    assert_eq!(
        get(&sandbox, "/userinfo", text(&narrow, "access_token"))
            .await
            .0,
        403
    );
}
