//! `export`: definitions as TOML, or an encrypted backup of the sign-ins themselves.

use super::args::Export;
use super::failed::Failed;
use super::prompt::prompt;
use super::setup::{self, Setup};
use super::to_file::{refuse_taken, write_file};
use super::{catalogue, output, passphrase};
use crate::advice;
use crate::advice::import::count;
use crate::model::{Connection, Untrusted};
use crate::provider::{Definition, read_definitions, write_definitions};

/// What a person types to get a second copy of sign-ins.
const WORDS: &str = "second copy";

pub(super) fn run(setup: &Setup, export: &Export) -> Result<(), Failed> {
    let connections = setup.engine.connections(&export.names)?;
    if export.with_sign_ins {
        return with_sign_ins(setup, export, &connections);
    }
    if export.new.is_given() {
        return Err(Failed::usage(
            "usage",
            "A plain export has no passphrase: it holds no secret.",
            "For an encrypted backup of the sign-ins add --with-sign-ins.",
        ));
    }
    let definitions: Vec<Definition> = connections.iter().map(Definition::of).collect();
    let text = write_definitions(&definitions);
    match &export.output {
        Some(path) => write_file(path, text.as_bytes(), export.force)?,
        None => output::data(text.trim_end_matches('\n'))?,
    }
    tell(&text, export)?;
    if let Some(path) = &export.output {
        output::note(&format!(
            "Wrote {} to {}. There is no secret in it.",
            count(definitions.len()),
            output::path(path)
        ));
    }
    Ok(())
}

/// Says so when the file could not be imported again.
fn tell(text: &str, export: &Export) -> Result<(), Failed> {
    let catalogue = catalogue::load(&setup::paths()?.config);
    let Err(problems) = read_definitions(text, &catalogue) else {
        return Ok(());
    };
    output::note("valetkey: This file cannot be imported as it is:");
    for problem in problems {
        output::note(&format!("  {}", Untrusted::new(problem.what).shown()));
    }
    if export.names.is_empty() {
        output::note("  Export some connections at a time: valetkey export NAME…");
    }
    Ok(())
}

fn with_sign_ins(setup: &Setup, export: &Export, connections: &[Connection]) -> Result<(), Failed> {
    let Some(path) = &export.output else {
        return Err(Failed::usage(
            "output-file",
            "A backup with sign-ins goes into a file.",
            "Say which: --output FILE",
        ));
    };
    refuse_taken(path)?;
    if connections.is_empty() {
        output::note("There is nothing to back up.");
        return Ok(());
    }
    if !setup.asks() {
        return Err(Failed::usage(
            "no-terminal",
            "A second copy of sign-ins is made only for somebody who says so on a terminal.",
            "Run it there. Definitions without secrets need no terminal: valetkey export",
        ));
    }
    output::note(&format!(
        "The file will hold the tokens and client secrets of {}, sealed with a passphrase of its own.",
        count(connections.len())
    ));
    output::note(advice::TWO_MACHINES);
    if prompt(&format!("Type `{WORDS}` to make one: "), "")? != WORDS {
        output::note("Nothing was written.");
        return Ok(());
    }
    setup.open_vault()?;
    output::note("The backup has a passphrase of its own, not the vault's.");
    let passphrase = passphrase::new(&export.new, true)?;
    let bytes = setup.engine.back_up(connections, &passphrase)?;
    write_file(path, &bytes, false)?;
    output::note(&format!(
        "Wrote {} to {}. To use it elsewhere: valetkey import {}",
        count(connections.len()),
        output::path(path),
        output::path(path)
    ));
    Ok(())
}
