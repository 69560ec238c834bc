//! The glyphs of the screens and their one-cell ASCII twins, in one table.

use ratatui::buffer::Buffer;

use crate::model::Health;

pub(super) const DONE: &str = "✓";
pub(super) const FAILED: &str = "✗";
pub(super) const ACTIVE: &str = "●";
pub(super) const OPEN: &str = "○";
pub(super) const SELECTED: &str = "▸";
pub(super) const EDGE: &str = "▏";
pub(super) const NONE: &str = "–";
pub(super) const RULE: &str = "─";
pub(super) const BETWEEN: &str = "·";
pub(super) const HIDDEN: &str = "•";
pub(super) const UP: &str = "↑";
pub(super) const DOWN: &str = "↓";

/// Glyph and twin. Everything is one cell wide on both sides.
const TWINS: &[(&str, &str)] = &[
    (DONE, "+"),
    (FAILED, "x"),
    (ACTIVE, "*"),
    (OPEN, "."),
    (SELECTED, ">"),
    (EDGE, "|"),
    (NONE, "-"),
    (RULE, "-"),
    (BETWEEN, "-"),
    (HIDDEN, "*"),
    (UP, "^"),
    (DOWN, "v"),
    ("│", "|"),
    ("…", "."),
    ("’", "'"),
];

/// Stands for a control character of an outside text, whose picture has no twin of its own.
const CONTROL: &str = "?";

/// Marks a cut: one cell, or three dots in ASCII.
pub(super) fn dots(ascii: bool) -> &'static str {
    if ascii { "..." } else { "…" }
}

/// The glyph of a state; always drawn beside its word.
pub(super) fn of_health(health: Health) -> &'static str {
    match health {
        Health::SigningIn => ACTIVE,
        Health::NeedsSignIn => "!",
        Health::Error => FAILED,
        Health::Offline => NONE,
        Health::Expired | Health::Expiring => "~",
        Health::Untested => OPEN,
        Health::Connected => DONE,
    }
}

/// Replaces every glyph of the table by its twin, wherever it stands.
pub(super) fn to_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if cell.symbol().is_ascii() {
            continue;
        }
        if let Some((_, twin)) = TWINS.iter().find(|(glyph, _)| *glyph == cell.symbol()) {
            cell.set_symbol(twin);
        } else if cell
            .symbol()
            .starts_with(|c| ('\u{2400}'..='\u{2426}').contains(&c))
        {
            cell.set_symbol(CONTROL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_glyph_and_twin_is_one_cell() {
        for (glyph, twin) in TWINS {
            assert_eq!(super::super::text::width(glyph), 1, "{glyph}");
            assert!(twin.is_ascii() && twin.len() == 1, "{twin}");
        }
    }
}
