//! A short name for a token in logs. Never a part of it: a hash under the vault's key, so that it tells
//! nothing to whoever has the log alone, and the same in every process that opens this vault
//! (conformance X-03).

use std::fmt;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};

use super::{Vault, VaultKey};
use crate::model::Secret;

/// Keeps this use of the key apart from every other.
const PURPOSE: &[u8] = b"valetkey: mark of a token";

/// Enough to tell the tokens of one connection apart, too little to find one by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenMark([u8; 2]);

impl TokenMark {
    fn of(token: &Secret, vault_key: &VaultKey) -> Self {
        let ours = sign(&Key::new(HMAC_SHA256, vault_key.as_bytes()), PURPOSE);
        let whole = sign(
            &Key::new(HMAC_SHA256, ours.as_ref()),
            token.reveal().as_bytes(),
        );
        let mut short = [0; 2];
        short.copy_from_slice(&whole.as_ref()[..2]);
        Self(short)
    }
}

impl fmt::Display for TokenMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([first, second]) = self;
        write!(f, "tok:{first:02x}{second:02x}")
    }
}

impl Vault {
    /// How logs call this token; `None` while the vault is locked. A new key gives new names.
    pub fn mark(&self, token: &Secret) -> Option<TokenMark> {
        Some(TokenMark::of(token, self.key()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(token: &str, key: u8) -> String {
        let token = Secret::new(token.to_owned());
        TokenMark::of(&token, &VaultKey::from_bytes([key; 32])).to_string()
    }

    #[test]
    fn x_03_a_mark_is_stable_under_a_key_and_no_part_of_the_token() {
        // Hexadecimal tokens would hide a prefix in the mark's own form.
        for token in ["canary-access-one", "7f3a7f3a7f3a", ""] {
            let made = mark(token, 1);
            assert_eq!(made, mark(token, 1));
            assert_ne!(made, mark(token, 2), "under another key");
            let digits = made.strip_prefix("tok:").expect("its form");
            assert_eq!(digits.len(), 4);
            assert!(digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
            assert!(!token.starts_with(digits), "{made}");
        }
        assert_ne!(mark("canary-access-one", 1), mark("canary-access-two", 1));
    }
}
