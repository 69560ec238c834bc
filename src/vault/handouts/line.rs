//! A hand-out as a line of JSON, and back. People read the file too: outside text is made harmless
//! before it is written, and looked at as outside text when it is read.

use serde::{Deserialize, Serialize};

use super::{Handed, Outcome, Via};
use crate::model::{Caller, ConnectionId, ConnectionName, UnixTime, Untrusted};

/// What the system calls a process has at most 15 bytes; this leaves room for other systems.
const NAME_CHARS: usize = 64;
const CODE_CHARS: usize = 32;

#[derive(Serialize, Deserialize)]
struct Line {
    at: String,
    connection: String,
    name: String,
    outcome: String,
    #[serde(default)]
    code: Option<String>,
    via: String,
    #[serde(default)]
    pid: Option<u32>,
    #[serde(default)]
    process: Option<String>,
}

/// With its line break.
pub(super) fn write(handed: &Handed) -> String {
    let (outcome, code) = match &handed.outcome {
        Outcome::Given => ("given", None),
        Outcome::Refused(code) => ("refused", Some(code.clone())),
    };
    let line = Line {
        at: handed.at.rfc3339(),
        connection: handed.connection.as_str().to_owned(),
        name: handed.name.clone(),
        outcome: outcome.to_owned(),
        code,
        via: handed.via.as_str().to_owned(),
        pid: handed.caller.as_ref().map(|caller| caller.pid),
        process: handed.caller.as_ref().map(|caller| harmless(&caller.name)),
    };
    // Text and numbers only: it cannot fail, and an empty line is passed over.
    let mut text = serde_json::to_string(&line).unwrap_or_default();
    text.push('\n');
    text
}

/// `None`: not a line that this program wrote whole, or of another connection than the one asked for.
pub(super) fn read(text: &[u8], of: Option<&ConnectionId>) -> Option<Handed> {
    let text = std::str::from_utf8(text).ok()?;
    // Most lines are of others: they need not be taken apart.
    if of.is_some_and(|id| !text.contains(id.as_str())) {
        return None;
    }
    let line: Line = serde_json::from_str(text).ok()?;
    let connection = ConnectionId::parse(&line.connection)?;
    if of.is_some_and(|id| *id != connection) {
        return None;
    }
    Some(Handed {
        at: UnixTime::from_rfc3339(&line.at)?,
        connection,
        name: ConnectionName::parse(&line.name).ok()?.to_string(),
        outcome: match (line.outcome.as_str(), line.code) {
            ("given", None) => Outcome::Given,
            ("refused", Some(code)) if is_code(&code) => Outcome::Refused(code),
            _ => return None,
        },
        via: match line.via.as_str() {
            "command" => Via::Command,
            "agent" => Via::Agent,
            _ => return None,
        },
        caller: line.pid.zip(line.process).map(|(pid, name)| Caller {
            pid,
            name: Untrusted::new(name),
        }),
    })
}

fn harmless(name: &Untrusted) -> String {
    let short: String = name.raw().chars().take(NAME_CHARS).collect();
    Untrusted::new(short).shown().into()
}

fn is_code(code: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    !code.is_empty() && code.len() <= CODE_CHARS && code.bytes().all(fits)
}
