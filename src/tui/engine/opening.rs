//! Opening the vault: by the keychain, which may let one wait, or by a passphrase.

use std::time::Duration;

use super::super::msg::{Doing, Reply};
use super::super::request::Request;
use super::Work;
use crate::engine::{Access, Error, GivenUp, PassphraseWay, VaultFacts, wait_after};
use crate::model::Secret;
use crate::vault::VaultError;

/// After this long a person is told that the keychain is being waited for.
const UNEXPLAINED: Duration = Duration::from_secs(1);

/// How waiting for the keychain ended.
pub(super) enum Waited {
    Done(Result<(), Error>),
    /// A person chose a passphrase instead.
    Passphrase,
    /// A person stopped waiting.
    Stopped,
}

impl Work {
    /// Opens the vault off the event loop: the keychain may ask its person. `None` when the
    /// request was answered instead.
    pub(super) async fn vault_open(&self, request: Request) -> Option<Request> {
        let engine = self.engine.clone();
        let brought = self.passphrase.clone();
        let given_up = GivenUp::default();
        let access = Access {
            passphrase: brought.map(|brought| Secret::new(brought.reveal().to_owned())),
            given_up: given_up.clone(),
        };
        let instead = self.engine.passphrase_way().unwrap_or_default();
        let waited = self
            .explained(instead, move || engine.open_vault(&access))
            .await;
        match waited {
            Waited::Done(Ok(())) => Some(request),
            // What was brought along is wrong: the person is asked.
            Waited::Done(Err(Error::PassphraseNeeded(_) | Error::Vault(VaultError::WrongKey))) => {
                let new = matches!(self.engine.vault_facts(), Ok(VaultFacts::NotMade));
                self.ask_passphrase(new, request).await;
                None
            }
            Waited::Done(Err(error)) => {
                self.failed(Doing::Vault, error);
                None
            }
            Waited::Passphrase => {
                given_up.give_up();
                let new = instead == Some(PassphraseWay::Choose);
                self.ask_passphrase(new, request).await;
                None
            }
            Waited::Stopped => {
                given_up.give_up();
                None
            }
        }
    }

    async fn ask_passphrase(&self, new: bool, then: Request) {
        let agent = self.agent.clone().filter(|_| !new);
        let agent_open = match agent {
            Some(agent) => tokio::task::spawn_blocking(move || agent.holds_the_vault_open()).await,
            None => Ok(false),
        };
        self.reply(Reply::NeedsPassphrase {
            new,
            agent_open: agent_open.unwrap_or(false),
            then: Some(Box::new(then)),
        });
    }

    /// Does something off the event loop that may wait for the keychain. When it does, that is
    /// said, with what a person may do instead.
    pub(super) async fn explained(
        &self,
        instead: Option<PassphraseWay>,
        work: impl FnOnce() -> Result<(), Error> + Send + 'static,
    ) -> Waited {
        let broke_off = |_| Err(Error::Internal("waiting for the keychain broke off"));
        let mut stopped = self.stop_waiting.subscribe();
        let mut working = tokio::task::spawn_blocking(work);
        if let Ok(done) = tokio::time::timeout(UNEXPLAINED, &mut working).await {
            return Waited::Done(done.unwrap_or_else(broke_off));
        }
        // A passphrase brought along takes its time too, and no keychain is asked.
        if self.passphrase.is_some() {
            return Waited::Done(working.await.unwrap_or_else(broke_off));
        }
        self.reply(Reply::KeychainWaits { instead });
        let waited = tokio::select! {
            done = working => Waited::Done(done.unwrap_or_else(broke_off)),
            passphrase = stopped.recv() => match passphrase {
                Ok(true) => Waited::Passphrase,
                _ => Waited::Stopped,
            },
        };
        self.reply(Reply::KeychainDone);
        waited
    }

    pub(super) async fn unlock(&self, passphrase: Secret) {
        use std::sync::atomic::Ordering;

        let engine = self.engine.clone();
        let access = Access {
            passphrase: Some(passphrase),
            ..Access::default()
        };
        let opened = tokio::task::spawn_blocking(move || engine.open_vault(&access)).await;
        match opened {
            Ok(Ok(())) => {
                self.wrong.store(0, Ordering::Relaxed);
                self.reply(Reply::VaultOpened);
            }
            Ok(Err(Error::Vault(VaultError::WrongKey))) => {
                let wrong = self.wrong.fetch_add(1, Ordering::Relaxed) + 1;
                self.reply(Reply::WrongPassphrase {
                    wait: wait_after(wrong),
                });
            }
            Ok(Err(error)) => self.failed(Doing::Vault, error),
            Err(_) => self.failed(Doing::Vault, Error::Internal("opening the vault broke off")),
        }
    }
}
