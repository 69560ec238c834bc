//! Ending a grant at its provider, and saying truthfully what happened (RFC 7009).

use super::failure::{Class, Endpoint, FailureKind, Fate, ProviderFailure};
use super::{Change, Engine, Error};
use crate::host::{Http, TOKEN_LIMITS};
use crate::model::{Connection, ConnectionId, EndReason, Expiry, UnixTime};
use crate::oauth::{self, RevocationOutcome, request};

/// What was achieved. Anything less than this is an [`Error`], and the grant is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// The provider knew the tokens no longer.
    pub was_invalid: bool,
    /// The grant is over, but its last access token could not be revoked (L-03).
    pub access_token_lives: bool,
    /// When that token ends, where it is known.
    pub access_token_until: Option<UnixTime>,
}

impl Engine {
    /// Tells the provider (refresh token first, L-01), then forgets the tokens here. The
    /// definition stays. When the provider was not told, nothing changes here either.
    pub async fn revoke(&self, id: &ConnectionId) -> Result<Revoked, Error> {
        let lock = self.lock_grant(id).await?;
        let connection = self.connection_by_id(id)?;
        self.signed_in(&connection)?;
        let revoked = self.tell_provider(&connection).await?;
        let now = self.now();
        self.with_vault(|vault| vault.end_grant(&connection, EndReason::RevokedByYou, now))?;
        drop(lock);
        self.tell(&Change::Connections);
        Ok(revoked)
    }

    async fn tell_provider(&self, connection: &Connection) -> Result<Revoked, Error> {
        let refresh = self.with_vault(|vault| vault.refresh_token(connection))?;
        let access = self.with_vault(|vault| vault.access_token(connection))?;
        let secret = self.with_vault(|vault| vault.client_secret(connection))?;
        let requests = request::revocations(
            connection,
            secret.as_ref(),
            refresh.as_ref(),
            access.as_ref(),
        )?;
        if requests.is_empty() {
            let manage_url = connection
                .provider
                .manage_url
                .as_ref()
                .map(ToString::to_string);
            return Err(Error::NoRevocation { manage_url });
        }
        let http = Http::new(connection.ca_pem.as_deref());
        let mut revoked = Revoked {
            was_invalid: true,
            access_token_lives: false,
            access_token_until: None,
        };
        let mut grant_is_over = false;
        for revocation in requests {
            let authority = revocation.request.uri().authority();
            let authority = authority.map(ToString::to_string).unwrap_or_default();
            let refused = |kind, class| ProviderFailure {
                at: Endpoint::Revocation,
                authority: authority.clone(),
                kind,
                class,
                fate: Fate::Refused,
            };
            let outcome = http
                .send(revocation.request, &TOKEN_LIMITS)
                .await
                .map(|response| oauth::revocation_outcome(&connection.provider.revoke, &response))
                .map_err(|error| {
                    ProviderFailure::http(Endpoint::Revocation, authority.clone(), &error)
                });
            match outcome {
                Ok(RevocationOutcome::Revoked) => revoked.was_invalid = false,
                Ok(RevocationOutcome::AlreadyInvalid) => {}
                // Nothing can renew the access token any more: told as what is left of it.
                _ if grant_is_over => revoked.access_token_lives = true,
                // The token that keeps the grant alive: nothing was achieved (L-05).
                Ok(RevocationOutcome::AccessTokenNotRevocable) => {
                    let kind = FailureKind::Refused {
                        code: "unsupported_token_type".to_owned(),
                        description: None,
                    };
                    return Err(refused(kind, Class::Configuration).into());
                }
                Ok(RevocationOutcome::TryLater { after }) => {
                    let kind = FailureKind::Later { status: 503, after };
                    return Err(refused(kind, Class::Transient).into());
                }
                Ok(RevocationOutcome::Refused(error)) => {
                    let kind = FailureKind::Refused {
                        code: error.code.raw().to_owned(),
                        description: error.description.clone(),
                    };
                    return Err(refused(kind, Class::Configuration).into());
                }
                Err(failure) => return Err(failure.into()),
            }
            grant_is_over |= revocation.ends_grant;
        }
        if revoked.access_token_lives {
            let expiry = connection.grant.as_ref().map(|grant| grant.expiry);
            revoked.access_token_until = expiry.and_then(Expiry::at);
        }
        Ok(revoked)
    }
}
