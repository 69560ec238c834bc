//! Redirect addresses of a native app (RFC 8252 section 7.3), and the relay for providers that refuse them.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::EndpointUrl;

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
    #[error(
        "the redirect address must start with http:// on this machine, or be the https:// address of a relay page"
    )]
    Scheme,
    #[error("the redirect address must name 127.0.0.1, [::1] or localhost")]
    Host,
    #[error("the redirect address may not contain `?`, `#` or `user@`")]
    Parts,
    #[error("an app is registered with one whole redirect address, without `*`")]
    Wildcard,
    /// A loopback address behind https: nobody can have a certificate for it.
    #[error("this machine's own address starts with http://, not https://")]
    SecureLoopback,
}

/// A loopback redirect: host form, port and path. Port `None` means any free one, chosen per attempt.
///
/// With a relay the provider is given the relay's address, and the relay sends the browser on to the
/// loopback one, which is then always `/callback` on 127.0.0.1 at any free port.
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
    /// The https address of a relay page (assets/relay), as it was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay: Option<String>,
}

impl RedirectUri {
    /// `http://127.0.0.1/callback` with any free port.
    pub fn any_port() -> Self {
        Self {
            host: LoopbackHost::V4,
            port: None,
            path: "/callback".to_owned(),
            bare: false,
            relay: None,
        }
    }

    /// The same with a path that names who will be sent the code, so that no other provider's connection
    /// waits at it: an answer that another provider was made to give arrives where nobody waits (RFC 9700
    /// section 4.4.2.2). A relay has one address for everybody.
    #[must_use]
    pub fn with_path_of(self, token: &EndpointUrl) -> Self {
        if self.relay.is_some() {
            return self;
        }
        Self {
            path: path_of(token),
            bare: false,
            ..self
        }
    }

    /// Whether [`RedirectUri::with_path_of`] made it.
    pub fn has_path_of(&self, token: &EndpointUrl) -> bool {
        self.relay.is_none() && self.path == path_of(token)
    }

    /// Reads an address as a person types it: port 0 or no port means any free one (DESIGN 7).
    pub fn parse(text: &str) -> Result<Self, RedirectProblem> {
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(RedirectProblem::NotAnAddress);
        }
        if text.contains('*') {
            return Err(RedirectProblem::Wildcard);
        }
        let url = Url::parse(text).map_err(|_| RedirectProblem::NotAnAddress)?;
        if url.scheme() == "https" {
            return Self::through_relay(&url, text);
        }
        if url.scheme() != "http" {
            return Err(RedirectProblem::Scheme);
        }
        let host = match url.host() {
            Some(Host::Ipv4(ip)) if ip == std::net::Ipv4Addr::LOCALHOST => LoopbackHost::V4,
            Some(Host::Ipv6(ip)) if ip == std::net::Ipv6Addr::LOCALHOST => LoopbackHost::V6,
            Some(Host::Domain("localhost")) => LoopbackHost::Localhost,
            _ => return Err(RedirectProblem::Host),
        };
        if has_other_parts(&url) {
            return Err(RedirectProblem::Parts);
        }
        let bare = url.path() == "/" && !text.ends_with('/');
        Ok(Self {
            host,
            port: typed_port(&url, text).filter(|port| *port != 0),
            path: url.path().to_owned(),
            bare,
            relay: None,
        })
    }

    fn through_relay(url: &Url, text: &str) -> Result<Self, RedirectProblem> {
        let here = match url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            None => return Err(RedirectProblem::Host),
        };
        if here {
            return Err(RedirectProblem::SecureLoopback);
        }
        if has_other_parts(url) {
            return Err(RedirectProblem::Parts);
        }
        Ok(Self {
            relay: Some(text.to_owned()),
            ..Self::any_port()
        })
    }

    /// What to know of it before it is registered: a sentence, where there is something.
    pub fn advice(&self) -> Option<String> {
        let port = self.port.filter(|port| *port < FIRST_FREE)?;
        Some(format!(
            "Only the administrator may listen at port {port} on most machines: at a sign-in the answer is pasted then. \
             A port from {FIRST_FREE} up, or none, saves that."
        ))
    }

    /// The address to send when `port` is held: byte-stable, used in both requests (A-04).
    pub fn with_port(&self, port: u16) -> String {
        self.relay.clone().unwrap_or_else(|| self.here(port))
    }

    /// Where this machine listens when `port` is held; with a relay the provider never sees it.
    pub fn here(&self, port: u16) -> String {
        format!("http://{}:{port}{}", self.host.as_str(), self.sent_path())
    }

    fn sent_path(&self) -> &str {
        if self.bare { "" } else { &self.path }
    }
}

