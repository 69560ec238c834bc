//! The keychain in words: each state its own sentence and its own next step (conformance T-04).

use std::time::Duration;

use super::super::vault::keychain_reason;
use super::{Check, State};
use crate::engine::{KeychainFact, KeychainUse};
use crate::vault::{KeychainError, VaultError};

/// An answer that takes longer is worth a word.
const SLOW: Duration = Duration::from_secs(1);

pub(super) fn keychain(fact: &KeychainFact) -> Check {
    match (&fact.canary, &fact.entry) {
        (Err(why), _) => unable(fact, why),
        (Ok(_), Some(Err(VaultError::KeyGone))) => gone(fact.used),
        (Ok(_), Some(Err(VaultError::WrongKey | VaultError::Keychain(KeychainError::Damaged)))) => {
            other_key(fact.used)
        }
        (Ok(_), Some(Err(error))) => Check::of_vault("keychain", bad(fact.used), error),
        (Ok(took), _) if *took > SLOW => Check::new(
            "keychain",
            State::Warn,
            format!(
                "{} keeps what it is given, but took {}.{} s; every command that needs it waits as long.",
                fact.name,
                took.as_secs(),
                took.subsec_millis() / 100
            ),
        ),
        (Ok(_), _) => Check::new(
            "keychain",
            State::Ok,
            format!(
                "{} is ready; {}",
                fact.name,
                match fact.used {
                    KeychainUse::OnlyWay => "it holds the vault key",
                    KeychainUse::OneOfTwo =>
                        "it holds the vault key, a passphrase opens the vault too",
                    KeychainUse::NotUsed => "it is not used, a passphrase opens the vault",
                    KeychainUse::NoVault => "it will hold the vault key",
                }
            ),
        ),
    }
}

/// How bad it is when the keychain does not help.
fn bad(used: KeychainUse) -> State {
    match used {
        KeychainUse::OnlyWay => State::Fix,
        KeychainUse::OneOfTwo | KeychainUse::NoVault => State::Warn,
        KeychainUse::NotUsed => State::Ok,
    }
}

fn gone(used: KeychainUse) -> Check {
    let check = Check::new(
        "keychain",
        bad(used),
        match used {
            KeychainUse::OnlyWay => {
                "The vault key is gone from the keychain. The connections are kept, the sign-ins are \
                 lost unless the entry is restored."
            }
            _ => "The vault key is gone from the keychain; the passphrase still opens the vault.",
        },
    );
    match used {
        KeychainUse::OnlyWay => check.run("valetkey list"),
        _ => check,
    }
}

fn other_key(used: KeychainUse) -> Check {
    let reason = "The keychain's entry is not the key of this vault";
    let next = match used {
        KeychainUse::OnlyWay => "Restore the entry; without it the sign-ins are lost.",
        _ => "The passphrase opens the vault.",
    };
    Check::new("keychain", bad(used), format!("{reason}. {next}"))
}

fn unable(fact: &KeychainFact, why: &KeychainError) -> Check {
    let reason = match why {
        // The canary was a moment old.
        KeychainError::NoEntry => "The keychain did not keep what it was given".to_owned(),
        KeychainError::Damaged => {
            "The keychain gave back something else than it was given".to_owned()
        }
        KeychainError::Unresponsive => "The keychain did not answer in 3 s".to_owned(),
        KeychainError::Locked if fact.ssh => "The keychain is locked (SSH session)".to_owned(),
        other => keychain_reason(other),
    };
    let next = match fact.used {
        KeychainUse::OnlyWay => needed(fact.ssh, why),
        KeychainUse::OneOfTwo => "The passphrase opens the vault.",
        KeychainUse::NotUsed => "It is not needed: a passphrase opens the vault.",
        KeychainUse::NoVault => "A passphrase can open the vault instead.",
    };
    let check = Check::new("keychain", bad(fact.used), format!("{reason}. {next}"));
    match fact.used {
        KeychainUse::NoVault => check.run("valetkey vault init --passphrase"),
        _ => check,
    }
}

