//! Ending a grant at its provider, and saying truthfully what happened (RFC 7009).

use super::telling::tell;
use super::{Change, Engine, Error};
use crate::model::{Connection, ConnectionId, EndReason, Expiry, UnixTime, Waiting};
use crate::vault::Untold;

/// What was achieved. Where the provider refuses, it is an [`Error`], and the grant is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// The provider knew the tokens no longer.
    pub was_invalid: bool,
    /// The grant is over, but its last access token could not be revoked (L-03).
    pub access_token_lives: bool,
    /// When that token ends, where it is known.
    pub access_token_until: Option<UnixTime>,
    /// The provider did not hear it, or not all of it: it is over here, and may live there (L-04).
    pub waiting: Option<Waiting>,
}

impl Engine {
    /// Tells the provider (refresh token first, L-01), then forgets the tokens here. The
    /// definition stays. A provider that does not hear it is told again later, and the tokens are
    /// out of everybody's reach meanwhile; one that refuses changes nothing.
    pub async fn revoke(&self, id: &ConnectionId) -> Result<Revoked, Error> {
        let lock = self.lock_grant(id).await?;
        let connection = self.connection_by_id(id)?;
        self.signed_in(&connection)?;
        let mut untold = self.with_vault(|vault| {
            Ok(Untold {
                refresh_token: vault.refresh_token(&connection)?,
                access_token: vault.access_token(&connection)?,
                client_secret: vault.client_secret(&connection)?,
            })
        })?;
        let telling = tell(&connection, &untold).await?;
        let now = self.now();
        let waiting = match telling.stopped {
            None => {
                self.with_vault(|vault| {
                    vault.end_grant(&connection, EndReason::RevokedByYou, now)
                })?;
                None
            }
            Some(stopped) if stopped.was_not_heard() => {
                if stopped.grant_is_over {
                    untold.refresh_token = None;
                }
                let (next, problem) = (stopped.next(1, now), stopped.problem(now));
                let waiting = self
                    .with_vault(|vault| vault.put_off(&connection, &untold, next, &problem, now))?;
                Some(waiting)
            }
            Some(stopped) => return Err(stopped.failure.into()),
        };
        drop(lock);
        self.tell(&Change::Connections);
        Ok(Revoked {
            was_invalid: telling.was_invalid,
            access_token_lives: telling.access_token_lives,
            access_token_until: telling
                .access_token_lives
                .then(|| end_of(&connection))
                .flatten(),
            waiting,
        })
    }
}

fn end_of(connection: &Connection) -> Option<UnixTime> {
    let grant = connection.grant.as_ref();
    grant.map(|grant| grant.expiry).and_then(Expiry::at)
}
