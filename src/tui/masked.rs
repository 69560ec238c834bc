//! A field for secrets: its text is wiped on drop and appears nowhere.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use zeroize::{Zeroize, Zeroizing};

use super::glyph;
use crate::model::Secret;

/// Room reserved once, in bytes, so that growing never leaves a copy behind.
const ROOM: usize = 16 * 1024;

/// A masked field. Has no way to show its text (conformance W-06).
pub(super) struct MaskedField {
    text: Zeroizing<String>,
}

impl Default for MaskedField {
    fn default() -> Self {
        Self {
            text: Zeroizing::new(String::with_capacity(ROOM)),
        }
    }
}

impl fmt::Debug for MaskedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MaskedField")
    }
}

impl MaskedField {
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Edits at the end only: nobody can see where a cursor would stand.
    pub(super) fn key(&mut self, event: &KeyEvent) -> bool {
        if event.kind == KeyEventKind::Release {
            return false;
        }
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        let alt = event.modifiers.contains(KeyModifiers::ALT);
        match event.code {
            KeyCode::Char('u') if ctrl && !alt => self.text.zeroize(),
            KeyCode::Char(c) if ctrl == alt => self.push(c),
            KeyCode::Backspace => {
                self.text.pop();
            }
            _ => return false,
        }
        true
    }

    /// Appends pasted text without the blanks and line breaks around it.
    pub(super) fn paste(&mut self, text: &str) {
        text.trim().chars().for_each(|c| self.push(c));
    }

    /// A copy of the secret; the field keeps its own.
    pub(super) fn secret(&self) -> Secret {
        Secret::new(self.text.as_str().to_owned())
    }

    /// Whether both hold the same text.
    pub(super) fn same(&self, other: &MaskedField) -> bool {
        self.secret().same(&other.secret())
    }

    pub(super) fn wipe(&mut self) {
        self.text.zeroize();
    }

    /// What stands on the screen: dots and a count, so that a paste can be checked.
    pub(super) fn shown(&self) -> String {
        match self.text.chars().count() {
            0 => String::new(),
            1 => format!("{} 1 character", glyph::HIDDEN.repeat(4)),
            n => format!("{} {n} characters", glyph::HIDDEN.repeat(4)),
        }
    }

    fn push(&mut self, c: char) {
        if self.text.len() + c.len_utf8() <= ROOM {
            self.text.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w_06_a_masked_field_never_tells_its_content() {
        let mut field = MaskedField::default();
        field.paste(" hunter2canary\n");
        assert_eq!(field.shown(), "•••• 13 characters");
        assert!(!format!("{field:?} {}", field.shown()).contains("hunter"));
        assert_eq!(field.secret().reveal(), "hunter2canary");
        field.wipe();
        assert!(field.is_empty());
    }

    #[test]
    fn the_room_is_never_outgrown() {
        let mut field = MaskedField::default();
        let before = field.text.as_ptr();
        field.paste(&"x".repeat(ROOM * 2));
        assert_eq!(field.text.len(), ROOM);
        assert_eq!(field.text.as_ptr(), before);
    }
}
