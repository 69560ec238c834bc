//! A fresh access token for a command that gives it to somebody: what `token`, `exec` and the helpers of
//! other programs share.

use super::args::Login;
use super::confirm::confirm;
use super::failed::Failed;
use super::setup::{self, Setup};
use super::{agent, login, output, runtime};
use crate::advice::{self, advise};
use crate::agent::Answer;
use crate::agent::client::{self, Client, ClientError, Told};
use crate::engine::{Error, Handout, Withheld, check_resource};
use crate::host::caller;
use crate::model::{Connection, ConnectionId, Policy, Seconds, Secret, UnixTime, Untrusted};
use crate::vault::{Handed, Handouts, Home, Outcome, VaultError, Via};

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
    /// `None`: the agent gave it, and writes that down itself.
    connection: Option<ConnectionId>,
    /// Of the connection, as it is spelled.
    pub(super) name: String,
    /// `None`: it does not end, or nobody said when.
    pub(super) expires_at: Option<UnixTime>,
    pub(super) scopes: Vec<String>,
    pub(super) resources: Vec<String>,
    /// Whether this call renewed it.
    pub(super) refreshed: bool,
}

impl Given {
    /// For the history, once the token is out: who has it must not wait for this, nor lose it.
    pub(super) fn handed_out(&self, setup: &Setup) {
        let Some(connection) = &self.connection else {
            return;
        };
        let now = setup.engine.now();
        let written = write_down(&setup.home, now, connection, &self.name);
        if let Some(error) = written.err().filter(|_| setup.verbose) {
            let why = advise(&Error::Vault(error)).sentence;
            output::note(&format!("valetkey: not written to the history. {why}"));
        }
    }
}

/// Adds the line of a token that was given to whoever runs this command.
pub(super) fn write_down(
    home: &Home,
    at: UnixTime,
    connection: &ConnectionId,
    name: &str,
) -> Result<(), VaultError> {
    Handouts::of(home).map_or(Ok(()), |handouts| {
        handouts.add(&[Handed {
            at,
            connection: connection.clone(),
            name: name.to_owned(),
            outcome: Outcome::Given,
            via: Via::Command,
            caller: caller(),
        }])
    })
}

/// Gets the token, from the agent where one runs; warnings go to stderr. Whoever passes it on calls [`Given::handed_out`] then.
pub(super) fn obtain(setup: &Setup, wanted: &Wanted<'_>) -> Result<Given, Failed> {
    match once(setup, wanted) {
        Err(failed) if failed.0.code == "needs-sign-in" && wanted.interactive => {
            login::run(setup, &Login::plain(wanted.name))?;
            once(setup, wanted)
        }
        other => other,
    }
}

fn once(setup: &Setup, wanted: &Wanted<'_>) -> Result<Given, Failed> {
    match by_agent(setup, wanted) {
        Some(given) => given,
        None => by_ourselves(setup, wanted),
    }
}

/// What the agent says; `None` when there is none that is of use.
fn by_agent(setup: &Setup, wanted: &Wanted<'_>) -> Option<Result<Given, Failed>> {
    if setup.engine.is_memory() || !setup.agent {
        return None;
    }
    let run = setup::paths().ok()?.run;
    let ask = |answer| {
        let mut client = Client::connect(&run)?;
        let wanted = client::Wanted {
            name: wanted.name,
            min_valid: wanted.min_valid,
            resource: wanted.resource,
            answer,
        };
        client
            .as_mut()
            .map(|client| client.token(&wanted))
            .transpose()
    };
    let mut told = ask(None);
    if let Ok(Some(Told::No(advice))) = &told
        && advice.code == advice::NOBODY_TO_ASK
        && let Ok(connection) = setup.engine.connection(wanted.name)
        && let Some(answer) = confirm(&connection)
    {
        told = ask(Some(answer));
    }
    match told {
        Ok(Some(Told::Yes(given))) => {
            for note in &given.notes {
                output::note(&format!(
                    "valetkey: {}",
                    Untrusted::new(note.as_str()).shown()
                ));
            }
            Some(Ok(Given {
                connection: None,
                token: given.token,
                name: given.name,
                expires_at: given.expires_at,
                scopes: given.scopes,
                resources: given.resources,
                refreshed: given.refreshed,
            }))
        }
        // It was not opened, or its time is over: each command opens the vault as without it.
        Ok(Some(Told::No(advice))) if advice.code == advice::agent::CLOSED => None,
        Ok(Some(Told::No(advice))) => Some(Err(Failed(advice))),
        Ok(None) => None,
        Err(error) => {
            if setup.verbose || matches!(error, ClientError::OtherUser) {
                output::note(&format!(
                    "valetkey: {}",
                    agent::unreachable(&error).sentence
                ));
            }
            None
        }
    }
}

fn by_ourselves(setup: &Setup, wanted: &Wanted<'_>) -> Result<Given, Failed> {
    let handout = hand_out(setup, wanted)?;
    if let Some(problem) = &handout.warning {
        let left = expires_at(&handout).map_or(0, |end| end.since(setup.engine.now()).0);
        output::note(&format!(
            "valetkey: {}",
            advice::using_the_rest(left, problem)
        ));
    }
    setup.tell_clock();
    if handout.clock_moved {
        output::note(&format!("valetkey: {}", advice::CLOCK_MOVED));
    }
    Ok(given(handout))
}

/// What a person decided about programs that ask.
fn permit(connection: &Connection) -> Result<(), Error> {
    let why = match connection.serving.policy {
        Policy::Allow => return Ok(()),
        Policy::Deny => Withheld::Denied,
        Policy::Confirm | Policy::ConfirmSession => match confirm(connection) {
            Some(Answer::Once | Answer::Session) => return Ok(()),
            Some(Answer::No) => Withheld::Refused,
            None => Withheld::NobodyToAsk,
        },
    };
    let name = connection.name.to_string();
    Err(Error::Withheld { name, why })
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
    permit(&connection)?;
    setup
        .open_vault()
        .map_err(|failed| Failed(advice::agent::for_programs(failed.0)))?;
    if wanted.interactive {
        setup.ask_if_moved()?;
    }
    let fresh = setup.engine.fresh_token(wanted.name, wanted.min_valid);
    Ok(runtime()?.block_on(fresh)?)
}

fn given(handout: Handout) -> Given {
    let connection = &handout.connection;
    Given {
        expires_at: expires_at(&handout),
        scopes: connection
            .token_scopes()
            .iter()
            .map(|scope| scope.as_str().to_owned())
            .collect(),
        resources: connection.resources.clone(),
        connection: Some(connection.id.clone()),
        name: connection.name.to_string(),
        refreshed: handout.refreshed,
        token: handout.token,
    }
}

fn expires_at(handout: &Handout) -> Option<UnixTime> {
    let grant = handout.connection.grant.as_ref();
    grant.and_then(|grant| grant.expiry.at())
}
