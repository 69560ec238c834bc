//! A practice provider, an engine and a person with a browser, in one process and on one thread.

use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::sync::mpsc;
use valetkey::cli::practice_definition;
use valetkey::engine::{
    Access, Attempt, AttemptEvent, Change, Engine, Error, Ignored, NewConnection, Outcome,
    SignInOptions, World,
};
use valetkey::host::{
    Browser, BrowserError, BrowserUrl, Clock as _, Environment, ManualClock, Opened,
};
use valetkey::model::{
    Connection, ConnectionId, ConnectionName, Seconds, Secret, UnixTime, Untrusted,
};
use valetkey::sandbox::{self, Approval, Options, Sandbox, Tls, Visit};
use valetkey::vault::{Home, Keychain, KeychainError, Unlock, Vault};

use crate::kept;
use crate::web::{self, Approved};

/// When every story begins, by both clocks.
pub(crate) const NOON: i64 = 1_800_000_000;
pub(crate) const NAME: &str = "practice";
const PASSPHRASE: &str = "canary-41c7d2e05a-passphrase-of-the-stage";

pub(crate) struct Stage {
    pub(crate) sandbox: Sandbox,
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) id: ConnectionId,
    home: Home,
    folder: TempDir,
    opened: tokio::sync::Mutex<mpsc::UnboundedReceiver<String>>,
    world: World,
    changes: Mutex<mpsc::UnboundedReceiver<Change>>,
}

/// Everything the vault keeps of the connection: what must not change when a sign-in fails.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    connection: Connection,
    pub(crate) access: Option<String>,
    pub(crate) refresh: Option<String>,
}

impl Stage {
    /// With the practice connection in a vault on disk.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same with a changed definition.
    pub(crate) async fn with(change: impl FnOnce(&mut NewConnection)) -> Self {
        Self::build(Arc::new(NoKeychain), true, change).await
    }

    /// With a vault that this keychain alone opens.
    pub(crate) async fn on_keychain(keychain: Arc<dyn Keychain>) -> Self {
        Self::build(keychain, false, |_| {}).await
    }

    async fn build(
        keychain: Arc<dyn Keychain>,
        by_passphrase: bool,
        change: impl FnOnce(&mut NewConnection),
    ) -> Self {
        let options = Options {
            tls: Tls::Own,
            ..Options::default()
        };
        let sandbox = Sandbox::start(options).await.expect("a sandbox");
        sandbox.freeze_at(NOON);
        let folder = kept::folder();
        kept::secrets([PASSPHRASE]);
        let home = Home::Disk {
            data: folder.path().join("data"),
            state: folder.path().join("state"),
        };
        let clock = Arc::new(ManualClock::at(UnixTime(NOON)));
        let (shown, opened) = mpsc::unbounded_channel();
        let world = World {
            clock: clock.clone(),
            browser: Arc::new(Shown(shown)),
            keychain,
            environment: Environment {
                browser_variable: true,
                ..Environment::default()
            },
            jobs_here: true,
        };
        if by_passphrase {
            Vault::create_for_tests(&home, &passphrase(), clock.now()).expect("a vault");
        } else {
            let first = Engine::open(world.clone(), home.clone()).expect("opens");
            first.open_vault(&Access::default()).expect("made");
        }
        let engine = open(&world, &home);
        let mut new = practice_definition(sandbox.url(), sandbox.ca_pem()).expect("a definition");
        change(&mut new);
        let id = engine.add(new).expect("added");
        Self {
            changes: Mutex::new(engine.subscribe()),
            sandbox,
            engine,
            clock,
            id,
            home,
            folder,
            opened: tokio::sync::Mutex::new(opened),
            world,
        }
    }

    /// With a grant of ada's.
    pub(crate) async fn signed_in() -> Self {
        let stage = Self::new().await;
        stage.sign_in().await.expect("signed in");
        stage.sandbox.clear_requests();
        stage
    }

