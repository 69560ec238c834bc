//! Layer 6: the program with servers nobody here wrote, a real keychain, a real browser.
//!
//! `./tests/run` installs what these tests start; nothing here is skipped when it is missing.

mod device_polls;
mod git;
mod home;
mod hygiene;
#[path = "../support/kept.rs"]
mod kept;
mod keychain;
mod keychain_faults;
mod keyring;
mod keys;
mod kubectl;
mod person;
#[path = "../support/processes.rs"]
mod processes;
#[path = "../support/pty.rs"]
mod pty;
mod recipes;
mod relay;
#[allow(dead_code)] // the half that these tests use
#[path = "../support/home.rs"]
mod sealed;
mod server;
mod sign_in;
mod stub;
mod unit;
#[allow(dead_code)] // the half that these tests use
#[path = "../support/web.rs"]
mod web;
mod wizard;
