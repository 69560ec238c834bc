//! Signals that whoever started this program had ignored (`nohup`, a shell's background job): what it
//! starts meets them as a fresh program does (conformance V-10). And signals that end it at one time
//! and are waited with at another.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGALRM, SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

/// Those that are commonly ignored. (The standard library sees to `SIGPIPE` and to blocked signals;
/// the terminal's stop signals have a meaning while ignored.)
const COMMON: [i32; 8] = [
    SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGCHLD, SIGALRM, SIGUSR1, SIGUSR2,
];

/// Replaces each ignored signal by a handler that does nothing: the same for this process, but a
/// program started by it begins with the default, because handlers do not survive `exec`. (An ignored
/// `SIGCHLD` would also hide how children ended.)
pub(super) fn hear_the_ignored() {
    for signal in COMMON.into_iter().filter(|signal| is_ignored(*signal)) {
        // Where the system refuses, the child inherits what we inherited.
        let _ = signal_hook::flag::register(signal, Arc::default());
    }
}

/// Whether this process was started with the signal ignored. Only Linux tells.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignored_in(&status).is_some_and(|set| set >> (signal - 1) & 1 == 1)
}

fn ignored_in(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

/// Hang-up, interrupt and termination end the program, as without a handler, save while they are
/// deferred. For a program that takes them for a while: a handler once set up stays.
#[derive(Clone, Debug)]
pub struct EndingSignals {
    lethal: Arc<AtomicBool>,
}

impl EndingSignals {
    /// # Errors
    /// The system refuses a handler.
    pub fn new() -> io::Result<Self> {
        let lethal = Arc::new(AtomicBool::new(true));
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            signal_hook::flag::register_conditional_default(signal, lethal.clone())?;
        }
        Ok(Self { lethal })
    }

    /// Whoever holds this sees to them.
    pub fn defer(&self) -> SignalsDeferred {
        self.lethal.store(false, Ordering::SeqCst);
        SignalsDeferred(self.lethal.clone())
    }
}

/// See [`EndingSignals::defer`].
#[derive(Debug)]
pub struct SignalsDeferred(Arc<AtomicBool>);

impl Drop for SignalsDeferred {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v_10_the_systems_list_of_ignored_signals_is_understood() {
        let status = "Name:\tx\nSigBlk:\tffffffffffffffff\nSigIgn:\t0000000000001001\nSigCgt:\t0\n";
        assert_eq!(ignored_in(status), Some(0x1001));
        assert_eq!(ignored_in("Name:\tx\n"), None);
        assert!(!is_ignored(SIGTERM), "this very process ends when asked to");
    }
}
