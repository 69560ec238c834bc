//! What can go wrong when a request is built or an answer is read. No variant carries a secret.

use crate::model::{Seconds, Untrusted};

use super::JsonProblem;

/// Why a request cannot be built from this connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildProblem {
    /// The provider has no such endpoint (`authorization`, `token`, `device`, `revocation`).
    #[error("the provider has no {0} endpoint")]
    NoEndpoint(&'static str),
    /// An extra parameter, or the endpoint's own query, collides with the protocol.
    #[error("`{0}` is set by the program and cannot be overridden")]
    ReservedParameter(String),
    #[error("a parameter name is empty")]
    EmptyParameter,
    /// A credential in the address of a test read.
    #[error(
        "`{0}` does not belong in this address: the token goes into a header, where no log keeps it"
    )]
    TokenInAddress(String),
    /// The client authenticates with a secret, and none was given.
    #[error("this client needs its secret")]
    SecretMissing,
    /// Without PKCE only a confidential client may sign in (D-03).
    #[error("a public client cannot sign in without PKCE")]
    PkceNeeded,
    /// The connection was edited while the sign-in was running (G-01).
    #[error("the connection was changed during the sign-in")]
    ConnectionChanged,
    #[error("the redirect address is not valid")]
    RedirectAddress,
    /// The token may not be sent there (C-02).
    #[error("{0} is not a host of this connection")]
    ForeignHost(String),
    /// A value cannot stand in an HTTP request (a control character in a header).
    #[error("a value cannot be sent over HTTP")]
    NotSendable,
}

/// What a failure means for the grant (conformance I-08).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// `invalid_grant`: the only class that may retire a grant.
    Permanent,
    /// The provider refuses this client or its set-up.
    Configuration,
    /// This request was refused or answered wrongly; another one may work.
    Request,
    /// Try again later with the same grant.
    Transient,
}

/// An error answer in the provider's own words (RFC 6749 section 5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderError {
    pub code: Untrusted,
    pub description: Option<Untrusted>,
    pub uri: Option<Untrusted>,
    /// HTTP status.
    pub status: u16,
    /// What `Retry-After` asks for, at most one hour.
    pub retry_after: Option<Seconds>,
    /// The status line carried a challenge for HTTP Basic: the provider expects that method.
    pub wants_basic: bool,
}

/// What is wrong with one member of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MemberProblem {
    #[error("is missing")]
    Missing,
    #[error("has the wrong type")]
    Type,
    #[error("is empty")]
    Empty,
    /// With the most that is taken.
    #[error("is longer than {0} characters")]
    TooLong(usize),
    #[error("has characters that are not allowed")]
    Character,
    #[error("is not allowed here")]
    Value,
}

/// Why an answer was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    #[error("the provider answered `{}`", .0.code.shown())]
    Provider(ProviderError),
    /// Redirects are never followed.
    #[error("the provider answered with a redirect")]
    Redirect { to: Option<Untrusted> },
    /// HTML: a captive portal, a proxy, or a wrong address.
    #[error("the answer is a web page (status {status})")]
    WebPage { status: u16 },
    #[error("the answer has the unexpected type `{}`", .0.shown())]
    MediaType(Untrusted),
    #[error("the answer's headers contradict each other")]
    Headers,
    #[error("the answer is empty")]
    Empty,
    #[error("the answer is malformed: {0}")]
    NotJson(JsonProblem),
    #[error("the answer is malformed: {member} {problem}")]
    Malformed {
        member: &'static str,
        problem: MemberProblem,
    },
    #[error("the answer is too large")]
    TooLarge,
    /// We cannot use such a token (C-08).
    #[error("the token type `{}` is not supported", .0.shown())]
    UnsupportedTokenType(Untrusted),
    #[error("the provider answered with status {0}")]
    UnexpectedStatus(u16),
    #[error("the provider answered with status {0} and no explanation")]
    ErrorWithoutDetails(u16),
    #[error("the provider asks to wait")]
    RateLimited { retry_after: Option<Seconds> },
    /// 408 or 5xx without an OAuth error.
    #[error("the provider is in trouble (status {status})")]
    Unavailable {
        status: u16,
        retry_after: Option<Seconds>,
    },
}

impl AnswerError {
    /// What the failure means for the grant (I-08).
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Provider(error) => error.class(),
            Self::WebPage { .. }
            | Self::Empty
            | Self::RateLimited { .. }
            | Self::Unavailable { .. } => ErrorClass::Transient,
            Self::Redirect { .. } | Self::MediaType(_) | Self::UnsupportedTokenType(_) => {
                ErrorClass::Configuration
            }
            Self::Headers
            | Self::NotJson(_)
            | Self::Malformed { .. }
            | Self::TooLarge
            | Self::UnexpectedStatus(_)
            | Self::ErrorWithoutDetails(_) => ErrorClass::Request,
        }
    }

    /// The provider's error code for comparing, never for showing.
    pub fn provider_code(&self) -> Option<&str> {
        match self {
            Self::Provider(error) => Some(error.code.raw()),
            _ => None,
        }
    }

    /// How long the provider asks to wait.
    pub fn retry_after(&self) -> Option<Seconds> {
        match self {
            Self::Provider(error) => error.retry_after,
            Self::RateLimited { retry_after } | Self::Unavailable { retry_after, .. } => {
                *retry_after
            }
            _ => None,
        }
    }
}

impl ProviderError {
    /// A server in trouble is believed in nothing else: not even `invalid_grant` ends a grant then.
    pub fn class(&self) -> ErrorClass {
        if is_transient(self.status) {
            return ErrorClass::Transient;
        }
        match self.code.raw() {
            "invalid_grant" => ErrorClass::Permanent,
            "invalid_client" | "unauthorized_client" => ErrorClass::Configuration,
            "server_error" | "temporarily_unavailable" | "slow_down" => ErrorClass::Transient,
            _ => ErrorClass::Request,
        }
    }
}

/// 408, 429 and 5xx pass by themselves.
pub(super) fn is_transient(status: u16) -> bool {
    status == 408 || status == 429 || (500..600).contains(&status)
}
