//! From a row to the texts of its cells. Only rows in view are formatted.

use crate::engine::Row;
use crate::model::{Expiry, Health, Scope, ScopeSet, UnixTime, Untrusted};
use crate::tui::text;
use crate::tui::theme::Role;

/// Who it speaks for, made harmless; empty when nobody is known.
pub(in crate::tui) fn account_of(row: &Row) -> String {
    row.summary
        .grant
        .as_ref()
        .and_then(|grant| grant.account.as_ref())
        .map_or_else(String::new, |account| account.label.shown().into())
}

/// The provider's name, made harmless: a custom one was typed or pasted.
pub(in crate::tui) fn provider_of(row: &Row) -> String {
    Untrusted::new(row.summary.provider_name.as_str())
        .shown()
        .into()
}

/// The scopes a person would look for: as granted, else as requested.
pub(super) fn shown_scopes(row: &Row) -> Vec<&Scope> {
    let granted = row
        .summary
        .grant
        .as_ref()
        .and_then(|grant| grant.granted.as_ref());
    granted.unwrap_or(&row.summary.requested).iter().collect()
}

/// The EXPIRES text: blank when not signed in (DESIGN section 2).
pub(super) fn expires(row: &Row, now: UnixTime) -> String {
    let Some(grant) = &row.summary.grant else {
        return String::new();
    };
    if row.verdict.health == Health::NeedsSignIn {
        return String::new();
    }
    match grant.expiry {
        Expiry::At(at) if at <= now => "expired".to_owned(),
        // "Over 10 years" in the words that the column has room for.
        Expiry::At(at) if text::is_long(at.since(now)) => "10+ years".to_owned(),
        Expiry::At(at) => format!("in {}", text::left(at.since(now))),
        Expiry::Never => "never".to_owned(),
        Expiry::NotStated => "not stated".to_owned(),
    }
}

/// Each scope as a word: `write?` asked for and refused, `admin+` granted without being asked.
pub(super) fn scope_words(requested: &ScopeSet, granted: Option<&ScopeSet>) -> Vec<(Role, String)> {
    let Some(granted) = granted else {
        return requested
            .iter()
            .map(|scope| (Role::Plain, scope.to_string()))
            .collect();
    };
    requested
        .iter()
        .map(|scope| {
            if granted.contains(scope) {
                (Role::Plain, scope.to_string())
            } else {
                (Role::Warn, format!("{scope}?"))
            }
        })
        .chain(
            granted
                .without(requested)
                .iter()
                .map(|scope| (Role::Warn, format!("{scope}+"))),
        )
        .collect()
}

/// As many words as fit, then `+7` for the rest. What differs from the request comes first when
/// there is not room for all.
pub(super) fn fit_scopes(row: &Row, cells: usize) -> Vec<(Role, String)> {
    let granted = row
        .summary
        .grant
        .as_ref()
        .and_then(|grant| grant.granted.as_ref());
    let mut words = scope_words(&row.summary.requested, granted);
    let whole: usize = words.iter().map(|(_, word)| text::width(word) + 1).sum();
    if whole <= cells + 1 {
        return spaced(words);
    }
    words.sort_by_key(|(role, _)| *role == Role::Plain);
    let total = words.len();
    let mut kept = Vec::new();
    let mut used = 0;
    for (role, word) in words {
        let left = total - kept.len() - 1;
        let tally = if left == 0 {
            0
        } else {
            2 + left.to_string().len()
        };
        let room = cells.saturating_sub(used + tally);
        if text::width(&word) > room {
            // One word at least, or nobody sees what differs.
            if kept.is_empty() && room > 4 {
                kept.push((role, text::cut_middle(&word, room, "…")));
            }
            break;
        }
        used += text::width(&word) + 1;
        kept.push((role, word));
    }
    let left = total - kept.len();
    if left > 0 {
        kept.push((Role::Dim, format!("+{left}")));
    }
    spaced(kept)
}

fn spaced(words: Vec<(Role, String)>) -> Vec<(Role, String)> {
    let mut out = Vec::with_capacity(words.len() * 2);
    for (index, word) in words.into_iter().enumerate() {
        if index > 0 {
            out.push((Role::Plain, " ".to_owned()));
        }
        out.push(word);
    }
    out
}
