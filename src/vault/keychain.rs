//! What the vault needs of the operating system's keychain. `host` implements it.

use crate::model::{Secret, Untrusted};

/// One small item per key slot. Calls may block up to the implementation's own deadline.
pub trait Keychain: Send + Sync {
    /// The secret stored under `account`.
    fn read(&self, account: &str) -> Result<Secret, KeychainError>;
    /// Stores or replaces the secret under `account`.
    fn write(&self, account: &str, secret: &Secret) -> Result<(), KeychainError>;
    /// Removes the entry; one that is not there counts as [`KeychainError::NoEntry`].
    fn delete(&self, account: &str) -> Result<(), KeychainError>;
    /// The name people know it by ("GNOME Keyring").
    fn name(&self) -> String;
}

/// Why the keychain did not help. Each is a different message for people (conformance T-04).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeychainError {
    /// There is no place where one could answer: no desktop session, or none is built in.
    #[error("there is none")]
    Absent,
    /// The desktop is there, but nobody on it answers as a keychain.
    #[error("it is not running")]
    NotRunning,
    /// It answers, but has no collection to store into.
    #[error("it has no collection")]
    NoCollection,
    #[error("it is locked")]
    Locked,
    /// It did not answer before the deadline.
    #[error("it does not answer")]
    Unresponsive,
    #[error("it has no such entry")]
    NoEntry,
    /// It refused, in its own words.
    #[error("it refused")]
    Refused(Untrusted),
    /// What it holds is no text of ours.
    #[error("its entry is damaged")]
    Damaged,
}
