//! The checks that need only the request itself, in their fixed order (conformance F-01..F-06,
//! F-20): request line, Host, method, path. Fetch metadata comes after the peer's user.

use super::parse::Request;
use crate::model::LoopbackHost;

/// The one address that is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Site {
    authority: String,
    /// What a browser sends as Host instead, because it is the scheme's own port.
    short_authority: Option<&'static str>,
    port: u16,
    path: String,
    /// Where the page of the outcome is: an address without the code, for the browser's history (F-16).
    outcome: &'static str,
}

impl Site {
    pub(super) fn new(host: LoopbackHost, port: u16, path: String) -> Self {
        Self {
            authority: format!("{}:{port}", host.as_str()),
            short_authority: (port == 80).then(|| host.as_str()),
            port,
            outcome: if path == DONE { DONE_ELSE } else { DONE },
            path,
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn outcome(&self) -> &'static str {
        self.outcome
    }

    pub(super) fn origin(&self) -> String {
        format!("http://{}", self.authority)
    }

    /// Byte for byte: a name that only resolves to us is somebody else's (DNS rebinding).
    fn is_authority(&self, text: &[u8]) -> bool {
        text == self.authority.as_bytes()
            || self
                .short_authority
                .is_some_and(|short| text == short.as_bytes())
    }
}

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route<'a> {
    /// A start link with this nonce.
    Start(&'a str),
    /// The redirect address with this raw query.
    Callback(&'a str),
    /// The page of the outcome.
    Outcome,
}

/// Why a request is not served; nothing has changed by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    BadRequest,
    /// Nobody may send us a body.
    HasBody,
    OtherHost,
    Method,
    NotFound,
}

const START: &str = "/go/";
const DONE: &str = "/done";
/// Where the redirect address itself is the other one.
const DONE_ELSE: &str = "/finished";

/// Request line, Host, method, path.
pub(super) fn route<'a>(request: &'a Request, site: &Site) -> Result<Route<'a>, Refusal> {
    let local = request_line(request, site)?;
    host(request, site)?;
    if request.method != "GET" {
        return Err(Refusal::Method);
    }
    framing(request)?;
    let (path, query) = match local.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (local, None),
    };
    if path == site.path {
        return Ok(Route::Callback(query.unwrap_or_default()));
    }
    if path == site.outcome && query.is_none() {
        return Ok(Route::Outcome);
    }
    match path.strip_prefix(START) {
        // A start link has no parameters; with some it is not ours.
        Some(nonce) if query.is_none() => Ok(Route::Start(nonce)),
        _ => Err(Refusal::NotFound),
    }
}

/// The path and query of the target: origin form, or absolute form for our own authority.
fn request_line<'a>(request: &'a Request, site: &Site) -> Result<&'a str, Refusal> {
    let target = request.target.as_str();
    if target.contains('#') {
        return Err(Refusal::BadRequest);
    }
    if target.starts_with('/') {
        return Ok(target);
    }
    let rest = target.strip_prefix("http://").ok_or(Refusal::BadRequest)?;
    let slash = rest.find('/').ok_or(Refusal::BadRequest)?;
    let (authority, local) = rest.split_at(slash);
    if site.is_authority(authority.as_bytes()) {
        Ok(local)
    } else {
        Err(Refusal::BadRequest)
    }
}

fn host(request: &Request, site: &Site) -> Result<(), Refusal> {
    let mut hosts = request.all("host");
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if site.is_authority(host) => Ok(()),
        (Some(_), None) => Err(Refusal::OtherHost),
        _ => Err(Refusal::BadRequest),
    }
}

/// A GET of ours has no body and asks for no other protocol.
fn framing(request: &Request) -> Result<(), Refusal> {
    if request.has("transfer-encoding") || request.has("upgrade") {
        return Err(Refusal::BadRequest);
    }
    let mut lengths = request.all("content-length");
    match (lengths.next(), lengths.next()) {
        (None, _) | (Some(b"0"), None) => Ok(()),
        (Some(length), None) if length.iter().all(u8::is_ascii_digit) && !length.is_empty() => {
            Err(Refusal::HasBody)
        }
        _ => Err(Refusal::BadRequest),
    }
}

/// Whether a person's browser is really going there: no prefetch, no prerender, and, where the
/// browser says what it does, a navigation of a whole page (F-04, F-05).
pub(super) fn is_navigation(request: &Request) -> bool {
    let only = |name: &str, wanted: &[u8]| request.all(name).all(|value| value == wanted);
    let speculative = ["sec-purpose", "purpose", "x-purpose", "x-moz"]
        .into_iter()
        .any(|name| request.has(name));
    !speculative && only("sec-fetch-mode", b"navigate") && only("sec-fetch-dest", b"document")
}
