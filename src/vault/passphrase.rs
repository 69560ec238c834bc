//! From a passphrase to a key: Argon2id (RFC 9106), as expensive as this machine bears.

use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

use super::{VaultError, VaultKey};
use crate::model::Secret;

/// Work that one guess at a passphrase costs (Argon2id, RFC 9106).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) memory_kib: u32,
    pub(super) passes: u32,
    pub(super) lanes: u32,
}

impl Cost {
    /// Least work of a new slot; more passes are added where this machine does them too quickly.
    const LEAST: Self = Self {
        memory_kib: 64 * 1024,
        passes: 3,
        lanes: 1,
    };
    /// A guess costs next to nothing: for tests alone.
    pub(super) const CHEAP: Self = Self {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };
    const LEAST_TIME: Duration = Duration::from_millis(500);
    const MOST_PASSES: u32 = 64;
    const MOST_MEMORY_KIB: u32 = 1024 * 1024;

    /// A file could ask for all memory of the machine.
    pub(super) fn is_sane(self) -> bool {
        (1..=Self::MOST_PASSES).contains(&self.passes)
            && (1..=4).contains(&self.lanes)
            && (8 * self.lanes..=Self::MOST_MEMORY_KIB).contains(&self.memory_kib)
    }
}

/// How the work of a new passphrase slot is chosen.
#[derive(Clone, Copy)]
pub(super) enum Effort {
    /// At least [`Cost::LEAST`] and half a second on this machine.
    Calibrated,
    /// So much and no more; see [`super::Vault::create_for_tests`].
    Fixed(Cost),
}

/// Raises the passes until one guess costs half a second here.
pub(super) fn calibrate(passphrase: &Secret, salt: &[u8]) -> Result<(VaultKey, Cost), VaultError> {
    let mut cost = Cost::LEAST;
    loop {
        let start = Instant::now();
        let slot_key = derive(passphrase, salt, cost)?;
        let took = start.elapsed();
        if took >= Cost::LEAST_TIME || cost.passes == Cost::MOST_PASSES {
            return Ok((slot_key, cost));
        }
        let factor = Cost::LEAST_TIME.as_millis() / took.as_millis().max(1) + 1;
        let factor = u32::try_from(factor).unwrap_or(Cost::MOST_PASSES);
        cost.passes = cost.passes.saturating_mul(factor).min(Cost::MOST_PASSES);
    }
}

pub(super) fn derive(passphrase: &Secret, salt: &[u8], cost: Cost) -> Result<VaultKey, VaultError> {
    let unusable = |_| VaultError::Damaged("a key slot");
    let params =
        Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).map_err(unusable)?;
    let mut bytes = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.reveal().as_bytes(), salt, &mut *bytes)
        .map_err(unusable)?;
    VaultKey::from_slice(bytes.as_slice()).ok_or(VaultError::Damaged("a key slot"))
}
