//! The filter line: fuzzy words, and `state:` `scope:` `provider:` `account:` to look in one place.

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::cells::{account_of, provider_of, shown_scopes};
use crate::engine::Row;

const KEYS: [&str; 5] = ["account:", "name:", "provider:", "scope:", "state:"];

/// Completes the last word to one of the known ones, if exactly one fits.
pub(super) fn complete(text: &str) -> Option<String> {
    let last = text.rsplit(' ').next().unwrap_or_default();
    let mut fitting = KEYS
        .iter()
        .filter(|key| key.starts_with(last) && **key != last);
    match (last.is_empty(), fitting.next(), fitting.next()) {
        (false, Some(key), None) => Some(format!("{}{key}", &text[..text.len() - last.len()])),
        _ => None,
    }
}

/// A filter, ready to be asked.
#[derive(Default)]
pub(super) struct Query {
    text: String,
    /// Key and lower-case text that must be contained.
    places: Vec<(&'static str, String)>,
    /// Words that have to be there as they are …
    words: Vec<Atom>,
    /// … or, when no row has them so, with gaps between their letters.
    loose: Vec<Atom>,
    is_loose: bool,
}

impl Query {
    pub(super) fn parse(text: &str) -> Self {
        let mut query = Self {
            text: text.to_owned(),
            ..Self::default()
        };
        for word in text.split_whitespace() {
            if let Some((key, rest)) = KEYS
                .iter()
                .find_map(|key| Some((*key, word.strip_prefix(key)?)))
            {
                query.places.push((key, rest.to_lowercase()));
            } else {
                let atom = |kind| {
                    Atom::new(
                        word,
                        CaseMatching::Ignore,
                        Normalization::Smart,
                        kind,
                        false,
                    )
                };
                query.words.push(atom(AtomKind::Substring));
                query.loose.push(atom(AtomKind::Fuzzy));
            }
        }
        query
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty() && self.words.is_empty()
    }

    /// Whether everything this one passes, `other` passed too.
    fn narrows(&self, other: &Query) -> bool {
        // While a key word is being typed (`state` on its way to `state:`) a longer text may pass more.
        !other.text.is_empty()
            && self.text.starts_with(&other.text)
            && self.words.len() >= other.words.len()
            && self.places.len() == other.places.len()
    }

    /// Those of `all` that pass, in their order. `before` is what a filter left that this one
    /// narrows: looking there is enough.
    pub(super) fn pass(
        &mut self,
        all: &[usize],
        before: Option<(&Query, &[usize])>,
        rows: &[Row],
    ) -> Vec<usize> {
        if self.is_empty() {
            return all.to_vec();
        }
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut pick = |query: &Query, candidates: &[usize]| -> Vec<usize> {
            let passes = |index: &usize| query.passes(&rows[*index], &mut matcher, &mut buffer);
            candidates.iter().copied().filter(passes).collect()
        };
        let before = before.filter(|(query, _)| self.narrows(query));
        let strictly = pick(self, before.map_or(all, |(_, left)| left));
        if !strictly.is_empty() || self.words.is_empty() {
            return strictly;
        }
        self.is_loose = true;
        let loosely_left = before
            .filter(|(query, _)| query.is_loose)
            .map(|(_, left)| left);
        pick(self, loosely_left.unwrap_or(all))
    }

    fn atoms(&self) -> &[Atom] {
        if self.is_loose {
            &self.loose
        } else {
            &self.words
        }
    }

    /// Positions (in characters) of `cell` that the words match.
    pub(super) fn matched(&self, cell: &str) -> Vec<u32> {
        let mut found = Vec::new();
        if self.words.is_empty() {
            return found;
        }
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        for word in self.atoms() {
            let hay = Utf32Str::new(cell, &mut buffer);
            // A partial match must leave no underline behind.
            let mut here = Vec::new();
            if word.indices(hay, &mut matcher, &mut here).is_some() {
                found.append(&mut here);
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn passes(&self, row: &Row, matcher: &mut Matcher, buffer: &mut Vec<char>) -> bool {
        let summary = &row.summary;
        let state = row.verdict.health.word();
        let places = self.places.iter().all(|(key, wanted)| {
            let holds = |text: &str| text.to_lowercase().contains(wanted.as_str());
            match *key {
                "account:" => holds(&account_of(row)),
                "name:" => holds(summary.name.as_str()),
                "provider:" => holds(&summary.provider_id) || holds(&summary.provider_name),
                "scope:" => shown_scopes(row).iter().any(|scope| holds(scope.as_str())),
                _ => holds(state),
            }
        });
        places
            && self.atoms().iter().all(|word| {
                let mut fits =
                    |text: &str| word.score(Utf32Str::new(text, buffer), matcher).is_some();
                fits(summary.name.as_str())
                    || fits(&provider_of(row))
                    || fits(state)
                    || fits(&account_of(row))
                    || shown_scopes(row).iter().any(|scope| fits(scope.as_str()))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_word_is_completed_when_only_one_fits() {
        assert_eq!(complete("st"), Some("state:".to_owned()));
        assert_eq!(complete("gi sc"), Some("gi scope:".to_owned()));
        assert_eq!(complete("s"), None);
        assert_eq!(complete(""), None);
        assert_eq!(complete("state:"), None);
    }

    #[test]
    fn a_longer_word_narrows_but_a_finished_key_word_does_not() {
        let q = Query::parse;
        assert!(q("git").narrows(&q("gi")));
        assert!(!q("state:").narrows(&q("state")));
        assert!(!q("gi").narrows(&q("git")));
    }
}
