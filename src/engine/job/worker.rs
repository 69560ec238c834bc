//! The life of a worker process: one order in, one report out.

use std::path::PathBuf;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Done, Job, Trouble, run};
use crate::host::{self, SystemClock, defer_signals};
use crate::model::{Secret, secret_text};
use crate::vault::{Home, Unlock, Vault, VaultKey};

/// The frame that a worker process is started with.
#[derive(Serialize, Deserialize)]
struct Order {
    data: PathBuf,
    state: PathBuf,
    #[serde(with = "secret_text")]
    key: Secret,
    job: Job,
}

/// Packs an order for a worker process; `None` for a memory vault.
pub(in crate::engine) fn pack(home: &Home, key: &VaultKey, job: Job) -> Option<Zeroizing<Vec<u8>>> {
    let Home::Disk { data, state } = home else {
        return None;
    };
    let order = Order {
        data: data.clone(),
        state: state.clone(),
        key: Secret::new(BASE64.encode(key.as_bytes())),
        job,
    };
    serde_json::to_vec(&order).ok().map(Zeroizing::new)
}

/// Reads what a worker sent back.
pub(in crate::engine) fn unpack(frame: &[u8]) -> Done {
    serde_json::from_slice(frame).unwrap_or(Trouble::Internal.into())
}

/// The whole life of a worker process: one order in, one report out. Returns the exit code.
pub fn worker_main() -> u8 {
    let Ok(channel) = host::attach() else {
        return 1;
    };
    let Ok(frame) = channel.receive() else {
        return 1;
    };
    host::tell_all_if_asked();
    host::fault_point("worker");
    let report = work(&frame);
    drop(frame);
    host::fault_point("worker-done");
    // The caller may be gone: what matters is in the vault already.
    let told = serde_json::to_vec(&report).is_ok_and(|bytes| channel.answer(&bytes).is_ok());
    u8::from(!told)
}

fn work(frame: &[u8]) -> Done {
    let Ok(order) = serde_json::from_slice::<Order>(frame) else {
        return Trouble::Internal.into();
    };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        return Trouble::Internal.into();
    };
    let vault = match open(&order) {
        Ok(vault) => Mutex::new(Some(vault)),
        Err(trouble) => return trouble.into(),
    };
    runtime.block_on(async {
        let _deferred = defer_signals();
        run(&vault, &SystemClock, order.job).await
    })
}

fn open(order: &Order) -> Result<Vault, Trouble> {
    let home = Home::Disk {
        data: order.data.clone(),
        state: order.state.clone(),
    };
    let mut vault = Vault::open(&home)?.ok_or(Trouble::Internal)?;
    let mut key = Zeroizing::new([0; 32]);
    let length = BASE64
        .decode_slice(order.key.reveal(), key.as_mut())
        .map_err(|_| Trouble::Internal)?;
    if length != key.len() {
        return Err(Trouble::Internal);
    }
    vault.unlock(Unlock::Key(VaultKey::from_bytes(*key)))?;
    Ok(vault)
}
