//! The test read's answer: did the provider accept the token, and whose is it?

use serde_json::Value;

use crate::model::{Account, AccountSource, Shown, TestMethod, TestRead, Untrusted};

use super::HttpResponse;
use super::normalise::{header, outside};
use super::strict_json::Document;

/// Lines that are shown (C-09).
const MAX_LINES: usize = 20;
/// Bytes of the body that are looked at for them.
const MAX_SHOWN: usize = 256 * 1024;

/// What the test read proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TestVerdict {
    Ok {
        status: u16,
        account: Option<Account>,
        /// The first lines of the answer, neutralised.
        lines: Vec<Shown>,
    },
    Refused {
        status: u16,
        /// The error code of the answer's challenge or body, if it has one.
        reason: Option<Untrusted>,
        lines: Vec<Shown>,
    },
}

/// Judges the answer to [`super::request::test_read`].
pub fn account_from_test(test: &TestRead, response: &HttpResponse) -> TestVerdict {
    let status = response.status();
    let document = Document::any(response.body()).ok();
    let value = document.as_ref().map(Document::value);
    let lines = lines(response.body(), value);
    if status.is_success() && said_yes(test, value) {
        TestVerdict::Ok {
            status: status.as_u16(),
            account: value.and_then(|value| account(test, value)),
            lines,
        }
    } else {
        TestVerdict::Refused {
            status: status.as_u16(),
            reason: reason(response, value),
            lines,
        }
    }
}

/// The success member where the API has one; a GraphQL failure comes as 200 with `errors`.
fn said_yes(test: &TestRead, value: Option<&Value>) -> bool {
    if let Some(pointer) = &test.success {
        return value.and_then(|value| value.pointer(pointer)) == Some(&Value::Bool(true));
    }
    match test.method {
        TestMethod::Get => true,
        TestMethod::Post { .. } => value
            .and_then(|value| value.get("errors"))
            .and_then(Value::as_array)
            .is_none_or(Vec::is_empty),
    }
}

fn account(test: &TestRead, value: &Value) -> Option<Account> {
    let label = test
        .account_label
        .iter()
        .find_map(|pointer| text(value.pointer(pointer)?))?;
    let id = test
        .account_id
        .as_ref()
        .and_then(|pointer| text(value.pointer(pointer)?));
    Some(Account {
        label: outside(&label),
        id: id.map(|id| outside(&id)),
        source: AccountSource::TestRead,
    })
}

/// Texts and numbers name an account; GitHub's identities are numbers.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn reason(response: &HttpResponse, value: Option<&Value>) -> Option<Untrusted> {
    let challenge = header(response.headers(), &http::header::WWW_AUTHENTICATE)
        .and_then(|text| text.split_once("error=\""))
        .and_then(|(_, rest)| rest.split('"').next());
    let body = || {
        let value = value?;
        ["/error", "/error/message", "/message", "/errors/0/message"]
            .iter()
            .find_map(|pointer| value.pointer(pointer).and_then(Value::as_str))
    };
    challenge.or_else(body).map(outside)
}

fn lines(body: &[u8], value: Option<&Value>) -> Vec<Shown> {
    let mut text = String::new();
    match value {
        Some(value) => told("", value, &mut text),
        None => text.push_str(&String::from_utf8_lossy(&body[..body.len().min(MAX_SHOWN)])),
    }
    text.lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .take(MAX_LINES)
        .map(|line| Untrusted::new(line).shown())
        .collect()
}

/// A document as a person reads it, one `name: value` a line; what lies deeper gets its path as
/// name, and of a list of more than plain values only the number is told.
fn told(name: &str, value: &Value, out: &mut String) {
    let plain = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(_) | Value::Object(_) => None,
        other => Some(other.to_string()),
    };
    let words = match value {
        Value::Object(members) => {
            for (member, value) in members {
                let dot = if name.is_empty() { "" } else { "." };
                told(&format!("{name}{dot}{member}"), value, out);
            }
            return;
        }
        Value::Array(items) => match items.iter().map(plain).collect::<Option<Vec<_>>>() {
            Some(words) => words.join(" "),
            None => format!("{} in all", items.len()),
        },
        other => plain(other).unwrap_or_default(),
    };
    let colon = if name.is_empty() { "" } else { ": " };
    // A line break inside a value makes no line of its own.
    let words: Vec<&str> = words.split(['\n', '\r']).collect();
    out.extend([name, colon, words.join(" ").as_str(), "\n"]);
}
