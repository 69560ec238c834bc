//! Handing out a token: at once where one is at hand, else after a refresh or a person's word.

use std::rc::Rc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::conversation::Client;
use super::desk::Desk;
use crate::advice::{self, Advice, advise, agent as words};
use crate::agent::wire::{Answer, Request, Token, Working};
use crate::engine::{Error, Handout, Withheld, check_resource, is_ready};
use crate::host::session_of;
use crate::model::{Connection, ConnectionId, Policy, Seconds, Secret};
use crate::vault::{Handed, Outcome, VaultError, Via};

/// A person has this long to answer, so that the caller can still be told (conformance Y-13).
const PERSON: Duration = Duration::from_secs(40);

/// A token for a client.
pub(super) async fn token(
    desk: &Rc<Desk>,
    client: &mut Client<'_>,
    request: &Request,
) -> Result<(ConnectionId, Token), Advice> {
    let name = request.name.as_deref().ok_or_else(words::not_understood)?;
    let min_valid = request.min_valid.map(Seconds);
    let at_hand = at_hand(desk, name, min_valid)?;
    let connection = if let Some((connection, _)) = &at_hand {
        connection.clone()
    } else {
        let found = desk.engine.connection(name);
        Rc::new(found.map_err(|error| advise(&error))?)
    };
    if let Some(resource) = &request.resource {
        check_resource(&connection, resource).map_err(|error| advise(&error))?;
    }
    if let Err(why) = permit(desk, client, &connection, request.answer).await {
        return Err(desk.withheld(client, &connection, why));
    }
    if let Some((connection, token)) = at_hand {
        desk.forget_need(&connection);
        return Ok((
            connection.id.clone(),
            of_connection(&connection, token, false),
        ));
    }
    client
        .wait(Working::Refreshing)
        .await
        .map_err(|_| words::gone())?;
    let turn = desk.turn(&connection.id);
    let _mine = turn.lock().await;
    // Whoever had the turn before has perhaps renewed it.
    if let Some((connection, token)) = self::at_hand(desk, name, min_valid)? {
        return Ok((
            connection.id.clone(),
            of_connection(&connection, token, false),
        ));
    }
    let (engine, name) = (desk.engine.clone(), name.to_owned());
    // Its handle of the vault may wait for a disk.
    let fresh =
        spawn_blocking(move || Handle::current().block_on(engine.fresh_token(&name, min_valid)));
    let handout = match fresh.await {
        Ok(Ok(handout)) => handout,
        Ok(Err(error)) => {
            desk.learn(&connection, &error);
            return Err(advise(&error));
        }
        Err(_) => return Err(advise(&Error::Internal("the refresh broke off"))),
    };
    Ok((connection.id.clone(), of_handout(desk, handout)))
}

/// Renews a connection's token now.
pub(super) async fn refresh(
    desk: &Rc<Desk>,
    client: &mut Client<'_>,
    request: &Request,
) -> Result<(), Advice> {
    let name = request.name.as_deref().ok_or_else(words::not_understood)?;
    drop(desk.open_vault()?);
    let connection = desk
        .engine
        .connection(name)
        .map_err(|error| advise(&error))?;
    client
        .wait(Working::Refreshing)
        .await
        .map_err(|_| words::gone())?;
    let turn = desk.turn(&connection.id);
    let _mine = turn.lock().await;
    let (engine, id) = (desk.engine.clone(), connection.id.clone());
    let refreshed = spawn_blocking(move || Handle::current().block_on(engine.refresh(&id)));
    match refreshed.await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => {
            desk.learn(&connection, &error);
            Err(advise(&error))
        }
        Err(_) => Err(advise(&Error::Internal("the refresh broke off"))),
    }
}

/// The token that needs nothing but the key. Looks at the vault's file each time, so what another
/// process changed or revoked counts at once.
fn at_hand(
    desk: &Desk,
    name: &str,
    min_valid: Option<Seconds>,
) -> Result<Option<(Rc<Connection>, Secret)>, Advice> {
    let vault = desk.open_vault()?;
    let failed = |error: VaultError| advise(&Error::from(error));
    let known = desk.shelf.borrow_mut().connection(&vault, name);
    let Some(connection) = known.map_err(failed)? else {
        return Ok(None);
    };
    if !is_ready(&vault, &connection, min_valid, &*desk.clock) {
        return Ok(None);
    }
    match vault.access_token(&connection) {
        Ok(token) => Ok(token.map(|token| (connection, token))),
        // Another process was quicker; the longer way looks again.
        Err(VaultError::Changed) => Ok(None),
        Err(VaultError::Rekeyed) => {
            drop(vault);
            desk.lock(false);
            Err(words::locked(false))
        }
        Err(error) => Err(failed(error)),
    }
}

