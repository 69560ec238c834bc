//! Requests to a provider, ready to be sent. Each goes only to the endpoint frozen in the flow
//! record or stored in the connection (conformance G-06).

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};

use crate::model::{Connection, EndpointUrl, Quirk, ScopeSet, Secret, TestMethod, TestRead};

use super::capture::{self, Presented};
use super::client_auth::{bare, bearer};
use super::flow::{resources, scope_parameter};
use super::parameters::{check_extra_parameter, checked};
use super::{BuildProblem, Flow, HttpRequest, dialect, pkce};

pub use super::introspect::introspection;
pub use super::revoke::revocations;

/// Swaps a code for a token (RFC 6749 section 4.1.3, RFC 7636 section 4.5).
pub fn exchange_code(
    flow: &Flow,
    client_secret: Option<&Secret>,
    code: &Secret,
) -> Result<HttpRequest, BuildProblem> {
    let connection = &flow.connection;
    if connection.endpoint_identity() != flow.identity {
        return Err(BuildProblem::ConnectionChanged);
    }
    let verifier = pkce::is_used(connection)?.then_some(&flow.verifier);
    let request = capture::code_request(
        connection,
        client_secret,
        token_endpoint(connection)?,
        &Presented {
            code,
            redirect_uri: &flow.redirect_uri,
            verifier,
        },
        &with_resources(connection, checked(&connection.provider.extra.token)?),
    )?;
    dialect::first(connection, request)
}

/// Asks for a new access token (RFC 6749 section 6). The scope is left out, which means "as
/// granted"; where a provider wants it repeated, it is never more than `granted` (B-07).
pub fn refresh(
    connection: &Connection,
    client_secret: Option<&Secret>,
    refresh_token: &Secret,
    granted: Option<&ScopeSet>,
) -> Result<HttpRequest, BuildProblem> {
    let repeated = connection
        .provider
        .has(&Quirk::RefreshRepeatsScope)
        .then(|| match granted {
            Some(granted) => with_offline_access(connection, granted),
            None => connection.requested.clone(),
        })
        .and_then(|scopes| scope_parameter(connection, &scopes));
    let mut parameters = with_resources(connection, checked(&connection.provider.extra.refresh)?);
    if let Some((name, scopes)) = &repeated {
        parameters.push((name, scopes));
    }
    let endpoint = match &connection.provider.endpoints.refresh {
        Some(own) => own,
        None => token_endpoint(connection)?,
    };
    let request = capture::refresh_request(
        connection,
        client_secret,
        endpoint,
        refresh_token,
        &parameters,
    )?;
    dialect::refresh(connection, request)
}

/// What was granted, plus `offline_access` if it was asked for: providers leave it out of their
/// answers, and the refresh token at hand proves that it was granted.
pub fn with_offline_access(connection: &Connection, granted: &ScopeSet) -> ScopeSet {
    let offline = connection
        .requested
        .iter()
        .filter(|scope| scope.as_str() == "offline_access");
    granted.iter().chain(offline).cloned().collect()
}

/// Asks for a device code (RFC 8628 section 3.1).
pub fn device_authorization(
    connection: &Connection,
    client_secret: Option<&Secret>,
) -> Result<HttpRequest, BuildProblem> {
    let device = connection
        .provider
        .endpoints
        .device
        .as_ref()
        .ok_or(BuildProblem::NoEndpoint("device"))?;
    let scope = scope_parameter(connection, &connection.requested);
    let mut parameters = with_resources(connection, [].into_iter());
    if let Some((name, scopes)) = &scope {
        let own = connection
            .provider
            .quirks
            .iter()
            .find_map(|quirk| match quirk {
                Quirk::DeviceScopeParameter(name) => Some(name),
                _ => None,
            });
        if let Some(own) = own {
            // A quirk names it; it may not take the place of a protocol parameter.
            check_extra_parameter(own)?;
        }
        parameters.push((own.unwrap_or(name), scopes));
    }
    let request = capture::device_request(
        connection,
        client_secret,
        device,
        token_endpoint(connection)?,
        &parameters,
    )?;
    dialect::first(connection, request)
}

/// Asks once whether the person has approved (RFC 8628 section 3.4).
pub fn device_poll(
    connection: &Connection,
    client_secret: Option<&Secret>,
    device_code: &Secret,
) -> Result<HttpRequest, BuildProblem> {
    let request = capture::poll_request(
        connection,
        client_secret,
        token_endpoint(connection)?,
        device_code,
        &with_resources(connection, checked(&connection.provider.extra.token)?),
    )?;
    dialect::first(connection, request)
}

/// Asks who has signed in (OpenID Connect Core section 5.3.1); `None` without such an endpoint.
pub fn userinfo(connection: &Connection, access_token: &Secret) -> Option<HttpRequest> {
    let url = connection.provider.endpoints.userinfo.as_ref()?;
    http::Request::get(url.as_str())
        .header(ACCEPT, "application/json")
        .header(AUTHORIZATION, bearer(access_token).ok()?)
        .body(Vec::new())
        .ok()
}

/// The test read. The token travels in the header only (RFC 6750 section 2.1, C-01); a person's own
/// header cannot replace it, and it goes only to hosts of the connection (C-02).
pub fn test_read(
    connection: &Connection,
    test: &TestRead,
    access_token: &Secret,
) -> Result<HttpRequest, BuildProblem> {
    let authority = test.url.authority();
    if !connection.may_send_token_to(&authority) {
        return Err(BuildProblem::ForeignHost(authority));
    }
    let mut request = match &test.method {
        TestMethod::Get => http::Request::get(test.url.as_str()),
        TestMethod::Post { .. } => {
            http::Request::post(test.url.as_str()).header(CONTENT_TYPE, "application/json")
        }
    };
    if !test
        .headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("accept"))
    {
        request = request.header(ACCEPT, "application/json");
    }
    for (name, value) in &test.headers {
        if !name.eq_ignore_ascii_case("authorization") {
            request = request.header(name, value);
        }
    }
    let body = match &test.method {
        TestMethod::Get => Vec::new(),
        TestMethod::Post { body } => body.clone().into_bytes(),
    };
    let own = connection
        .provider
        .quirks
        .iter()
        .find_map(|quirk| match quirk {
            Quirk::TokenInHeader(name) => Some(name.as_str()),
            _ => None,
        });
    request = match own {
        Some(name) => request.header(name, bare(access_token)?),
        None => request.header(AUTHORIZATION, bearer(access_token)?),
    };
    request.body(body).map_err(|_| BuildProblem::NotSendable)
}

/// Fetches the provider's keys (RFC 7517); `None` without such an address.
pub fn jwks(connection: &Connection) -> Option<HttpRequest> {
    let url = connection.provider.endpoints.jwks.as_ref()?;
    http::Request::get(url.as_str())
        .header(ACCEPT, "application/jwk-set+json, application/json")
        .body(Vec::new())
        .ok()
}

fn token_endpoint(connection: &Connection) -> Result<&EndpointUrl, BuildProblem> {
    connection
        .provider
        .endpoints
        .token
        .as_ref()
        .ok_or(BuildProblem::NoEndpoint("token"))
}

fn with_resources<'a>(
    connection: &'a Connection,
    extra: impl Iterator<Item = (&'a str, &'a str)>,
) -> Vec<(&'a str, &'a str)> {
    resources(connection)
        .map(|resource| ("resource", resource))
        .chain(extra)
        .collect()
}
