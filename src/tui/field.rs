//! A line of text that a person edits.

use crossterm::event::{Event, KeyEvent};
use tui_input::backend::crossterm::to_input_request;
use tui_input::{Input, InputRequest};

use super::masked::MaskedField;
use super::text;
use crate::model::Untrusted;

/// Longest text a field takes, in characters.
const LIMIT: usize = 4096;

/// A plain field. Never for secrets: its text may be shown and copied.
#[derive(Default)]
pub(super) struct TextField {
    input: Input,
}

impl TextField {
    pub(super) fn new(value: impl Into<String>) -> Self {
        Self {
            input: Input::new(value.into()),
        }
    }

    pub(super) fn value(&self) -> &str {
        self.input.value()
    }

    /// The text without the blanks around it.
    pub(super) fn trimmed(&self) -> &str {
        self.input.value().trim()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.trimmed().is_empty()
    }

    pub(super) fn set(&mut self, value: impl Into<String>) {
        *self = Self::new(value);
    }

    /// Edits by a key; `false` when the key is none of an editor's.
    pub(super) fn key(&mut self, event: &KeyEvent) -> bool {
        let Some(request) = to_input_request(&Event::Key(*event)) else {
            return false;
        };
        let inserts = matches!(request, InputRequest::InsertChar(_));
        if !inserts || self.input.value().chars().count() < LIMIT {
            self.input.handle(request);
        }
        true
    }

    /// Inserts pasted text as data: line breaks go, other controls are dropped
    /// (conformance W-09).
    pub(super) fn paste(&mut self, text: &str) {
        let room = LIMIT.saturating_sub(self.input.value().chars().count());
        let text = text.trim_matches(['\r', '\n']);
        for c in text.chars().filter(|c| !c.is_control()).take(room) {
            self.input.handle(InputRequest::InsertChar(c));
        }
    }

    /// As much of the beginning as fits into `cells`, made harmless, while nobody edits it.
    pub(super) fn beginning(&self, cells: usize, dots: &str) -> (String, usize) {
        let shown: String = Untrusted::new(self.value()).shown().into();
        (text::cut_end(&shown, cells, dots), 0)
    }

    /// The part around the cursor that fits into `cells`, made harmless, and the cursor's column.
    pub(super) fn window(&self, cells: usize) -> (String, usize) {
        let before: String = self
            .input
            .value()
            .chars()
            .take(self.input.cursor())
            .collect();
        let after: String = self
            .input
            .value()
            .chars()
            .skip(self.input.cursor())
            .collect();
        let before: String = Untrusted::new(before).shown().into();
        let after: String = Untrusted::new(after).shown().into();
        // One cell stays free for the cursor at the end.
        let room = cells.saturating_sub(1);
        let skip = text::width(&before).saturating_sub(room);
        let mut skipped = 0;
        let start = before
            .char_indices()
            .find(|(_, c)| {
                let here = skipped >= skip;
                skipped += text::width(c.encode_utf8(&mut [0; 4]));
                here
            })
            .map_or(if skip == 0 { 0 } else { before.len() }, |(at, _)| at);
        let shown = format!("{}{after}", &before[start..]);
        let column = text::width(&before[start..]);
        (text::cut_end(&shown, cells, ""), column)
    }
}

/// The field that has the focus.
pub(super) enum Typed<'a> {
    Plain(&'a mut TextField),
    Masked(&'a mut MaskedField),
}

impl Typed<'_> {
    pub(super) fn key(&mut self, event: &KeyEvent) -> bool {
        match self {
            Self::Plain(field) => field.key(event),
            Self::Masked(field) => field.key(event),
        }
    }

    pub(super) fn paste(&mut self, text: &str) {
        match self {
            Self::Plain(field) => field.paste(text),
            Self::Masked(field) => field.paste(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w_09_pasted_controls_are_dropped_and_nothing_is_confirmed() {
        let mut field = TextField::default();
        field.paste("\n https://a.example/\u{1b}[2J\r\nx \n");
        assert_eq!(field.trimmed(), "https://a.example/[2Jx");
    }

    #[test]
    fn the_window_follows_the_cursor() {
        let field = TextField::new("abcdefghij");
        assert_eq!(field.window(20), ("abcdefghij".to_owned(), 10));
        assert_eq!(field.window(5), ("ghij".to_owned(), 4));
        assert_eq!(field.window(0).1, 0);
        let hostile = TextField::new("a\u{202e}b");
        assert!(hostile.window(40).0.contains("U+202E"));
    }
}