    /// One more connection of the same definition, signed in as ada.
    pub(crate) async fn another(&self, name: &str) -> ConnectionId {
        let (url, ca) = (self.sandbox.url(), self.sandbox.ca_pem());
        let mut new = practice_definition(url, ca).expect("a definition");
        new.name = Some(ConnectionName::parse(name).expect("a name"));
        let id = self.engine.add(new).expect("added");
        let attempt = self
            .engine
            .sign_in(&id, SignInOptions::default())
            .expect("begun");
        self.visit(self.sandbox.browser()).await;
        attempt.outcome().await.expect("signed in");
        id
    }

    /// As if the program had been ended and started again.
    pub(crate) fn restart(&mut self) {
        self.engine = open(&self.world, &self.home);
        self.changes = Mutex::new(self.engine.subscribe());
    }

    /// The same, and nobody has opened the vault yet.
    pub(crate) fn restart_locked(&mut self) {
        self.engine = Engine::open(self.world.clone(), self.home.clone()).expect("opens");
        self.changes = Mutex::new(self.engine.subscribe());
    }

    /// Lets time pass, here and at the provider.
    pub(crate) fn pass(&self, seconds: u32) {
        self.clock.advance(Seconds(seconds.into()));
        self.sandbox.advance(seconds.into());
    }

    /// Nobody listens at the provider's address any more.
    pub(crate) async fn close_sandbox(&mut self) {
        self.keep_secrets();
        let options = Options::default();
        self.sandbox = Sandbox::start(options).await.expect("another sandbox");
        // The old one's listener goes with its task, which ends at its next turn.
        tokio::task::yield_now().await;
    }

    fn keep_secrets(&self) {
        let secrets = self.sandbox.secrets_issued();
        kept::secrets(secrets.iter().map(String::as_str));
    }

    pub(crate) fn set(&self, switch: &str) {
        self.sandbox.set(switch).expect(switch);
    }

    pub(crate) fn once(&self, path: &str, switches: &[&str]) {
        self.sandbox.once(path, switches).expect("switches");
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(crate) fn connection(&self) -> Connection {
        self.engine.connection_by_id(&self.id).expect("there")
    }

    /// What the vault holds, read by another handle.
    pub(crate) fn kept(&self) -> Kept {
        let mut vault = Vault::open(&self.home).expect("opens").expect("made");
        vault
            .unlock(Unlock::Passphrase(&passphrase()))
            .expect("unlocked");
        let connection = vault
            .connection_by_id(&self.id)
            .expect("reads")
            .expect("there");
        let text = |token: Option<Secret>| token.map(|token| token.reveal().to_owned());
        Kept {
            access: text(vault.access_token(&connection).expect("access")),
            refresh: text(vault.refresh_token(&connection).expect("refresh")),
            connection,
        }
    }

    /// The access token, by the story that hands it out.
    pub(crate) async fn token(&self) -> Result<String, Error> {
        let handout = self.engine.fresh_token(NAME, None).await?;
        Ok(handout.token.reveal().to_owned())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.keep_secrets();
    }
}

/// Signing in.
impl Stage {
    pub(crate) fn begin(&self) -> Attempt {
        self.begin_with(SignInOptions::default())
    }

    pub(crate) fn begin_with(&self, options: SignInOptions) -> Attempt {
        // What earlier attempts told is no longer of interest.
        self.told();
        self.engine.sign_in(&self.id, options).expect("begun")
    }

    /// Whether a browser was opened since the last address was taken.
    pub(crate) async fn browser_waits(&self) -> bool {
        !self.opened.lock().await.is_empty()
    }

    /// The address that the engine opened last.
    pub(crate) async fn opened(&self) -> String {
        let mut opened = self.opened.lock().await;
        opened.recv().await.expect("the engine is there")
    }

    /// A whole sign-in; ada approves everything.
    pub(crate) async fn sign_in(&self) -> Result<Outcome, Arc<Error>> {
        self.sign_in_by(self.sandbox.browser()).await
    }

