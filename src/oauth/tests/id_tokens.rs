use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::model::{Issuer, Seconds, Secret, UnixTime};
use crate::oauth::fixtures::{ISSUER, secret};
use crate::oauth::id_token::{Claims, Expected, IdTokenProblem, verify};

const NOW: i64 = 1_000_000;

static KEY: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).expect("key"));
static OTHER: LazyLock<KeyPair> =
    LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).expect("key"));

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The public key as a JWK. `RSAPublicKey` of 2048 bits: 9 bytes of header, 256 of modulus, then
/// the exponent.
fn jwk(key: &KeyPair, kid: &str) -> Value {
    let der = key.public_key().as_ref();
    let (modulus, rest) = der[9..].split_at(256);
    json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": encode(modulus), "e": encode(&rest[2..])})
}

fn jwks(keys: &[Value]) -> Vec<u8> {
    json!({ "keys": keys }).to_string().into_bytes()
}

fn sign(key: &KeyPair, header: &str, payload: &[u8]) -> Secret {
    let message = format!("{}.{}", encode(header), encode(payload));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        message.as_bytes(),
        &mut signature,
    )
    .expect("signature");
    Secret::new(format!("{message}.{}", encode(signature)))
}

fn claims() -> Value {
    json!({"iss": ISSUER, "aud": "client", "sub": "248", "exp": NOW + 600, "iat": NOW, "nonce": "n", "email": "ada@example.com"})
}

const HEADER: &str = r#"{"alg":"RS256","kid":"k1"}"#;

fn check(token: &Secret, keys: &[u8]) -> Result<Claims, IdTokenProblem> {
    let issuer = Issuer::parse(ISSUER, false).expect("issuer");
    let nonce = secret("n");
    let access_token = secret("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y");
    verify(
        token,
        keys,
        &Expected {
            issuer: &issuer,
            client_id: "client",
            nonce: Some(&nonce),
            access_token: Some(&access_token),
            now: UnixTime(NOW),
            subject: None,
        },
    )
}

fn with_payload(payload: &Value) -> Result<Claims, IdTokenProblem> {
    let token = sign(&KEY, HEADER, payload.to_string().as_bytes());
    check(&token, &jwks(&[jwk(&KEY, "k1")]))
}

/// The good claims with one changed; the text "remove" removes it.
fn with_claim(name: &str, value: &Value) -> Result<Claims, IdTokenProblem> {
    let mut payload = claims();
    if value == "remove" {
        payload.as_object_mut().expect("object").remove(name);
    } else {
        payload[name] = value.clone();
    }
    with_payload(&payload)
}

fn with_header(header: &str) -> Result<Claims, IdTokenProblem> {
    let token = sign(&KEY, header, claims().to_string().as_bytes());
    check(&token, &jwks(&[jwk(&KEY, "k1")]))
}

#[test]
fn a_good_token_gives_its_claims() {
    let claims = with_payload(&claims()).expect("good");
    assert_eq!(claims.subject.raw(), "248");
    assert_eq!(claims.email.expect("email").raw(), "ada@example.com");
    assert_eq!(claims.name, None);
}

