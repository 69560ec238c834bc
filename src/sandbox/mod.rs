//! The practice provider: a small, correct OAuth 2.0 authorization server on loopback, with
//! switches for every misbehaviour that the tests need. `valetkey demo` and `valetkey sandbox`
//! run it, and so do the tests.
//!
//! May use: nothing of the house, so that a test against it never checks the client with itself.
//!
//! ```no_run
//! # async fn story() -> Result<(), Box<dyn std::error::Error>> {
//! use valetkey::sandbox::{Behaviour, Options, Sandbox, Tls};
//!
//! let behaviour = Behaviour::parse(["rotation=on", "grace=5"])?;
//! let sandbox = Sandbox::start(Options { tls: Tls::Own, behaviour, ..Options::default() }).await?;
//! sandbox.set("token_drop=mid-body")?;
//! assert!(sandbox.requests_to("/token").is_empty());
//! # Ok(())
//! # }
//! ```

mod authorize;
mod behaviour;
mod browser;
mod clients;
mod cookies;
mod device;
mod faults;
mod fetch;
mod forms;
mod gate;
mod http;
mod idtoken;
mod json;
mod metadata;
mod pages;
mod params;
mod person;
mod refusal;
mod resource;
mod server;
mod start;
mod store;
mod switches;
#[cfg(test)]
mod tests;
mod thread;
mod tls;
mod token;

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::task::JoinHandle;

pub use behaviour::{Behaviour, BehaviourError};
pub use browser::{Browser, Hop, Visit};
pub use clients::{Client, ClientAuth};
pub use http::Request;
pub use params::Params;
pub use person::{Approval, ApprovalError, Consent};
pub use start::{Host, Options};
pub use store::{ACCOUNTS, Account, ReuseEvent, SCOPES};
pub use thread::SandboxThread;
pub use tls::Tls;

use server::Shared;

/// A running practice provider. It stops when dropped.
pub struct Sandbox {
    shared: Arc<Shared>,
    identity: Option<Arc<tls::Identity>>,
    ca_pem: Option<String>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Where it is, and what it says about itself.
impl Sandbox {
    /// The base address, such as `https://127.0.0.1:40123`.
    pub fn url(&self) -> &str {
        &self.shared.base
    }

    /// The issuer: the same as [`Sandbox::url`].
    pub fn issuer(&self) -> &str {
        self.url()
    }

    /// The address of a path here.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url())
    }

    /// The certificate of its own authority; `None` without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Shows another certificate from now on; an error without TLS.
    pub fn show_certificate(&self, tls: Tls) -> io::Result<()> {
        let identity = self.identity.as_ref();
        identity.ok_or(io::ErrorKind::Unsupported)?.show(tls)
    }
}

/// Switches and time.
impl Sandbox {
    /// The switches in force.
    pub fn behaviour(&self) -> Behaviour {
        self.shared.state().behaviour.clone()
    }

    /// Replaces all switches.
    pub fn set_behaviour(&self, behaviour: Behaviour) {
        self.shared.state().behaviour = behaviour;
    }

    /// Sets one `key=value` switch, from the next request on.
    pub fn set(&self, switch: &str) -> Result<(), BehaviourError> {
        self.shared.state().behaviour.set(switch)
    }

    /// Takes one switch away.
    pub fn unset(&self, key: &str) {
        self.shared.state().behaviour.unset(key);
    }

    /// Lets these switches hold for one coming request to `path` only, on top of the others.
    /// Several calls for a path queue up: the first call is for the first request.
    pub fn once(&self, path: &str, switches: &[&str]) -> Result<(), BehaviourError> {
        let behaviour = Behaviour::parse(switches)?;
        self.shared
            .state()
            .queued
            .push((path.to_owned(), behaviour));
        Ok(())
    }

    /// Shifts the sandbox's clock. It rules the lifetimes of everything issued.
    pub fn advance(&self, seconds: i64) {
        self.shared.state().clock.shift += seconds;
    }

    /// Stops the sandbox's clock at a moment, in seconds since 1970; `advance` still moves it.
    pub fn freeze_at(&self, seconds: i64) {
        self.shared.state().clock = server::Clock {
            frozen_at: Some(seconds),
            shift: 0,
        };
    }

    /// Seconds since 1970 by the sandbox's clock.
    pub fn now(&self) -> i64 {
        self.shared.state().clock.now()
    }

    /// Lets so many held answers go (switch `<endpoint>_hold`); more than are held let coming ones
    /// pass.
    pub fn release(&self, answers: usize) {
        self.shared.gate.release(answers);
    }

    /// How many answers are held now.
    pub fn held(&self) -> usize {
        self.shared.gate.held()
    }

    /// Returns as soon as at least so many answers are held.
    pub async fn until_held(&self, answers: usize) {
        self.shared.gate.until_held(answers).await;
    }
}

/// What it saw, and what it would still accept.
impl Sandbox {
    /// Every request so far, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state().requests.clone()
    }

    /// The requests to one path, in order.
    pub fn requests_to(&self, path: &str) -> Vec<Request> {
        let state = self.shared.state();
        state
            .requests
            .iter()
            .filter(|request| request.path() == path)
            .cloned()
            .collect()
    }

    /// Forgets the requests seen so far.
    pub fn clear_requests(&self) {
        self.shared.state().requests.clear();
    }

    /// How many connections were opened, with or without a request.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// How many answers the network took as a whole. Whether their client read them is another
    /// question.
    pub fn delivered(&self) -> usize {
        self.shared.delivered.load(Ordering::Relaxed)
    }

    /// How many connections are over; as many as there were when nothing is under way.
    pub fn finished(&self) -> usize {
        self.shared.finished.load(Ordering::Acquire)
    }

    /// How many refresh tokens were issued so far.
    pub fn refresh_tokens_issued(&self) -> usize {
        self.shared.state().store.refresh.len()
    }

    /// Whether this access token is good now.
    pub fn accepts_access(&self, token: &str) -> bool {
        let state = self.shared.state();
        state.store.live_access(token, state.clock.now()).is_some()
    }

    /// Whether this refresh token is good now (a spent one within its grace is).
    pub fn accepts_refresh(&self, token: &str) -> bool {
        self.live_refresh_tokens().iter().any(|live| live == token)
    }

    /// All refresh tokens that are good now. None left means a lost grant.
    pub fn live_refresh_tokens(&self) -> Vec<String> {
        let state = self.shared.state();
        let grace = state.behaviour.number("grace").map_or(0, i64::from);
        let now = state.clock.now();
        let tokens = state.store.refresh.iter();
        tokens
            .filter(|token| state.store.refresh_is_live(token, now, grace))
            .map(|token| token.value.clone())
            .collect()
    }

    /// All presentations of spent refresh tokens.
    pub fn reuse_events(&self) -> Vec<ReuseEvent> {
        self.shared.state().store.reuse.clone()
    }

    /// Ends every grant, as the provider's own "connected apps" page would.
    pub fn revoke_all(&self) {
        for grant in &mut self.shared.state().store.grants {
            grant.revoked = true;
        }
    }

    /// Everything secret issued or received so far, for a canary sweep: access, refresh and
    /// identity tokens, codes, device codes, client secrets, code verifiers, states.
    pub fn secrets_issued(&self) -> Vec<String> {
        self.shared.state().store.secrets.iter().cloned().collect()
    }
}
