//! Identity tokens (OpenID Connect Core section 3.1.3.7). A token is verified in full or not used at
//! all; what it says is for display and never decides about access.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::{Issuer, Seconds, Secret, UnixTime, Untrusted};

use super::normalise::outside;
use super::strict_json::Document;

/// Tolerance between the provider's clock and ours (conformance 0.3).
pub(super) const TOLERANCE: Seconds = Seconds(60);
/// A token is issued during the sign-in or refresh it comes with; an older one was replayed.
const MAX_AGE: Seconds = Seconds(24 * 3600);
/// Longest token, in bytes.
const MAX_TOKEN: usize = 64 * 1024;
/// RSA keys outside this range are not used (RFC 7518 section 3.3 sets the lower end), in bytes.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;
/// The default algorithm, and the only one.
const ALGORITHM: &str = "RS256";

/// What a token must match.
pub struct Expected<'a> {
    pub issuer: &'a Issuer,
    pub client_id: &'a str,
    /// The nonce sent; `None` on a refresh, where the token may carry none.
    pub nonce: Option<&'a Secret>,
    /// The access token it came with, for `at_hash`.
    pub access_token: Option<&'a Secret>,
    pub now: UnixTime,
    /// On a refresh: the subject of the sign-in (OpenID Connect Core section 12.2).
    pub subject: Option<&'a str>,
}

/// Display data of a verified token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    pub subject: Untrusted,
    pub email: Option<Untrusted>,
    pub preferred_username: Option<Untrusted>,
    pub name: Option<Untrusted>,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenProblem {
    #[error("it is malformed")]
    Malformed,
    #[error("its algorithm `{}` is not accepted", .0.shown())]
    Algorithm(Untrusted),
    #[error("its header has the unsupported member `{0}`")]
    Header(&'static str),
    /// The provider's key list is not one.
    #[error("the provider's keys are malformed")]
    Keys,
    /// No key fits: fetch the keys once more, they may have been rotated.
    #[error("no key of the provider fits")]
    UnknownKey,
    #[error("its signature is not valid")]
    Signature,
    #[error("it comes from another issuer")]
    Issuer,
    #[error("it is meant for another client")]
    Audience,
    #[error("it was issued to another client")]
    AuthorizedParty,
    /// Ended `ago` before now.
    #[error("it has expired")]
    Expired { ago: Seconds },
    #[error("it is not valid yet; check the clock")]
    NotYetValid,
    #[error("it was issued long ago")]
    Stale,
    #[error("it belongs to another sign-in")]
    Nonce,
    #[error("it came with another access token")]
    AccessTokenHash,
    #[error("its subject is missing or malformed")]
    Subject,
    #[error("it belongs to another user than the sign-in")]
    OtherSubject,
    #[error("its `{0}` is missing or of the wrong type")]
    Claim(&'static str),
}

impl IdTokenProblem {
    /// Whether a wrong clock on this machine would look the same.
    pub fn is_about_time(&self) -> bool {
        matches!(self, Self::Expired { .. } | Self::NotYetValid | Self::Stale)
    }
}

/// Verifies signature and claims.
pub fn verify(
    token: &Secret,
    jwks_json: &[u8],
    expected: &Expected<'_>,
) -> Result<Claims, IdTokenProblem> {
    let text = token.reveal();
    if text.len() > MAX_TOKEN {
        return Err(IdTokenProblem::Malformed);
    }
    let parts: Vec<&str> = text.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        return Err(IdTokenProblem::Malformed);
    };
    let header = part(header)?;
    let payload_document = part(payload)?;
    check_header(&header)?;
    // Strictly decoded here, because padding or stray bits would give one token two spellings.
    URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| IdTokenProblem::Malformed)?;
    let message = &text.as_bytes()[..text.len() - signature.len() - 1];
    check_signature(&header, message, signature, jwks_json)?;
    check_claims(&payload_document, expected)
}

fn part(text: &str) -> Result<Document, IdTokenProblem> {
    let bytes = zeroize::Zeroizing::new(
        URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| IdTokenProblem::Malformed)?,
    );
    Document::object(&bytes).map_err(|_| IdTokenProblem::Malformed)
}

/// one algorithm, and nothing that would bring a key or rules of its own.
fn check_header(header: &Document) -> Result<(), IdTokenProblem> {
    match header.get("alg").and_then(Value::as_str) {
        Some(ALGORITHM) => {}
        other => {
            return Err(IdTokenProblem::Algorithm(outside(
                other.unwrap_or_default(),
            )));
        }
    }
    for name in ["crit", "b64", "jku", "jwk", "x5u", "x5c", "zip", "enc"] {
        if header.get(name).is_some() {
            return Err(IdTokenProblem::Header(name));
        }
    }
    match header.get("kid") {
        None => Ok(()),
        Some(Value::String(kid)) if kid.len() <= 1024 => Ok(()),
        Some(_) => Err(IdTokenProblem::Header("kid")),
    }
}

/// Tries every fitting key: those of the same `kid`, or all when the token names none.
fn check_signature(
    header: &Document,
    message: &[u8],
    signature: &str,
    jwks_json: &[u8],
) -> Result<(), IdTokenProblem> {
    let document = Document::object(jwks_json).map_err(|_| IdTokenProblem::Keys)?;
    let keys = document
        .get("keys")
        .and_then(Value::as_array)
        .ok_or(IdTokenProblem::Keys)?;
    let kid = header.get("kid").and_then(Value::as_str);
    let mut fitting = keys
        .iter()
        .filter(|key| kid.is_none() || key.get("kid").and_then(Value::as_str) == kid)
        .filter_map(usable_key)
        .peekable();
    if fitting.peek().is_none() {
        return Err(IdTokenProblem::UnknownKey);
    }
    let genuine = fitting.any(|key| {
        jsonwebtoken::crypto::verify(signature, message, &key, Algorithm::RS256).unwrap_or(false)
    });
    if genuine {
        Ok(())
    } else {
        Err(IdTokenProblem::Signature)
    }
}

