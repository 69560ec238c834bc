//! The stories, as async functions that read top to bottom: sign in, refresh, test, revoke.
//!
//! The engine owns the state and tells its viewers of every change on one channel ([`Change`]).
//! May use: host, vault, provider, oauth, model. Never: tui, cli, actions.
//!
//! Everything that spends a refresh token or a code is a [`job`], which runs in a worker process
//! of its own (DESIGN section 4), or in this one when the vault lives in memory.

mod access;
mod attempt;
mod canary;
mod carry;
mod definitions;
mod device;
mod diagnose;
mod doubt;
mod due;
mod endpoints;
mod event;
mod failure;
mod field;
mod fresh;
mod give_back;
mod history;
mod identify;
mod import_plan;
mod interrupted;
mod introspect;
pub mod job;
mod judge;
mod others;
mod reached;
mod ready;
mod reuse;
mod revoke;
mod siblings;
mod sign_in;
mod slots;
mod step_up;
mod telling;
mod test_read;
mod waiting;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, mpsc, watch};

pub use access::{Access, GivenUp, PassphraseWay, VaultFacts};
pub use attempt::{Attempt, Remote};
pub use carry::{Import, Imported};
pub use definitions::Removed;
pub use diagnose::{Fact, KeychainFact, KeychainUse, Place, diagnose};
pub use doubt::{Doubt, test_elsewhere};
pub use due::{AfterRefusal, Renewal};
pub use endpoints::{Look, Seen, look_at};
pub use event::{
    Answer, AttemptEvent, Change, Detail, Ignored, NewConnection, Outcome, Question, Row,
    SignInOptions, Step, StepState, TestReport, Way,
};
pub use failure::{
    Class, Endpoint, Error, FailureKind, Fate, PasteProblem, ProviderFailure, Withheld,
};
pub use field::{Changed, Edit, Field, FieldProblem, check_client_id, put_all};
pub use fresh::{Handout, is_due, renew_at};
pub use history::{Happened, Happening, History, Telling};
pub use import_plan::{BringProblem, Brought, Fate as ImportFate, ImportPlan, Planned, same_name};
pub use interrupted::Interrupted;
pub use introspect::IntrospectionReport;
pub use judge::must_renew;
pub use ready::{check_resource, is_ready};
pub use reuse::shared_registration;
pub use revoke::Revoked;
pub use siblings::siblings;
pub use slots::{Surroundings, wait_after};
pub use step_up::{Remedy, StepUp};
pub use waiting::{Retold, Want};

use crate::host::{Browser, Clock, Environment, SshTarget, random_bytes};
use crate::model::{
    AttemptId, Connection, ConnectionId, GrantId, RegistrationId, UnixTime, Untrusted,
};
use crate::oauth::Skew;
use crate::vault::{Home, Keychain, Vault};

/// The world outside, as the engine meets it. Tests and practice put in their own.
#[derive(Clone)]
pub struct World {
    pub clock: Arc<dyn Clock>,
    pub browser: Arc<dyn Browser>,
    pub keychain: Arc<dyn Keychain>,
    pub environment: Environment,
    /// Run jobs in this process, as a memory vault must.
    pub jobs_here: bool,
}

/// The engine. Clones share one state.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    world: World,
    home: Home,
    /// `None` until there is first something to store.
    vault: Mutex<Option<Vault>>,
    viewers: Mutex<Vec<mpsc::UnboundedSender<Change>>>,
    /// Refreshes under way; after a wake-up everything is due at once (conformance J-17).
    refreshes: Semaphore,
    /// Attempts in flight, newest last; at most one per connection (conformance A-12).
    attempts: Mutex<Vec<Running>>,
    /// How the person's own machine reaches this one, when that was filled in here.
    reached: Mutex<Option<SshTarget>>,
    /// By the last answer of a token endpoint.
    skew: Mutex<Option<Skew>>,
}

struct Running {
    attempt: AttemptId,
    connection: ConnectionId,
    remote: Remote,
    /// Stays behind when the process goes away (conformance Z-10).
    note: interrupted::Note,
    /// Closes when the attempt has ended.
    ended: watch::Receiver<()>,
}

impl Engine {
    /// Opens what is there. Makes nothing: a table can be looked at without a vault.
    pub fn open(world: World, home: Home) -> Result<Self, Error> {
        let vault = match &home {
            Home::Memory => Some(Vault::memory(world.clock.now())?),
            Home::Disk { .. } => Vault::open(&home)?,
        };
        Ok(Self(Arc::new(Inner {
            world,
            home,
            vault: Mutex::new(vault),
            viewers: Mutex::default(),
            refreshes: Semaphore::new(fresh::AT_A_TIME),
            attempts: Mutex::default(),
            reached: Mutex::default(),
            skew: Mutex::default(),
        })))
    }

    /// A new receiver of every change from now on.
    pub fn subscribe(&self) -> mpsc::UnboundedReceiver<Change> {
        let (sender, receiver) = mpsc::unbounded_channel();
        hold(&self.0.viewers).push(sender);
        receiver
    }

    pub fn now(&self) -> UnixTime {
        self.0.world.clock.now()
    }

    /// Whoever shows pages to the person here.
    pub fn browser(&self) -> Arc<dyn Browser> {
        self.0.world.browser.clone()
    }

    pub fn environment(&self) -> &Environment {
        &self.0.world.environment
    }

    /// Whether the vault lives in memory only.
    pub fn is_memory(&self) -> bool {
        matches!(self.0.home, Home::Memory)
    }

    fn tell(&self, change: &Change) {
        hold(&self.0.viewers).retain(|viewer| viewer.send(change.clone()).is_ok());
    }

    /// Runs `f` on the vault; [`Error::Vault`] with `NotMade` when there is none yet.
    fn with_vault<T>(
        &self,
        f: impl FnOnce(&mut Vault) -> Result<T, crate::vault::VaultError>,
    ) -> Result<T, Error> {
        let mut slot = hold(&self.0.vault);
        let vault = slot.as_mut().ok_or(crate::vault::VaultError::NotMade)?;
        Ok(f(vault)?)
    }

    /// The connection of that name (letter case does not matter), or who else there is.
    pub fn connection(&self, name: &str) -> Result<Connection, Error> {
        let mut slot = hold(&self.0.vault);
        let found = match slot.as_mut() {
            Some(vault) => vault.connection(name)?,
            None => None,
        };
        match (found, slot.as_mut()) {
            (Some(connection), _) => Ok(connection),
            (None, vault) => {
                let known = vault
                    .map(|vault| vault.summaries())
                    .transpose()?
                    .unwrap_or_default();
                Err(Error::UnknownConnection {
                    name: Untrusted::new(name),
                    known: known
                        .into_iter()
                        .map(|row| row.name.as_str().to_owned())
                        .collect(),
                })
            }
        }
    }

    /// The connection with that id.
    pub fn connection_by_id(&self, id: &ConnectionId) -> Result<Connection, Error> {
        self.with_vault(|vault| vault.connection_by_id(id))?
            .ok_or_else(|| Error::UnknownConnection {
                name: Untrusted::new(id.as_str()),
                known: Vec::new(),
            })
    }

    fn new_connection_id() -> Result<ConnectionId, Error> {
        Ok(ConnectionId::from_random(random_bytes()?))
    }

    fn new_registration_id() -> Result<RegistrationId, Error> {
        Ok(RegistrationId::from_random(random_bytes()?))
    }
}

fn new_grant_id() -> Result<GrantId, Error> {
    Ok(GrantId::from_random(random_bytes()?))
}

/// A lock whose holder panicked still guards good data: every change is one transaction.
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
