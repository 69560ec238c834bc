//! Work that spends a refresh token or a code: intent first, durable before anyone hears of it.
//!
//! A job runs in a worker process that outlives its caller (DESIGN section 4, conformance J-08),
//! or in this process for a memory vault: the same code both times.

mod durable;
mod exchange;
mod identity;
mod refresh;
mod waiting;
pub(super) mod wire;
mod worker;

use std::sync::Mutex;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::failure::ProviderFailure;
use super::{Error, Retold, hold};
use crate::host::Clock;
use crate::model::{
    AttemptId, Connection, ConnectionId, EndReason, GrantId, ScopeSet, Secret, UnixTime, WaitingId,
};
use crate::model::{opt_secret_text, secret_text};
use crate::oauth::{Flow, HttpResponse, Note, Skew, skew_of};
use crate::vault::{Vault, VaultError};

use wire::VaultTrouble;
pub use worker::worker_main;
pub(super) use worker::{pack, unpack};

/// How long a caller waits for a worker before it says "busy" (conformance Y-13).
pub(super) const CALLER_WAITS: Duration = Duration::from_secs(45);

/// What is to be done.
#[derive(Serialize, Deserialize)]
pub enum Job {
    /// Renew the access token. The caller holds the grant's lock.
    Refresh {
        connection: ConnectionId,
        /// A person asked for it: an interrupted refresh may be tried once more.
        forced: bool,
    },
    /// Swap a code for tokens and store them as a candidate.
    Exchange {
        connection: ConnectionId,
        identity: [u8; 32],
        /// What this sign-in asks for, which the definition may not say yet.
        asked: ScopeSet,
        attempt: AttemptId,
        redirect_uri: String,
        #[serde(with = "secret_text")]
        code: Secret,
        /// Scopes that came with the code.
        granted: Option<ScopeSet>,
        #[serde(with = "secret_text")]
        verifier: Secret,
        #[serde(with = "opt_secret_text")]
        nonce: Option<Secret>,
    },
    /// Ask once whether a device code was approved; store the tokens as a candidate if so.
    DevicePoll {
        connection: ConnectionId,
        identity: [u8; 32],
        asked: ScopeSet,
        #[serde(with = "secret_text")]
        device_code: Secret,
    },
    /// Tell a provider what it was not told yet. The caller holds the lock of those who do.
    TellWaiting {
        waiting: WaitingId,
        /// As the caller saw it: somebody else may have been quicker.
        tries: u32,
    },
}

/// How it went. Tokens never travel back: they are in the vault.
#[derive(Debug, Serialize, Deserialize)]
pub enum Report {
    Refreshed,
    /// A candidate is stored, as this grant-to-be.
    Stored {
        grant: GrantId,
        /// What a person may want to know about the answer.
        notes: Vec<Note>,
    },
    Pending,
    SlowDown,
    Denied,
    DeviceCodeExpired,
    /// The revocation is over, or what waits of it is in the vault.
    Retold(Retold),
    Failed(Trouble),
}

/// [`Error`] as far as it travels between processes.
#[derive(Debug, Serialize, Deserialize)]
pub enum Trouble {
    Provider(ProviderFailure),
    Vault(VaultTrouble),
    /// What is wrong with the identity token, in words of our own.
    IdToken(String),
    /// The same, where this machine's clock explains it.
    Clock(String, Skew),
    NeedsSignIn(Option<EndReason>),
    RefreshInterrupted,
    NoRefreshToken,
    EditedMeanwhile,
    Internal,
}

impl Trouble {
    /// Back to the engine's own error, for the connection of that name.
    pub(super) fn into_error(self, name: &str) -> Error {
        match self {
            Self::Provider(failure) => failure.into(),
            Self::Vault(trouble) => VaultError::from(trouble).into(),
            Self::IdToken(problem) => Error::IdToken(problem),
            Self::Clock(problem, skew) => Error::Clock { problem, skew },
            Self::NeedsSignIn(reason) => Error::NeedsSignIn {
                name: name.to_owned(),
                reason,
                message: None,
            },
            Self::RefreshInterrupted => Error::RefreshInterrupted {
                name: name.to_owned(),
            },
            Self::NoRefreshToken => Error::NoRefreshToken {
                name: name.to_owned(),
            },
            Self::EditedMeanwhile => Error::EditedMeanwhile,
            Self::Internal => Error::Internal("the worker met an unexpected state"),
        }
    }
}

