//! Practice line by line: the same list and menus, beside a pretend service and a vault in memory.

use super::super::args::{Cli, Login};
use super::super::demo::{self, TuiParts};
use super::super::failed::Failed;
use super::super::practice::practice_definition;
use super::super::prompt::prompt;
use super::super::setup::Setup;
use super::super::{login, output};
use crate::host::EndingSignals;
use crate::model::ScopeSet;
use crate::sandbox::SCOPES;

/// Practises until the person leaves.
pub(in crate::cli) fn run(
    cli: &Cli,
    port: u16,
    ending: Option<EndingSignals>,
) -> Result<u8, Failed> {
    let TuiParts {
        engine, practice, ..
    } = demo::parts(port, cli.settings().found.settings.clone())?;
    // Its runtime serves as long as this lives.
    let practice = practice.ok_or_else(|| Failed::internal("no practice provider"))?;
    output::note(
        "Practice. A pretend service runs on this machine; nothing leaves it.\nNothing of it is kept.",
    );
    let setup = Setup::practice(engine, practice.sandbox.clone(), ending).going_on()?;
    super::run(&setup, cli)
}

/// Adds a connection to the pretend service, and signs in.
pub(super) fn connect(setup: &Setup) -> Result<(), Failed> {
    let Some(sandbox) = setup.practice_provider() else {
        return Ok(());
    };
    let mut new = practice_definition(sandbox.url(), None)?;
    output::note("Step 4 of 7: Scopes decide what this connection may touch.");
    for (scope, meaning) in SCOPES {
        output::note(&format!("  {scope:<12} {meaning}"));
    }
    let usual = new.scopes.to_string();
    let wanted = prompt(&format!("Scopes [{usual}]: "), &usual)?;
    new.scopes = ScopeSet::parse(&wanted)
        .map_err(|problem| Failed::usage("scope", format!("{problem}."), "Try again: a"))?;
    let id = setup.engine.add(new)?;
    let name = setup.engine.connection_by_id(&id)?.name;
    output::note(&format!("Added {name}."));
    login::run(setup, &Login::plain(name.as_str()))
}
