//! Running the program that a person named, with a token in its hands and the token out of its output
//! (conformance Y-15, V-04, V-10).
//!
//! Where nothing is to be concealed (the output goes to a terminal) the program takes our place:
//! signals, job control and exit are its own. Otherwise it runs beside us in our process group, its
//! output passes through us, and we stop, go on and end as it does.

mod conceal;
mod hand_over;
mod pump;
mod signals;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal as _, PipeReader};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};

use rustix::fs::fstat;
use rustix::io::retry_on_intr;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, getpid, kill_process, waitid,
};

use crate::host::process::prepare_for_children;
use crate::model::Secret;
use conceal::Concealer;
pub use hand_over::HandOver;
use hand_over::hand_over;
use pump::pump;
use signals::Forwarding;

/// What to run.
pub struct Program {
    pub name: OsString,
    pub arguments: Vec<OsString>,
}

/// How it ended.
pub struct Ended {
    /// Its exit code, or 128 and the number of the signal that ended it.
    pub code: u8,
    /// Its output could not be passed on to the end.
    pub cut_short: Option<io::Error>,
}

/// Runs a program with a token. Comes back when it has ended, and never when it took our place.
///
/// # Errors
/// The program was not started.
pub fn run_with_token(
    program: &Program,
    token: &Secret,
    by: HandOver,
    conceals: bool,
) -> io::Result<Ended> {
    let mut command = Command::new(&program.name);
    command.args(&program.arguments);
    // First, or it would close what is handed over.
    prepare_for_children();
    let open = hand_over(&mut command, token, by)?;
    let streams = if conceals { streams()? } else { Vec::new() };
    if streams.is_empty() {
        return Err(command.exec());
    }
    run_beside(command, open, token, streams)
}

/// An output of ours that is not a terminal.
struct Stream {
    to: OwnedFd,
    takes_stdout: bool,
    takes_stderr: bool,
}

/// Where the program's output goes through us. One stream for both where both go to the same place,
/// so that their order stays.
fn streams() -> io::Result<Vec<Stream>> {
    let (stdout, stderr) = (io::stdout(), io::stderr());
    let stream = |to: &dyn AsFd, takes_stdout, takes_stderr| -> io::Result<Stream> {
        Ok(Stream {
            to: to.as_fd().try_clone_to_owned()?,
            takes_stdout,
            takes_stderr,
        })
    };
    Ok(match (stdout.is_terminal(), stderr.is_terminal()) {
        (true, true) => Vec::new(),
        (false, true) => vec![stream(&stdout, true, false)?],
        (true, false) => vec![stream(&stderr, false, true)?],
        (false, false) if same_place(&stdout, &stderr) => vec![stream(&stdout, true, true)?],
        (false, false) => vec![stream(&stdout, true, false)?, stream(&stderr, false, true)?],
    })
}

fn same_place(one: &impl AsFd, other: &impl AsFd) -> bool {
    match (fstat(one), fstat(other)) {
        (Ok(one), Ok(other)) => (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino),
        _ => false,
    }
}

fn run_beside(
    mut command: Command,
    open: Option<OwnedFd>,
    token: &Secret,
    streams: Vec<Stream>,
) -> io::Result<Ended> {
    // Whatever can fail does so before the program runs.
    let mut pumps = Vec::new();
    for stream in streams {
        let (from, into) = io::pipe()?;
        if stream.takes_stdout {
            command.stdout(into.try_clone()?);
        }
        if stream.takes_stderr {
            command.stderr(Stdio::from(into));
        }
        pumps.push(start_pump(from, stream.to, Concealer::of(token))?);
    }
    let (forwarding, pid) = Forwarding::start(|| command.spawn())?;
    // Our copies of its side would keep its output from ending, and hold the token.
    drop((command, open));
    let code = wait(pid).map_or(1, |status| code(&status));
    forwarding.end(code, || reap(pid));
    // Nothing that was written is lost, also by what the program left running.
    let cut_short = pumps.into_iter().filter_map(|pump| pump.join().ok()?.err());
    Ok(Ended {
        code,
        cut_short: cut_short.last(),
    })
}

fn start_pump(
    from: PipeReader,
    to: OwnedFd,
    concealer: Concealer,
) -> io::Result<JoinHandle<io::Result<()>>> {
    thread::Builder::new()
        .name("output".to_owned())
        .spawn(move || pump(&from, &to, concealer))
}

/// Waits for the end, without letting its number go yet. When the terminal stops the program, we stop
/// too, for the shell to notice; whoever continues us continues it (see [`signals`]).
fn wait(pid: Pid) -> io::Result<WaitIdStatus> {
    let any = WaitIdOptions::EXITED | WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
    let stopped = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG;
    loop {
        match retry_on_intr(|| waitid(WaitId::Pid(pid), any))? {
            Some(status) if status.stopped() => {
                // Takes the news in, unless it is old: continued by now, or even ended.
                let news = waitid(WaitId::Pid(pid), stopped).unwrap_or_default();
                if news.is_some_and(|news| stopped_by_a_terminal(&news)) {
                    kill_process(getpid(), Signal::STOP)?;
                }
            }
            Some(status) => return Ok(status),
            None => {}
        }
    }
}

fn reap(pid: Pid) {
    // It has ended, and nobody else waits for it.
    let _ = retry_on_intr(|| waitid(WaitId::Pid(pid), WaitIdOptions::EXITED));
}

/// A program that something else stopped (a debugger, an operator) is continued by that too, and
/// nobody would continue us.
fn stopped_by_a_terminal(status: &WaitIdStatus) -> bool {
    let by = |signal: Signal| status.stopping_signal() == Some(signal.as_raw());
    let terminal = [Signal::TSTP, Signal::TTIN, Signal::TTOU];
    terminal.into_iter().any(by) && File::open("/dev/tty").is_ok()
}

/// As a shell tells it.
fn code(status: &WaitIdStatus) -> u8 {
    let code = match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => code,
        (None, signal) => 128 + signal.unwrap_or_default(),
    };
    u8::try_from(code & 0xff).unwrap_or(1)
}
