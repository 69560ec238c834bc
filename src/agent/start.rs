//! Starting an agent: the key is handed to it through a socket pair, never by argument or environment.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use zeroize::Zeroizing;

use super::process::{AGENT_ARGUMENT, Order, Ready};
use crate::advice::Advice;
use crate::host::{WorkerError, become_agent, spawn_agent};
use crate::model::{Seconds, Secret};
use crate::vault::{Home, VaultKey};

/// It has this long to say that it is ready.
const PATIENCE: Duration = Duration::from_secs(10);

/// How an agent is to behave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// It locks itself so long after each unlocking.
    pub lifetime: Option<Seconds>,
    /// It ends when nobody asked for so long.
    pub idle_exit: Option<Seconds>,
}

/// Why no agent was started.
#[derive(Debug)]
pub enum StartError {
    /// It says so itself.
    Refused(Advice),
    /// Its process did not start, or ended without a word.
    Process(WorkerError),
    /// A vault in memory has no agent.
    Memory,
}

/// Starts an agent in the background, and waits until it is ready. `key`: where it begins open.
pub fn start(
    home: &Home,
    run: &Path,
    key: Option<&VaultKey>,
    options: Options,
) -> Result<(), StartError> {
    let order = pack(home, run, key, options)?;
    let link = spawn_agent(AGENT_ARGUMENT, &order).map_err(StartError::Process)?;
    let answer = link.result(PATIENCE).map_err(StartError::Process)?;
    let ready: Ready =
        serde_json::from_slice(&answer).map_err(|_| StartError::Process(WorkerError::Gone))?;
    match ready.refusal {
        None => Ok(()),
        Some(refusal) => Err(StartError::Refused(refusal.into())),
    }
}

/// Turns this process into the agent. Returns only when that fails.
pub fn start_here(home: &Home, run: &Path, key: Option<&VaultKey>, options: Options) -> StartError {
    match pack(home, run, key, options) {
        Ok(order) => StartError::Process(become_agent(AGENT_ARGUMENT, &order)),
        Err(error) => error,
    }
}

/// The vault's key as the agent's messages carry it.
pub fn key_text(key: &VaultKey) -> Secret {
    Secret::new(BASE64.encode(key.as_bytes()))
}

fn pack(
    home: &Home,
    run: &Path,
    key: Option<&VaultKey>,
    options: Options,
) -> Result<Zeroizing<Vec<u8>>, StartError> {
    let Home::Disk { data, state } = home else {
        return Err(StartError::Memory);
    };
    let order = Order {
        data: data.clone(),
        state: state.clone(),
        run: run.to_owned(),
        lifetime: options.lifetime.map(|span| span.0),
        idle_exit: options.idle_exit.map(|span| span.0),
        key: key.map(key_text),
    };
    let packed = serde_json::to_vec(&order).map(Zeroizing::new);
    packed.map_err(|_| StartError::Process(WorkerError::TooLong))
}
