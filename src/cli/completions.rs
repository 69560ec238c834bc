//! `completions SHELL`: a script from the same definition as the parser.

use clap::CommandFactory as _;

use super::args::Cli;
use super::failed::Failed;

pub(super) fn run(shell: clap_complete::Shell) -> Result<(), Failed> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "valetkey", &mut script);
    super::output::data(String::from_utf8_lossy(&script).trim_end())?;
    Ok(())
}
