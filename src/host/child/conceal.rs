//! Replacing a token in a stream of bytes, however it is cut into pieces. Pure: bytes in, bytes out.
//!
//! Looked for are the token as it is and, for tokens long enough not to be met by chance, its base64
//! forms: that is how a `Basic` header carries it, and such headers are what verbose programs print.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use zeroize::Zeroizing;

use crate::model::Secret;

/// What stands in the place of a token.
pub(super) const CONCEALED: &[u8] = b"<concealed>";

/// Shorter tokens are not looked for in base64: a few characters of it are met by chance.
const SHORTEST_ENCODED: usize = 12;

/// Replaces a token, and holds back only what may be its beginning.
pub(super) struct Concealer(Vec<Needle>);

impl Concealer {
    pub(super) fn of(token: &Secret) -> Self {
        let mut texts = vec![Zeroizing::new(token.reveal().as_bytes().to_vec())];
        if token.len() >= SHORTEST_ENCODED {
            for text in encoded(token.reveal().as_bytes()) {
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
        }
        texts.retain(|text| !text.is_empty());
        Self(texts.into_iter().map(Needle::new).collect())
    }

    /// Takes the next piece; what can be passed on of it and of what was held back.
    pub(super) fn push(&mut self, piece: &[u8]) -> Zeroizing<Vec<u8>> {
        let mut text = Zeroizing::new(piece.to_vec());
        for needle in &mut self.0 {
            let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
            needle.push(&text, &mut out);
            text = out;
        }
        text
    }

    /// The stream is over: what was held back was no token.
    pub(super) fn finish(mut self) -> Zeroizing<Vec<u8>> {
        let mut text = Zeroizing::new(Vec::new());
        for needle in &mut self.0 {
            let mut out = Zeroizing::new(Vec::new());
            needle.push(&text, &mut out);
            out.extend_from_slice(needle.held());
            text = out;
        }
        text
    }
}

/// Base64 spells a text in three ways, by the place it begins at in a longer one, and in two
/// alphabets. Only characters that the token alone decides.
fn encoded(token: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let mut all = Vec::new();
    for before in 0..3 {
        let longer = Zeroizing::new([&[0; 2][..before], token].concat());
        let own = (before * 8).div_ceil(6)..longer.len() * 8 / 6;
        for alphabet in [&STANDARD, &URL_SAFE] {
            let text = Zeroizing::new(alphabet.encode(&*longer));
            all.push(Zeroizing::new(text.as_bytes()[own.clone()].to_vec()));
        }
    }
    all
}

/// One text that is looked for, by the method of Knuth, Morris and Pratt: what is held back is always
/// a beginning of the text, so its length says it all.
struct Needle {
    text: Zeroizing<Vec<u8>>,
    /// For each beginning: the longest shorter one that it also ends with.
    shorter: Vec<usize>,
    matched: usize,
}

impl Needle {
    /// Of a text that is not empty.
    fn new(text: Zeroizing<Vec<u8>>) -> Self {
        let mut shorter = vec![0; text.len()];
        let mut length = 0;
        for at in 1..text.len() {
            while length > 0 && text[length] != text[at] {
                length = shorter[length - 1];
            }
            length += usize::from(text[length] == text[at]);
            shorter[at] = length;
        }
        Self {
            text,
            shorter,
            matched: 0,
        }
    }

    fn held(&self) -> &[u8] {
        &self.text[..self.matched]
    }

