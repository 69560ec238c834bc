//! From an HTTP answer to one strict JSON object, or to the error it stands for. Here the named
//! quirks take effect (conformance I-09); behind this file an answer is as the standards want it.

use http::HeaderMap;
use http::header::{CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::{Map, Value};

use crate::model::{Provider, Quirk, Seconds, Untrusted};

use super::errors::is_transient;
use super::strict_json::Document;
use super::{AnswerError, HttpResponse, JsonProblem, MemberProblem, ProviderError, strict_form};

/// Largest answer of an endpoint (conformance 0.3); the sender stops there too.
pub(super) const MAX_BODY: usize = 1 << 20;
/// Longest wait that `Retry-After` can impose.
const MAX_RETRY: Seconds = Seconds(3600);
/// Most that is kept of a provider's own words, in characters.
const MAX_WORDS: usize = 2000;

/// Reads an answer of the token or device endpoint up to its members.
pub(super) fn success_object(
    provider: &Provider,
    response: &HttpResponse,
) -> Result<Document, AnswerError> {
    let status = response.status();
    if status.is_redirection() {
        return Err(AnswerError::Redirect {
            to: header(response.headers(), &LOCATION).map(Untrusted::new),
        });
    }
    if response.body().len() > MAX_BODY {
        return Err(AnswerError::TooLarge);
    }
    let success = status == http::StatusCode::OK
        || (status.is_success() && provider.has(&Quirk::AnySuccessStatus));
    let parsed = read_body(provider, response, success);
    if let Ok(document) = &parsed
        && let Some(error) = provider_error(provider, response, document, success)?
    {
        return Err(AnswerError::Provider(error));
    }
    if !success {
        return Err(failure(response));
    }
    let mut document = parsed?;
    // The token object comes out first: the others act on its members.
    for quirk in &provider.quirks {
        unnest(quirk, &mut document);
    }
    for quirk in &provider.quirks {
        apply(quirk, &mut document);
    }
    Ok(document)
}

fn read_body(
    provider: &Provider,
    response: &HttpResponse,
    success: bool,
) -> Result<Document, AnswerError> {
    let media = Media::of(response.headers())?;
    if media == Media::Html {
        return Err(AnswerError::WebPage {
            status: response.status().as_u16(),
        });
    }
    if response.body().iter().all(u8::is_ascii_whitespace) {
        return Err(AnswerError::Empty);
    }
    match media {
        Media::Form if provider.has(&Quirk::FormEncodedAnswer) => form(response.body()),
        // A refusal is understood whatever it is labelled as: nothing is taken from it but words.
        Media::Form | Media::Other(_) if !success => json(response.body()),
        Media::Form => Err(AnswerError::MediaType(Untrusted::new(
            "application/x-www-form-urlencoded",
        ))),
        Media::Other(name) => Err(AnswerError::MediaType(name)),
        Media::Json | Media::Html => json(response.body()),
    }
}

fn json(body: &[u8]) -> Result<Document, AnswerError> {
    Document::object(body).map_err(AnswerError::NotJson)
}

/// The form-encoded quirk: each pair becomes a text member.
fn form(body: &[u8]) -> Result<Document, AnswerError> {
    let text =
        std::str::from_utf8(body).map_err(|_| AnswerError::NotJson(JsonProblem::Encoding))?;
    let pairs = strict_form::parse(text.trim_ascii())
        .map_err(|_| AnswerError::NotJson(JsonProblem::Syntax))?;
    let mut members = Map::new();
    for (name, value) in pairs {
        let value = Value::String(String::clone(&value));
        if members.insert(name, value).is_some() {
            return Err(AnswerError::NotJson(JsonProblem::Duplicate));
        }
    }
    Ok(Document::from_members(members))
}

fn unnest(quirk: &Quirk, document: &mut Document) {
    // Answers to a refresh carry the token at the top even where sign-in answers nest it.
    if let Quirk::NestedToken(member) = quirk
        && document.get("access_token").is_none()
        && let Some(inner) = document.take_object(member)
    {
        *document = inner;
    }
}

/// Member by member what a quirk allows; the others act where their member is read.
fn apply(quirk: &Quirk, document: &mut Document) {
    match quirk {
        Quirk::CommaScopes | Quirk::CommaScopesInAnswer => {
            if let Some(scopes) = document.get("scope").and_then(Value::as_str) {
                let spaced = spaced(scopes.split([',', ' ']));
                document.set("scope", spaced);
            }
        }
        Quirk::ScopeMember(member) if document.get("scope").is_none() => {
            if let Some(scopes) = document.get(member).cloned() {
                document.set("scope", scopes);
            }
        }
        Quirk::ScopeArray => {
            let items = document.get("scope").and_then(Value::as_array);
            let texts: Option<Vec<&str>> =
                items.and_then(|items| items.iter().map(Value::as_str).collect());
            if let Some(texts) = texts {
                let spaced = spaced(texts);
                document.set("scope", spaced);
            }
        }
        _ => {}
    }
}

fn spaced<'a>(scopes: impl IntoIterator<Item = &'a str>) -> Value {
    let scopes: Vec<&str> = scopes
        .into_iter()
        .filter(|scope| !scope.is_empty())
        .collect();
    Value::String(scopes.join(" "))
}

