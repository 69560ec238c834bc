//! Secret Service over D-Bus (GNOME Keyring, `KWallet`, `KeePassXC`).

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::PathBuf;

use keyring::api::CredentialStoreApi as _;
use secret_service::Error as Service;
use zbus_secret_service_keyring_store::Store;

use super::KeychainError;

pub(super) const NAME: &str = "the desktop keychain";

/// Names that D-Bus itself gives to "nobody provides this service".
const NOBODY: [&str; 2] = [
    "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.NameHasNoOwner",
];

/// What D-Bus says when the other side went away before it answered.
const DIED: &str = "org.freedesktop.DBus.Error.NoReply";

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

pub(super) fn entry(
    service: &str,
    label: &str,
    account: &str,
) -> Result<keyring::Entry, KeychainError> {
    let store = Store::new().map_err(reason)?;
    let label = HashMap::from([("label", label)]);
    store.build(service, account, Some(&label)).map_err(reason)
}

pub(super) fn reason(error: keyring::Error) -> KeychainError {
    if let keyring::Error::PlatformFailure(cause) | keyring::Error::NoStorageAccess(cause) = &error
    {
        match cause.downcast_ref::<Service>() {
            Some(Service::NoResult) => return KeychainError::NoCollection,
            Some(Service::Locked | Service::Prompt | Service::PromptDisconnected) => {
                return KeychainError::Locked;
            }
            Some(other) if has_no_bus(other) => return KeychainError::Absent,
            Some(Service::Unavailable) => return KeychainError::NotRunning,
            Some(other) if is_nobody(other) => return KeychainError::NotRunning,
            Some(other) if other.to_string().contains(DIED) => return KeychainError::Unresponsive,
            _ => {}
        }
    }
    super::common_reason(error)
}

fn has_no_bus(error: &Service) -> bool {
    std::error::Error::source(error)
        .is_some_and(|cause| cause.to_string().contains("No such file or directory"))
}

fn is_nobody(error: &Service) -> bool {
    let text = error.to_string();
    NOBODY.iter().any(|name| text.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_04_the_session_bus_is_looked_for_where_it_should_be() {
        let at = |address: Option<&str>, runtime: Option<&str>| {
            bus_socket(address.map(OsStr::new), runtime.map(OsStr::new))
        };
        let path = |text: &str| Bus::Path(PathBuf::from(text));
        assert_eq!(at(None, None), Bus::Nowhere);
        assert_eq!(at(Some(""), None), Bus::Nowhere);
        assert_eq!(at(None, Some("/run/user/1")), path("/run/user/1/bus"));
        assert_eq!(at(Some("unix:path=/run/b"), Some("/x")), path("/run/b"));
        assert_eq!(at(Some("unix:path=/run/b,guid=0af"), None), path("/run/b"));
        for elsewhere in [
            "unix:abstract=/tmp/dbus",
            "unix:path=/a;unix:path=/b",
            "unix:path=/a%20b",
            "tcp:host=localhost,port=1",
        ] {
            assert_eq!(at(Some(elsewhere), None), Bus::Elsewhere, "{elsewhere}");
        }
    }

    #[test]
    fn t_04_each_state_of_the_keychain_is_its_own_error() {
        let platform = |error| reason(keyring::Error::PlatformFailure(Box::new(error)));
        let access = |error| reason(keyring::Error::NoStorageAccess(Box::new(error)));
        assert_eq!(access(Service::NoResult), KeychainError::NoCollection);
        assert_eq!(access(Service::Locked), KeychainError::Locked);
        assert_eq!(access(Service::Prompt), KeychainError::Locked);
        assert_eq!(platform(Service::Unavailable), KeychainError::NotRunning);
        assert_eq!(reason(keyring::Error::NoEntry), KeychainError::NoEntry);
        assert!(matches!(
            platform(Service::Crypto("x")),
            KeychainError::Refused(_)
        ));
    }

    #[test]
    fn t_04_an_error_that_carries_the_secret_says_nothing_of_it() {
        let error = reason(keyring::Error::BadEncoding(b"canary\xff".to_vec()));
        assert_eq!(error, KeychainError::Damaged);
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}
