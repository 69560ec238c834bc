//! Practice line by line: the same list and menus, beside a pretend service and a vault in memory.

use super::super::args::{Cli, Login};
use super::super::demo::{self, TuiParts};
use super::super::failed::Failed;
use super::super::practice::practice_definition;
use super::super::setup::Setup;
use super::super::{add, login, output, scopes};
use crate::host::EndingSignals;

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
    let code = super::run(&setup, cli)?;
    output::note("Practice is over; nothing of it was kept.");
    Ok(code)
}

/// Adds a connection to the pretend service, and signs in.
pub(super) fn connect(setup: &Setup) -> Result<(), Failed> {
    let Some(sandbox) = setup.practice_provider() else {
        return Ok(());
    };
    let mut new = practice_definition(sandbox.url(), None)?;
    output::note("Scopes decide what this connection may touch.");
    new.scopes = scopes::ask(&scopes::of_practice(), &new.scopes, &new.scopes, false)?;
    let id = setup.engine.add(new)?;
    let name = setup.engine.connection_by_id(&id)?.name;
    output::note(&format!("Added {name}."));
    login::run(setup, &Login::plain(name.as_str()))
        .map_err(|failed| add::stays(failed, name.as_str()))
}
