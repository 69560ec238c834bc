//! What `doctor` found, in words: how bad it is, why, and what to run.

mod agent;
mod connection;
mod folder;
mod keychain;
mod machine;

use super::{Advice, advise};
use crate::engine::{Error, Fact};
use crate::model::Seconds;
use crate::vault::VaultError;

pub use agent::{AgentFound, agent};
pub use connection::clock_skew;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Ok,
    /// It works, and may surprise.
    Warn,
    /// Something fails until it is put right.
    Fix,
}

impl State {
    /// The word on screen and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fix => "fix",
        }
    }
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// A fixed token for scripts.
    pub id: &'static str,
    /// What was looked at, for people.
    pub what: String,
    pub state: State,
    pub words: String,
    /// Commands that help, best first.
    pub run: Vec<String>,
}

impl Check {
    pub(super) fn new(id: &'static str, state: State, words: impl Into<String>) -> Self {
        Self {
            id,
            what: id.to_owned(),
            state,
            words: words.into(),
            run: Vec::new(),
        }
    }

    #[must_use]
    fn run(mut self, command: impl Into<String>) -> Self {
        self.run.push(command.into());
        self
    }

    /// From the advice of an error: its command to run, or its hint as a second sentence.
    fn of(id: &'static str, state: State, advice: Advice) -> Self {
        let check = Self::new(id, state, advice.sentence);
        match advice.hint {
            None => check,
            Some(hint) => match hint.strip_prefix("run: ") {
                Some(commands) => commands.split("   or: ").fold(check, Self::run),
                None => Self {
                    words: format!("{} {hint}", check.words),
                    ..check
                },
            },
        }
    }

    fn of_vault(id: &'static str, state: State, error: &VaultError) -> Self {
        Self::of(id, state, advise(&Error::Vault(error.clone())))
    }
}

/// The line for what was found.
pub fn check(fact: &Fact) -> Check {
    match fact {
        Fact::Vault {
            status,
            backup_at,
            now,
        } => machine::vault(status, *backup_at, *now),
        Fact::Keychain(fact) => keychain::keychain(fact),
        Fact::ClockBehindVault(span) => machine::behind_vault(*span),
        Fact::Memory(lock) => machine::memory(*lock),
        Fact::Environment { environment, first } => machine::environment(environment, *first),
        Fact::Build(signing) => machine::build(*signing),
        Fact::Folder(found) => folder::folder(found),
        Fact::Reach { host, answer } => connection::reach(host, answer),
        Fact::Endpoints { name, look, typed } => connection::endpoints(name, look, typed),
        Fact::Clock(skew) => connection::clock(*skew),
        Fact::SignIn { name, verdict } => connection::sign_in(name, verdict),
        Fact::Waiting(waiting) => machine::waiting(waiting),
        Fact::Scopes { name, refused } => connection::scopes(name, refused),
    }
}

/// "12 s", "7 min", "3 h", "2 days": about how long.
fn about(span: Seconds) -> String {
    match span.0 {
        s @ 0..60 => format!("{s} s"),
        s @ 60..5_400 => format!("{} min", s / 60),
        s @ 5_400..172_800 => format!("{} h", s / 3_600),
        s => format!("{} days", s / 86_400),
    }
}
