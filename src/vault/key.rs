//! Keys and randomness.

use zeroize::Zeroizing;

use super::VaultError;

/// The 256-bit key that all records are sealed with. Wiped on drop; never printed or cloned.
pub struct VaultKey(Zeroizing<[u8; 32]>);

impl VaultKey {
    /// Takes a key that another process of this program handed over.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The raw key, to hand to a process of this program.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A new key from the system's random numbers.
    pub(super) fn random() -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new([0; 32]);
        fill(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    /// Takes over what unsealing gave; `None` when it is no key.
    pub(super) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; 32]);
        if bytes.len() != key.len() {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(key))
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
