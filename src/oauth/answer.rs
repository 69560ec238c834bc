//! The token answer (RFC 6749 section 5.1): what is taken from it, and nothing else (I-10).

use oauth2::TokenResponse as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::{Connection, Quirk, ScopeSet, Seconds, Secret, Untrusted};

use super::capture;
use super::flow::wants_identity;
use super::normalise::{date, outside, success_object};
use super::strict_json::Document;
use super::{AnswerError, HttpResponse, MemberProblem};

/// Longest token, and longest list of scopes, in bytes (conformance 0.3).
const MAX_TOKEN: usize = 64 * 1024;
/// Lifetimes beyond this are no statement at all: some 30 million years.
const MAX_LIFETIME: f64 = 1e15;

/// How long the access token lives, counted from the moment the request was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    Seconds(Seconds),
    /// Unknown: used until it is refused. Not the same as "for ever".
    NotStated,
    /// Not stated, and the provider's documentation says that tokens do not end.
    Never,
}

/// What the answer says about scopes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatedScope {
    Stated(ScopeSet),
    /// Left out: as requested (RFC 6749 section 5.1).
    NotStated,
    /// Explicitly none (B-04); never read as "as requested".
    Empty,
}

/// Something a person may want to know about an accepted answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Note {
    /// The type was missing and taken as Bearer, as the quirk says.
    TokenTypeMissing,
    /// The lifetime made no sense and counts as not stated.
    LifetimeNotUnderstood,
    /// An empty refresh token counts as none.
    RefreshTokenEmpty,
    /// A poll interval of less than a second became the default.
    IntervalDefaulted,
    /// A poll interval was cut to a minute.
    IntervalCut,
    /// A device code's life was cut to half an hour.
    DeviceLifetimeCut,
    /// The direct address was not usable and is not shown.
    DirectAddressDropped,
    /// The address came under its pre-standard name `verification_url`.
    OldAddressName,
}

/// An accepted token answer. Members this program does not know are gone.
pub struct TokenAnswer {
    pub access_token: Secret,
    pub lifetime: Lifetime,
    pub refresh_token: Option<Secret>,
    pub scope: StatedScope,
    /// Only when `openid` was requested.
    pub id_token: Option<Secret>,
    /// How long the grant itself lives, where the provider tells (J-13).
    pub grant_ends_in: Option<Seconds>,
    pub notes: Vec<Note>,
}

/// Reads the answer of the token endpoint to a code exchange or a refresh.
pub fn token_answer(
    connection: &Connection,
    response: &HttpResponse,
) -> Result<TokenAnswer, AnswerError> {
    let document = success_object(&connection.provider, response)?;
    read(connection, &document, date(response.headers()))
}

fn read(
    connection: &Connection,
    document: &Document,
    sent: Option<jiff::Timestamp>,
) -> Result<TokenAnswer, AnswerError> {
    let mut notes = Vec::new();
    let access_token = token(document, "access_token")?.ok_or(AnswerError::Malformed {
        member: "access_token",
        problem: MemberProblem::Missing,
    })?;
    check_type(connection, document, &mut notes)?;
    let lifetime = match document.get("expires_in") {
        None | Some(Value::Null) if connection.provider.has(&Quirk::ExpiresAtDate) => {
            until_date(document, sent, &mut notes)
        }
        None | Some(Value::Null) => None,
        Some(value) => {
            let seconds = seconds(value);
            if seconds.is_none() {
                notes.push(Note::LifetimeNotUnderstood);
            }
            seconds
        }
    };
    let refresh_token = match document.get("refresh_token") {
        Some(Value::String(text)) if text.is_empty() => {
            notes.push(Note::RefreshTokenEmpty);
            None
        }
        _ => token(document, "refresh_token")?,
    };
    let scope = stated_scope(document)?;
    let id_token = if wants_identity(&connection.requested) {
        match document.get("id_token") {
            Some(Value::String(text)) if text.is_empty() => None,
            _ => token(document, "id_token")?,
        }
    } else {
        None
    };
    let grant_ends_in = grant_end(document);

    // `oauth2` reads the checked answer once more; where both disagree, nothing is accepted.
    let normalised = normalised(&access_token, lifetime, refresh_token.as_ref(), &scope);
    let second = capture::replay(connection, &normalised).ok_or(DISAGREEMENT)?;
    if second.access_token().secret() != access_token.reveal()
        || second.refresh_token().map(|token| token.secret().as_str())
            != refresh_token.as_ref().map(Secret::reveal)
    {
        return Err(DISAGREEMENT);
    }

    Ok(TokenAnswer {
        access_token,
        lifetime: match lifetime {
            Some(seconds) => Lifetime::Seconds(seconds),
            None if connection.provider.has(&Quirk::NeverExpires) => Lifetime::Never,
            None => Lifetime::NotStated,
        },
        refresh_token,
        scope,
        id_token,
        grant_ends_in,
        notes,
    })
}

const DISAGREEMENT: AnswerError = AnswerError::Malformed {
    member: "access_token",
    problem: MemberProblem::Value,
};

fn normalised(
    access_token: &Secret,
    lifetime: Option<Seconds>,
    refresh_token: Option<&Secret>,
    scope: &StatedScope,
) -> Document {
    let mut members = Map::new();
    let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
    set("access_token", access_token.reveal().into());
    set("token_type", "bearer".into());
    if let Some(Seconds(seconds)) = lifetime {
        set("expires_in", seconds.into());
    }
    if let Some(token) = refresh_token {
        set("refresh_token", token.reveal().into());
    }
    if let StatedScope::Stated(scopes) = scope {
        set("scope", scopes.joined(" ").into());
    }
    Document::from_members(members)
}

