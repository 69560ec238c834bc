//! What can go wrong in a story, as values. Only `advice` turns them into sentences.

use serde::{Deserialize, Serialize};

use super::event::Question;
use super::job::wire::{opt_untrusted, untrusted};
use crate::host::{BindError, HttpError, NoSecureRandom, WorkerError};
use crate::model::{ClientAuth, EndReason, ProblemKind, Seconds, Untrusted, Waiting};
use crate::oauth::{
    AnswerError, AuthorizationError, BuildProblem, ErrorClass, IgnoreReason, ProviderError, Skew,
};
use crate::vault::VaultError;

/// Why a story ended without its result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("unknown connection")]
    UnknownConnection { name: Untrusted, known: Vec<String> },
    /// The name, endpoints or App details of a definition do not make a connection.
    #[error("incomplete definition")]
    Incomplete(&'static str),
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// No vault can be made without a passphrase; the reason tells why the keychain will not do.
    #[error("a passphrase is needed")]
    PassphraseNeeded(crate::vault::KeychainError),
    #[error(transparent)]
    Random(#[from] NoSecureRandom),
    #[error("the request cannot be built")]
    Build(#[from] BuildProblem),
    #[error("the listener cannot be opened")]
    Bind(#[from] BindError),
    /// The worker process could not be started or broke off.
    #[error("the worker failed")]
    Worker(#[from] WorkerError),
    /// The provider's addresses offer neither a browser sign-in nor a device code.
    #[error("no way to sign in")]
    NoWay,
    /// The browser way needs the client secret, none is stored, and there is no other way.
    #[error("the client secret is needed")]
    SecretNeeded,
    /// `access_denied`: a choice, not a fault (conformance A-07).
    #[error("declined")]
    Declined,
    #[error("the provider refused the sign-in")]
    Authorization(Box<AuthorizationError>),
    #[error("the answer came from another provider")]
    WrongIssuer {
        expected: String,
        got: Option<Untrusted>,
    },
    #[error("nobody answered")]
    NobodyAnswered { waited: Seconds },
    #[error("a one-time start link was used twice")]
    StartLinkReused,
    /// What was pasted is no answer to this attempt; a paste in the terminal is asked for again.
    #[error("the pasted text is not the answer")]
    Paste(PasteProblem),
    #[error("cancelled")]
    Cancelled,
    /// Another process finished a sign-in of the same connection meanwhile.
    #[error("another sign-in of this connection came first")]
    Overtaken,
    #[error("the connection was edited during the sign-in")]
    EditedMeanwhile,
    /// What is wrong with the identity token, in words of our own.
    #[error("the identity token was refused: {0}")]
    IdToken(String),
    /// The same, and this machine's clock explains it (conformance J-12).
    #[error("the clock is wrong: {problem}")]
    Clock { problem: String, skew: Skew },
    /// The device code ran out (RFC 8628 `expired_token`).
    #[error("the device code expired")]
    DeviceCodeExpired,
    /// A question was answered with "give back" (`chosen`), or nobody was there to answer. `revoked`
    /// tells whether the provider took the new sign-in back, or it was only forgotten here.
    #[error("the new sign-in was given back")]
    GivenBack {
        question: Box<Question>,
        chosen: bool,
        revoked: bool,
    },
    #[error("the provider's endpoint failed")]
    Provider(Box<ProviderFailure>),
    #[error("signing in is needed")]
    NeedsSignIn {
        name: String,
        reason: Option<EndReason>,
        message: Option<String>,
    },
    /// A refresh was cut off twice; a third presentation is the person's to decide.
    #[error("a refresh was interrupted")]
    RefreshInterrupted { name: String },
    /// There is no refresh token.
    #[error("this connection cannot be refreshed")]
    NoRefreshToken { name: String },
    #[error("no test read is known")]
    NoTestRead,
    #[error("the token may not be sent there")]
    ForeignHost { authority: String },
    /// The provider cannot be asked about a token.
    #[error("no introspection endpoint is known")]
    NoIntrospection,
    /// The token would go to a host that has nothing to do with the sign-in, and nobody allowed it
    /// (conformance L-10).
    #[error("a third party would get the token")]
    ThirdParty { authority: String },
    /// The connection's tokens are for other resources (conformance Y-16).
    #[error("the token is not issued for this resource")]
    OtherResource { name: String, known: Vec<String> },
    /// No program gets this token now (conformance Y-06, Y-08).
    #[error("the token is not given out")]
    Withheld { name: String, why: Withheld },
    /// Not what one types after `ssh`.
    #[error("this names no machine")]
    NotAnSshTarget,
    /// No browser could be started for a page.
    #[error("no browser could be started")]
    NoBrowser,
    /// The provider offers no revocation (or not without the secret).
    #[error("the provider offers no revocation")]
    NoRevocation { manage_url: Option<String> },
    /// The provider did not hear it: it is over here, and told again later (conformance L-04).
    #[error("the revocation waits")]
    RevocationWaits {
        waiting: Box<Waiting>,
        /// How many wait altogether.
        count: usize,
    },
    #[error("another process is busy with this connection")]
    Busy,
    /// Something inside broke; nothing was lost.
    #[error("internal error")]
    Internal(&'static str),
}

/// Why a token is not given to a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// The connection is set to `deny`.
    Denied,
    /// It is set to be confirmed, and nobody can be asked.
    NobodyToAsk,
    /// The person said no.
    Refused,
    /// Its lifetime since unlocking is over.
    Lifetime,
}

/// What was pasted instead of the answer (conformance 2.E).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasteProblem {
    NotAnAddress,
    BareCode,
    OtherAddress,
    AuthorizationAddress,
    DoubleEncoded,
    LooksLikeAToken,
    TooLong,
    Ignored(IgnoreReason),
}

/// A request to a provider that did not bring what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderFailure {
    pub at: Endpoint,
    /// Host (and port) that was asked.
    pub authority: String,
    pub kind: FailureKind,
    pub class: Class,
    pub fate: Fate,
}

/// What became of the request itself, as far as that can be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// No byte reached the provider.
    NotSent,
    /// The provider answered that it did not carry it out.
    Refused,
    /// Sent, and no answer came.
    Silence,
    /// An answer came that cannot be used: it may have been carried out.
    Unusable,
}

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Endpoint {
    Token,
    Refresh,
    Device,
    Revocation,
    Introspection,
    Userinfo,
    Keys,
    Test,
}

impl Endpoint {
    /// As people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Token | Self::Refresh => "token endpoint",
            Self::Device => "device endpoint",
            Self::Revocation => "revocation endpoint",
            Self::Introspection => "introspection endpoint",
            Self::Userinfo => "userinfo endpoint",
            Self::Keys => "key set",
            Self::Test => "test read",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureKind {
    /// An error answer with a code (RFC 6749 section 5.2).
    Refused {
        code: String,
        #[serde(with = "opt_untrusted")]
        description: Option<Untrusted>,
        /// The provider's own page about it, as it came.
        #[serde(with = "opt_untrusted")]
        page: Option<Untrusted>,
        /// The method that was used, where the provider asked for HTTP Basic instead.
        basic_instead_of: Option<ClientAuth>,
    },
    /// A status without details.
    Status(u16),
    /// The resource wants these scopes too (RFC 6750 section 3.1).
    MoreScope(#[serde(with = "untrusted")] Untrusted),
    /// Try again later: 408, 429 or 5xx; `after` as `Retry-After` asks.
    Later {
        status: u16,
        after: Option<Seconds>,
    },
    Redirect(#[serde(with = "untrusted")] Untrusted),
    WebPage,
    MediaType(#[serde(with = "untrusted")] Untrusted),
    /// What is wrong with the answer, in words of our own.
    Malformed(String),
    TooLarge,
    TokenType(#[serde(with = "untrusted")] Untrusted),
    /// What the transport said.
    Offline(#[serde(with = "untrusted")] Untrusted),
}

/// [`ErrorClass`] as it travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Class {
    Permanent,
    Configuration,
    Request,
    Transient,
}

impl FailureKind {
    /// A refusal in the provider's own words, to a client that identified itself by `auth`.
    pub(super) fn refused(error: &ProviderError, auth: ClientAuth) -> Self {
        Self::Refused {
            code: error.code.raw().to_owned(),
            description: error.description.clone(),
            page: error.uri.clone(),
            basic_instead_of: (error.wants_basic && auth != ClientAuth::Basic).then_some(auth),
        }
    }
}

impl From<ErrorClass> for Class {
    fn from(class: ErrorClass) -> Self {
        match class {
            ErrorClass::Permanent => Self::Permanent,
            ErrorClass::Configuration => Self::Configuration,
            ErrorClass::Request => Self::Request,
            ErrorClass::Transient => Self::Transient,
        }
    }
}

impl ProviderFailure {
    /// `auth`: how the client identified itself in the request.
    pub fn answer(at: Endpoint, authority: String, auth: ClientAuth, error: &AnswerError) -> Self {
        let kind = match error {
            AnswerError::Provider(provider) => FailureKind::refused(provider, auth),
            AnswerError::Redirect { to } => {
                FailureKind::Redirect(to.clone().unwrap_or_else(|| Untrusted::new("")))
            }
            AnswerError::WebPage { .. } => FailureKind::WebPage,
            AnswerError::MediaType(media) => FailureKind::MediaType(media.clone()),
            AnswerError::TooLarge => FailureKind::TooLarge,
            AnswerError::UnsupportedTokenType(kind) => FailureKind::TokenType(kind.clone()),
            AnswerError::UnexpectedStatus(status) | AnswerError::ErrorWithoutDetails(status) => {
                FailureKind::Status(*status)
            }
            AnswerError::RateLimited { retry_after } => FailureKind::Later {
                status: 429,
                after: *retry_after,
            },
            AnswerError::Unavailable {
                status,
                retry_after,
            } => FailureKind::Later {
                status: *status,
                after: *retry_after,
            },
            other => FailureKind::Malformed(other.to_string()),
        };
        let fate = match error {
            // A gateway that gave up waiting does not know what happened behind it; another kind of success
            // is one.
            AnswerError::Unavailable {
                status: 502 | 504, ..
            }
            | AnswerError::UnexpectedStatus(_) => Fate::Unusable,
            AnswerError::Provider(_)
            | AnswerError::Redirect { .. }
            | AnswerError::WebPage { .. }
            | AnswerError::RateLimited { .. }
            | AnswerError::Unavailable { .. }
            | AnswerError::ErrorWithoutDetails(_) => Fate::Refused,
            _ => Fate::Unusable,
        };
        Self {
            at,
            authority,
            kind,
            class: error.class().into(),
            fate,
        }
    }

    pub fn http(at: Endpoint, authority: String, error: &HttpError) -> Self {
        let (kind, fate) = match error {
            HttpError::TooLarge { .. } => (FailureKind::TooLarge, Fate::Unusable),
            HttpError::Encoding(_) => (FailureKind::Malformed(error.to_string()), Fate::Unusable),
            other if other.nothing_was_sent() => {
                (FailureKind::Offline(other.summary()), Fate::NotSent)
            }
            other => (FailureKind::Offline(other.summary()), Fate::Silence),
        };
        Self {
            at,
            authority,
            kind,
            class: Class::Transient,
            fate,
        }
    }

    /// An answer that was read and says no, with a bare status.
    pub fn status(at: Endpoint, authority: String, status: u16) -> Self {
        let (kind, class) = match status {
            408 | 429 | 500.. => (
                FailureKind::Later {
                    status,
                    after: None,
                },
                Class::Transient,
            ),
            _ => (FailureKind::Status(status), Class::Configuration),
        };
        Self {
            at,
            authority,
            kind,
            class,
            fate: Fate::Refused,
        }
    }

    /// Whether the provider was not reached, or its answer did not come through.
    pub fn is_transport(&self) -> bool {
        matches!(self.kind, FailureKind::Offline(_))
    }

    /// How the health of a connection shows it.
    pub fn problem_kind(&self) -> ProblemKind {
        match (&self.kind, self.class) {
            // An answer that cannot be read says nothing about the configuration (J-07).
            (FailureKind::Malformed(_) | FailureKind::TooLarge, _)
            | (_, Class::Permanent | Class::Transient) => ProblemKind::Transport,
            (_, Class::Configuration | Class::Request) => ProblemKind::Configuration,
        }
    }

    /// A few words for the row: the code, or what the transport said.
    pub fn short(&self) -> Untrusted {
        match &self.kind {
            FailureKind::Refused {
                code, description, ..
            } => match description {
                Some(text) => Untrusted::new(format!("{code}: {}", text.raw())),
                None => Untrusted::new(code.clone()),
            },
            FailureKind::Later { status: 429, .. } => Untrusted::new("too many requests"),
            FailureKind::Status(status) | FailureKind::Later { status, .. } => {
                Untrusted::new(format!("status {status}"))
            }
            FailureKind::MoreScope(scope) => Untrusted::new(format!("needs {}", scope.raw())),
            FailureKind::Redirect(_) => Untrusted::new("an unexpected redirect"),
            FailureKind::WebPage => Untrusted::new("a web page instead of data"),
            FailureKind::MediaType(media) => Untrusted::new(format!("media type {}", media.raw())),
            FailureKind::Malformed(text) => Untrusted::new(text.clone()),
            FailureKind::TooLarge => Untrusted::new("the answer is too large"),
            FailureKind::TokenType(kind) => Untrusted::new(format!("token type {}", kind.raw())),
            FailureKind::Offline(summary) => summary.clone(),
        }
    }
}

impl From<ProviderFailure> for Error {
    fn from(failure: ProviderFailure) -> Self {
        Self::Provider(Box::new(failure))
    }
}
