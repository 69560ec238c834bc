//! Redirect addresses of a native app (RFC 8252 section 7.3).

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// How this machine is named in a redirect address. The default is the IPv4 literal; `localhost`
/// only where a provider accepts nothing else (conformance E-03).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoopbackHost {
    #[default]
    V4,
    V6,
    Localhost,
}

impl LoopbackHost {
    /// As it stands in an address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V4 => "127.0.0.1",
            Self::V6 => "[::1]",
            Self::Localhost => "localhost",
        }
    }
}

/// Why a redirect address was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RedirectProblem {
    #[error("this is not a web address")]
    NotAnAddress,
    #[error("the redirect address must start with http:// on this machine")]
    Scheme,
    #[error("the redirect address must name 127.0.0.1, [::1] or localhost")]
    Host,
    #[error("the redirect address may not contain `?`, `#` or `user@`")]
    Parts,
}

/// A loopback redirect: host form, port and path. Port `None` means any free one, chosen per attempt.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RedirectUri {
    pub host: LoopbackHost,
    pub port: Option<u16>,
    /// Starts with `/`; may be just `/`.
    pub path: String,
    /// Whether the address was typed without any path (`http://127.0.0.1:8765`): some providers
    /// compare the very string, so it is sent as it was typed.
    #[serde(default)]
    pub bare: bool,
}

impl RedirectUri {
    /// `http://127.0.0.1/callback` with any free port.
    pub fn any_port() -> Self {
        Self {
            host: LoopbackHost::V4,
            port: None,
            path: "/callback".to_owned(),
            bare: false,
        }
    }

    /// Reads an address as a person types it: port 0 or no port means any free one (DESIGN 7).
    pub fn parse(text: &str) -> Result<Self, RedirectProblem> {
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(RedirectProblem::NotAnAddress);
        }
        let url = Url::parse(text).map_err(|_| RedirectProblem::NotAnAddress)?;
        if url.scheme() != "http" {
            return Err(RedirectProblem::Scheme);
        }
        let host = match url.host() {
            Some(Host::Ipv4(ip)) if ip == std::net::Ipv4Addr::LOCALHOST => LoopbackHost::V4,
            Some(Host::Ipv6(ip)) if ip == std::net::Ipv6Addr::LOCALHOST => LoopbackHost::V6,
            Some(Host::Domain("localhost")) => LoopbackHost::Localhost,
            _ => return Err(RedirectProblem::Host),
        };
        if url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
            || url.password().is_some()
        {
            return Err(RedirectProblem::Parts);
        }
        let bare = url.path() == "/" && !text.ends_with('/');
        Ok(Self {
            host,
            port: url.port().filter(|p| *p != 0),
            path: url.path().to_owned(),
            bare,
        })
    }

    /// The address to send when `port` is held: byte-stable, used in both requests.
    pub fn with_port(&self, port: u16) -> String {
        format!("http://{}:{port}{}", self.host.as_str(), self.sent_path())
    }

    fn sent_path(&self) -> &str {
        if self.bare { "" } else { &self.path }
    }
}

/// The address to register: without a port where any one will do.
impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => f.write_str(&self.with_port(port)),
            None => write!(f, "http://{}{}", self.host.as_str(), self.sent_path()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e_03_the_default_is_the_ipv4_literal() {
        assert_eq!(
            RedirectUri::any_port().to_string(),
            "http://127.0.0.1/callback"
        );
    }

    #[test]
    fn a_04_the_sent_address_keeps_what_was_typed() {
        for text in [
            "http://127.0.0.1:8765",
            "http://localhost:8765/",
            "http://[::1]:9/a/b",
        ] {
            let uri = RedirectUri::parse(text).expect(text);
            assert_eq!(uri.with_port(uri.port.expect("port")), text);
            assert_eq!(uri.to_string(), text);
        }
        assert_eq!(
            RedirectUri::parse("http://127.0.0.1:0/callback")
                .expect("valid")
                .port,
            None
        );
    }

    #[test]
    fn e_02_only_loopback_is_accepted() {
        for text in [
            "http://0.0.0.0/",
            "http://192.168.1.5/",
            "https://a.example/cb",
            "http://127.0.0.1/#x",
            "http://evil/",
            "http://u@127.0.0.1/",
        ] {
            assert!(RedirectUri::parse(text).is_err(), "{text}");
        }
    }
}
