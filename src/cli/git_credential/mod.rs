//! `git-credential`: answers git with a token for its host, and renews one that was refused.
//!
//! Nothing is ever stored or deleted on git's word. `store` has nothing to do. `erase` means that a
//! server refused the password: if it is the token at hand, it is renewed once, so that the next try
//! has a new one; a grant is worth more than the word of a server that may only be out of order.

mod choose;
mod message;

use std::io;

use zeroize::Zeroizing;

use super::args::GitCredential;
use super::failed::Failed;
use super::obtain::{Given, Wanted, obtain};
use super::setup::Setup;
use super::token::refuse_terminal;
use super::{output, runtime};
use crate::engine::{AfterRefusal, Error};
use crate::model::Connection;
use choose::{Choice, choose, listing, user_for};
use message::Message;

/// Whether this operation of git's is one that something is done for.
pub(super) fn is_known(asked: &GitCredential) -> bool {
    matches!(asked.operation.as_str(), "get" | "erase")
}

pub(super) fn run(setup: &Setup, asked: &GitCredential) -> Result<(), Failed> {
    let gets = asked.operation == "get";
    if gets {
        refuse_terminal("See the token itself: valetkey token NAME --show")?;
    }
    let message = message::read(io::stdin().lock()).map_err(|refused| {
        Failed::usage(
            "credential-input",
            format!("What git asks for is refused: {refused}."),
            "Look at the address of the repository; somebody may have put more into it than a host.",
        )
    })?;
    let known = match &asked.connection {
        Some(name) => vec![setup.engine.connection(name)?],
        None => connections(setup)?,
    };
    let listing = listing(&message, known);
    if gets {
        get(setup, &message, listing)
    } else {
        erase(setup, &message, &listing)
    }
}

fn connections(setup: &Setup) -> Result<Vec<Connection>, Failed> {
    let mut connections = Vec::new();
    for row in setup.engine.rows()? {
        match setup.engine.connection_by_id(&row.summary.id) {
            Ok(connection) => connections.push(connection),
            // Removed elsewhere since the rows were read.
            Err(Error::UnknownConnection { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Ok(connections)
}

fn get(setup: &Setup, message: &Message, listing: Vec<Connection>) -> Result<(), Failed> {
    let host = message.host.shown();
    let choose_one = |names: &[String]| {
        let (protocol, names) = (message.protocol.shown(), names.join(", "));
        format!("Choose one of {names}: git config credential.{protocol}://{host}.username NAME")
    };
    let connection = match choose(message, listing) {
        Choice::One(connection) => connection,
        // Git asks every helper it knows; there is nothing to say to a question for another.
        Choice::NotOurs => {
            if setup.verbose {
                output::note(&format!("valetkey: {host} is no host of a connection."));
            }
            return Ok(());
        }
        Choice::Several(names) => {
            return Err(Failed::usage(
                "several-connections",
                format!("{} connections have a token for {host}.", names.len()),
                choose_one(&names),
            ));
        }
        Choice::NobodyOfThatName(names) => {
            let user = message.username.as_ref().map(|user| user.shown());
            return Err(Failed::usage(
                "no-such-user",
                format!(
                    "No connection for {host} is named {user} or signed in as {user}.",
                    user = user.unwrap_or_default()
                ),
                choose_one(&names),
            ));
        }
    };
    let given = obtain(
        setup,
        &Wanted {
            name: connection.name.as_str(),
            min_valid: None,
            resource: None,
            interactive: false,
        },
    )?;
    let user = user_for(message.host.raw(), &connection.provider.id);
    output::data(&answer(message, user, &given)?)?;
    given.handed_out(setup);
    Ok(())
}

/// The answer without its last line end.
fn answer(message: &Message, user: &str, given: &Given) -> Result<Zeroizing<String>, Failed> {
    let token = given.token.reveal();
    if token.chars().any(char::is_control) {
        return Err(Error::Internal("a token has a control character in it").into());
    }
    let end = given
        .expires_at
        .map(|end| format!("\npassword_expiry_utc={}", end.0));
    let end = end.unwrap_or_default();
    Ok(Zeroizing::new(if message.wants_bearer() {
        // Not worth keeping for other helpers.
        format!("capability[]=authtype\nauthtype=Bearer\ncredential={token}\nephemeral=1{end}")
    } else {
        format!("username={user}\npassword={token}{end}")
    }))
}

fn erase(setup: &Setup, message: &Message, listing: &[Connection]) -> Result<(), Failed> {
    let Some(refused) = &message.secret else {
        return Ok(());
    };
    for connection in listing {
        setup.open_vault()?;
        let renewal = setup.engine.renew_refused(connection, refused);
        let outcome = runtime()?.block_on(renewal)?;
        let (name, host) = (&connection.name, message.host.shown());
        match outcome {
            AfterRefusal::Another => continue,
            AfterRefusal::Renewed => output::note(&format!(
                "valetkey: {host} refused the token of {name}. It was renewed; try again."
            )),
            AfterRefusal::JustIssued => output::note(&format!(
                "valetkey: {host} refused a token of {name} that is quite new. May its account read there? \
                 run: valetkey test {name}"
            )),
            AfterRefusal::NoRefreshToken => output::note(&format!(
                "valetkey: {host} refused the token of {name}, and nothing can renew it.\n  \
                 run: valetkey test {name}   or: valetkey login {name}"
            )),
        }
        return Ok(());
    }
    Ok(())
}
