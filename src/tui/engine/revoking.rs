//! Ending sign-ins, and what providers did not hear of it.

use super::Work;
use super::definitions::alone;
use crate::advice::{advise, dropped};
use crate::engine::{Error, Retold, Revoked, Want};
use crate::model::{ConnectionId, Waiting};
use crate::tui::msg::{Doing, Reply, Revocation};

impl Work {
    pub(super) async fn revoke(&self, id: &ConnectionId, then_remove: bool) {
        let Some(connection) = self.known(id) else {
            return;
        };
        let signed_in = connection.grant.is_some() && connection.ended.is_none();
        let waiting = self.engine.waiting_of(id).unwrap_or_default();
        if let (false, Some(waiting)) = (signed_in, waiting.first()) {
            return self.tell_again(waiting).await;
        }
        let outcome = match self.engine.revoke(id).await {
            Ok(Revoked {
                waiting: Some(waiting),
                ..
            }) => self.waits(waiting),
            Ok(revoked) if revoked.access_token_lives => Revocation::AccessTokenLives {
                until: revoked.access_token_until,
            },
            Ok(revoked) if revoked.was_invalid => Revocation::AlreadyOver,
            Ok(_) => Revocation::Revoked,
            Err(Error::NoRevocation { manage_url }) => Revocation::NotOffered { page: manage_url },
            Err(error) => return self.failed(Doing::With(connection.id, connection.name), error),
        };
        let removed = match then_remove
            .then(|| tokio::task::block_in_place(|| self.engine.remove(&connection)))
        {
            None => false,
            Some(Ok(_)) => true,
            Some(Err(error)) => {
                self.failed(Doing::With(id.clone(), connection.name.clone()), error);
                false
            }
        };
        self.reply(Reply::Revoked {
            id: id.clone(),
            name: connection.name.clone(),
            outcome,
            removed: removed.then(|| Box::new(alone(connection))),
        });
    }

    /// A person wants it told again, though it is not time yet.
    async fn tell_again(&self, waiting: &Waiting) {
        let (id, name) = (waiting.of.id.clone(), waiting.of.name.clone());
        let outcome = if waiting.next.may_be_now(self.engine.now()) {
            match self.engine.tell_again(waiting).await {
                Ok(Retold::Told {
                    was_invalid: true, ..
                }) => Revocation::AlreadyOver,
                Ok(Retold::Told {
                    access_token_lives: true,
                    ..
                }) => Revocation::AccessTokenLives { until: None },
                Ok(Retold::Told { .. } | Retold::Over) => Revocation::Revoked,
                Ok(Retold::Waits) => {
                    let now = self.engine.waiting_again(waiting).ok().flatten();
                    self.waits(now.unwrap_or_else(|| waiting.clone()))
                }
                Err(error) => return self.failed(Doing::With(id, name), error),
            }
        } else {
            self.waits(waiting.clone())
        };
        self.reply(Reply::Revoked {
            id,
            name,
            outcome,
            removed: None,
        });
    }

    fn waits(&self, waiting: Waiting) -> Revocation {
        let page = waiting.of.provider.manage_url.as_ref();
        let page = page.map(ToString::to_string);
        let count = self.engine.waiting().map_or(1, |all| all.len());
        let waiting = Box::new(waiting);
        Revocation::Waits {
            sentence: advise(&Error::RevocationWaits { waiting, count }).sentence,
            page,
        }
    }

    /// What providers did not hear is told on the way of what goes over the network anyway (L-04).
    /// The header tells what still waits.
    pub(super) async fn tell_due(&self) {
        for waiting in self.engine.waiting_now(Want::Due).unwrap_or_default() {
            // What stood in the way is in the vault.
            let _ = self.engine.tell_again(&waiting).await;
        }
    }

    pub(super) fn drop_revocation(&self, id: &ConnectionId) {
        for waiting in self.engine.waiting_of(id).unwrap_or_default() {
            match self.engine.drop_waiting(&waiting) {
                Ok(()) => self.reply(Reply::Revoked {
                    id: id.clone(),
                    name: waiting.of.name.clone(),
                    outcome: Revocation::Dropped {
                        sentence: dropped(&waiting),
                    },
                    removed: None,
                }),
                Err(error) => {
                    return self.failed(Doing::With(id.clone(), waiting.of.name.clone()), error);
                }
            }
        }
    }
}
