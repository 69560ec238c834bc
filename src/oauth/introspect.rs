//! Asking a provider what it thinks of a token (RFC 7662).

use serde_json::Value;

use crate::model::{Connection, ScopeSet, Secret, UnixTime, Untrusted};

use super::client_auth::form_post;
use super::id_token::{TOLERANCE, moment_of};
use super::normalise::{outside, success_object};
use super::{AnswerError, BuildProblem, HttpRequest, HttpResponse, MemberProblem};

/// What a provider says of a token. It decides nothing here: a token that is refused here stays refused
/// (conformance L-09).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introspection {
    pub active: bool,
    /// Only of an active token, like all that follows (RFC 7662 section 2.2); `None` where it is not told.
    pub scopes: Option<ScopeSet>,
    pub expires_at: Option<UnixTime>,
    /// A name for people, else the provider's identifier.
    pub account: Option<Untrusted>,
}

impl Introspection {
    /// It is said to be active, and to have ended before `now` (conformance D17).
    pub fn contradicts_itself(&self, now: UnixTime) -> bool {
        let ended = |end: UnixTime| end.plus(TOLERANCE) < now;
        self.active && self.expires_at.is_some_and(ended)
    }
}

/// Asks about an access token, authenticated as at the token endpoint (RFC 7662 section 2.1).
///
/// # Errors
/// [`BuildProblem::NoEndpoint`] without such an endpoint.
pub fn introspection(
    connection: &Connection,
    client_secret: Option<&Secret>,
    access_token: &Secret,
) -> Result<HttpRequest, BuildProblem> {
    let endpoint = connection.provider.endpoints.introspection.as_ref();
    let url = endpoint.ok_or(BuildProblem::NoEndpoint("introspection"))?;
    form_post(
        connection,
        client_secret,
        url,
        &[
            ("token", access_token.reveal()),
            ("token_type_hint", "access_token"),
        ],
    )
}

/// Reads the answer (RFC 7662 section 2.2).
///
/// # Errors
/// Whatever a token answer may have wrong, and an `active` that is no boolean: a text `"false"` must not
/// be read as yes (conformance D16).
pub fn introspection_answer(
    connection: &Connection,
    response: &HttpResponse,
) -> Result<Introspection, AnswerError> {
    let document = success_object(&connection.provider, response)?;
    let problem = |problem| AnswerError::Malformed {
        member: "active",
        problem,
    };
    let active = match document.get("active") {
        Some(Value::Bool(active)) => *active,
        Some(_) => return Err(problem(MemberProblem::Type)),
        None => return Err(problem(MemberProblem::Missing)),
    };
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    let told = |name: &str| text(name).filter(|text| !text.trim().is_empty());
    // What is said beside a "no" is not to be used.
    Ok(Introspection {
        active,
        scopes: text("scope")
            .filter(|_| active)
            .and_then(|scopes| ScopeSet::parse(scopes).ok()),
        expires_at: document.get("exp").filter(|_| active).and_then(moment_of),
        account: told("username")
            .or_else(|| told("sub"))
            .filter(|_| active)
            .map(outside),
    })
}
