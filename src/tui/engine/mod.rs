//! The backend that performs requests with the real engine.

mod agent;
mod attempt;
mod authority;
mod definitions;
mod desktop;
mod import;
mod opening;
mod revoking;
mod settings;
mod using;

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::sync::broadcast;

use self::agent::AgentWatch;
use self::settings::watch_settings;
use super::backend::{Backend, Replies};
use super::fresh::SettingsDoor;
use super::model::VaultState;
use super::msg::{Doing, Msg, Reply};
use super::request::Request;
use crate::advice::agent::not_running;
use crate::agent::{Answer, Question};
use crate::engine::{Engine, Error, VaultFacts, look_at};
use crate::host::fault_point;
use crate::model::{Connection, ConnectionId, ScopeSet, Secret};
use crate::provider::Catalogue;

/// Decides at the practice provider as its consent page would: authorization address and scopes
/// left ticked (`None` declines) → the address the browser would end on.
pub type PracticeDoor = Arc<dyn Fn(&str, Option<&ScopeSet>) -> Option<String> + Send + Sync>;

/// The presets, put together when somebody asks for them.
pub type CatalogueDoor = Box<dyn Fn() -> Arc<Catalogue>>;

/// Performs requests on the runtime it is used in.
pub struct EngineBackend {
    engine: Engine,
    /// Brought along; tried when a secret is first needed.
    passphrase: Option<Arc<Secret>>,
    practice: Option<PracticeDoor>,
    /// Wrong passphrases in a row; the next try waits longer.
    wrong: Arc<std::sync::atomic::AtomicU32>,
    /// Tells everything that waits for the keychain to stop; whether a passphrase comes instead.
    stop_waiting: broadcast::Sender<bool>,
    /// Where an agent's socket may lie; none in practice.
    run: Option<PathBuf>,
    agent: Option<Arc<AgentWatch>>,
    catalogue: CatalogueDoor,
    settings: Option<SettingsDoor>,
}

impl EngineBackend {
    /// `run`: where the socket of an agent may lie, whose questions are shown. `catalogue`: what an import is
    /// compared with.
    pub fn new(
        engine: Engine,
        passphrase: Option<Secret>,
        practice: Option<PracticeDoor>,
        run: Option<PathBuf>,
        catalogue: CatalogueDoor,
    ) -> Self {
        Self {
            run,
            catalogue,
            settings: None,
            agent: None,
            engine,
            passphrase: passphrase.map(Arc::new),
            practice,
            wrong: Arc::default(),
            stop_waiting: broadcast::Sender::new(1),
        }
    }
}

impl EngineBackend {
    /// With settings that may be read again.
    #[must_use]
    pub fn with_settings(mut self, door: SettingsDoor) -> Self {
        self.settings = Some(door);
        self
    }
}

impl Backend for EngineBackend {
    fn subscribe(&mut self, changes: Replies) {
        let mut receiver = self.engine.subscribe();
        self.engine.watch();
        if let Some(door) = &self.settings {
            // It reads files, and the first frame waits for none.
            let (folder, changes) = (door.folder.clone(), changes.clone());
            tokio::task::spawn_blocking(move || watch_settings(&folder, &changes));
        }
        let run = self.run.clone();
        self.agent = run.map(|run| Arc::new(AgentWatch::start(run, changes.clone())));
        tokio::spawn(async move {
            while let Some(change) = receiver.recv().await {
                if changes.send(Msg::Engine(change)).is_err() {
                    break;
                }
            }
        });
    }

    fn away(&mut self, away: bool) {
        if let Some(agent) = &self.agent {
            agent.away(away);
        }
    }

