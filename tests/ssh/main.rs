//! Layer 6: at home at the far end of an SSH session. Two machines of their own network, a real
//! sshd between them, a browser on the laptop, Valetkey on the server.
//!
//! Needs root, for the machines. `./tests/run` installs what these tests start.
#![allow(clippy::print_stdout)] // how long each way takes is for people to read

mod copies;
mod cuts;
#[path = "../support/kept.rs"]
mod kept;
mod lab;
mod lines;
mod machine;
#[allow(dead_code)] // the half that these tests use
#[path = "../support/pty.rs"]
mod pty;
mod sign_in;
mod troubles;
mod unlocking;
#[allow(dead_code)] // the half that these tests use
#[path = "../support/web.rs"]
mod web;
