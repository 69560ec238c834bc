//! Limits that leave too little to work with are found before anything begins (FT-35): later they
//! would show as a folder that cannot be written or a provider that is not reached.

use std::sync::mpsc;
use std::thread;

use rustix::process::{Resource, getrlimit};

/// Vault, journal, listener, connections, runtime and a worker at once, with room to spare.
const FILES: u64 = 32;
/// A runtime's own threads, and those that wait for locks, keychain and worker.
const THREADS: usize = 4;

/// What the system gives this process too little of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Scarce {
    #[error("only {limit} files may be open at a time; {FILES} are needed")]
    Files { limit: u64 },
    #[error("no more threads may be started")]
    Threads,
}

impl Scarce {
    /// How many are needed.
    pub const FILES: u64 = FILES;
}

/// Whether enough files may be open at a time.
///
/// # Errors
/// [`Scarce::Files`] with the limit that is too low.
pub fn enough_files() -> Result<(), Scarce> {
    match getrlimit(Resource::Nofile).current {
        Some(limit) if limit < FILES => Err(Scarce::Files { limit }),
        _ => Ok(()),
    }
}

/// Whether enough threads can be started, by starting them: no limit tells.
///
/// # Errors
/// [`Scarce::Threads`].
pub fn enough_threads() -> Result<(), Scarce> {
    let mut held = Vec::new();
    for _ in 0..THREADS {
        let (sender, ended) = mpsc::channel::<()>();
        let thread = thread::Builder::new()
            .spawn(move || {
                let _ = ended.recv();
            })
            .map_err(|_| Scarce::Threads)?;
        held.push((sender, thread));
    }
    for (sender, thread) in held {
        drop(sender);
        let _ = thread.join();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ft_35_this_process_has_enough() {
        assert_eq!(enough_files(), Ok(()));
        assert_eq!(enough_threads(), Ok(()));
    }
}
