//! What can go wrong with the vault. No variant carries a secret; `advice` phrases the sentences.

use std::io;
use std::path::PathBuf;

use super::{BackupProblem, KeychainError, SlotKind};
use crate::model::Untrusted;

/// Failures of the vault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// There is no vault in this home yet.
    #[error("there is no vault yet")]
    NotMade,
    /// Another program made the vault meanwhile.
    #[error("there is a vault already")]
    AlreadyMade,
    /// A secret was asked for while no key is at hand.
    #[error("the vault is locked")]
    Locked,
    /// The passphrase, or what the keychain holds, does not open this vault.
    #[error("this key does not open the vault")]
    WrongKey,
    /// The vault was given another key since this process unlocked it.
    #[error("the vault has another key by now")]
    Rekeyed,
    /// The vault has a keychain slot, but the keychain no longer has its entry.
    #[error("the keychain no longer has the key of this vault")]
    KeyGone,
    /// The keychain said yes, yet did not give back what was written (conformance T-06).
    #[error("the keychain did not keep the key")]
    NotKept,
    #[error("keychain: {0}")]
    Keychain(#[from] KeychainError),
    /// The vault has no key slot of this kind.
    #[error("the vault has no such key slot")]
    NoSlot(SlotKind),
    /// No slot has this number.
    #[error("the vault has no key slot with this number")]
    UnknownSlot,
    /// Removing it would leave a vault that nobody can open.
    #[error("this is the last key slot")]
    LastSlot,
    /// None of the passphrases at hand opens this slot, so it cannot follow to a new key.
    #[error("the passphrase of key slot {0} is needed")]
    SlotPassphrase(u32),
    /// The key is changed or the slot gone, but a copy that the old one opens is left on the disk.
    #[error("an old copy is left on the disk")]
    OldCopyLeft,
    /// Names are compared without case.
    #[error("this name is taken")]
    NameTaken,
    #[error("there is no such connection")]
    UnknownConnection,
    /// The registration is stored for another issuer, endpoint set, client ID or redirect address.
    #[error("this registration belongs to other endpoints")]
    RegistrationDiffers,
    /// No sign-in is waiting to be accepted.
    #[error("no sign-in is waiting to be accepted")]
    NoCandidate,
    #[error("there is no refresh token")]
    NoRefreshToken,
    /// An earlier refresh was cut off and must be resolved first (conformance J-09).
    #[error("an earlier refresh has not been resolved")]
    IntentPending,
    /// Another process holds the lock; `holder` is its number where it is known.
    #[error("another process is busy with it")]
    Busy { holder: Option<u32> },
    /// Somebody else wrote meanwhile; read again (conformance U-06).
    #[error("it was changed elsewhere")]
    Changed,
    /// Written by a newer version; the number is its format (conformance U-08).
    #[error("the vault has format {0}, written by a newer version")]
    NewerFormat(u32),
    /// Locks or shared memory do not work in this folder (conformance U-05).
    #[error("this folder cannot lock")]
    CannotLock,
    /// Another file lies in the vault's place since this process opened it.
    #[error("the vault file was replaced")]
    Replaced,
    /// There is no copy that could take the vault's place.
    #[error("there is no whole copy of the vault")]
    NoCopy,
    /// The file is not what this program wrote; names the part.
    #[error("the vault is damaged: {0}")]
    Damaged(&'static str),
    /// Used on another machine since, or restored from a copy: whether it is to be used here is for a
    /// person to say ([`super::Vault::adopt`]), before a refresh token is spent (conformance J-14).
    #[error("the vault was moved or restored")]
    Moved,
    /// The sign-in came out of a backup, and its own machine may still use it: for a person to say, as
    /// with [`VaultError::Moved`].
    #[error("the sign-in is a second copy")]
    SecondCopy,
    /// An encrypted backup cannot be read.
    #[error("the backup: {0}")]
    Backup(BackupProblem),
    /// A sealed record does not belong where it lies (conformance T-03, G-07).
    #[error("the vault was changed outside the program")]
    Tampered,
    /// A folder or file could be read or replaced by others (conformance U-02).
    #[error("not private: {problem}")]
    NotPrivate {
        path: PathBuf,
        problem: PrivacyProblem,
    },
    #[error("the disk: {0}")]
    Disk(DiskFault),
    /// The operating system gave no random numbers.
    #[error("no random numbers from the system")]
    NoRandomness,
}

/// Why a folder or file is not private.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrivacyProblem {
    #[error("it is a symbolic link")]
    Symlink,
    #[error("it belongs to another user")]
    Owner,
    #[error("other users have access to it")]
    Mode,
    /// Neither a folder nor a plain file, whichever is expected.
    #[error("it is of another type")]
    Type,
}

/// Why the disk refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiskFault {
    #[error("it is full")]
    Full,
    #[error("it is read-only")]
    ReadOnly,
    #[error("access is denied")]
    Permission,
    #[error("it failed")]
    Other(Untrusted),
}

impl From<io::Error> for VaultError {
    fn from(error: io::Error) -> Self {
        Self::Disk(match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => DiskFault::Full,
            io::ErrorKind::ReadOnlyFilesystem => DiskFault::ReadOnly,
            io::ErrorKind::PermissionDenied => DiskFault::Permission,
            _ => DiskFault::Other(Untrusted::new(error.to_string())),
        })
    }
}
