//! Using a sign-in: the test read, what the provider says of the token, a refresh.

use super::Work;
use crate::engine::Error;
use crate::model::ConnectionId;
use crate::tui::msg::{Doing, Reply};
use crate::tui::request::Request;
use crate::vault::VaultError;

impl Work {
    pub(super) async fn test(&self, id: &ConnectionId) {
        let Some(connection) = self.known(id) else {
            return;
        };
        let name = connection.name;
        match self.engine.test(name.as_str(), None).await {
            Ok(report) => self.reply(Reply::Tested {
                id: id.clone(),
                name,
                report,
            }),
            Err(Error::Vault(why @ (VaultError::Moved | VaultError::SecondCopy))) => {
                self.ask_to_adopt(&why, Request::Test(id.clone()));
            }
            Err(error) => self.failed(Doing::With(id.clone(), name), error),
        }
    }

    pub(super) async fn refresh(&self, id: &ConnectionId) {
        let Some(connection) = self.known(id) else {
            return;
        };
        match self.engine.refresh(id).await {
            Ok(_) => self.reply(Reply::Refreshed {
                id: id.clone(),
                name: connection.name,
            }),
            Err(Error::Vault(why @ (VaultError::Moved | VaultError::SecondCopy))) => {
                self.ask_to_adopt(&why, Request::Refresh(id.clone()));
            }
            Err(error) => self.failed(Doing::With(connection.id, connection.name), error),
        }
    }

    pub(super) async fn introspect(&self, id: ConnectionId, allowed: Option<String>) {
        let Some(connection) = self.known(&id) else {
            return;
        };
        let name = connection.name;
        let asked = self.engine.introspect(name.as_str(), allowed.as_deref());
        match asked.await {
            Ok(report) => self.reply(Reply::Introspected { id, name, report }),
            Err(Error::ThirdParty { authority }) => self.reply(Reply::ThirdParty {
                id,
                name,
                authority,
            }),
            Err(Error::Vault(why @ (VaultError::Moved | VaultError::SecondCopy))) => {
                self.ask_to_adopt(&why, Request::Introspect { id, allowed });
            }
            Err(error) => self.failed(Doing::With(id, name), error),
        }
    }

    fn ask_to_adopt(&self, why: &VaultError, then: Request) {
        self.reply(Reply::VaultMoved {
            second_copy: *why == VaultError::SecondCopy,
            then: Box::new(then),
        });
    }
}
