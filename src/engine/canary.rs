//! Proving the keychain before a sign-in (conformance T-05).

use super::{Engine, Error, VaultFacts};
use crate::host::prove_keychain;
use crate::vault::{SlotKind, VaultError};

impl Engine {
    /// Proves that the keychain still keeps what it is given, where nothing else opens the vault:
    /// a new sign-in could not be read again without it.
    ///
    /// Blocks while the keychain asks its person; call it off an event loop.
    pub fn prove_keychain(&self) -> Result<(), Error> {
        if self.is_memory() {
            return Ok(());
        }
        let VaultFacts::Made(status) = self.vault_facts()? else {
            return Ok(());
        };
        let only_keychain = status
            .slots
            .iter()
            .all(|slot| slot.kind == SlotKind::Keychain);
        if only_keychain {
            prove_keychain(&*self.0.world.keychain).map_err(VaultError::Keychain)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::{Arc, Mutex, PoisonError};

    use super::*;
    use crate::engine::{Access, World};
    use crate::host::{Environment, ManualClock, SystemBrowser};
    use crate::model::{Secret, UnixTime};
    use crate::vault::{Home, Keychain, KeychainError};

    /// Keeps what it is given until it is full.
    struct Small {
        entries: Mutex<HashMap<String, Secret>>,
        room: usize,
    }

    impl Keychain for Small {
        fn read(&self, account: &str) -> Result<Secret, KeychainError> {
            let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            let entry = entries.get(account).ok_or(KeychainError::NoEntry)?;
            Ok(entry.duplicate())
        }

        fn write(&self, account: &str, secret: &Secret) -> Result<(), KeychainError> {
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            if entries.len() == self.room {
                return Err(KeychainError::Locked);
            }
            entries.insert(account.to_owned(), secret.duplicate());
            Ok(())
        }

        fn delete(&self, account: &str) -> Result<(), KeychainError> {
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            entries.remove(account).ok_or(KeychainError::NoEntry)?;
            Ok(())
        }

        fn name(&self) -> String {
            "small".to_owned()
        }
    }

    fn proved(room: usize, passphrase: Option<&str>) -> Result<(), Error> {
        let folder = tempfile::tempdir().expect("a folder");
        let world = World {
            clock: Arc::new(ManualClock::at(UnixTime(1_000))),
            browser: Arc::new(SystemBrowser),
            keychain: Arc::new(Small {
                entries: Mutex::default(),
                room,
            }),
            environment: Environment::default(),
            jobs_here: true,
        };
        let home = Home::Disk {
            data: folder.path().join("data"),
            state: folder.path().join("state"),
        };
        let engine = Engine::open(world, home).expect("opens");
        engine
            .open_vault(&Access {
                passphrase: passphrase.map(|text| Secret::new(text.to_owned())),
                ..Access::default()
            })
            .expect("made");
        engine.prove_keychain()
    }

    #[test]
    fn t_05_a_keychain_that_keeps_nothing_is_noticed_before_the_sign_in() {
        assert!(proved(2, None).is_ok());
        let Err(Error::Vault(VaultError::Keychain(why))) = proved(1, None) else {
            panic!("a full keychain was not noticed");
        };
        assert_eq!(why, KeychainError::Locked);
    }

    #[test]
    fn t_05_a_vault_that_a_passphrase_opens_needs_no_keychain() {
        assert!(proved(0, Some("correct horse")).is_ok());
    }
}
