//! Making, unlocking and proving the vault, before anything is spent or a browser opens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::model::{Secret, Untrusted};
use crate::vault::{
    Home, Keychain, KeychainError, NewSlot, SlotKind, Status, Unlock, Vault, VaultError, VaultKey,
};

use super::{Change, Engine, Error, hold};

/// What the person brought to open the vault with.
#[derive(Default)]
pub struct Access {
    /// A passphrase typed, or read from a file or descriptor.
    pub passphrase: Option<Secret>,
    /// Set by whoever stops waiting for the keychain.
    pub given_up: GivenUp,
}

/// Whether somebody still waits for the keychain. Its answer cannot be called off, so one that comes
/// after the person chose another way must at least make no vault.
#[derive(Clone, Default)]
pub struct GivenUp(Arc<AtomicBool>);

impl GivenUp {
    /// Nobody waits any more.
    pub fn give_up(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn check(&self) -> Result<(), KeychainError> {
        if self.0.load(Ordering::Acquire) {
            return Err(KeychainError::Refused(Untrusted::new(
                "it answered too late",
            )));
        }
        Ok(())
    }
}

/// The keychain for as long as somebody waits for it.
struct WhileWaiting<'a> {
    keychain: &'a dyn Keychain,
    given_up: &'a GivenUp,
}

impl Keychain for WhileWaiting<'_> {
    fn read(&self, account: &str) -> Result<Secret, KeychainError> {
        let secret = self.keychain.read(account)?;
        self.given_up.check()?;
        Ok(secret)
    }

    /// Checks nothing: the vault reads back what it wrote, and takes it away when that fails.
    fn write(&self, account: &str, secret: &Secret) -> Result<(), KeychainError> {
        self.keychain.write(account, secret)
    }

    fn delete(&self, account: &str) -> Result<(), KeychainError> {
        self.keychain.delete(account)
    }

    fn name(&self) -> String {
        self.keychain.name()
    }
}