/// A public RSA signature key of decent size; every other kind is skipped.
fn usable_key(key: &Value) -> Option<DecodingKey> {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    let absent_or =
        |name: &str, wanted: &str| key.get(name).is_none() || text(name) == Some(wanted);
    let may_verify = match key.get("key_ops") {
        None => true,
        Some(operations) => operations
            .as_array()
            .is_some_and(|list| list.iter().any(|item| item.as_str() == Some("verify"))),
    };
    if text("kty") != Some("RSA")
        || key.get("d").is_some()
        || !absent_or("use", "sig")
        || !absent_or("alg", ALGORITHM)
        || !may_verify
    {
        return None;
    }
    let modulus = URL_SAFE_NO_PAD.decode(text("n")?).ok()?;
    let exponent = URL_SAFE_NO_PAD.decode(text("e")?).ok()?;
    let odd = exponent.last().is_some_and(|byte| byte % 2 == 1);
    let fits = MODULUS.contains(&modulus.len())
        && modulus.first().is_some_and(|byte| *byte >= 0x80)
        && exponent.len() <= 4
        && odd
        && exponent != [1];
    fits.then(|| DecodingKey::from_rsa_raw_components(&modulus, &exponent))
}

fn check_claims(payload: &Document, expected: &Expected<'_>) -> Result<Claims, IdTokenProblem> {
    let text = |name: &str| payload.get(name).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer.as_str()) {
        return Err(IdTokenProblem::Issuer);
    }
    check_audience(payload, expected.client_id)?;
    check_times(payload, expected.now)?;
    check_nonce(payload, expected.nonce)?;
    if let (Some(hash), Some(token)) = (payload.get("at_hash"), expected.access_token) {
        let digest = Sha256::digest(token.reveal());
        let half = URL_SAFE_NO_PAD.encode(&digest[..digest.len() / 2]);
        if hash.as_str() != Some(half.as_str()) {
            return Err(IdTokenProblem::AccessTokenHash);
        }
    }
    let subject = text("sub")
        .filter(|sub| {
            (1..=255).contains(&sub.len()) && sub.bytes().all(|b| (b' '..=b'~').contains(&b))
        })
        .ok_or(IdTokenProblem::Subject)?;
    if expected.subject.is_some_and(|earlier| earlier != subject) {
        return Err(IdTokenProblem::OtherSubject);
    }
    let shown = |name: &str| {
        text(name)
            .filter(|text| !text.trim().is_empty())
            .map(outside)
    };
    Ok(Claims {
        subject: Untrusted::new(subject),
        email: shown("email"),
        preferred_username: shown("preferred_username"),
        name: shown("name"),
    })
}

/// Ours alone: a second audience would be somebody who may replay the token.
fn check_audience(payload: &Document, client_id: &str) -> Result<(), IdTokenProblem> {
    let only_us = match payload.get("aud") {
        Some(Value::String(audience)) => audience == client_id,
        Some(Value::Array(list)) => {
            !list.is_empty() && list.iter().all(|item| item.as_str() == Some(client_id))
        }
        _ => false,
    };
    if !only_us {
        return Err(IdTokenProblem::Audience);
    }
    match payload.get("azp") {
        None => Ok(()),
        Some(Value::String(party)) if party == client_id => Ok(()),
        Some(_) => Err(IdTokenProblem::AuthorizedParty),
    }
}

fn check_times(payload: &Document, now: UnixTime) -> Result<(), IdTokenProblem> {
    let soon = now.plus(TOLERANCE);
    let end = moment(payload, "exp")?.ok_or(IdTokenProblem::Claim("exp"))?;
    if end.plus(TOLERANCE) <= now {
        return Err(IdTokenProblem::Expired {
            ago: now.since(end),
        });
    }
    let issued = moment(payload, "iat")?.ok_or(IdTokenProblem::Claim("iat"))?;
    if issued > soon {
        return Err(IdTokenProblem::NotYetValid);
    }
    if now.since(issued) > MAX_AGE {
        return Err(IdTokenProblem::Stale);
    }
    match moment(payload, "nbf")? {
        Some(start) if start > soon => Err(IdTokenProblem::NotYetValid),
        _ => Ok(()),
    }
}

fn moment(payload: &Document, name: &'static str) -> Result<Option<UnixTime>, IdTokenProblem> {
    let Some(value) = payload.get(name) else {
        return Ok(None);
    };
    let moment = moment_of(value).ok_or(IdTokenProblem::Claim(name))?;
    Ok(Some(moment))
}

/// A JSON number of seconds since 1970, whole part; no text, and nothing beyond any calendar.
pub(super) fn moment_of(value: &Value) -> Option<UnixTime> {
    /// Year 9999.
    const LATEST: f64 = 253_402_300_799.0;
    let seconds = value
        .as_f64()
        .filter(|seconds| (0.0..=LATEST).contains(seconds))?;
    // In range, so the cast only drops the fraction.
    #[allow(clippy::cast_possible_truncation)]
    Some(UnixTime(seconds as i64))
}

fn check_nonce(payload: &Document, sent: Option<&Secret>) -> Result<(), IdTokenProblem> {
    let Some(sent) = sent else {
        return Ok(());
    };
    let got = payload.get("nonce").and_then(Value::as_str);
    match got.map(|text| Secret::new(text.to_owned())) {
        Some(got) if got.same(sent) => Ok(()),
        _ => Err(IdTokenProblem::Nonce),
    }
}
