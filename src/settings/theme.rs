//! Themes: one of ours, or a person's own colours over one of them.

use super::read::Draft;
use super::table::one_of;
use crate::model::strict_toml::Fields;

/// What a piece of text is; a theme gives each its look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
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

impl Role {
    /// With their names in a theme, and what they are.
    pub const ALL: [(Role, &'static str, &'static str); 10] = [
        (Role::Plain, "plain", "ordinary text"),
        (
            Role::Strong,
            "strong",
            "titles, headings, what to type elsewhere",
        ),
        (Role::Dim, "dim", "what matters less"),
        (
            Role::Selected,
            "selected",
            "the selected row; shown in reverse",
        ),
        (Role::Good, "good", "connected, done"),
        (Role::Warn, "warn", "expiring, offline, warnings"),
        (Role::Bad, "bad", "failed, needs sign-in"),
        (Role::Key, "key", "keys in the footer, the pointer"),
        (Role::Match, "match", "what the filter found"),
        (Role::Banner, "banner", "practice, codes; shown in reverse"),
    ];
}

/// The look that is the ground of a theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Base {
    /// The terminal's own 16 colours.
    #[default]
    Default,
    /// No colour; bold, dim, underline and reverse.
    Monochrome,
    /// Colours, bold, and nothing dim.
    HighContrast,
}

const BASES: [(&str, Base); 3] = [
    ("default", Base::Default),
    ("monochrome", Base::Monochrome),
    ("high-contrast", Base::HighContrast),
];

/// A colour of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Whatever the terminal writes in.
    Terminal,
    /// One of the terminal's 16.
    Palette(u8),
    Rgb(u8, u8, u8),
}

/// In the order of the terminal's palette.
pub(super) const NAMES: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright-black",
    "bright-red",
    "bright-green",
    "bright-yellow",
    "bright-blue",
    "bright-magenta",
    "bright-cyan",
    "bright-white",
];

impl Colour {
    /// `green`, `bright-blue`, `#a0c4ff`, or `terminal`.
    fn parse(text: &str) -> Result<Self, &'static str> {
        if text == "terminal" {
            return Ok(Self::Terminal);
        }
        if let Some(at) = NAMES.iter().position(|name| *name == text) {
            return Ok(Self::Palette(u8::try_from(at).unwrap_or_default()));
        }
        let digits = text.strip_prefix('#').filter(|digits| {
            digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        let rgb = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let Some([_, red, green, blue]) = rgb.map(u32::to_be_bytes) else {
            return Err(
                "use a colour like green, bright-blue or #a0c4ff; docs/SETTINGS.md has all names",
            );
        };
        Ok(Self::Rgb(red, green, blue))
    }
}

/// A look for every role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Theme {
    pub base: Base,
    /// In the order of [`Role::ALL`].
    colours: [Option<Colour>; Role::ALL.len()],
}

impl Theme {
    /// One of ours.
    pub const fn of(base: Base) -> Self {
        Self {
            base,
            colours: [None; Role::ALL.len()],
        }
    }

    /// The person's own colour of a role.
    pub fn colour(&self, role: Role) -> Option<Colour> {
        self.colours[role as usize]
    }
}

/// The setting: a name, or a table of colours.
pub(super) fn setting(fields: &Fields<'_>, draft: &mut Draft) {
    let Some(found) = fields.get("theme") else {
        return;
    };
    if found.get_ref().is_table() {
        if let Some(table) = fields.table("theme") {
            draft.settings.theme = of_table(table);
        }
        return;
    }
    let Some((name, at)) = fields.text("theme") else {
        return;
    };
    if let Ok(base) = one_of(name, &BASES) {
        draft.settings.theme = Theme::of(base);
    } else if is_file_name(name) {
        draft.theme_file = Some((format!("themes/{name}.toml"), at));
    } else {
        let what = "use default, monochrome, high-contrast, or the name of a file in themes/ without its ending";
        fields.wrong(&at, "theme", what);
    }
}

/// A name is a key and never a path.
fn is_file_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    !name.is_empty() && name.len() <= 64 && name.chars().all(plain)
}

/// The theme that a table describes; a colour that is wrong stays as in its ground.
pub(super) fn of_table(fields: Fields<'_>) -> Theme {
    let base = fields.parsed("base", |text| one_of(text, &BASES));
    let mut theme = Theme::of(base.unwrap_or_default());
    for (colour, (_, name, _)) in theme.colours.iter_mut().zip(Role::ALL) {
        *colour = fields.parsed(name, Colour::parse);
    }
    fields.end();
    theme
}
