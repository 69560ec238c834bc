//! What the engine tells its viewers, and what they may answer.

use super::History;
use crate::host::ForwardLines;
use crate::model::{
    AttemptId, ClientAuth, Connection, ConnectionId, ConnectionName, Provider, RedirectUri,
    RegistrationId, ScopeSet, Seconds, Secret, Shown, Summary, UnixTime, Verdict, Waiting,
};
use crate::oauth::{IgnoreReason, Note};

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
        /// Whose event it is; late ones of older attempts can come.
        attempt: AttemptId,
        /// Whose sign-in it is.
        connection: ConnectionId,
        /// What happened.
        event: AttemptEvent,
    },
}

/// The steps of a sign-in, in order (DESIGN section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// The local address is opened.
    Listen,
    /// A browser is opened on the start address.
    Browser,
    /// The person approves, in whatever way.
    Approve,
    /// Is the answer genuine: state, issuer.
    Check,
    /// The code is swapped for tokens.
    Exchange,
    /// The tokens are sealed as a candidate.
    Store,
    /// Who signed in.
    Identify,
    /// The candidate replaces what was there, perhaps after a question.
    Accept,
    /// The test read.
    Test,
}

impl Step {
    /// All of them, in order.
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

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// Under way.
    Active,
    /// Over, and it went well.
    Done,
    /// Not needed, or not possible here.
    Skipped,
    /// The sign-in ended at it.
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
    Open {
        /// The one-time local address.
        start_url: String,
    },
    /// A port forward from the person's own machine.
    Forward {
        /// What to run on the person's own machine.
        lines: ForwardLines,
        /// What they type after `ssh` to get here; until they told, the lines have a placeholder.
        target: Option<String>,
        /// What to open there then.
        start_url: String,
    },
    /// Paste of the whole address that the browser ended on.
    Paste,
    /// A code typed on a web page (RFC 8628).
    Device {
        /// What is typed there.
        user_code: Shown,
        /// The page to type it on.
        verification_uri: String,
        /// With the code in it; for a QR code or a link, never instead of showing the code.
        complete: Option<String>,
        /// When the code ends.
        expires_at: UnixTime,
        /// The page lies on another host than the provider (conformance K-03).
        foreign_host: bool,
    },
}

/// What happens in a sign-in, in order. `Done`, `Failed` and `Cancelled` come last.
#[derive(Debug, Clone)]
pub enum AttemptEvent {
    /// A step began or ended.
    Step {
        /// Which one.
        step: Step,
        /// How far it is.
        state: StepState,
        /// Short and ours: `127.0.0.1:41873`, `firefox`.
        detail: Option<String>,
    },
    /// A way is open now.
    Way(Way),
    /// Something arrived and was ignored; the attempt goes on.
    Ignored(Ignored),
    /// The story needs a decision; it waits for [`Answer`].
    Asked(Question),
    /// Over: stored, accepted, perhaps tested.
    Done {
        /// With what result.
        outcome: Outcome,
    },
    /// Over: nothing already stored was changed.
    Failed {
        /// Why.
        error: std::sync::Arc<super::Error>,
        /// The step under way.
        step: Step,
    },
    /// Over: the person stopped it.
    Cancelled,
}

/// What arrived during a sign-in, or did not, and changed nothing.
#[derive(Debug, Clone)]
pub enum Ignored {
    /// Favicons, other paths, other methods: counted, not explained one by one.
    Unrelated {
        /// All requests that were ignored so far.
        count: u32,
    },
    /// A request for another host name: a web page that made its name lead here (F-02).
    OtherHost,
    /// An answer that is not to be believed.
    Answer(IgnoreReason),
    /// The answer came from another browser than the one that used the start address (E-12).
    OtherBrowser,
    /// Another user of this machine tried (F-23).
    OtherUser,
    /// The kernel does not say whose process it was; it was served (F-23).
    UnknownPeer,
    /// A browser tried https on the local http address (F-19).
    TlsHello,
    /// A second answer with another code came after the first (F-18).
    SecondAnswer,
    /// Start links no longer work: too many wrong guesses.
    StartLinkClosed,
    /// A browser came by the start link some time ago, and no answer has come since (E-14).
    NoAnswerYet,
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
    /// Of the connection.
    pub name: ConnectionName,
    /// Who signed in; `None` where the provider does not tell.
    pub account: Option<Shown>,
    /// What was asked for.
    pub requested: ScopeSet,
    /// `None`: the provider did not state them.
    pub granted: Option<ScopeSet>,
    /// What a person may want to know about the token answer.
    pub notes: Vec<Note>,
    /// `None`: it was not wanted, not known, or it failed.
    pub test: Option<TestReport>,
}

