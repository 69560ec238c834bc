//! What the engine tells its viewers, and what they may answer.

use crate::model::{
    AttemptId, ClientAuth, Connection, ConnectionId, ConnectionName, Provider, RedirectUri,
    RegistrationId, ScopeSet, Seconds, Secret, Shown, Summary, UnixTime, Verdict,
};
use crate::oauth::IgnoreReason;

/// One change, in the order it happened. There is one channel of these.
#[derive(Debug, Clone)]
// A few messages a second: a box would only add noise.
#[allow(clippy::large_enum_variant)]
pub enum Change {
    /// Rows were added, removed or changed: read them again.
    Connections,
    /// The vault was made, unlocked, locked or written by another program.
    Vault,
    /// Something about a running sign-in.
    Attempt {
        attempt: AttemptId,
        connection: ConnectionId,
        event: AttemptEvent,
    },
}

/// The steps of a sign-in, in order (DESIGN section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    Listen,
    Browser,
    Approve,
    Check,
    Exchange,
    Store,
    Identify,
    Accept,
    Test,
}

impl Step {
    pub const ALL: [Step; 9] = [
        Step::Listen,
        Step::Browser,
        Step::Approve,
        Step::Check,
        Step::Exchange,
        Step::Store,
        Step::Identify,
        Step::Accept,
        Step::Test,
    ];

    /// The word in JSON and plain mode.
    pub fn word(self) -> &'static str {
        match self {
            Step::Listen => "listen",
            Step::Browser => "browser",
            Step::Approve => "approve",
            Step::Check => "check",
            Step::Exchange => "exchange",
            Step::Store => "store",
            Step::Identify => "identify",
            Step::Accept => "accept",
            Step::Test => "test",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    Active,
    Done,
    Skipped,
    Failed,
}

impl StepState {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            StepState::Active => "active",
            StepState::Done => "done",
            StepState::Skipped => "skipped",
            StepState::Failed => "failed",
        }
    }
}

/// A way to finish an attempt; several may be open at once, the first wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// The browser on this machine. `start_url` is the short one-time local address.
    Open { start_url: String },
    /// A port forward from the person's own machine.
    Forward { command: String, start_url: String },
    /// Paste of the whole address that the browser ended on.
    Paste,
    /// A code typed on a web page (RFC 8628).
    Device {
        user_code: Shown,
        verification_uri: String,
        /// With the code in it; for a QR code or a link, never instead of showing the code.
        complete: Option<String>,
        expires_at: UnixTime,
        /// The page lies on another host than the provider (conformance K-03).
        foreign_host: bool,
    },
}

#[derive(Debug, Clone)]
pub enum AttemptEvent {
    /// A step began or ended. `detail` is short and ours: `127.0.0.1:41873`, `firefox`.
    Step {
        step: Step,
        state: StepState,
        detail: Option<String>,
    },
    /// A way is open now.
    Way(Way),
    /// Something arrived and was ignored; the attempt goes on.
    Ignored(Ignored),
    /// The story needs a decision; it waits for [`Answer`].
    Asked(Question),
    /// Over: stored, accepted, perhaps tested.
    Done { outcome: Outcome },
    /// Over: nothing already stored was changed.
    Failed {
        error: std::sync::Arc<super::Error>,
        step: Step,
    },
    /// Over: the person stopped it.
    Cancelled,
}

/// What arrived during a sign-in and changed nothing.
#[derive(Debug, Clone)]
pub enum Ignored {
    /// Favicons, other paths, other methods: counted, not explained one by one.
    Unrelated { count: u32 },
    /// A request for another host name: a web page that made its name lead here (F-02).
    OtherHost,
    /// An answer that is not to be believed.
    Answer(IgnoreReason),
    /// The answer came from another browser than the one that used the start address (E-12).
    OtherBrowser,
    /// Another user of this machine tried (F-23).
    OtherUser,
    /// A browser tried https on the local http address (F-19).
    TlsHello,
    /// A second answer with another code came after the first (F-18).
    SecondAnswer,
    /// Start links no longer work: too many wrong guesses.
    StartLinkClosed,
    /// The device code way: the provider asked to slow down.
    SlowDown,
    /// The device code way ended; others are still open.
    DeviceWayClosed(std::sync::Arc<super::Error>),
    /// The pasted text is not the answer.
    Paste(super::PasteProblem),
}

/// How a sign-in ended well.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub name: ConnectionName,
    pub account: Option<Shown>,
    pub requested: ScopeSet,
    /// `None`: the provider did not state them.
    pub granted: Option<ScopeSet>,
    pub test: Option<TestReport>,
}

/// The result of a test read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestReport {
    pub status: u16,
    pub millis: u64,
    pub account: Option<Shown>,
    /// A few safe lines of the answer.
    pub lines: Vec<Shown>,
    pub authority: String,
}

/// A decision the story waits for before `accept`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// The provider granted more than was asked for.
    WiderGrant { added: ScopeSet },
    /// Somebody else signed in than the connection belongs to.
    OtherAccount { before: Shown, now: Shown },
}

/// Answers to a [`Question`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Go on: keep the wider grant, or replace the account.
    Accept,
    /// Give the new grant back at the provider and keep what was there.
    GiveBack,
}

/// How a sign-in is to be run.
#[derive(Debug, Clone, Default)]
pub struct SignInOptions {
    /// Ask for a device code at once.
    pub device: bool,
    /// Do not open a browser here.
    pub no_browser: bool,
    /// Give up after this long; ten minutes when absent.
    pub timeout: Option<Seconds>,
    pub accept_wider: bool,
    pub accept_account: bool,
    /// Run the test read after acceptance.
    pub test: bool,
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub summary: Summary,
    pub verdict: Verdict,
}

/// Everything the details screen shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    pub connection: Connection,
    pub verdict: Verdict,
    /// Newest first: when, and what in a sentence of ours.
    pub history: Vec<(UnixTime, String)>,
}

/// A definition on its way into the vault.
pub struct NewConnection {
    /// `None`: the preset's id or the host, with a number when taken.
    pub name: Option<ConnectionName>,
    pub provider: Provider,
    /// Use this registration instead of making one from the next four fields.
    pub reuse: Option<RegistrationId>,
    pub client_id: String,
    pub client_secret: Option<Secret>,
    pub auth: ClientAuth,
    pub redirect: RedirectUri,
    pub scopes: ScopeSet,
    pub resources: Vec<String>,
    pub dev_http: bool,
    pub ca_pem: Option<String>,
}
