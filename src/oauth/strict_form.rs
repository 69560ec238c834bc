//! `application/x-www-form-urlencoded` of strangers, decoded without forgiveness: broken
//! percent-encoding and broken UTF-8 are errors, not replacement characters (conformance F-09).

use zeroize::Zeroizing;

/// The text is not well-formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// Decoded pairs in their order; the values may be secrets.
pub(super) type Pairs = Vec<(String, Zeroizing<String>)>;

/// Decodes `a=b&c=d`. Empty pieces are skipped, a name without `=` has an empty value.
pub(super) fn parse(text: &str) -> Result<Pairs, Malformed> {
    text.split('&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            Ok((String::clone(&*decode(name)?), decode(value)?))
        })
        .collect()
}

fn decode(text: &str) -> Result<Zeroizing<String>, Malformed> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => hex(bytes.next())? << 4 | hex(bytes.next())?,
            b'!'..=b'~' => byte,
            // Controls, spaces and raw bytes have no place in an encoded text.
            _ => return Err(Malformed),
        });
    }
    std::str::from_utf8(&out)
        .map(|text| Zeroizing::new(text.to_owned()))
        .map_err(|_| Malformed)
}

fn hex(digit: Option<u8>) -> Result<u8, Malformed> {
    digit
        .and_then(|digit| char::from(digit).to_digit(16))
        .and_then(|value| u8::try_from(value).ok())
        .ok_or(Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_09_broken_encodings_are_refused() {
        for bad in [
            "code=%zz",
            "code=%",
            "code=%4",
            "code=%u0041",
            "%ff=1",
            "a=%c0%af",
            "a=%ed%a0%80",
            "a=b c",
            "a=\u{e9}",
            "a=b\nc",
            "a=%+1",
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn c_15_plus_and_percent_are_decoded_once() {
        let pairs = parse("&code=a+b%2B%2525&&x&=y&").expect("well-formed");
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        assert_eq!(pairs, [("code", "a b+%25"), ("x", ""), ("", "y")]);
    }

    proptest::proptest! {
        #[test]
        fn f_09_any_text_is_read_without_a_panic(text: String, encoded in "[a%0-9f&=+]{0,40}") {
            let _ = parse(&text);
            let _ = parse(&encoded);
        }

        #[test]
        fn f_09_what_the_url_crate_encodes_is_read_back(name: String, value: String) {
            let text = url::form_urlencoded::Serializer::new(String::new())
                .append_pair(&name, &value)
                .finish();
            let pairs = parse(&text).expect("well-formed");
            proptest::prop_assert_eq!(pairs.len(), 1);
            proptest::prop_assert_eq!(&pairs[0].0, &name);
            proptest::prop_assert_eq!(pairs[0].1.as_str(), value.as_str());
        }
    }
}
