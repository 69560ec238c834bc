//! The worker process: a refresh or a code exchange runs in it, so that it survives the face that
//! asked for it (DESIGN section 4, conformance J-08).
//!
//! Job and vault key go through a socket pair, never through arguments or environment. The locked
//! file becomes the worker's standard output: the kernel lock belongs to the open file, so it is
//! held until the last of both processes lets go of it. (Close the handle; an explicit unlock
//! would release it for the worker too.)

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use zeroize::Zeroizing;

use crate::host::process::{HardenError, harden_process, prepare_for_children};
#[cfg(debug_assertions)]
use crate::host::{fault::DEBUG_PANIC, log::DEBUG_LOG};

/// The hidden first argument that makes the program a worker.
pub const WORKER_ARGUMENT: &str = "__worker";

/// Longest job or result, in bytes.
const LONGEST_FRAME: usize = 8 * 1024 * 1024;
/// How long the worker may take to read its job.
const HAND_OVER: Duration = Duration::from_secs(5);

/// What a worker keeps of the environment: where things live, which certificates and proxies to
/// use, language and time zone. Nothing else can change what it does.
const KEPT: [&str; 14] = [
    "HOME",
    "VALETKEY_HOME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "LANG",
    "TZ",
];

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// It did not start; nothing was done.
    #[error("the worker did not start")]
    Start(#[source] io::Error),
    /// It ended without a result. What it did stands in the vault's journal.
    #[error("the worker ended without a result")]
    Gone,
    /// No result in time; it goes on by itself.
    #[error("the worker did not answer in time")]
    Late,
    /// A frame longer than any job or result.
    #[error("the worker's message is too long")]
    TooLong,
    /// The channel between both broke.
    #[error("the channel to the worker broke")]
    Channel(#[source] io::Error),
    /// The worker could not protect itself.
    #[error("the worker could not protect its memory")]
    Harden(#[from] HardenError),
}

/// The caller's end: one result will come out of it.
#[derive(Debug)]
pub struct WorkerLink {
    stream: UnixStream,
}

/// The worker's end.
#[derive(Debug)]
pub struct Job {
    stream: UnixStream,
}

/// Starts a worker that holds `lock` and hands it the job.
pub fn spawn(lock: &File, job: &[u8]) -> Result<WorkerLink, WorkerError> {
    let mut command = Command::new(own_program().map_err(WorkerError::Start)?);
    command.arg(WORKER_ARGUMENT);
    start(command, lock, job)
}

/// Starts this program again as an agent and hands it its order. It keeps the environment: what it
/// starts (a notification, workers) needs it.
pub fn spawn_agent(argument: &str, order: &[u8]) -> Result<WorkerLink, WorkerError> {
    let (ours, theirs) = UnixStream::pair().map_err(WorkerError::Start)?;
    prepare_for_children();
    let mut command = agent_command(argument, theirs)?;
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(WorkerError::Start)?;
    // The command still holds our copy of the child's end.
    drop(command);
    ours.set_write_timeout(Some(HAND_OVER))
        .map_err(WorkerError::Channel)?;
    write_frame(&ours, order)?;
    Ok(WorkerLink { stream: ours })
}

/// Turns this process into an agent, as `exec` does. Returns only when that fails.
pub fn become_agent(argument: &str, order: &[u8]) -> WorkerError {
    use std::os::unix::process::CommandExt as _;

    let hand_over = || {
        let (ours, theirs) = UnixStream::pair().map_err(WorkerError::Start)?;
        // It waits in the channel until the agent reads it.
        ours.set_nonblocking(true).map_err(WorkerError::Channel)?;
        write_frame(&ours, order)?;
        prepare_for_children();
        let mut command = agent_command(argument, theirs)?;
        Err(WorkerError::Start(command.exec()))
    };
    let failed: Result<(), _> = hand_over();
    failed.err().unwrap_or(WorkerError::Gone)
}

/// One heap for all its threads (`mallopt(3)`): the C library gives each thread one of its own, which
/// saves an agent nothing and costs it half a megabyte.
fn agent_command(argument: &str, order: UnixStream) -> Result<Command, WorkerError> {
    let mut command = Command::new(this_program().map_err(WorkerError::Start)?);
    command
        .arg(argument)
        .env("MALLOC_ARENA_MAX", "1")
        .stdin(Stdio::from(OwnedFd::from(order)));
    Ok(command)
}

/// `/proc/self/exe` still is this very program after an upgrade replaced the file.
fn own_program() -> io::Result<OsString> {
    // Lets a test put a tracer between caller and worker. Not in release builds.
    #[cfg(debug_assertions)]
    if let Some(tracer) = std::env::var_os("VALETKEY_DEBUG_WORKER") {
        return Ok(tracer);
    }
    this_program()
}

fn this_program() -> io::Result<OsString> {
    if cfg!(target_os = "linux") {
        Ok("/proc/self/exe".into())
    } else {
        std::env::current_exe().map(OsString::from)
    }
}

fn start(mut command: Command, lock: &File, job: &[u8]) -> Result<WorkerLink, WorkerError> {
    let (ours, theirs) = UnixStream::pair().map_err(WorkerError::Start)?;
    let held = lock.try_clone().map_err(WorkerError::Start)?;
    prepare_for_children();
    let mut child = command
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| is_kept(name)))
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::from(held))
        .stderr(Stdio::null())
        .spawn()
        .map_err(WorkerError::Start)?;
    // The command still holds our copies of the child's ends.
    drop(command);
    // A long-running face would collect dead workers otherwise.
    let reaper = thread::Builder::new()
        .name("worker-reaper".to_owned())
        .spawn(move || child.wait());
    drop(reaper);
    ours.set_write_timeout(Some(HAND_OVER))
        .map_err(WorkerError::Channel)?;
    write_frame(&ours, job)?;
    Ok(WorkerLink { stream: ours })
}

