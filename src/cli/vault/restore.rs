//! `vault restore`: the copy in the place of a damaged vault.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::args::Cli;
use crate::cli::failed::Failed;
use crate::cli::output;
use crate::cli::prompt::confirmed;
use crate::cli::setup;
use crate::engine::Error;
use crate::host::{Clock as _, SystemClock};
use crate::model::UnixTime;
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
    let made_at = local(copy.made_at);
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
        local(restored.made_at)
    ));
    if let Some(path) = &restored.kept_aside {
        output::note(&format!("  The old file is kept: {}", output::path(path)));
    }
    output::note("  Before its first refresh it asks you: valetkey vault adopt");
    Ok(())
}

/// Day and minute by the clock on the wall.
fn local(at: UnixTime) -> String {
    let Ok(moment) = Timestamp::from_second(at.0) else {
        return at.rfc3339();
    };
    let moment = moment.to_zoned(TimeZone::system());
    let today = Timestamp::from_second(SystemClock.now().0)
        .is_ok_and(|now| now.to_zoned(TimeZone::system()).date() == moment.date());
    moment
        .strftime(if today { "%H:%M" } else { "%Y-%m-%d %H:%M" })
        .to_string()
}
