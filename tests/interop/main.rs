//! Layer 6: the program with servers nobody here wrote, a real keychain, a real browser.
//!
//! `./tests/run` installs what these tests start; nothing here is skipped when it is missing.

mod home;
#[path = "../support/kept.rs"]
mod kept;
mod keychain;
mod keyring;
mod keys;
mod person;
#[path = "../support/pty.rs"]
mod pty;
mod server;
mod sign_in;
mod wizard;
