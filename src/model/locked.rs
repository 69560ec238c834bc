//! Keeping secrets out of the swap space (conformance V-05).
//!
//! The pages of the vault key and of every [`Secret`](super::Secret) are locked, and stay locked when
//! the secret is gone: another one may lie on the same page, and the system does not count locks. They
//! are not dumped (the process is not dumpable) and reach no child (nothing is forked without `exec`).
//! What the network layer copies for its own use is not covered.

use std::sync::atomic::{AtomicU8, Ordering};

/// Whether the system keeps secrets in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryLock {
    Locked,
    /// The limit for locked memory is too small, at least for some of them.
    Unavailable,
}

const UNTRIED: u8 = 0;
const LOCKED: u8 = 1;
const UNAVAILABLE: u8 = 2;
static STATE: AtomicU8 = AtomicU8::new(UNTRIED);

/// Locks the pages that these bytes lie on. After the first refusal no more is tried.
pub(crate) fn lock(bytes: &[u8]) {
    if bytes.is_empty() || STATE.load(Ordering::Relaxed) == UNAVAILABLE {
        return;
    }
    match region::lock(bytes.as_ptr(), bytes.len()) {
        Ok(guard) => {
            // Dropping it would unlock the page under its neighbours.
            std::mem::forget(guard);
            let _ = STATE.compare_exchange(UNTRIED, LOCKED, Ordering::Relaxed, Ordering::Relaxed);
        }
        Err(_) => STATE.store(UNAVAILABLE, Ordering::Relaxed),
    }
}

/// How it stands; tries it if nothing was locked yet.
pub fn memory_lock() -> MemoryLock {
    if STATE.load(Ordering::Relaxed) == UNTRIED {
        lock(&*Box::new([0_u8; 32]));
    }
    if STATE.load(Ordering::Relaxed) == UNAVAILABLE {
        MemoryLock::Unavailable
    } else {
        MemoryLock::Locked
    }
}
