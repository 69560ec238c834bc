//! A browser for tests: follows links and redirects, keeps cookies, sends fetch metadata, and
//! answers the consent page. It speaks raw HTTP, so that nothing of the client is in it.

use std::io;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::{Host, Url};

use super::Approval;
use super::forms;
use super::http::Stream;

const MAX_HOPS: usize = 12;

/// One exchange of a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// The method sent.
    pub method: String,
    /// The address asked.
    pub url: String,
    /// The status of the answer.
    pub status: u16,
}

/// How a visit ended.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The last address.
    pub url: String,
    /// The status there.
    pub status: u16,
    /// The headers there, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The page there.
    pub body: String,
    /// Every navigation on the way, in order (prefetches and favicons are not among them).
    pub hops: Vec<Hop>,
}

struct Cookie {
    host: String,
    name: String,
    value: String,
    path: String,
    strict: bool,
}

/// Where a navigation came from, as `Sec-Fetch-Site` says it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Site {
    /// Typed, or opened by a program.
    None,
    SameOrigin,
    /// The sandbox plays a provider somewhere else, so its redirects count as cross-site although
    /// all is on loopback here.
    CrossSite,
}

/// What a request is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Navigation,
    Prefetch,
    Icon,
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// A browser with a person in front of it.
pub struct Browser {
    sandbox: String,
    authority: Option<CertificateDer<'static>>,
    decision: Option<Approval>,
    stops_before_callback: bool,
    keeps_cookies: bool,
    prefetches: bool,
    fetches_icons: bool,
    cookies: Vec<Cookie>,
}

impl Browser {
    pub(super) fn new(sandbox: &str, authority: Option<CertificateDer<'static>>) -> Self {
        Self {
            sandbox: sandbox.to_owned(),
            authority,
            decision: Some(Approval::default()),
            stops_before_callback: false,
            keeps_cookies: true,
            prefetches: false,
            fetches_icons: false,
            cookies: Vec::new(),
        }
    }

    /// The person approves this.
    #[must_use]
    pub fn approving(mut self, approval: Approval) -> Self {
        self.decision = Some(approval);
        self
    }

    /// The person declines.
    #[must_use]
    pub fn denying(mut self) -> Self {
        self.decision = None;
        self
    }

    /// Cookies are switched off.
    #[must_use]
    pub fn without_cookies(mut self) -> Self {
        self.keeps_cookies = false;
        self
    }

    /// Each address outside the sandbox is first loaded speculatively.
    #[must_use]
    pub fn prefetching(mut self) -> Self {
        self.prefetches = true;
        self
    }

    /// Each origin outside the sandbox is first asked for its icon.
    #[must_use]
    pub fn fetching_icons(mut self) -> Self {
        self.fetches_icons = true;
        self
    }

    /// The visit ends with the redirect out of the sandbox not followed, as on a machine where the
    /// callback cannot be reached; [`Visit::url`] is then that address.
    #[must_use]
    pub fn stopping_before_callback(mut self) -> Self {
        self.stops_before_callback = true;
        self
    }

    /// Opens an address and goes on until a page neither redirects nor asks.
    pub async fn visit(&mut self, address: &str) -> io::Result<Visit> {
        let mut url = Url::parse(address).map_err(io::Error::other)?;
        let (mut method, mut body, mut site) = ("GET", None, Site::None);
        let mut hops = Vec::new();
        for _ in 0..MAX_HOPS {
            let here = self.is_sandbox(&url);
            if !here {
                self.speculate(&url, site).await?;
            }
            let answer = self
                .ask(method, &url, body.as_deref(), site, Purpose::Navigation)
                .await?;
            let (asked, status) = (url.to_string(), answer.status);
            hops.push(Hop {
                method: method.to_owned(),
                url: asked.clone(),
                status,
            });
            let location = answer
                .header("location")
                .filter(|_| (300..400).contains(&status));
            if let Some(location) = location {
                let next = url.join(location).map_err(io::Error::other)?;
                if here && self.stops_before_callback && !self.is_sandbox(&next) {
                    return Ok(Visit {
                        url: next.to_string(),
                        ..answer.into_visit(asked, hops)
                    });
                }
                if next.origin() != url.origin() {
                    site = Site::CrossSite;
                }
                (method, body, url) = ("GET", None, next);
            } else if let Some(form) = forms::read(&answer.body).filter(|_| here) {
                url = url.join(&form.action).map_err(io::Error::other)?;
                (method, site) = ("POST", Site::SameOrigin);
                body = Some(form.filled(self.decision.as_ref()));
            } else {
                return Ok(answer.into_visit(asked, hops));
            }
        }
        Err(io::Error::other("too many redirects"))
    }

