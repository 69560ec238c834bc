//! The JSON shapes of DESIGN section 7. Fields are added, never changed; unknown is null, never absent.

use serde_json::{Value, json};

use crate::engine::Detail;
use crate::model::{
    Account, Connection, EndpointUrl, Expiry, Grant, ProviderKind, ScopeSet, UnixTime, Verdict,
    Waiting,
};

/// A connection as `list` shows it.
pub(super) fn connection(connection: &Connection, verdict: &Verdict) -> Value {
    let grant = connection
        .grant
        .as_ref()
        .filter(|_| connection.ended.is_none());
    let provider = &connection.provider;
    json!({
        "id": connection.id.as_str(),
        "name": connection.name.as_str(),
        "provider": {
            "id": provider.id,
            "name": provider.name,
            "kind": kind(provider.kind),
        },
        "client_id": connection.registration.client_id,
        "account": grant.and_then(|grant| grant.account.as_ref()).map(account),
        "health": verdict.health.word(),
        "reason": verdict.reason,
        "message": verdict.message,
        "scopes": scopes(&connection.requested, grant),
        "access_token": access_token(grant),
        "refresh_token": {
            "present": grant.is_some_and(|grant| grant.has_refresh_token),
            "rotates": grant.and_then(|grant| grant.rotates),
            "ends_at": grant.and_then(|grant| grant.ends_at).map(UnixTime::rfc3339),
        },
        "resources": connection.resources,
        "tested_at": grant.and_then(|grant| grant.tested_at).map(UnixTime::rfc3339),
        "signed_in_at": grant.map(|grant| grant.signed_in_at.rfc3339()),
    })
}

/// A connection as `show` shows it: the above and its definition.
pub(super) fn detail(detail: &Detail) -> Value {
    let known = &detail.connection;
    let mut value = connection(known, &detail.verdict);
    let endpoints = &known.provider.endpoints;
    let more = json!({
        "version": 1,
        "issuer": known.provider.issuer.as_ref().map(|issuer| issuer.as_str()),
        "endpoints": {
            "authorization": address(endpoints.authorization.as_ref()),
            "token": address(endpoints.token.as_ref()),
            "device": address(endpoints.device.as_ref()),
            "revocation": address(endpoints.revocation.as_ref()),
            "introspection": address(endpoints.introspection.as_ref()),
            "userinfo": address(endpoints.userinfo.as_ref()),
            "keys": address(endpoints.jwks.as_ref()),
            "registration": address(endpoints.registration.as_ref()),
        },
        "hosts": known.provider.hosts(),
        "proxy": super::look::proxy(known).ok().flatten(),
        "auth": known.registration.auth.as_str(),
        "redirect_uri": known.registration.redirect.to_string(),
        "issuer_proof": known.issuer_proof().word(),
        "quirks": known.provider.quirks.iter().map(|quirk| quirk.name()).collect::<Vec<_>>(),
        "dev_http": known.dev_http,
        "serving": {
            "policy": known.serving.policy.word(),
            "lifetime_seconds": known.serving.lifetime.map(|span| span.0),
            "refresh_ahead": known.serving.ahead,
        },
        "waiting_revocations": detail.waiting.iter().map(waiting).collect::<Vec<_>>(),
        "last_test": known.grant.as_ref().and_then(|grant| grant.tested_at).map(UnixTime::rfc3339),
    });
    if let (Some(value), Value::Object(more)) = (value.as_object_mut(), more) {
        value.extend(more);
    }
    value
}

/// A revocation that the provider did not hear.
pub(super) fn waiting(waiting: &Waiting) -> Value {
    json!({
        "connection": waiting.of.name.as_str(),
        "connection_id": waiting.of.id.as_str(),
        "provider": waiting.of.provider.name,
        "since": waiting.since.rfc3339(),
        "tries": waiting.tries,
        "next_try": waiting.next.at.rfc3339(),
        "reason": waiting.problem.detail.shown(),
        "page": waiting.of.provider.manage_url.as_ref().map(EndpointUrl::as_str),
    })
}

fn address(url: Option<&EndpointUrl>) -> Option<&str> {
    url.map(EndpointUrl::as_str)
}

/// Where a provider's definition comes from.
pub(super) fn kind(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Preset => "preset",
        ProviderKind::Custom => "custom",
        ProviderKind::Discovered => "discovered",
        ProviderKind::Practice => "practice",
    }
}

fn account(account: &Account) -> Value {
    json!({
        "label": account.label.shown(),
        "id": account.id.as_ref().map(|id| id.shown()),
        "source": account.source.as_str(),
    })
}

fn scopes(requested: &ScopeSet, grant: Option<&Grant>) -> Value {
    let granted = grant.and_then(|grant| grant.granted.as_ref());
    let none = ScopeSet::default();
    json!({
        "requested": list(requested),
        "granted": granted.map(list),
        "stated": granted.is_some(),
        "refused": list(&granted.map_or(none.clone(), |granted| requested.without(granted))),
        "added": list(&granted.map_or(none, |granted| granted.without(requested))),
    })
}

fn access_token(grant: Option<&Grant>) -> Value {
    let expiry = grant.map(|grant| grant.expiry);
    json!({
        "expires_at": expiry.and_then(Expiry::at).map(UnixTime::rfc3339),
        "expiry": match expiry {
            Some(Expiry::At(_)) => "stated",
            Some(Expiry::NotStated) => "not_stated",
            Some(Expiry::Never) => "never",
            None => "none",
        },
    })
}

/// Scopes as a JSON array, in their own order.
pub(super) fn list(scopes: &ScopeSet) -> Vec<&str> {
    scopes.iter().map(crate::model::Scope::as_str).collect()
}
