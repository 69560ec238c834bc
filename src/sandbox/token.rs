//! The token endpoint: code, refresh token and device code become tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::clients::{Client, authenticate};
use super::device;
use super::http::{Request, Response};
use super::idtoken;
use super::json::Object;
use super::params::Params;
use super::refusal::Refusal;
use super::server::Context;
use super::store::{AccessToken, GrantId, RefreshToken, ReuseEvent, scope_list};

/// Seconds an access token lives unless a switch says otherwise.
const LIFETIME: i64 = 3600;

/// `POST /token` (RFC 6749 section 3.2).
pub(super) fn token(cx: &mut Context<'_>, request: &Request) -> Response {
    if request.method != "POST" {
        return Response::text(405, "POST").with_header("Allow", "POST");
    }
    if let Some(code) = cx.behaviour.get("token_error") {
        let status = if code == "invalid_client" { 401 } else { 400 };
        return Refusal::new(status, code, "as the switch says").answer(cx.behaviour);
    }
    if let Some(code) = cx.behaviour.get("token_error_in_200") {
        return Refusal::new(200, code, "as the switch says").answer(cx.behaviour);
    }
    if cx.behaviour.is("token_shape", "ok_false") {
        let body = Object::new()
            .with("ok", false)
            .with("error", "invalid_code");
        return Response::json(200, &body);
    }
    match exchange(cx, request) {
        Ok(members) => shaped(cx, members),
        Err(refusal) => refusal.answer(cx.behaviour),
    }
}

fn exchange(cx: &mut Context<'_>, request: &Request) -> Result<Object, Refusal> {
    let form = checked_form(request)?;
    let client = authenticate(&cx.store.clients, cx.behaviour, request, &form)?.clone();
    match form.get("grant_type") {
        Some("authorization_code") => by_code(cx, &client, &form),
        Some("refresh_token") => by_refresh_token(cx, &client, &form),
        Some("urn:ietf:params:oauth:grant-type:device_code") => {
            let grant = device::poll(cx, &client, &form)?;
            let scopes = cx.store.grants[grant].scopes.clone();
            let refresh = new_refresh_token(cx, grant);
            Ok(issue(cx, grant, scopes, refresh, None))
        }
        Some(_) => Err(Refusal::new(
            400,
            "unsupported_grant_type",
            "not offered here",
        )),
        None => Err(Refusal::request("grant_type is missing")),
    }
}

/// The form of a request, or why it cannot be read.
pub(super) fn checked_form(request: &Request) -> Result<Params, Refusal> {
    if !request.is_form() {
        return Err(Refusal::request(
            "the content type must be application/x-www-form-urlencoded",
        ));
    }
    let form = request.form();
    match form.repeated() {
        Some(name) => Err(Refusal::request(&format!("{name} stands there twice"))),
        None => Ok(form),
    }
}

fn by_code(cx: &mut Context<'_>, client: &Client, form: &Params) -> Result<Object, Refusal> {
    let verifier = form.get("code_verifier");
    let value = form
        .get("code")
        .ok_or_else(|| Refusal::request("code is missing"))?;
    let place = cx.store.codes.iter().position(|code| code.value == value);
    let place = place.ok_or_else(|| Refusal::grant("unknown code"))?;
    let code = cx.store.codes[place].clone();
    if cx.store.grants[code.grant].client_id != client.id {
        return Err(Refusal::grant("the code was given to another client"));
    }
    // Whatever happens next, a code is presented once; a second time ends what came of the first
    // (RFC 6749 section 4.1.2).
    cx.store.codes[place].used = true;
    if code.used {
        cx.store.grants[code.grant].revoked = true;
        return Err(Refusal::grant("the code was used before"));
    }
    if code.expires_at <= cx.now {
        return Err(Refusal::grant("the code has expired"));
    }
    if form.get("redirect_uri") != Some(&code.redirect_uri) {
        return Err(Refusal::grant(
            "redirect_uri differs from the authorization request",
        ));
    }
    if !cx.behaviour.is("pkce", "ignored") {
        check_verifier(code.challenge.as_deref(), verifier)?;
    }
    let grant = &cx.store.grants[code.grant];
    let (scopes, nonce) = (grant.scopes.clone(), grant.nonce.clone());
    let refresh = new_refresh_token(cx, code.grant);
    Ok(issue(cx, code.grant, scopes, refresh, nonce))
}

