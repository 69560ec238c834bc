//! What a person sets once, in `config.toml` of the configuration folder: how the program looks and behaves,
//! never a secret and nothing of a connection.
//!
//! May use: actions (for keys), host (its vocabulary, and to read the file), model. Reading is strict and
//! harmless: a wrong value keeps its default and is told with its place, an unknown name is told, and a bad
//! file stops nothing. What outranks what stands in the one table of [`table`], which also writes
//! `docs/SETTINGS.md`.

mod keys;
mod page;
mod read;
mod table;
mod theme;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use crate::actions::Keymap;
use crate::host::{FirstWay, TextFileError, read_own_text};
use crate::model::Untrusted;

pub use page::settings_page;
pub use theme::{Base, Colour, Role, Theme};

/// The file in the configuration folder.
pub const FILE: &str = "config.toml";

/// Every setting; the default is what an empty file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Line by line.
    pub plain: bool,
    /// Only ASCII on the screen; `None` leaves it to the locale.
    pub ascii: Option<bool>,
    /// The table takes the mouse.
    pub mouse: bool,
    pub theme: Theme,
    pub clipboard: Clipboard,
    pub links: Links,
    /// One program, or several with `:` between them.
    pub browser: Option<String>,
    /// `None` leaves it to the surroundings.
    pub first_way: Option<FirstWay>,
    /// A running agent is asked.
    pub agent: bool,
    /// `HOST` or `USER@HOST`.
    pub ssh_host: Option<String>,
    pub keys: Keymap,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            plain: false,
            ascii: None,
            mouse: true,
            theme: Theme::default(),
            clipboard: Clipboard::Auto,
            links: Links::Auto,
            browser: None,
            first_way: None,
            agent: true,
            ssh_host: None,
            keys: Keymap::default(),
        }
    }
}

/// Where copied text goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clipboard {
    /// The desktop's at the desk, the terminal's over SSH.
    #[default]
    Auto,
    /// The terminal's (OSC 52).
    Terminal,
    /// The desktop's, by one of its programs.
    Native,
    /// Nothing is copied.
    Off,
}

/// Whether addresses on the screen are links that the terminal opens (OSC 8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Links {
    /// Where the terminal is known to take them.
    #[default]
    Auto,
    /// Wherever a screen is drawn.
    On,
    Off,
}

/// Something to tell about one of the files. `what` may hold outside text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Below the configuration folder.
    pub file: String,
    /// Line and column, from 1.
    pub place: Option<(usize, usize)>,
    pub what: String,
}

impl Told {
    /// `config.toml:3:9: what`, made harmless.
    pub fn shown(&self) -> String {
        let place = self
            .place
            .map_or(String::new(), |(line, column)| format!("{line}:{column}:"));
        let text = format!("{}:{place} {}", self.file, self.what);
        Untrusted::new(text).shown().to_string()
    }
}

/// What was read, with everything that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub settings: Settings,
    /// Each kept its default.
    pub problems: Vec<Told>,
    /// What was passed over.
    pub warnings: Vec<Told>,
}

/// The settings of a configuration folder, as they are now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    pub path: PathBuf,
    /// Whether there is a file.
    pub there: bool,
    pub found: Found,
}

impl Loaded {
    /// One harmless line for everything that is wrong, problems first.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let all = self.found.problems.iter().chain(&self.found.warnings);
        all.map(Told::shown)
    }
}

/// Folders of files that a person edits: the settings, presets and themes.
pub const FOLDERS: [&str; 3] = ["", "providers", "themes"];

/// What stands in those files, as one number: to see that one was replaced.
pub fn stamp(folder: &Path) -> u64 {
    let mut files: Vec<PathBuf> = FOLDERS
        .iter()
        .filter_map(|below| std::fs::read_dir(folder.join(below)).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        let text = read_own_text(&file).map_err(|problem| problem.to_string());
        (file, text).hash(&mut hasher);
    }
    hasher.finish()
}

/// Reads `config.toml` of the folder, and the theme that it names.
pub fn load(folder: &Path) -> Loaded {
    let path = folder.join(FILE);
    let text = read_own_text(&path);
    let there = text != Err(TextFileError::NotThere);
    let found = match text {
        Ok(text) => read(&text, &|file| read_own_text(&folder.join(file))),
        Err(TextFileError::NotThere) => Found::default(),
        Err(problem) => Found {
            problems: vec![Told {
                file: FILE.to_owned(),
                place: None,
                what: problem.to_string(),
            }],
            ..Found::default()
        },
    };
    Loaded { path, there, found }
}

/// Reads a text; `other` gives the text of a further file of the folder.
pub fn read(text: &str, other: &dyn Fn(&str) -> Result<String, TextFileError>) -> Found {
    read::read(text, other)
}

/// Whether a running agent is to be asked, told as cheaply as can be: most files do not mention it, and
/// whoever asks must not wait for a parser.
pub fn wants_agent(folder: &Path) -> bool {
    match read_own_text(&folder.join(FILE)) {
        Ok(text) if text.contains("agent") => {
            let nothing = |_: &str| Err(TextFileError::NotThere);
            read(&text, &nothing).settings.agent
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests;