    fn perform(&mut self, request: Request, replies: &Replies) {
        if let Some(agent) = &self.agent {
            agent.look_again();
        }
        let work = Work {
            engine: self.engine.clone(),
            passphrase: self.passphrase.clone(),
            practice: self.practice.clone(),
            wrong: self.wrong.clone(),
            stop_waiting: self.stop_waiting.clone(),
            agent: self.agent.clone(),
            replies: replies.clone(),
        };
        match request {
            // The table's own read is short and must be in the first frame.
            Request::LoadRows => work.load_rows(),
            Request::LoadDetail(id) => work.load_detail(&id),
            Request::ReadSettings => {
                if let Some(door) = &self.settings {
                    work.reply(Reply::SettingsRead((door.read)().map(Box::new)));
                }
            }
            Request::StopWaiting { passphrase } => {
                // Nobody listens when the keychain answered at this moment.
                let _ = self.stop_waiting.send(passphrase);
            }
            // Before the program may end.
            Request::Cancel { attempt } => self.engine.stop(&attempt),
            Request::ReachedAs(typed) => {
                if let Err(error) = self.engine.set_reached_as(&typed) {
                    work.failed(Doing::Load, error);
                }
            }
            Request::ReadImport { file, passphrase } => {
                let catalogue = (self.catalogue)();
                tokio::spawn(work.read_import(catalogue, file, passphrase));
            }
            Request::ReadAuthority(file) => {
                tokio::spawn(work.read_authority(file));
            }
            Request::ForgetInterrupted(id) => self.engine.forget_interrupted(&id),
            // The sign-in belongs to this runtime, and its handle must exist before the reply.
            other => {
                let doing = doing(&other);
                let replies = replies.clone();
                tokio::spawn(async move {
                    let work = AssertUnwindSafe(work.perform(other)).catch_unwind();
                    // A fault of the program ends this and nothing else (conformance V-07).
                    if work.await.is_err() {
                        let error = Arc::new(Error::Internal("this broke off"));
                        let _ = replies.send(Msg::Done(Reply::Failed { doing, error }));
                    }
                });
            }
        }
    }
}

/// What a request is about, should it break off.
fn doing(request: &Request) -> Doing {
    match request {
        Request::SignIn { id, .. } => Doing::SignIn(id.clone()),
        Request::SaveDefinition { .. } => Doing::Save,
        Request::Test(id)
        | Request::Introspect { id, .. }
        | Request::Refresh(id)
        | Request::Revoke { id, .. }
        | Request::DropRevocation(id)
        | Request::Remove(id)
        | Request::Rename { id, .. }
        | Request::Edit { id, .. } => Doing::At(id.clone()),
        Request::Unlock(_) | Request::NewPassphrase(_) => Doing::Vault,
        Request::OpenPage(_) => Doing::OpenPage,
        Request::Import(_) => Doing::Import,
        Request::Restore(deleted) => Doing::Restore(deleted.clone()),
        _ => Doing::Load,
    }
}

#[derive(Clone)]
struct Work {
    engine: Engine,
    passphrase: Option<Arc<Secret>>,
    practice: Option<PracticeDoor>,
    wrong: Arc<std::sync::atomic::AtomicU32>,
    stop_waiting: broadcast::Sender<bool>,
    agent: Option<Arc<AgentWatch>>,
    replies: Replies,
}

impl Work {
    fn reply(&self, reply: Reply) {
        // The face may have left.
        let _ = self.replies.send(Msg::Done(reply));
    }

    fn failed(&self, doing: Doing, error: Error) {
        self.reply(Reply::Failed {
            doing,
            error: Arc::new(error),
        });
    }

    fn load_rows(&self) {
        match self.engine.rows() {
            Ok(rows) => self.reply(Reply::Rows {
                rows,
                vault: self.vault_state(),
                waiting: self.engine.waiting().map_or(0, |waiting| waiting.len()),
            }),
            Err(error) => self.failed(Doing::Load, error),
        }
    }

    fn load_detail(&self, id: &ConnectionId) {
        match self.engine.detail(id) {
            Ok(detail) => self.reply(Reply::Detail(Box::new(detail))),
            Err(error) => self.failed(Doing::Load, error),
        }
    }

    fn vault_state(&self) -> VaultState {
        match self.engine.vault_facts() {
            _ if self.engine.is_memory() => VaultState::Memory,
            Ok(VaultFacts::Made(status)) if status.unlocked => VaultState::Open,
            Ok(VaultFacts::Made(_)) => VaultState::Locked,
            _ => VaultState::None,
        }
    }