/// The result of a test read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestReport {
    /// Of the HTTP answer.
    pub status: u16,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// Whom the answer names.
    pub account: Option<Shown>,
    /// A few safe lines of the answer.
    pub lines: Vec<Shown>,
    /// Host (and port) that answered.
    pub authority: String,
}

/// A decision the story waits for before `accept`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// The provider granted more than was asked for.
    WiderGrant {
        /// Granted, and not asked for.
        added: ScopeSet,
    },
    /// Somebody else signed in than the connection belongs to.
    OtherAccount {
        /// Whose it was.
        before: Shown,
        /// Who signed in now.
        now: Shown,
    },
}

/// Answers to a [`Question`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Go on: keep the wider grant, or replace the account.
    Accept,
    /// Give the new grant back at the provider and keep what was there.
    GiveBack,
    /// Nobody is there to say yes: the same, but it was nobody's choice.
    Nobody,
}

/// How a sign-in is to be run.
#[derive(Debug, Clone, Default)]
pub struct SignInOptions {
    /// Ask for these instead of what the definition asks for. It changes with the acceptance, and not before.
    pub scopes: Option<ScopeSet>,
    /// Ask for a device code at once.
    pub device: bool,
    /// Do not open a browser here.
    pub no_browser: bool,
    /// The answer may be pasted: go on without a listener where its address cannot be held.
    pub paste: bool,
    /// Give up after this long; ten minutes when absent.
    pub timeout: Option<Seconds>,
    /// Answers [`Question::WiderGrant`] beforehand.
    pub accept_wider: bool,
    /// Answers [`Question::OtherAccount`] beforehand.
    pub accept_account: bool,
    /// Run the test read after acceptance.
    pub test: bool,
    /// Go on with what an interrupted sign-in left: its device code, or its approval.
    pub resume: bool,
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What is stored.
    pub summary: Summary,
    /// How it stands now.
    pub verdict: Verdict,
}

impl Row {
    /// The scopes of a sign-in that has not ended; `None` too where the provider did not state them.
    pub fn granted(&self) -> Option<&ScopeSet> {
        let grant = self.summary.grant.as_ref();
        let grant = grant.filter(|_| self.summary.ended.is_none());
        grant.and_then(|grant| grant.granted.as_ref())
    }
}

/// Everything the details screen shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// All that is stored, without its secrets.
    pub connection: Connection,
    /// How it stands now.
    pub verdict: Verdict,
    /// What happened to it, hand-outs folded.
    pub history: History,
    /// Revocations that its provider did not hear yet.
    pub waiting: Vec<Waiting>,
}

/// A definition on its way into the vault.
pub struct NewConnection {
    /// `None`: the preset's id or the host, with a number when taken.
    pub name: Option<ConnectionName>,
    /// Its addresses and deviations.
    pub provider: Provider,
    /// Use this registration instead of making one from the next four fields.
    pub reuse: Option<RegistrationId>,
    /// Not a secret.
    pub client_id: String,
    /// Sealed in the vault; with `reuse` it replaces the one that is there.
    pub client_secret: Option<Secret>,
    /// How the client identifies itself.
    pub auth: ClientAuth,
    /// Where the browser comes back to.
    pub redirect: RedirectUri,
    /// What to ask for.
    pub scopes: ScopeSet,
    /// Resource indicators (RFC 8707).
    pub resources: Vec<String>,
    /// Plain http on this machine is allowed.
    pub dev_http: bool,
    /// PEM certificates trusted beside the platform's.
    pub ca_pem: Option<String>,
}
