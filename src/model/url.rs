//! Addresses of a provider, checked once where they enter.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Why an address was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlProblem {
    #[error("this is not a web address like https://id.example/path")]
    NotAnAddress,
    #[error("the port is a number from 1 to 65535")]
    Port,
    #[error("plain http would expose the sign-in; use https")]
    PlainHttp,
    #[error("only https addresses are allowed here")]
    Scheme,
    #[error("an endpoint may not contain `#`")]
    Fragment,
    #[error("an endpoint may not contain `user@`")]
    UserInfo,
    #[error("the address contains a character that is not allowed")]
    Character,
    #[error("an issuer may not contain `?` or `#`")]
    IssuerParts,
    /// An issuer is compared byte for byte, so its host is written as it is asked for.
    #[error("write the host as it is asked for: {0}")]
    IssuerHost(String),
}

/// An endpoint: https, or http on this machine under the development switch; no fragment, no
/// user information (RFC 6749 sections 3.1 and 3.2, RFC 9700 section 2.6).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EndpointUrl(Url);

impl EndpointUrl {
    /// Checks an address. `dev_http` allows `http` for 127.0.0.1, \[`::1`\] and localhost only.
    pub fn parse(text: &str, dev_http: bool) -> Result<Self, UrlProblem> {
        // The URL parser drops tabs and newlines silently; what a person typed must be what is used.
        if text.chars().any(|c| {
            c.is_control() || c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | '\\')
        }) {
            return Err(UrlProblem::Character);
        }
        let url = Url::parse(text).map_err(|problem| match problem {
            url::ParseError::InvalidPort => UrlProblem::Port,
            _ => UrlProblem::NotAnAddress,
        })?;
        match url.scheme() {
            "https" => {}
            "http" if dev_http && is_loopback(&url) => {}
            "http" => return Err(UrlProblem::PlainHttp),
            _ => return Err(UrlProblem::Scheme),
        }
        if url.host().is_none() {
            return Err(UrlProblem::NotAnAddress);
        }
        if url.port() == Some(0) {
            return Err(UrlProblem::Port);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlProblem::UserInfo);
        }
        if url.fragment().is_some() {
            return Err(UrlProblem::Fragment);
        }
        Ok(Self(url))
    }

    /// The address that was meant where `https://` was left out: a host with a dot or a port, and what comes
    /// after it. `None` for what is an address already or is none with it either.
    pub fn with_https(text: &str) -> Option<String> {
        if text.contains("://") || Self::parse(text, true).is_ok() {
            return None;
        }
        let authority = text.split(['/', '?']).next().unwrap_or_default();
        let is_port = |port: &str| port.parse::<u16>().is_ok();
        let ported = authority
            .rsplit_once(':')
            .is_some_and(|(_, port)| is_port(port));
        let whole = format!("https://{text}");
        let dotted = authority.split('.').filter(|part| !part.is_empty()).count() > 1;
        let meant = dotted || ported;
        (meant && Self::parse(&whole, false).is_ok()).then_some(whole)
    }

    /// Whether nothing stands after the host.
    pub fn is_bare(&self) -> bool {
        self.0.path() == "/" && self.0.query().is_none()
    }

    pub fn as_url(&self) -> &Url {
        &self.0
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Host and, when it is not the scheme's own, port; internationalised names as A-labels.
    pub fn authority(&self) -> String {
        authority(&self.0)
    }

    /// Whether it lies on this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// Whether it is plain http (development switch).
    pub fn is_plain_http(&self) -> bool {
        self.0.scheme() == "http"
    }
}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// An issuer identifier, kept and compared byte for byte (RFC 8414 section 2, RFC 9207 section 2.4).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Issuer(String);

impl Issuer {
    pub fn parse(text: &str, dev_http: bool) -> Result<Self, UrlProblem> {
        let url = EndpointUrl::parse(text, dev_http).map_err(|problem| match problem {
            UrlProblem::Fragment => UrlProblem::IssuerParts,
            other => other,
        })?;
        if url.as_url().query().is_some() {
            return Err(UrlProblem::IssuerParts);
        }
        Ok(Self(text.to_owned()))
    }

    /// As a person types it: capitals of the scheme and the host are a slip and go, everything else is
    /// kept byte for byte.
    pub fn typed(text: &str, dev_http: bool) -> Result<Self, UrlProblem> {
        Self::written(text, dev_http)?;
        let (scheme, rest) = text.split_once("://").ok_or(UrlProblem::NotAnAddress)?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (scheme, authority) = (scheme.to_ascii_lowercase(), authority.to_ascii_lowercase());
        Ok(Self(format!("{scheme}://{authority}{path}")))
    }