    async fn perform(self, request: Request) {
        fault_point(request.word());
        // Whatever needs a secret opens the vault first, and comes back after the passphrase.
        let needs_vault = self.import_needs_vault(&request)
            || matches!(
                request,
                Request::SaveDefinition { .. }
                    | Request::SignIn { .. }
                    | Request::Test(_)
                    | Request::Introspect { .. }
                    | Request::Refresh(_)
                    | Request::Revoke { .. }
                    | Request::Edit {
                        secret: Some(_),
                        ..
                    }
            );
        let request = if needs_vault {
            match self.vault_open(request).await {
                Some(request) => request,
                None => return,
            }
        } else {
            request
        };
        match request {
            // These may wait for a refresh under way.
            Request::SaveDefinition { new, replaces } => {
                tokio::task::block_in_place(|| self.save(*new, replaces.as_ref()));
            }
            Request::LookAt {
                typed,
                endpoints,
                ca_pem,
            } => {
                let look = Box::new(look_at(&endpoints, ca_pem.as_deref()).await);
                self.reply(Reply::Looked { typed, look });
            }
            Request::SignIn { id, options } => self.sign_in(id, options).await,
            Request::Test(id) => {
                Box::pin(self.test(&id)).await;
                self.tell_due().await;
            }
            Request::Introspect { id, allowed } => {
                Box::pin(self.introspect(id, allowed)).await;
            }
            Request::Refresh(id) => {
                self.refresh(&id).await;
                self.tell_due().await;
            }
            Request::Revoke { id, then_remove } => {
                self.revoke(&id, then_remove).await;
                self.tell_due().await;
            }
            Request::DropRevocation(id) => self.drop_revocation(&id),
            Request::Restore(deleted) => {
                tokio::task::block_in_place(|| self.restore(deleted));
            }
            Request::Remove(id) => tokio::task::block_in_place(|| self.remove(&id)),
            Request::Rename { id, name } => {
                let old = self
                    .engine
                    .connection_by_id(&id)
                    .map(|connection| connection.name);
                match self.engine.rename(&id, &name) {
                    Ok(()) => self.reply(Reply::Renamed { name }),
                    Err(error) => self.failed(Doing::With(id, old.unwrap_or(name)), error),
                }
            }
            // This may wait for a refresh under way.
            Request::Edit { id, edits, secret } => {
                tokio::task::block_in_place(|| self.edit(id, &edits, secret.as_ref()));
            }
            Request::OpenPage(url) => self.open_page(url).await,
            Request::CopyNative(text) => self.copy(text).await,
            Request::Unlock(passphrase) | Request::NewPassphrase(passphrase) => {
                self.unlock(passphrase).await;
            }
            Request::AdoptVault { then } => match self.engine.adopt_vault() {
                Ok(()) => {
                    for request in then {
                        Box::pin(self.clone().perform(request)).await;
                    }
                }
                Err(error) => self.failed(Doing::Vault, error),
            },
            Request::Import(plan) => tokio::task::block_in_place(|| self.import(*plan)),
            Request::Lock => {
                self.engine.lock_vault();
                self.reply(Reply::VaultLocked);
            }
            Request::Address { attempt, purpose } => {
                let address = match self.engine.attempt(&attempt) {
                    Some(remote) => remote.authorization_url().await,
                    None => None,
                };
                if let Some(address) = address {
                    self.reply(Reply::Address {
                        attempt,
                        address,
                        purpose,
                    });
                }
            }
            Request::AnswerAgent { question, answer } => {
                tokio::task::block_in_place(|| self.answer_agent(question, answer));
            }
            about_an_attempt => self.steer(about_an_attempt).await,
        }
    }

    fn answer_agent(&self, question: Box<Question>, answer: Answer) {
        let outcome = match &self.agent {
            Some(agent) => agent.answer(&question, answer),
            None => Err(not_running()),
        };
        self.reply(Reply::AgentAnswered {
            question,
            answer,
            outcome: outcome.map_err(|advice| advice.sentence),
        });
    }

    /// The connection, or the failure told.
    fn known(&self, id: &ConnectionId) -> Option<Connection> {
        match self.engine.connection_by_id(id) {
            Ok(connection) => Some(connection),
            Err(error) => {
                self.failed(Doing::At(id.clone()), error);
                None
            }
        }
    }
}