/// An error member is an error whatever the status says (I-05).
fn provider_error(
    provider: &Provider,
    response: &HttpResponse,
    document: &Document,
    success: bool,
) -> Result<Option<ProviderError>, AnswerError> {
    let dead = provider
        .quirks
        .iter()
        .any(|quirk| matches!(quirk, Quirk::DeadRefresh(words) if words.are_in(document.value())));
    if dead {
        return Ok(Some(ProviderError {
            code: Untrusted::new("invalid_grant"),
            description: words(document, "message"),
            ..unexplained(response)
        }));
    }
    let failed_by_ok =
        provider.has(&Quirk::OkFalse) && document.get("ok").and_then(Value::as_bool) == Some(false);
    if provider.has(&Quirk::NonzeroStatus)
        && let Some(number) = document.get("status").and_then(Value::as_i64)
        && number != 0
    {
        let description = words(document, "error");
        // The number is the same for many a mistake; the words tell this one.
        let over = description
            .as_ref()
            .is_some_and(|words| words.raw().ends_with("invalid refresh_token"));
        let code = if over {
            "invalid_grant".to_owned()
        } else {
            format!("status {number}")
        };
        return Ok(Some(ProviderError {
            code: Untrusted::new(code),
            description,
            ..unexplained(response)
        }));
    }
    if provider.has(&Quirk::ErrorInMessage)
        && !success
        && let Some(message) = document.get("message").and_then(Value::as_str)
    {
        return Ok(Some(ProviderError {
            code: outside(code_of(message)),
            description: Some(outside(message)),
            ..unexplained(response)
        }));
    }
    let code = match document.get("error") {
        Some(Value::String(code)) if !code.is_empty() => code.as_str(),
        Some(Value::String(_) | Value::Null) | None if failed_by_ok => "ok: false",
        Some(Value::String(_) | Value::Null) | None => return Ok(None),
        // An object or a number: an error in words of the provider's own.
        Some(_) if success => {
            return Err(AnswerError::Malformed {
                member: "error",
                problem: MemberProblem::Type,
            });
        }
        Some(_) => return Ok(None),
    };
    let code = match code {
        // Slack's words for a refresh token that is over.
        "invalid_refresh_token" | "token_revoked" | "token_expired" if failed_by_ok => {
            "invalid_grant"
        }
        other => other,
    };
    Ok(Some(ProviderError {
        code: outside(code),
        description: words(document, "error_description"),
        uri: words(document, "error_uri"),
        ..unexplained(response)
    }))
}

