//! Definitions and backups on their way out and in. Nothing here goes over the network: what is imported
//! sends nothing before somebody signs in with it (conformance G-09).

use super::{Change, Engine, Error};
use crate::model::{Connection, ConnectionName, Policy, Registration, Secret};
use crate::provider::{Definition, write_definitions};
use crate::vault::{Addition, Carried};

/// Something to be imported: a definition, under the name it gets here, and what came with it.
pub struct Import {
    pub definition: Definition,
    pub carried: Carried,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// In the order they were given.
    pub connections: Vec<Connection>,
    /// Connections whose sign-in this vault had already, so that it was left out.
    pub known_already: Vec<ConnectionName>,
}

impl Engine {
    /// Every connection, sorted by name; or those of these names, each once.
    pub fn connections(&self, names: &[String]) -> Result<Vec<Connection>, Error> {
        if names.is_empty() {
            let rows = self.rows()?;
            let ids = rows.iter().map(|row| &row.summary.id);
            return ids.map(|id| self.connection_by_id(id)).collect();
        }
        let mut found: Vec<Connection> = Vec::new();
        for name in names {
            let connection = self.connection(name)?;
            if !found.iter().any(|known| known.id == connection.id) {
                found.push(connection);
            }
        }
        found.sort_by_key(|connection| connection.name.as_str().to_lowercase());
        Ok(found)
    }

    /// These connections with their client secrets and sign-ins, sealed under a passphrase of its own
    /// (conformance X-05).
    pub fn back_up(
        &self,
        connections: &[Connection],
        passphrase: &Secret,
    ) -> Result<Vec<u8>, Error> {
        let ids: Vec<_> = connections.iter().map(|known| known.id.clone()).collect();
        let now = self.now();
        let text = |connections: &[Connection]| {
            let definitions: Vec<Definition> = connections.iter().map(Definition::of).collect();
            write_definitions(&definitions)
        };
        self.with_vault(|vault| vault.back_up_sign_ins(&ids, passphrase, text, now))
    }

    /// The registration at exactly the same addresses, of these connections, that a definition would share.
    pub fn registration_for(
        known: &[Connection],
        definition: &Definition,
    ) -> Result<Option<Registration>, Error> {
        Ok(shared(known, &Self::unstored(definition)?))
    }

    /// Stores new connections, all of them or none. The vault must be open when a secret comes along.
    pub fn import(&self, imports: Vec<Import>) -> Result<Imported, Error> {
        let mut known = self.connections(&[])?;
        let before = known.len();
        let mut additions = Vec::new();
        for Import {
            definition,
            mut carried,
        } in imports
        {
            let mut connection = Self::unstored(&definition)?;
            if let Some(registration) = shared(&known, &connection) {
                if registration.has_secret {
                    carried.forget_client_secret();
                }
                connection.registration = registration;
            }
            connection.registration.has_secret |= carried.has_client_secret();
            // A sign-in that came in a file is not for every program at once (conformance Y-06).
            if carried.signed_in().is_some() && connection.serving.policy == Policy::Allow {
                connection.serving.policy = Policy::Confirm;
            }
            known.push(connection.clone());
            additions.push(Addition {
                connection,
                carried,
            });
        }
        let now = self.now();
        let known_already = self.with_vault(|vault| vault.add_all(&additions, now))?;
        self.tell(&Change::Connections);
        let ids = known.into_iter().skip(before).map(|known| known.id);
        Ok(Imported {
            connections: ids
                .map(|id| self.connection_by_id(&id))
                .collect::<Result<_, _>>()?,
            known_already,
        })
    }

    /// A connection that nobody has stored yet.
    pub(super) fn unstored(definition: &Definition) -> Result<Connection, Error> {
        let definition = definition.clone();
        Ok(Connection {
            id: Self::new_connection_id()?,
            name: definition.name,
            provider: definition.provider,
            registration: Registration {
                id: Self::new_registration_id()?,
                client_id: definition.client_id,
                auth: definition.auth,
                redirect: definition.redirect,
                has_secret: false,
            },
            requested: definition.scopes,
            resources: definition.resources,
            dev_http: definition.dev_http,
            ca_pem: definition.ca_pem,
            serving: definition.serving,
            grant: None,
            ended: None,
            problem: None,
        })
    }
}

/// Secrets are bound to the endpoint identity, so only who has the very same one can share them.
fn shared(known: &[Connection], new: &Connection) -> Option<Registration> {
    known
        .iter()
        .filter(|known| {
            let (known_app, app) = (&known.registration, &new.registration);
            // The cheap questions first: there may be thousands.
            (&known_app.client_id, known_app.auth) == (&app.client_id, app.auth)
                && known.endpoint_identity() == new.endpoint_identity()
        })
        .map(|known| &known.registration)
        .max_by_key(|registration| registration.has_secret)
        .cloned()
}
