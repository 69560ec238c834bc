//! `vault restore`: the copy in the place of a damaged vault.

use std::time::Duration;

use crate::cli::args::Cli;
use crate::cli::failed::Failed;
use crate::cli::output;
use crate::cli::prompt::confirmed;
use crate::cli::setup;
use crate::engine::Error;
use crate::host::{Clock as _, SystemClock};
use crate::vault::{Vault, VaultError};

/// How long to wait for refreshes under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// `vault restore`. Opens no engine: the vault may not open.
pub(in crate::cli) fn run(cli: &Cli, anyway: bool, yes: bool) -> Result<(), Failed> {
    if cli.ephemeral {
        return Err(Error::Vault(VaultError::NotMade).into());
    }
    let home = setup::disk_home(&setup::paths()?);
    let copy = Vault::copy_of(&home).map_err(Error::from)?;
    let made_at = output::local_time(copy.made_at);
    let what = match (&copy.damage, anyway) {
        (Some(_), _) => "The vault is damaged.",
        (None, true) => "The vault opens.",
        (None, false) => {
            output::note("The vault is whole. Nothing was changed.");
            output::note("  To go on with its copy all the same: valetkey vault restore --anyway");
            return Ok(());
        }
    };
    let what = format!(
        "{what} Its copy of {made_at} is whole and holds {}. What was changed since is lost; the present file is kept beside it.",
        match copy.connections {
            1 => "1 connection".to_owned(),
            count => format!("{count} connections"),
        }
    );
    if !confirmed(yes, &what, "Put the copy in its place?")? {
        output::note("Kept. Nothing was changed.");
        return Ok(());
    }
    let restored = Vault::restore(&home, PATIENCE, SystemClock.now()).map_err(Error::from)?;
    output::note(&format!(
        "Restored the copy of {}.",
        output::local_time(restored.made_at)
    ));
    if let Some(path) = &restored.kept_aside {
        output::note(&format!("  The old file is kept: {}", output::path(path)));
    }
    output::note("  Before its first refresh it asks you: valetkey vault adopt");
    Ok(())
}
