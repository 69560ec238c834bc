//! What the provider says about itself, and registration of new clients.

use serde_json::Value;

use super::clients::{Client, ClientAuth, is_loopback};
use super::http::{Request, Response};
use super::json::Object;
use super::refusal::Refusal;
use super::server::Context;
use super::store::{SCOPES, random_text};

/// `/.well-known/oauth-authorization-server` (RFC 8414 section 3).
pub(super) fn oauth(cx: &mut Context<'_>, _: &Request) -> Response {
    match cx.behaviour.get("wellknown") {
        Some("oidc" | "none") => Response::text(404, "no such page"),
        _ => Response::json(200, &document(cx).overridden(cx.behaviour, "metadata")),
    }
}

/// `/.well-known/openid-configuration` (`OpenID` Connect Discovery section 4).
pub(super) fn oidc(cx: &mut Context<'_>, _: &Request) -> Response {
    if let Some("oauth" | "none") = cx.behaviour.get("wellknown") {
        return Response::text(404, "no such page");
    }
    let members = document(cx)
        .with("subject_types_supported", vec!["public"])
        .with("id_token_signing_alg_values_supported", vec!["RS256"]);
    Response::json(200, &members.overridden(cx.behaviour, "metadata"))
}

/// `/.well-known/oauth-protected-resource` (RFC 9728 section 3).
pub(super) fn resource(cx: &mut Context<'_>, _: &Request) -> Response {
    let members = Object::new()
        .with("resource", cx.base)
        .with("authorization_servers", vec![cx.base])
        .with("scopes_supported", scopes())
        .with("bearer_methods_supported", vec!["header"]);
    Response::json(200, &members.overridden(cx.behaviour, "resource"))
}

fn document(cx: &Context<'_>) -> Object {
    let at = |path: &str| format!("{}{path}", cx.base);
    let unless_off = |switch: &str, path: &str| (!cx.behaviour.is(switch, "off")).then(|| at(path));
    let auth = vec![
        ClientAuth::None.name(),
        ClientAuth::Basic.name(),
        ClientAuth::Post.name(),
    ];
    Object::new()
        .with("issuer", cx.base)
        .with("authorization_endpoint", at("/authorize"))
        .with("token_endpoint", at("/token"))
        .with_some(
            "device_authorization_endpoint",
            unless_off("device_flow", "/device_authorization"),
        )
        .with_some("revocation_endpoint", unless_off("revocation", "/revoke"))
        .with_some(
            "introspection_endpoint",
            unless_off("introspection", "/introspect"),
        )
        .with_some(
            "registration_endpoint",
            unless_off("registration", "/register"),
        )
        .with("userinfo_endpoint", at("/userinfo"))
        .with("jwks_uri", at("/jwks"))
        .with("scopes_supported", scopes())
        .with("response_types_supported", vec!["code"])
        .with("response_modes_supported", vec!["query"])
        .with(
            "grant_types_supported",
            vec![
                "authorization_code",
                "refresh_token",
                "urn:ietf:params:oauth:grant-type:device_code",
            ],
        )
        .with("token_endpoint_auth_methods_supported", auth)
        .with("code_challenge_methods_supported", vec!["S256"])
        .with(
            "authorization_response_iss_parameter_supported",
            !cx.behaviour.is("iss_advertised", "off"),
        )
}

fn scopes() -> Vec<&'static str> {
    SCOPES.iter().map(|(name, _)| *name).collect()
}

/// `POST /register` (RFC 7591 section 3).
pub(super) fn register(cx: &mut Context<'_>, request: &Request) -> Response {
    let refusal = match cx.behaviour.get("registration") {
        Some("off") => return Response::text(404, "no such page"),
        Some(code) if code != "on" => Refusal::new(400, code, "as the switch registration says"),
        _ => match registered(cx, request) {
            Ok(members) => {
                return Response::json(201, &members.overridden(cx.behaviour, "register"));
            }
            Err(refusal) => refusal,
        },
    };
    refusal.answer(cx.behaviour)
}

fn registered(cx: &mut Context<'_>, request: &Request) -> Result<Object, Refusal> {
    let wrong = |why: &str| Refusal::new(400, "invalid_client_metadata", why);
    if request.method != "POST" {
        return Err(Refusal::new(405, "invalid_request", "POST"));
    }
    let asked: Value = serde_json::from_slice(&request.body).map_err(|_| wrong("not JSON"))?;
    let uris: Vec<String> = serde_json::from_value(asked["redirect_uris"].clone())
        .map_err(|_| Refusal::new(400, "invalid_redirect_uri", "redirect_uris is missing"))?;
    if !uris.iter().all(|uri| may_register(uri)) {
        return Err(Refusal::new(
            400,
            "invalid_redirect_uri",
            "https, or http on loopback",
        ));
    }
    // RFC 7591 section 2: basic where nothing is said.
    let method = asked["token_endpoint_auth_method"]
        .as_str()
        .unwrap_or("client_secret_basic");
    let auth = ClientAuth::from_name(method).ok_or_else(|| wrong("authentication method"))?;
    let id = format!("sbx_client_{}", random_text());
    let secret = (auth != ClientAuth::None).then(|| cx.store.secret("sbx_secret_"));
    let name = asked["client_name"].as_str().unwrap_or(&id).to_owned();
    let members = Object::new()
        .with("client_id", id.as_str())
        .with("client_id_issued_at", cx.now)
        .with_some("client_secret", secret.clone())
        .with_some("client_secret_expires_at", secret.as_ref().map(|_| 0))
        .with("client_name", name.as_str())
        .with("redirect_uris", uris.clone())
        .with("token_endpoint_auth_method", auth.name())
        .with("grant_types", vec!["authorization_code", "refresh_token"])
        .with("response_types", vec!["code"]);
    cx.store.clients.push(Client {
        id,
        name,
        secret,
        auth,
        redirect_uris: uris,
    });
    Ok(members)
}

fn may_register(uri: &str) -> bool {
    url::Url::parse(uri)
        .is_ok_and(|url| url.fragment().is_none() && (url.scheme() == "https" || is_loopback(&url)))
}
