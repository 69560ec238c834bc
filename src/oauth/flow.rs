//! The flow record (conformance G-01): everything one sign-in attempt is bound to.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::model::{AttemptId, Connection, Quirk, ScopeSet, Secret, UnixTime};

use super::parameters::{check_extra_parameter, checked};
use super::{BuildProblem, pkce};

/// Random bytes of each of `state`, verifier and `nonce` (conformance 0.3).
const PART: usize = 32;

/// The flow record of one attempt. It is used once: the caller drops it when the attempt settles.
pub struct Flow {
    pub attempt: AttemptId,
    /// The connection as it was at the start; every check reads from here.
    pub connection: Connection,
    /// `connection.endpoint_identity()` at the start.
    pub identity: [u8; 32],
    /// The exact bytes sent in both requests.
    pub redirect_uri: String,
    /// Where a relay sends the browser on to, if there is one; the answer may be pasted from either place.
    pub relayed_to: Option<String>,
    /// Base64url of 32 random bytes; for a relay, a dot and the port follow.
    pub state: Secret,
    /// Base64url of 32 random bytes: 43 characters (RFC 7636 section 4.1).
    pub verifier: Secret,
    /// Only when `openid` is requested (OpenID Connect Core section 3.1.2.1).
    pub nonce: Option<Secret>,
    pub expires_at: UnixTime,
}

impl Flow {
    /// Starts a record. `random` comes from the operating system's generator and is used for
    /// nothing else.
    pub fn new(
        attempt: AttemptId,
        connection: Connection,
        redirect_uri: String,
        random: &[u8; 3 * PART],
        expires_at: UnixTime,
    ) -> Self {
        let (state, rest) = random.split_at(PART);
        let (verifier, nonce) = rest.split_at(PART);
        let text = |bytes: &[u8]| Secret::new(URL_SAFE_NO_PAD.encode(bytes));
        Self {
            attempt,
            identity: connection.endpoint_identity(),
            redirect_uri,
            relayed_to: None,
            state: text(state),
            verifier: text(verifier),
            nonce: wants_identity(&connection.requested).then(|| text(nonce)),
            expires_at,
            connection,
        }
    }

    /// Tells the relay of this registration, if it has one, which port to send the browser on to: `state` is
    /// all that comes back to it unchanged.
    #[must_use]
    pub fn relayed_to(mut self, port: u16) -> Self {
        let redirect = &self.connection.registration.redirect;
        if redirect.relay.is_some() {
            self.relayed_to = Some(redirect.here(port));
            self.state = Secret::new(format!("{}.{port}", self.state.reveal()));
        }
        self
    }

    /// The address for the browser (RFC 6749 section 4.1.1). It contains `state`, hence a secret.
    pub fn authorization_url(&self) -> Result<Secret, BuildProblem> {
        self.authorization_url_with(&[])
    }

    /// As [`Flow::authorization_url`], with parameters for this attempt only, such as the one that
    /// makes a provider ask for another account. They replace the provider's own of the same name.
    pub fn authorization_url_with(
        &self,
        extra: &[(String, String)],
    ) -> Result<Secret, BuildProblem> {
        let connection = &self.connection;
        let provider = &connection.provider;
        let endpoint = provider
            .endpoints
            .authorization
            .as_ref()
            .ok_or(BuildProblem::NoEndpoint("authorization"))?;
        for (name, _) in endpoint.as_url().query_pairs() {
            check_extra_parameter(&name)?;
        }
        let standing = checked(&provider.extra.authorize)?
            .filter(|(name, _)| !extra.iter().any(|(other, _)| other == name));
        let mut url = endpoint.as_url().clone();
        {
            let mut query = url.query_pairs_mut();
            if !provider.has(&Quirk::NoResponseType) {
                query.append_pair("response_type", "code");
            }
            query
                .append_pair("client_id", &connection.registration.client_id)
                .append_pair("redirect_uri", &self.redirect_uri)
                .append_pair("state", self.state.reveal());
            if let Some((name, scopes)) = scope_parameter(connection, &connection.requested) {
                if name != "scope" {
                    // A quirk names it; it may not take the place of a protocol parameter.
                    check_extra_parameter(&name)?;
                }
                query.append_pair(&name, &scopes);
            }
            if pkce::is_used(connection)? {
                query
                    .append_pair("code_challenge", &pkce::challenge(&self.verifier))
                    .append_pair("code_challenge_method", "S256");
            }
            if let Some(nonce) = &self.nonce {
                query.append_pair("nonce", nonce.reveal());
            }
            for resource in resources(connection) {
                query.append_pair("resource", resource);
            }
            query.extend_pairs(standing);
            query.extend_pairs(checked(extra)?);
        }
        Ok(Secret::new(url.into()))
    }
}

/// Whether an identity token is asked for.
pub(super) fn wants_identity(scopes: &ScopeSet) -> bool {
    scopes.iter().any(|scope| scope.as_str() == "openid")
}

/// Name and value of the scope parameter under the provider's quirks; `None` without scopes.
pub(super) fn scope_parameter(
    connection: &Connection,
    scopes: &ScopeSet,
) -> Option<(String, String)> {
    if scopes.is_empty() {
        return None;
    }
    let provider = &connection.provider;
    let separator = if provider.has(&Quirk::CommaScopes) {
        ","
    } else {
        " "
    };
    let name = provider.quirks.iter().find_map(|quirk| match quirk {
        Quirk::ScopeParameter(name) => Some(name.as_str()),
        _ => None,
    });
    Some((name.unwrap_or("scope").to_owned(), scopes.joined(separator)))
}

/// Resource indicators to send (RFC 8707); none where the provider refuses the parameter.
pub(super) fn resources(connection: &Connection) -> impl Iterator<Item = &str> {
    let refused = connection.provider.has(&Quirk::NoResource);
    connection
        .resources
        .iter()
        .filter(move |_| !refused)
        .map(String::as_str)
}
