//! Everything that can happen to the face, in one type and one queue.

use std::sync::Arc;

use crossterm::event::{KeyEvent, MouseEvent};

use super::fresh::Fresh;
use super::model::VaultState;
use super::request::{AddressUse, Request};
use super::wizard::Pair;
use crate::agent::{Answer, Question};
use crate::engine::{
    Change, Detail, Error, ImportPlan, Imported, IntrospectionReport, Look, PassphraseWay, Row,
    TestReport,
};
use crate::model::{
    AttemptId, Connection, ConnectionId, ConnectionName, Seconds, Secret, UnixTime,
};

/// One event. Without `Debug`: keys and pastes may be secrets.
pub enum Msg {
    Key(KeyEvent),
    /// A bracketed paste.
    Paste(Secret),
    Mouse(MouseEvent),
    Resize(u16, u16),
    /// The clock moved on.
    Tick(UnixTime),
    /// The engine tells.
    Engine(Change),
    /// The agent tells.
    Agent(AgentNews),
    /// Settings or presets on disk are others than those that were read.
    SettingsChanged,
    /// An answer to a request.
    Done(Reply),
}

/// What an agent tells of programs that want a token of a connection that asks first.
pub enum AgentNews {
    /// A person is to decide.
    Asked(Question),
    /// Answered, or nobody waits for it any more.
    Settled(u64),
    /// The agent is gone, and with it everything that it asked.
    Gone,
}

/// An answer to a [`Request`].
pub enum Reply {
    Rows {
        rows: Vec<Row>,
        vault: VaultState,
        /// Revocations that the provider did not hear yet, also of connections that are gone.
        waiting: usize,
    },
    Detail(Box<Detail>),
    Saved {
        id: ConnectionId,
        name: ConnectionName,
    },
    /// What answers at the two addresses.
    Looked {
        typed: Pair,
        look: Box<Look>,
    },
    /// What stands in the file that was typed for an authority: its certificates, or why they are not taken.
    AuthorityRead {
        file: String,
        found: Result<String, String>,
    },
    /// A sign-in runs now.
    Started {
        connection: ConnectionId,
        attempt: AttemptId,
    },
    Address {
        attempt: AttemptId,
        address: Secret,
        purpose: AddressUse,
    },
    PageOpened,
    /// The desktop's clipboard did not take what was copied.
    NotCopied,
    /// A paste was looked at and not taken: one sentence of ours. The attempt goes on.
    PasteRefused {
        attempt: AttemptId,
        sentence: String,
    },
    Tested {
        id: ConnectionId,
        name: ConnectionName,
        report: TestReport,
    },
    /// What the provider says of the token.
    Introspected {
        id: ConnectionId,
        name: ConnectionName,
        report: IntrospectionReport,
    },
    /// Asking would send the token to this third party; nothing was sent.
    ThirdParty {
        id: ConnectionId,
        name: ConnectionName,
        authority: String,
    },
    Refreshed {
        id: ConnectionId,
        name: ConnectionName,
    },
    Revoked {
        id: ConnectionId,
        name: ConnectionName,
        outcome: Revocation,
        /// The definition, when it was deleted too.
        removed: Option<Box<Connection>>,
    },
    /// What was deleted, without its sign-in.
    Removed(Box<Connection>),
    /// A deleted definition is back.
    Restored {
        /// As it was deleted.
        was: Box<Connection>,
        id: ConnectionId,
        name: ConnectionName,
        /// Its client secret was deleted with it.
        secret_lost: bool,
    },
    Renamed {
        name: ConnectionName,
    },
    Edited {
        id: ConnectionId,
        name: ConnectionName,
        /// The sign-in was parked (conformance G-07).
        parked: bool,
    },
    /// What stands in the file that was typed.
    ImportRead {
        file: String,
        found: ImportFound,
    },
    Imported(Imported),
    /// Settings and presets, or everything that is wrong with them.
    SettingsRead(Result<Box<Fresh>, Vec<String>>),
    VaultOpened,
    VaultLocked,
    /// The desktop may be asking its person to unlock the keychain; what else would open the vault.
    KeychainWaits {
        instead: Option<PassphraseWay>,
    },
    /// The keychain answered, or was given up on: nothing waits for it any more.
    KeychainDone,
    /// The request needs a passphrase first: a new one, or the one that opens the vault. It is
    /// given back and repeated once the vault is open.
    NeedsPassphrase {
        new: bool,
        /// An agent holds it open, which does not help here.
        agent_open: bool,
        then: Option<Box<Request>>,
    },
    /// The request would spend a refresh token of a vault that was copied or restored, or that came out of
    /// a backup.
    VaultMoved {
        second_copy: bool,
        then: Box<Request>,
    },
    WrongPassphrase {
        /// Before the next try is looked at.
        wait: Seconds,
    },
    /// What became of an answer to the agent's question.
    AgentAnswered {
        question: Box<Question>,
        answer: Answer,
        /// A sentence, when it did not arrive.
        outcome: Result<(), String>,
    },
    Failed {
        doing: Doing,
        error: Arc<Error>,
    },
}

/// What stands in a file that is to be imported.
pub enum ImportFound {
    /// To be looked at, with what was passed over in the file, each a sentence.
    Plan(Box<ImportPlan>, Vec<String>),
    /// It is a backup: its passphrase, or another one.
    NeedsPassphrase { wrong: bool },
    /// Nothing in it is taken: why, line by line.
    Refused(Vec<String>),
}

/// What failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Reading rows or details.
    Load,
    Save,
    /// Starting a sign-in.
    SignIn(ConnectionId),
    /// Anything with a finished connection: test, refresh, revoke, remove, rename, edit.
    With(ConnectionId, ConnectionName),
    /// The same, when its name is not known.
    At(ConnectionId),
    /// Bringing a deleted definition back.
    Restore(Box<Connection>),
    OpenPage,
    /// Looking at a file, or storing what it brings.
    Import,
    Vault,
}

/// What a revocation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// The provider confirmed it.
    Revoked,
    /// The sign-in is over, but its last access token could not be ended (conformance L-03).
    AccessTokenLives { until: Option<UnixTime> },
    /// The provider did not hear it: a sentence, and its own page where one is known (L-04).
    Waits {
        sentence: String,
        page: Option<String>,
    },
    /// A person wants it told no more.
    Dropped { sentence: String },
    /// The provider said that it was over already.
    AlreadyOver,
    /// The provider offers no revocation; its own page, where one is known.
    NotOffered { page: Option<String> },
}