/// The next step where nothing else opens the vault.
fn needed(ssh: bool, why: &KeychainError) -> &'static str {
    match why {
        KeychainError::Absent if ssh => {
            "It belongs to the desktop session on this machine. To open the vault from afar too, run there: valetkey vault slot add passphrase"
        }
        KeychainError::Absent => {
            "There is no desktop session around it: it holds the vault key, so run this there."
        }
        KeychainError::NotRunning => "Start the desktop's keychain, which holds the vault key.",
        KeychainError::NoCollection => {
            "Log in to the desktop with its password once, so that it makes one."
        }
        KeychainError::Locked if ssh => {
            "Unlock it at the desktop of this machine. To open the vault from afar too, run there: valetkey vault slot add passphrase"
        }
        KeychainError::Locked => "Unlock it in your desktop session and try again.",
        KeychainError::Unresponsive => {
            "Look for a dialog that waits for you; else restart the keychain service."
        }
        KeychainError::NoEntry | KeychainError::Damaged => {
            "Do not sign in before it does: restart the keychain service."
        }
        KeychainError::Refused(_) => "Allow it in the keychain's own settings.",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::Untrusted;

    fn fact(used: KeychainUse, canary: Result<Duration, KeychainError>) -> KeychainFact {
        KeychainFact {
            used,
            name: "the desktop keychain".to_owned(),
            ssh: false,
            canary,
            entry: None,
        }
    }

    #[test]
    fn t_04_every_state_of_the_keychain_has_words_and_a_next_step_of_its_own() {
        let states = [
            KeychainError::Absent,
            KeychainError::NotRunning,
            KeychainError::NoCollection,
            KeychainError::Locked,
            KeychainError::Unresponsive,
            KeychainError::NoEntry,
            KeychainError::Damaged,
            KeychainError::Refused(Untrusted::new("\u{1b}no")),
        ];
        let mut told = BTreeSet::new();
        let count = states.len();
        for why in states {
            for ssh in [false, true] {
                let mut fact = fact(KeychainUse::OnlyWay, Err(why.clone()));
                fact.ssh = ssh;
                let check = keychain(&fact);
                assert_eq!(check.state, State::Fix, "{check:?}");
                assert!(!check.words.contains('\u{1b}'));
                told.insert(check.words);
            }
        }
        // Locked and absent are told differently over SSH.
        assert_eq!(told.len(), count + 2, "{told:#?}");
    }

    #[test]
    fn t_04_a_slow_keychain_is_told_apart_from_a_frozen_one() {
        let told = |canary| {
            let check = keychain(&fact(KeychainUse::OnlyWay, canary));
            (check.state, check.words)
        };
        let (state, _) = told(Ok(Duration::from_secs(1)));
        assert_eq!(state, State::Ok);
        let (state, words) = told(Ok(Duration::from_millis(2340)));
        assert_eq!(state, State::Warn);
        assert!(words.contains("took 2.3 s"), "{words}");
        let (state, words) = told(Err(KeychainError::Unresponsive));
        assert_eq!(state, State::Fix);
        assert!(words.contains("did not answer in 3 s"), "{words}");
    }

    #[test]
    fn t_04_how_bad_it_is_depends_on_what_else_opens_the_vault() {
        let state = |used| keychain(&fact(used, Err(KeychainError::Absent))).state;
        assert_eq!(state(KeychainUse::OnlyWay), State::Fix);
        assert_eq!(state(KeychainUse::OneOfTwo), State::Warn);
        assert_eq!(state(KeychainUse::NoVault), State::Warn);
        assert_eq!(state(KeychainUse::NotUsed), State::Ok);
    }

    #[test]
    fn t_10_a_lost_entry_is_told_though_the_keychain_works() {
        for (used, state) in [
            (KeychainUse::OnlyWay, State::Fix),
            (KeychainUse::OneOfTwo, State::Warn),
        ] {
            let mut fact = fact(used, Ok(Duration::ZERO));
            assert_eq!(keychain(&fact).state, State::Ok);
            fact.entry = Some(Err(VaultError::KeyGone));
            let check = keychain(&fact);
            assert_eq!(check.state, state);
            assert!(check.words.contains("gone"), "{check:?}");
        }
    }
}
