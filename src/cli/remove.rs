//! `remove`: delete a definition, with or without ending its sign-in at the provider.

use super::failed::Failed;
use super::setup::{Setup, prompt};
use super::{output, runtime, work};
use crate::model::Connection;

pub(super) fn run(setup: &Setup, name: &str, revoke: bool, forget: bool) -> Result<(), Failed> {
    let connection = setup.engine.connection(name)?;
    let signed_in = connection.grant.is_some() && connection.ended.is_none();
    let revoke = match (revoke, forget) {
        (true, _) => signed_in,
        (_, true) => false,
        _ if !signed_in => false,
        _ => ask(&connection)?,
    };
    if revoke {
        setup.open_vault()?;
        let revoked = runtime()?.block_on(setup.engine.revoke(&connection.id))?;
        output::note(&work::revoked_words(&connection.provider.name, &revoked));
    }
    setup.engine.remove(&connection)?;
    output::note(&match (revoke, signed_in) {
        (true, _) | (_, false) => format!("Deleted {} here.", connection.name),
        (false, true) => {
            let page = connection.provider.manage_url.as_ref();
            let page = page.map_or(String::new(), |url| format!(" End it by hand at {url}"));
            format!(
                "Deleted {} here only. The sign-in stays valid at the provider.{page}",
                connection.name
            )
        }
    });
    Ok(())
}

fn ask(connection: &Connection) -> Result<bool, Failed> {
    let how = || {
        Failed::usage(
            "choose",
            format!(
                "{} is signed in. Say what is to happen to that.",
                connection.name
            ),
            "--revoke ends it at the provider too; --forget deletes it here only.",
        )
    };
    if !output::stdin_is_terminal() {
        return Err(how());
    }
    output::note(&format!(
        "{}\n  1 keep it\n  2 revoke and delete: the provider is told\n  3 delete here only: the sign-in stays valid there",
        connection.name
    ));
    match prompt("Number [1]: ", "1")?.as_str() {
        "2" => Ok(true),
        "3" => Ok(false),
        _ => Err(Failed::usage(
            "kept",
            "Kept. Nothing was changed.",
            "Choose 2 or 3 to delete it.",
        )),
    }
}