    /// As a file holds it, byte for byte: discovery may have found it so. A host that the network would ask
    /// for by another name is refused with that name.
    pub fn written(text: &str, dev_http: bool) -> Result<Self, UrlProblem> {
        let issuer = Self::parse(text, dev_http)?;
        let (_, rest) = text.split_once("://").ok_or(UrlProblem::NotAnAddress)?;
        let authority = rest
            .split('/')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let asked = Url::parse(text).map_err(|_| UrlProblem::NotAnAddress)?;
        let host = asked.host_str().unwrap_or_default();
        let same = authority
            .strip_prefix(host)
            .is_some_and(|port| port.is_empty() || port.starts_with(':'));
        if same {
            Ok(issuer)
        } else {
            Err(UrlProblem::IssuerHost(host.to_owned()))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host (and port).
    pub fn authority(&self) -> String {
        // It was an address when it was read.
        Url::parse(&self.0).map_or_else(|_| String::new(), |url| authority(&url))
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip == std::net::Ipv4Addr::LOCALHOST,
        Some(Host::Ipv6(ip)) => ip == std::net::Ipv6Addr::LOCALHOST,
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_https_is_known_for_what_it_is() {
        let meant = |text| EndpointUrl::with_https(text);
        for text in [
            "auth.example.org/authorize",
            "auth.example.org",
            "auth.example.org:8443/a?b=c",
            "localhost:9/a",
            "127.0.0.1:9",
        ] {
            assert_eq!(meant(text), Some(format!("https://{text}")), "{text}");
        }
        for text in [
            "",
            "github",
            "/authorize",
            ".",
            "..",
            "https://auth.example.org",
            "http://auth.example.org",
            "https//auth.example.org",
            "http:/auth.example.org",
            "mailto:ada@auth.example.org",
            "ada@auth.example.org/a",
            "auth.example.org/a b",
            "auth.example.org/#a",
        ] {
            assert_eq!(meant(text), None, "{text}");
        }
    }

    #[test]
    fn a_02_fragment_and_userinfo_are_refused() {
        assert_eq!(
            EndpointUrl::parse("https://a.example/x#y", false),
            Err(UrlProblem::Fragment)
        );
        assert_eq!(
            EndpointUrl::parse("https://u@a.example/x", false),
            Err(UrlProblem::UserInfo)
        );
        assert_eq!(
            EndpointUrl::parse("https://u:p@a.example/x", false),
            Err(UrlProblem::UserInfo)
        );
    }

    #[test]
    fn a_09_plain_http_needs_loopback_and_the_switch() {
        for url in [
            "http://127.0.0.1:1/x",
            "http://[::1]:1/x",
            "http://localhost/x",
        ] {
            assert_eq!(
                EndpointUrl::parse(url, false),
                Err(UrlProblem::PlainHttp),
                "{url}"
            );
            assert!(EndpointUrl::parse(url, true).is_ok(), "{url}");
        }
        for url in [
            "http://a.example/",
            "http://127.0.0.2/",
            "http://localhost.evil.example/",
        ] {
            assert_eq!(
                EndpointUrl::parse(url, true),
                Err(UrlProblem::PlainHttp),
                "{url}"
            );
        }
        for url in [
            "javascript:alert(1)",
            "file:///etc/passwd",
            "ftp://a/",
            "data:x",
            "--help",
            "x",
        ] {
            assert!(EndpointUrl::parse(url, true).is_err(), "{url}");
        }
    }

    #[test]
    fn e_09_characters_that_a_shell_or_terminal_would_read_are_refused() {
        for url in [
            "https://h/`id`",
            "https://h/a b",
            "https://h/\n",
            "https://h/\"",
            "https://h/\u{1b}[m",
        ] {
            assert_eq!(
                EndpointUrl::parse(url, false),
                Err(UrlProblem::Character),
                "{url:?}"
            );
        }
    }

    #[test]
    fn g_03_an_issuer_is_kept_byte_for_byte() {
        let issuer = Issuer::parse("HTTPS://Login.Example/a", false).expect("valid");
        assert_eq!(issuer.as_str(), "HTTPS://Login.Example/a");
        assert_eq!(
            Issuer::parse("https://a/?x", false),
            Err(UrlProblem::IssuerParts)
        );
        assert_eq!(
            Issuer::parse("https://a/#x", false),
            Err(UrlProblem::IssuerParts)
        );
    }
}
