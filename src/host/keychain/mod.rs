//! The operating system's keychain behind the vault's trait (conformance T-02, T-04, T-06).
//!
//! A keychain call can hang for ever (a frozen daemon, a dialog nobody sees), and no store offers
//! a time limit. So every try opens a fresh store on a thread of its own and waits for it with a
//! deadline: a stuck thread is left behind, holds nothing, and does not keep the process alive.

#[cfg(target_os = "macos")]
#[path = "login.rs"]
mod os;
#[cfg(not(any(
    all(target_os = "linux", feature = "secret-service"),
    target_os = "macos"
)))]
#[path = "none.rs"]
mod os;
#[cfg(all(target_os = "linux", feature = "secret-service"))]
#[path = "secret_service.rs"]
mod os;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::host::fault::fault_point;
use crate::host::random::random_bytes;
use crate::model::{Secret, Untrusted};
use crate::vault::{Keychain, KeychainError};

/// Name of the program in the keychain; part of the stored format.
const SERVICE: &str = "valetkey";
/// What the keychain's own window shows.
const LABEL: &str = "Valetkey vault key";
const CANARY: &str = "canary";

/// How long a try may take when nobody expects a dialog.
const SILENT: Duration = Duration::from_secs(3);
/// How long when the person was told to expect one.
pub const KEYCHAIN_PATIENCE: Duration = Duration::from_secs(120);

/// The keychain of this operating system and this user.
#[derive(Clone, Copy, Debug)]
pub struct OsKeychain {
    deadline: Duration,
}

impl OsKeychain {
    /// `patient`: the person was told that the desktop may ask to unlock the keychain.
    pub fn new(patient: bool) -> Self {
        Self {
            deadline: if patient { KEYCHAIN_PATIENCE } else { SILENT },
        }
    }

    fn try_on_thread<T: Send + 'static>(
        self,
        work: impl Fn() -> Result<T, KeychainError> + Send + 'static,
    ) -> Result<T, KeychainError> {
        os::reachable()?;
        with_deadline(self.deadline, move || once_more(&work))
    }
}

/// A daemon that died over a call is started anew by the next one; each call opens a fresh store.
fn once_more<T>(work: impl Fn() -> Result<T, KeychainError>) -> Result<T, KeychainError> {
    match work() {
        Err(KeychainError::Unresponsive) => work(),
        other => other,
    }
}

/// Proves that a keychain keeps what it is given: writes, reads and deletes a canary. Only a write
/// tells; opening succeeds on a locked keychain too.
///
/// # Errors
/// Its own refusal, or [`KeychainError::Damaged`] when it gave back something else.
pub fn prove_keychain(keychain: &dyn Keychain) -> Result<(), KeychainError> {
    let random: [u8; 16] = random_bytes().map_err(|error| refused(&error))?;
    let canary = Secret::new(URL_SAFE_NO_PAD.encode(random));
    let account = format!("{CANARY}-{}", std::process::id());
    keychain.write(&account, &canary)?;
    let kept = keychain.read(&account)?.same(&canary);
    keychain.delete(&account)?;
    if kept {
        Ok(())
    } else {
        Err(KeychainError::Damaged)
    }
}

impl Keychain for OsKeychain {
    fn read(&self, account: &str) -> Result<Secret, KeychainError> {
        let account = account.to_owned();
        self.try_on_thread(move || {
            let text = os::entry(SERVICE, LABEL, &account)?
                .get_password()
                .map_err(os::reason)?;
            Ok(Secret::new(text))
        })
    }

    fn write(&self, account: &str, secret: &Secret) -> Result<(), KeychainError> {
        let account = account.to_owned();
        let text = Zeroizing::new(secret.reveal().to_owned());
        self.try_on_thread(move || {
            os::entry(SERVICE, LABEL, &account)?
                .set_password(&text)
                .map_err(os::reason)
        })
    }

    fn delete(&self, account: &str) -> Result<(), KeychainError> {
        let account = account.to_owned();
        self.try_on_thread(move || {
            os::entry(SERVICE, LABEL, &account)?
                .delete_credential()
                .map_err(os::reason)
        })
    }

