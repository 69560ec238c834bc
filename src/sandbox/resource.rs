//! What tokens are good for: the protected reads, userinfo, introspection and revocation.

use std::fmt::Write as _;

use serde_json::json;

use super::behaviour::Behaviour;
use super::clients::authenticate;
use super::http::{Request, Response};
use super::json::Object;
use super::refusal::Refusal;
use super::server::Context;
use super::store::{AccessToken, Grant, account};
use super::token::{checked_form, grace};

/// Who a grant is about, as the answers say it.
pub(super) struct Person {
    pub(super) subject: String,
    pub(super) name: String,
    pub(super) email: String,
}

impl Person {
    /// The account of the grant, unless the switch `subject` names another.
    pub(super) fn of(behaviour: &Behaviour, grant: &Grant) -> Self {
        let switched = behaviour.get("subject");
        let shown = switched.and_then(account).unwrap_or(grant.account);
        let subject = match switched {
            Some(text) if account(text).is_none() => text,
            _ => shown.subject,
        };
        Self {
            subject: subject.to_owned(),
            name: shown.name.to_owned(),
            email: shown.email.to_owned(),
        }
    }
}

/// `GET /me`: any live token.
pub(super) fn me(cx: &mut Context<'_>, request: &Request) -> Response {
    let token = match bearer(cx, request, None) {
        Ok(token) => token,
        Err(refused) => return refused,
    };
    let body = profile(cx, &token).with("scopes", token.scopes.clone());
    Response::json(200, &body.overridden(cx.behaviour, "me"))
}

/// `GET /items`: a live token with `items:read`.
pub(super) fn items(cx: &mut Context<'_>, request: &Request) -> Response {
    match bearer(cx, request, Some("items:read")) {
        Ok(_) => {
            let items = json!([
                { "id": 1, "title": "Water the plants" },
                { "id": 2, "title": "Return the valet key" },
            ]);
            Response::json(200, &json!({ "items": items }))
        }
        Err(refused) => refused,
    }
}

/// `GET /userinfo` (`OpenID` Connect Core section 5.3): a live token with `openid`.
pub(super) fn userinfo(cx: &mut Context<'_>, request: &Request) -> Response {
    match bearer(cx, request, Some("openid")) {
        Ok(token) => Response::json(
            200,
            &profile(cx, &token).overridden(cx.behaviour, "userinfo"),
        ),
        Err(refused) => refused,
    }
}

fn profile(cx: &Context<'_>, token: &AccessToken) -> Object {
    let person = Person::of(cx.behaviour, &cx.store.grants[token.grant]);
    let may = |scope: &str| token.scopes.iter().any(|known| known == scope);
    Object::new()
        .with("sub", person.subject)
        .with_some("name", may("profile").then_some(person.name))
        .with_some("email", may("email").then_some(person.email))
}

/// The live token of a request, or the refusal of RFC 6750 section 3.
fn bearer(
    cx: &Context<'_>,
    request: &Request,
    needs: Option<&str>,
) -> Result<AccessToken, Response> {
    let refused = |status: u16, error: &str, more: &str| {
        let metadata = format!("{}/.well-known/oauth-protected-resource", cx.base);
        let mut challenge = format!("Bearer realm=\"practice\", resource_metadata=\"{metadata}\"");
        let body = if error.is_empty() {
            Object::new()
        } else {
            let _ = write!(challenge, ", error=\"{error}\"{more}");
            Object::new().with("error", error)
        };
        let challenge = cx.behaviour.get("challenge").unwrap_or(&challenge);
        Response::json(status, &body).with_header("WWW-Authenticate", challenge)
    };
    let Some(value) = request.bearer() else {
        return Err(refused(401, "", ""));
    };
    let Some(token) = cx.store.live_access(value, cx.now) else {
        return Err(refused(401, "invalid_token", ""));
    };
    match needs {
        Some(scope) if !token.scopes.iter().any(|known| known == scope) => Err(refused(
            403,
            "insufficient_scope",
            &format!(", scope=\"{scope}\""),
        )),
        _ => Ok(token.clone()),
    }
}

