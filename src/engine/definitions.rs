//! Rows, details, and changes of definitions. Nothing here goes over the network.

use crate::model::{
    ClientAuth, Connection, ConnectionId, ConnectionName, NameProblem, Registration,
    RegistrationId, Secret, Serving, UnixTime, Verdict,
};
use crate::vault::{Edited, KnownRegistration, VaultError};

use super::{Change, Detail, Engine, Error, NewConnection, Row, Telling, hold};

/// Lines of the history that a person leafs through; `valetkey history` tells more.
const IN_DETAIL: usize = 200;

/// What `remove` left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// Whether its registration went too (nobody else used it).
    pub registration_too: bool,
}

impl Engine {
    /// Every row, sorted by name. No unlock, no network.
    pub fn rows(&self) -> Result<Vec<Row>, Error> {
        let summaries = match hold(&self.0.vault).as_ref() {
            Some(vault) => vault.summaries()?,
            None => Vec::new(),
        };
        let signing_in: Vec<ConnectionId> = hold(&self.0.attempts)
            .iter()
            .map(|running| running.connection.clone())
            .collect();
        let (issued, now) = (self.issued(), self.now());
        Ok(summaries
            .into_iter()
            .map(|summary| {
                let busy = signing_in.contains(&summary.id);
                let grant = summary.grant.as_ref();
                let verdict = Verdict::of(
                    grant,
                    summary.ended,
                    summary.problem.as_ref(),
                    busy,
                    grant.map_or(now, |grant| issued.judge(grant, now).now),
                );
                let verdict = if summary.untestable {
                    verdict.without_test_read()
                } else {
                    verdict
                };
                Row { summary, verdict }
            })
            .collect())
    }

    /// The connections whose tokens the agent renews before anybody asks.
    pub fn renewed_ahead(&self) -> Result<Vec<Connection>, Error> {
        let ids: Vec<ConnectionId> = self.with_vault(|vault| vault.served_ahead())?;
        ids.iter().map(|id| self.connection_by_id(id)).collect()
    }

    pub fn detail(&self, id: &ConnectionId) -> Result<Detail, Error> {
        let connection = self.connection_by_id(id)?;
        let history = self.history(Some(id), IN_DETAIL, Telling::Folded)?;
        let verdict = self.verdict(&connection, self.now());
        Ok(Detail {
            connection,
            verdict,
            history,
            waiting: self.waiting_of(id)?,
        })
    }

    /// How this connection stands now.
    pub fn verdict(&self, connection: &Connection, now: UnixTime) -> Verdict {
        let busy = hold(&self.0.attempts)
            .iter()
            .any(|running| running.connection == connection.id);
        let grant = connection.grant.as_ref();
        let verdict = Verdict::of(
            grant,
            connection.ended,
            connection.problem.as_ref(),
            busy,
            grant.map_or(now, |grant| self.issued().judge(grant, now).now),
        );
        if connection.provider.test.is_none() {
            verdict.without_test_read()
        } else {
            verdict
        }
    }

    /// Registrations that a new connection may use again.
    pub fn registrations(&self) -> Result<Vec<KnownRegistration>, Error> {
        match hold(&self.0.vault).as_ref() {
            Some(vault) => Ok(vault.registrations()?),
            None => Ok(Vec::new()),
        }
    }

    /// A free name: the wish itself, else with `-2`, `-3` …
    pub fn free_name(&self, wish: &str) -> Result<ConnectionName, Error> {
        let taken: Vec<String> = self
            .rows()?
            .iter()
            .map(|row| row.summary.name.as_str().to_lowercase())
            .collect();
        let base = cleaned_name(wish);
        for number in 1.. {
            let name = if number == 1 {
                base.clone()
            } else {
                format!("{base}-{number}")
            };
            if !taken.contains(&name.to_lowercase()) {
                return parse_name(&name);
            }
        }
        Err(Error::Internal("names ran out"))
    }

