//! What the filter looks through: the texts of a row once, in small letters and without accents, so
//! that a key press does not make them again for thousands of rows.

use nucleo_matcher::chars::{normalize, to_lower_case};

use super::cells::{account_of, provider_of, shown_scopes};
use super::order::Column;
use crate::engine::Row;

/// Stands between two texts; no text has it, since it is a control character.
const END: char = '\n';

/// The texts of a row, in one line: name, account, state, scopes, provider and the provider's id.
pub(super) struct Hay {
    text: String,
    /// Where account, state, scopes, provider and its id begin.
    starts: [usize; 5],
}

impl Hay {
    pub(super) fn of(row: &Row) -> Self {
        let summary = &row.summary;
        let mut text = String::with_capacity(128);
        let mut starts = [0; 5];
        push(&mut text, summary.name.as_str());
        starts[0] = text.len();
        let account = summary
            .grant
            .as_ref()
            .and_then(|grant| grant.account.as_ref());
        match account.map(|account| account.label.raw()) {
            None => push(&mut text, ""),
            Some(raw) if is_plain(raw) => push(&mut text, raw),
            Some(_) => push(&mut text, &account_of(row)),
        }
        starts[1] = text.len();
        push(&mut text, row.verdict.health.word());
        starts[2] = text.len();
        for scope in shown_scopes(row) {
            push(&mut text, scope.as_str());
        }
        starts[3] = text.len();
        if is_plain(&summary.provider_name) {
            push(&mut text, &summary.provider_name);
        } else {
            push(&mut text, &provider_of(row));
        }
        starts[4] = text.len();
        push(&mut text, &summary.provider_id);
        Self { text, starts }
    }

    /// What stands in the columns.
    fn shown(&self) -> &str {
        &self.text[..self.starts[4]]
    }

    /// Whether a text of the row contains this.
    pub(super) fn contains(&self, wanted: &str) -> bool {
        self.shown().contains(wanted)
    }

    /// Whether a text of this column does; the provider's id counts as its name does.
    pub(super) fn holds(&self, column: Column, wanted: &str) -> bool {
        let [account, state, scopes, provider, _] = self.starts;
        let part = match column {
            Column::Name => 0..account,
            Column::Account => account..state,
            Column::State => state..scopes,
            Column::Scopes => scopes..provider,
            Column::Provider | Column::Expires => provider..self.text.len(),
        };
        self.text[part].contains(wanted)
    }

    /// Whether the letters stand in one of the texts in this order, with others between them.
    pub(super) fn holds_loosely(&self, wanted: &str) -> bool {
        let mut left = wanted.chars();
        let mut next = left.next();
        for c in self.shown().chars() {
            match next {
                None => return true,
                Some(_) if c == END => {
                    left = wanted.chars();
                    next = left.next();
                }
                Some(letter) if letter == c => next = left.next(),
                Some(_) => {}
            }
        }
        next.is_none()
    }
}

/// As texts are looked through.
pub(super) fn folded(text: &str) -> String {
    text.chars().map(fold).collect()
}

fn fold(c: char) -> char {
    to_lower_case(normalize(c))
}

/// Nothing in it has to be made visible.
fn is_plain(text: &str) -> bool {
    text.len() <= 128 && text.bytes().all(|byte| (b' '..0x7f).contains(&byte))
}

fn push(text: &mut String, part: &str) {
    if part.is_ascii() {
        let from = text.len();
        text.push_str(part);
        text[from..].make_ascii_lowercase();
    } else {
        text.extend(part.chars().map(fold));
    }
    text.push(END);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hay(name: &str, account: &str) -> Hay {
        let mut text = String::new();
        let mut starts = [0; 5];
        for (at, part) in [name, account, "connected", "read", "GitHub", "gh"]
            .into_iter()
            .enumerate()
        {
            if at > 0 {
                starts[at - 1] = text.len();
            }
            push(&mut text, part);
        }
        Hay { text, starts }
    }

    #[test]
    fn case_and_accents_do_not_count() {
        let hay = hay("Büro", "ADA");
        assert!(hay.contains(&folded("BURO")) && hay.contains("ada"));
        assert!(hay.holds(Column::Account, "ad") && !hay.holds(Column::Name, "ad"));
        assert!(hay.holds(Column::Provider, "gh") && !hay.contains("gh"));
    }

    #[test]
    fn letters_with_gaps_stay_within_one_text() {
        let hay = hay("linear", "ada");
        assert!(hay.holds_loosely("lnr") && hay.holds_loosely("aa") && hay.holds_loosely("ghb"));
        assert!(!hay.holds_loosely("lineara"), "across two texts");
        assert!(!hay.holds_loosely("rnl") && !hay.holds_loosely("zz"));
        assert!(!hay.holds_loosely("ghgh"), "the id stands in no column");
    }
}
