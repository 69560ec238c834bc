//! Colours and emphasis by role. Meaning never rests on colour alone (conformance W-10).

use ratatui::style::{Color, Modifier, Style};

use crate::model::Health;
pub(super) use crate::settings::Role;
use crate::settings::{Base, Colour, Theme};

/// How the screens look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Colours, as the theme has them; without, only bold, dim, underline and reverse.
    pub colour: bool,
    /// Only ASCII glyphs.
    pub ascii: bool,
    /// The terminal takes addresses as links (OSC 8).
    pub links: bool,
    pub theme: Theme,
}

impl Look {
    pub(super) fn style(self, role: Role) -> Style {
        let (emphasis, colour) = match self.theme.base {
            Base::Default => (ordinary(role), ordinary_colour(role)),
            Base::Monochrome => (ordinary(role), None),
            Base::HighContrast => (contrast(role), None),
        };
        let style = Style::new().add_modifier(emphasis);
        let colour = match self.theme.colour(role) {
            Some(own) => painted(own),
            None => colour,
        };
        match colour {
            Some(colour) if self.colour => style.fg(colour),
            _ => style,
        }
    }
}

fn ordinary(role: Role) -> Modifier {
    match role {
        Role::Plain | Role::Good | Role::Warn => Modifier::empty(),
        Role::Strong | Role::Bad | Role::Key => Modifier::BOLD,
        Role::Dim => Modifier::DIM,
        Role::Selected => Modifier::REVERSED,
        Role::Match => Modifier::UNDERLINED | Modifier::BOLD,
        Role::Banner => Modifier::REVERSED | Modifier::BOLD,
    }
}

/// No white, black or yellow text: those vanish on one kind of background or the other.
fn ordinary_colour(role: Role) -> Option<Color> {
    match role {
        Role::Good => Some(Color::Green),
        Role::Warn => Some(Color::Magenta),
        Role::Bad => Some(Color::Red),
        Role::Key => Some(Color::Cyan),
        _ => None,
    }
}

/// What the terminal writes in stands out most against its background, so nothing is tinted or dim.
fn contrast(role: Role) -> Modifier {
    match role {
        Role::Plain | Role::Dim => Modifier::empty(),
        Role::Strong | Role::Good => Modifier::BOLD,
        Role::Warn | Role::Key | Role::Match => Modifier::UNDERLINED | Modifier::BOLD,
        Role::Selected | Role::Bad | Role::Banner => Modifier::REVERSED | Modifier::BOLD,
    }
}

fn painted(colour: Colour) -> Option<Color> {
    const PALETTE: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    match colour {
        Colour::Terminal => None,
        Colour::Palette(at) => PALETTE.get(usize::from(at)).copied(),
        Colour::Rgb(red, green, blue) => Some(Color::Rgb(red, green, blue)),
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
