//! Which parameters belong to the protocol, so that no setting can override one.

use super::BuildProblem;
use super::paste::looks_like_a_token;
use crate::model::EndpointUrl;

/// Names set by the program. A trailing `*` stands for every name with that beginning.
pub const RESERVED_PARAMETERS: [&str; 21] = [
    "access_token",
    "client_assertion*",
    "client_id",
    "client_secret",
    "code",
    "code_challenge*",
    "code_verifier",
    "device_code",
    "dpop_jkt",
    "grant_type",
    "id_token",
    "nonce",
    "password",
    "redirect_uri",
    "refresh_token",
    "request*",
    "resource",
    "response_*",
    "scope",
    "state",
    "username",
];

/// Refuses the name of an extra parameter that collides with the protocol, in any case and also
/// percent-encoded (RFC 6749 section 3.1: no parameter may occur twice).
pub fn check_extra_parameter(name: &str) -> Result<(), BuildProblem> {
    let mut plain = name.trim().to_lowercase();
    // Twice: `%2573tate` becomes `%73tate` in one hop and `state` in the next.
    for _ in 0..2 {
        plain = decoded(&plain).trim().to_lowercase();
    }
    if plain.is_empty() {
        return Err(BuildProblem::EmptyParameter);
    }
    let taken = RESERVED_PARAMETERS
        .iter()
        .any(|reserved| match reserved.strip_suffix('*') {
            Some(beginning) => plain.starts_with(beginning),
            None => plain == *reserved,
        });
    if taken {
        return Err(BuildProblem::ReservedParameter(plain));
    }
    Ok(())
}

/// Refuses a test read that carries a credential in its address: the token goes into a header, and an
/// address is written into logs (RFC 6750 section 2.3).
pub fn check_test_address(url: &EndpointUrl) -> Result<(), BuildProblem> {
    for (name, value) in url.as_url().query_pairs() {
        if check_extra_parameter(&name).is_err()
            || name.eq_ignore_ascii_case("token")
            || looks_like_a_token(&value)
        {
            return Err(BuildProblem::TokenInAddress(name.into_owned()));
        }
    }
    Ok(())
}

fn decoded(text: &str) -> String {
    // `=` and `&` must not split the name.
    let guarded = text.replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(guarded.as_bytes())
        .next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}

/// The pairs, once each name was checked.
pub(super) fn checked(
    pairs: &[(String, String)],
) -> Result<impl Iterator<Item = (&str, &str)>, BuildProblem> {
    for (name, _) in pairs {
        check_extra_parameter(name)?;
    }
    Ok(pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent_encoded(name: &str) -> String {
        use std::fmt::Write as _;
        name.bytes().fold(String::new(), |mut out, byte| {
            let _ = write!(out, "%{byte:02x}");
            out
        })
    }

    #[test]
    fn a_03_protocol_parameters_cannot_be_overridden() {
        for name in [
            "client_id",
            "redirect_uri",
            "state",
            "nonce",
            "scope",
            "response_type",
            "response_mode",
            "code_challenge",
            "code_challenge_method",
            "resource",
            "request",
            "request_uri",
            "dpop_jkt",
            "code",
            "code_verifier",
            "grant_type",
            "client_secret",
            "client_assertion",
            "client_assertion_type",
            "refresh_token",
            "device_code",
        ] {
            let encoded: String = percent_encoded(name);
            let twice = encoded.replace('%', "%25");
            for form in [
                name.to_owned(),
                name.to_uppercase(),
                format!(" {name} "),
                encoded,
                twice,
            ] {
                assert_eq!(
                    check_extra_parameter(&form),
                    Err(BuildProblem::ReservedParameter(name.to_owned())),
                    "{form}"
                );
            }
        }
        assert_eq!(check_extra_parameter(""), Err(BuildProblem::EmptyParameter));
    }

    #[test]
    fn a_03_a_providers_own_parameters_pass() {
        for name in [
            "prompt",
            "access_type",
            "audience",
            "login_hint",
            "user_scope",
            "a=b",
            "a&state",
        ] {
            assert_eq!(check_extra_parameter(name), Ok(()), "{name}");
        }
    }
}
