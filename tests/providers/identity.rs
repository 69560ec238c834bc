//! Identity tokens of the dressed providers, and the keys that sign them.

use std::sync::OnceLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::facts::Identity;

fn pair() -> &'static KeyPair {
    static PAIR: OnceLock<KeyPair> = OnceLock::new();
    PAIR.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).expect("a key"))
}

/// The published keys. The modulus of a 2048-bit key lies at a fixed place of its encoding.
pub(crate) fn keys() -> String {
    let der = pair().public_key().as_ref();
    let modulus = URL_SAFE_NO_PAD.encode(&der[9..9 + 256]);
    json!({"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "dressed", "n": modulus, "e": "AQAB"}]})
        .to_string()
}

/// A token for this client.
pub(crate) fn token(facts: &Identity, client_id: &str, nonce: Option<&str>, now: i64) -> String {
    let mut claims: Value = serde_json::from_str(&facts.claims).expect("claims");
    claims["iss"] = json!(facts.issuer);
    claims["aud"] = json!(client_id);
    claims["iat"] = json!(now);
    claims["exp"] = json!(now + 3600);
    if let Some(nonce) = nonce {
        claims["nonce"] = json!(nonce);
    }
    let header = json!({"alg": "RS256", "kid": "dressed", "typ": "JWT"});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&header), part(&claims));
    let mut signature = vec![0; pair().public_modulus_len()];
    pair()
        .sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            message.as_bytes(),
            &mut signature,
        )
        .expect("signed");
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}
