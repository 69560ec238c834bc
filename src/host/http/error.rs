//! What went wrong on the wire, without any word of the request (conformance H-08).

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError};

use crate::model::Untrusted;

/// Why there is no answer. [`HttpError::nothing_was_sent`] says whether the provider can have
/// seen the request: a refresh token of a request that was not sent is not spent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The address cannot be used for a request at all.
    #[error("the address cannot be used")]
    Address,
    /// Plain http to another machine.
    #[error("plain http to another machine is refused")]
    PlainHttp,
    /// The certificate authority given for this connection is not one.
    #[error("the certificate authority given for this connection cannot be read")]
    BadAuthority,
    /// A variable of the environment names no proxy; going straight would be another thing than was asked
    /// for.
    #[error(
        "{0} is set and names no proxy: use http://HOST:PORT or socks5h://HOST:PORT, or unset it"
    )]
    NoSuchProxy(&'static str),
    /// This machine's trusted certificates could not be loaded.
    #[error("this machine's trusted certificates could not be loaded")]
    NoTrustStore(Untrusted),
    /// The handshake failed, so nothing was sent.
    #[error("the secure connection failed")]
    Tls(TlsFault),
    /// No connection came about.
    #[error("no connection")]
    NotSent(Transport),
    /// It broke after the connection stood: nobody knows how far the request came.
    #[error("the connection broke")]
    Unknown(Transport),
    /// The answer is packed in a way that was not offered (RFC 9110 section 8.4).
    #[error("the answer is packed as `{}`, which was not asked for", .0.shown())]
    Encoding(Untrusted),
    /// The answer was larger than allowed; bytes after decompression.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge { limit: usize },
    /// No answer in time.
    #[error("no answer in time")]
    Timeout { sent: bool },
}

/// How a transport failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// The name did not resolve.
    Name,
    Refused,
    Unreachable,
    /// Reset or closed early by the other side.
    Closed,
    /// The proxy did not let it through.
    Proxy,
    /// The answer was not HTTP, or its compression was broken.
    NotHttp,
    Other,
}

/// Why a TLS handshake failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsFault {
    /// The certificate is for these names instead.
    OtherName(Vec<Untrusted>),
    Expired,
    NotYetValid,
    /// Signed by nobody this machine trusts (a self-signed one too).
    UnknownIssuer,
    Revoked,
    /// The server speaks no TLS 1.2 or newer.
    TooOld,
    Other(Untrusted),
}

impl HttpError {
    /// Whether it is certain that no byte of the request reached anybody.
    pub fn nothing_was_sent(&self) -> bool {
        match self {
            Self::Address
            | Self::PlainHttp
            | Self::BadAuthority
            | Self::NoSuchProxy(_)
            | Self::NoTrustStore(_)
            | Self::Tls(_)
            | Self::NotSent(_) => true,
            Self::Timeout { sent } => !sent,
            Self::Unknown(_) | Self::Encoding(_) | Self::TooLarge { .. } => false,
        }
    }

    /// A few words for a person, e.g. "connection refused", "certificate is for other.example".
    pub fn summary(&self) -> Untrusted {
        let text = match self {
            Self::Tls(fault) => return fault.summary(),
            Self::NotSent(transport) | Self::Unknown(transport) => transport.words().to_owned(),
            other => other.to_string(),
        };
        Untrusted::new(text)
    }

    pub(super) fn of(error: &reqwest::Error) -> Self {
        if let Some(fault) = find(error).map(TlsFault::of) {
            return if error.is_connect() {
                Self::Tls(fault)
            } else {
                Self::Unknown(Transport::Closed)
            };
        }
        if error.is_timeout() {
            return Self::Timeout {
                sent: !error.is_connect(),
            };
        }
        if error.is_connect() {
            Self::NotSent(Transport::of(error))
        } else {
            Self::Unknown(Transport::of(error))
        }
    }
}

