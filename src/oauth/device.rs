//! The device authorization grant (RFC 8628): its first answer and each poll's.

use serde_json::Value;

use crate::model::{Connection, EndpointUrl, Seconds, Secret, Untrusted};

use super::answer::{Note, TokenAnswer, seconds, token_answer};
use super::normalise::success_object;
use super::strict_json::Document;
use super::{AnswerError, HttpResponse, MemberProblem};

/// Poll interval where none is stated (RFC 8628 section 3.2).
const DEFAULT_INTERVAL: Seconds = Seconds(5);
/// Longest poll interval that is obeyed (K-10).
const MAX_INTERVAL: Seconds = Seconds(60);
/// Longest life of a device code that is believed (part 2.D).
const MAX_LIFETIME: Seconds = Seconds(30 * 60);
/// Longest user code, in characters.
const MAX_USER_CODE: usize = 64;
/// Longest address, in bytes; more does not fit a QR code that a phone reads.
const MAX_ADDRESS: usize = 2048;

/// What the person has to do, and how to ask whether it was done.
pub struct DeviceAnswer {
    /// Never shown and never logged (K-08).
    pub device_code: Secret,
    pub user_code: Untrusted,
    pub verification_uri: EndpointUrl,
    /// With the code in it; the code is shown beside it all the same (K-04).
    pub verification_uri_complete: Option<EndpointUrl>,
    pub expires_in: Seconds,
    pub interval: Seconds,
    /// The address lies on a host the provider did not name (K-03).
    pub foreign_host: bool,
    pub notes: Vec<Note>,
}

/// Reads the answer of the device authorization endpoint (RFC 8628 section 3.2).
pub fn device_answer(
    connection: &Connection,
    response: &HttpResponse,
) -> Result<DeviceAnswer, AnswerError> {
    let document = success_object(&connection.provider, response)?;
    let mut notes = Vec::new();
    let device_code = text(&document, "device_code")?;
    let user_code = text(&document, "user_code")?;
    if user_code.chars().count() > MAX_USER_CODE {
        return Err(malformed(
            "user_code",
            MemberProblem::TooLong(MAX_USER_CODE),
        ));
    }
    let address_member = if document.get("verification_uri").is_none()
        && document.get("verification_url").is_some()
    {
        notes.push(Note::OldAddressName);
        "verification_url"
    } else {
        "verification_uri"
    };
    let verification_uri = address(connection, text(&document, address_member)?)
        .map_err(|problem| malformed("verification_uri", problem))?;
    let verification_uri_complete = match document.get("verification_uri_complete") {
        None | Some(Value::Null) => None,
        Some(value) => {
            let direct = value
                .as_str()
                .and_then(|text| address(connection, text).ok())
                // One page, one host: a direct address elsewhere would evade the host check.
                .filter(|direct| direct.authority() == verification_uri.authority());
            if direct.is_none() {
                notes.push(Note::DirectAddressDropped);
            }
            direct
        }
    };
    Ok(DeviceAnswer {
        device_code: Secret::new(device_code.to_owned()),
        user_code: Untrusted::new(user_code),
        foreign_host: !connection
            .provider
            .hosts()
            .contains(&verification_uri.authority()),
        verification_uri,
        verification_uri_complete,
        expires_in: lifetime(&document, &mut notes)?,
        interval: interval(&document, &mut notes),
        notes,
    })
}

fn lifetime(document: &Document, notes: &mut Vec<Note>) -> Result<Seconds, AnswerError> {
    let value = document
        .get("expires_in")
        .ok_or(malformed("expires_in", MemberProblem::Missing))?;
    match seconds(value) {
        Some(Seconds(0)) | None => Err(malformed("expires_in", MemberProblem::Value)),
        Some(span) if span > MAX_LIFETIME => {
            notes.push(Note::DeviceLifetimeCut);
            Ok(MAX_LIFETIME)
        }
        Some(span) => Ok(span),
    }
}

fn interval(document: &Document, notes: &mut Vec<Note>) -> Seconds {
    match document.get("interval") {
        None | Some(Value::Null) => DEFAULT_INTERVAL,
        Some(value) => match seconds(value) {
            Some(span) if span > MAX_INTERVAL => {
                notes.push(Note::IntervalCut);
                MAX_INTERVAL
            }
            Some(span) if span.0 > 0 => span,
            _ => {
                notes.push(Note::IntervalDefaulted);
                DEFAULT_INTERVAL
            }
        },
    }
}

fn text<'a>(document: &'a Document, member: &'static str) -> Result<&'a str, AnswerError> {
    match document.get(member) {
        None | Some(Value::Null) => Err(malformed(member, MemberProblem::Missing)),
        Some(Value::String(text)) if text.is_empty() => {
            Err(malformed(member, MemberProblem::Empty))
        }
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(malformed(member, MemberProblem::Type)),
    }
}

fn address(connection: &Connection, text: &str) -> Result<EndpointUrl, MemberProblem> {
    if text.len() > MAX_ADDRESS {
        return Err(MemberProblem::TooLong(MAX_ADDRESS));
    }
    EndpointUrl::parse(text, connection.dev_http).map_err(|_| MemberProblem::Value)
}

fn malformed(member: &'static str, problem: MemberProblem) -> AnswerError {
    AnswerError::Malformed { member, problem }
}

/// What one poll says (RFC 8628 section 3.5).
pub enum PollVerdict {
    Granted(TokenAnswer),
    /// The person has not decided yet.
    Pending,
    /// Poll five seconds less often from now on.
    SlowDown,
    Denied,
    Expired,
    /// Any other failure. Ask its class: a transient one may be tried again.
    Failed(AnswerError),
}

/// Reads the answer to a poll.
pub fn poll_verdict(connection: &Connection, response: &HttpResponse) -> PollVerdict {
    match token_answer(connection, response) {
        Ok(answer) => PollVerdict::Granted(answer),
        Err(error) => match error.provider_code() {
            Some("authorization_pending") => PollVerdict::Pending,
            Some("slow_down") => PollVerdict::SlowDown,
            // The second is Microsoft's word for it.
            Some("access_denied" | "authorization_declined") => PollVerdict::Denied,
            Some("expired_token") => PollVerdict::Expired,
            _ => PollVerdict::Failed(error),
        },
    }
}
