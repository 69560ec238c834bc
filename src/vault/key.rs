//! Keys and randomness.

use zeroize::Zeroizing;

use super::VaultError;
use crate::model::lock;

/// The 256-bit key that all records are sealed with. Wiped on drop; never printed or cloned. It has
/// one place in memory, locked where the system allows it, that moves do not copy.
pub struct VaultKey(Box<Zeroizing<[u8; 32]>>);

impl VaultKey {
    /// Takes a key that another process of this program handed over.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        Self::filled(|key| key.copy_from_slice(bytes.as_slice()))
    }

    fn filled(fill: impl FnOnce(&mut [u8; 32])) -> Self {
        let mut key = Box::new(Zeroizing::new([0; 32]));
        lock(key.as_slice());
        fill(&mut key);
        Self(key)
    }

    /// The raw key, to hand to a process of this program.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A new key from the system's random numbers.
    pub(super) fn random() -> Result<Self, VaultError> {
        let mut filled = Ok(());
        let key = Self::filled(|key| filled = fill(key));
        filled.map(|()| key)
    }

    /// Takes over what unsealing gave; `None` when it is no key.
    pub(super) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 32] = bytes.try_into().ok()?;
        Some(Self::filled(|key| key.copy_from_slice(bytes)))
    }
}

/// `N` bytes from the system's random numbers.
pub(super) fn random<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

fn fill(bytes: &mut [u8]) -> Result<(), VaultError> {
    getrandom::fill(bytes).map_err(|_| VaultError::NoRandomness)
}
