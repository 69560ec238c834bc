//! A fresh access token for a command that gives it to somebody: what `token`, `exec` and the helpers of
//! other programs share.

use super::args::Login;
use super::failed::Failed;
use super::setup::Setup;
use super::{login, output, runtime};
use crate::advice::{self, advise};
use crate::engine::{Error, Handout};
use crate::model::{Connection, Seconds, Secret, UnixTime};

/// What is asked for.
pub(super) struct Wanted<'a> {
    /// Of the connection.
    pub(super) name: &'a str,
    /// Renew when less is left.
    pub(super) min_valid: Option<Seconds>,
    /// The token must be good for this resource (RFC 8707).
    pub(super) resource: Option<&'a str>,
    /// A person may be asked for a passphrase, or sent to the browser.
    pub(super) interactive: bool,
}

/// A token and what a program may want to know of it.
pub(super) struct Given {
    pub(super) token: Secret,
    /// Of the connection, as it is spelled.
    pub(super) name: String,
    /// `None`: it does not end, or nobody said when.
    pub(super) expires_at: Option<UnixTime>,
    pub(super) scopes: Vec<String>,
    pub(super) resources: Vec<String>,
    /// Whether this call renewed it.
    pub(super) refreshed: bool,
}

/// Gets the token; warnings go to stderr.
pub(super) fn obtain(setup: &Setup, wanted: &Wanted<'_>) -> Result<Given, Failed> {
    let handout = match hand_out(setup, wanted) {
        Err(failed) if failed.0.code == "needs-sign-in" && wanted.interactive => {
            login::run(setup, &Login::plain(wanted.name))?;
            hand_out(setup, wanted)?
        }
        other => other?,
    };
    if let Some(problem) = &handout.warning {
        let left = expires_at(&handout).map_or(0, |end| end.since(setup.engine.now()).0);
        output::note(&format!(
            "valetkey: using a token that expires in {left} s; the refresh failed. {}",
            advise(problem).sentence
        ));
    }
    setup.tell_clock();
    if handout.clock_moved {
        output::note(&format!("valetkey: {}", advice::CLOCK_MOVED));
    }
    Ok(given(handout))
}

fn hand_out(setup: &Setup, wanted: &Wanted<'_>) -> Result<Handout, Failed> {
    // Names first: a typing mistake should not ask for a passphrase.
    let connection = setup.engine.connection(wanted.name)?;
    if let Some(resource) = wanted.resource {
        check_resource(&connection, resource)?;
    }
    if connection.grant.is_none() || connection.ended.is_some() {
        let message = setup
            .engine
            .verdict(&connection, setup.engine.now())
            .message;
        return Err(Error::NeedsSignIn {
            name: connection.name.to_string(),
            reason: connection.ended,
            message,
        }
        .into());
    }
    setup.open_vault()?;
    if wanted.interactive {
        setup.ask_if_moved()?;
    }
    let fresh = setup.engine.fresh_token(wanted.name, wanted.min_valid);
    Ok(runtime()?.block_on(fresh)?)
}

/// A token goes nowhere but to the resources it was issued for (conformance C-02, Y-16).
fn check_resource(connection: &Connection, resource: &str) -> Result<(), Failed> {
    if connection.resources.iter().any(|known| known == resource) {
        return Ok(());
    }
    let known = connection.resources.join("  ");
    Err(Failed::usage(
        "resource",
        format!(
            "The tokens of {} are not issued for this resource.",
            connection.name
        ),
        if known.is_empty() {
            "It names none. Add another connection with --resource for it.".to_owned()
        } else {
            format!("Its resources: {known}")
        },
    ))
}

fn given(handout: Handout) -> Given {
    let connection = &handout.connection;
    let grant = connection.grant.as_ref();
    let scopes = grant
        .and_then(|grant| grant.in_use.as_ref().or(grant.granted.as_ref()))
        .unwrap_or(&connection.requested);
    Given {
        expires_at: expires_at(&handout),
        scopes: scopes
            .iter()
            .map(|scope| scope.as_str().to_owned())
            .collect(),
        resources: connection.resources.clone(),
        name: connection.name.to_string(),
        refreshed: handout.refreshed,
        token: handout.token,
    }
}

fn expires_at(handout: &Handout) -> Option<UnixTime> {
    let grant = handout.connection.grant.as_ref();
    grant.and_then(|grant| grant.expiry.at())
}
