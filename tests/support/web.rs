//! Raw HTTP/1.1 requests, for answers that no browser would send.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use url::Url;

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// The cookie that was set, as it is to be sent back.
    pub(crate) fn cookie(&self) -> String {
        let cookie = self.header("set-cookie").expect("a cookie");
        cookie.split(';').next().unwrap_or_default().to_owned()
    }
}

/// GETs an address with more header lines; they replace those of the same name.
pub(crate) fn get(url: &str, headers: &[(&str, &str)]) -> Answer {
    let url = Url::parse(url).expect("an address");
    let port = url.port().expect("a port");
    let name = url.host_str().expect("a host");
    let mut stream = TcpStream::connect((name.trim_matches(['[', ']']), port)).expect("a listener");
    let host = format!("{name}:{port}");
    let mut head = format!("GET {} HTTP/1.1\r\n", &url[url::Position::BeforePath..]);
    let given = |name: &str| {
        headers
            .iter()
            .any(|(key, _)| key.eq_ignore_ascii_case(name))
    };
    if !given("host") {
        let _ = write!(head, "Host: {host}\r\n");
    }
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("Connection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("answered");
    let answer = String::from_utf8(answer).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Answer {
        status: status.expect("a status"),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

/// A person's browser on the way: the start link was followed and the request approved, but the
/// answer has not been delivered.
pub(crate) struct Approved {
    /// Where the browser is sent.
    pub(crate) callback: String,
    pub(crate) cookie: String,
}

/// A person's browser up to the answer, which ada gives.
#[allow(dead_code)] // not in every test target
pub(crate) fn approve(sandbox: &valetkey::sandbox::Sandbox, start: &str) -> Approved {
    let (authorize, cookie) = follow(start);
    let approval = valetkey::sandbox::Approval::default();
    let callback = sandbox.approve(&authorize, &approval).expect("approved");
    Approved { callback, cookie }
}

impl Approved {
    /// A parameter of the answer.
    #[allow(dead_code)] // not in every test target
    pub(crate) fn parameter(&self, name: &str) -> String {
        let url = Url::parse(&self.callback).expect("an address");
        let found = url.query_pairs().find(|(key, _)| key == name);
        found.expect(name).1.into_owned()
    }

    /// Delivers this answer, or another one in its place.
    pub(crate) fn deliver(&self, url: &str) -> Answer {
        let answer = get(url, &[("Cookie", &self.cookie)]);
        match answer.header("location") {
            Some(path) if answer.status == 303 => {
                let page = Url::parse(url).expect("an address").join(path);
                get(
                    page.expect("an address").as_str(),
                    &[("Cookie", &self.cookie)],
                )
            }
            _ => answer,
        }
    }

    /// The callback with one parameter replaced; an empty value takes it away.
    pub(crate) fn with(&self, name: &str, value: &str) -> String {
        let mut url = Url::parse(&self.callback).expect("an address");
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(key, _)| key != name)
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect();
        let mut pairs = url.query_pairs_mut();
        pairs.clear().extend_pairs(kept);
        if !value.is_empty() {
            pairs.append_pair(name, value);
        }
        drop(pairs);
        url.into()
    }
}

/// Follows a start link up to the authorization address: that address, and the cookie.
pub(crate) fn follow(start: &str) -> (String, String) {
    let answer = get(start, &[]);
    let location = answer.header("location").expect("a redirect").to_owned();
    (location, answer.cookie())
}
