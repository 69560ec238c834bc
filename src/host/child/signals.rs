//! Signals sent to us while a program runs in our place reach it, each once.
//!
//! What a terminal sends (a typed interrupt, a new size) goes to the whole foreground group, so the
//! program has it already; a second interrupt makes many programs drop their cleanup.

use std::io;
use std::process::{Child, exit};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{
    SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2, SIGWINCH,
};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::low_level::siginfo::{Cause, Origin};

use crate::host::session::leads_its_session;

/// Those that are passed on.
const PASSED_ON: [i32; 9] = [
    SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT, SIGTSTP,
];
/// Those that ask a program to end.
const ENDING: [i32; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

/// The program as the forwarder knows it.
enum Charge {
    /// Only until the lock is free for the first time.
    Starting,
    Running(Pid),
    /// It has ended with this code; its number may belong to another process.
    Over(u8),
}

/// Passes signals on to a program.
pub(super) struct Forwarding(Arc<Mutex<Charge>>);

impl Forwarding {
    /// Hears signals from now on, and starts a program for them. Those that come before it runs wait
    /// for it.
    pub(super) fn start(start: impl FnOnce() -> io::Result<Child>) -> io::Result<(Self, Pid)> {
        let charge = Arc::new(Mutex::new(Charge::Starting));
        let mut held = hold(&charge);
        let mut signals = SignalsInfo::<WithOrigin>::new(PASSED_ON)?;
        let seen = charge.clone();
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                for origin in signals.forever() {
                    pass_on(&origin, &seen);
                }
            })?;
        let pid = Pid::from_child(&start()?);
        *held = Charge::Running(pid);
        drop(held);
        Ok((Self(charge), pid))
    }

    /// From here on nothing is sent to it. `reap` lets its number go.
    pub(super) fn end(&self, code: u8, reap: impl FnOnce()) {
        *hold(&self.0) = Charge::Over(code);
        reap();
    }
}

fn hold(charge: &Mutex<Charge>) -> MutexGuard<'_, Charge> {
    charge.lock().unwrap_or_else(PoisonError::into_inner)
}

fn pass_on(origin: &Origin, charge: &Mutex<Charge>) {
    // Held while sending: the program cannot be reaped meanwhile.
    let charge = hold(charge);
    match *charge {
        Charge::Running(pid) => {
            let by_itself = origin
                .process
                .is_some_and(|sender| sender.pid == pid.as_raw_nonzero().get());
            if by_itself || reached_all(origin) {
                return;
            }
            if let Some(signal) = Signal::from_named_raw(origin.signal) {
                // It may have ended this very moment.
                let _ = kill_process(pid, signal);
            }
        }
        // Only the rest of its output is waited for, which something it started may still hold.
        Charge::Over(code) if ENDING.contains(&origin.signal) => exit(i32::from(code)),
        Charge::Over(_) | Charge::Starting => {}
    }
}

/// Whether the terminal sent it to everybody in the foreground.
fn reached_all(origin: &Origin) -> bool {
    let by_the_system = match origin.cause {
        Cause::Kernel => true,
        // Not every system tells; it names no sender then.
        Cause::Unknown => origin.process.is_none_or(|sender| sender.pid == 0),
        _ => false,
    };
    // A hang-up goes to the leader of the session alone.
    let ours_alone = origin.signal == SIGHUP && leads_its_session();
    by_the_system && !ours_alone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn y_15_every_passed_on_signal_has_a_name_to_be_sent_by() {
        for signal in PASSED_ON {
            assert!(Signal::from_named_raw(signal).is_some(), "{signal}");
        }
    }
}