fn words(document: &Document, name: &str) -> Option<Untrusted> {
    let text = document.get(name)?.as_str()?;
    (!text.is_empty()).then(|| outside(text))
}

/// The standard's code for a failure that is told in words (RFC 6749 section 5.2, RFC 8628 section 3.5);
/// the words themselves where there is none.
fn code_of(message: &str) -> &str {
    match message.to_ascii_lowercase().as_str() {
        "invalid refresh token" | "invalid authorization code" => "invalid_grant",
        "invalid device code" => "expired_token",
        "invalid client" | "invalid client secret" => "invalid_client",
        _ => message,
    }
}

/// An error of which only the status is known.
pub(super) fn unexplained(response: &HttpResponse) -> ProviderError {
    let status = response.status().as_u16();
    let challenge = header(response.headers(), &WWW_AUTHENTICATE);
    ProviderError {
        code: Untrusted::new(format!("status {status}")),
        description: None,
        uri: None,
        status,
        retry_after: retry_after(response.headers()),
        wants_basic: challenge
            .and_then(|text| text.split_whitespace().next())
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic")),
    }
}

/// What a status without an OAuth error means.
fn failure(response: &HttpResponse) -> AnswerError {
    let status = response.status();
    let number = status.as_u16();
    let retry_after = retry_after(response.headers());
    if number == 429 || (number == 403 && retry_after.is_some()) {
        return AnswerError::RateLimited { retry_after };
    }
    if is_transient(number) {
        return AnswerError::Unavailable {
            status: number,
            retry_after,
        };
    }
    if matches!(Media::of(response.headers()), Ok(Media::Html)) {
        return AnswerError::WebPage { status: number };
    }
    if status.is_client_error() {
        return AnswerError::ErrorWithoutDetails(number);
    }
    AnswerError::UnexpectedStatus(number)
}

/// `Retry-After` as a span (RFC 9110 section 10.2.3), capped; a date is read against the answer's
/// own `Date`, so that no clock is needed.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Seconds> {
    asked_to_wait(headers).map(|wait| wait.min(MAX_RETRY))
}

/// The same in full, for what nobody waits for (L-04).
pub(super) fn asked_to_wait(headers: &HeaderMap) -> Option<Seconds> {
    let text = header(headers, &RETRY_AFTER)?.trim();
    if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
        return Some(text.parse().map_or(Seconds(u64::MAX), Seconds));
    }
    let wait = moment(text)?.as_second() - date(headers)?.as_second();
    u64::try_from(wait).ok().map(Seconds)
}

/// When the answer was made, by its own `Date`.
pub(super) fn date(headers: &HeaderMap) -> Option<jiff::Timestamp> {
    moment(header(headers, &DATE)?)
}

fn moment(text: &str) -> Option<jiff::Timestamp> {
    let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(zoned.timestamp())
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &http::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// A stranger's words, cut to a length that can be kept.
pub(super) fn outside(text: &str) -> Untrusted {
    Untrusted::new(text.chars().take(MAX_WORDS).collect::<String>())
}

/// What an answer says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Media {
    /// JSON, or not stated.
    Json,
    Form,
    Html,
    Other(Untrusted),
}

impl Media {
    fn of(headers: &HeaderMap) -> Result<Self, AnswerError> {
        let mut values = headers.get_all(CONTENT_TYPE).iter();
        let Some(value) = values.next() else {
            return Ok(Self::Json);
        };
        if values.next().is_some() {
            return Err(AnswerError::Headers);
        }
        let text = value.to_str().map_err(|_| AnswerError::Headers)?;
        let name = text
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        Ok(match name.as_str() {
            "application/json" => Self::Json,
            "application/x-www-form-urlencoded" => Self::Form,
            "text/html" | "application/xhtml+xml" => Self::Html,
            other if other.starts_with("application/") && other.ends_with("+json") => Self::Json,
            other => Self::Other(outside(other)),
        })
    }
}
