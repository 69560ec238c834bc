//! Words of a service by which one of its answers is known: `/message=Invalid refresh token.`

use std::fmt;

use serde_json::Value;

/// A place in a JSON answer, and what must stand there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Words {
    /// A JSON pointer.
    at: String,
    /// The whole text or number; with `*` behind it, its beginning.
    says: String,
}

impl Words {
    /// Takes `POINTER=TEXT`; `None` when it is no such thing.
    pub fn parse(text: &str) -> Option<Self> {
        let (at, says) = text.split_once('=')?;
        let plain = |c: char| c == ' ' || c.is_ascii_graphic();
        let beginning = says.strip_suffix('*').unwrap_or(says);
        let fits = at.starts_with('/') && at.len() > 1 && !beginning.trim().is_empty();
        (fits && text.chars().all(plain)).then(|| Self {
            at: at.to_owned(),
            says: says.to_owned(),
        })
    }

    /// Whether the answer says this.
    pub fn are_in(&self, answer: &Value) -> bool {
        let found = match answer.pointer(&self.at) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => return false,
        };
        match self.says.strip_suffix('*') {
            Some(beginning) => found.starts_with(beginning),
            None => found == self.says,
        }
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.at, self.says)
    }
}
