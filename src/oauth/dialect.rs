//! Token requests put as a provider wants them: the quirks of requests take effect here (conformance
//! I-09), on what `oauth2` built by the standards.

use std::borrow::Cow;

use http::HeaderValue;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName};
use serde_json::{Map, Value};
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::model::{Connection, Quirk};

use super::client_auth::basic_without_secret;
use super::{BuildProblem, HttpRequest};

/// Headers that a definition cannot set: they say whose request it is and what is in it.
const OURS: [HeaderName; 3] = [ACCEPT, AUTHORIZATION, CONTENT_TYPE];

/// A token request that asks for a first token.
pub(super) fn first(
    connection: &Connection,
    request: HttpRequest,
) -> Result<HttpRequest, BuildProblem> {
    put(connection, request, &[])
}

/// A token request that refreshes.
pub(super) fn refresh(
    connection: &Connection,
    request: HttpRequest,
) -> Result<HttpRequest, BuildProblem> {
    let left_out: &[&str] = if connection.provider.has(&Quirk::RefreshWithoutGrantType) {
        &["grant_type"]
    } else {
        &[]
    };
    put(connection, request, left_out)
}

fn put(
    connection: &Connection,
    mut request: HttpRequest,
    left_out: &[&str],
) -> Result<HttpRequest, BuildProblem> {
    for (name, value) in &connection.provider.extra.headers {
        let name: HeaderName = name.parse().map_err(|_| BuildProblem::NotSendable)?;
        let value = HeaderValue::from_str(value).map_err(|_| BuildProblem::NotSendable)?;
        if !OURS.contains(&name) {
            request.headers_mut().insert(name, value);
        }
    }
    let as_user = basic_without_secret(connection).transpose()?;
    let json = connection.provider.has(&Quirk::JsonTokenRequest);
    if as_user.is_none() && left_out.is_empty() && !json {
        return Ok(request);
    }
    let form = Zeroizing::new(std::mem::take(request.body_mut()));
    let kept: Vec<(Cow<'_, str>, Cow<'_, str>)> = form_urlencoded::parse(&form)
        .filter(|(name, _)| !left_out.contains(&name.as_ref()))
        .filter(|(name, _)| as_user.is_none() || name != "client_id")
        .collect();
    *request.body_mut() = if json {
        let members: Map<String, Value> = kept
            .iter()
            .map(|(name, value)| (name.to_string(), value.as_ref().into()))
            .collect();
        request
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Value::Object(members).to_string().into_bytes()
    } else {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(&kept);
        form.finish().into_bytes()
    };
    if let Some(header) = as_user {
        request.headers_mut().insert(AUTHORIZATION, header);
    }
    Ok(request)
}
