//! Texts with `{variables}` in them.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A text with named gaps.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Gap(String),
}

/// The braces do not enclose a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{{` and `}}` must enclose the name of a variable")]
pub(super) struct BadTemplate;

impl Template {
    /// Names of the gaps, in order.
    pub(super) fn gaps(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Gap(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// The text with every gap filled; the name of the first gap without a value otherwise.
    pub(super) fn fill(&self, values: &BTreeMap<&str, String>) -> Result<String, &str> {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Ok(text.as_str()),
                Piece::Gap(name) => values
                    .get(name.as_str())
                    .map(String::as_str)
                    .ok_or(name.as_str()),
            })
            .collect()
    }

    /// The gap that an address begins with, and the text behind it.
    pub(super) fn first_gap(&self) -> Option<(&str, &str)> {
        match self.0.as_slice() {
            [Piece::Text(start), Piece::Gap(name), Piece::Text(rest), ..]
                if start == "https://" =>
            {
                Some((name, rest))
            }
            _ => None,
        }
    }

    /// The values that make this text; `None` when no values do.
    pub(super) fn values_in(&self, text: &str) -> Option<BTreeMap<String, String>> {
        let mut values = BTreeMap::new();
        let mut rest = text;
        let mut pieces = self.0.iter().peekable();
        while let Some(piece) = pieces.next() {
            match piece {
                Piece::Text(text) => rest = rest.strip_prefix(text.as_str())?,
                Piece::Gap(name) => {
                    let end = match pieces.peek() {
                        Some(Piece::Text(next)) if !next.is_empty() => rest.find(next.as_str())?,
                        _ => rest.len(),
                    };
                    let (value, after) = rest.split_at(end);
                    values.insert(name.clone(), value.to_owned());
                    rest = after;
                }
            }
        }
        rest.is_empty().then_some(values)
    }
}

impl TryFrom<String> for Template {
    type Error = BadTemplate;

    fn try_from(text: String) -> Result<Self, BadTemplate> {
        let mut pieces = Vec::new();
        let mut rest = text.as_str();
        while let Some(start) = rest.find(['{', '}']) {
            let (before, gap) = rest.split_at(start);
            let (name, after) = gap
                .strip_prefix('{')
                .and_then(|gap| gap.split_once('}'))
                .ok_or(BadTemplate)?;
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
                return Err(BadTemplate);
            }
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::Gap(name.to_owned()));
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }
}

/// A value as it may stand in a path: everything but unreserved characters is percent-encoded, so
/// that a client ID cannot bend an address.
pub(super) fn path_part(value: &str) -> String {
    use std::fmt::Write as _;
    value.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Result<Template, BadTemplate> {
        Template::try_from(text.to_owned())
    }

    #[test]
    fn gaps_are_filled_and_broken_braces_are_refused() {
        let values = BTreeMap::from([("host", "a.example".to_owned())]);
        let filled = template("https://{host}/{host}x").expect("good");
        assert_eq!(
            filled.fill(&values).as_deref(),
            Ok("https://a.example/a.examplex")
        );
        assert_eq!(
            template("{other}").expect("good").fill(&values),
            Err("other")
        );
        for bad in ["{", "}", "a}b{c}", "{}", "{A}", "{a b}", "{a{b}}"] {
            assert_eq!(template(bad), Err(BadTemplate), "{bad}");
        }
    }

    #[test]
    fn a_value_cannot_bend_an_address() {
        assert_eq!(path_part("Ov23.x_~-"), "Ov23.x_~-");
        assert_eq!(path_part("../a?b#c d"), "..%2Fa%3Fb%23c%20d");
    }
}