/// Whether this program gets a token of this connection now, by what a person decided.
async fn permit(
    desk: &Desk,
    client: &mut Client<'_>,
    connection: &Connection,
    beforehand: Option<Answer>,
) -> Result<(), Withheld> {
    let now = desk.up();
    if !desk.gate.borrow().serves(&connection.serving, now) {
        return Err(Withheld::Lifetime);
    }
    match connection.serving.policy {
        Policy::Allow => return Ok(()),
        Policy::Deny => return Err(Withheld::Denied),
        Policy::Confirm | Policy::ConfirmSession => {}
    }
    let session = match connection.serving.policy {
        Policy::ConfirmSession => client.pid.and_then(session_of),
        _ => None,
    };
    if let Some(session) = &session
        && desk
            .sessions
            .borrow_mut()
            .allows(&connection.id, session, now)
    {
        return Ok(());
    }
    let answer = match beforehand {
        Some(answer) => answer,
        None => ask(desk, client, connection, session.is_some()).await?,
    };
    match (answer, session) {
        (Answer::Once, _) | (Answer::Session, None) => Ok(()),
        (Answer::Session, Some(session)) => {
            desk.sessions
                .borrow_mut()
                .allow(&connection.id, &session, now);
            Ok(())
        }
        (Answer::No, _) => Err(Withheld::Refused),
    }
}

/// Asks a person at an open table. The question goes when the client does (2.I5).
async fn ask(
    desk: &Desk,
    client: &mut Client<'_>,
    connection: &Connection,
    session: bool,
) -> Result<Answer, Withheld> {
    let caller = client.caller();
    let asked = {
        let mut questions = desk.questions.borrow_mut();
        if !questions.are_heard() {
            return Err(Withheld::NobodyToAsk);
        }
        questions.ask(
            connection.name.as_str(),
            scopes(connection).join(" "),
            session,
            caller,
        )
    };
    let Some((id, answer)) = asked else {
        return Err(Withheld::NobodyToAsk);
    };
    let asked = Asked { desk, id };
    if client.wait(Working::Asking).await.is_err() {
        return Err(Withheld::Refused);
    }
    let answered = tokio::select! {
        answer = answer => answer.map_err(|_| Withheld::NobodyToAsk),
        () = client.gone() => Err(Withheld::Refused),
        () = tokio::time::sleep(PERSON) => Err(Withheld::NobodyToAsk),
    };
    drop(asked);
    answered
}

/// A question that waits; it is withdrawn with this, also when the conversation is broken off.
struct Asked<'a> {
    desk: &'a Desk,
    id: u64,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.desk.questions.borrow_mut().withdraw(self.id);
    }
}

impl Desk {
    /// What a person decided against it is written down, too.
    fn withheld(&self, client: &Client<'_>, connection: &Connection, why: Withheld) -> Advice {
        let advice = advise(&Error::Withheld {
            name: connection.name.to_string(),
            why,
        });
        self.books.note(Handed {
            at: self.clock.now(),
            connection: connection.id.clone(),
            name: connection.name.to_string(),
            outcome: Outcome::Refused(advice.code.to_string()),
            via: Via::Agent,
            caller: client.caller(),
        });
        advice
    }

    /// Those who would renew the same token queue here.
    fn turn(&self, id: &ConnectionId) -> Rc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.borrow_mut();
        turns.retain(|_, turn| Rc::strong_count(turn) > 1);
        turns.entry(id.clone()).or_default().clone()
    }
}

fn of_handout(desk: &Desk, handout: Handout) -> Token {
    let mut notes = Vec::new();
    if let Some(problem) = &handout.warning {
        let grant = handout.connection.grant.as_ref();
        let end = grant.and_then(|grant| grant.expiry.at());
        let left = end.map_or(0, |end| end.since(desk.clock.now()).0);
        notes.push(advice::using_the_rest(left, problem));
    }
    if let Some(skew) = desk.engine.clock_skew() {
        notes.push(advice::doctor::clock_skew(skew));
    }
    if handout.clock_moved {
        notes.push(advice::CLOCK_MOVED.to_owned());
    }
    let refreshed = handout.refreshed;
    Token {
        notes,
        ..of_connection(&handout.connection, handout.token, refreshed)
    }
}

fn of_connection(connection: &Connection, token: Secret, refreshed: bool) -> Token {
    Token {
        access: token,
        name: connection.name.to_string(),
        expires_at: connection
            .grant
            .as_ref()
            .and_then(|grant| grant.expiry.at()),
        scopes: scopes(connection),
        resources: connection.resources.clone(),
        refreshed,
        notes: Vec::new(),
    }
}

fn scopes(connection: &Connection) -> Vec<String> {
    let scopes = connection.token_scopes();
    scopes
        .iter()
        .map(|scope| scope.as_str().to_owned())
        .collect()
}
