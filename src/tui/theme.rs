//! Colours and emphasis by role. Meaning never rests on colour alone (conformance W-10).

use ratatui::style::{Color, Modifier, Style};

use crate::model::Health;

/// How the screens look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The terminal's own 16 colours; without, only bold, dim, underline and reverse.
    pub colour: bool,
    /// Only ASCII glyphs.
    pub ascii: bool,
}

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Plain,
    Strong,
    Dim,
    Selected,
    Good,
    Warn,
    Bad,
    Key,
    Match,
    Banner,
}

impl Look {
    /// No white, black or yellow text: those vanish on one kind of background or the other.
    pub(super) fn style(self, role: Role) -> Style {
        let plain = Style::new();
        let tinted = |colour: Color| {
            if self.colour { plain.fg(colour) } else { plain }
        };
        match role {
            Role::Plain => plain,
            Role::Strong => plain.add_modifier(Modifier::BOLD),
            Role::Dim => plain.add_modifier(Modifier::DIM),
            Role::Selected => plain.add_modifier(Modifier::REVERSED),
            Role::Good => tinted(Color::Green),
            Role::Warn => tinted(Color::Magenta),
            Role::Bad => tinted(Color::Red).add_modifier(Modifier::BOLD),
            Role::Key => tinted(Color::Cyan).add_modifier(Modifier::BOLD),
            Role::Match => plain.add_modifier(Modifier::UNDERLINED | Modifier::BOLD),
            Role::Banner => plain.add_modifier(Modifier::REVERSED | Modifier::BOLD),
        }
    }
}

pub(super) fn role_of_health(health: Health) -> Role {
    match health {
        Health::Connected => Role::Good,
        Health::Error | Health::NeedsSignIn => Role::Bad,
        Health::Expiring | Health::Offline => Role::Warn,
        Health::SigningIn => Role::Strong,
        Health::Expired | Health::Untested => Role::Plain,
    }
}
