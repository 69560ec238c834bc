//! The wire: one HTTP/1.1 request per connection, every byte of the answer under our control.
//!
//! Not built on an HTTP server library: a hostile provider must be able to cut an answer in the
//! middle or lie about its length.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

use super::params::Params;

const MAX_HEAD: usize = 64 * 1024;
const MAX_BODY: usize = 4 * 1024 * 1024;
const MAX_HEADERS: usize = 128;

/// Both directions of a plain or TLS connection.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// One request as it was received, in full.
#[derive(Clone, Debug)]
pub struct Request {
    /// When the last byte had been read (tokio's clock, so paused time counts).
    pub at: Instant,
    /// The method, as sent.
    pub method: String,
    /// The request target, as sent (path and query).
    pub target: String,
    /// Header names and values in order, as sent.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
    /// Request line and header lines, byte for byte.
    pub head: Vec<u8>,
}

impl Request {
    /// The path, without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The parameters of the query.
    pub fn query(&self) -> Params {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        Params::parse(query.as_bytes())
    }

    /// The parameters of a form-encoded body (whatever its content type says).
    pub fn form(&self) -> Params {
        Params::parse(&self.body)
    }

    /// The first header of that name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .and_then(|(_, value)| std::str::from_utf8(value).ok())
    }

    /// The token of `Authorization: Bearer …`.
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then_some(token.trim())
    }

    /// True where the body is declared as a form (RFC 6749 section 4.1.3).
    pub(super) fn is_form(&self) -> bool {
        self.header("content-type").is_some_and(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        })
    }

    pub(super) fn new(method: &str, target: &str) -> Self {
        Self {
            at: Instant::now(),
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            head: Vec::new(),
        }
    }
}

/// How much of an answer reaches the wire, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Delivery {
    #[default]
    Whole,
    Nothing,
    HeadersOnly,
    HalfBody,
    /// One byte every five seconds.
    Trickle,
    /// So many bytes, counted from the first one of the head.
    Cut(usize),
}

/// An answer before it goes out.
#[derive(Clone, Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    /// Written as they are, one line each.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) delivery: Delivery,
    /// Added to the true length in `Content-Length`.
    pub(super) length_lie: i64,
}

impl Response {
    pub(super) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![
                ("Content-Type".to_owned(), content_type.to_owned()),
                ("Cache-Control".to_owned(), "no-store".to_owned()),
            ],
            body: body.into(),
            delivery: Delivery::Whole,
            length_lie: 0,
        }
    }

    pub(super) fn json(status: u16, body: &(impl ToString + ?Sized)) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    pub(super) fn text(status: u16, body: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", body)
    }

    pub(super) fn redirect(status: u16, location: &str) -> Self {
        Self::new(status, "text/plain", "").with_header("Location", location)
    }

    pub(super) fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.set_header(name, value);
        self
    }

    /// Replaces every header of that name.
    pub(super) fn set_header(&mut self, name: &str, value: impl Into<String>) {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    fn head(&self) -> Vec<u8> {
        let length = i64::try_from(self.body.len()).unwrap_or(i64::MAX);
        let length = length.saturating_add(self.length_lie).max(0);
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let _ = write!(
            head,
            "Content-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        head.into_bytes()
    }

    /// Writes the answer as its delivery says. A cut one ends without TLS `close_notify`.
    pub(super) async fn write(&self, stream: &mut dyn Stream, is_head: bool) -> io::Result<()> {
        let body: &[u8] = if is_head { &[] } else { &self.body };
        let half = body.len() / 2;
        match self.delivery {
            Delivery::Nothing => return Ok(()),
            Delivery::HeadersOnly => return send(stream, &self.head()).await,
            Delivery::HalfBody => {
                send(stream, &self.head()).await?;
                return send(stream, &body[..half]).await;
            }
            Delivery::Cut(bytes) => {
                let mut whole = self.head();
                whole.extend_from_slice(body);
                whole.truncate(bytes);
                return send(stream, &whole).await;
            }
            Delivery::Trickle => {
                for byte in self.head().iter().chain(body) {
                    send(stream, &[*byte]).await?;
                    tokio::time::sleep(Duration::from_secs(5)).await;
                }
            }
            Delivery::Whole => {
                let mut bytes = self.head();
                bytes.extend_from_slice(body);
                send(stream, &bytes).await?;
            }
        }
        stream.shutdown().await
    }
}

async fn send(stream: &mut dyn Stream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

/// Why no request could be read.
pub(super) enum Unreadable {
    /// The peer went away, or never sent anything.
    Gone,
    /// Answer with this status.
    Refused(u16),
}

/// Reads one request.
pub(super) async fn read_request(stream: &mut dyn Stream) -> Result<Request, Unreadable> {
    let mut bytes = Vec::with_capacity(2048);
    let (mut request, head_length) = loop {
        if let Some(found) = parse_head(&bytes)? {
            break found;
        }
        if bytes.len() > MAX_HEAD {
            return Err(Unreadable::Refused(431));
        }
        read_more(stream, &mut bytes).await?;
    };
    if request.header("transfer-encoding").is_some() {
        return Err(Unreadable::Refused(411));
    }
    let length = match request.header("content-length") {
        None => 0,
        Some(text) => text
            .parse::<usize>()
            .map_err(|_| Unreadable::Refused(400))?,
    };
    if length > MAX_BODY {
        return Err(Unreadable::Refused(413));
    }
    while bytes.len() < head_length + length {
        read_more(stream, &mut bytes).await?;
    }
    request.body = bytes[head_length..head_length + length].to_vec();
    request.at = Instant::now();
    Ok(request)
}

async fn read_more(stream: &mut dyn Stream, bytes: &mut Vec<u8>) -> Result<(), Unreadable> {
    match stream.read_buf(bytes).await {
        Ok(0) | Err(_) => Err(Unreadable::Gone),
        Ok(_) => Ok(()),
    }
}

fn parse_head(bytes: &[u8]) -> Result<Option<(Request, usize)>, Unreadable> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let length = match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Unreadable::Refused(431)),
        Err(_) => return Err(Unreadable::Refused(400)),
    };
    let mut request = Request::new(
        parsed.method.unwrap_or_default(),
        parsed.path.unwrap_or_default(),
    );
    request.headers = parsed
        .headers
        .iter()
        .map(|header| (header.name.to_owned(), header.value.to_vec()))
        .collect();
    request.head = bytes[..length].to_vec();
    Ok(Some((request, length)))
}

fn reason(status: u16) -> &'static str {
    http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Practice")
}