    fn name(&self) -> String {
        os::NAME.to_owned()
    }
}

/// Runs `work` on a detached thread; a late answer is dropped (and wiped) with its channel.
fn with_deadline<T: Send + 'static>(
    deadline: Duration,
    work: impl FnOnce() -> Result<T, KeychainError> + Send + 'static,
) -> Result<T, KeychainError> {
    let (answer, inbox) = mpsc::sync_channel(1);
    thread::Builder::new()
        .name("keychain".to_owned())
        .spawn(move || {
            fault_point("keychain");
            let _ = answer.send(work());
        })
        .map_err(|error| refused(&error))?;
    match inbox.recv_timeout(deadline) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => Err(KeychainError::Unresponsive),
        // The thread ended without an answer: the store panicked.
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(KeychainError::Damaged),
    }
}

fn refused(error: &dyn std::error::Error) -> KeychainError {
    KeychainError::Refused(Untrusted::new(error.to_string()))
}

/// The part of `keyring`'s errors that means the same everywhere. Two of its errors carry the
/// stored secret, so none is ever formatted as a whole.
#[cfg(any(
    all(target_os = "linux", feature = "secret-service"),
    target_os = "macos"
))]
fn common_reason(error: keyring::Error) -> KeychainError {
    match error {
        keyring::Error::NoEntry => KeychainError::NoEntry,
        keyring::Error::BadEncoding(bytes) | keyring::Error::BadDataFormat(bytes, _) => {
            drop(Zeroizing::new(bytes));
            KeychainError::Damaged
        }
        keyring::Error::Ambiguous(_) => KeychainError::Damaged,
        keyring::Error::PlatformFailure(cause) | keyring::Error::NoStorageAccess(cause) => {
            refused(cause.as_ref())
        }
        _ => KeychainError::Refused(Untrusted::new("the keychain does not support this")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_04_a_keychain_that_never_answers_is_given_up_on() {
        let (keep, never) = mpsc::channel::<()>();
        let result = with_deadline(Duration::from_millis(20), move || {
            // Ends when the test does.
            let _ = never.recv();
            Ok(())
        });
        assert_eq!(result, Err(KeychainError::Unresponsive));
        drop(keep);
    }

    #[test]
    fn t_04_a_store_that_panics_is_damaged_and_one_that_answers_is_heard() {
        let panics = with_deadline(KEYCHAIN_PATIENCE, || -> Result<(), _> {
            panic!("a store's own fault")
        });
        assert_eq!(panics, Err(KeychainError::Damaged));
        assert_eq!(with_deadline(KEYCHAIN_PATIENCE, || Ok(7)), Ok(7));
        let locked = with_deadline(KEYCHAIN_PATIENCE, || Err::<(), _>(KeychainError::Locked));
        assert_eq!(locked, Err(KeychainError::Locked));
    }

    #[cfg(any(
        all(target_os = "linux", feature = "secret-service"),
        target_os = "macos"
    ))]
    #[test]
    fn t_10_f22_an_entry_of_another_type_or_found_twice_is_no_vault_key() {
        for error in [
            keyring::Error::BadEncoding(vec![0xff, 0xfe, 0x00]),
            keyring::Error::BadDataFormat(vec![0xff], "not text".into()),
            keyring::Error::Ambiguous(Vec::new()),
        ] {
            assert_eq!(os::reason(error), KeychainError::Damaged);
        }
    }

    #[test]
    fn t_04_a_keychain_that_died_over_a_call_is_asked_once_more() {
        let dies = |times: usize| {
            let calls = std::cell::Cell::new(0);
            let result = once_more(|| {
                calls.set(calls.get() + 1);
                if calls.get() <= times {
                    Err(KeychainError::Unresponsive)
                } else {
                    Ok(())
                }
            });
            (result, calls.get())
        };
        assert_eq!(dies(0), (Ok(()), 1));
        assert_eq!(dies(1), (Ok(()), 2));
        assert_eq!(dies(2), (Err(KeychainError::Unresponsive), 2));
    }
}
