//! Making, unlocking and proving the vault, before anything is spent or a browser opens.

use crate::model::Secret;
use crate::vault::{
    Home, KeychainError, NewSlot, SlotKind, Status, Unlock, Vault, VaultError, VaultKey,
};

use super::{Change, Engine, Error, hold};

/// What the person brought to open the vault with.
#[derive(Default)]
pub struct Access {
    /// A passphrase typed, or read from a file or descriptor.
    pub passphrase: Option<Secret>,
}

/// How the vault stands, for the header and `vault status`.
#[derive(Debug, Clone)]
pub enum VaultFacts {
    NotMade,
    Made(Status),
}

impl Engine {
    pub fn vault_facts(&self) -> Result<VaultFacts, Error> {
        match hold(&self.0.vault).as_ref() {
            None => Ok(VaultFacts::NotMade),
            Some(vault) => Ok(VaultFacts::Made(vault.status()?)),
        }
    }

    /// Makes the vault when there is none (keychain slot, else the passphrase brought along), and
    /// unlocks it. `PassphraseNeeded` says why the keychain will not do; nothing falls back
    /// silently (conformance T-04).
    ///
    /// Blocks while the keychain asks its person; call it off an event loop.
    pub fn open_vault(&self, access: &Access) -> Result<(), Error> {
        let state = hold(&self.0.vault).as_ref().map(Vault::is_unlocked);
        match state {
            Some(true) => return Ok(()),
            None => {
                match self.make_vault(access) {
                    // Not the handle that a watcher may have opened meanwhile: this one is unlocked.
                    Ok(made) => *hold(&self.0.vault) = Some(made),
                    Err(Error::Vault(VaultError::AlreadyMade)) => {
                        // Another program was quicker.
                        *hold(&self.0.vault) = Vault::open(&self.0.home)?;
                        return self.open_vault(access);
                    }
                    Err(other) => return Err(other),
                }
                if !hold(&self.0.viewers).is_empty() {
                    // There was no folder to watch before.
                    self.watch();
                }
            }
            Some(false) => {
                // On a second handle, so that the table stays readable while the keychain asks.
                let mut other = Vault::open(&self.0.home)?.ok_or(VaultError::NotMade)?;
                self.unlock(&mut other, access)?;
                let key = other.key().ok_or(VaultError::Locked)?;
                let key = VaultKey::from_bytes(*key.as_bytes());
                self.with_vault(|vault| vault.unlock(Unlock::Key(key)))?;
            }
        }
        tracing::debug!("vault open");
        self.tell(&Change::Vault);
        Ok(())
    }

    /// Makes a vault with a passphrase slot even where a keychain is at hand (`vault init --passphrase`).
    pub fn make_with_passphrase(&self, passphrase: &Secret) -> Result<(), Error> {
        let mut slot = hold(&self.0.vault);
        if slot.is_some() {
            return Err(VaultError::AlreadyMade.into());
        }
        *slot = Some(Vault::create(
            &self.0.home,
            NewSlot::Passphrase(passphrase),
            self.now(),
        )?);
        drop(slot);
        self.tell(&Change::Vault);
        Ok(())
    }

    pub fn lock_vault(&self) {
        if let Some(vault) = hold(&self.0.vault).as_mut() {
            vault.lock();
        }
        self.tell(&Change::Vault);
    }

    fn make_vault(&self, access: &Access) -> Result<Vault, Error> {
        let home = &self.0.home;
        if matches!(home, Home::Memory) {
            return Ok(Vault::memory(self.now())?);
        }
        if let Some(passphrase) = &access.passphrase {
            return Ok(Vault::create(
                home,
                NewSlot::Passphrase(passphrase),
                self.now(),
            )?);
        }
        match Vault::create(home, NewSlot::Keychain(&*self.0.world.keychain), self.now()) {
            Ok(vault) => Ok(vault),
            Err(VaultError::Keychain(why)) => Err(Error::PassphraseNeeded(why)),
            Err(other) => Err(other.into()),
        }
    }

    fn unlock(&self, vault: &mut Vault, access: &Access) -> Result<(), Error> {
        let slots = vault.status()?.slots;
        let has = |kind: SlotKind| slots.iter().any(|slot| slot.kind == kind);
        if let Some(passphrase) = access
            .passphrase
            .as_ref()
            .filter(|_| has(SlotKind::Passphrase))
        {
            return Ok(vault.unlock(Unlock::Passphrase(passphrase))?);
        }
        if !has(SlotKind::Keychain) {
            return Err(Error::PassphraseNeeded(KeychainError::NoEntry));
        }
        match vault.unlock(Unlock::Keychain(&*self.0.world.keychain)) {
            Ok(()) => Ok(()),
            Err(VaultError::Keychain(why)) if has(SlotKind::Passphrase) => {
                Err(Error::PassphraseNeeded(why))
            }
            Err(VaultError::KeyGone) if has(SlotKind::Passphrase) => {
                Err(Error::PassphraseNeeded(KeychainError::NoEntry))
            }
            Err(other) => Err(other.into()),
        }
    }

    /// Proves the vault open and writable (conformance T-05, J-02).
    pub(super) fn prove_storage(&self) -> Result<(), Error> {
        let now = self.now();
        self.with_vault(|vault| {
            if !vault.is_unlocked() {
                return Err(VaultError::Locked);
            }
            vault.prove_storage(now)
        })
    }
}
