//! The person's settings, read once for a command, and who is told what is wrong in them.

use super::args::{Cli, Command};
use crate::host::Paths;
use crate::settings::{Loaded, load};

impl Cli {
    /// What `config.toml` says; the defaults where there is no home.
    pub(super) fn settings(&self) -> &Loaded {
        self.settings.get_or_init(|| {
            Paths::from_env().map_or_else(|_| Loaded::default(), |paths| load(&paths.config))
        })
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
