//! What a person fills in before a preset's addresses are known.

use serde::Deserialize;

/// A gap that the person fills.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    pub key: String,
    /// The question on the screen.
    pub label: String,
    pub example: String,
    #[serde(default)]
    pub default: Option<String>,
    pattern: Pattern,
}

/// What a value may look like.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Pattern {
    /// `host` or `host:port`.
    Host,
    /// Letters, digits, `.`, `_` and `-`.
    Word,
}

impl Variable {
    /// Whether a value may stand there; it cannot leave its place in an address.
    pub fn accepts(&self, value: &str) -> bool {
        let word = |text: &str| {
            (1..=100).contains(&text.len())
                && text.starts_with(|c: char| c.is_ascii_alphanumeric())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        };
        match self.pattern {
            Pattern::Word => word(value),
            Pattern::Host => match value.split_once(':') {
                Some((host, port)) => word(host) && port.parse::<u16>().is_ok_and(|port| port > 0),
                None => word(value),
            },
        }
    }
}
