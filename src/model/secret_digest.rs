//! The digest of a secret that is expected back from outside.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// What is kept of a secret that somebody may bring back: `state`, a start link, a cookie.
///
/// It has no `PartialEq`: the one comparison takes the same time wherever two differ, and digests have
/// the same length whatever was sent (conformance F-11).
///
/// ```compile_fail
/// use valetkey::model::SecretDigest;
/// let same = SecretDigest::of("a") == SecretDigest::of("a");
/// ```
#[derive(Clone, Copy)]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    /// Of a text, from outside or our own.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// Whether both are of the same text.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_11_only_the_same_text_matches() {
        let wanted = SecretDigest::of("canary-state");
        assert!(wanted.matches(&SecretDigest::of("canary-state")));
        for other in ["", "canary-stat", "canary-states", "Canary-state"] {
            assert!(!wanted.matches(&SecretDigest::of(other)), "{other}");
        }
    }
}