    /// Saves a definition. The vault must be open when a secret comes with it.
    pub fn add(&self, new: NewConnection) -> Result<ConnectionId, Error> {
        let name = match new.name {
            Some(name) => name,
            None => self.free_name(&new.provider.id)?,
        };
        let registration = match &new.reuse {
            Some(id) => self.known_registration(id)?,
            None => Registration {
                id: Self::new_registration_id()?,
                client_id: new.client_id,
                auth: new.auth,
                redirect: new.redirect,
                has_secret: new.client_secret.is_some(),
            },
        };
        let connection = Connection {
            id: Self::new_connection_id()?,
            name,
            provider: new.provider,
            registration,
            requested: new.scopes,
            resources: new.resources,
            dev_http: new.dev_http,
            ca_pem: new.ca_pem,
            grant: None,
            serving: Serving::default(),
            ended: None,
            problem: None,
        };
        if connection.provider.endpoints.token.is_none() {
            return Err(Error::Incomplete("a token URL is needed"));
        }
        let now = self.now();
        self.with_vault(|vault| vault.add(&connection, new.client_secret.as_ref(), now))?;
        self.tell(&Change::Connections);
        Ok(connection.id)
    }

    fn known_registration(&self, id: &RegistrationId) -> Result<Registration, Error> {
        self.registrations()?
            .into_iter()
            .map(|known| known.registration)
            .find(|registration| registration.id == *id)
            .ok_or(Error::Internal("the registration is gone"))
    }

    /// Stores a changed definition. When an address, the client ID or the redirect changed, the
    /// sign-in is parked (conformance G-07).
    pub fn edit(
        &self,
        changed: &Connection,
        client_secret: Option<Option<&Secret>>,
    ) -> Result<Edited, Error> {
        // A refresh under way would lose its result to the edit.
        let _lock = self.lock_grant_blocking(&changed.id)?;
        let now = self.now();
        let mut changed = changed.clone();
        let registration = &mut changed.registration;
        if let Some(given) = client_secret {
            registration.has_secret = given.is_some();
        }
        // A secret that comes is also sent.
        if matches!(client_secret, Some(Some(_))) && registration.auth == ClientAuth::None {
            registration.auth = ClientAuth::Post;
        }
        let edited = self.with_vault(|vault| vault.edit(&changed, client_secret, now))?;
        self.tell(&Change::Connections);
        Ok(edited)
    }

    pub fn rename(&self, id: &ConnectionId, name: &ConnectionName) -> Result<(), Error> {
        let now = self.now();
        self.with_vault(|vault| vault.rename(id, name, now))?;
        self.tell(&Change::Connections);
        Ok(())
    }

    /// Brings a deleted definition back: under its name, or a free one like it. Its sign-in is gone,
    /// and its client secret too unless another connection still uses the same app.
    pub fn restore(&self, deleted: &Connection) -> Result<Connection, Error> {
        let id = Self::new_connection_id()?;
        let known = self.known_registration(&deleted.registration.id).ok();
        let is_free = |name: &ConnectionName| -> Result<bool, Error> {
            let same = |row: &Row| {
                row.summary.name.as_str().to_lowercase() == name.as_str().to_lowercase()
            };
            Ok(!self.rows()?.iter().any(same))
        };
        let name = if is_free(&deleted.name)? {
            deleted.name.clone()
        } else {
            self.free_name(deleted.name.as_str())?
        };
        let mut back = Connection {
            id,
            name,
            registration: Registration {
                has_secret: known.as_ref().is_some_and(|known| known.has_secret),
                ..deleted.registration.clone()
            },
            grant: None,
            ended: None,
            problem: None,
            ..deleted.clone()
        };
        let same_app = known.is_some_and(|known| known == back.registration);
        let now = self.now();
        let added = if same_app {
            self.with_vault(|vault| vault.add(&back, None, now))
        } else {
            Err(VaultError::RegistrationDiffers.into())
        };
        match added {
            // The app is gone, or means another one by now.
            Err(Error::Vault(VaultError::RegistrationDiffers)) => {
                back.registration.id = Self::new_registration_id()?;
                back.registration.has_secret = false;
                self.with_vault(|vault| vault.add(&back, None, now))?;
            }
            other => other?,
        }
        self.tell(&Change::Connections);
        Ok(back)
    }

