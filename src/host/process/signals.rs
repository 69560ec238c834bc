//! Signals that whoever started this program had ignored (`nohup`, a shell's background job): what it
//! starts meets them as a fresh program does (conformance V-10). And signals that end it at one time
//! and are waited with at another.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
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
    interrupt_is_lethal: Arc<AtomicBool>,
    interrupted: Arc<AtomicBool>,
}

impl EndingSignals {
    /// # Errors
    /// The system refuses a handler.
    pub fn new() -> io::Result<Self> {
        let signals = Self {
            lethal: Arc::new(AtomicBool::new(true)),
            interrupt_is_lethal: Arc::new(AtomicBool::new(true)),
            interrupted: Arc::default(),
        };
        for signal in [SIGHUP, SIGTERM] {
            signal_hook::flag::register_conditional_default(signal, signals.lethal.clone())?;
        }
        let lethal = signals.interrupt_is_lethal.clone();
        signal_hook::flag::register_conditional_default(SIGINT, lethal)?;
        signal_hook::flag::register(SIGINT, signals.interrupted.clone())?;
        Ok(signals)
    }

    /// Whoever holds this sees to them.
    pub fn defer(&self) -> SignalsDeferred {
        SignalsDeferred::of(&[&self.lethal, &self.interrupt_is_lethal])
    }

    /// For questions that the interrupt key ends.
    pub fn interrupts(&self) -> Interrupts {
        Interrupts(self.clone())
    }
}

/// Waits for a line on the terminal or the interrupt key, whichever comes first.
#[derive(Debug)]
pub struct Interrupts(EndingSignals);

impl Interrupts {
    /// Waits until stdin can be read.
    ///
    /// # Errors
    /// [`io::ErrorKind::Interrupted`] when the interrupt key was pressed meanwhile.
    pub fn wait_for_input(&self) -> io::Result<()> {
        let Self(signals) = self;
        let _deferred = SignalsDeferred::of(&[&signals.interrupt_is_lethal]);
        signals.interrupted.store(false, Ordering::SeqCst);
        let input = io::stdin();
        let mut asked = [PollFd::new(&input, PollFlags::IN)];
        loop {
            // A handler always ends this, whether or not the others let calls go on.
            let ready = poll(&mut asked, None);
            if signals.interrupted.load(Ordering::SeqCst) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            match ready {
                Err(Errno::INTR) => {}
                ready => return Ok(ready.map(drop)?),
            }
        }
    }
}

/// See [`EndingSignals::defer`].
#[derive(Debug)]
pub struct SignalsDeferred(Vec<(Arc<AtomicBool>, bool)>);

impl SignalsDeferred {
    fn of(flags: &[&Arc<AtomicBool>]) -> Self {
        let held = |flag: &&Arc<AtomicBool>| {
            let before = flag.swap(false, Ordering::SeqCst);
            ((*flag).clone(), before)
        };
        Self(flags.iter().map(held).collect())
    }
}

impl Drop for SignalsDeferred {
    fn drop(&mut self) {
        for (flag, before) in &self.0 {
            flag.store(*before, Ordering::SeqCst);
        }
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