#[test]
fn r_03_the_signature_is_verified() {
    let payload = claims().to_string();
    let keys = jwks(&[jwk(&KEY, "k1")]);
    let foreign = sign(&OTHER, HEADER, payload.as_bytes());
    assert_eq!(check(&foreign, &keys), Err(IdTokenProblem::Signature));
    let good = sign(&KEY, HEADER, payload.as_bytes());
    let parts: Vec<&str> = good.reveal().split('.').collect();
    let forged = encode(payload.replace("248", "249"));
    for text in [
        format!("{}.{forged}.{}", parts[0], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{}", parts[0], parts[1], encode([0; 256])),
    ] {
        assert_eq!(
            check(&Secret::new(text), &keys),
            Err(IdTokenProblem::Signature)
        );
    }
}

#[test]
fn g1_g2_g4_r_04_only_rs256_is_accepted() {
    for alg in [
        "none", "None", "HS256", "RS384", "RS512", "PS256", "ES256", "EdDSA", "rs256", "",
    ] {
        let header = json!({"alg": alg, "kid": "k1"}).to_string();
        assert!(
            matches!(with_header(&header), Err(IdTokenProblem::Algorithm(_))),
            "{alg}"
        );
    }
    for header in [r#"{"kid":"k1"}"#, r#"{"alg":5,"kid":"k1"}"#] {
        assert!(matches!(
            with_header(header),
            Err(IdTokenProblem::Algorithm(_))
        ));
    }
}

#[test]
fn g5_r_09_without_a_kid_every_fitting_key_is_tried() {
    let token = sign(&KEY, r#"{"alg":"RS256"}"#, claims().to_string().as_bytes());
    assert!(check(&token, &jwks(&[jwk(&KEY, "k1")])).is_ok());
    assert!(check(&token, &jwks(&[jwk(&OTHER, "k0"), jwk(&KEY, "k1")])).is_ok());
    assert_eq!(
        check(&token, &jwks(&[jwk(&OTHER, "k0")])),
        Err(IdTokenProblem::Signature)
    );
}

#[test]
fn r_09_an_unknown_kid_asks_for_fresh_keys() {
    let token = sign(
        &KEY,
        r#"{"alg":"RS256","kid":"k2"}"#,
        claims().to_string().as_bytes(),
    );
    assert_eq!(
        check(&token, &jwks(&[jwk(&KEY, "k1")])),
        Err(IdTokenProblem::UnknownKey)
    );
    assert_eq!(check(&token, &jwks(&[])), Err(IdTokenProblem::UnknownKey));
    for keys in ["{\"keys\":{}}", "{}", "[]", "x", ""] {
        assert_eq!(
            check(&token, keys.as_bytes()),
            Err(IdTokenProblem::Keys),
            "{keys}"
        );
    }
}

#[test]
fn b19_b20_unfit_keys_are_skipped() {
    let good = jwk(&KEY, "k1");
    let token = sign(&KEY, HEADER, claims().to_string().as_bytes());
    for (name, value) in [
        ("kty", json!("oct")),
        ("kty", json!("EC")),
        ("d", json!("AQAB")),
        ("use", json!("enc")),
        ("use", json!(5)),
        ("alg", json!("RS512")),
        ("key_ops", json!(["encrypt"])),
        ("n", json!(encode([0xff; 128]))),
        ("n", json!(encode(vec![0xff; 64 * 1024]))),
        ("n", json!("not base64!")),
        ("e", json!("Ag")),
        ("e", json!("AQ")),
        ("e", json!(encode([1; 9]))),
    ] {
        let mut unfit = good.clone();
        unfit[name] = value.clone();
        let alone = check(&token, &jwks(&[unfit.clone()]));
        assert_eq!(alone, Err(IdTokenProblem::UnknownKey), "{name} {value}");
        assert!(
            check(&token, &jwks(&[unfit, good.clone()])).is_ok(),
            "{name} {value}"
        );
    }
    assert!(check(&token, &jwks(&[jwk(&OTHER, "k1"), good])).is_ok());
}

#[test]
fn g6_a_hostile_kid_finds_nothing() {
    for kid in ["../k1", "k1' OR 1=1", "k1\u{0}", "K1"] {
        let header = json!({"alg": "RS256", "kid": kid}).to_string();
        assert_eq!(
            with_header(&header),
            Err(IdTokenProblem::UnknownKey),
            "{kid}"
        );
    }
    for kid in [json!("k".repeat(2000)), json!(1), json!(null)] {
        let header = json!({"alg": "RS256", "kid": kid}).to_string();
        assert_eq!(with_header(&header), Err(IdTokenProblem::Header("kid")));
    }
}

#[test]
fn g7_r_10_headers_that_bring_their_own_rules_are_refused() {
    for name in ["crit", "b64", "jku", "jwk", "x5u", "x5c", "zip", "enc"] {
        let header = json!({"alg": "RS256", "kid": "k1", name: ["x"]}).to_string();
        assert_eq!(with_header(&header), Err(IdTokenProblem::Header(name)));
    }
    assert_eq!(
        with_header(r#"{"alg":"none","alg":"RS256"}"#),
        Err(IdTokenProblem::Malformed)
    );
}

#[test]
fn g8_r_01_the_issuer_is_compared_as_bytes() {
    for issuer in [
        json!("https://as.example/"),
        json!("https://AS.example"),
        json!([ISSUER]),
        json!("remove"),
        json!(null),
    ] {
        assert_eq!(
            with_claim("iss", &issuer),
            Err(IdTokenProblem::Issuer),
            "{issuer}"
        );
    }
}

#[test]
fn g9_g10_r_02_the_audience_is_us_alone() {
    assert!(with_claim("aud", &json!(["client"])).is_ok());
    for audience in [
        json!("other"),
        json!("remove"),
        json!([]),
        json!(5),
        json!(["client", "other"]),
        json!([5]),
        json!("Client"),
    ] {
        assert_eq!(
            with_claim("aud", &audience),
            Err(IdTokenProblem::Audience),
            "{audience}"
        );
    }
    assert!(with_claim("azp", &json!("client")).is_ok());
    for party in [json!("other"), json!(5), json!(null)] {
        assert_eq!(
            with_claim("azp", &party),
            Err(IdTokenProblem::AuthorizedParty)
        );
    }
}

#[test]
fn g11_r_05_the_end_is_checked_with_a_minutes_tolerance() {
    assert!(with_claim("exp", &json!(NOW - 59)).is_ok());
    assert_eq!(
        with_claim("exp", &json!(NOW - 61)),
        Err(IdTokenProblem::Expired { ago: Seconds(61) })
    );
    assert_eq!(
        with_claim("exp", &json!(NOW - 60)),
        Err(IdTokenProblem::Expired { ago: Seconds(60) })
    );
    assert!(with_claim("exp", &json!(1_000_000.9)).is_ok());
    for value in [
        json!("1000600"),
        json!(1e300),
        json!("remove"),
        json!(null),
        json!(-1),
    ] {
        assert_eq!(
            with_claim("exp", &value),
            Err(IdTokenProblem::Claim("exp")),
            "{value}"
        );
    }
    let beyond = claims().to_string().replace("1000600", "1e400");
    let token = sign(&KEY, HEADER, beyond.as_bytes());
    assert_eq!(
        check(&token, &jwks(&[jwk(&KEY, "k1")])),
        Err(IdTokenProblem::Claim("exp"))
    );
}

#[test]
fn g12_r_05_a_token_is_fresh() {
    for value in [json!("remove"), json!("1000000")] {
        assert_eq!(with_claim("iat", &value), Err(IdTokenProblem::Claim("iat")));
    }
    assert_eq!(
        with_claim("iat", &json!(NOW - 7 * 86_400)),
        Err(IdTokenProblem::Stale)
    );
    assert_eq!(
        with_claim("iat", &json!(NOW + 600)),
        Err(IdTokenProblem::NotYetValid)
    );
    assert!(with_claim("iat", &json!(NOW + 59)).is_ok());
    assert_eq!(
        with_claim("nbf", &json!(NOW + 61)),
        Err(IdTokenProblem::NotYetValid)
    );
    assert!(with_claim("nbf", &json!(NOW + 59)).is_ok());
    assert_eq!(
        with_claim("nbf", &json!("x")),
        Err(IdTokenProblem::Claim("nbf"))
    );
}

#[test]
fn g13_r_06_the_nonce_is_ours() {
    for value in [
        json!("remove"),
        json!("other"),
        json!("N"),
        json!(5),
        json!("n "),
    ] {
        assert_eq!(
            with_claim("nonce", &value),
            Err(IdTokenProblem::Nonce),
            "{value}"
        );
    }
    let twice = claims()
        .to_string()
        .replace("\"nonce\":\"n\"", "\"nonce\":\"x\",\"nonce\":\"n\"");
    let token = sign(&KEY, HEADER, twice.as_bytes());
    assert_eq!(
        check(&token, &jwks(&[jwk(&KEY, "k1")])),
        Err(IdTokenProblem::Malformed)
    );
}

#[test]
fn g14_r_07_the_access_token_it_came_with_is_checked() {
    // The example of OpenID Connect Core appendix A.3.
    assert!(with_claim("at_hash", &json!("77QmUPtjPfzWtF2AnpK9RQ")).is_ok());
    for hash in [
        json!("77QmUPtjPfzWtF2AnpK9RA"),
        json!("77QmUPtjPfzWtF2AnpK9"),
        json!(""),
        json!(5),
        json!(null),
    ] {
        assert_eq!(
            with_claim("at_hash", &hash),
            Err(IdTokenProblem::AccessTokenHash),
            "{hash}"
        );
    }
}

#[test]
fn g15_r_08_the_subject_is_short_ascii() {
    assert!(with_claim("sub", &json!("x".repeat(255))).is_ok());
    for subject in [
        json!("remove"),
        json!(""),
        json!(248),
        json!("x".repeat(256)),
        json!("é"),
        json!("a\u{1b}b"),
    ] {
        assert_eq!(
            with_claim("sub", &subject),
            Err(IdTokenProblem::Subject),
            "{subject}"
        );
    }
}

#[test]
fn a27_on_a_refresh_the_user_is_the_same_and_no_nonce_is_needed() {
    let issuer = Issuer::parse(ISSUER, false).expect("issuer");
    let mut payload = claims();
    payload.as_object_mut().expect("object").remove("nonce");
    let token = sign(&KEY, HEADER, payload.to_string().as_bytes());
    let keys = jwks(&[jwk(&KEY, "k1")]);
    let check = |subject| {
        verify(
            &token,
            &keys,
            &Expected {
                issuer: &issuer,
                client_id: "client",
                nonce: None,
                access_token: None,
                now: UnixTime(NOW),
                subject: Some(subject),
            },
        )
    };
    assert!(check("248").is_ok());
    assert_eq!(check("249"), Err(IdTokenProblem::OtherSubject));
}

#[test]
fn g16_g17_anything_but_one_compact_token_is_refused() {
    let keys = jwks(&[jwk(&KEY, "k1")]);
    for payload in ["[]", "5", "", "{\"iss\":\"a\",\"iss\":\"b\"}"] {
        let token = sign(&KEY, HEADER, payload.as_bytes());
        assert_eq!(
            check(&token, &keys),
            Err(IdTokenProblem::Malformed),
            "{payload}"
        );
    }
    let deep = "[".repeat(10_000);
    for payload in [
        b"{\"a\":\"\xff\"}".to_vec(),
        format!("{{\"a\":{deep}}}").into_bytes(),
    ] {
        let token = sign(&KEY, HEADER, &payload);
        assert_eq!(check(&token, &keys), Err(IdTokenProblem::Malformed));
    }
    let good = sign(&KEY, HEADER, claims().to_string().as_bytes());
    let text = good.reveal();
    let parts: Vec<&str> = text.split('.').collect();
    for bad in [
        format!("{}.{}", parts[0], parts[1]),
        format!("{text}.x"),
        format!("{text}.x.y"),
        format!("{text}=="),
        format!("{} .{}.{}", parts[0], parts[1], parts[2]),
        format!("{text}\n"),
        format!("{text}{}", "A".repeat(64 * 1024)),
        String::new(),
    ] {
        assert_eq!(
            check(&Secret::new(bad), &keys),
            Err(IdTokenProblem::Malformed)
        );
    }
}

#[test]
fn r_14_claims_are_neutralised_for_display() {
    let claims = with_claim("name", &json!("\u{1b}[2JAda\u{202e}")).expect("good");
    assert_eq!(
        claims.name.expect("name").shown().as_str(),
        "␛[2JAda⟨U+202E⟩"
    );
}

proptest::proptest! {
    #[test]
    fn g17_no_text_makes_it_panic(text: String, header: Vec<u8>, payload: Vec<u8>, keys: Vec<u8>) {
        let built = Secret::new(format!("{}.{}.{}", encode(header), encode(payload), encode("x")));
        proptest::prop_assert!(check(&Secret::new(text), &keys).is_err());
        proptest::prop_assert!(check(&built, &keys).is_err());
    }
}
