//! One-time start links and the cookie that ties the answer to the browser that used one
//! (conformance E-11, E-12, F-11, F-17).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::model::SecretDigest;

/// Crockford's base 32: no letter that looks like another or like a digit.
const CROCKFORD: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const NONCE_CHARS: usize = 10;
/// Wrong guesses after which no start link works any more.
const WRONG_GUESSES: u32 = 5;

/// All start links of one attempt. Nonces and cookies are drawn from one secret seed of 32 random
/// bytes (SHA-256 of seed, purpose and number), so that only taking the seed can fail.
pub(super) struct StartLinks {
    seed: Zeroizing<[u8; 32]>,
    links: Vec<Link>,
    wrong: u32,
}

struct Link {
    nonce: SecretDigest,
    /// Of the cookie that was set when the link was used.
    cookie: Option<SecretDigest>,
}

/// What using a start link did.
pub(super) enum Use {
    /// Go on to the provider and take this cookie along.
    First {
        cookie: Zeroizing<String>,
    },
    /// A second use: somebody else may have been the first.
    Again,
    Wrong,
    /// This wrong guess was one too many; said once.
    Closed,
}

impl StartLinks {
    pub(super) fn new(seed: Zeroizing<[u8; 32]>) -> Self {
        Self {
            seed,
            links: Vec::new(),
            wrong: 0,
        }
    }

    /// Makes another link and returns its nonce.
    pub(super) fn add(&mut self) -> String {
        let bits = self.draw(b"nonce", self.links.len());
        let nonce: String = bits[..NONCE_CHARS]
            .iter()
            .map(|byte| char::from(CROCKFORD[usize::from(byte % 32)]))
            .collect();
        self.links.push(Link {
            nonce: SecretDigest::of(&nonce),
            cookie: None,
        });
        nonce
    }

    /// Uses a link.
    pub(super) fn take(&mut self, nonce: &str) -> Use {
        if self.wrong >= WRONG_GUESSES {
            return Use::Wrong;
        }
        let tried = SecretDigest::of(nonce);
        let mut found = None;
        // Every link is compared, so that the time tells nothing.
        for (at, link) in self.links.iter().enumerate() {
            if link.nonce.matches(&tried) {
                found = Some(at);
            }
        }
        match found {
            Some(at) if self.links[at].cookie.is_some() => Use::Again,
            Some(at) => {
                let bytes = Zeroizing::new(self.draw(b"cookie", at));
                let cookie = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()));
                self.links[at].cookie = Some(SecretDigest::of(&cookie));
                Use::First { cookie }
            }
            None => {
                self.wrong += 1;
                if self.wrong == WRONG_GUESSES {
                    Use::Closed
                } else {
                    Use::Wrong
                }
            }
        }
    }

    /// Whether a browser with these cookies may bring the answer: one that used a link, or any
    /// browser as long as no link was used (the address went there by paste).
    pub(super) fn admits<'a>(&self, cookies: impl Iterator<Item = &'a str>) -> bool {
        if self.links.iter().all(|link| link.cookie.is_none()) {
            return true;
        }
        let mut ours = false;
        for cookie in cookies {
            let tried = SecretDigest::of(cookie);
            for known in self.links.iter().filter_map(|link| link.cookie.as_ref()) {
                ours |= known.matches(&tried);
            }
        }
        ours
    }

    fn draw(&self, purpose: &[u8], number: usize) -> [u8; 32] {
        Sha256::new()
            .chain_update(self.seed.as_slice())
            .chain_update(purpose)
            .chain_update(number.to_be_bytes())
            .finalize()
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links() -> StartLinks {
        StartLinks::new(Zeroizing::new([7; 32]))
    }

    fn cookie(used: Use) -> Zeroizing<String> {
        match used {
            Use::First { cookie } => cookie,
            _ => panic!("not the first use"),
        }
    }

    #[test]
    fn f_17_a_nonce_is_ten_crockford_characters_and_each_is_new() {
        let mut links = links();
        let (one, two) = (links.add(), links.add());
        assert_ne!(one, two);
        assert_eq!(one.len(), 10);
        assert!(one.bytes().all(|byte| CROCKFORD.contains(&byte)));
    }

    #[test]
    fn f_17_a_link_works_once_and_five_wrong_guesses_close_them_all() {
        let mut links = links();
        let (one, two) = (links.add(), links.add());
        assert_eq!(cookie(links.take(&one)).len(), 43);
        assert!(matches!(links.take(&one), Use::Again));
        for _ in 0..4 {
            assert!(matches!(links.take("0000000000"), Use::Wrong));
        }
        assert!(matches!(links.take("0000000000"), Use::Closed));
        assert!(matches!(links.take(&two), Use::Wrong));
    }

    #[test]
    fn e_12_any_used_links_cookie_is_accepted_and_no_other() {
        let mut links = links();
        assert!(links.admits(std::iter::empty()), "nobody used a link");
        let (one, two, three) = (links.add(), links.add(), links.add());
        let (first, second) = (cookie(links.take(&one)), cookie(links.take(&two)));
        assert!(!links.admits(std::iter::empty()));
        assert!(links.admits([first.as_str()].into_iter()));
        assert!(links.admits(["x", second.as_str()].into_iter()));
        assert!(!links.admits([three.as_str(), "x", ""].into_iter()));
    }
}
