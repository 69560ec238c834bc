//! Processes of the trials: finding a worker, and signals.

use std::fs;
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Longer than anything takes; only a trial that fails waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something holds, looking again and again.
#[track_caller]
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < give_up, "never: {what}");
        std::thread::yield_now();
    }
}

/// The worker that this process started, or `None` when the process ended without one.
pub(crate) fn worker_of(caller: &mut Child) -> Option<Pid> {
    child_of(caller.id(), || {
        caller.try_wait().expect("a child").is_some()
    })
}

/// The first process that this one started, or `None` when nothing is left to start one.
pub(crate) fn child_of(parent: u32, mut over: impl FnMut() -> bool) -> Option<Pid> {
    let tasks = format!("/proc/{parent}/task");
    loop {
        for task in fs::read_dir(&tasks).into_iter().flatten().flatten() {
            let children = fs::read_to_string(task.path().join("children"));
            let first = children
                .ok()
                .and_then(|text| text.split(' ').next()?.parse().ok());
            if let Some(worker) = first.and_then(Pid::from_raw) {
                return Some(worker);
            }
        }
        if over() {
            return None;
        }
    }
}

/// Sends a signal; a process that is gone already is none of our business.
pub(crate) fn send(to: Pid, signal: Signal) {
    let _ = kill_process(to, signal);
}

pub(crate) fn id(child: &Child) -> Pid {
    pid(child.id())
}

pub(crate) fn pid(number: u32) -> Pid {
    let number = i32::try_from(number).expect("an id");
    Pid::from_raw(number).expect("an id")
}

/// Whether the process is there, dead but uncollected ones not counted.
pub(crate) fn is_alive(process: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero()));
    stat.is_ok_and(|stat| {
        stat.rsplit_once(") ")
            .is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
    })
}
