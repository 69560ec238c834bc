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
mod device;
mod forms;
mod gate;
mod http;
mod idtoken;
mod json;
mod metadata;
mod pages;
mod refusal;
mod resource;
mod server;
mod start;
mod store;
#[cfg(test)]
mod tests;
mod thread;
mod tls;
mod token;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::task::JoinHandle;
use url::Url;

pub use behaviour::{Behaviour, BehaviourError};
pub use browser::{Browser, Hop, Visit};
pub use clients::{Client, ClientAuth};
pub use http::{Params, Request};
pub use start::{Host, Options};
pub use store::{ACCOUNTS, Account, ReuseEvent, SCOPES};
pub use thread::SandboxThread;
pub use tls::Tls;

use server::Shared;

/// A running practice provider. It stops when dropped.
pub struct Sandbox {
    shared: Arc<Shared>,
    authority: Option<start::Authority>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// What the person at the consent page decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The login of one of [`ACCOUNTS`].
    pub account: String,
    /// The scopes left ticked; all of them where `None`.
    pub scopes: Option<Vec<String>>,
}

impl Approval {
    /// Everything that was asked, as this account.
    pub fn of(account: &str) -> Self {
        Self {
            account: account.to_owned(),
            scopes: None,
        }
    }
}

impl Default for Approval {
    fn default() -> Self {
        Self::of("ada")
    }
}

/// What a consent page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Who asks.
    pub client: String,
    /// What for: scope and plain meaning.
    pub scopes: Vec<(String, &'static str)>,
}

/// Why an approval could not be given.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ApprovalError {
    /// The address is not the authorization endpoint of this sandbox.
    #[error("not an authorization address of this sandbox")]
    NotHere,
    /// The sandbox answered with an error page.
    #[error("the sandbox answered {0}")]
    Refused(u16),
    /// No device waits under this code.
    #[error("no device waits under this code")]
    NoSuchDevice,
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
        self.authority
            .as_ref()
            .map(|authority| authority.pem.as_str())
    }
}

/// The person, played.
impl Sandbox {
    /// Approves an authorization request as the browser would, and returns where the browser is
    /// sent next, without going there.
    pub fn approve(&self, address: &str, approval: &Approval) -> Result<String, ApprovalError> {
        self.decide(address, Some(approval))
    }

    /// Declines, likewise.
    pub fn deny(&self, address: &str) -> Result<String, ApprovalError> {
        self.decide(address, None)
    }

    /// What the consent page of an authorization request would show.
    pub fn consent(&self, address: &str) -> Result<Consent, ApprovalError> {
        let request = self.authorization_request(address)?;
        let behaviour = self.behaviour();
        let preview = self
            .shared
            .with_context(&behaviour, |cx| authorize::preview(cx, &request));
        let (client, scopes) = preview.ok_or(ApprovalError::Refused(400))?;
        let explained = |scope: String| {
            let meaning = SCOPES.iter().find(|(name, _)| *name == scope);
            (scope, meaning.map_or("", |(_, meaning)| meaning))
        };
        Ok(Consent {
            client,
            scopes: scopes.into_iter().map(explained).collect(),
        })
    }

    /// Approves all that a waiting device asked for.
    pub fn approve_device(&self, user_code: &str, account: &str) -> Result<(), ApprovalError> {
        self.decide_device(user_code, Some(&Approval::of(account)))
    }

    /// Declines a waiting device.
    pub fn deny_device(&self, user_code: &str) -> Result<(), ApprovalError> {
        self.decide_device(user_code, None)
    }

    fn authorization_request(&self, address: &str) -> Result<Request, ApprovalError> {
        let url = Url::parse(address).map_err(|_| ApprovalError::NotHere)?;
        let here = url.origin().ascii_serialization() == self.url() && url.path() == "/authorize";
        if !here {
            return Err(ApprovalError::NotHere);
        }
        let target = format!("/authorize?{}", url.query().unwrap_or_default());
        Ok(Request::new("GET", &target))
    }

    fn decide(&self, address: &str, approval: Option<&Approval>) -> Result<String, ApprovalError> {
        let page = self
            .shared
            .respond_directly(&self.authorization_request(address)?);
        if let Some(location) = page.header("location") {
            return Ok(location.to_owned());
        }
        let form = forms::read(&page.body).ok_or(ApprovalError::Refused(page.status))?;
        let mut request = Request::new("POST", &form.action);
        request.body = form.filled(approval).into_bytes();
        let answer = self.shared.respond_directly(&request);
        let location = answer.header("location").map(str::to_owned);
        location.ok_or(ApprovalError::Refused(answer.status))
    }

    fn decide_device(&self, code: &str, approval: Option<&Approval>) -> Result<(), ApprovalError> {
        let query: String = url::form_urlencoded::byte_serialize(code.as_bytes()).collect();
        let request = Request::new("GET", &format!("/device?user_code={query}"));
        let page = self.shared.respond_directly(&request);
        let form = forms::read(&page.body).ok_or(ApprovalError::NoSuchDevice)?;
        let mut request = Request::new("POST", &form.action);
        request.body = form.filled(approval).into_bytes();
        match self.shared.respond_directly(&request).status {
            200 => Ok(()),
            status => Err(ApprovalError::Refused(status)),
        }
    }

    /// A browser that trusts this sandbox, with a person who approves everything as ada.
    pub fn browser(&self) -> Browser {
        Browser::new(
            self.url(),
            self.authority
                .as_ref()
                .map(|authority| authority.der.clone()),
        )
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
