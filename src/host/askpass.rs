//! The askpass program: a small window that asks a person yes or no (as ssh-add -c uses it).

use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::process::prepare_for_children;

/// Shows a question; its exit code is the answer. `None` when it cannot be started, or nobody answers
/// in time.
pub fn run_askpass(program: &OsStr, question: &str, patience: Duration) -> Option<bool> {
    prepare_for_children();
    // One program path, never a shell line.
    let mut child = Command::new(program)
        .arg(question)
        .env("SSH_ASKPASS_PROMPT", "confirm")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let pid = Pid::from_child(&child);
    let (sender, ended) = mpsc::channel();
    let waiter = thread::Builder::new()
        .name("askpass".to_owned())
        .spawn(move || sender.send(child.wait()));
    drop(waiter);
    match ended.recv_timeout(patience) {
        Ok(Ok(status)) => Some(status.success()),
        Ok(Err(_)) => None,
        Err(_) => {
            // Still ours: it is not collected before it has ended.
            let _ = kill_process(pid, Signal::TERM);
            None
        }
    }
}
