//! Key slots: adding and removing them, and a new vault key.

use std::path::PathBuf;
use std::time::Duration;

use crate::model::{Seconds, Secret, UnixTime};
use crate::vault::{NewSlot, Rekey, SlotInfo, SlotKind, Unlock, Vault, VaultError};

use super::{Access, Change, Engine, Error};

/// How long a new key waits for refreshes under way.
const REKEY_WAITS: Duration = Duration::from_secs(5);

/// What stands beside the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surroundings {
    /// Whether locks keep others out in its folder (conformance U-05).
    pub can_lock: bool,
    /// Versions of the vault that a sync program kept.
    pub conflicts: Vec<PathBuf>,
    /// When the copy of the vault was made.
    pub backed_up_at: Option<UnixTime>,
}

/// How long the next passphrase waits after so many wrong ones in a row (conformance T-07).
pub fn wait_after(wrong: u32) -> Seconds {
    match wrong {
        0 => Seconds(0),
        1..=4 => Seconds(1 << (wrong - 1)),
        _ => Seconds(10),
    }
}

impl Engine {
    /// The slots that open the vault.
    pub fn slots(&self) -> Result<Vec<SlotInfo>, Error> {
        Ok(self.with_vault(|vault| vault.status())?.slots)
    }

    /// Lets the keychain open the open vault too. Blocks while the keychain asks its person.
    pub fn add_keychain_slot(&self) -> Result<(), Error> {
        self.add_slot(NewSlot::Keychain(&*self.0.world.keychain))
    }

    /// Lets a passphrase open the open vault too.
    pub fn add_passphrase_slot(&self, passphrase: &Secret) -> Result<(), Error> {
        self.add_slot(NewSlot::Passphrase(passphrase))
    }

    fn add_slot(&self, slot: NewSlot<'_>) -> Result<(), Error> {
        let now = self.now();
        self.with_vault(|vault| vault.add_slot(slot, now))?;
        self.tell(&Change::Vault);
        Ok(())
    }

    /// Takes a slot away after one of the others has opened the vault: a keychain that lost its
    /// entry must not be found out when it is the last way left.
    ///
    /// # Errors
    /// [`Error::PassphraseNeeded`] when only a passphrase can prove that; those of
    /// [`Vault::remove_slot`].
    pub fn remove_slot(&self, id: u32, access: &Access) -> Result<(), Error> {
        let slots = self.slots()?;
        if !slots.iter().any(|slot| slot.id == id) {
            return Err(VaultError::UnknownSlot.into());
        }
        if slots.len() == 1 {
            return Err(VaultError::LastSlot.into());
        }
        self.prove_another_slot(id, &slots, access)?;
        let now = self.now();
        let keychain = &*self.0.world.keychain;
        let of_keychain = slots
            .iter()
            .any(|slot| slot.id == id && slot.kind == SlotKind::Keychain);
        self.with_vault(|vault| vault.remove_slot(id, of_keychain.then_some(keychain), now))?;
        self.tell(&Change::Vault);
        Ok(())
    }

    fn prove_another_slot(
        &self,
        id: u32,
        slots: &[SlotInfo],
        access: &Access,
    ) -> Result<(), Error> {
        let has = |kind| slots.iter().any(|slot| slot.id != id && slot.kind == kind);
        // On a handle of its own, so that the table stays readable meanwhile.
        let vault = Vault::open(&self.0.home)?.ok_or(VaultError::NotMade)?;
        if let Some(passphrase) = access
            .passphrase
            .as_ref()
            .filter(|_| has(SlotKind::Passphrase))
        {
            return Ok(vault.opens_without(id, Unlock::Passphrase(passphrase))?);
        }
        match vault.opens_without(id, Unlock::Keychain(&*self.0.world.keychain)) {
            Ok(()) => Ok(()),
            Err(VaultError::Keychain(why)) if has(SlotKind::Passphrase) => {
                Err(Error::PassphraseNeeded(why))
            }
            Err(_) if has(SlotKind::Passphrase) => Err(Error::PassphraseNeeded(
                crate::vault::KeychainError::NoEntry,
            )),
            Err(other) => Err(other.into()),
        }
    }