impl From<VaultError> for Trouble {
    fn from(error: VaultError) -> Self {
        Self::Vault(error.into())
    }
}

impl From<ProviderFailure> for Trouble {
    fn from(failure: ProviderFailure) -> Self {
        Self::Provider(failure)
    }
}

/// How a job went, and how far the provider's clock was from this machine's.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Done {
    pub(super) report: Report,
    pub(super) skew: Option<Skew>,
}

impl From<Trouble> for Done {
    fn from(trouble: Trouble) -> Self {
        Self {
            report: Report::Failed(trouble),
            skew: None,
        }
    }
}

/// Runs a job on an open vault.
pub(super) async fn run(vault: &Mutex<Option<Vault>>, clock: &dyn Clock, job: Job) -> Done {
    let desk = Desk {
        vault,
        clock,
        skew: Mutex::default(),
    };
    let result = match job {
        Job::Refresh { connection, forced } => desk.refresh(&connection, forced).await,
        Job::Exchange {
            connection,
            identity,
            asked,
            attempt,
            redirect_uri,
            code,
            granted,
            verifier,
            nonce,
        } => {
            match desk.unedited(&connection, identity, asked) {
                Ok(connection) => {
                    let flow = Flow {
                        attempt,
                        identity,
                        redirect_uri,
                        // The state was proved when the code came in; it and the relay that read it play no
                        // part any more.
                        relayed_to: None,
                        state: Secret::new(String::new()),
                        verifier,
                        nonce,
                        expires_at: UnixTime(i64::MAX),
                        connection,
                    };
                    desk.exchange(&flow, &code, granted).await
                }
                Err(trouble) => Err(trouble),
            }
        }
        Job::TellWaiting { waiting, tries } => desk.tell_waiting(&waiting, tries).await,
        Job::DevicePoll {
            connection,
            identity,
            asked,
            device_code,
        } => match desk.unedited(&connection, identity, asked) {
            Ok(connection) => desk.device_poll(&connection, &device_code).await,
            Err(trouble) => Err(trouble),
        },
    };
    Done {
        report: result.unwrap_or_else(Report::Failed),
        skew: *hold(&desk.skew),
    }
}

/// Where a job works: the open vault and the time.
struct Desk<'a> {
    vault: &'a Mutex<Option<Vault>>,
    clock: &'a dyn Clock,
    /// By the last answer of the token endpoint.
    skew: Mutex<Option<Skew>>,
}

impl Desk<'_> {
    /// Looks at the clock of an answer that just came in (conformance J-12).
    fn note_skew(&self, answer: &HttpResponse) {
        if let Some(skew) = skew_of(answer, self.clock.now()) {
            *hold(&self.skew) = Some(skew);
        }
    }

    fn vault<T>(&self, f: impl FnOnce(&mut Vault) -> Result<T, VaultError>) -> Result<T, Trouble> {
        match hold(self.vault).as_mut() {
            Some(vault) => Ok(f(vault)?),
            None => Err(Trouble::Internal),
        }
    }

    fn connection(&self, id: &ConnectionId) -> Result<Connection, Trouble> {
        self.vault(|vault| vault.connection_by_id(id))?
            .ok_or(Trouble::EditedMeanwhile)
    }

    /// The connection as the attempt asks for it, provided that its addresses are those it began with (G-01,
    /// G-06).
    fn unedited(
        &self,
        id: &ConnectionId,
        identity: [u8; 32],
        asked: ScopeSet,
    ) -> Result<Connection, Trouble> {
        let connection = self.connection(id)?;
        if connection.endpoint_identity() == identity {
            Ok(Connection {
                requested: asked,
                ..connection
            })
        } else {
            Err(Trouble::EditedMeanwhile)
        }
    }
}
