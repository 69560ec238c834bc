//! Text from outside, and the one way from it to a screen, a log or JSON.

use std::fmt::{self, Write as _};

use icu_properties::CodePointMapData;
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use serde::{Serialize, Serializer};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthChar as _;

/// Longest text that is shown, in characters; more is cut and counted.
const SHOWN_CHARS: usize = 400;
/// Longest run of combining marks that is drawn; the rest is dropped.
const MARKS_IN_A_ROW: usize = 4;

/// Any text that came from outside the program: a provider's error text, a header, a claim, a
/// name in a file, an operating-system message (conformance W-01).
///
/// It has no `Display` and no `Serialize`; protocol code may look at [`Untrusted::raw`], people
/// only ever see [`Untrusted::shown`].
///
/// ```compile_fail
/// let text = valetkey::model::Untrusted::new("\u{1b}[2J");
/// println!("{text}");
/// ```
/// ```compile_fail
/// let text = valetkey::model::Untrusted::new("\u{1b}[2J");
/// serde_json::to_string(&text);
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Untrusted(String);

impl Untrusted {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Bytes that may not be UTF-8; broken ones become U+FFFD.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(String::from_utf8_lossy(bytes).into_owned())
    }

    /// The text as it came, for comparing and parsing only.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// The text made harmless: one line, no control, no invisible and no direction characters,
    /// bounded length.
    pub fn shown(&self) -> Shown {
        Shown(neutralise(&self.0, SHOWN_CHARS))
    }
}

impl fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.shown().0)
    }
}

/// A neutralised text: safe for a screen, a log and JSON.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Shown(String);

impl Shown {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl From<Shown> for String {
    fn from(shown: Shown) -> Self {
        shown.0
    }
}

fn neutralise(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit * 4));
    let mut marks = 0;
    for (count, c) in text.chars().enumerate() {
        if count == limit {
            let rest = text.chars().count() - limit;
            // A count instead of an ellipsis: the reader learns how much is missing.
            let _ = write!(out, "… (+{rest} characters)");
            break;
        }
        // Joining letters (Korean ones) have no width either, and gather in one cell like marks.
        let rides = is_mark(c) || c.width() == Some(0);
        let harmless = is_harmless(c);
        marks = if rides && harmless { marks + 1 } else { 0 };
        if marks > MARKS_IN_A_ROW {
            continue;
        }
        // A mark without a letter would sit on whatever stands before the text, or before its line.
        let bare = rides && (out.is_empty() || out.ends_with(' ')) || is_alone(&out, c);
        if harmless && !bare {
            out.push(c);
        } else {
            push_marker(&mut out, c);
        }
    }
    out
}

fn is_mark(c: char) -> bool {
    matches!(
        category(c),
        GeneralCategory::NonspacingMark
            | GeneralCategory::EnclosingMark
            | GeneralCategory::SpacingMark
    )
}

/// Printable and visible by Unicode's own tables (general category, default ignorables).
fn is_harmless(c: char) -> bool {
    if c.is_ascii() {
        return (' '..='~').contains(&c);
    }
    if joins(c) {
        return false;
    }
    // Variation selectors and tag characters are default ignorables; so are the zero-width ones.
    if icu_properties::CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c) {
        return false;
    }
    !matches!(
        category(c),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::Unassigned
            | GeneralCategory::PrivateUse
            | GeneralCategory::Surrogate
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    )
}

/// Letters of flags, and skin tones: together with a neighbour they are one picture or two, of two cells or
/// four, as the terminal likes. What stands after them would move. And letters without a width, which belong
/// to the next one for some terminals and to the one before for others; the halves of Korean syllables do not.
fn joins(c: char) -> bool {
    let half = matches!(c, '\u{1160}'..='\u{11ff}' | '\u{d7b0}'..='\u{d7ff}');
    let flat = c.width() == Some(0) && !is_mark(c) && !half;
    flat || matches!(c, '\u{1f1e6}'..='\u{1f1ff}' | '\u{1f3fb}'..='\u{1f3ff}')
}

