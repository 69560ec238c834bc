//! Storage of everything secret. (Only the keychain trait stands here yet.)
//!
//! May use: model.

mod keychain;

pub use keychain::{Keychain, KeychainError};
