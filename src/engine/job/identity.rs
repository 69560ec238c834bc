//! Who the tokens speak for: identity tokens (OpenID Connect Core sections 3.1.3.7 and
//! 12.2).

use std::time::Duration;

use super::super::failure::Endpoint;
use super::super::give_back::give_back;
use super::super::hold;
use super::exchange::send;
use super::{Desk, Trouble};
use crate::host::{Http, METADATA_LIMITS};
use crate::model::{Account, AccountSource, Connection, EndReason, Secret};
use crate::oauth::{
    id_token::{self, IdTokenProblem},
    request,
};
use crate::vault::Refreshed;

/// The key set is small, and callers wait.
const KEYS_WITHIN: Duration = Duration::from_secs(5);

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
        let Some(verified) = self.verified(connection, http, token, &expected).await else {
            return Ok(None);
        };
        let claims = verified.map_err(|problem| self.refused(&problem))?;
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

    /// Blames the clock where that is what is wrong (conformance J-12).
    fn refused(&self, problem: &IdTokenProblem) -> Trouble {
        let skew = hold(&self.skew).filter(|skew| skew.matters());
        match skew.filter(|_| problem.is_about_time()) {
            Some(skew) => Trouble::Clock(problem.to_string(), skew),
            None => Trouble::IdToken(problem.to_string()),
        }
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
        let Some(Err(problem)) = self.verified(connection, http, token, &expected).await else {
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
        let secret = self.vault(|vault| vault.client_secret(connection))?;
        give_back(
            http,
            connection,
            secret.as_ref(),
            refreshed.refresh_token.as_ref(),
            &refreshed.access_token,
        )
        .await;
        let reason = EndReason::AccountChanged;
        self.vault(|vault| vault.end_grant(connection, reason, self.clock.now()))?;
        Err(Trouble::NeedsSignIn(Some(reason)))
    }

    /// Verifies an identity token with the provider's keys. `None` where none are known or they are
    /// out of reach: then the token is ignored, never half-trusted.
    async fn verified(
        &self,
        connection: &Connection,
        http: &Http,
        token: &Secret,
        wanted: &Wanted<'_>,
    ) -> Option<Result<id_token::Claims, IdTokenProblem>> {
        let issuer = connection.provider.issuer.as_ref()?;
        let fetch = || async {
            let request = request::jwks(connection)?;
            let authority = request.uri().authority().map(ToString::to_string);
            let authority = authority.unwrap_or_default();
            let asked = send(http, request, &METADATA_LIMITS, Endpoint::Keys, &authority);
            let answer = tokio::time::timeout(KEYS_WITHIN, asked).await.ok()?.ok()?;
            answer.status().is_success().then_some(answer)
        };
        let expected = id_token::Expected {
            issuer,
            client_id: &connection.registration.client_id,
            nonce: wanted.nonce,
            access_token: Some(wanted.access_token),
            now: self.clock.now(),
            subject: wanted.subject,
        };
        match id_token::verify(token, fetch().await?.body(), &expected) {
            Err(IdTokenProblem::Keys) => None,
            // The keys may have been rotated just now: fetched once more.
            Err(IdTokenProblem::UnknownKey) => {
                Some(id_token::verify(token, fetch().await?.body(), &expected))
            }
            result => Some(result),
        }
    }
}