impl Transport {
    /// A few words for a person.
    pub fn words(self) -> &'static str {
        match self {
            Self::Name => "the name does not resolve",
            Self::Refused => "connection refused",
            Self::Unreachable => "the network is unreachable",
            Self::Closed => "the connection was closed early",
            Self::Proxy => "the proxy refused",
            Self::NotHttp => "the answer was not proper HTTP",
            Self::Other => "the connection failed",
        }
    }

    fn of(error: &reqwest::Error) -> Self {
        if error.is_dns() {
            return Self::Name;
        }
        match find::<io::Error>(error).map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => Self::Refused,
            Some(io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable) => {
                Self::Unreachable
            }
            Some(
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof,
            ) => Self::Closed,
            _ if error.is_decode() => Self::NotHttp,
            Some(_) => Self::Other,
            None => Self::by_message(error),
        }
    }

    /// hyper's error types are out of reach here; its fixed words only choose between three
    /// sentences, and never decide whether something was sent.
    fn by_message(error: &reqwest::Error) -> Self {
        let mut cause: Option<&dyn Error> = error.source();
        while let Some(inner) = cause {
            let text = inner.to_string();
            if text.contains("tunnel") {
                return Self::Proxy;
            }
            if text.contains("invalid HTTP") || text.contains("head is too large") {
                return Self::NotHttp;
            }
            if text.contains("closed") {
                return Self::Closed;
            }
            cause = inner.source();
        }
        Self::Other
    }
}

/// How [`TlsFault::UnknownIssuer`] is told, also by a worker process.
pub const UNKNOWN_ISSUER: &str = "certificate is signed by nobody this machine trusts";

impl TlsFault {
    fn summary(&self) -> Untrusted {
        let text = match self {
            Self::OtherName(names) if names.is_empty() => "certificate is for another name",
            Self::OtherName(names) => {
                let names: Vec<&str> = names.iter().take(3).map(Untrusted::raw).collect();
                return Untrusted::new(format!("certificate is for {}", names.join(", ")));
            }
            Self::Expired => "certificate has expired",
            Self::NotYetValid => "certificate is not valid yet (is this machine's clock right?)",
            Self::UnknownIssuer => UNKNOWN_ISSUER,
            Self::Revoked => "certificate was revoked",
            Self::TooOld => "the server offers no TLS 1.2 or newer",
            Self::Other(text) => return text.clone(),
        };
        Untrusted::new(text)
    }

    fn of(error: &rustls::Error) -> Self {
        use rustls::Error as Rustls;
        match error {
            Rustls::InvalidCertificate(fault) => Self::of_certificate(fault),
            Rustls::AlertReceived(AlertDescription::ProtocolVersion)
            | Rustls::PeerIncompatible(_) => Self::TooOld,
            other => Self::Other(Untrusted::new(other.to_string())),
        }
    }

    fn of_certificate(fault: &CertificateError) -> Self {
        use CertificateError as Fault;
        match fault {
            Fault::NotValidForName => Self::OtherName(Vec::new()),
            Fault::NotValidForNameContext { presented, .. } => {
                Self::OtherName(presented.iter().map(|name| plain_name(name)).collect())
            }
            Fault::Expired | Fault::ExpiredContext { .. } => Self::Expired,
            Fault::NotValidYet | Fault::NotValidYetContext { .. } => Self::NotYetValid,
            Fault::UnknownIssuer => Self::UnknownIssuer,
            Fault::Revoked => Self::Revoked,
            other => Self::Other(Untrusted::new(other.to_string())),
        }
    }
}

/// rustls presents names as `DnsName("other.example")`.
fn plain_name(presented: &str) -> Untrusted {
    let inside = presented
        .split_once("(\"")
        .and_then(|(_, rest)| rest.strip_suffix("\")"));
    Untrusted::new(inside.unwrap_or(presented))
}

/// Looks through the causes for one of type `T`; `io::Error` hides its inner error from `source`.
fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        if let Some(found) = inner.downcast_ref::<T>() {
            return Some(found);
        }
        let boxed = inner
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        cause = match boxed {
            Some(boxed) => Some(boxed),
            None => inner.source(),
        };
    }
    None
}