/// RFC 7636 section 4.6.
fn check_verifier(challenge: Option<&str>, verifier: Option<&str>) -> Result<(), Refusal> {
    let Some(challenge) = challenge else {
        return match verifier {
            None => Ok(()),
            Some(_) => Err(Refusal::grant("code_verifier without a code_challenge")),
        };
    };
    let verifier = verifier.ok_or_else(|| Refusal::grant("code_verifier is missing"))?;
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(unreserved) {
        return Err(Refusal::grant("code_verifier is malformed"));
    }
    if URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) != challenge {
        return Err(Refusal::grant(
            "code_verifier does not fit the code_challenge",
        ));
    }
    Ok(())
}

fn by_refresh_token(
    cx: &mut Context<'_>,
    client: &Client,
    form: &Params,
) -> Result<Object, Refusal> {
    let value = form
        .get("refresh_token")
        .ok_or_else(|| Refusal::request("refresh_token is missing"))?;
    let place = cx
        .store
        .refresh
        .iter()
        .position(|token| token.value == value);
    let place = place.ok_or_else(|| Refusal::grant("unknown refresh token"))?;
    let token = cx.store.refresh[place].clone();
    let grant = &cx.store.grants[token.grant];
    if grant.client_id != client.id {
        return Err(Refusal::grant(
            "the refresh token was given to another client",
        ));
    }
    if grant.revoked {
        return Err(Refusal::grant("the grant was revoked"));
    }
    if !cx.store.refresh_is_live(&token, cx.now, grace(cx)) {
        let event = ReuseEvent {
            refresh_token: token.value,
            at: cx.now,
        };
        cx.store.reuse.push(event);
        if !cx.behaviour.is("reuse", "refuse") {
            cx.store.grants[token.grant].revoked = true;
        }
        return Err(Refusal::grant("the refresh token was used before"));
    }
    let scopes = form
        .get("scope")
        .map_or_else(|| grant.scopes.clone(), scope_list);
    if !scopes.iter().all(|scope| grant.scopes.contains(scope)) {
        return Err(Refusal::new(400, "invalid_scope", "wider than the grant"));
    }
    let refresh = if cx.behaviour.is("rotation", "off") {
        (!withholds_refresh_token(cx)).then_some(token.value)
    } else {
        let next = new_refresh_token(cx, token.grant);
        if next.is_some() {
            cx.store.refresh[place].spent_at.get_or_insert(cx.now);
        }
        next
    };
    Ok(issue(cx, token.grant, scopes, refresh, None))
}

/// Seconds a spent refresh token still works.
pub(super) fn grace(cx: &Context<'_>) -> i64 {
    cx.behaviour.number("grace").map_or(0, i64::from)
}

/// A switch that replaces the member also means that none is issued, so that an old one stays
/// good.
fn withholds_refresh_token(cx: &Context<'_>) -> bool {
    cx.behaviour.get("token.refresh_token").is_some()
}

fn new_refresh_token(cx: &mut Context<'_>, grant: GrantId) -> Option<String> {
    if withholds_refresh_token(cx) {
        return None;
    }
    let value = cx.store.secret("sbx_rt_");
    cx.store.refresh.push(RefreshToken {
        value: value.clone(),
        grant,
        spent_at: None,
    });
    Some(value)
}

fn issue(
    cx: &mut Context<'_>,
    grant: GrantId,
    scopes: Vec<String>,
    refresh: Option<String>,
    nonce: Option<String>,
) -> Object {
    let value = cx.store.secret("sbx_at_");
    let lifetime = cx
        .behaviour
        .stated_seconds("token.expires_in")
        .unwrap_or(LIFETIME);
    let id_token = idtoken::wanted(cx, &scopes).then(|| {
        let token = idtoken::make(cx, &cx.store.grants[grant], &value, nonce);
        cx.store.note_secret(&token);
        token
    });
    let stated = match cx.behaviour.get("scope_form") {
        Some("comma") => Value::from(scopes.join(",")),
        Some("array") => Value::from(scopes.clone()),
        _ => Value::from(scopes.join(" ")),
    };
    cx.store.access.push(AccessToken {
        value: value.clone(),
        grant,
        scopes,
        issued_at: cx.now,
        expires_at: cx.now.saturating_add(lifetime),
        revoked: false,
    });
    Object::new()
        .with("access_token", value)
        .with("token_type", "Bearer")
        .with("expires_in", lifetime)
        .with_some("refresh_token", refresh)
        .with("scope", stated)
        .with_some("id_token", id_token)
}

fn shaped(cx: &Context<'_>, members: Object) -> Response {
    let mut members = members.overridden(cx.behaviour, "token");
    if let Some(name) = cx.behaviour.get("token_duplicate") {
        members.duplicate(name);
    }
    if cx.behaviour.is("token_shape", "form") {
        return Response::new(200, "application/x-www-form-urlencoded", members.to_form());
    }
    if let Some(name) = cx.behaviour.get("token_nest") {
        members = members.nested_under(name);
    }
    Response::json(200, &members)
}