    fn is_sandbox(&self, url: &Url) -> bool {
        url.origin().ascii_serialization() == self.sandbox
    }

    async fn speculate(&mut self, url: &Url, site: Site) -> io::Result<()> {
        if self.prefetches {
            self.ask("GET", url, None, site, Purpose::Prefetch).await?;
        }
        if self.fetches_icons {
            let icon = url.join("/favicon.ico").map_err(io::Error::other)?;
            self.ask("GET", &icon, None, Site::SameOrigin, Purpose::Icon)
                .await?;
        }
        Ok(())
    }

    async fn ask(
        &mut self,
        method: &str,
        url: &Url,
        body: Option<&str>,
        site: Site,
        purpose: Purpose,
    ) -> io::Result<Answer> {
        let head = self.head(method, url, body, site, purpose);
        let mut stream = self.connect(url).await?;
        stream.write_all(head.as_bytes()).await?;
        stream
            .write_all(body.unwrap_or_default().as_bytes())
            .await?;
        stream.flush().await?;
        let answer = Answer::read(stream.as_mut()).await?;
        self.keep_cookies(url, &answer);
        Ok(answer)
    }

    fn head(
        &self,
        method: &str,
        url: &Url,
        body: Option<&str>,
        site: Site,
        purpose: Purpose,
    ) -> String {
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let (accept, mode, dest) = match purpose {
            Purpose::Icon => ("image/avif,image/webp,*/*;q=0.8", "no-cors", "image"),
            _ => (
                "text/html,application/xhtml+xml,*/*;q=0.8",
                "navigate",
                "document",
            ),
        };
        let from = match site {
            Site::None => "none",
            Site::SameOrigin => "same-origin",
            Site::CrossSite => "cross-site",
        };
        let mut head = format!(
            "{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             User-Agent: Mozilla/5.0 (practice)\r\nAccept: {accept}\r\nSec-Fetch-Site: {from}\r\n\
             Sec-Fetch-Mode: {mode}\r\nSec-Fetch-Dest: {dest}\r\n"
        );
        match purpose {
            Purpose::Navigation => {
                head.push_str("Sec-Fetch-User: ?1\r\nUpgrade-Insecure-Requests: 1\r\n");
            }
            Purpose::Prefetch => head.push_str("Sec-Purpose: prefetch;prerender\r\n"),
            Purpose::Icon => {}
        }
        let cookies = self.cookies_for(url, site);
        if !cookies.is_empty() {
            head.push_str(&format!("Cookie: {cookies}\r\n"));
        }
        if let Some(body) = body {
            head.push_str(&format!(
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
                 Origin: {}\r\n",
                body.len(),
                url.origin().ascii_serialization(),
            ));
        }
        head.push_str("\r\n");
        head
    }

