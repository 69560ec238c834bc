//! The connection that a preset makes, and the app that is registered for it.

use std::collections::{BTreeMap, BTreeSet};

use valetkey::engine::NewConnection;
use valetkey::model::{LoopbackHost, Quirk, Scope, ScopeSet, Secret};
use valetkey::provider::{Preset, Way};

use crate::dressed::{App, By};
use crate::fixture::Fixture;

pub(crate) const CLIENT_ID: &str = "pretended-client";
pub(crate) const SECRET: &str = "pretended-client-secret";

/// The connection that the preset makes, as a person adds it.
pub(crate) fn definition(
    preset: &Preset,
    facts: &Fixture,
    by: By,
    without: Option<&Quirk>,
) -> Result<NewConnection, String> {
    let values: BTreeMap<String, String> = facts.values.clone();
    let mut provider = preset
        .provider(&values, CLIENT_ID)
        .map_err(|problem| problem.to_string())?;
    let way = match by {
        By::Browser => Way::Browser,
        By::Device => Way::Device,
    };
    let mut has_secret = preset.client.needs_secret(way);
    let mut redirect = preset.redirect(&values);
    if redirect.port.is_some() {
        // A port of its own, so that nothing else on this machine is in the way.
        redirect.port = Some(free_port());
    }
    // For services that refuse the parameter: a person asks for a resource all the same.
    let resources = if provider.has(&Quirk::NoResource) {
        vec!["https://resource.example/".to_owned()]
    } else {
        Vec::new()
    };
    if let Some(quirk) = without {
        provider.quirks.remove(quirk);
        match quirk {
            Quirk::FixedPort => redirect.port = None,
            Quirk::LocalhostRedirect => redirect.host = LoopbackHost::V4,
            Quirk::SecretRequired => has_secret = false,
            _ => {}
        }
    }
    let mut scopes: Vec<Scope> = preset.default_scopes().iter().cloned().collect();
    for scope in &facts.also_ask {
        scopes.push(Scope::parse(scope).map_err(|problem| problem.to_string())?);
    }
    Ok(NewConnection {
        name: None,
        provider,
        reuse: None,
        client_id: CLIENT_ID.to_owned(),
        client_secret: has_secret.then(|| Secret::new(SECRET.to_owned())),
        auth: preset.client.auth_with(has_secret),
        redirect,
        scopes: scopes.into_iter().collect(),
        resources,
        dev_http: false,
        ca_pem: None,
    })
}

pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// What the person entered at the service.
pub(crate) fn app(new: &NewConnection) -> App {
    App {
        client_id: CLIENT_ID.to_owned(),
        secret: SECRET.to_owned(),
        redirect: new.redirect.to_string(),
        asked: names(&new.scopes),
    }
}

pub(crate) fn names(scopes: &ScopeSet) -> BTreeSet<String> {
    scopes
        .iter()
        .map(|scope| scope.as_str().to_owned())
        .collect()
}
