//! Keys as people name them.

use std::fmt;

/// A key press, without the terminal's details. Shift is part of the character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    Char(char),
    Ctrl(char),
    F(u8),
    Enter,
    Esc,
    Tab,
    BackTab,
    Up,
    Down,
    Left,
    Right,
    ShiftLeft,
    ShiftRight,
    PageUp,
    PageDown,
    Home,
    End,
    Backspace,
    Delete,
}

impl Key {
    /// Whether a text field takes it as text.
    pub fn is_printable(self) -> bool {
        matches!(self, Self::Char(_))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Char(' ') => "space",
            Self::Char(c) => return write!(f, "{c}"),
            Self::Ctrl(c) => return write!(f, "ctrl-{c}"),
            Self::F(n) => return write!(f, "F{n}"),
            Self::Enter => "enter",
            Self::Esc => "esc",
            Self::Tab => "tab",
            Self::BackTab => "shift-tab",
            Self::Up => "up",
            Self::Down => "down",
            Self::Left => "left",
            Self::Right => "right",
            Self::ShiftLeft => "shift-left",
            Self::ShiftRight => "shift-right",
            Self::PageUp => "page up",
            Self::PageDown => "page down",
            Self::Home => "home",
            Self::End => "end",
            Self::Backspace => "backspace",
            Self::Delete => "delete",
        };
        f.write_str(name)
    }
}
