//! What the vault needs from the operating system's keychain; `host` implements it.

use crate::model::{Secret, Untrusted};

/// A store of small secrets that the operating system guards (conformance T-02, T-04).
pub trait Keychain: Send + Sync {
    fn read(&self, account: &str) -> Result<Secret, KeychainError>;
    fn write(&self, account: &str, secret: &Secret) -> Result<(), KeychainError>;
    fn delete(&self, account: &str) -> Result<(), KeychainError>;
    /// For people: "GNOME Keyring" and the like.
    fn name(&self) -> String;
}

/// Why the keychain gave nothing. Each is a different message (conformance T-04).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeychainError {
    #[error("there is no keychain here")]
    Absent,
    #[error("the keychain has no collection to write to")]
    NoCollection,
    #[error("the keychain is locked")]
    Locked,
    #[error("the keychain did not answer in time")]
    Unresponsive,
    #[error("the keychain has no such entry")]
    NoEntry,
    #[error("the keychain refused")]
    Refused(Untrusted),
    #[error("the keychain's entry is damaged")]
    Damaged,
}
