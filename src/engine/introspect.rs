//! Asking the provider what it thinks of the access token (RFC 7662), for people who test a connection.

use super::failure::{Endpoint, ProviderFailure};
use super::{Engine, Error};
use crate::host::{Http, TOKEN_LIMITS};
use crate::model::{ScopeSet, Shown, UnixTime};
use crate::oauth::{introspection_answer, request};

/// What the provider said. It changes nothing here (conformance L-09).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntrospectionReport {
    /// Host (and port) that answered.
    pub authority: String,
    pub active: bool,
    /// It is said to be active, and to have ended before now (conformance D17).
    pub contradictory: bool,
    /// As it tells them; `None` where it does not.
    pub scopes: Option<ScopeSet>,
    pub expires_at: Option<UnixTime>,
    pub account: Option<Shown>,
}

impl Engine {
    /// Asks about the connection's access token, which is renewed first where it is due. `allowed` is the
    /// third-party host (and port) that the person said the token may be sent to.
    ///
    /// # Errors
    /// [`Error::ThirdParty`] before anything is sent to a host that is none of the sign-in's own and was not
    /// allowed (L-10); [`Error::NoIntrospection`]; whatever stands in the way of a token here, which is never
    /// asked about then.
    pub async fn introspect(
        &self,
        name: &str,
        allowed: Option<&str>,
    ) -> Result<IntrospectionReport, Error> {
        let connection = self.connection(name)?;
        let endpoint = connection.provider.endpoints.introspection.as_ref();
        let authority = endpoint.ok_or(Error::NoIntrospection)?.authority();
        self.signed_in(&connection)?;
        let approved = |authority: &str| allowed == Some(authority);
        if !connection.issues_or_gets_tokens_at(&authority) && !approved(&authority) {
            return Err(Error::ThirdParty { authority });
        }
        let handout = self.token_at_hand(name, None).await?;
        // Edited meanwhile: the person said yes to another host.
        if handout.connection.endpoint_identity() != connection.endpoint_identity() {
            return Err(Error::EditedMeanwhile);
        }
        let secret = self.with_vault(|vault| vault.client_secret(&connection))?;
        let request = request::introspection(&connection, secret.as_ref(), &handout.token)?;
        let at = Endpoint::Introspection;
        let response = Http::new(connection.ca_pem.as_deref())
            .send(request, &TOKEN_LIMITS)
            .await
            .map_err(|error| ProviderFailure::http(at, authority.clone(), &error))?;
        let told = introspection_answer(&connection, &response).map_err(|error| {
            let auth = connection.registration.auth;
            ProviderFailure::answer(at, authority.clone(), auth, &error)
        })?;
        Ok(IntrospectionReport {
            authority,
            active: told.active,
            contradictory: told.contradicts_itself(self.now()),
            scopes: told.scopes,
            expires_at: told.expires_at,
            account: told.account.map(|account| account.shown()),
        })
    }
}