/// `POST /revoke` (RFC 7009).
pub(super) fn revoke(cx: &mut Context<'_>, request: &Request) -> Response {
    let mode = cx.behaviour.get("revocation").unwrap_or("on");
    if mode == "off" {
        return Response::text(404, "no such page");
    }
    if let Ok(status) = mode.parse() {
        return Response::text(status, "as the switch revocation says");
    }
    match revoked(cx, request, mode) {
        Ok(()) => Response::text(200, ""),
        Err(refusal) => refusal.answer(cx.behaviour),
    }
}

fn revoked(cx: &mut Context<'_>, request: &Request, mode: &str) -> Result<(), Refusal> {
    if request.method != "POST" {
        return Err(Refusal::new(405, "invalid_request", "POST"));
    }
    let form = checked_form(request)?;
    let client = authenticate(&cx.store.clients, cx.behaviour, request, &form)?
        .id
        .clone();
    let value = form
        .get("token")
        .ok_or_else(|| Refusal::request("token is missing"))?;
    let access = cx
        .store
        .access
        .iter()
        .position(|token| token.value == value);
    let refresh = cx.store.refresh.iter().find(|token| token.value == value);
    let grant = access.map(|place| cx.store.access[place].grant);
    let Some(grant) = grant.or(refresh.map(|token| token.grant)) else {
        // A token nobody knows is as good as revoked (section 2.2).
        return Ok(());
    };
    if cx.store.grants[grant].client_id != client {
        return Err(Refusal::request("the token was given to another client"));
    }
    match (access, mode) {
        (Some(_), "unsupported_token_type") => {
            Err(Refusal::new(400, mode, "access tokens cannot be revoked"))
        }
        (_, code) if code != "on" && code != "unsupported_token_type" => {
            Err(Refusal::new(400, code, "as the switch revocation says"))
        }
        (Some(place), _) => {
            cx.store.access[place].revoked = true;
            Ok(())
        }
        (None, _) => {
            cx.store.grants[grant].revoked = true;
            Ok(())
        }
    }
}

/// `POST /introspect` (RFC 7662).
pub(super) fn introspect(cx: &mut Context<'_>, request: &Request) -> Response {
    if cx.behaviour.is("introspection", "off") {
        return Response::text(404, "no such page");
    }
    match introspected(cx, request) {
        Ok(body) => Response::json(200, &body.overridden(cx.behaviour, "introspect")),
        Err(refusal) => refusal.answer(cx.behaviour),
    }
}

fn introspected(cx: &Context<'_>, request: &Request) -> Result<Object, Refusal> {
    if request.method != "POST" {
        return Err(Refusal::new(405, "invalid_request", "POST"));
    }
    let form = checked_form(request)?;
    let client = authenticate(&cx.store.clients, cx.behaviour, request, &form)?;
    let value = form
        .get("token")
        .ok_or_else(|| Refusal::request("token is missing"))?;
    let own = |grant: usize| cx.store.grants[grant].client_id == client.id;
    let about = |grant: usize, scopes: &[String]| {
        let grant = &cx.store.grants[grant];
        let person = Person::of(cx.behaviour, grant);
        Object::new()
            .with("active", true)
            .with("scope", scopes.join(" "))
            .with("client_id", grant.client_id.as_str())
            .with("username", grant.account.login)
            .with("sub", person.subject)
            .with("iss", cx.base)
            .with_some("aud", grant.resources.first().cloned())
    };
    if let Some(token) = cx
        .store
        .live_access(value, cx.now)
        .filter(|token| own(token.grant))
    {
        return Ok(about(token.grant, &token.scopes)
            .with("token_type", "Bearer")
            .with("iat", token.issued_at)
            .with("exp", token.expires_at));
    }
    let refresh = cx.store.refresh.iter().find(|token| token.value == value);
    match refresh {
        Some(token) if own(token.grant) && cx.store.refresh_is_live(token, cx.now, grace(cx)) => {
            Ok(about(token.grant, &cx.store.grants[token.grant].scopes))
        }
        _ => Ok(Object::new().with("active", false)),
    }
}