fn is_kept(name: &OsStr) -> bool {
    let name = name.to_str().unwrap_or_default();
    #[cfg(debug_assertions)]
    if [DEBUG_LOG, DEBUG_PANIC].contains(&name) {
        return true;
    }
    name.starts_with("XDG_") || KEPT.contains(&name)
}

impl WorkerLink {
    /// Waits for the result, blocking this thread.
    pub fn result(self, deadline: Duration) -> Result<Zeroizing<Vec<u8>>, WorkerError> {
        self.stream
            .set_read_timeout(Some(deadline))
            .map_err(WorkerError::Channel)?;
        read_frame(&self.stream)
    }

    /// Waits for the result without blocking. Dropping the future leaves the worker running.
    pub async fn result_async(self, deadline: Duration) -> Result<Zeroizing<Vec<u8>>, WorkerError> {
        self.stream
            .set_nonblocking(true)
            .map_err(WorkerError::Channel)?;
        let mut stream =
            tokio::net::UnixStream::from_std(self.stream).map_err(WorkerError::Channel)?;
        let read = async {
            let mut length = [0; 4];
            stream.read_exact(&mut length).await.map_err(read_error)?;
            let mut frame = room_for(length)?;
            stream.read_exact(&mut frame).await.map_err(read_error)?;
            Ok(frame)
        };
        tokio::time::timeout(deadline, read)
            .await
            .unwrap_or(Err(WorkerError::Late))
    }
}

/// Turns this process into a worker: leaves the session, so that neither a closed terminal nor
/// its interrupt key reaches it, protects its memory, and takes the channel from standard input.
/// Standard output is the lock: nothing may be printed.
pub fn attach() -> Result<Job, WorkerError> {
    // Fails only for a process group leader, which is out of the terminal's reach already.
    let _ = rustix::process::setsid();
    harden_process()?;
    let channel = io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .map_err(WorkerError::Channel)?;
    Ok(Job {
        stream: UnixStream::from(channel),
    })
}

impl Job {
    /// The job, as the caller handed it over.
    pub fn receive(&self) -> Result<Zeroizing<Vec<u8>>, WorkerError> {
        self.stream
            .set_read_timeout(Some(HAND_OVER))
            .map_err(WorkerError::Channel)?;
        read_frame(&self.stream)
    }

    /// Hands the result to the caller. An error here changes nothing: what counts is in the vault,
    /// and the caller may be gone.
    pub fn answer(&self, result: &[u8]) -> Result<(), WorkerError> {
        self.stream
            .set_write_timeout(Some(HAND_OVER))
            .map_err(WorkerError::Channel)?;
        write_frame(&self.stream, result)
    }
}

/// Makes hang-up, interrupt and termination wait: while the guard's handlers stand (the rest of
/// the process's life), these signals no longer end it. Must be called inside a tokio runtime.
/// An explicit kill always works, and the journal covers it.
pub fn defer_signals() -> io::Result<[Signal; 3]> {
    Ok([
        signal(SignalKind::hangup())?,
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    ])
}

fn write_frame(mut stream: &UnixStream, bytes: &[u8]) -> Result<(), WorkerError> {
    let length = u32::try_from(bytes.len())
        .ok()
        .filter(|_| bytes.len() <= LONGEST_FRAME)
        .ok_or(WorkerError::TooLong)?;
    stream
        .write_all(&length.to_be_bytes())
        .and_then(|()| stream.write_all(bytes))
        .map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => WorkerError::Gone,
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => WorkerError::Late,
            _ => WorkerError::Channel(error),
        })
}

fn read_frame(mut stream: &UnixStream) -> Result<Zeroizing<Vec<u8>>, WorkerError> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).map_err(read_error)?;
    let mut frame = room_for(length)?;
    stream.read_exact(&mut frame).map_err(read_error)?;
    Ok(frame)
}

/// Exactly sized at once: a growing buffer would leave copies of secrets behind.
fn room_for(length: [u8; 4]) -> Result<Zeroizing<Vec<u8>>, WorkerError> {
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > LONGEST_FRAME {
        return Err(WorkerError::TooLong);
    }
    Ok(Zeroizing::new(vec![0; length]))
}

fn read_error(error: io::Error) -> WorkerError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => WorkerError::Gone,
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => WorkerError::Late,
        _ => WorkerError::Channel(error),
    }
}

#[cfg(test)]
mod tests;
