//! A line of scopes that is typed, with the known ones to tick below it: the wizard's step and the page of
//! a new sign-in.

use super::page::Page;
use super::theme::Role;
use super::wizard::ScopeChoice;
use crate::advice;
use crate::model::{Scope, ScopeSet};
use crate::provider::{ends_with_its_token, narrower};

/// The scope being typed: the last word while no blank follows it, and while it is none that is known.
pub(super) fn typed<'a>(line: &'a str, known: &[ScopeChoice]) -> &'a str {
    let last = line.rsplit(char::is_whitespace).next().unwrap_or_default();
    if known.iter().any(|choice| choice.scope.as_str() == last) {
        ""
    } else {
        last
    }
}

/// Those that fit what is being typed.
pub(super) fn fitting<'a>(
    typed: &'a str,
    known: &'a [ScopeChoice],
) -> impl Iterator<Item = &'a ScopeChoice> {
    known
        .iter()
        .filter(move |choice| typed.is_empty() || choice.scope.as_str().contains(typed))
}

/// The line with this scope ticked, or no longer.
pub(super) fn toggled(line: &str, scope: &Scope, typed: &str) -> String {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    if !typed.is_empty() && words.last() == Some(&typed) && typed != scope.as_str() {
        // The beginning that was typed to find it is no scope of its own.
        words.pop();
    }
    let before = words.len();
    words.retain(|word| *word != scope.as_str());
    if words.len() == before {
        words.push(scope.as_str());
    }
    let mut line = words.join(" ");
    if !line.is_empty() {
        line.push(' ');
    }
    line
}

/// Whether a known scope stands in the line.
pub(super) fn is_ticked(line: &str, choice: &ScopeChoice) -> bool {
    line.split_whitespace()
        .any(|word| word == choice.scope.as_str())
}

/// Draws a known scope with its tick.
pub(super) fn draw(
    page: &mut Page,
    index: usize,
    selected: bool,
    choice: &ScopeChoice,
    line: &str,
) {
    let on = if is_ticked(line, choice) { "x" } else { " " };
    let label = format!("[{on}] {}", choice.scope);
    let broad = if choice.known.broad { "broad: " } else { "" };
    let words = format!("{broad}{}", choice.known.help);
    page.item(index, selected, &label, 22, &words);
}

/// Says how many are chosen, and once where less would do or where the sign-in would end early.
pub(super) fn draw_count(page: &mut Page, chosen: &ScopeSet, known: &[ScopeChoice]) {
    let words = match (chosen.len(), known.len()) {
        (0, _) => "No scope chosen: the provider will choose its default.".to_owned(),
        (count, 0) => format!("{count} chosen"),
        (count, known) => format!("{count} chosen; {known} are known here"),
    };
    page.text(0, Role::Dim, &words);
    if let Some(words) = less(chosen, known) {
        page.text(0, Role::Plain, &words);
    }
    let known = known.iter().map(|choice| &choice.known);
    if ends_with_its_token(known, chosen) {
        page.text(0, Role::Plain, advice::WITHOUT_OFFLINE_ACCESS);
    }
}

/// A narrower scope that may be enough, in words.
pub(super) fn less(scopes: &ScopeSet, known: &[ScopeChoice]) -> Option<String> {
    let known = known.iter().map(|choice| &choice.known);
    let found = narrower(known, scopes);
    found.first().map(|first| first.told(advice::narrower))
}
