//! The same engine behind a Unix socket: a process that keeps the vault open and serves tokens.
//!
//! It gives out access tokens and nothing else: no message returns a refresh token, a client secret or
//! a key (conformance Y-05), and it never speaks to a provider itself; workers do. `client` is
//! synchronous and small, since `token` uses it before anything else of the program starts.
//!
//! May use: advice, engine, host, vault, model. Never: tui, cli. They may use `client` and `start`.

pub mod client;
mod gate;
mod peer;
mod process;
mod questions;
mod server;
mod sessions;
mod socket;
mod start;
mod wire;

pub use process::{AGENT_ARGUMENT, agent_main};
pub use start::{Options, StartError, key_text, start, start_here};
pub use wire::{Answer, Question, Status};
