//! No keychain is built in.

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

pub(super) fn entry(
    _service: &str,
    _label: &str,
    _account: &str,
) -> Result<Nothing, KeychainError> {
    Err(KeychainError::Absent)
}

pub(super) fn reason(error: KeychainError) -> KeychainError {
    error
}
