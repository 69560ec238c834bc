//! Identity tokens (`OpenID` Connect Core section 2), good and bad, and the keys that sign them.

use std::sync::OnceLock;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::http::{Request, Response};
use super::json::Object;
use super::resource::Person;
use super::server::Context;
use super::store::Grant;

/// Seconds an identity token is valid.
const LIFETIME: i64 = 600;

/// Two signing keys, made when first needed: a sandbox without `OpenID` Connect pays nothing.
#[derive(Default)]
pub(super) struct Keys([OnceLock<KeyPair>; 2]);

impl Keys {
    fn pair(&self, index: usize) -> &KeyPair {
        self.0[index]
            .get_or_init(|| KeyPair::generate(KeySize::Rsa2048).expect("an RSA key can be made"))
    }

    /// The modulus. `RSAPublicKey` (RFC 8017 appendix A.1.1) of a 2048-bit key has it at a fixed
    /// place: two headers of four bytes and a leading zero come first.
    fn modulus(&self, index: usize) -> String {
        let der = self.pair(index).public_key().as_ref();
        URL_SAFE_NO_PAD.encode(&der[9..9 + 256])
    }

    fn sign(&self, index: usize, alg: &str, message: &[u8]) -> Vec<u8> {
        let pair = self.pair(index);
        if alg == "HS256" {
            // The classic confusion: the public key used as a shared secret.
            let key = hmac::Key::new(hmac::HMAC_SHA256, pair.public_key().as_ref());
            return hmac::sign(&key, message).as_ref().to_vec();
        }
        let padding = if alg == "RS384" {
            &RSA_PKCS1_SHA384
        } else {
            &RSA_PKCS1_SHA256
        };
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(padding, &SystemRandom::new(), message, &mut signature)
            .expect("an RSA key can sign");
        signature
    }
}

/// Whether an answer carries an identity token.
pub(super) fn wanted(cx: &Context<'_>, scopes: &[String]) -> bool {
    let asked = scopes.iter().any(|scope| scope == "openid");
    match cx.behaviour.get("id_token") {
        Some("absent") => false,
        Some("unasked") => true,
        _ => asked,
    }
}

/// Makes one. `nonce` is absent in answers to a refresh (section 12.2).
pub(super) fn make(
    cx: &Context<'_>,
    grant: &Grant,
    access_token: &str,
    nonce: Option<String>,
) -> String {
    let fault = cx.behaviour.get("id_token").unwrap_or("ok");
    let person = Person::of(cx.behaviour, grant);
    let (issuer, audience) = match fault {
        "wrong_iss" => ("https://issuer.example", json!(grant.client_id)),
        "wrong_aud" => (cx.base, json!("another-client")),
        "extra_aud" => (cx.base, json!([grant.client_id, "another-client"])),
        _ => (cx.base, json!(grant.client_id)),
    };
    let start = if fault == "expired" {
        cx.now - LIFETIME - 3600
    } else {
        cx.now
    };
    let nonce = match fault {
        "no_nonce" => None,
        "wrong_nonce" => Some("another-nonce".to_owned()),
        _ => nonce,
    };
    // As many services do, so that the account has one name however it is asked for (section 5.4).
    let may = |scope: &str| grant.scopes.iter().any(|known| known == scope);
    let hashed = if fault == "wrong_at_hash" {
        "another-token"
    } else {
        access_token
    };
    let claims = Object::new()
        .with("iss", issuer)
        .with_some("sub", (fault != "missing_sub").then_some(person.subject))
        .with_some("name", may("profile").then_some(person.name))
        .with_some("email", may("email").then_some(person.email))
        .with("aud", audience)
        .with("iat", start)
        .with("exp", start + LIFETIME)
        .with("auth_time", grant.approved_at)
        .with_some("nonce", nonce)
        .with("at_hash", half_hash(hashed))
        .overridden(cx.behaviour, "id_token");
    let alg = match fault {
        "alg_none" => "none",
        "hs256" => "HS256",
        "rs384" => "RS384",
        _ => "RS256",
    };
    let key = signing_key(cx);
    let header = Object::new()
        .with("alg", alg)
        .with("typ", "JWT")
        .with_some("kid", (fault != "no_kid").then_some(KEY_IDS[key]))
        .overridden(cx.behaviour, "id_token_header");
    let encode = |part: &Object| URL_SAFE_NO_PAD.encode(part.to_string());
    let message = format!("{}.{}", encode(&header), encode(&claims));
    if alg == "none" {
        return format!("{message}.");
    }
    let mut signature = cx.keys.sign(key, alg, message.as_bytes());
    if fault == "bad_sig" {
        signature[0] ^= 1;
    }
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// `GET /jwks` (RFC 7517).
pub(super) fn jwks(cx: &mut Context<'_>, _: &Request) -> Response {
    let key = signing_key(cx);
    let jwk = |index: usize, kid: Option<&str>| -> Value {
        let mut jwk = json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "e": "AQAB", "n": cx.keys.modulus(index),
        });
        if let Some(kid) = kid {
            jwk["kid"] = json!(kid);
        }
        jwk
    };
    let keys = match cx.behaviour.get("jwks").unwrap_or("ok") {
        "both" => json!([jwk(0, Some(KEY_IDS[0])), jwk(1, Some(KEY_IDS[1]))]),
        "stale" => json!([jwk(1 - key, Some(KEY_IDS[1 - key]))]),
        "no_kid" => json!([jwk(1 - key, None), jwk(key, None)]),
        "same_kid" => json!([
            jwk(1 - key, Some(KEY_IDS[key])),
            jwk(key, Some(KEY_IDS[key]))
        ]),
        "empty" => json!([]),
        "missing" => return Response::json(200, "{}"),
        _ => json!([jwk(key, Some(KEY_IDS[key]))]),
    };
    Response::json(200, &json!({ "keys": keys }))
}

const KEY_IDS: [&str; 2] = ["practice-1", "practice-2"];

fn signing_key(cx: &Context<'_>) -> usize {
    usize::from(cx.behaviour.is("key", "second"))
}

/// `at_hash`: the left half of the SHA-256 (section 3.1.3.6).
fn half_hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(token.as_bytes())[..16])
}