/// A character without a width that whoever cuts the text into cells takes for a cell of its own, as it does
/// with marks that are newer than its tables: a terminal sets it on the cell before, and the rest moves.
fn is_alone(before: &str, c: char) -> bool {
    if c.width() != Some(0) {
        return false;
    }
    let pair: String = before.chars().next_back().into_iter().chain([c]).collect();
    pair.graphemes(true).nth(1).is_some()
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

fn push_marker(out: &mut String, c: char) {
    match u32::from(c) {
        code @ 0..=0x1f => out.push(char::from_u32(0x2400 + code).unwrap_or('?')),
        0x7f => out.push('\u{2421}'),
        code => {
            let _ = write!(out, "⟨U+{code:04X}⟩");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Untrusted::new(text).shown().into()
    }

    #[test]
    fn w_02_controls_become_visible() {
        assert_eq!(shown("\u{1b}[2J"), "␛[2J");
        assert_eq!(shown("a\r\nb\tc\0\u{7f}"), "a␍␊b␉c␀␡");
        assert_eq!(shown("\u{9b}31m\u{9d}0;x"), "⟨U+009B⟩31m⟨U+009D⟩0;x");
    }

    #[test]
    fn w_02_invisible_and_direction_characters_become_visible() {
        assert_eq!(shown("a\u{202e}b\u{2066}c"), "a⟨U+202E⟩b⟨U+2066⟩c");
        assert_eq!(
            shown("\u{200b}\u{feff}\u{e0041}"),
            "⟨U+200B⟩⟨U+FEFF⟩⟨U+E0041⟩"
        );
        assert_eq!(shown("\u{2028}\u{2029}\u{85}"), "⟨U+2028⟩⟨U+2029⟩⟨U+0085⟩");
        assert_eq!(shown("\u{e000}\u{378}"), "⟨U+E000⟩⟨U+0378⟩");
        assert_eq!(
            shown("\u{3164}\u{115f}\u{fe0f}"),
            "⟨U+3164⟩⟨U+115F⟩⟨U+FE0F⟩"
        );
    }

    #[test]
    fn w_02_characters_whose_width_hangs_on_a_neighbour_become_visible() {
        assert_eq!(shown("\u{1f1e9}\u{1f1ea}"), "⟨U+1F1E9⟩⟨U+1F1EA⟩");
        assert_eq!(shown("👍\u{1f3fd}"), "👍⟨U+1F3FD⟩");
        assert_eq!(shown("\u{301}a \u{301}"), "⟨U+0301⟩a ⟨U+0301⟩");
        assert_eq!(shown("a\u{d4e}b"), "a⟨U+0D4E⟩b");
        // A mark that some tables do not know yet.
        assert_eq!(shown("\u{1a40}\u{1ade}"), "\u{1a40}⟨U+1ADE⟩");
        // The second half of a Korean syllable.
        assert_eq!(shown("\u{1161}"), "⟨U+1161⟩");
    }

    #[test]
    fn w_02_length_and_marks_are_capped() {
        let long = "x".repeat(1000);
        assert!(shown(&long).ends_with("… (+600 characters)"));
        let marks = format!("e{}", "\u{301}".repeat(10_000));
        assert!(shown(&marks).chars().filter(|c| *c == '\u{301}').count() <= MARKS_IN_A_ROW);
        let joined = format!("\u{1100}{}", "\u{1161}".repeat(50));
        assert!(shown(&joined).chars().filter(|c| *c == '\u{1161}').count() <= MARKS_IN_A_ROW);
    }

    #[test]
    fn w_02_ordinary_text_stays() {
        for text in ["Ærøskøbing", "日本語", "repo read:user", "100 % {}$()\\"] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn w_01_debug_is_neutralised_too() {
        assert!(!format!("{:?}", Untrusted::new("\u{1b}c")).contains('\u{1b}'));
    }
}