/// How a passphrase could open the vault instead of the keychain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassphraseWay {
    /// There is no vault yet: a new one can be chosen.
    Choose,
    /// The vault has a passphrase slot.
    Unlock,
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

    /// What to offer to somebody who does not want to wait for the keychain; `None` when only the
    /// keychain opens this vault.
    pub fn passphrase_way(&self) -> Result<Option<PassphraseWay>, Error> {
        Ok(match self.vault_facts()? {
            VaultFacts::NotMade => Some(PassphraseWay::Choose),
            VaultFacts::Made(status) => status
                .slots
                .iter()
                .any(|slot| slot.kind == SlotKind::Passphrase)
                .then_some(PassphraseWay::Unlock),
        })
    }

    /// Makes the vault when there is none (keychain slot, else the passphrase brought along), and
    /// unlocks it. `PassphraseNeeded` says why the keychain will not do; nothing falls back
    /// silently (conformance T-04).
    ///
    /// Blocks while the keychain asks its person; call it off an event loop.
    pub fn open_vault(&self, access: &Access) -> Result<(), Error> {
        let state = match hold(&self.0.vault).as_mut() {
            Some(vault) => {
                // Another process may have given the vault a new key.
                if vault.is_unlocked() && !vault.key_fits()? {
                    vault.lock();
                }
                Some(vault.is_unlocked())
            }
            None => None,
        };
        match state {
            Some(true) => return Ok(()),
            None => {
                match self.make_vault(access) {
                    // Not the handle that a watcher may have opened meanwhile: this one is unlocked.
                    Ok(made) => *hold(&self.0.vault) = Some(made),
                    Err(Error::Vault(VaultError::AlreadyMade)) => {
                        // Another program was quicker, or the person by another way.
                        let mut slot = hold(&self.0.vault);
                        if !slot.as_ref().is_some_and(Vault::is_unlocked) {
                            *slot = Vault::open(&self.0.home)?;
                        }
                        drop(slot);
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

    /// Lends the open vault's key, to hand it to another process of this program.
    ///
    /// # Errors
    /// The vault is locked.
    pub fn with_key<T>(&self, use_it: impl FnOnce(&VaultKey) -> T) -> Result<T, Error> {
        let slot = hold(&self.0.vault);
        let key = slot.as_ref().and_then(Vault::key);
        Ok(use_it(key.ok_or(VaultError::Locked)?))
    }

    /// Unlocks the vault with the key that another process of this program opened it with. Opens the
    /// file anew when another one lies in its place.
    ///
    /// # Errors
    /// `NotMade`; `Rekeyed` when the key is not the vault's (any more).
    pub fn open_with(&self, key: VaultKey) -> Result<(), Error> {
        let mut slot = hold(&self.0.vault);
        if !slot.as_ref().is_some_and(Vault::is_in_place) {
            *slot = Vault::open(&self.0.home)?;
        }
        let vault = slot.as_mut().ok_or(VaultError::NotMade)?;
        vault.unlock(Unlock::Key(key))?;
        vault.be_modest()?;
        drop(slot);
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

    /// Takes a copied or restored vault into use on this machine (conformance J-14).
    pub fn adopt_vault(&self) -> Result<(), Error> {
        let now = self.now();
        self.with_vault(|vault| vault.adopt(now))?;
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
        let keychain = WhileWaiting {
            keychain: &*self.0.world.keychain,
            given_up: &access.given_up,
        };
        match Vault::create(home, NewSlot::Keychain(&keychain), self.now()) {
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::sync::{Mutex, MutexGuard};

    use super::*;
    use crate::engine::World;
    use crate::host::{Environment, ManualClock, SystemBrowser};
    use crate::model::UnixTime;

    /// Keeps one entry, and answers a reading when it is told to.
    struct Slow {
        entry: Mutex<Option<Secret>>,
        asked: Sender<()>,
        go_on: Mutex<Receiver<()>>,
    }

    impl Slow {
        fn entry(&self) -> MutexGuard<'_, Option<Secret>> {
            hold(&self.entry)
        }
    }

    impl Keychain for Slow {
        fn read(&self, _: &str) -> Result<Secret, KeychainError> {
            self.asked.send(()).expect("the test is there");
            hold(&self.go_on).recv().expect("the test is there");
            self.entry()
                .as_ref()
                .map(Secret::duplicate)
                .ok_or(KeychainError::NoEntry)
        }

        fn write(&self, _: &str, secret: &Secret) -> Result<(), KeychainError> {
            *self.entry() = Some(secret.duplicate());
            Ok(())
        }

        fn delete(&self, _: &str) -> Result<(), KeychainError> {
            *self.entry() = None;
            Ok(())
        }

        fn name(&self) -> String {
            "slow".to_owned()
        }
    }

    /// A keychain that answers after somebody else made the vault, or chose to make none.
    fn late(meanwhile: impl FnOnce(&Engine, &GivenUp)) -> (Engine, Arc<Slow>, Result<(), Error>) {
        let (asked, inbox) = channel();
        let (answer, go_on) = channel();
        let keychain = Arc::new(Slow {
            entry: Mutex::default(),
            asked,
            go_on: Mutex::new(go_on),
        });
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::Disk {
            data: folder.path().join("data"),
            state: folder.path().join("state"),
        };
        let world = World {
            clock: Arc::new(ManualClock::at(UnixTime(1_000))),
            browser: Arc::new(SystemBrowser),
            keychain: keychain.clone(),
            environment: Environment::default(),
            jobs_here: true,
        };
        let engine = Engine::open(world, home).expect("opens");
        let access = Access::default();
        let given_up = access.given_up.clone();
        let opening = std::thread::spawn({
            let engine = engine.clone();
            move || engine.open_vault(&access)
        });
        inbox.recv().expect("the keychain is read");
        meanwhile(&engine, &given_up);
        answer.send(()).expect("it waits");
        (engine, keychain, opening.join().expect("no panic"))
    }

    fn slots(engine: &Engine) -> Vec<SlotKind> {
        match engine.vault_facts().expect("facts") {
            VaultFacts::NotMade => Vec::new(),
            VaultFacts::Made(status) => {
                assert!(status.unlocked);
                status.slots.into_iter().map(|slot| slot.kind).collect()
            }
        }
    }

    #[test]
    fn t_04_a_keychain_that_is_waited_for_makes_the_vault() {
        let (engine, keychain, opened) = late(|_, _| {});
        assert!(opened.is_ok() && keychain.entry().is_some());
        assert_eq!(slots(&engine), [SlotKind::Keychain]);
    }

    #[test]
    fn t_04_a_keychain_that_was_given_up_makes_no_vault_and_keeps_no_key() {
        let (engine, keychain, opened) = late(|_, given_up| given_up.give_up());
        assert!(opened.is_err() && keychain.entry().is_none());
        assert!(slots(&engine).is_empty());
    }

    #[test]
    fn t_04_the_passphrase_that_came_instead_stays() {
        let (engine, keychain, opened) = late(|engine, given_up| {
            given_up.give_up();
            let access = Access {
                passphrase: Some(Secret::new("correct horse".to_owned())),
                ..Access::default()
            };
            engine.open_vault(&access).expect("made");
        });
        assert!(opened.is_err() && keychain.entry().is_none());
        assert_eq!(slots(&engine), [SlotKind::Passphrase]);
    }

    #[test]
    fn t_04_who_was_slower_leaves_the_open_vault_open() {
        let (engine, keychain, opened) = late(|engine, _| {
            let passphrase = Secret::new("correct horse".to_owned());
            engine.make_with_passphrase(&passphrase).expect("made");
        });
        assert!(opened.is_ok() && keychain.entry().is_none());
        assert_eq!(slots(&engine), [SlotKind::Passphrase]);
    }
}