    pub(crate) async fn sign_in_by(
        &self,
        browser: sandbox::Browser,
    ) -> Result<Outcome, Arc<Error>> {
        let attempt = self.begin();
        self.visit(browser).await;
        attempt.outcome().await
    }

    /// Plays the browser until the held page came.
    pub(crate) async fn visit(&self, mut browser: sandbox::Browser) -> Visit {
        let url = self.opened().await;
        browser.visit(&url).await.expect("a visit")
    }

    /// Follows the start link and approves; the answer is still to be delivered.
    pub(crate) async fn approve(&self) -> Approved {
        self.approve_as(&Approval::default()).await
    }

    pub(crate) async fn approve_as(&self, approval: &Approval) -> Approved {
        let url = self.opened().await;
        let (authorize, cookie) = off(move || web::follow(&url)).await;
        let callback = self
            .sandbox
            .approve(&authorize, approval)
            .expect("approved");
        Approved { callback, cookie }
    }
}

/// What the viewers are told.
impl Stage {
    /// The next event of an attempt that `pick` takes. Fails the test when the attempt ends first.
    pub(crate) async fn event<T>(&self, mut pick: impl FnMut(&AttemptEvent) -> Option<T>) -> T {
        loop {
            let event = self.next_event().await;
            if let Some(found) = pick(&event) {
                return found;
            }
            let over = matches!(
                event,
                AttemptEvent::Done { .. } | AttemptEvent::Failed { .. } | AttemptEvent::Cancelled
            );
            assert!(!over, "the attempt ended first: {event:?}");
        }
    }

    pub(crate) async fn ignored(&self) -> Ignored {
        self.event(|event| match event {
            AttemptEvent::Ignored(what) => Some(what.clone()),
            _ => None,
        })
        .await
    }

    #[allow(clippy::await_holding_lock)] // one reader at a time, on one thread
    async fn next_event(&self) -> AttemptEvent {
        loop {
            let mut changes = self.changes.try_lock().expect("one reader");
            if let Change::Attempt { event, .. } = changes.recv().await.expect("the engine") {
                return event;
            }
        }
    }

    /// Everything told so far.
    pub(crate) fn told(&self) -> Vec<AttemptEvent> {
        let mut changes = self.changes.try_lock().expect("one reader");
        let mut events = Vec::new();
        while let Ok(change) = changes.try_recv() {
            if let Change::Attempt { event, .. } = change {
                events.push(event);
            }
        }
        events
    }
}

/// Runs something that blocks off the stage's one thread.
pub(crate) async fn off<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("done")
}

pub(crate) fn passphrase() -> Secret {
    Secret::new(PASSPHRASE.to_owned())
}

fn open(world: &World, home: &Home) -> Engine {
    let engine = Engine::open(world.clone(), home.clone()).expect("opens");
    let access = Access {
        passphrase: Some(passphrase()),
        ..Access::default()
    };
    engine.open_vault(&access).expect("unlocked");
    engine
}

/// Tells the test which address it was to show.
struct Shown(mpsc::UnboundedSender<String>);

impl Browser for Shown {
    fn open(&self, url: &BrowserUrl) -> Result<Opened, BrowserError> {
        let _ = self.0.send(url.as_str().to_owned());
        Ok(Opened {
            program: Untrusted::new("a browser of the stage"),
        })
    }
}

/// A machine without a keychain.
pub(crate) struct NoKeychain;

impl Keychain for NoKeychain {
    fn read(&self, _account: &str) -> Result<Secret, KeychainError> {
        Err(KeychainError::Absent)
    }

    fn write(&self, _account: &str, _secret: &Secret) -> Result<(), KeychainError> {
        Err(KeychainError::Absent)
    }

    fn delete(&self, _account: &str) -> Result<(), KeychainError> {
        Err(KeychainError::Absent)
    }

    fn name(&self) -> String {
        "no keychain".to_owned()
    }
}
