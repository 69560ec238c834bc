//! A connection as a file can describe it: everything but secrets, tokens, accounts and grants.
//!
//! Every address is written out, those of a preset too, so that a definition says the same wherever it is
//! read and whatever a later version's presets say.

mod hosts;
mod read;
mod read_provider;
#[cfg(test)]
mod tests;
mod write;

pub use hosts::{HostUse, hosts};
pub use read::{Definitions, Located, MOST_DEFINITIONS, read_definitions};
pub use write::write_definitions;

use super::Catalogue;
use crate::model::{
    ClientAuth, Connection, ConnectionName, Provider, ProviderKind, RedirectUri, ScopeSet, Serving,
    TestMethod, TestRead,
};

/// The definition of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    pub name: ConnectionName,
    pub provider: Provider,
    pub client_id: String,
    pub auth: ClientAuth,
    pub redirect: RedirectUri,
    pub scopes: ScopeSet,
    pub resources: Vec<String>,
    pub dev_http: bool,
    pub ca_pem: Option<String>,
    pub serving: Serving,
}

/// How a definition stands to the preset whose id it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The preset's own, variables filled in.
    Shipped,
    /// It carries the preset's id and differs from it in these fields.
    Changed(Vec<&'static str>),
    /// It says that it is a preset, and there is none of that id.
    Unknown,
    /// Somebody's own.
    Own,
}

impl Definition {
    pub fn of(connection: &Connection) -> Self {
        let registration = &connection.registration;
        Self {
            name: connection.name.clone(),
            provider: connection.provider.clone(),
            client_id: registration.client_id.clone(),
            auth: registration.auth,
            redirect: registration.redirect.clone(),
            scopes: connection.requested.clone(),
            resources: connection.resources.clone(),
            dev_http: connection.dev_http,
            ca_pem: connection.ca_pem.clone(),
            serving: connection.serving,
        }
    }

    /// Whether signing in takes a client secret, which is in no definition.
    pub fn needs_client_secret(&self) -> bool {
        self.auth != ClientAuth::None
    }

    /// Names of the fields in which two definitions differ; their names aside.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let whole = [
            ("client ID", self.client_id != other.client_id),
            ("client authentication", self.auth != other.auth),
            ("redirect", self.redirect != other.redirect),
            ("scopes", self.scopes != other.scopes),
            ("resources", self.resources != other.resources),
            ("plain http", self.dev_http != other.dev_http),
            ("certificates", self.ca_pem != other.ca_pem),
        ];
        let mut fields = provider_differences(&self.provider, &other.provider);
        fields.extend(named(&whole));
        fields
    }

    /// Whether it is what a preset makes of some variables.
    pub fn origin(&self, catalogue: &Catalogue) -> Origin {
        match catalogue.find(&self.provider.id) {
            Some(preset) => {
                let made = preset.made_like(&self.provider, &self.client_id);
                let differs = made.map_or(vec!["endpoints"], |made| {
                    provider_differences(&self.provider, &made)
                });
                if differs.is_empty() {
                    Origin::Shipped
                } else {
                    Origin::Changed(differs)
                }
            }
            None if self.provider.kind == ProviderKind::Preset => Origin::Unknown,
            None => Origin::Own,
        }
    }

    /// A POST as test read (conformance C-09) and an address of its own to revoke at are for presets to
    /// fix: whoever hands a file around must not choose what is sent with somebody's token.
    fn sends_only_what_it_may(&self, catalogue: &Catalogue) -> bool {
        let provider = &self.provider;
        let posts = |test: &TestRead| matches!(test.method, TestMethod::Post { .. });
        let posts = provider.test.as_ref().is_some_and(posts);
        let revokes = provider.revoke.url().is_some();
        if !posts && !revokes {
            return true;
        }
        let preset = catalogue.find(&provider.id);
        preset
            .and_then(|preset| preset.made_like(provider, &self.client_id))
            .is_some_and(|made| {
                (!posts || made.test == provider.test)
                    && (!revokes || made.revoke == provider.revoke)
            })
    }
}

fn provider_differences(one: &Provider, two: &Provider) -> Vec<&'static str> {
    named(&[
        ("provider", (&one.id, &one.name) != (&two.id, &two.name)),
        ("kind", one.kind != two.kind),
        ("issuer", (&one.issuer, one.iss) != (&two.issuer, two.iss)),
        ("endpoints", one.endpoints != two.endpoints),
        ("parameters", one.extra != two.extra),
        ("quirks", one.quirks != two.quirks),
        ("test read", one.test != two.test),
        ("revocation", one.revoke != two.revoke),
        ("manage page", one.manage_url != two.manage_url),
        ("API hosts", one.api_hosts != two.api_hosts),
    ])
}

fn named(fields: &[(&'static str, bool)]) -> Vec<&'static str> {
    let differing = fields.iter().filter(|(_, differs)| *differs);
    differing.map(|(field, _)| *field).collect()
}
