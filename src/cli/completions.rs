//! `completions SHELL` and `man`, from the same definition as the parser. The shell asks the program
//! itself at each tab, so that it knows the names of the connections.

use std::fs;
use std::path::Path;

use clap::{CommandFactory as _, Parser as _};
use clap_complete::engine::CompletionCandidate;
use clap_complete::env::{CompleteEnv, Shells};

use super::args::Cli;
use super::failed::Failed;
use super::setup::{self, Setup};
use super::{catalogue, output};
use crate::engine::Error;

/// Set by the script in a shell that asks.
const ASKED: &str = "VALETKEY_COMPLETE";

const NAME: &str = "valetkey";

/// Answers a shell that completes a line, and ends; returns at once where none does.
pub(super) fn answer() {
    if std::env::var_os(ASKED).is_some() {
        CompleteEnv::with_factory(Cli::command)
            .var(ASKED)
            .complete();
    }
}

/// Prints the script that makes a shell ask.
pub(super) fn run(shell: clap_complete::Shell) -> Result<(), Failed> {
    let shells = Shells::builtins();
    let shell = shells
        .completer(&shell.to_string())
        .ok_or(Error::Internal("a shell without completion"))?;
    let mut script = Vec::new();
    shell.write_registration(ASKED, NAME, NAME, NAME, &mut script)?;
    output::data(String::from_utf8_lossy(&script).trim_end())?;
    Ok(())
}

/// The names of the connections. A shell shows nothing else, so whatever fails offers none.
pub(super) fn connections() -> Vec<CompletionCandidate> {
    let rows = || {
        let cli = Cli::try_parse_from([NAME]).ok()?;
        Setup::silent(&cli).ok()?.engine.rows().ok()
    };
    let candidate = |row: crate::engine::Row| {
        CompletionCandidate::new(row.summary.name.to_string())
            .help(Some(row.verdict.health.word().into()))
    };
    rows().into_iter().flatten().map(candidate).collect()
}

/// The ids of the presets.
pub(super) fn presets() -> Vec<CompletionCandidate> {
    let Ok(paths) = setup::paths() else {
        return Vec::new();
    };
    catalogue::quiet(&paths.config)
        .presets()
        .iter()
        .map(|preset| CompletionCandidate::new(preset.id.clone()))
        .collect()
}

/// Prints the manual page, or writes one for each command into a folder.
pub(super) fn man(folder: Option<&Path>) -> Result<(), Failed> {
    let command = Cli::command().name(NAME);
    let Some(folder) = folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        output::data(String::from_utf8_lossy(&page).trim_end())?;
        return Ok(());
    };
    fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(command, folder))
        .map_err(|error| {
            Failed::usage(
                "folder",
                format!("{}: {}.", output::path(folder), output::unreadable(&error)),
                "Give a folder that you may write to.",
            )
        })
}
