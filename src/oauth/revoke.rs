//! Ending a grant at the provider (RFC 7009, and the named rules of providers that do it otherwise).

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use serde_json::Value;

use crate::model::{
    Connection, EndpointUrl, Provider, Quirk, RevokeAuth, RevokeMethod, RevokeRequest, RevokeRule,
    Seconds, Secret,
};

use super::client_auth::{basic, bearer, form_post, secret_for};
use super::errors::is_transient;
use super::normalise::{asked_to_wait, outside, unexplained};
use super::strict_json::Document;
use super::{BuildProblem, HttpRequest, HttpResponse, ProviderError};

/// Which token a revocation request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    Refresh,
    Access,
}

/// One request of a revocation.
pub struct Revocation {
    pub kind: TokenKind,
    pub request: HttpRequest,
    /// Whether its success ends the grant, and not only this token.
    pub ends_grant: bool,
}

/// The requests that end a grant, in order: the refresh token first, since it could make new access
/// tokens (L-01). Empty when the provider offers none, or when the client secret it wants for this
/// is absent.
pub fn revocations(
    connection: &Connection,
    client_secret: Option<&Secret>,
    refresh_token: Option<&Secret>,
    access_token: Option<&Secret>,
) -> Result<Vec<Revocation>, BuildProblem> {
    let endpoint = connection.provider.endpoints.revocation.as_ref();
    match &connection.provider.revoke {
        RevokeRule::None => Ok(Vec::new()),
        RevokeRule::Standard => match endpoint {
            Some(url) => standard(connection, client_secret, url, refresh_token, access_token),
            None => Ok(Vec::new()),
        },
        RevokeRule::TokenOnly => {
            // Either ends the grant; the refresh token is not refused for being expired.
            let token = refresh_token
                .map(|token| (TokenKind::Refresh, token))
                .or(access_token.map(|token| (TokenKind::Access, token)));
            match (endpoint, token) {
                (Some(url), Some((kind, token))) => Ok(vec![Revocation {
                    kind,
                    request: token_only(url, token)?,
                    ends_grant: true,
                }]),
                _ => Ok(Vec::new()),
            }
        }
        RevokeRule::BearerPost { url, .. } => one(TokenKind::Access, access_token, |token| {
            http::Request::post(url.as_str())
                .header(ACCEPT, "application/json")
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(AUTHORIZATION, bearer(token)?)
                .body(Vec::new())
                .map_err(|_| BuildProblem::NotSendable)
        }),
        RevokeRule::Request(rule) => {
            described(connection, client_secret, rule, refresh_token, access_token)
        }
        RevokeRule::GithubDelete { url } => {
            let Some(secret) = client_secret.filter(|secret| !secret.is_empty()) else {
                return Ok(Vec::new());
            };
            one(TokenKind::Access, access_token, |token| {
                let body = serde_json::json!({ "access_token": token.reveal() });
                http::Request::delete(url.as_str())
                    .header(ACCEPT, "application/vnd.github+json")
                    .header(CONTENT_TYPE, "application/json")
                    .header(
                        AUTHORIZATION,
                        basic(&connection.registration.client_id, secret)?,
                    )
                    .body(body.to_string().into_bytes())
                    .map_err(|_| BuildProblem::NotSendable)
            })
        }
    }
}

/// The request as the rule describes it; empty without the token or the secret that it names.
fn described(
    connection: &Connection,
    client_secret: Option<&Secret>,
    rule: &RevokeRequest,
    refresh_token: Option<&Secret>,
    access_token: Option<&Secret>,
) -> Result<Vec<Revocation>, BuildProblem> {
    let names = |blank: &str| rule.body.iter().any(|(_, value)| value == blank);
    let client_id = connection.registration.client_id.as_str();
    let secret = client_secret.filter(|secret| !secret.is_empty());
    if rule.unknown_blank().is_some() || (rule.needs_secret() && secret.is_none()) {
        return Ok(Vec::new());
    }
    // The refresh token would make new access tokens (L-01); a bearer is always the access token.
    let (kind, token) = match refresh_token {
        Some(token) if rule.auth != RevokeAuth::Bearer && !names("{access_token}") => {
            (TokenKind::Refresh, Some(token))
        }
        _ => (TokenKind::Access, access_token),
    };
    one(kind, token, |token| {
        let method = match rule.method {
            RevokeMethod::Post => http::Method::POST,
            RevokeMethod::Delete => http::Method::DELETE,
        };
        let mut request = http::Request::builder()
            .method(method)
            .uri(rule.url.as_str())
            .header(ACCEPT, "application/json");
        request = match (rule.auth, secret) {
            (RevokeAuth::Bearer, _) => request.header(AUTHORIZATION, bearer(token)?),
            (RevokeAuth::Basic, Some(secret)) => {
                request.header(AUTHORIZATION, basic(client_id, secret)?)
            }
            (RevokeAuth::Basic | RevokeAuth::None, _) => request,
        };
        for (name, value) in &connection.provider.extra.headers {
            request = request.header(name, value);
        }
        let filled = rule.body.iter().map(|(name, value)| {
            let value = match value.as_str() {
                "{token}" | "{access_token}" => token.reveal(),
                "{client_id}" => client_id,
                "{client_secret}" => secret.map_or("", Secret::reveal),
                fixed => fixed,
            };
            (name.as_str(), value)
        });
        let body = if rule.body.is_empty() {
            Vec::new()
        } else if rule.json {
            request = request.header(CONTENT_TYPE, "application/json");
            let members = filled.map(|(name, value)| (name.to_owned(), value.into()));
            Value::Object(members.collect()).to_string().into_bytes()
        } else {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(filled)
                .finish()
                .into_bytes()
        };
        request.body(body).map_err(|_| BuildProblem::NotSendable)
    })
}