/// The port as it was typed: a parser of addresses drops 80, which http has anyway, but an app is registered
/// with it or with any.
fn typed_port(url: &Url, text: &str) -> Option<u16> {
    let authority = text.split("://").nth(1).unwrap_or_default();
    let authority = authority.split('/').next().unwrap_or_default();
    let typed = || authority.rsplit_once(':')?.1.parse().ok();
    url.port().or_else(typed)
}

/// The first port that every user may listen at.
const FIRST_FREE: u16 = 1024;

/// Of a host's own letters only `:` and brackets mean something else in a path; no host has a `_`.
fn path_of(token: &EndpointUrl) -> String {
    format!(
        "/callback/{}",
        token.authority().replace([':', '[', ']'], "_")
    )
}

fn has_other_parts(url: &Url) -> bool {
    url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
}

/// The address to register: without a port where any one will do.
impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.relay, self.port) {
            (Some(relay), _) => f.write_str(relay),
            (None, Some(port)) => f.write_str(&self.with_port(port)),
            (None, None) => write!(f, "http://{}{}", self.host.as_str(), self.sent_path()),
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
    fn g_05_a_path_belongs_to_one_token_endpoints_host() {
        let at = |url: &str| EndpointUrl::parse(url, true).expect("an address");
        let [one, same, other] = [
            at("https://id.example/token"),
            at("https://id.example/other"),
            at("http://127.0.0.1:8080/token"),
        ];
        let uri = RedirectUri::any_port().with_path_of(&one);
        assert_eq!(uri.to_string(), "http://127.0.0.1/callback/id.example");
        assert_eq!(RedirectUri::parse(&uri.to_string()), Ok(uri.clone()));
        assert!(uri.has_path_of(&one) && uri.has_path_of(&same));
        assert!(!uri.has_path_of(&other));
        let local = RedirectUri::any_port().with_path_of(&other);
        assert_eq!(local.path, "/callback/127.0.0.1_8080");
        let relay = RedirectUri::parse("https://relay.example/").expect("a relay");
        assert_eq!(relay.clone().with_path_of(&one), relay);
        assert!(!relay.has_path_of(&one));
        assert!(!RedirectUri::any_port().has_path_of(&one));
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
            "http://127.0.0.1/#x",
            "http://evil/",
            "http://u@127.0.0.1/",
        ] {
            assert!(RedirectUri::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_relay_is_sent_as_typed_and_leads_back_to_this_machine() {
        let text = "https://Relay.example/valetkey";
        let uri = RedirectUri::parse(text).expect("a relay");
        assert_eq!(
            (uri.to_string(), uri.with_port(41873)),
            (text.to_owned(), text.to_owned())
        );
        assert_eq!(uri.here(41873), "http://127.0.0.1:41873/callback");
        assert_eq!(uri.port, None);
        for text in [
            "https://127.0.0.1:8765/callback",
            "https://[::1]/callback",
            "https://localhost/callback",
            "https://app.localhost/callback",
        ] {
            let problem = RedirectUri::parse(text).err();
            assert_eq!(problem, Some(RedirectProblem::SecureLoopback), "{text}");
        }
        for text in [
            "https://a.example/?x=y",
            "https://a.example/#x",
            "https://u@a.example/",
        ] {
            assert_eq!(
                RedirectUri::parse(text).err(),
                Some(RedirectProblem::Parts),
                "{text}"
            );
        }
    }

    #[test]
    fn a_registration_from_before_there_were_relays_is_read() {
        let old = r#"{"host":"v4","port":8765,"path":"/callback"}"#;
        let uri: RedirectUri = serde_json::from_str(old).expect("read");
        assert_eq!(uri.relay, None);
        assert!(
            !serde_json::to_string(&uri)
                .expect("written")
                .contains("relay")
        );
    }
}
