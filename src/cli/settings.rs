//! The person's settings, read once for a command, and who is told what is wrong in them.

use std::path::Path;

use super::args::{Cli, Command};
use super::catalogue;
use crate::host::Paths;
use crate::provider::Catalogue;
use crate::settings::{Loaded, Settings, Told, load};

impl Cli {
    /// What `config.toml` says; the defaults where there is no home.
    pub(super) fn settings(&self) -> &Loaded {
        self.settings.get_or_init(|| {
            Paths::from_env().map_or_else(|_| Loaded::default(), |paths| load(&paths.config))
        })
    }
}

/// The settings and the presets of a configuration folder, as they are now.
///
/// # Errors
/// Everything that is wrong with them, line by line.
pub fn read_again(config: &Path) -> Result<(Settings, Catalogue), Vec<String>> {
    let found = load(config).found;
    let (catalogue, problems) = catalogue::read(config);
    let mut lines: Vec<String> = found.problems.iter().map(Told::shown).collect();
    lines.extend(problems);
    if lines.is_empty() {
        Ok((found.settings, catalogue))
    } else {
        Err(lines)
    }
}

/// Whether a command tells unasked what is wrong in them. Not those that programs run, whose words nobody
/// reads; nor those that tell it in their own way.
pub(super) fn are_told(cli: &Cli) -> bool {
    if cli.command.is_none() {
        // The table tells it itself.
        return super::is_plain(cli);
    }
    !matches!(
        &cli.command,
        Some(
            Command::Token(_)
                | Command::Exec(_)
                | Command::GitCredential(_)
                | Command::KubeCredential(_)
                | Command::Completions { .. }
                | Command::Doctor(_)
                | Command::Paths { .. }
        )
    )
}
