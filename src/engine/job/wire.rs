//! How values travel between this process and its worker. Frames are wiped after use.

use serde::{Deserialize, Serialize};

use crate::model::Untrusted;
use crate::vault::{DiskFault, KeychainError, VaultError};

/// [`VaultError`] as far as a worker meets one, on its way to the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum VaultTrouble {
    Locked,
    WrongKey,
    Rekeyed,
    Moved,
    SecondCopy,
    CannotLock,
    Tampered,
    Changed,
    Busy,
    NewerFormat(u32),
    Full,
    ReadOnly,
    Permission,
    Other(#[serde(with = "untrusted")] Untrusted),
}

impl VaultTrouble {
    /// Whether the same try may succeed a moment later.
    pub(super) fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Busy
                | Self::Full
                | Self::ReadOnly
                | Self::Permission
                | Self::CannotLock
                | Self::Other(_)
        )
    }
}

impl From<VaultError> for VaultTrouble {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Locked | VaultError::Keychain(KeychainError::Locked) => Self::Locked,
            VaultError::WrongKey => Self::WrongKey,
            VaultError::Rekeyed => Self::Rekeyed,
            VaultError::Moved => Self::Moved,
            VaultError::SecondCopy => Self::SecondCopy,
            VaultError::CannotLock => Self::CannotLock,
            VaultError::Tampered => Self::Tampered,
            VaultError::Changed => Self::Changed,
            VaultError::Busy { .. } => Self::Busy,
            VaultError::NewerFormat(format) => Self::NewerFormat(format),
            VaultError::Disk(DiskFault::Full) => Self::Full,
            VaultError::Disk(DiskFault::ReadOnly) => Self::ReadOnly,
            VaultError::Disk(DiskFault::Permission) => Self::Permission,
            VaultError::Disk(DiskFault::Other(text)) => Self::Other(text),
            other => Self::Other(Untrusted::new(other.to_string())),
        }
    }
}

impl From<VaultTrouble> for VaultError {
    fn from(trouble: VaultTrouble) -> Self {
        match trouble {
            VaultTrouble::Locked => Self::Locked,
            VaultTrouble::WrongKey => Self::WrongKey,
            VaultTrouble::Rekeyed => Self::Rekeyed,
            VaultTrouble::Moved => Self::Moved,
            VaultTrouble::SecondCopy => Self::SecondCopy,
            VaultTrouble::CannotLock => Self::CannotLock,
            VaultTrouble::Tampered => Self::Tampered,
            VaultTrouble::Changed => Self::Changed,
            VaultTrouble::Busy => Self::Busy { holder: None },
            VaultTrouble::NewerFormat(format) => Self::NewerFormat(format),
            VaultTrouble::Full => Self::Disk(DiskFault::Full),
            VaultTrouble::ReadOnly => Self::Disk(DiskFault::ReadOnly),
            VaultTrouble::Permission => Self::Disk(DiskFault::Permission),
            VaultTrouble::Other(text) => Self::Disk(DiskFault::Other(text)),
        }
    }
}

/// Outside text on its way between two processes of our own.
pub(in crate::engine) mod untrusted {
    use crate::model::Untrusted;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(text: &Untrusted, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(text.raw())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Untrusted, D::Error> {
        String::deserialize(from).map(Untrusted::new)
    }
}

pub(in crate::engine) mod opt_untrusted {
    use crate::model::Untrusted;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[allow(clippy::ref_option)] // the shape serde asks for
    pub(crate) fn serialize<S: Serializer>(
        text: &Option<Untrusted>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        text.as_ref().map(Untrusted::raw).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Untrusted>, D::Error> {
        Ok(Option::<String>::deserialize(from)?.map(Untrusted::new))
    }
}
