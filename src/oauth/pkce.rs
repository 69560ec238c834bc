//! Proof Key for Code Exchange (RFC 7636), method S256 only.

use oauth2::{PkceCodeChallenge, PkceCodeVerifier};

use crate::model::{ClientAuth, Connection, Quirk, Secret};

use super::BuildProblem;

/// Whether PKCE is used. The quirk is honoured for a confidential client only (D-03).
pub(super) fn is_used(connection: &Connection) -> Result<bool, BuildProblem> {
    if !connection.provider.has(&Quirk::NoPkce) {
        return Ok(true);
    }
    match connection.registration.auth {
        ClientAuth::None => Err(BuildProblem::PkceNeeded),
        ClientAuth::Basic | ClientAuth::Post => Ok(false),
    }
}

/// `code_challenge` for a verifier, method S256 (RFC 7636 section 4.2).
pub(super) fn challenge(verifier: &Secret) -> String {
    let verifier = PkceCodeVerifier::new(verifier.reveal().to_owned());
    PkceCodeChallenge::from_code_verifier_sha256(&verifier)
        .as_str()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d_01_the_challenge_is_the_one_of_rfc_7636_appendix_b() {
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned());
        assert_eq!(
            challenge(&verifier),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
