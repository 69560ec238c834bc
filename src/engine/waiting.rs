//! The revocations that wait: looking at them, telling them again, dropping them (conformance L-04).
//!
//! Nothing here happens by itself at a start. They are told on the way of what a person or a program
//! asks for anyway: `revoke`, `refresh --all-due`, an action of an open table, a timer of the agent.

use serde::{Deserialize, Serialize};

use super::job::{CALLER_WAITS, Job, Report};
use super::{Change, Engine, Error, hold};
use crate::model::{ConnectionId, UnixTime, Waiting};
use crate::vault::VaultError;

/// Whose wish it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Told on the way: those whose time has come.
    Due,
    /// A person asked: all but those whose provider asked for a longer pause.
    Person,
}

impl Want {
    fn allows(self, waiting: &Waiting, now: UnixTime) -> bool {
        match self {
            Self::Due => waiting.next.is_due(now),
            Self::Person => waiting.next.may_be_now(now),
        }
    }
}

/// How telling it again went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Retold {
    /// The provider was told.
    Told {
        /// It knew the tokens no longer.
        was_invalid: bool,
        /// The grant is over, but its last access token cannot be revoked (L-03).
        access_token_lives: bool,
    },
    /// It still waits; what stood in the way is in the vault.
    Waits,
    /// Another process told it, or a person dropped it.
    Over,
}

impl Engine {
    /// Every revocation that waits, the oldest first. No unlock, no network.
    pub fn waiting(&self) -> Result<Vec<Waiting>, Error> {
        match hold(&self.0.vault).as_ref() {
            Some(vault) => Ok(vault.waiting()?),
            None => Ok(Vec::new()),
        }
    }

    /// Those of one connection.
    pub fn waiting_of(&self, id: &ConnectionId) -> Result<Vec<Waiting>, Error> {
        let mut all = self.waiting()?;
        all.retain(|waiting| waiting.of.id == *id);
        Ok(all)
    }

    /// Those that may be told now.
    pub fn waiting_now(&self, want: Want) -> Result<Vec<Waiting>, Error> {
        let now = self.now();
        let mut all = self.waiting()?;
        all.retain(|waiting| want.allows(waiting, now));
        Ok(all)
    }

    /// Tells the provider once more; the vault must be open. Returns how it stands then.
    pub async fn tell_again(&self, waiting: &Waiting) -> Result<Retold, Error> {
        let locks = self.with_vault(|vault| Ok(vault.grant_locks()))?;
        let taken = tokio::task::spawn_blocking(move || locks.lock_waiting(CALLER_WAITS)).await;
        let lock = match taken {
            Ok(Ok(lock)) => lock,
            Ok(Err(VaultError::Busy { .. })) => return Err(Error::Busy),
            Ok(Err(other)) => return Err(other.into()),
            Err(_) => return Err(Error::Internal("the lock waiter broke off")),
        };
        let job = Job::TellWaiting {
            waiting: waiting.id.clone(),
            tries: waiting.tries,
        };
        let report = Box::pin(self.run_job(&lock, job)).await?;
        self.tell(&Change::Connections);
        match report {
            Report::Retold(retold) => Ok(retold),
            Report::Failed(trouble) => Err(trouble.into_error(waiting.of.name.as_str())),
            _ => Err(Error::Internal("a revocation reported something else")),
        }
    }

    /// As it is now; `None` when it is over.
    pub fn waiting_again(&self, waiting: &Waiting) -> Result<Option<Waiting>, Error> {
        self.with_vault(|vault| vault.waiting_by_id(&waiting.id))
    }

    /// A person wants it told no more: the tokens are erased here, and may live at the provider.
    pub fn drop_waiting(&self, waiting: &Waiting) -> Result<(), Error> {
        let now = self.now();
        self.with_vault(|vault| vault.settle_waiting(waiting, false, now))?;
        self.tell(&Change::Connections);
        Ok(())
    }
}
