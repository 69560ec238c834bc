//! How the client names and proves itself (RFC 6749 section 2.3): exactly one method a request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::model::{ClientAuth, Connection, EndpointUrl, Quirk, Secret};

use super::{BuildProblem, HttpRequest};

/// The secret to use, or none for a public client: a secret at hand is not sent unasked.
pub(super) fn secret_for<'a>(
    connection: &Connection,
    secret: Option<&'a Secret>,
) -> Result<Option<&'a Secret>, BuildProblem> {
    match connection.registration.auth {
        ClientAuth::None => Ok(None),
        ClientAuth::Basic | ClientAuth::Post => match secret.filter(|secret| !secret.is_empty()) {
            Some(secret) => Ok(Some(secret)),
            None => Err(BuildProblem::SecretMissing),
        },
    }
}

/// `Authorization: Basic`, id and secret form-encoded first (RFC 6749 section 2.3.1).
pub(super) fn basic(client_id: &str, secret: &Secret) -> Result<HeaderValue, BuildProblem> {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = Zeroizing::new(format!(
        "{}:{}",
        encode(client_id),
        *Zeroizing::new(encode(secret.reveal()))
    ));
    sensitive(&Zeroizing::new(format!(
        "Basic {}",
        STANDARD.encode(&*pair)
    )))
}

/// What a client without a secret sends where it must come as a user all the same: its ID and an empty
/// password. `None` where it names itself in the body, as usual.
pub(super) fn basic_without_secret(
    connection: &Connection,
) -> Option<Result<HeaderValue, BuildProblem>> {
    let registration = &connection.registration;
    let wanted = registration.auth == ClientAuth::None
        && connection.provider.has(&Quirk::BasicWithoutSecret);
    wanted.then(|| basic(&registration.client_id, &Secret::new(String::new())))
}

/// `Authorization: Bearer` (RFC 6750 section 2.1), the only place an access token travels in.
pub(super) fn bearer(token: &Secret) -> Result<HeaderValue, BuildProblem> {
    sensitive(&Zeroizing::new(format!("Bearer {}", token.reveal())))
}

/// An access token alone, for a header of a service's own.
pub(super) fn bare(token: &Secret) -> Result<HeaderValue, BuildProblem> {
    sensitive(token.reveal())
}

fn sensitive(text: &str) -> Result<HeaderValue, BuildProblem> {
    let mut value = HeaderValue::from_str(text).map_err(|_| BuildProblem::NotSendable)?;
    value.set_sensitive(true);
    Ok(value)
}

/// A form post with client authentication, for what `oauth2` does not build.
pub(super) fn form_post(
    connection: &Connection,
    secret: Option<&Secret>,
    url: &EndpointUrl,
    parameters: &[(&str, &str)],
) -> Result<HttpRequest, BuildProblem> {
    let secret = secret_for(connection, secret)?;
    let client_id = connection.registration.client_id.as_str();
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(parameters);
    let mut request = http::Request::post(url.as_str())
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    match (connection.registration.auth, secret) {
        (ClientAuth::Basic, Some(secret)) => {
            request = request.header(AUTHORIZATION, basic(client_id, secret)?);
        }
        (ClientAuth::Post, Some(secret)) => {
            form.append_pair("client_id", client_id)
                .append_pair("client_secret", secret.reveal());
        }
        (_, _) => match basic_without_secret(connection) {
            Some(header) => request = request.header(AUTHORIZATION, header?),
            None => {
                form.append_pair("client_id", client_id);
            }
        },
    }
    request
        .body(form.finish().into_bytes())
        .map_err(|_| BuildProblem::NotSendable)
}
