//! Who the tokens speak for: identity tokens (OpenID Connect Core section 3.1.3.7 and 12.2), and giving
//! back what will not be kept.

use super::super::failure::{Endpoint, ProviderFailure};
use super::exchange::send;
use super::{Desk, Trouble};
use crate::host::{Http, METADATA_LIMITS, TOKEN_LIMITS};
use crate::model::{Account, AccountSource, Connection, EndReason, Secret};
use crate::oauth::{
    id_token::{self, IdTokenProblem},
    request,
};
use crate::vault::Refreshed;

/// What an identity token must fit.
struct Wanted<'a> {
    nonce: Option<&'a Secret>,
    subject: Option<&'a str>,
    access_token: &'a Secret,
}

impl Desk<'_> {
    /// Who signed in, by a verified identity token (R-01…R-06). Without known keys it is ignored,
    /// never half-trusted.
    pub(super) async fn identity(
        &self,
        connection: &Connection,
        http: &Http,
        nonce: Option<&Secret>,
        token: &Secret,
        access_token: &Secret,
    ) -> Result<Option<Account>, Trouble> {
        let expected = Wanted {
            nonce,
            subject: None,
            access_token,
        };
        let Some(verified) = self.verified(connection, http, token, &expected).await? else {
            return Ok(None);
        };
        let claims = verified.map_err(|problem| Trouble::IdToken(problem.to_string()))?;
        let label = claims
            .preferred_username
            .or(claims.email)
            .or(claims.name)
            .unwrap_or_else(|| claims.subject.clone());
        Ok(Some(Account {
            label,
            id: Some(claims.subject),
            source: AccountSource::IdToken,
        }))
    }

    /// An identity token that comes with a refresh must be of the same issuer, client and user
    /// (OpenID Connect Core section 12.2, J-15). Otherwise the grant ends and what came is given
    /// back. Other faults of it, or keys out of reach, decide nothing: nobody reads it then.
    pub(super) async fn same_identity(
        &self,
        connection: &Connection,
        http: &Http,
        token: &Secret,
        refreshed: &Refreshed,
    ) -> Result<(), Trouble> {
        let account = connection
            .grant
            .as_ref()
            .and_then(|grant| grant.account.as_ref())
            .filter(|account| account.source != AccountSource::TestRead);
        let Some(subject) = account.and_then(|account| account.id.as_ref()) else {
            return Ok(());
        };
        let expected = Wanted {
            nonce: None,
            subject: Some(subject.raw()),
            access_token: &refreshed.access_token,
        };
        let Ok(Some(Err(problem))) = self.verified(connection, http, token, &expected).await else {
            return Ok(());
        };
        if !matches!(
            problem,
            IdTokenProblem::OtherSubject
                | IdTokenProblem::Issuer
                | IdTokenProblem::Audience
                | IdTokenProblem::AuthorizedParty
        ) {
            return Ok(());
        }
        self.give_back(
            connection,
            http,
            refreshed.refresh_token.as_ref(),
            &refreshed.access_token,
        )
        .await;
        self.vault(|vault| {
            let reason = EndReason::EndedByProvider;
            vault.end_grant(&connection.id, reason, self.clock.now())
        })?;
        Err(Trouble::IdToken(problem.to_string()))
    }

    /// Verifies an identity token with the provider's keys; `None` where none are known.
    async fn verified(
        &self,
        connection: &Connection,
        http: &Http,
        token: &Secret,
        wanted: &Wanted<'_>,
    ) -> Result<Option<Result<id_token::Claims, IdTokenProblem>>, ProviderFailure> {
        let (Some(issuer), Some(request), Some(again)) = (
            connection.provider.issuer.as_ref(),
            request::jwks(connection),
            request::jwks(connection),
        ) else {
            return Ok(None);
        };
        let authority = request.uri().authority().map(ToString::to_string);
        let authority = authority.unwrap_or_default();
        let fetch = |request| send(http, request, &METADATA_LIMITS, Endpoint::Keys, &authority);
        let expected = id_token::Expected {
            issuer,
            client_id: &connection.registration.client_id,
            nonce: wanted.nonce,
            access_token: Some(wanted.access_token),
            now: self.clock.now(),
            subject: wanted.subject,
        };
        let keys = fetch(request).await?;
        match id_token::verify(token, keys.body(), &expected) {
            // The keys may have been rotated just now: fetched once more.
            Err(IdTokenProblem::UnknownKey) => {
                let keys = fetch(again).await?;
                Ok(Some(id_token::verify(token, keys.body(), &expected)))
            }
            result => Ok(Some(result)),
        }
    }

    /// Revokes tokens that will not be kept; best effort, because they are not ours to show.
    pub(super) async fn give_back(
        &self,
        connection: &Connection,
        http: &Http,
        refresh_token: Option<&Secret>,
        access_token: &Secret,
    ) {
        let secret = self
            .vault(|vault| vault.client_secret(connection))
            .ok()
            .flatten();
        let revocations = request::revocations(
            connection,
            secret.as_ref(),
            refresh_token,
            Some(access_token),
        );
        for revocation in revocations.unwrap_or_default() {
            let _ = http.send(revocation.request, &TOKEN_LIMITS).await;
        }
    }
}
