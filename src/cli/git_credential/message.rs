//! What git and its helpers say to each other: lines of `key=value` (gitcredentials(7)).
//!
//! Values come from addresses that others wrote, so nothing that could be read as another line passes
//! (conformance Y-14; CVE-2020-5260, CVE-2024-50338, CVE-2024-52006).

use std::io::{BufRead, BufReader, Read};

use zeroize::Zeroizing;

use crate::model::{Secret, Untrusted};

/// Longest value, in bytes; longer than any host, token or header.
const LONGEST_VALUE: u64 = 16 * 1024;
/// Longest message.
const LONGEST: u64 = 64 * 1024;

/// What git tells about the credential it wants, has used, or was refused.
#[derive(Default)]
pub(super) struct Message {
    pub(super) protocol: Untrusted,
    /// With its port, as it stands in the address.
    pub(super) host: Untrusted,
    pub(super) username: Option<Untrusted>,
    /// The password, or the token of a `Bearer` header.
    pub(super) secret: Option<Secret>,
    /// Git can send other headers than `Basic`.
    pub(super) knows_authtype: bool,
    /// The ways that the server offers, in its own words.
    pub(super) offers: Vec<Untrusted>,
}

/// Why a message was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("it cannot be read")]
    Unreadable,
    #[error("it is too long")]
    Long,
    #[error("it is not text")]
    NotText,
    #[error("a line is not of the form key=value")]
    Form,
    #[error("a value has a control character in it")]
    Control,
    #[error("a key is said twice")]
    Twice,
}

/// Reads a message to its end: an empty line, or the end of the input.
pub(super) fn read(input: impl Read) -> Result<Message, Refused> {
    let mut input = BufReader::new(input.take(LONGEST + 1));
    let (mut message, mut seen) = (Message::default(), Vec::new());
    let mut length = 0;
    loop {
        let mut line = Zeroizing::new(Vec::new());
        let longest = LONGEST_VALUE + 256;
        let count = input
            .by_ref()
            .take(longest)
            .read_until(b'\n', &mut line)
            .map_err(|_| Refused::Unreadable)? as u64;
        length += count;
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if count == longest {
            return Err(Refused::Long);
        }
        if length > LONGEST {
            return Err(Refused::Long);
        }
        if line.is_empty() {
            return Ok(message);
        }
        let text = str::from_utf8(&line).map_err(|_| Refused::NotText)?;
        let (key, value) = text.split_once('=').ok_or(Refused::Form)?;
        if key.is_empty() {
            return Err(Refused::Form);
        }
        if text.chars().any(char::is_control) {
            return Err(Refused::Control);
        }
        if value.len() as u64 > LONGEST_VALUE {
            return Err(Refused::Long);
        }
        if !key.ends_with("[]") {
            // Which one counts is for nobody to guess.
            if seen.iter().any(|known| known == key) {
                return Err(Refused::Twice);
            }
            seen.push(key.to_owned());
        }
        message.take(key, value);
    }
}

impl Message {
    fn take(&mut self, key: &str, value: &str) {
        match key {
            "protocol" => self.protocol = Untrusted::new(value),
            "host" => self.host = Untrusted::new(value),
            "username" if !value.is_empty() => self.username = Some(Untrusted::new(value)),
            "password" | "credential" => self.secret = Some(Secret::new(value.to_owned())),
            "capability[]" if value == "authtype" => self.knows_authtype = true,
            "wwwauth[]" => self.offers.push(Untrusted::new(value)),
            // Keys are added to the protocol; the unknown ones are passed over.
            _ => {}
        }
    }

    /// Whether the server takes a token as it is, and in no other way.
    pub(super) fn wants_bearer(&self) -> bool {
        let offers = |scheme: &str| {
            self.offers.iter().any(|offer| {
                let word = offer.raw().split([' ', ',']).next();
                word.is_some_and(|word| word.eq_ignore_ascii_case(scheme))
            })
        };
        self.knows_authtype && offers("bearer") && !offers("basic")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused(text: &str) -> Option<Refused> {
        read(text.as_bytes()).err()
    }

    #[test]
    fn y_14_a_message_is_read_to_its_empty_line() {
        let message = read(
            &b"capability[]=authtype\ncapability[]=state\nprotocol=https\nhost=git.example:8443\n\
               username=ada\npassword=a=b\nwwwauth[]=Bearer realm=\"x\"\nfuture=1\n\nhost=other\n"
                [..],
        );
        let message = message.unwrap_or_else(|refused| panic!("{refused}"));
        assert_eq!(message.protocol.raw(), "https");
        assert_eq!(message.host.raw(), "git.example:8443");
        assert_eq!(message.username, Some(Untrusted::new("ada")));
        assert_eq!(message.secret.expect("there").reveal(), "a=b");
        assert!(message.knows_authtype);
        assert_eq!(message.offers.len(), 1);
    }

    #[test]
    fn y_14_values_that_could_be_read_as_another_line_are_refused() {
        for c in ["\0", "\r", "\u{1b}", "\u{7f}", "\u{85}", "\u{9b}", "\t"] {
            for key in [
                "protocol",
                "host",
                "username",
                "password",
                "path",
                "future",
                "wwwauth[]",
            ] {
                let text = format!("{key}=a{c}b\n");
                assert_eq!(refused(&text), Some(Refused::Control), "{text:?}");
            }
        }
        assert_eq!(refused("host=a\rhost=b\n"), Some(Refused::Control));
        assert_eq!(refused("host=a\nhost=b\n"), Some(Refused::Twice));
        assert_eq!(refused("host\n"), Some(Refused::Form));
        assert_eq!(refused("=x\n"), Some(Refused::Form));
        assert_eq!(read(&b"host=\xff\n"[..]).err(), Some(Refused::NotText));
    }

    #[test]
    fn y_14_lengths_are_bounded() {
        let value = |length: usize| "x".repeat(length);
        let most = usize::try_from(LONGEST_VALUE).expect("fits");
        assert_eq!(refused(&format!("username={}\n", value(most))), None);
        assert_eq!(
            refused(&format!("username={}\n", value(most + 1))),
            Some(Refused::Long)
        );
        assert_eq!(
            refused(&format!("username={}", value(most * 8))),
            Some(Refused::Long)
        );
        let many = "wwwauth[]=x\n".repeat(usize::try_from(LONGEST).expect("fits") / 12 + 1);
        assert_eq!(refused(&many), Some(Refused::Long));
    }

    #[test]
    fn a_bearer_header_is_sent_where_the_server_knows_no_other() {
        let wants = |lines: &str| {
            let message = read(lines.as_bytes());
            message
                .unwrap_or_else(|refused| panic!("{refused}"))
                .wants_bearer()
        };
        let (able, bearer) = ("capability[]=authtype\n", "wwwauth[]=bearer realm=\"x\"\n");
        let basic = "wwwauth[]=Basic realm=\"x\"\n";
        assert!(wants(&format!("{able}{bearer}")));
        assert!(!wants(bearer), "this git cannot");
        assert!(!wants(&format!("{able}{bearer}{basic}")));
        assert!(!wants(&format!("{able}wwwauth[]=Bearerish x\n")));
        assert!(!wants(able));
    }

    proptest! {
        #[test]
        fn y_14_no_input_brings_a_control_character_in(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let Ok(message) = read(&bytes[..]) else { return Ok(()) };
            for text in [Some(&message.protocol), Some(&message.host), message.username.as_ref()] {
                prop_assert!(!text.is_some_and(|text| text.raw().chars().any(char::is_control)));
            }
        }
    }
}
