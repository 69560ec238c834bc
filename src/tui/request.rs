//! Everything the face wants done. The answers come back as [`Reply`](super::Reply).

use super::wizard::Pair;
use crate::agent;
use crate::engine::{Answer, Edit, ImportPlan, NewConnection, SignInOptions};
use crate::model::{
    AttemptId, Connection, ConnectionId, ConnectionName, Endpoints, ScopeSet, Secret,
};

/// One wish. Those of the first group are fulfilled by the loop itself, the others by the
/// [`Backend`](super::Backend).
pub enum Request {
    /// End the program. Running attempts are cancelled first.
    Quit,
    /// Leave, and come back in practice mode.
    Practise,
    /// Leave practice, and come back to the table where it was begun.
    LeavePractice,
    /// Put the process to sleep until it is continued.
    Suspend,
    /// Draw the whole screen again.
    Redraw,
    /// Take the mouse, or give it to the terminal.
    Mouse(bool),
    /// Send a text to the terminal's clipboard. Never a token.
    Copy(Secret),

    /// Give a text to the desktop's clipboard. Never a token.
    CopyNative(Secret),

    /// Read the rows of the table and the state of the vault.
    LoadRows,
    LoadDetail(ConnectionId),
    /// Read settings and presets again.
    ReadSettings,
    /// Store a definition. `replaces` is an earlier try of the same wizard, never signed in.
    SaveDefinition {
        new: Box<NewConnection>,
        replaces: Option<ConnectionId>,
    },
    /// See what answers at two addresses that were typed. Nothing secret is sent.
    LookAt {
        typed: Pair,
        endpoints: Box<Endpoints>,
        /// An authority to trust beside those of this machine.
        ca_pem: Option<String>,
    },
    /// Read the file that was typed for an authority of one's own.
    ReadAuthority(String),
    SignIn {
        id: ConnectionId,
        options: SignInOptions,
    },
    /// The whole address that the browser ended on.
    Paste {
        attempt: AttemptId,
        text: Secret,
    },
    OpenAgain {
        attempt: AttemptId,
    },
    /// The address of the authorization page; it holds `state`, so it is asked for when needed.
    Address {
        attempt: AttemptId,
        purpose: AddressUse,
    },
    UseDevice {
        attempt: AttemptId,
    },
    AnswerQuestion {
        attempt: AttemptId,
        answer: Answer,
    },
    /// What the person types after `ssh` to get here.
    ReachedAs(String),
    /// Texts that belong outside the alternate screen, each on a line of its own.
    PrintRaw(Secret),
    /// It ends with the program, and can be gone on with at the next start.
    Interrupt {
        attempt: AttemptId,
    },
    /// What an interrupted sign-in to this connection left.
    ForgetInterrupted(ConnectionId),
    Cancel {
        attempt: AttemptId,
    },
    /// Whether a program gets a token, told to the agent that asked.
    AnswerAgent {
        question: Box<agent::Question>,
        answer: agent::Answer,
    },
    /// Practice only: the consent page's answer, given here. `None` declines.
    PracticeApprove {
        attempt: AttemptId,
        allow: Option<ScopeSet>,
    },
    Test(ConnectionId),
    /// Ask the provider about the access token. `allowed`: the third party that may be sent it.
    Introspect {
        id: ConnectionId,
        allowed: Option<String>,
    },
    Refresh(ConnectionId),
    /// End the grant at the provider; delete the definition afterwards if asked. A revocation that waits
    /// is told again.
    Revoke {
        id: ConnectionId,
        then_remove: bool,
    },
    /// A revocation that waits is told no more.
    DropRevocation(ConnectionId),
    /// Delete here only.
    Remove(ConnectionId),
    /// Bring a deleted definition back. Its tokens are gone.
    Restore(Box<Connection>),
    Rename {
        id: ConnectionId,
        name: ConnectionName,
    },
    /// Change fields of the definition. A client secret takes the place of the one that is kept.
    Edit {
        id: ConnectionId,
        edits: Vec<Edit>,
        secret: Option<Secret>,
    },
    /// Open a page in the browser. Only addresses of a preset or of a connection's provider.
    OpenPage(String),
    /// Wait for the keychain no longer. With `passphrase` what waited for it comes back with the
    /// question for one; without, it does not happen.
    StopWaiting {
        passphrase: bool,
    },
    /// Take a copied or restored vault into use here, then do what waited for that.
    AdoptVault {
        then: Vec<Request>,
    },
    /// Read the file that was typed and compare it with what is here. Stores nothing.
    ReadImport {
        file: String,
        passphrase: Option<Secret>,
    },
    /// Store what a person has looked at.
    Import(Box<ImportPlan>),
    Unlock(Secret),
    /// Make the vault's passphrase slot.
    NewPassphrase(Secret),
    Lock,
}

/// What the address of the authorization page is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressUse {
    Copy,
    Show,
    Print,
}

impl Request {
    /// A word for tests and traces; tells nothing that was typed.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Quit => "quit",
            Self::Practise => "practise",
            Self::LeavePractice => "leave-practice",
            Self::Suspend => "suspend",
            Self::Redraw => "redraw",
            Self::Mouse(_) => "mouse",
            Self::Copy(_) => "copy",
            Self::CopyNative(_) => "copy-native",
            Self::LoadRows => "load-rows",
            Self::LoadDetail(_) => "load-detail",
            Self::ReadSettings => "read-settings",
            Self::SaveDefinition { .. } => "save",
            Self::LookAt { .. } => "look-at",
            Self::ReadAuthority(_) => "read-authority",
            Self::SignIn { .. } => "sign-in",
            Self::Paste { .. } => "paste",
            Self::OpenAgain { .. } => "open-again",
            Self::Address { .. } => "address",
            Self::UseDevice { .. } => "use-device",
            Self::AnswerQuestion { .. } => "answer",
            Self::ReachedAs(_) => "reached-as",
            Self::PrintRaw(_) => "print-raw",
            Self::Interrupt { .. } => "interrupt",
            Self::ForgetInterrupted(_) => "forget-interrupted",
            Self::Cancel { .. } => "cancel",
            Self::AnswerAgent { answer, .. } => match answer {
                agent::Answer::Once => "agent-once",
                agent::Answer::Session => "agent-session",
                agent::Answer::No => "agent-no",
            },
            Self::PracticeApprove { .. } => "practice-approve",
            Self::Test(_) => "test",
            Self::Introspect { allowed: None, .. } => "introspect",
            Self::Introspect { .. } => "introspect-there",
            Self::Refresh(_) => "refresh",
            Self::Revoke { .. } => "revoke",
            Self::DropRevocation(_) => "drop-revocation",
            Self::Remove(_) => "remove",
            Self::Restore(_) => "restore",
            Self::Rename { .. } => "rename",
            Self::Edit { .. } => "edit",
            Self::OpenPage(_) => "open-page",
            Self::StopWaiting { passphrase: true } => "use-passphrase",
            Self::StopWaiting { passphrase: false } => "stop-waiting",
            Self::AdoptVault { .. } => "adopt-vault",
            Self::ReadImport { .. } => "read-import",
            Self::Import(_) => "import",
            Self::Unlock(_) => "unlock",
            Self::NewPassphrase(_) => "new-passphrase",
            Self::Lock => "lock",
        }
    }
}
