//! Signals that whoever started this program had ignored (`nohup`, a shell's background job): what it
//! starts meets them as a fresh program does (conformance V-10). And signals that end it at one time
//! and are waited with at another.

use std::io::{self, Read as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::retry_on_intr;
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
    /// A byte comes here with each interrupt, so that one between two looks is not missed.
    interrupted: Arc<UnixStream>,
}

impl EndingSignals {
    /// # Errors
    /// The system refuses a handler.
    pub fn new() -> io::Result<Self> {
        let (interrupted, told) = UnixStream::pair()?;
        interrupted.set_nonblocking(true)?;
        let signals = Self {
            lethal: Arc::new(AtomicBool::new(true)),
            interrupt_is_lethal: Arc::new(AtomicBool::new(true)),
            interrupted: Arc::new(interrupted),
        };
        for signal in [SIGHUP, SIGTERM] {
            signal_hook::flag::register_conditional_default(signal, signals.lethal.clone())?;
        }
        let lethal = signals.interrupt_is_lethal.clone();
        signal_hook::flag::register_conditional_default(SIGINT, lethal)?;
        signal_hook::low_level::pipe::register(SIGINT, told)?;
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
    /// Begins to listen: before the question is shown, so that no key comes too early.
    pub fn listen(&self) -> Listening<'_> {
        let deferred = SignalsDeferred::of(&[&self.0.interrupt_is_lethal]);
        // Those of before were meant for something else.
        while matches!((&*self.0.interrupted).read(&mut [0; 64]), Ok(1..)) {}
        Listening {
            signals: &self.0,
            _deferred: deferred,
        }
    }
}

/// The interrupt key ends what is waited for with this, and not the program.
#[derive(Debug)]
pub struct Listening<'a> {
    signals: &'a EndingSignals,
    _deferred: SignalsDeferred,
}

impl Listening<'_> {
    /// Waits until stdin can be read.
    ///
    /// # Errors
    /// [`io::ErrorKind::Interrupted`] when the interrupt key was pressed since it began.
    pub fn wait_for_input(&self) -> io::Result<()> {
        let input = io::stdin();
        let mut asked = [
            PollFd::new(&*self.signals.interrupted, PollFlags::IN),
            PollFd::new(&input, PollFlags::IN),
        ];
        retry_on_intr(|| poll(&mut asked, None))?;
        if asked[0].revents().is_empty() {
            Ok(())
        } else {
            Err(io::ErrorKind::Interrupted.into())
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
