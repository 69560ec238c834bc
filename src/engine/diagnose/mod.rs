//! Looking for what is wrong, as typed facts. Nothing is made or changed, and without the name of a
//! connection nothing goes over the network. `advice` phrases what is found.
//!
//! The checks are data: a new one is a line in [`CHECKS`] (or in [`connection::CHECKS`]), a
//! [`Fact`] and its words.

mod connection;
mod keychain;
mod machine;

use super::{Error, Look, World};
use crate::host::{Environment, Folder, MemoryLock, Paths, Signing, Suggestion};
use crate::model::{Seconds, Shown, UnixTime, Verdict, Waiting};
use crate::oauth::Skew;
use crate::vault::{Home, Status, VaultError};

pub use keychain::{KeychainFact, KeychainUse};

/// What a check may look at.
pub struct Place<'a> {
    pub world: &'a World,
    pub home: &'a Home,
    pub paths: &'a Paths,
}

/// One thing that was looked at.
#[derive(Debug)]
pub enum Fact {
    /// How the vault opens, which needs no key; `None` when none was made yet.
    Vault {
        status: Result<Option<Status>, VaultError>,
        backup_at: Option<UnixTime>,
        now: UnixTime,
    },
    Keychain(KeychainFact),
    /// The vault was last written so long after the time that this machine shows; zero when it was
    /// not.
    ClockBehindVault(Seconds),
    /// Whether secrets can be kept out of the swap space.
    Memory(MemoryLock),
    Environment {
        environment: Environment,
        first: Suggestion,
    },
    Folder(Box<Folder>),
    /// Where the keychain asks for the program's identity.
    Build(Signing),
    /// Whether the provider answers, and how fast.
    Reach {
        host: String,
        answer: Result<u64, Shown>,
    },
    /// What answers at the two addresses.
    Endpoints {
        name: String,
        look: Look,
        /// Each of them, to put right what was swapped.
        typed: [String; 2],
    },
    /// This machine's clock against the provider's.
    Clock(Skew),
    SignIn {
        name: String,
        verdict: Verdict,
    },
    /// What providers were not told yet.
    Waiting(Vec<Waiting>),
    /// Asked for and not granted.
    Scopes {
        name: String,
        refused: String,
    },
}

/// Everything that can be looked at on this machine alone, in the order in which it is told.
const CHECKS: &[fn(&Place<'_>) -> Vec<Fact>] = &[
    machine::vault,
    keychain::keychain,
    machine::clock,
    machine::environment,
    machine::folders,
    machine::memory,
    machine::build,
    machine::waiting,
];

/// Looks at this machine. Blocks while the keychain is asked, and asks it at most once for its
/// person's consent.
pub fn diagnose(place: &Place<'_>) -> Vec<Fact> {
    CHECKS.iter().flat_map(|check| check(place)).collect()
}

impl super::Engine {
    /// Looks at one connection and asks its provider's host for nothing but an answer.
    ///
    /// # Errors
    /// [`Error::UnknownConnection`], [`Error::Vault`].
    pub async fn diagnose(&self, name: &str) -> Result<Vec<Fact>, Error> {
        let connection = self.connection(name)?;
        let visit = connection::visit(self, connection).await;
        Ok(connection::CHECKS
            .iter()
            .flat_map(|check| check(&visit))
            .collect())
    }
}
