//! Requests and answers, as far as a dressed provider looks at them.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;

use crate::facts::{Answer, Body};

/// One request.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// With scheme, host and query.
    pub(crate) url: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Parameters in the order they came.
pub(crate) type Parameters = Vec<(String, String)>;

impl Request {
    pub(crate) fn parse(head: &str, host: &str) -> Self {
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let mut words = first.split(' ');
        let method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or_default();
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Self {
            method,
            url: format!("https://{host}{target}"),
            headers,
            body: Vec::new(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let name = name.to_ascii_lowercase();
        let found = self.headers.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The address without its query.
    pub(crate) fn address(&self) -> &str {
        self.url.split('?').next().unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// User and password of `Authorization: Basic`, each form-decoded (RFC 6749 section 2.3.1).
    pub(crate) fn basic(&self) -> Option<(String, String)> {
        let text = self.header("authorization")?.strip_prefix("Basic ")?;
        let pair = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
        let (user, password) = pair.split_once(':')?;
        Some((decoded(user), decoded(password)))
    }

    pub(crate) fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// The parameters of a body of that kind, declared as such; in words what is wrong with it.
    pub(crate) fn parameters(&self, body: Body) -> Result<Parameters, String> {
        let declared = self.header("content-type").unwrap_or_default();
        let declared = declared.split(';').next().unwrap_or_default().trim();
        let wanted = match body {
            Body::Form => "application/x-www-form-urlencoded",
            Body::Json => "application/json",
            Body::Empty => {
                return if self.body.is_empty() {
                    Ok(Vec::new())
                } else {
                    Err("a body is sent where none belongs".to_owned())
                };
            }
        };
        if declared != wanted {
            return Err(format!(
                "the body is declared as `{declared}`, not {wanted}"
            ));
        }
        let found: Parameters = match body {
            Body::Json => {
                let value: serde_json::Value =
                    serde_json::from_slice(&self.body).map_err(|error| error.to_string())?;
                let members = value.as_object().ok_or("the body is no JSON object")?;
                let text = |value: &serde_json::Value| match value.as_str() {
                    Some(text) => text.to_owned(),
                    None => value.to_string(),
                };
                members
                    .iter()
                    .map(|(name, value)| (name.clone(), text(value)))
                    .collect()
            }
            _ => form_urlencoded::parse(&self.body).into_owned().collect(),
        };
        no_duplicates(&found)?;
        Ok(found)
    }
}

fn decoded(text: &str) -> String {
    let bytes = text.replace('+', " ");
    percent_decoded(&bytes)
}

fn percent_decoded(text: &str) -> String {
    // A form of one nameless value is decoded like the value itself.
    let form = format!("={}", text.replace('&', "%26"));
    form_urlencoded::parse(form.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// A parameter is sent at most once (RFC 6749 section 3.1).
pub(crate) fn no_duplicates(parameters: &Parameters) -> Result<(), String> {
    for (at, (name, _)) in parameters.iter().enumerate() {
        if parameters[..at].iter().any(|(other, _)| other == name) {
            return Err(format!("`{name}` is sent twice"));
        }
    }
    Ok(())
}

pub(crate) fn value<'a>(parameters: &'a Parameters, name: &str) -> Option<&'a str> {
    let found = parameters.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

/// An answer on its way out.
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Reply {
    /// A fixture's answer with its gaps filled.
    pub(crate) fn of(answer: &Answer, fill: impl Fn(&str) -> String) -> Self {
        let mut headers: Vec<(String, String)> = answer.headers.clone().into_iter().collect();
        if !answer.kind.is_empty() {
            headers.push(("Content-Type".to_owned(), answer.kind.clone()));
        }
        Self {
            status: answer.status,
            headers,
            body: fill(&answer.body),
        }
    }

    pub(crate) fn json(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
            body: body.into(),
        }
    }

    pub(crate) fn bytes(&self, date: Option<&str>) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Dressed\r\n", self.status);
        if let Some(date) = date {
            let _ = write!(head, "Date: {date}\r\n");
        }
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let length = self.body.len();
        let _ = write!(
            head,
            "Content-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(self.body.as_bytes());
        bytes
    }
}