fn one(
    kind: TokenKind,
    token: Option<&Secret>,
    request: impl FnOnce(&Secret) -> Result<HttpRequest, BuildProblem>,
) -> Result<Vec<Revocation>, BuildProblem> {
    token
        .map(|token| {
            Ok(Revocation {
                kind,
                request: request(token)?,
                ends_grant: true,
            })
        })
        .into_iter()
        .collect()
}

/// RFC 7009 section 2.1, authenticated as at the token endpoint (L-07).
fn standard(
    connection: &Connection,
    client_secret: Option<&Secret>,
    url: &EndpointUrl,
    refresh_token: Option<&Secret>,
    access_token: Option<&Secret>,
) -> Result<Vec<Revocation>, BuildProblem> {
    if secret_for(connection, client_secret).is_err() {
        return Ok(Vec::new());
    }
    let post = |token: &Secret, hint: &str| {
        form_post(
            connection,
            client_secret,
            url,
            &[("token", token.reveal()), ("token_type_hint", hint)],
        )
    };
    let mut requests = Vec::new();
    if let Some(token) = refresh_token {
        requests.push(Revocation {
            kind: TokenKind::Refresh,
            request: post(token, "refresh_token")?,
            ends_grant: true,
        });
    }
    if let Some(token) = access_token {
        requests.push(Revocation {
            kind: TokenKind::Access,
            request: post(token, "access_token")?,
            ends_grant: refresh_token.is_none(),
        });
    }
    Ok(requests)
}

fn token_only(url: &EndpointUrl, token: &Secret) -> Result<HttpRequest, BuildProblem> {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("token", token.reveal())
        .finish();
    http::Request::post(url.as_str())
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body.into_bytes())
        .map_err(|_| BuildProblem::NotSendable)
}

/// What the provider did with a revocation request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevocationOutcome {
    Revoked,
    /// It was no longer valid before: done as well.
    AlreadyInvalid,
    /// The provider revokes refresh tokens only; the access token lives to its end (L-03).
    AccessTokenNotRevocable,
    /// Assume that the token lives, and try again (L-04).
    TryLater {
        after: Option<Seconds>,
    },
    /// Never claim a revocation then (L-05).
    Refused(ProviderError),
}

/// Reads the answer to one of [`revocations`], by the provider's quirks and its rule.
pub fn revocation_answer(provider: &Provider, response: &HttpResponse) -> RevocationOutcome {
    let outcome = revocation_outcome(&provider.revoke, response);
    let is_gone = |answer: &Value| {
        provider
            .quirks
            .iter()
            .any(|quirk| matches!(quirk, Quirk::RevokeGone(words) if words.are_in(answer)))
    };
    // A server in trouble is believed in nothing else.
    match outcome {
        RevocationOutcome::TryLater { .. } | RevocationOutcome::Revoked => outcome,
        other => match Document::object(response.body()) {
            Ok(document) if is_gone(document.value()) => RevocationOutcome::AlreadyInvalid,
            _ => other,
        },
    }
}

/// The same by the rule alone.
pub fn revocation_outcome(rule: &RevokeRule, response: &HttpResponse) -> RevocationOutcome {
    let status = response.status();
    if is_transient(status.as_u16()) {
        return RevocationOutcome::TryLater {
            after: asked_to_wait(response.headers()),
        };
    }
    let document = Document::object(response.body()).ok();
    let code = document
        .as_ref()
        .and_then(|document| document.get("error"))
        .and_then(Value::as_str)
        .unwrap_or_default();
    let refused = || {
        let words = |name: &str| {
            let document = document.as_ref()?;
            document.get(name).and_then(Value::as_str).map(outside)
        };
        let unexplained = unexplained(response);
        RevocationOutcome::Refused(ProviderError {
            code: if code.is_empty() {
                unexplained.code.clone()
            } else {
                outside(code)
            },
            description: words("error_description"),
            uri: words("error_uri"),
            ..unexplained
        })
    };
    match rule {
        RevokeRule::BearerPost {
            success: Some(pointer),
            ..
        } => {
            let said = document
                .as_ref()
                .and_then(|document| document.value().pointer(pointer))
                .and_then(Value::as_bool);
            match (status.is_success(), said, code) {
                (true, Some(true), _) => RevocationOutcome::Revoked,
                // Slack's words for a token that is gone already.
                (_, _, "token_revoked" | "token_expired" | "invalid_auth" | "account_inactive") => {
                    RevocationOutcome::AlreadyInvalid
                }
                _ => refused(),
            }
        }
        // 404: GitHub no longer knows this token.
        RevokeRule::GithubDelete { .. } if status == http::StatusCode::NOT_FOUND => {
            RevocationOutcome::AlreadyInvalid
        }
        RevokeRule::TokenOnly if code == "invalid_token" => RevocationOutcome::AlreadyInvalid,
        // The body means nothing then, and unknown tokens count as revoked (RFC 7009 section 2.2).
        _ if status.is_success() => RevocationOutcome::Revoked,
        _ if code == "unsupported_token_type" => RevocationOutcome::AccessTokenNotRevocable,
        _ => refused(),
    }
}
