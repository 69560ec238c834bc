//! Outgoing requests: one client with fixed manners and hard limits (conformance H-01..H-10).
//!
//! No redirect is followed, no cookie kept, no referrer sent, nothing is tried twice, and this
//! machine is never reached through a proxy. A connection is used once, so that "it failed while
//! connecting" always means "the request never left".

mod error;
mod proxy;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_ENCODING, HeaderValue};
use reqwest::{Certificate, Client, Url, redirect, retry, tls};
use tokio::time::timeout;
use url::Host;

use crate::model::Untrusted;

pub use error::{HttpError, TlsFault, Transport, UNKNOWN_ISSUER};
use proxy::Chosen;
pub use proxy::proxy_in_use;

/// Bounds of one exchange. Spans are wall time; `body` counts bytes after decompression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub body: usize,
    pub total: Duration,
    pub connect: Duration,
    /// From the established connection to the head of the answer.
    pub first_byte: Duration,
}

const TOTAL: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(10);
const FIRST_BYTE: Duration = Duration::from_secs(20);

const fn limits(body: usize) -> Limits {
    Limits {
        body,
        total: TOTAL,
        connect: CONNECT,
        first_byte: FIRST_BYTE,
    }
}

/// Token, device, revocation, introspection and registration endpoints.
pub const TOKEN_LIMITS: Limits = limits(1024 * 1024);
/// Metadata and key sets.
pub const METADATA_LIMITS: Limits = limits(2 * 1024 * 1024);
/// The test read.
pub const TEST_LIMITS: Limits = limits(256 * 1024);

const USER_AGENT: &str = concat!("valetkey/", env!("CARGO_PKG_VERSION"));

/// Most that is kept of the name of a content coding, in characters.
const LONGEST_NAME: usize = 80;

/// Which of the two roads a request takes, and how long it may take to set out.
type Road = (bool, Duration);

/// The outgoing client of one connection. Building it costs nothing: TLS and the trust store are
/// set up by the first request.
pub struct Http {
    ca_pem: Option<String>,
    clients: Mutex<HashMap<Road, Client>>,
}

impl Http {
    /// `ca_pem`: one or more certificates to trust beside the platform's own (H-02).
    pub fn new(ca_pem: Option<&str>) -> Self {
        Self {
            ca_pem: ca_pem.map(str::to_owned),
            clients: Mutex::default(),
        }
    }

    /// Sends one request and reads the whole answer. Dropping the future cancels at once.
    pub async fn send(
        &self,
        mut request: http::Request<Vec<u8>>,
        limits: &Limits,
    ) -> Result<http::Response<Vec<u8>>, HttpError> {
        request
            .headers_mut()
            .entry(ACCEPT)
            .or_insert(HeaderValue::from_static("application/json"));
        let request = reqwest::Request::try_from(request).map_err(|_| HttpError::Address)?;
        let local = is_loopback(request.url());
        if request.url().scheme() != "https" && !(local && request.url().scheme() == "http") {
            return Err(HttpError::PlainHttp);
        }
        let client = self.client((local, limits.connect))?;
        // The host alone: paths and queries may name secrets (conformance X-01).
        let host = request.url().host_str().unwrap_or_default().to_owned();
        let answer = timeout(limits.total, exchange(&client, request, limits))
            .await
            .unwrap_or(Err(HttpError::Timeout { sent: true }));
        let status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
        tracing::debug!(host, status, "request");
        answer
    }

    fn client(&self, road: Road) -> Result<Client, HttpError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&road) {
            return Ok(client.clone());
        }
        let client = self.build(road)?;
        clients.insert(road, client.clone());
        Ok(client)
    }

    fn build(&self, (local, connect): Road) -> Result<Client, HttpError> {
        let mut builder = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .gzip(true)
            .connect_timeout(connect)
            .pool_max_idle_per_host(0)
            .tls_version_min(tls::Version::TLS_1_2);
        if !local && let Some(chosen) = Chosen::by(|name| std::env::var(name).ok())? {
            builder = builder.no_proxy().proxy(chosen.into_proxy()?);
        }
        if local {
            // The name must not lead elsewhere, whatever the resolver says.
            let here = [
                SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
                SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0),
            ];
            builder = builder.no_proxy().resolve_to_addrs("localhost", &here);
        }
        if let Some(pem) = &self.ca_pem {
            let certificates = Certificate::from_pem_bundle(pem.as_bytes())
                .ok()
                .filter(|found| !found.is_empty())
                .ok_or(HttpError::BadAuthority)?;
            builder = builder.tls_certs_merge(certificates);
        }
        builder
            .build()
            .map_err(|error| HttpError::NoTrustStore(Untrusted::new(root_text(&error))))
    }
}

async fn exchange(
    client: &Client,
    request: reqwest::Request,
    limits: &Limits,
) -> Result<http::Response<Vec<u8>>, HttpError> {
    let head = timeout(limits.connect + limits.first_byte, client.execute(request))
        .await
        .map_err(|_| HttpError::Timeout { sent: true })?
        .map_err(|error| HttpError::of(&error))?;
    read(head, limits.body).await
}

async fn read(
    mut answer: reqwest::Response,
    limit: usize,
) -> Result<http::Response<Vec<u8>>, HttpError> {
    // What the client unpacked itself has no such header any more.
    if let Some(coding) = answer.headers().get(CONTENT_ENCODING)
        && !coding.as_bytes().eq_ignore_ascii_case(b"identity")
    {
        let name = String::from_utf8_lossy(coding.as_bytes());
        let name: String = name.chars().take(LONGEST_NAME).collect();
        return Err(HttpError::Encoding(Untrusted::new(name)));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|e| HttpError::of(&e))? {
        if chunk.len() > limit - body.len() {
            return Err(HttpError::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = http::Response::new(body);
    *response.status_mut() = answer.status();
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    Ok(response)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip == Ipv4Addr::LOCALHOST,
        Some(Host::Ipv6(ip)) => ip == Ipv6Addr::LOCALHOST,
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// The innermost cause: the outer ones may name the address.
fn root_text(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
