//! The operating system's keychain behind the vault's trait (conformance T-02, T-04, T-06).
//!
//! A keychain call can hang for ever (a frozen daemon, a dialog nobody sees), and no store offers
//! a time limit. So every try opens a fresh store on a thread of its own and waits for it with a
//! deadline: a stuck thread is left behind, holds nothing, and does not keep the process alive.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use zeroize::Zeroizing;

use super::random::random_bytes;
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
const PATIENT: Duration = Duration::from_secs(120);

/// The keychain of this operating system and this user.
#[derive(Clone, Copy, Debug)]
pub struct OsKeychain {
    deadline: Duration,
}

impl OsKeychain {
    /// `patient`: the person was told that the desktop may ask to unlock the keychain.
    pub fn new(patient: bool) -> Self {
        Self {
            deadline: if patient { PATIENT } else { SILENT },
        }
    }

    /// Proves that the keychain keeps what it is given: writes, reads and deletes a canary. Only a
    /// write tells; opening succeeds on a locked keychain too.
    pub fn probe(&self) -> Result<(), KeychainError> {
        let random: [u8; 16] = random_bytes().map_err(|error| refused(&error))?;
        let text = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let canary = Secret::new(text);
        let account = format!("{CANARY}-{}", std::process::id());
        self.write(&account, &canary)?;
        let kept = self.read(&account)?.same(&canary);
        self.delete(&account)?;
        if kept {
            Ok(())
        } else {
            Err(KeychainError::Damaged)
        }
    }

    fn try_on_thread<T: Send + 'static>(
        self,
        work: impl FnOnce() -> Result<T, KeychainError> + Send + 'static,
    ) -> Result<T, KeychainError> {
        os::reachable()?;
        with_deadline(self.deadline, work)
    }
}

impl Keychain for OsKeychain {
    fn read(&self, account: &str) -> Result<Secret, KeychainError> {
        let account = account.to_owned();
        self.try_on_thread(move || {
            let text = os::entry(&account)?.get_password().map_err(os::reason)?;
            Ok(Secret::new(text))
        })
    }

    fn write(&self, account: &str, secret: &Secret) -> Result<(), KeychainError> {
        let account = account.to_owned();
        let text = Zeroizing::new(secret.reveal().to_owned());
        self.try_on_thread(move || os::entry(&account)?.set_password(&text).map_err(os::reason))
    }

