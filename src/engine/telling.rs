//! Telling a provider that a grant is over, token by token, and what each answer means (RFC 7009).

use super::Error;
use super::failure::{Class, Endpoint, FailureKind, Fate, ProviderFailure};
use crate::host::{Http, TOKEN_LIMITS};
use crate::model::{Connection, NextTry, Problem, ProblemKind, Seconds, UnixTime};
use crate::oauth::{self, RevocationOutcome, TokenKind, request};
use crate::vault::Untold;

/// A refusal does not pass by itself: it is told again so rarely.
const AFTER_REFUSAL: Seconds = Seconds(24 * 60 * 60);

/// How far it came.
pub(super) struct Telling {
    /// The provider knew no token that it was told of.
    pub(super) was_invalid: bool,
    /// The grant is over, but its last access token cannot be revoked (L-03).
    pub(super) access_token_lives: bool,
    pub(super) stopped: Option<Stopped>,
}

/// What stood in the way of the rest.
pub(super) struct Stopped {
    pub(super) failure: ProviderFailure,
    /// The provider was told of the refresh token before.
    pub(super) grant_is_over: bool,
}

impl Stopped {
    /// Whether the provider did not hear it, so that the token is taken to be alive (L-04).
    pub(super) fn was_not_heard(&self) -> bool {
        self.failure.class == Class::Transient
    }

    pub(super) fn problem(&self, now: UnixTime) -> Problem {
        let kind = if self.was_not_heard() {
            ProblemKind::Transport
        } else {
            ProblemKind::Configuration
        };
        Problem {
            kind,
            detail: self.failure.short(),
            at: now,
        }
    }

    /// When to tell it again, after so many tries.
    pub(super) fn next(&self, tries: u32, now: UnixTime) -> NextTry {
        match &self.failure.kind {
            FailureKind::Later { after, .. } => NextTry::after(tries, *after, now),
            _ if self.was_not_heard() => NextTry::after(tries, None, now),
            _ => refused(now),
        }
    }
}

pub(super) fn refused(now: UnixTime) -> NextTry {
    NextTry {
        at: now.plus(AFTER_REFUSAL),
        asked: false,
    }
}

/// Tells the provider, the refresh token first (L-01).
///
/// # Errors
/// [`Error::NoRevocation`]: there is nothing to tell it by.
pub(super) async fn tell(connection: &Connection, untold: &Untold) -> Result<Telling, Error> {
    let requests = request::revocations(
        connection,
        untold.client_secret.as_ref(),
        untold.refresh_token.as_ref(),
        untold.access_token.as_ref(),
    )?;
    if requests.is_empty() {
        let manage_url = connection.provider.manage_url.as_ref();
        return Err(Error::NoRevocation {
            manage_url: manage_url.map(ToString::to_string),
        });
    }
    let http = Http::new(connection.ca_pem.as_deref());
    let mut telling = Telling {
        was_invalid: true,
        access_token_lives: false,
        stopped: None,
    };
    let mut grant_is_over = false;
    for revocation in requests {
        let authority = revocation.request.uri().authority();
        let authority = authority.map(ToString::to_string).unwrap_or_default();
        let is_access_token = revocation.kind == TokenKind::Access;
        let outcome = match http.send(revocation.request, &TOKEN_LIMITS).await {
            Ok(response) => oauth::revocation_answer(&connection.provider, &response),
            Err(error) => {
                let failure = ProviderFailure::http(Endpoint::Revocation, authority, &error);
                telling.stopped = Some(Stopped {
                    failure,
                    grant_is_over,
                });
                break;
            }
        };
        let failure = match outcome {
            RevocationOutcome::Revoked => {
                telling.was_invalid = false;
                None
            }
            RevocationOutcome::AlreadyInvalid => None,
            RevocationOutcome::TryLater { after } => {
                Some((FailureKind::Later { status: 503, after }, Class::Transient))
            }
            // Nothing can renew it any more: told as what is left of the sign-in.
            _ if grant_is_over && is_access_token => {
                telling.access_token_lives = true;
                None
            }
            // The token that keeps the grant alive: nothing was achieved (L-05).
            RevocationOutcome::AccessTokenNotRevocable => Some((
                FailureKind::Refused {
                    code: "unsupported_token_type".to_owned(),
                    description: None,
                    page: None,
                    basic_instead_of: None,
                },
                Class::Configuration,
            )),
            RevocationOutcome::Refused(error) => Some((
                FailureKind::refused(&error, connection.registration.auth),
                Class::Configuration,
            )),
        };
        if let Some((kind, class)) = failure {
            let failure = ProviderFailure {
                at: Endpoint::Revocation,
                authority,
                kind,
                class,
                fate: Fate::Refused,
            };
            telling.stopped = Some(Stopped {
                failure,
                grant_is_over,
            });
            break;
        }
        grant_is_over |= revocation.ends_grant;
    }
    Ok(telling)
}
