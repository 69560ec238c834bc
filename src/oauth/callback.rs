//! Is this answer of the browser genuine? The tail of the order of checks (conformance F-01):
//! shape, `state`, `iss`, then `error` or `code`.

use crate::model::{IssPolicy, Quirk, ScopeSet, Secret, SecretDigest, Untrusted};

use super::Flow;
use super::normalise::outside;
use super::strict_form::{self, Pairs};

/// Longest code that is taken, in bytes: the listener's request line is no longer.
const MAX_CODE: usize = 16 * 1024;

/// What a callback means for the attempt.
pub enum CallbackVerdict {
    /// Genuine: exchange this code, once.
    Code(Approval),
    /// A genuine refusal; it ends the attempt.
    Refused(AuthorizationError),
    /// Another provider answered (RFC 9207 section 2.4). It ends the attempt, and whatever error
    /// text came along is withheld (G-04).
    WrongIssuer {
        expected: String,
        got: Option<Untrusted>,
    },
    /// Not an answer to this attempt: keep waiting.
    Ignored(IgnoreReason),
}

/// What a person approved.
pub struct Approval {
    pub code: Secret,
    /// Scopes that the provider tells here and nowhere else (the quirk `scope-in-callback`).
    pub granted: Option<ScopeSet>,
}

/// Why a request was ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IgnoreReason {
    /// Nothing was sent along; a provider that answers behind `#` looks like this.
    FragmentAnswer,
    /// Broken encoding, a repeated parameter, `code` beside `error`, forbidden characters.
    Malformed,
    MissingState,
    /// An old tab, another sign-in, or an attack.
    WrongState,
    /// Neither a code nor an error.
    MissingCode,
    /// An error without `state`: anybody could have sent it.
    UnprovenError,
}

impl IgnoreReason {
    /// The reason behind a word of [`IgnoreReason::as_str`].
    pub fn from_token(token: &str) -> Option<Self> {
        [
            Self::FragmentAnswer,
            Self::Malformed,
            Self::MissingState,
            Self::WrongState,
            Self::MissingCode,
            Self::UnprovenError,
        ]
        .into_iter()
        .find(|reason| reason.as_str() == token)
    }

    /// The fixed word for JSON and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FragmentAnswer => "fragment-answer",
            Self::Malformed => "malformed",
            Self::MissingState => "missing-state",
            Self::WrongState => "wrong-state",
            Self::MissingCode => "missing-code",
            Self::UnprovenError => "unproven-error",
        }
    }
}

/// A genuine error answer (RFC 6749 section 4.1.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationError {
    pub code: AuthorizationErrorCode,
    pub description: Option<Untrusted>,
    pub uri: Option<Untrusted>,
}

/// The seven registered codes; everything else is shown as it came, neutralised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorizationErrorCode {
    InvalidRequest,
    UnauthorizedClient,
    AccessDenied,
    UnsupportedResponseType,
    InvalidScope,
    ServerError,
    TemporarilyUnavailable,
    Unknown(Untrusted),
}

impl AuthorizationErrorCode {
    fn read(text: &str) -> Self {
        match text {
            "invalid_request" => Self::InvalidRequest,
            "unauthorized_client" => Self::UnauthorizedClient,
            "access_denied" => Self::AccessDenied,
            "unsupported_response_type" => Self::UnsupportedResponseType,
            "invalid_scope" => Self::InvalidScope,
            "server_error" => Self::ServerError,
            "temporarily_unavailable" => Self::TemporarilyUnavailable,
            other => Self::Unknown(outside(other)),
        }
    }
}

impl Flow {
    /// Checks the raw query string of a callback, without its `?`.
    pub fn check_callback(&self, raw_query: &str) -> CallbackVerdict {
        match self.verdict(raw_query) {
            Ok(verdict) => verdict,
            Err(reason) => CallbackVerdict::Ignored(reason),
        }
    }