    fn delete(&self, account: &str) -> Result<(), KeychainError> {
        let account = account.to_owned();
        self.try_on_thread(move || os::entry(&account)?.delete_credential().map_err(os::reason))
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

/// Secret Service over D-Bus (GNOME Keyring, KWallet, KeePassXC).
#[cfg(all(target_os = "linux", feature = "secret-service"))]
mod os {
    use std::collections::HashMap;
    use std::ffi::OsStr;
    use std::path::PathBuf;

    use keyring::api::CredentialStoreApi as _;
    use secret_service::Error as Service;
    use zbus_secret_service_keyring_store::Store;

    use super::{KeychainError, LABEL, SERVICE};

    pub(super) const NAME: &str = "the desktop keychain";

    /// Names that D-Bus itself gives to "nobody provides this service".
    const NOBODY: [&str; 2] = [
        "org.freedesktop.DBus.Error.ServiceUnknown",
        "org.freedesktop.DBus.Error.NameHasNoOwner",
    ];

    /// Cheap first question: is there a session bus at all? Saves the threads and the D-Bus
    /// handshake on machines without a desktop.
    pub(super) fn reachable() -> Result<(), KeychainError> {
        let address = std::env::var_os("DBUS_SESSION_BUS_ADDRESS");
        let runtime = std::env::var_os("XDG_RUNTIME_DIR");
        match bus_socket(address.as_deref(), runtime.as_deref()) {
            Bus::Path(path) if !path.exists() => Err(KeychainError::Absent),
            Bus::Nowhere => Err(KeychainError::Absent),
            Bus::Path(_) | Bus::Elsewhere => Ok(()),
        }
    }

    #[derive(Debug, PartialEq, Eq)]
    pub(super) enum Bus {
        Path(PathBuf),
        /// Not a plain socket path (abstract, tcp, several): only trying tells.
        Elsewhere,
        Nowhere,
    }

    /// Where the session bus should be (D-Bus specification, "Server Addresses").
    pub(super) fn bus_socket(address: Option<&OsStr>, runtime: Option<&OsStr>) -> Bus {
        match address.filter(|text| !text.is_empty()) {
            Some(address) => {
                let text = address.to_string_lossy();
                let path = text
                    .strip_prefix("unix:path=")
                    .filter(|rest| !rest.contains([';', '%']))
                    .map(|rest| rest.split(',').next().unwrap_or(rest));
                match path {
                    Some(path) => Bus::Path(PathBuf::from(path)),
                    None => Bus::Elsewhere,
                }
            }
            None => match runtime.filter(|text| !text.is_empty()) {
                Some(folder) => Bus::Path(PathBuf::from(folder).join("bus")),
                None => Bus::Nowhere,
            },
        }
    }

    pub(super) fn entry(account: &str) -> Result<keyring::Entry, KeychainError> {
        let store = Store::new().map_err(reason)?;
        let label = HashMap::from([("label", LABEL)]);
        store.build(SERVICE, account, Some(&label)).map_err(reason)
    }

    pub(super) fn reason(error: keyring::Error) -> KeychainError {
        if let keyring::Error::PlatformFailure(cause) | keyring::Error::NoStorageAccess(cause) =
            &error
        {
            match cause.downcast_ref::<Service>() {
                Some(Service::NoResult) => return KeychainError::NoCollection,
                Some(Service::Locked | Service::Prompt | Service::PromptDisconnected) => {
                    return KeychainError::Locked;
                }
                Some(Service::Unavailable) => return KeychainError::Absent,
                Some(other) if is_nobody(other) => return KeychainError::Absent,
                _ => {}
            }
        }
        super::common_reason(error)
    }

    fn is_nobody(error: &Service) -> bool {
        let text = error.to_string();
        let no_socket = std::error::Error::source(error)
            .is_some_and(|cause| cause.to_string().contains("No such file or directory"));
        no_socket || NOBODY.iter().any(|name| text.contains(name))
    }
}

/// The login keychain.
#[cfg(target_os = "macos")]
mod os {
    use std::collections::HashMap;

    use apple_native_keyring_store::keychain::Store;
    use keyring::api::CredentialStoreApi as _;

    use super::{KeychainError, SERVICE};

    pub(super) const NAME: &str = "the login keychain";

    /// `errSecInteractionNotAllowed`: the keychain is locked and no dialog can be shown (SSH).
    const NO_INTERACTION: &str = "-25308";

    pub(super) fn reachable() -> Result<(), KeychainError> {
        Ok(())
    }

    pub(super) fn entry(account: &str) -> Result<keyring::Entry, KeychainError> {
        let store = Store::new_with_configuration(&HashMap::new()).map_err(reason)?;
        store.build(SERVICE, account, None).map_err(reason)
    }

    pub(super) fn reason(error: keyring::Error) -> KeychainError {
        match &error {
            keyring::Error::NoStorageAccess(_) => KeychainError::Locked,
            keyring::Error::PlatformFailure(cause)
                if cause.to_string().contains(NO_INTERACTION) =>
            {
                KeychainError::Locked
            }
            _ => super::common_reason(error),
        }
    }
}

/// No keychain is built in.
#[cfg(not(any(
    all(target_os = "linux", feature = "secret-service"),
    target_os = "macos"
)))]
mod os {
    use super::KeychainError;

    pub(super) const NAME: &str = "no keychain";

    pub(super) struct Nothing;

    impl Nothing {
        pub(super) fn get_password(&self) -> Result<String, KeychainError> {
            Err(KeychainError::Absent)
        }

        pub(super) fn set_password(&self, _text: &str) -> Result<(), KeychainError> {
            Err(KeychainError::Absent)
        }

        pub(super) fn delete_credential(&self) -> Result<(), KeychainError> {
            Err(KeychainError::Absent)
        }
    }

    pub(super) fn reachable() -> Result<(), KeychainError> {
        Err(KeychainError::Absent)
    }

    pub(super) fn entry(_account: &str) -> Result<Nothing, KeychainError> {
        Err(KeychainError::Absent)
    }

    pub(super) fn reason(error: KeychainError) -> KeychainError {
        error
    }
}