    fn push(&mut self, mut piece: &[u8], out: &mut Vec<u8>) {
        while let Some(&byte) = piece.first() {
            if self.matched == 0 {
                // Most bytes are nowhere near a token.
                let here = piece.iter().position(|byte| *byte == self.text[0]);
                let (passed, rest) = piece.split_at(here.unwrap_or(piece.len()));
                out.extend_from_slice(passed);
                self.matched = usize::from(here.is_some());
                piece = rest.get(1..).unwrap_or_default();
            } else if self.text[self.matched] == byte {
                self.matched += 1;
                piece = &piece[1..];
            } else {
                let kept = self.shorter[self.matched - 1];
                out.extend_from_slice(&self.text[..self.matched - kept]);
                self.matched = kept;
            }
            if self.matched == self.text.len() {
                out.extend_from_slice(CONCEALED);
                self.matched = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// What the whole text becomes when nothing is cut.
    fn replaced(text: &[u8], needle: &[u8]) -> Vec<u8> {
        let (mut out, mut rest) = (Vec::new(), text);
        while !rest.is_empty() {
            if rest.starts_with(needle) {
                out.extend_from_slice(CONCEALED);
                rest = &rest[needle.len()..];
            } else {
                out.push(rest[0]);
                rest = &rest[1..];
            }
        }
        out
    }

    fn concealed(token: &str, pieces: &[&[u8]]) -> Vec<u8> {
        let mut concealer = Concealer::of(&Secret::new(token.to_owned()));
        let mut out = Vec::new();
        for piece in pieces {
            out.extend_from_slice(&concealer.push(piece));
        }
        out.extend_from_slice(&concealer.finish());
        out
    }

    /// Cuts a text at these places.
    fn cut<'a>(text: &'a [u8], places: &[usize]) -> Vec<&'a [u8]> {
        let mut places: Vec<usize> = places.iter().map(|at| at % (text.len() + 1)).collect();
        places.extend([0, text.len()]);
        places.sort_unstable();
        places.windows(2).map(|two| &text[two[0]..two[1]]).collect()
    }

    /// Tokens that overlap themselves, and texts made of pieces of them.
    fn token_and_text() -> impl Strategy<Value = (String, Vec<u8>)> {
        "[ab]{1,8}|[a-c]{12,14}|[ -~]{1,40}".prop_flat_map(|token| {
            let length = token.len();
            let whole = token.clone().into_bytes();
            let part = whole.clone();
            let piece = prop_oneof![
                Just(whole),
                (0..length).prop_map(move |end| part[..end].to_vec()),
                vec(any::<u8>(), 0..6),
                "[abc]{0,6}".prop_map(String::into_bytes),
            ];
            let text = vec(piece, 0..12).prop_map(|pieces| pieces.concat());
            (Just(token), text)
        })
    }

    proptest! {
        #[test]
        fn y_15_cutting_a_text_changes_nothing(
            (token, text) in token_and_text(),
            places in vec(any::<usize>(), 0..20),
        ) {
            let mut expected = replaced(&text, token.as_bytes());
            if token.len() >= SHORTEST_ENCODED {
                for form in encoded(token.as_bytes()) {
                    expected = replaced(&expected, &form);
                }
            }
            prop_assert_eq!(concealed(&token, &cut(&text, &places)), expected);
        }

        #[test]
        fn y_15_nothing_is_held_back_but_a_beginning_of_the_token(
            (token, text) in token_and_text(),
            places in vec(any::<usize>(), 0..20),
        ) {
            let token = token.as_bytes();
            let mut needle = Needle::new(Zeroizing::new(token.to_vec()));
            let (mut seen, mut out) = (Vec::new(), Vec::new());
            for piece in cut(&text, &places) {
                seen.extend_from_slice(piece);
                needle.push(piece, &mut out);
                // The token never stands whole in what is held, so it was replaced or passed on.
                let held = needle.held();
                prop_assert!(held.len() < token.len() && token.starts_with(held));
                prop_assert_eq!([&out, held].concat(), replaced(&seen, token));
            }
        }
    }

    #[test]
    fn y_15_the_forms_that_headers_carry_are_concealed_too() {
        let token = "canary-0123456789-plain+token/of~the?filter";
        for before in ["", "x", "xy", "ada:", "oauth2:", "x-access-token:"] {
            for after in ["", "\n", "!!"] {
                for alphabet in [&STANDARD, &URL_SAFE] {
                    let header = alphabet.encode(format!("{before}{token}{after}"));
                    let out = concealed(token, &[header.as_bytes()]);
                    let out = String::from_utf8(out).expect("text");
                    let (start, end) = out.split_once("<concealed>").expect(&out);
                    let own = header.len() - start.len() - end.trim_end_matches('=').len();
                    assert!(own >= token.len() * 4 / 3 - 3, "{header} became {out}");
                }
            }
        }
    }

    #[test]
    fn y_15_an_empty_token_conceals_nothing() {
        assert_eq!(concealed("", &[b"all of it"]), b"all of it");
    }
}
