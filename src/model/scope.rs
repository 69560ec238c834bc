//! Scopes: what a connection may touch (RFC 6749 section 3.3).

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a text is no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopeProblem {
    /// A character outside `%x21 / %x23-5B / %x5D-7E` (RFC 6749 appendix A.4).
    #[error("scope contains a character that is not allowed: U+{:04X}", u32::from(*.0))]
    Character(char),
    #[error("scope is empty")]
    Empty,
    /// Legal in the grammar, and nearly always a list with the wrong sign between.
    #[error("put blanks between scopes, not commas")]
    Comma,
    #[error("{0} scopes are too many; at most {MOST} are asked for")]
    TooMany(usize),
}

/// Most scopes that a person asks for. The address of an authorization page has to hold them.
const MOST: usize = 1000;

/// One scope. Its grammar admits visible ASCII only, so it is safe to show.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(String);

impl Scope {
    pub fn parse(text: &str) -> Result<Self, ScopeProblem> {
        if text.is_empty() {
            return Err(ScopeProblem::Empty);
        }
        match text
            .chars()
            .find(|c| !matches!(c, '!' | '#'..='[' | ']'..='~'))
        {
            Some(c) => Err(ScopeProblem::Character(c)),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// One of a person's or a file's own: without a comma.
    pub fn wished(text: &str) -> Result<Self, ScopeProblem> {
        if text.contains(',') {
            return Err(ScopeProblem::Comma);
        }
        Self::parse(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for Scope {
    type Error = ScopeProblem;
    fn try_from(text: String) -> Result<Self, ScopeProblem> {
        Self::parse(&text)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.0
    }
}

/// A set of scopes that remembers the order it was given in and compares without it, case-sensitively.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ScopeSet(Vec<Scope>);

impl ScopeSet {
    /// Splits at any white space, as the command line and the wizard do.
    pub fn parse(text: &str) -> Result<Self, ScopeProblem> {
        Self::from_parts(text.split_whitespace())
    }

    /// As a person types them, with white space between; with commas alone only where the provider's own
    /// pages write them so (`commas`). `a, b` is how people write lists.
    pub fn typed(text: &str, commas: bool) -> Result<Self, ScopeProblem> {
        let between = |c: char| c.is_whitespace() || (commas && c == ',');
        let parts = text.split(between).map(|part| part.trim_matches(','));
        let scopes = parts.filter(|part| !part.is_empty()).map(Scope::wished);
        scopes.collect::<Result<Self, _>>()?.bounded()
    }

    /// Itself, unless it is longer than anybody asks for.
    pub fn bounded(self) -> Result<Self, ScopeProblem> {
        if self.len() > MOST {
            return Err(ScopeProblem::TooMany(self.len()));
        }
        Ok(self)
    }

    /// Parses each part; duplicates are kept once.
    pub fn from_parts<'a>(parts: impl IntoIterator<Item = &'a str>) -> Result<Self, ScopeProblem> {
        parts.into_iter().map(Scope::parse).collect()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn contains(&self, scope: &Scope) -> bool {
        self.0.contains(scope)
    }

    /// Those of this set that `other` lacks, in this set's order.
    #[must_use]
    pub fn without(&self, other: &ScopeSet) -> ScopeSet {
        self.iter()
            .filter(|s| !other.contains(s))
            .cloned()
            .collect()
    }

    /// The scopes with `separator` between them; a space on the wire unless a quirk says otherwise.
    pub fn joined(&self, separator: &str) -> String {
        self.0
            .iter()
            .map(Scope::as_str)
            .collect::<Vec<_>>()
            .join(separator)
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut seen = std::collections::HashSet::new();
        Self(
            scopes
                .into_iter()
                .filter(|s| seen.insert(s.clone()))
                .collect(),
        )
    }
}

impl PartialEq for ScopeSet {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.without(other).is_empty()
    }
}

impl Eq for ScopeSet {}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.joined(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b_05_scopes_compare_case_sensitively_and_without_order() {
        let a = ScopeSet::parse("repo read:user repo").expect("valid");
        assert_eq!(a.len(), 2);
        assert_eq!(a, ScopeSet::parse("read:user\trepo").expect("valid"));
        assert_ne!(a, ScopeSet::parse("Repo read:user").expect("valid"));
    }

    #[test]
    fn b_05_the_grammar_is_enforced() {
        assert_eq!(
            Scope::parse("a\u{201c}"),
            Err(ScopeProblem::Character('\u{201c}'))
        );
        for bad in ["a\"b", "a\\b", "a b", "a\nb", ""] {
            assert!(Scope::parse(bad).is_err(), "{bad:?}");
        }
    }
}
