//! Storing, changing, deleting definitions, and bringing them back.

use super::Work;
use crate::engine::{Edit, NewConnection, shared_registration};
use crate::model::{Connection, ConnectionId, RegistrationId, Secret};
use crate::tui::msg::{Doing, Reply};

/// The definition without its sign-in.
pub(super) fn alone(connection: Connection) -> Connection {
    Connection {
        grant: None,
        ended: None,
        problem: None,
        ..connection
    }
}

impl Work {
    pub(super) fn save(&self, mut new: NewConnection, replaces: Option<&ConnectionId>) {
        if let Some(Ok(old)) = replaces.map(|id| self.engine.connection_by_id(id))
            && let Err(error) = self.engine.remove(&old)
        {
            return self.failed(Doing::Save, error);
        }
        new.reuse = new.reuse.take().or_else(|| self.same_app(&new));
        let saved = self
            .engine
            .add(new)
            .and_then(|id| Ok((self.engine.connection_by_id(&id)?.name, id)));
        match saved {
            Ok((name, id)) => self.reply(Reply::Saved { id, name }),
            Err(error) => self.failed(Doing::Save, error),
        }
    }

    /// The registration of the very app that was typed again. One with a secret stays apart: a
    /// mistyped one must not replace a good one of other connections.
    fn same_app(&self, new: &NewConnection) -> Option<RegistrationId> {
        if new.client_secret.is_some() {
            return None;
        }
        let known = self.engine.registrations().ok()?;
        let (id, redirect) = (&new.client_id, Some(&new.redirect));
        shared_registration(&known, &new.provider, id, redirect)
            .map(|known| &known.registration)
            .filter(|registration| registration.auth == new.auth && !registration.has_secret)
            .map(|registration| registration.id.clone())
    }

    pub(super) fn edit(&self, id: ConnectionId, edits: &[Edit], secret: Option<&Secret>) {
        let Some(connection) = self.known(&id) else {
            return;
        };
        match self.engine.change(&id, edits, secret) {
            Ok(changed) => self.reply(Reply::Edited {
                id,
                name: changed.name,
                parked: changed.parked,
            }),
            Err(error) => self.failed(Doing::With(connection.id, connection.name), error),
        }
    }

    pub(super) fn remove(&self, id: &ConnectionId) {
        let Some(connection) = self.known(id) else {
            return;
        };
        match self.engine.remove(&connection) {
            Ok(_) => self.reply(Reply::Removed(Box::new(alone(connection)))),
            Err(error) => self.failed(Doing::With(connection.id, connection.name), error),
        }
    }

    pub(super) fn restore(&self, was: Box<Connection>) {
        match self.engine.restore(&was) {
            Ok(back) => self.reply(Reply::Restored {
                secret_lost: was.registration.has_secret && !back.registration.has_secret,
                was,
                id: back.id,
                name: back.name,
            }),
            Err(error) => self.failed(Doing::Restore(was), error),
        }
    }
}
