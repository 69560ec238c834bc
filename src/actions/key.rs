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

/// Why a text names no key that can be given to an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoKey {
    #[error("this is no key; use one like r, ctrl-r, f5, space, enter, page-up (docs/KEYS.md)")]
    Unknown,
    #[error("terminals send it as another key")]
    Another,
}

/// Those with a name of their own.
const NAMED: [Key; 17] = [
    Key::Char(' '),
    Key::Enter,
    Key::Esc,
    Key::Tab,
    Key::BackTab,
    Key::Up,
    Key::Down,
    Key::Left,
    Key::Right,
    Key::ShiftLeft,
    Key::ShiftRight,
    Key::PageUp,
    Key::PageDown,
    Key::Home,
    Key::End,
    Key::Backspace,
    Key::Delete,
];

impl std::str::FromStr for Key {
    type Err = NoKey;

    /// Reads what [`Key`] displays, in any case, with `-` or `_` for its blank too.
    fn from_str(text: &str) -> Result<Self, NoKey> {
        let mut characters = text.chars();
        if let (Some(c), None) = (characters.next(), characters.next()) {
            return if c.is_control() {
                Err(NoKey::Unknown)
            } else {
                Ok(Self::Char(c))
            };
        }
        let name = text.to_lowercase().replace(['-', '_'], " ");
        if let Some(letter) = name.strip_prefix("ctrl ") {
            return match letter.as_bytes() {
                // Tab and enter.
                [b'i' | b'm'] => Err(NoKey::Another),
                [letter @ b'a'..=b'z'] => Ok(Self::Ctrl(char::from(*letter))),
                _ => Err(NoKey::Unknown),
            };
        }
        if let Some(number) = name.strip_prefix('f') {
            let number = number
                .parse()
                .ok()
                .filter(|number| (1..=12).contains(number));
            return number.map(Self::F).ok_or(NoKey::Unknown);
        }
        if name == "delete" {
            return Ok(Self::Delete);
        }
        let same = |key: &Key| key.to_string().replace('-', " ") == name;
        NAMED.into_iter().find(same).ok_or(NoKey::Unknown)
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
            Self::Delete => "del",
        };
        f.write_str(name)
    }
}
