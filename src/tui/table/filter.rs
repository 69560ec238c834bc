//! The filter line: fuzzy words, and `state:` `scope:` `provider:` `account:` to look in one place.

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::cells::{account_of, provider_of, shown_scopes};
use super::order::Column;
use crate::engine::Row;

const KEYS: [&str; 5] = ["account:", "name:", "provider:", "scope:", "state:"];

/// Completes the last word as far as it is clear: a key word, or what follows one.
pub(super) fn complete(text: &str, rows: &[Row]) -> Option<String> {
    let last = text.rsplit(' ').next().unwrap_or_default();
    let before = &text[..text.len() - last.len()];
    if last.is_empty() {
        return None;
    }
    let longer = match KEYS.iter().find(|key| last.starts_with(**key)) {
        Some(key) => {
            let typed = last[key.len()..].to_lowercase();
            let values = rows.iter().flat_map(|row| values(key, row));
            format!("{key}{}", common(values, &typed)?)
        }
        None => common(KEYS.iter().map(|key| (*key).to_owned()), last)?,
    };
    Some(format!("{before}{longer}"))
}

/// The longest beginning that all of those share that begin with `typed`, if it is longer.
fn common(words: impl Iterator<Item = String>, typed: &str) -> Option<String> {
    let fitting = words.filter(|word| word.starts_with(typed));
    let shared = fitting.reduce(|mut shared, word| {
        let same = shared.chars().zip(word.chars()).take_while(|(a, b)| a == b);
        shared.truncate(same.map(|(c, _)| c.len_utf8()).sum());
        shared
    })?;
    (shared.len() > typed.len()).then_some(shared)
}

/// What may follow a key word to find this row. Words end at a blank in the filter line.
fn values(key: &str, row: &Row) -> Vec<String> {
    let texts = match key {
        "account:" => vec![account_of(row)],
        "name:" => vec![row.summary.name.to_string()],
        "provider:" => vec![row.summary.provider_id.clone(), provider_of(row)],
        "scope:" => shown_scopes(row).iter().map(ToString::to_string).collect(),
        _ => vec![row.verdict.health.word().to_owned()],
    };
    texts
        .iter()
        .filter_map(|text| text.split(' ').next())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// The key word that looks in a column.
fn key_of(column: Column) -> &'static str {
    match column {
        Column::Name => "name:",
        Column::Provider => "provider:",
        Column::Account => "account:",
        Column::Scopes => "scope:",
        Column::State => "state:",
        Column::Expires => "",
    }
}

/// Positions (in characters) where `wanted`, in lower case, stands first.
fn contained(cell: &str, wanted: &str) -> std::ops::Range<u32> {
    let small = cell.to_lowercase();
    // Letters that change their length with their case are rare, and then nothing is underlined.
    let same = small.chars().count() == cell.chars().count();
    let at = small.find(wanted).filter(|_| same && !wanted.is_empty());
    let count = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    at.map_or(0..0, |at| {
        let start = count(&small[..at]);
        start..start.saturating_add(count(wanted))
    })
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

    /// Positions (in characters) of a cell that the words match, and what follows the key word of
    /// its column.
    pub(super) fn matched(&self, cell: &str, column: Column) -> Vec<u32> {
        let mut found = Vec::new();
        if self.is_empty() {
            return found;
        }
        let key = key_of(column);
        for (_, wanted) in self.places.iter().filter(|(place, _)| *place == key) {
            found.extend(contained(cell, wanted));
        }
        if !self.words.is_empty() {
            self.match_words(cell, &mut found);
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn match_words(&self, cell: &str, found: &mut Vec<u32>) {
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
    fn a_word_is_completed_as_far_as_it_is_clear() {
        let complete = |text| complete(text, &[]);
        assert_eq!(complete("st"), Some("state:".to_owned()));
        assert_eq!(complete("gi sc"), Some("gi scope:".to_owned()));
        assert_eq!(complete("s"), None);
        assert_eq!(complete(""), None);
        assert_eq!(complete("state:"), None);
        let words = || {
            ["repo", "read:user", "read:org"]
                .map(str::to_owned)
                .into_iter()
        };
        assert_eq!(common(words(), "r"), Some("re".to_owned()));
        assert_eq!(common(words(), "rea"), Some("read:".to_owned()));
        assert_eq!(common(words(), "read:"), None);
        assert_eq!(common(words(), "rep"), Some("repo".to_owned()));
        assert_eq!(common(words(), "x"), None);
    }

    #[test]
    fn what_is_contained_is_found_in_characters() {
        assert_eq!(contained("Größe GitHub", "git"), 6..9);
        assert_eq!(contained("GitHub", "x"), 0..0);
        assert_eq!(contained("GitHub", ""), 0..0);
    }

    #[test]
    fn a_longer_word_narrows_but_a_finished_key_word_does_not() {
        let q = Query::parse;
        assert!(q("git").narrows(&q("gi")));
        assert!(!q("state:").narrows(&q("state")));
        assert!(!q("gi").narrows(&q("git")));
    }
}
