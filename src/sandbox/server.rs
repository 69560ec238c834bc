//! From a connection to an answer: reading, recording, routing.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::behaviour::Behaviour;
use super::faults::{distort, made_up};
use super::gate::Gate;
use super::http::{Request, Response, Stream, Unreadable, read_request};
use super::idtoken::{self, Keys};
use super::store::Store;
use super::{authorize, device, metadata, pages, resource, token};

/// What a handler works with: one request at a time, nothing else can change meanwhile.
pub(super) struct Context<'a> {
    pub(super) behaviour: &'a Behaviour,
    pub(super) store: &'a mut Store,
    /// The address of the sandbox, which is also its issuer.
    pub(super) base: &'a str,
    /// Seconds since 1970 by the sandbox's clock.
    pub(super) now: i64,
    pub(super) keys: &'a Keys,
}

type Handler = fn(&mut Context<'_>, &Request) -> Response;

/// Path, name in switches (empty: has none), handler.
const ROUTES: &[(&str, &str, Handler)] = &[
    ("/", "", index),
    ("/authorize", "authorize", authorize::authorize),
    ("/consent", "consent", authorize::consent),
    ("/token", "token", token::token),
    ("/device_authorization", "device", device::start),
    ("/device", "", device::page),
    ("/revoke", "revoke", resource::revoke),
    ("/introspect", "introspect", resource::introspect),
    ("/userinfo", "userinfo", resource::userinfo),
    ("/me", "me", resource::me),
    ("/items", "items", resource::items),
    ("/jwks", "jwks", idtoken::jwks),
    ("/register", "register", metadata::register),
    (
        "/.well-known/oauth-authorization-server",
        "metadata",
        metadata::oauth,
    ),
    (
        "/.well-known/openid-configuration",
        "metadata",
        metadata::oidc,
    ),
    (
        "/.well-known/oauth-protected-resource",
        "resource",
        metadata::resource,
    ),
];

fn index(_: &mut Context<'_>, _: &Request) -> Response {
    let text = "This is the practice provider. Start a sign-in in the program to come back here.";
    pages::message(200, "Practice provider", text)
}

fn not_found(_: &mut Context<'_>, _: &Request) -> Response {
    Response::text(404, "no such page")
}

/// The sandbox's clock: the machine's, shifted or stopped by a test.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    pub(super) frozen_at: Option<i64>,
    pub(super) shift: i64,
}

impl Clock {
    pub(super) fn now(self) -> i64 {
        let base = self
            .frozen_at
            .unwrap_or_else(|| Timestamp::now().as_second());
        base.saturating_add(self.shift)
    }
}

/// Everything that changes, behind one lock.
pub(super) struct State {
    pub(super) behaviour: Behaviour,
    /// Switches for one coming request each: path, switches.
    pub(super) queued: Vec<(String, Behaviour)>,
    pub(super) store: Store,
    pub(super) requests: Vec<Request>,
    pub(super) clock: Clock,
}

/// What all connections share.
pub(super) struct Shared {
    pub(super) base: String,
    pub(super) keys: Keys,
    pub(super) gate: Gate,
    pub(super) connections: AtomicUsize,
    /// Answers that the network took as a whole.
    pub(super) delivered: AtomicUsize,
    /// Connections that are over.
    pub(super) finished: AtomicUsize,
    state: Mutex<State>,
}

/// A request that was recorded and assigned.
struct Assigned {
    endpoint: &'static str,
    handler: Handler,
    behaviour: Behaviour,
}

impl Shared {
    pub(super) fn new(base: String, state: State) -> Self {
        Self {
            base,
            keys: Keys::default(),
            gate: Gate::default(),
            connections: AtomicUsize::new(0),
            delivered: AtomicUsize::new(0),
            finished: AtomicUsize::new(0),
            state: Mutex::new(state),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves one connection: one request, one answer.
    pub(super) async fn converse(&self, stream: &mut dyn Stream) {
        let (answer, is_head) = match read_request(stream).await {
            Ok(request) => (self.respond(&request).await, request.method == "HEAD"),
            Err(Unreadable::Refused(status)) => (Response::text(status, "not understood"), false),
            Err(Unreadable::Gone) => return,
        };
        // A client that went away is its own business.
        if answer.write(stream, is_head).await.is_ok() {
            self.delivered.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    async fn respond(&self, request: &Request) -> Response {
        let assigned = self.assign(request);
        let hold = assigned.behaviour.fault(assigned.endpoint, "hold");
        if hold == Some("before") {
            self.gate.wait().await;
        }
        let response = self.answer(request, &assigned);
        if hold == Some("on") {
            self.gate.wait().await;
        }
        response
    }

    /// Answers without a connection, recorded like any other request.
    pub(super) fn respond_directly(&self, request: &Request) -> Response {
        let assigned = self.assign(request);
        self.answer(request, &assigned)
    }

    /// Records the request and settles which switches hold for it.
    fn assign(&self, request: &Request) -> Assigned {
        let mut state = self.state();
        state.requests.push(request.clone());
        for params in [request.query(), request.form()] {
            for name in ["state", "code_verifier"] {
                params
                    .all(name)
                    .for_each(|value| state.store.note_secret(value));
            }
        }
        let path = request.path();
        let queued = state.queued.iter().position(|(queued, _)| queued == path);
        let once = queued
            .map(|place| state.queued.remove(place).1)
            .unwrap_or_default();
        let route = ROUTES.iter().find(|(known, ..)| *known == path);
        let (endpoint, handler) =
            route.map_or(("", not_found as Handler), |route| (route.1, route.2));
        Assigned {
            endpoint,
            handler,
            behaviour: state.behaviour.with(&once),
        }
    }

    fn answer(&self, request: &Request, assigned: &Assigned) -> Response {
        let Assigned {
            endpoint,
            handler,
            behaviour,
        } = assigned;
        let mut response = if !addressed_to_loopback(request) {
            Response::text(421, "this is a loopback server")
        } else if let Some(made_up) = made_up(behaviour, endpoint) {
            made_up
        } else {
            self.with_context(behaviour, |cx| handler(cx, request))
        };
        let now = self.state().clock.now();
        distort(&mut response, behaviour, endpoint, now);
        response
    }

    pub(super) fn with_context<T>(
        &self,
        behaviour: &Behaviour,
        work: impl FnOnce(&mut Context<'_>) -> T,
    ) -> T {
        let mut state = self.state();
        let now = state.clock.now();
        let store = &mut state.store;
        work(&mut Context {
            behaviour,
            store,
            base: &self.base,
            now,
            keys: &self.keys,
        })
    }
}

/// A page on another name that resolves here (DNS rebinding) gets nothing.
fn addressed_to_loopback(request: &Request) -> bool {
    let Some(host) = request.header("host") else {
        return request.head.is_empty();
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    ["127.0.0.1", "[::1]", "localhost"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}
