//! The address a person pastes from the browser (conformance part 2.E, Z-03, Z-04). It passes the
//! same checks as a callback; everything here only finds the query in what was pasted.

use zeroize::Zeroizing;

use crate::model::Secret;

use super::{CallbackVerdict, Flow};

/// Longest paste that is looked at, in bytes.
const MAX_PASTE: usize = 64 * 1024;

/// What a pasted text is.
pub enum PasteVerdict {
    /// It is an answer to be judged like a callback.
    Verdict(CallbackVerdict),
    /// Nothing of the kind.
    NotAnAddress,
    /// Only a code: the whole address is needed, or its origin cannot be proved.
    BareCode,
    /// An address, but not the one this sign-in ends on.
    OtherAddress,
    /// The first address, of before the approval.
    AuthorizationAddress,
    /// The `?` and `=` of the address are themselves encoded: it was copied through another program.
    DoubleEncoded,
    /// A token: wipe the field, and tell that it may be compromised.
    LooksLikeAToken,
    TooLong,
}

impl Flow {
    /// Checks pasted text: wraps, quotes, brackets and spaces are removed; the address must be this
    /// attempt's redirect address, or a query alone.
    pub fn check_paste(&self, text: &Secret) -> PasteVerdict {
        if text.len() > MAX_PASTE {
            return PasteVerdict::TooLong;
        }
        let trimmed = strip(text.reveal());
        let words = trimmed.split_whitespace().count();
        // A terminal wraps an address anywhere, so no white space in it means anything.
        let joined: Zeroizing<String> =
            Zeroizing::new(trimmed.chars().filter(|c| !c.is_whitespace()).collect());
        if joined.is_empty() || joined.chars().any(char::is_control) {
            return PasteVerdict::NotAnAddress;
        }
        if looks_like_a_token(&joined) {
            return PasteVerdict::LooksLikeAToken;
        }
        let pasted = joined.split('#').next().unwrap_or_default();
        if let Some(query) = bare_query(pasted) {
            return self.judge(query);
        }
        let Some(address) = without_scheme(pasted) else {
            return if has_encoded_query(pasted) {
                PasteVerdict::DoubleEncoded
            } else if words == 1 && pasted.is_ascii() {
                PasteVerdict::BareCode
            } else {
                PasteVerdict::NotAnAddress
            };
        };
        let (place, query) = address.split_once('?').unwrap_or((address, ""));
        if !self.is_redirect_place(place) {
            return self.other_address(address, query);
        }
        self.judge(query)
    }

    fn judge(&self, query: &str) -> PasteVerdict {
        if !query.contains('=') && has_encoded_query(query) {
            return PasteVerdict::DoubleEncoded;
        }
        PasteVerdict::Verdict(self.check_callback(query))
    }

    /// Compares all but the scheme: browsers may show `https` for an address they tried to upgrade,
    /// and a `/` where the address was sent without a path.
    fn is_redirect_place(&self, place: &str) -> bool {
        [Some(&self.redirect_uri), self.relayed_to.as_ref()]
            .into_iter()
            .flatten()
            .any(|address| {
                let ours = without_scheme(address).unwrap_or(address);
                place == ours || (!ours.contains('/') && place.strip_suffix('/') == Some(ours))
            })
    }

    fn other_address(&self, address: &str, query: &str) -> PasteVerdict {
        let authorization = self.connection.provider.endpoints.authorization.as_ref();
        let is_first = authorization
            .and_then(|endpoint| without_scheme(endpoint.as_str()))
            .is_some_and(|endpoint| {
                let place = endpoint.split('?').next().unwrap_or(endpoint);
                address.split('?').next() == Some(place)
            });
        if is_first || (query.contains("response_type=") && query.contains("client_id=")) {
            PasteVerdict::AuthorizationAddress
        } else if query.is_empty() && has_encoded_query(address) {
            PasteVerdict::DoubleEncoded
        } else {
            PasteVerdict::OtherAddress
        }
    }
}

/// What stands around an address in a mail or a chat.
fn strip(text: &str) -> &str {
    const OPENING: &[char] = &['"', '\'', '`', '<', '(', '[', '«', '“', '‘', '„'];
    const CLOSING: &[char] = &[
        '"', '\'', '`', '>', ')', ']', '»', '”', '’', '“', '.', ',', ';',
    ];
    text.trim_matches(char::is_whitespace)
        .trim_start_matches(|c: char| OPENING.contains(&c) || c.is_whitespace())
        .trim_end_matches(|c: char| CLOSING.contains(&c) || c.is_whitespace())
}

/// The address behind `http://` or `https://`, also where the browser hides the scheme of a
/// loopback address.
fn without_scheme(text: &str) -> Option<&str> {
    for scheme in ["http://", "https://"] {
        if let Some((start, rest)) = text.split_at_checked(scheme.len())
            && start.eq_ignore_ascii_case(scheme)
        {
            return Some(rest);
        }
    }
    ["127.0.0.1:", "localhost:", "[::1]:"]
        .iter()
        .any(|host| text.starts_with(host))
        .then_some(text)
}

/// `?code=…&state=…`, with or without its mark.
fn bare_query(text: &str) -> Option<&str> {
    if let Some(query) = text.strip_prefix('?') {
        return Some(query);
    }
    let first = text.split('&').next()?.split_once('=')?.0;
    (first.len() <= 64 && first.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        .then_some(text)
}

fn has_encoded_query(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["code%3d", "state%3d", "error%3d", "code%253d", "state%253d"]
        .iter()
        .any(|mark| lower.contains(mark))
}

/// Beginnings that well-known services give their tokens, and JSON Web Tokens.
pub(super) fn looks_like_a_token(text: &str) -> bool {
    const BEGINNINGS: [&str; 17] = [
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "glpat-",
        "gloas-",
        "xoxb-",
        "xoxp-",
        "xoxe.",
        "xoxe-",
        "xapp-",
        "lin_api_",
        "lin_oauth_",
        "ya29.",
        "1//0",
    ];
    let jwt = text.starts_with("eyJ")
        && text.split('.').count() == 3
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    jwt || BEGINNINGS.iter().any(|start| text.starts_with(start))
}
