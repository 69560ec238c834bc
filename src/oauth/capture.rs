//! `oauth2` without I/O: its synchronous client keeps the request and refuses it, or answers a
//! normalised body. Nothing of an `oauth2` error leaves this file,
//! because its parse error holds the raw body.

use std::borrow::Cow;
use std::cell::RefCell;
use std::convert::Infallible;

use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use oauth2::basic::{BasicClient, BasicTokenResponse};
use oauth2::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, DeviceAuthorizationUrl,
    EmptyExtraDeviceAuthorizationFields, EndpointNotSet, EndpointSet, PkceCodeVerifier,
    RedirectUrl, RefreshToken, StandardDeviceAuthorizationResponse, SyncHttpClient, TokenUrl,
};

use crate::model::{ClientAuth, Connection, EndpointUrl, Secret};

use super::client_auth::secret_for;
use super::strict_json::Document;
use super::{BuildProblem, HttpRequest, HttpResponse};

/// Keeps the one request that `oauth2` builds.
#[derive(Default)]
struct Recorder(RefCell<Option<HttpRequest>>);

impl SyncHttpClient for Recorder {
    type Error = Infallible;

    /// A refusal and not an error, because after an error a device poll would try again.
    fn call(&self, request: HttpRequest) -> Result<HttpResponse, Infallible> {
        self.0.replace(Some(request));
        let mut refusal = HttpResponse::new(br#"{"error":"access_denied"}"#.to_vec());
        *refusal.status_mut() = StatusCode::BAD_REQUEST;
        Ok(refusal)
    }
}

impl Recorder {
    fn request(self) -> Result<HttpRequest, BuildProblem> {
        let mut request = self.0.into_inner().ok_or(BuildProblem::NotSendable)?;
        if let Some(value) = request.headers_mut().get_mut(AUTHORIZATION) {
            value.set_sensitive(true);
        }
        Ok(request)
    }
}

type Client =
    BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

fn client(
    connection: &Connection,
    secret: Option<&Secret>,
    token_url: &EndpointUrl,
) -> Result<Client, BuildProblem> {
    let secret = secret_for(connection, secret)?;
    let client = BasicClient::new(ClientId::new(connection.registration.client_id.clone()))
        .set_auth_type(match connection.registration.auth {
            ClientAuth::Basic => AuthType::BasicAuth,
            ClientAuth::None | ClientAuth::Post => AuthType::RequestBody,
        })
        .set_token_uri(TokenUrl::from_url(token_url.as_url().clone()));
    Ok(match secret {
        Some(secret) => client.set_client_secret(ClientSecret::new(secret.reveal().to_owned())),
        None => client,
    })
}

/// A code, and what proves that it is ours.
pub(super) struct Presented<'a> {
    pub(super) code: &'a Secret,
    pub(super) redirect_uri: &'a str,
    /// Absent under the "no PKCE" quirk only.
    pub(super) verifier: Option<&'a Secret>,
}

/// The token request for a code (RFC 6749 section 4.1.3).
pub(super) fn code_request(
    connection: &Connection,
    secret: Option<&Secret>,
    token_url: &EndpointUrl,
    presented: &Presented<'_>,
    extra: &[(&str, &str)],
) -> Result<HttpRequest, BuildProblem> {
    let client = client(connection, secret, token_url)?;
    let redirect = RedirectUrl::new(presented.redirect_uri.to_owned())
        .map_err(|_| BuildProblem::RedirectAddress)?;
    let mut request = client
        .exchange_code(AuthorizationCode::new(presented.code.reveal().to_owned()))
        .set_redirect_uri(Cow::Owned(redirect));
    if let Some(verifier) = presented.verifier {
        request = request.set_pkce_verifier(PkceCodeVerifier::new(verifier.reveal().to_owned()));
    }
    for (name, value) in extra {
        request = request.add_extra_param(*name, *value);
    }
    let recorder = Recorder::default();
    let _ = request.request(&recorder);
    recorder.request()
}

/// The token request for a refresh (RFC 6749 section 6).
pub(super) fn refresh_request(
    connection: &Connection,
    secret: Option<&Secret>,
    token_url: &EndpointUrl,
    refresh_token: &Secret,
    extra: &[(&str, &str)],
) -> Result<HttpRequest, BuildProblem> {
    let client = client(connection, secret, token_url)?;
    let token = RefreshToken::new(refresh_token.reveal().to_owned());
    let mut request = client.exchange_refresh_token(&token);
    for (name, value) in extra {
        request = request.add_extra_param(*name, *value);
    }
    let recorder = Recorder::default();
    let _ = request.request(&recorder);
    recorder.request()
}

/// The device authorization request (RFC 8628 section 3.1).
pub(super) fn device_request(
    connection: &Connection,
    secret: Option<&Secret>,
    device_url: &EndpointUrl,
    token_url: &EndpointUrl,
    extra: &[(&str, &str)],
) -> Result<HttpRequest, BuildProblem> {
    let client = client(connection, secret, token_url)?.set_device_authorization_url(
        DeviceAuthorizationUrl::from_url(device_url.as_url().clone()),
    );
    let mut request = client.exchange_device_code();
    for (name, value) in extra {
        request = request.add_extra_param(*name, *value);
    }
    let recorder = Recorder::default();
    let _ = request.request::<_, EmptyExtraDeviceAuthorizationFields>(&recorder);
    recorder.request()
}

/// One poll of the token endpoint with a device code (RFC 8628 section 3.4).
pub(super) fn poll_request(
    connection: &Connection,
    secret: Option<&Secret>,
    token_url: &EndpointUrl,
    device_code: &Secret,
    extra: &[(&str, &str)],
) -> Result<HttpRequest, BuildProblem> {
    let client = client(connection, secret, token_url)?;
    // `oauth2` wants the whole device answer; only the code reaches the request.
    let answer: StandardDeviceAuthorizationResponse = serde_json::from_value(serde_json::json!({
        "device_code": device_code.reveal(),
        "user_code": "-",
        "verification_uri": token_url.as_str(),
        "expires_in": 60,
    }))
    .map_err(|_| BuildProblem::NotSendable)?;
    let mut request = client
        .exchange_device_access_token(&answer)
        .set_time_fn(Default::default);
    for (name, value) in extra {
        request = request.add_extra_param(*name, *value);
    }
    let recorder = Recorder::default();
    let _ = request.request(&recorder, |_| {}, None);
    recorder.request()
}

/// Lets `oauth2` read a token answer that was normalised and checked already. `None` means that it
/// disagrees with our own reading.
pub(super) fn replay(connection: &Connection, normalised: &Document) -> Option<BasicTokenResponse> {
    let token_url = connection.provider.endpoints.token.as_ref()?;
    let client = BasicClient::new(ClientId::new(connection.registration.client_id.clone()))
        .set_token_uri(TokenUrl::from_url(token_url.as_url().clone()));
    let body = serde_json::to_vec(normalised.value()).ok()?;
    client
        .exchange_code(AuthorizationCode::new(String::new()))
        .request(&|_| -> Result<HttpResponse, Infallible> {
            let mut answer = HttpResponse::new(body.clone());
            answer.headers_mut().insert(
                CONTENT_TYPE,
                http::HeaderValue::from_static("application/json"),
            );
            Ok(answer)
        })
        .ok()
}
