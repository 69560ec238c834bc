//! A browser for tests: follows links and redirects, keeps cookies, sends fetch metadata, and
//! answers the consent page. It speaks raw HTTP, so that nothing of the client is in it.

use std::fmt::Write as _;
use std::io;

use rustls::pki_types::CertificateDer;
use url::Url;

use super::Approval;
use super::cookies::Jar;
use super::fetch::{Answer, fetch};
use super::forms;

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

/// Where a navigation came from, as `Sec-Fetch-Site` says it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Site {
    /// Typed, or opened by a program.
    None,
    Same,
    /// The sandbox plays a provider somewhere else, so its redirects count as cross-site although
    /// all is on loopback here.
    Cross,
}

/// What a request is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Navigation,
    Prefetch,
    Icon,
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
    cookies: Jar,
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
            cookies: Jar::default(),
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
                    site = Site::Cross;
                }
                (method, body, url) = ("GET", None, next);
            } else if let Some(form) = forms::read(&answer.body).filter(|_| here) {
                url = url.join(&form.action).map_err(io::Error::other)?;
                (method, site) = ("POST", Site::Same);
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
            self.ask("GET", &icon, None, Site::Same, Purpose::Icon)
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
        let request = self.request(method, url, body, site, purpose);
        let answer = fetch(url, request.as_bytes(), self.authority.as_ref()).await?;
        if self.keeps_cookies {
            self.cookies.keep(url, &answer);
        }
        Ok(answer)
    }

    fn request(
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
            Site::Same => "same-origin",
            Site::Cross => "cross-site",
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
        let cookies = self.cookies.header(url, site == Site::Cross);
        if !cookies.is_empty() {
            let _ = write!(head, "Cookie: {cookies}\r\n");
        }
        if let Some(body) = body {
            let origin = url.origin().ascii_serialization();
            let _ = write!(
                head,
                "Origin: {origin}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                 Content-Length: {}\r\n",
                body.len(),
            );
        }
        head.push_str("\r\n");
        head.push_str(body.unwrap_or_default());
        head
    }
}

impl Answer {
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
