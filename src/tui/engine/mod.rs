//! The backend that performs requests with the real engine.

mod agent;
mod import;
mod opening;
mod settings;

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::sync::broadcast;

use self::agent::AgentWatch;
use self::opening::Waited;
use self::settings::watch_settings;
use super::backend::{Backend, Replies};
use super::fresh::SettingsDoor;
use super::model::VaultState;
use super::msg::{Doing, Msg, Reply, Revocation};
use super::request::Request;
use crate::advice::agent::not_running;
use crate::advice::{advise, dropped};
use crate::agent::{Answer, Question};
use crate::engine::{
    Edit, Engine, Error, NewConnection, Retold, Revoked, SignInOptions, VaultFacts, Want, look_at,
    shared_registration,
};
use crate::host::{BrowserUrl, NativeClipboard, fault_point};
use crate::model::{
    AttemptId, Connection, ConnectionId, RegistrationId, ScopeSet, Secret, Waiting,
};
use crate::provider::Catalogue;
use crate::vault::VaultError;

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
            watch_settings(&door.folder, &changes);
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

/// The definition without its sign-in.
fn alone(connection: Connection) -> Connection {
    Connection {
        grant: None,
        ended: None,
        problem: None,
        ..connection
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
            Request::LookAt { typed, endpoints } => {
                let look = Box::new(look_at(&endpoints, None).await);
                self.reply(Reply::Looked { typed, look });
            }
            Request::SignIn { id, options } => self.sign_in(id, options).await,
            Request::Test(id) => {
                Box::pin(self.test(&id)).await;
                self.tell_due().await;
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

    async fn sign_in(&self, id: ConnectionId, options: SignInOptions) {
        let engine = self.engine.clone();
        // The vault is open; the key that opens it next time cannot be replaced here.
        let waited = self.explained(None, move || engine.prove_keychain()).await;
        let Waited::Done(proved) = waited else {
            return;
        };
        match proved.and_then(|()| self.engine.sign_in(&id, options)) {
            Ok(attempt) => self.reply(Reply::Started {
                connection: id,
                attempt: attempt.id,
            }),
            Err(error) => self.failed(Doing::SignIn(id), error),
        }
    }

    fn save(&self, mut new: NewConnection, replaces: Option<&ConnectionId>) {
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

    async fn test(&self, id: &ConnectionId) {
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

    fn ask_to_adopt(&self, why: &VaultError, then: Request) {
        self.reply(Reply::VaultMoved {
            second_copy: *why == VaultError::SecondCopy,
            then: Box::new(then),
        });
    }

    async fn refresh(&self, id: &ConnectionId) {
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

    async fn revoke(&self, id: &ConnectionId, then_remove: bool) {
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
    async fn tell_due(&self) {
        for waiting in self.engine.waiting_now(Want::Due).unwrap_or_default() {
            // What stood in the way is in the vault.
            let _ = self.engine.tell_again(&waiting).await;
        }
    }

    fn drop_revocation(&self, id: &ConnectionId) {
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

    fn edit(&self, id: ConnectionId, edits: &[Edit], secret: Option<&Secret>) {
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

    fn remove(&self, id: &ConnectionId) {
        let Some(connection) = self.known(id) else {
            return;
        };
        match self.engine.remove(&connection) {
            Ok(_) => self.reply(Reply::Removed(Box::new(alone(connection)))),
            Err(error) => self.failed(Doing::With(connection.id, connection.name), error),
        }
    }

    fn restore(&self, was: Box<Connection>) {
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

    async fn open_page(&self, url: String) {
        let browser = self.engine.browser();
        let opened = tokio::task::spawn_blocking(move || {
            let url = BrowserUrl::check(&url).map_err(|_| ())?;
            browser.open(&url).map_err(|_| ())
        })
        .await;
        match opened {
            Ok(Ok(_)) => self.reply(Reply::PageOpened),
            _ => self.failed(Doing::OpenPage, Error::NoBrowser),
        }
    }

    /// The program for it is looked for each time: a desktop may come and go.
    async fn copy(&self, text: Secret) {
        let copied = tokio::task::spawn_blocking(move || {
            NativeClipboard::find().is_some_and(|clipboard| clipboard.copy(text.reveal()).is_ok())
        });
        if !matches!(copied.await, Ok(true)) {
            self.reply(Reply::NotCopied);
        }
    }

    /// What is said to a running attempt; the effects come as engine changes.
    async fn steer(&self, request: Request) {
        let about = |attempt: &AttemptId| self.engine.attempt(attempt);
        match request {
            Request::Paste { attempt, text } => {
                if let Some(remote) = about(&attempt) {
                    remote.paste(text);
                }
            }
            Request::OpenAgain { attempt } => {
                if let Some(remote) = about(&attempt) {
                    remote.start_url(true).await;
                }
            }
            Request::UseDevice { attempt } => {
                if let Some(remote) = about(&attempt) {
                    remote.use_device();
                }
            }
            Request::AnswerQuestion { attempt, answer } => {
                if let Some(remote) = about(&attempt) {
                    remote.answer(answer);
                }
            }
            Request::Interrupt { attempt } => {
                if let Some(remote) = about(&attempt) {
                    remote.cancel();
                }
            }
            Request::PracticeApprove { attempt, allow } => {
                if let (Some(remote), Some(door)) = (about(&attempt), &self.practice) {
                    let page = remote.authorization_url().await;
                    let answer = page.and_then(|page| door(page.reveal(), allow.as_ref()));
                    if let Some(answer) = answer {
                        remote.paste(Secret::new(answer));
                    }
                }
            }
            // The loop itself sees to the others.
            _ => {}
        }
    }
}