    fn verdict(&self, raw_query: &str) -> Result<CallbackVerdict, IgnoreReason> {
        if raw_query.is_empty() {
            return Err(IgnoreReason::FragmentAnswer);
        }
        let pairs = strict_form::parse(raw_query).map_err(|_| IgnoreReason::Malformed)?;
        let answer = Answer::read(&pairs)?;
        match (answer.state, answer.error) {
            (None, Some(_)) => return Err(IgnoreReason::UnprovenError),
            (None, None) => return Err(IgnoreReason::MissingState),
            (Some(state), _) if !self.is_state(state) => {
                return Err(IgnoreReason::WrongState);
            }
            (Some(_), _) => {}
        }
        if let Some(verdict) = self.foreign_issuer(answer.iss) {
            return Ok(verdict);
        }
        match (answer.error, answer.code) {
            (Some(error), _) => Ok(CallbackVerdict::Refused(AuthorizationError {
                code: AuthorizationErrorCode::read(error),
                description: answer.description.map(outside),
                uri: answer.uri.map(outside),
            })),
            (None, Some(code)) => Ok(CallbackVerdict::Code(Approval {
                code: Secret::new(code.to_owned()),
                granted: self.granted(&pairs)?,
            })),
            (None, None) => Err(IgnoreReason::MissingCode),
        }
    }

    /// The scopes of the answer, where the provider tells them nowhere else.
    fn granted(&self, pairs: &Pairs) -> Result<Option<ScopeSet>, IgnoreReason> {
        if !self.connection.provider.has(&Quirk::ScopeInCallback) {
            return Ok(None);
        }
        let mut told = pairs.iter().filter(|(name, _)| name == "scope");
        let first = told.next();
        if told.next().is_some() {
            return Err(IgnoreReason::Malformed);
        }
        let read = |text: &str| ScopeSet::parse(&text.replace(',', " "));
        first
            .map(|(_, text)| read(text).map_err(|_| IgnoreReason::Malformed))
            .transpose()
    }

    /// Compared as digests, so that neither content nor length shows in the time it takes (F-11).
    fn is_state(&self, got: &str) -> bool {
        SecretDigest::of(self.state.reveal()).matches(&SecretDigest::of(got))
    }

    /// The four cases of RFC 9207 section 2.4, by plain equality (G-02, G-03).
    fn foreign_issuer(&self, got: Option<&str>) -> Option<CallbackVerdict> {
        let provider = &self.connection.provider;
        let expected = provider.issuer.as_ref().map(crate::model::Issuer::as_str);
        let genuine = match (provider.iss, got, expected) {
            (IssPolicy::Advertised, None, _) => false,
            (_, Some(got), Some(expected)) => got == expected,
            // No issuer on record to compare with: a provider typed in by hand.
            (_, Some(_), None) | (IssPolicy::NotAdvertised, None, _) => true,
        };
        (!genuine).then(|| CallbackVerdict::WrongIssuer {
            expected: expected.unwrap_or_default().to_owned(),
            got: got.map(outside),
        })
    }
}

/// The parameters that matter, each at most once and well-formed. An empty one counts as absent
/// (RFC 6749 section 3.1), unknown ones are ignored.
#[derive(Default)]
struct Answer<'a> {
    code: Option<&'a str>,
    state: Option<&'a str>,
    iss: Option<&'a str>,
    error: Option<&'a str>,
    description: Option<&'a str>,
    uri: Option<&'a str>,
}

impl<'a> Answer<'a> {
    fn read(pairs: &'a Pairs) -> Result<Self, IgnoreReason> {
        let mut answer = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in pairs {
            let place = match name.as_str() {
                "code" => &mut answer.code,
                "state" => &mut answer.state,
                "iss" => &mut answer.iss,
                "error" => &mut answer.error,
                "error_description" => &mut answer.description,
                "error_uri" => &mut answer.uri,
                _ => continue,
            };
            if seen.contains(&name.as_str()) {
                return Err(IgnoreReason::Malformed);
            }
            seen.push(name);
            if !value.is_empty() {
                *place = Some(value.as_str());
            }
        }
        let both = answer.code.is_some() && answer.error.is_some();
        let empty_issuer = answer.iss.is_none() && seen.contains(&"iss");
        let well_formed = answer
            .code
            .is_none_or(|code| code.len() <= MAX_CODE && is_vschar(code))
            && answer.state.is_none_or(is_vschar)
            && answer.error.is_none_or(is_error_code);
        if both || empty_issuer || !well_formed {
            return Err(IgnoreReason::Malformed);
        }
        Ok(answer)
    }
}

/// RFC 6749 appendices A.5 and A.11.
fn is_vschar(text: &str) -> bool {
    text.bytes().all(|b| (b' '..=b'~').contains(&b))
}

/// RFC 6749 appendix A.7.
fn is_error_code(text: &str) -> bool {
    text.bytes()
        .all(|b| matches!(b, b' '..=b'!' | b'#'..=b'[' | b']'..=b'~'))
}
