//! The pages: fixed templates, and the headers that every answer carries (conformance F-12..F-14).

use std::fmt::Write as _;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::model::Shown;

/// How the sign-in ended, for the browser. Nothing in it comes from a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// `provider` is the definition's own name; `account` who signed in, when known.
    Done {
        provider: Shown,
        account: Option<Shown>,
    },
    /// The person said no.
    Declined,
    /// The terminal says why.
    Failed,
}

macro_rules! asset {
    ($name:literal) => {
        include_str!(concat!("../../../assets/pages/", $name))
    };
}

const LAYOUT: &str = asset!("layout.html");
const STYLE: &str = asset!("style.css");
const DONE: &str = asset!("done.html");
const DONE_AS: &str = asset!("done-as.html");
const FAILED: &str = asset!("failed.html");
const DECLINED: &str = asset!("declined.html");
pub(super) const WAITING: &str = asset!("waiting.html");
pub(super) const OTHER_BROWSER: &str = asset!("other-browser.html");
pub(super) const USED_LINK: &str = asset!("used-link.html");
pub(super) const FRAGMENT: &str = asset!("fragment.html");
pub(super) const IGNORED: &str = asset!("ignored.html");

/// Only our own style sheet may be used, by its hash (Content Security Policy level 3).
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
});

impl Page {
    fn content(&self) -> String {
        match self {
            Self::Done {
                provider,
                account: None,
            } => DONE.replace("{{provider}}", &escape(provider.as_str())),
            Self::Done {
                provider,
                account: Some(account),
            } => fill_two(DONE_AS, provider, account),
            Self::Declined => DECLINED.to_owned(),
            Self::Failed => FAILED.to_owned(),
        }
    }
}

/// Both at once: a name that holds a placeholder must not be filled in again.
fn fill_two(template: &str, provider: &Shown, account: &Shown) -> String {
    let (before, rest) = template
        .split_once("{{provider}}")
        .unwrap_or((template, ""));
    let rest = rest.replace("{{account}}", &escape(account.as_str()));
    format!("{before}{}{rest}", escape(provider.as_str()))
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Placeholders of the layout stay text.
            '{' => out.push_str("&#123;"),
            c => out.push(c),
        }
    }
    out
}

/// An answer to the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    SeeOther,
    BadRequest,
    Forbidden,
    NotFound,
    Method,
    Timeout,
    HasBody,
    LineTooLong,
    Misdirected,
    HeadersTooLarge,
    Internal,
    Busy,
}

impl Status {
    fn line(self) -> &'static str {
        match self {
            Self::Ok => "200 OK",
            Self::SeeOther => "303 See Other",
            Self::BadRequest => "400 Bad Request",
            Self::Forbidden => "403 Forbidden",
            Self::NotFound => "404 Not Found",
            Self::Method => "405 Method Not Allowed",
            Self::Timeout => "408 Request Timeout",
            Self::HasBody => "413 Content Too Large",
            Self::LineTooLong => "414 URI Too Long",
            Self::Misdirected => "421 Misdirected Request",
            Self::HeadersTooLarge => "431 Request Header Fields Too Large",
            Self::Internal => "500 Internal Server Error",
            Self::Busy => "503 Service Unavailable",
        }
    }
}

/// A page made of one of the fixed texts.
pub(super) fn page(status: Status, content: &str) -> Vec<u8> {
    let body = LAYOUT
        .replace("{{style}}", STYLE)
        .replace("{{content}}", content.trim_end());
    answer(status, "", "text/html; charset=utf-8", &body)
}

/// The page of a known outcome.
pub(super) fn outcome(page_of: &Page) -> Vec<u8> {
    page(Status::Ok, &page_of.content())
}

/// A plain answer that says nothing but its status.
pub(super) fn plain(status: Status) -> Vec<u8> {
    let extra = if status == Status::Method {
        "Allow: GET\r\n"
    } else {
        ""
    };
    let body = format!("{}\n", status.line());
    answer(status, extra, "text/plain; charset=utf-8", &body)
}

/// On to a path of our own: the address that carried the code leaves the browser's history (F-16).
pub(super) fn see_other(path: &'static str) -> Vec<u8> {
    let extra = format!("Location: {path}\r\n");
    answer(Status::SeeOther, &extra, "text/plain; charset=utf-8", "")
}

/// On to the provider, with the cookie that ties the answer to this browser. An address that
/// could break out of the header is not sent.
pub(super) fn redirect(location: &str, cookie: &str) -> Vec<u8> {
    if !location.bytes().all(|byte| byte.is_ascii_graphic()) {
        return plain(Status::Internal);
    }
    let extra = format!("Location: {location}\r\nSet-Cookie: {cookie}\r\n");
    answer(Status::SeeOther, &extra, "text/plain; charset=utf-8", "")
}

fn answer(status: Status, extra: &str, kind: &str, body: &str) -> Vec<u8> {
    let mut out = String::with_capacity(body.len() + extra.len() + 640);
    let _ = write!(
        out,
        "HTTP/1.1 {}\r\n\
         Content-Security-Policy: {}\r\n\
         Referrer-Policy: no-referrer\r\n\
         Cache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\n\
         Cross-Origin-Opener-Policy: same-origin\r\n\
         Content-Type: {kind}\r\n\
         {extra}\
         Content-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        status.line(),
        *POLICY,
        body.len(),
    );
    out.into_bytes()
}