    /// What stands beside the vault: whether its folder can lock, versions that a sync program kept,
    /// and when its copy was made.
    pub fn vault_surroundings(&self) -> Result<Surroundings, Error> {
        self.with_vault(|vault| {
            Ok(Surroundings {
                can_lock: match vault.prove_locks() {
                    Ok(()) => true,
                    Err(VaultError::CannotLock) => false,
                    Err(other) => return Err(other),
                },
                conflicts: vault.conflicts(),
                backed_up_at: vault.backed_up_at(),
            })
        })
    }

    /// Gives the open vault a new key (conformance T-11). `passphrases` are those of its passphrase
    /// slots; slots in `dropped` go.
    ///
    /// # Errors
    /// Those of [`Vault::rekey`]; [`Error::Busy`] while a refresh does not end.
    pub fn rekey(&self, passphrases: &[Secret], dropped: &[u32]) -> Result<(), Error> {
        let with = Rekey {
            keychain: &*self.0.world.keychain,
            passphrases,
            dropped,
        };
        let now = self.now();
        let done = self.with_vault(|vault| vault.rekey(&with, REKEY_WAITS, now));
        self.tell(&Change::Vault);
        done
    }

    /// Begins anew with another key where nothing opens the vault any more: connections stay,
    /// sign-ins are lost (conformance T-10). Under a passphrase, else the keychain.
    pub fn start_over(&self, passphrase: Option<&Secret>) -> Result<(), Error> {
        let slot = match passphrase {
            Some(passphrase) => NewSlot::Passphrase(passphrase),
            None => NewSlot::Keychain(&*self.0.world.keychain),
        };
        let now = self.now();
        let done = self.with_vault(|vault| vault.start_over(slot, REKEY_WAITS, now));
        self.tell(&Change::Connections);
        self.tell(&Change::Vault);
        done
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::World;
    use crate::host::{Environment, ManualClock, OsKeychain, SystemBrowser};
    use crate::vault::Home;

    #[test]
    fn t_07_each_wrong_passphrase_in_a_row_waits_longer_up_to_ten_seconds() {
        let waits: Vec<u64> = (0..8).map(|wrong| wait_after(wrong).0).collect();
        assert_eq!(waits, [0, 1, 2, 4, 8, 10, 10, 10]);
        assert_eq!(wait_after(u32::MAX).0, 10);
    }

    #[test]
    fn t_11_a_running_program_unlocks_again_after_another_gave_the_vault_a_new_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::Disk {
            data: folder.path().join("data"),
            state: folder.path().join("state"),
        };
        let passphrase = || Secret::new("correct horse".to_owned());
        Vault::create_for_tests(&home, &passphrase(), UnixTime(1_000)).expect("made");
        let open = || {
            let world = World {
                clock: Arc::new(ManualClock::at(UnixTime(1_000))),
                browser: Arc::new(SystemBrowser),
                keychain: Arc::new(OsKeychain::new(false)),
                environment: Environment::default(),
                jobs_here: true,
            };
            Engine::open(world, home.clone()).expect("opens")
        };
        let (running, other) = (open(), open());
        let access = Access {
            passphrase: Some(passphrase()),
            ..Access::default()
        };
        for engine in [&running, &other] {
            engine.open_vault(&access).expect("unlocked");
        }
        other.rekey(&[passphrase()], &[]).expect("a new key");
        assert!(matches!(
            running.prove_storage(),
            Err(Error::Vault(VaultError::Rekeyed))
        ));
        // Without the passphrase it does not pretend to be open.
        assert!(matches!(
            running.open_vault(&Access::default()),
            Err(Error::PassphraseNeeded(_))
        ));
        running.open_vault(&access).expect("unlocked again");
        running.prove_storage().expect("open");
    }
}
