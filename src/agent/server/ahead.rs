//! Renewing tokens before anybody asks, for the connections that a person set so.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::desk::Desk;
use super::rounds::keep_at_it;
use crate::engine::{Error, renew_at};
use crate::model::{Connection, ConnectionId, EndReason, Expiry};

/// After a refresh that did not succeed, twice as long each time.
const FIRST_PAUSE: i64 = 30;
const LONGEST_PAUSE: i64 = 15 * 60;

/// What went wrong with a connection, and when it is tried again.
struct Pause {
    until: i64,
    span: i64,
}

/// Keeps tokens fresh as long as the agent is open.
pub(super) async fn keep_fresh(desk: Rc<Desk>) {
    desk.engine.watch();
    let mut pauses: HashMap<ConnectionId, Pause> = HashMap::new();
    keep_at_it(&desk, async || renew_what_is_due(&desk, &mut pauses).await).await;
}

/// Renews what is due; how long until the next one is.
async fn renew_what_is_due(
    desk: &Rc<Desk>,
    pauses: &mut HashMap<ConnectionId, Pause>,
) -> Option<Duration> {
    if !desk.gate.borrow().is_open() {
        return None;
    }
    let connections = desk.engine.renewed_ahead().unwrap_or_default();
    desk.ahead.set(connections.len());
    pauses.retain(|id, _| connections.iter().any(|connection| connection.id == *id));
    let mut next: Option<Duration> = None;
    for connection in connections {
        let Some(wait) = wait(desk, &connection, pauses.get(&connection.id)) else {
            continue;
        };
        let wait = if wait.is_zero() {
            renew(desk, &connection, pauses).await;
            // What it brought says when the next one is due.
            Duration::from_secs(1)
        } else {
            wait
        };
        next = Some(next.map_or(wait, |next| next.min(wait)));
    }
    next
}

/// How long until this connection is renewed; `None`: never, as it stands.
fn wait(desk: &Desk, connection: &Connection, pause: Option<&Pause>) -> Option<Duration> {
    let grant = connection.grant.as_ref()?;
    if connection.ended.is_some() || !grant.has_refresh_token {
        return None;
    }
    let Expiry::At(_) = grant.expiry else {
        return None;
    };
    let judged = desk.engine.judged(grant);
    let due = renew_at(grant).0.saturating_sub(judged.0);
    let paused = pause.map_or(0, |pause| pause.until.saturating_sub(desk.up()));
    let left = due.max(paused).max(0);
    Some(Duration::from_secs(u64::try_from(left).unwrap_or(0)))
}

async fn renew(
    desk: &Rc<Desk>,
    connection: &Connection,
    pauses: &mut HashMap<ConnectionId, Pause>,
) {
    let (engine, name) = (desk.engine.clone(), connection.name.to_string());
    let fresh = spawn_blocking(move || Handle::current().block_on(engine.fresh_token(&name, None)));
    let problem = match fresh.await {
        Ok(Ok(handout)) => handout.warning,
        Ok(Err(error)) => Some(error),
        Err(_) => Some(Error::Internal("the refresh broke off")),
    };
    let Some(problem) = problem else {
        pauses.remove(&connection.id);
        desk.forget_need(connection);
        return;
    };
    desk.learn(connection, &problem);
    let span = pauses
        .get(&connection.id)
        .map_or(FIRST_PAUSE, |pause| (pause.span * 2).min(LONGEST_PAUSE));
    let until = desk.up().saturating_add(span);
    pauses.insert(connection.id.clone(), Pause { until, span });
}

impl Desk {
    /// A person is told once when a sign-in is needed.
    pub(super) fn learn(&self, connection: &Connection, error: &Error) {
        let Error::NeedsSignIn { reason, .. } = error else {
            return;
        };
        let by_person = matches!(
            reason,
            Some(EndReason::RevokedByYou | EndReason::EndpointsChanged)
        );
        if by_person || connection.grant.is_none() {
            return;
        }
        let name = connection.name.to_string();
        let mut needed = self.need_sign_in.borrow_mut();
        if !needed.contains(&name) {
            crate::host::notify(&crate::advice::agent::sign_in_needed(&name));
            needed.push(name);
        }
    }

    /// It works again.
    pub(super) fn forget_need(&self, connection: &Connection) {
        let mut needed = self.need_sign_in.borrow_mut();
        needed.retain(|name| *name != connection.name.as_str());
    }
}
