//! Whether the keychain keeps what it is given, and still has what it was given.

use std::time::{Duration, Instant};

use super::{Fact, Place, machine};
use crate::host::prove_keychain;
use crate::vault::{Home, KeychainError, SlotKind, Status, Unlock, Vault, VaultError};

/// What the vault needs the keychain for, which decides how bad its absence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeychainUse {
    /// Nothing else opens the vault.
    OnlyWay,
    /// A passphrase opens it too.
    OneOfTwo,
    /// Only a passphrase opens it.
    NotUsed,
    /// There is no vault yet: it would hold the key of a new one.
    NoVault,
}

/// What was found when the keychain was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeychainFact {
    pub used: KeychainUse,
    /// The name people know it by.
    pub name: String,
    /// This session came over SSH: a dialog would open where nobody looks.
    pub ssh: bool,
    /// How long it took to keep a canary, give it back and forget it.
    pub canary: Result<Duration, KeychainError>,
    /// Whether the vault's own entry opens it; not asked when the canary failed or none is used.
    pub entry: Option<Result<(), VaultError>>,
}

/// Only a write tells (conformance T-06). The entry is read only after that succeeded: a locked
/// keychain asks its person once, not twice (T-04).
pub(super) fn keychain(place: &Place<'_>) -> Vec<Fact> {
    if matches!(place.home, Home::Memory) {
        return Vec::new();
    }
    // A vault that cannot be read is told elsewhere; what needs the keychain is not known then.
    let used = match machine::status(place.home) {
        Ok(Some(status)) => used_by(&status),
        Ok(None) => KeychainUse::NoVault,
        Err(_) => KeychainUse::OneOfTwo,
    };
    let keychain = &*place.world.keychain;
    let began = Instant::now();
    let canary = prove_keychain(keychain).map(|()| began.elapsed());
    let asks_entry = matches!(used, KeychainUse::OnlyWay | KeychainUse::OneOfTwo);
    let entry = (canary.is_ok() && asks_entry)
        .then(|| opens(place))
        .flatten();
    vec![Fact::Keychain(KeychainFact {
        used,
        name: keychain.name(),
        ssh: place.world.environment.ssh.is_some(),
        canary,
        entry,
    })]
}

/// On a handle of its own, so that nothing stays unlocked.
fn opens(place: &Place<'_>) -> Option<Result<(), VaultError>> {
    let mut vault = Vault::open(place.home).ok()??;
    Some(vault.unlock(Unlock::Keychain(&*place.world.keychain)))
}

fn used_by(status: &Status) -> KeychainUse {
    let has = |kind| status.slots.iter().any(|slot| slot.kind == kind);
    match (has(SlotKind::Keychain), has(SlotKind::Passphrase)) {
        (true, false) => KeychainUse::OnlyWay,
        (true, true) => KeychainUse::OneOfTwo,
        (false, _) => KeychainUse::NotUsed,
    }
}