    /// Deletes the definition here; what lives at the provider stays as it is.
    pub fn remove(&self, connection: &Connection) -> Result<Removed, Error> {
        let _lock = self.lock_grant_blocking(&connection.id)?;
        let now = self.now();
        let removed = self.with_vault(|vault| {
            let siblings = vault.connections_of(&connection.registration.id)?;
            let last = siblings.len() <= 1;
            vault.remove(&connection.id, last, now)?;
            Ok::<_, VaultError>(Removed {
                registration_too: last,
            })
        })?;
        self.tell(&Change::Connections);
        Ok(removed)
    }
}

/// Turns a host or preset id into something that is a name.
fn cleaned_name(wish: &str) -> String {
    let cleaned: String = wish
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') {
                c
            } else {
                '-'
            }
        })
        .take(48)
        .collect();
    let trimmed = cleaned.trim_start_matches(['.', '_', '-']);
    if trimmed.is_empty() {
        "connection".to_owned()
    } else {
        trimmed.to_owned()
    }
}

/// Names that people type.
pub(super) fn parse_name(text: &str) -> Result<ConnectionName, Error> {
    ConnectionName::parse(text).map_err(|problem| {
        Error::Incomplete(match problem {
            NameProblem::Empty => "a name is needed",
            NameProblem::Long => "a name has at most 64 characters",
            NameProblem::Character => {
                "a name has letters, digits, `.`, `_`, `@` and `-` only, and starts with a letter or a digit"
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::others::tests::{definition, engine};
    use crate::vault::Home;

    fn made(engine: &Engine, name: &str, secret: bool) -> Connection {
        let mut new = definition();
        new.name = Some(parse_name(name).expect("a name"));
        if secret {
            new.auth = ClientAuth::Basic;
            new.client_secret = Some(Secret::new("fake-secret".to_owned()));
        }
        let id = engine.add(new).expect("added");
        engine.connection_by_id(&id).expect("there")
    }

    #[test]
    fn a_deleted_definition_comes_back_without_secrets() {
        let engine = engine(&Home::Memory);
        let mut before = made(&engine, "ada@acme", true);
        before.serving.policy = crate::model::Policy::Deny;
        engine.edit(&before, None).expect("edited");
        engine.remove(&before).expect("removed");
        let back = engine.restore(&before).expect("back");
        assert_eq!(back, engine.connection_by_id(&back.id).expect("there"));
        assert_ne!(back.id, before.id, "nothing of the old one belongs to it");
        assert_ne!(back.registration.id, before.registration.id);
        assert_eq!(
            (&back.name, &back.provider),
            (&before.name, &before.provider)
        );
        assert_eq!(back.serving, before.serving, "a refusal stays one");
        assert!(back.grant.is_none() && !back.registration.has_secret);
        let secret = engine.with_vault(|vault| vault.client_secret(&back));
        assert!(secret.expect("read").is_none());
    }

    #[test]
    fn a_shared_app_is_used_again_and_a_taken_name_gives_way() {
        let engine = engine(&Home::Memory);
        let keeps = made(&engine, "one", true);
        let mut new = definition();
        new.reuse = Some(keeps.registration.id.clone());
        let id = engine.add(new).expect("added");
        let goes = engine.connection_by_id(&id).expect("there");
        engine.remove(&goes).expect("removed");
        made(&engine, goes.name.as_str(), false);
        let back = engine.restore(&goes).expect("back");
        assert_eq!(
            back.registration, keeps.registration,
            "the app has its secret still"
        );
        assert_eq!(back.name.as_str(), format!("{}-2", goes.name));
        // The app means another address by now: the definition comes back with one of its own.
        engine.remove(&back).expect("removed");
        let elsewhere = [(
            crate::engine::Field::Token,
            "https://b.example/t".to_owned(),
        )];
        engine.change(&keeps.id, &elsewhere, None).expect("changed");
        let back = engine.restore(&goes).expect("back");
        assert_ne!(back.registration.id, keeps.registration.id);
        assert!(!back.registration.has_secret);
    }
}
