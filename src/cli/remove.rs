//! `remove`: delete a definition, with or without ending its sign-in at the provider.

use super::failed::Failed;
use super::prompt::choice;
use super::revoke::{confirmed, revoked_words, siblings, siblings_words};
use super::setup::Setup;
use super::{output, runtime, waiting};
use crate::advice::{cannot_be_told, stays_valid};
use crate::model::{Connection, Untrusted};

pub(super) fn run(setup: &Setup, name: &str, revoke: bool, forget: bool) -> Result<(), Failed> {
    let connection = setup.engine.connection(name)?;
    let signed_in = connection.is_signed_in();
    let siblings = siblings(setup, &connection)?;
    let revoke = match (revoke, forget) {
        (_, true) => Some(false),
        _ if !signed_in => Some(false),
        (true, _) => confirmed(&connection, &siblings, false)?.then_some(true),
        _ => ask(&connection, &siblings)?,
    };
    let Some(revoke) = revoke else {
        output::note(&format!("Kept {}. Nothing was changed.", connection.name));
        return Ok(());
    };
    let mut waits = None;
    if revoke {
        setup.open_vault()?;
        let revoked = runtime()?.block_on(setup.engine.revoke(&connection.id))?;
        waiting::tell_due(setup)?;
        if revoked.waiting.is_none() {
            output::note(&revoked_words(&connection.provider.name, &revoked));
        }
        waits = revoked.waiting;
    }
    let removed = setup.engine.remove(&connection)?;
    setup.keep_deleted(&connection);
    output::note(&if revoke || !signed_in {
        format!("Deleted {} here.", connection.name)
    } else {
        // Nothing is glued to an address.
        let stop = connection.provider.manage_url.as_ref().map_or(".", |_| "");
        format!(
            "Deleted {} here only: {}{stop}",
            connection.name,
            stays_valid(&connection)
        )
    });
    if removed.registration_too {
        let secret = if connection.registration.has_secret {
            " and its secret"
        } else {
            ""
        };
        output::note(&format!(
            "No other connection used its app registration (client ID {}): it went too{secret}. The app itself stays registered at the provider.",
            Untrusted::new(&*connection.registration.client_id).shown()
        ));
    }
    match waits {
        Some(waits) => Err(waiting::failed(setup, waits)?),
        None => Ok(()),
    }
}

/// Whether to revoke first; `None` keeps everything.
fn ask(connection: &Connection, siblings: &[String]) -> Result<Option<bool>, Failed> {
    if !output::stdin_is_terminal() {
        return Err(Failed::usage(
            "choose",
            format!(
                "{} is signed in. Say what is to happen to that.",
                connection.name
            ),
            "--revoke ends it at the provider too; --forget deletes it here only.",
        ));
    }
    // Nothing is offered that cannot be done.
    let untold = connection.no_revocation();
    output::note(&format!("Delete {}?", connection.name));
    if let Some(why) = untold {
        output::note(&cannot_be_told(connection, why));
    }
    output::item("  1 keep it");
    if untold.is_none() {
        output::item("  2 revoke and delete: the provider is told");
    }
    let only_here = if untold.is_none() { 3 } else { 2 };
    output::item(&format!(
        "  {only_here} delete here only: {}",
        stays_valid(connection)
    ));
    if untold.is_none()
        && let Some(words) = siblings_words(siblings)
    {
        output::note(&words);
    }
    Ok(match choice("Number, enter keeps it: ", "1", only_here)? {
        1 => None,
        number => Some(number != only_here),
    })
}
