//! The life of the agent's process: what it is handed at its start, and how it says that it is ready.

use std::io;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::server::{Desk, Terms, serve};
use super::socket::{self, Place, SocketError};
use super::wire::Refusal;
use crate::advice::{Advice, advise, agent as words};
use crate::engine::{Engine, World};
use crate::host::{self, Environment, Job, OsKeychain, SystemBrowser, SystemClock};
use crate::model::{Seconds, Secret};
use crate::vault::Home;

/// The hidden first argument that makes the program an agent.
pub const AGENT_ARGUMENT: &str = "__agent";

/// What an agent is started with.
#[derive(Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) data: PathBuf,
    pub(super) state: PathBuf,
    pub(super) run: PathBuf,
    pub(super) lifetime: Option<u64>,
    pub(super) idle_exit: Option<u64>,
    /// The vault's key in base64, where it is to begin open.
    #[serde(with = "crate::model::opt_secret_text")]
    pub(super) key: Option<Secret>,
}

/// What it says at its start: nothing is wrong, or what is.
#[derive(Serialize, Deserialize)]
pub(super) struct Ready {
    pub(super) refusal: Option<Refusal>,
}

/// The whole life of an agent. Returns the exit code.
pub fn agent_main() -> u8 {
    // Fails where its memory cannot be protected: an agent holds a key for hours (conformance V-02).
    let Ok(channel) = host::attach() else {
        return 1;
    };
    host::tell_all_if_asked();
    let (desk, listener, place) = match prepare(&channel) {
        Ok(prepared) => prepared,
        Err(advice) => {
            tell(&channel, Some(&advice));
            return advice.exit;
        }
    };
    // No folder is kept busy by it.
    let _ = std::env::set_current_dir("/");
    tell(&channel, None);
    drop(channel);
    match serve(desk, listener, place) {
        Ok(()) => 0,
        Err(_) => 1,
    }
}

fn prepare(channel: &Job) -> Result<(Desk, UnixListener, Place), Advice> {
    let frame = channel.receive().map_err(|_| words::not_understood())?;
    let order: Order = serde_json::from_slice(&frame).map_err(|_| words::not_understood())?;
    let (listener, place) = socket::take(&order.run).map_err(|error| refuse(&error))?;
    let home = Home::Disk {
        data: order.data,
        state: order.state.clone(),
    };
    let world = World {
        clock: Arc::new(SystemClock),
        browser: Arc::new(SystemBrowser),
        // Never asked: whoever unlocks the agent has opened the vault.
        keychain: Arc::new(OsKeychain::new(false)),
        environment: Environment::default(),
        jobs_here: false,
    };
    let clock = world.clock.clone();
    let engine = Engine::open(world, home.clone()).map_err(|error| advise(&error))?;
    let terms = Terms {
        lifetime: order.lifetime.map(Seconds),
        idle_exit: order.idle_exit.map(Seconds),
    };
    let desk = Desk::new(engine, home, &order.state, clock, terms);
    if let Some(key) = &order.key {
        desk.unlock(key)?;
    }
    Ok((desk, listener, place))
}

fn tell(channel: &Job, refusal: Option<&Advice>) {
    let ready = Ready {
        refusal: refusal.map(Refusal::of),
    };
    if let Ok(bytes) = serde_json::to_vec(&ready) {
        // Nobody listens where it was started in the foreground.
        let _ = channel.answer(&bytes);
    }
}

fn refuse(error: &SocketError) -> Advice {
    let cause = |error: &io::Error| crate::model::Untrusted::new(error.to_string()).shown();
    match error {
        SocketError::Taken => words::taken(),
        SocketError::TooLong { path, longest } => words::socket_too_long(path, *longest),
        SocketError::Occupied(path) => words::socket_occupied(path),
        SocketError::Folder(error) => words::socket_folder(&advise(&error.clone().into())),
        SocketError::Io(error) => words::socket_failed(cause(error).as_str()),
    }
}
