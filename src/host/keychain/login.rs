//! The login keychain of macOS.

use std::collections::HashMap;

use apple_native_keyring_store::keychain::Store;
use keyring::api::CredentialStoreApi as _;

use super::KeychainError;

pub(super) const NAME: &str = "the login keychain";

/// `errSecInteractionNotAllowed`: the keychain is locked and no dialog can be shown (SSH).
const NO_INTERACTION: &str = "-25308";

pub(super) fn reachable() -> Result<(), KeychainError> {
    Ok(())
}

/// The store has no label of its own: the keychain shows the service name.
pub(super) fn entry(
    service: &str,
    _label: &str,
    account: &str,
) -> Result<keyring::Entry, KeychainError> {
    let store = Store::new_with_configuration(&HashMap::new()).map_err(reason)?;
    store.build(service, account, None).map_err(reason)
}

pub(super) fn reason(error: keyring::Error) -> KeychainError {
    match &error {
        keyring::Error::NoStorageAccess(_) => KeychainError::Locked,
        keyring::Error::PlatformFailure(cause) if cause.to_string().contains(NO_INTERACTION) => {
            KeychainError::Locked
        }
        _ => super::common_reason(error),
    }
}
