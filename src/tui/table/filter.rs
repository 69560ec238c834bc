//! The filter line: fuzzy words, and `state:` `scope:` `provider:` `account:` to look in one place.

use std::ops::Range;

use super::cells::{account_of, provider_of, shown_scopes};
use super::hay::{Hay, folded};
use super::order::Column;
use crate::engine::Row;

/// Key words, and the column that each looks in.
const KEYS: [(&str, Column); 5] = [
    ("account:", Column::Account),
    ("name:", Column::Name),
    ("provider:", Column::Provider),
    ("scope:", Column::Scopes),
    ("state:", Column::State),
];

/// Completes the last word as far as it is clear: a key word, or what follows one.
pub(super) fn complete(text: &str, rows: &[Row]) -> Option<String> {
    let last = text.rsplit(' ').next().unwrap_or_default();
    let before = &text[..text.len() - last.len()];
    if last.is_empty() {
        return None;
    }
    let longer = match KEYS.iter().find(|(key, _)| last.starts_with(key)) {
        Some((key, column)) => {
            let typed = last[key.len()..].to_lowercase();
            let values = rows.iter().flat_map(|row| values(*column, row));
            format!("{key}{}", common(values, &typed)?)
        }
        None => common(KEYS.iter().map(|(key, _)| (*key).to_owned()), last)?,
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
fn values(column: Column, row: &Row) -> Vec<String> {
    let texts = match column {
        Column::Account => vec![account_of(row)],
        Column::Name => vec![row.summary.name.to_string()],
        Column::Provider => vec![row.summary.provider_id.clone(), provider_of(row)],
        Column::Scopes => shown_scopes(row).iter().map(ToString::to_string).collect(),
        Column::State | Column::Expires => vec![row.verdict.health.word().to_owned()],
    };
    texts
        .iter()
        .filter_map(|text| text.split(' ').next())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// A filter, ready to be asked.
#[derive(Default)]
pub(super) struct Query {
    text: String,
    /// Where something must be contained, and what.
    places: Vec<(Column, String)>,
    /// Words that have to be there as they are or, when no row has them so, with gaps between their
    /// letters.
    words: Vec<String>,
    is_loose: bool,
}

impl Query {
    pub(super) fn parse(text: &str) -> Self {
        let mut query = Self {
            text: text.to_owned(),
            ..Self::default()
        };
        for word in text.split_whitespace() {
            let place = KEYS
                .iter()
                .find_map(|(key, column)| Some((*column, word.strip_prefix(key)?)));
            match place {
                Some((column, rest)) => query.places.push((column, folded(rest))),
                None => query.words.push(folded(word)),
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
        hays: &[Hay],
    ) -> Vec<usize> {
        if self.is_empty() {
            return all.to_vec();
        }
        let pick = |candidates: &[usize], fits: fn(&Hay, &str) -> bool| -> Vec<usize> {
            let passes = |index: &usize| {
                let hay = &hays[*index];
                self.places
                    .iter()
                    .all(|(column, wanted)| hay.holds(*column, wanted))
                    && self.words.iter().all(|word| fits(hay, word))
            };
            candidates.iter().copied().filter(passes).collect()
        };
        let before = before.filter(|(query, _)| self.narrows(query));
        let strictly = pick(before.map_or(all, |(_, left)| left), Hay::contains);
        if !strictly.is_empty() || self.words.is_empty() {
            return strictly;
        }
        let loosely_left = before
            .filter(|(query, _)| query.is_loose)
            .map(|(_, left)| left);
        let loosely = pick(loosely_left.unwrap_or(all), Hay::holds_loosely);
        self.is_loose = true;
        loosely
    }

    /// Positions (in characters) of a cell that the words match, and what follows the key word of
    /// its column.
    pub(super) fn matched(&self, cell: &str, column: Column) -> Vec<usize> {
        let mut found = Vec::new();
        if self.is_empty() {
            return found;
        }
        // Folding keeps the number of characters.
        let cell = folded(cell);
        for (_, wanted) in self.places.iter().filter(|(place, _)| *place == column) {
            found.extend(contained(&cell, wanted));
        }
        for word in &self.words {
            if self.is_loose {
                found.extend(scattered(&cell, word));
            } else {
                found.extend(contained(&cell, word));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Where `wanted` stands first.
fn contained(cell: &str, wanted: &str) -> Range<usize> {
    cell.find(wanted).map_or(0..0, |at| {
        let start = cell[..at].chars().count();
        start..start + wanted.chars().count()
    })
}

/// Where the letters of `wanted` stand one after the other, if all of them do: a match in part leaves
/// no underline behind.
fn scattered(cell: &str, wanted: &str) -> Vec<usize> {
    let mut letters = cell.chars().enumerate();
    wanted
        .chars()
        .map(|letter| letters.find(|(_, c)| *c == letter).map(|(at, _)| at))
        .collect::<Option<_>>()
        .unwrap_or_default()
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
    fn matches_are_found_in_characters() {
        assert_eq!(contained(&folded("Größe GitHub"), "git"), 6..9);
        assert_eq!(contained("github", "x"), 0..0);
        assert_eq!(contained("github", ""), 0..0);
        assert_eq!(scattered("github", "gtb"), [0, 2, 5]);
        assert!(scattered("github", "gx").is_empty());
    }

    #[test]
    fn a_longer_word_narrows_but_a_finished_key_word_does_not() {
        let q = Query::parse;
        assert!(q("git").narrows(&q("gi")));
        assert!(!q("state:").narrows(&q("state")));
        assert!(!q("gi").narrows(&q("git")));
    }
}