/// A token member: absent or `null` is none; anything but visible ASCII would break an output
/// format and is refused (RFC 6749 appendix A.12, I-07).
fn token(document: &Document, member: &'static str) -> Result<Option<Secret>, AnswerError> {
    let problem = |problem| Err(AnswerError::Malformed { member, problem });
    match document.get(member) {
        None => Ok(None),
        Some(Value::Null) if member != "access_token" => Ok(None),
        Some(Value::String(text)) if text.is_empty() => problem(MemberProblem::Empty),
        Some(Value::String(text)) if text.len() > MAX_TOKEN => {
            problem(MemberProblem::TooLong(MAX_TOKEN))
        }
        Some(Value::String(text)) if !text.bytes().all(|b| b.is_ascii_graphic()) => {
            problem(MemberProblem::Character)
        }
        Some(Value::String(text)) => Ok(Some(Secret::new(text.clone()))),
        Some(_) => problem(MemberProblem::Type),
    }
}

/// Bearer in any case (RFC 6749 section 5.1); any other type cannot be used (C-08).
fn check_type(
    connection: &Connection,
    document: &Document,
    notes: &mut Vec<Note>,
) -> Result<(), AnswerError> {
    match document.get("token_type") {
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("bearer") => Ok(()),
        // Slack says whose token it is where its type belongs.
        Some(Value::String(kind))
            if matches!(kind.as_str(), "user" | "bot")
                && connection.provider.has(&Quirk::MissingTokenType) =>
        {
            notes.push(Note::TokenTypeMissing);
            Ok(())
        }
        Some(Value::String(kind)) if kind.is_empty() => Err(AnswerError::Malformed {
            member: "token_type",
            problem: MemberProblem::Empty,
        }),
        Some(Value::String(kind)) => Err(AnswerError::UnsupportedTokenType(outside(kind))),
        None | Some(Value::Null) if connection.provider.has(&Quirk::MissingTokenType) => {
            notes.push(Note::TokenTypeMissing);
            Ok(())
        }
        None => Err(AnswerError::Malformed {
            member: "token_type",
            problem: MemberProblem::Missing,
        }),
        Some(other) => Err(AnswerError::UnsupportedTokenType(Untrusted::new(
            other.to_string().chars().take(80).collect::<String>(),
        ))),
    }
}

/// A span as a number or numeric text, whole part only, not negative (I-03).
pub(super) fn seconds(value: &Value) -> Option<Seconds> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) if is_decimal(text) => text.parse().ok()?,
        _ => return None,
    };
    if !(0.0..=MAX_LIFETIME).contains(&number) {
        return None;
    }
    // In range and finite, so the cast only drops the fraction.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Some(Seconds(number as u64))
}

fn is_decimal(text: &str) -> bool {
    let text = text.trim_ascii();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    digits(whole) && digits(fraction)
}

fn stated_scope(document: &Document) -> Result<StatedScope, AnswerError> {
    let problem = |problem| {
        Err(AnswerError::Malformed {
            member: "scope",
            problem,
        })
    };
    match document.get("scope") {
        None => Ok(StatedScope::NotStated),
        Some(Value::Null) => Ok(StatedScope::Empty),
        Some(Value::Array(items)) if items.is_empty() => Ok(StatedScope::Empty),
        Some(Value::Object(members)) if members.is_empty() => Ok(StatedScope::Empty),
        Some(Value::String(text)) if text.is_empty() => Ok(StatedScope::Empty),
        Some(Value::String(text)) if text.len() > MAX_TOKEN => {
            problem(MemberProblem::TooLong(MAX_TOKEN))
        }
        // Single spaces only, as the grammar of RFC 6749 appendix A.4 has it.
        Some(Value::String(text)) => match ScopeSet::from_parts(text.split(' ')) {
            Ok(scopes) => Ok(StatedScope::Stated(scopes)),
            Err(_) => problem(MemberProblem::Character),
        },
        Some(_) => problem(MemberProblem::Type),
    }
}

/// The quirk: `expires_at` as a date, read against the answer's own `Date`, so that no clock is needed.
fn until_date(
    document: &Document,
    sent: Option<jiff::Timestamp>,
    notes: &mut Vec<Note>,
) -> Option<Seconds> {
    let text = document.get("expires_at").and_then(Value::as_str)?;
    let span = text
        .parse::<jiff::Timestamp>()
        .ok()
        .zip(sent)
        .and_then(|(end, sent)| u64::try_from(end.as_second() - sent.as_second()).ok());
    if span.is_none() {
        notes.push(Note::LifetimeNotUnderstood);
    }
    span.map(Seconds)
}

/// The soonest end of the grant among the draft's members and common vendors' (J-13). Zero means
/// "no end" to the vendors that send it.
fn grant_end(document: &Document) -> Option<Seconds> {
    [
        "refresh_token_timeout",
        "authorization_expires_in",
        "refresh_token_expires_in",
        "refresh_expires_in",
        "x_refresh_token_expires_in",
    ]
    .iter()
    .filter_map(|name| document.get(name).and_then(seconds))
    .filter(|span| span.0 > 0)
    .min()
}