    async fn connect(&self, url: &Url) -> io::Result<Box<dyn Stream>> {
        let addresses = url.socket_addrs(|| None)?;
        let tcp = TcpStream::connect(addresses.as_slice()).await?;
        if url.scheme() == "http" {
            return Ok(Box::new(tcp));
        }
        let mut roots = rustls::RootCertStore::empty();
        for authority in self.authority.iter().cloned() {
            roots.add(authority).map_err(io::Error::other)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = match url.host() {
            Some(Host::Ipv4(address)) => ServerName::from(std::net::IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => ServerName::from(std::net::IpAddr::V6(address)),
            Some(Host::Domain(name)) => {
                ServerName::try_from(name.to_owned()).map_err(io::Error::other)?
            }
            None => return Err(io::Error::other("an address without a host")),
        };
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        Ok(Box::new(connector.connect(name, tcp).await?))
    }

    /// Cookies know no ports (RFC 6265 section 8.5).
    fn cookies_for(&self, url: &Url, site: Site) -> String {
        let host = url.host_str().unwrap_or_default();
        let fits = |cookie: &&Cookie| {
            let rest = url.path().strip_prefix(cookie.path.as_str());
            let path_fits = rest.is_some_and(|rest| {
                rest.is_empty() || rest.starts_with('/') || cookie.path.ends_with('/')
            });
            cookie.host == host && path_fits && !(cookie.strict && site == Site::CrossSite)
        };
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .filter(fits)
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        pairs.join("; ")
    }

    fn keep_cookies(&mut self, url: &Url, answer: &Answer) {
        if !self.keeps_cookies {
            return;
        }
        for (_, line) in answer
            .headers
            .iter()
            .filter(|(name, _)| name == "set-cookie")
        {
            let mut parts = line.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let attributes: Vec<(String, &str)> = parts
                .map(|part| part.split_once('=').unwrap_or((part, "")))
                .map(|(name, value)| (name.to_ascii_lowercase(), value))
                .collect();
            let of = |name: &str| {
                attributes
                    .iter()
                    .find(|(known, _)| known == name)
                    .map(|(_, value)| *value)
            };
            // Browsers differ on secure cookies over plain loopback http; play the strict one.
            if of("secure").is_some() && url.scheme() == "http" {
                continue;
            }
            let host = url.host_str().unwrap_or_default().to_owned();
            let folder = url
                .path()
                .rsplit_once('/')
                .map_or("/", |(folder, _)| folder);
            let default_path = if folder.is_empty() { "/" } else { folder };
            let path = of("path")
                .filter(|path| path.starts_with('/'))
                .unwrap_or(default_path);
            self.cookies.retain(|cookie| {
                !(cookie.host == host && cookie.name == name && cookie.path == path)
            });
            if of("max-age").is_some_and(|age| age.parse::<i64>().is_ok_and(|age| age <= 0)) {
                continue;
            }
            self.cookies.push(Cookie {
                host,
                name: name.to_owned(),
                value: value.to_owned(),
                path: path.to_owned(),
                strict: of("samesite").is_some_and(|mode| mode.eq_ignore_ascii_case("strict")),
            });
        }
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Reads until the stated length or the end of the connection.
    async fn read(stream: &mut dyn Stream) -> io::Result<Self> {
        let mut bytes = Vec::new();
        loop {
            let ended = stream.read_buf(&mut bytes).await? == 0;
            if let Some((answer, length)) = Self::parse(&bytes)? {
                let complete = length.is_some_and(|length| answer.body.len() >= length);
                if complete || (ended && length.is_none()) {
                    return Ok(answer);
                }
            }
            if ended {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// The answer so far and its stated length, once the head is complete.
    fn parse(bytes: &[u8]) -> io::Result<Option<(Self, Option<usize>)>> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(start) = parsed.parse(bytes).map_err(io::Error::other)?
        else {
            return Ok(None);
        };
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let answer = Self {
            status: parsed.code.unwrap_or_default(),
            headers: parsed
                .headers
                .iter()
                .map(|header| (header.name.to_ascii_lowercase(), text(header.value)))
                .collect(),
            body: bytes[start..].to_vec(),
        };
        let length = answer
            .header("content-length")
            .and_then(|text| text.parse().ok());
        Ok(Some((answer, length)))
    }

    fn into_visit(self, url: String, hops: Vec<Hop>) -> Visit {
        let body = String::from_utf8_lossy(&self.body).into_owned();
        Visit {
            url,
            status: self.status,
            headers: self.headers,
            body,
            hops,
        }
    }
}
