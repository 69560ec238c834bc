//! Real child processes: this test program itself, started again as the worker.

use std::fs::{File, TryLockError};
use std::path::PathBuf;

use rustix::process::{Pid, Signal as Kill};

use super::*;

const LONG: Duration = Duration::from_secs(60);

/// This test program as a worker that runs one test; `role` tells the child what it is, because
/// its environment is cleaned.
fn myself(test: &str, role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("path"));
    command.args(["--exact", &format!("host::worker::tests::{test}"), role]);
    command
}

fn plays(role: &str) -> bool {
    std::env::args().any(|argument| argument == role)
}

fn lock_file() -> (tempfile::TempDir, PathBuf, File) {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("lock");
    let file = File::create(&path).expect("file");
    file.lock().expect("free");
    (folder, path, file)
}

#[test]
fn j_08_a_worker_leaves_the_session_protects_itself_and_answers() {
    const ROLE: &str = "role-attach";
    if plays(ROLE) {
        let job = attach().expect("attached");
        let asked = job.receive().expect("a job");
        let own_session = rustix::process::getsid(None).ok() == Some(rustix::process::getpid());
        let variables = std::env::vars_os().all(|(name, _)| is_kept(&name));
        let facts = format!(
            "{} session={own_session} clean={variables}",
            String::from_utf8_lossy(&asked)
        );
        job.answer(facts.as_bytes()).expect("heard");
        return;
    }
    let (_folder, _, lock) = lock_file();
    let command = myself(
        "j_08_a_worker_leaves_the_session_protects_itself_and_answers",
        ROLE,
    );
    let result = start(command, &lock, b"job")
        .expect("started")
        .result(LONG)
        .expect("a result");
    assert_eq!(
        String::from_utf8_lossy(&result),
        "job session=true clean=true"
    );
}

#[test]
fn j_08_hang_up_interrupt_and_termination_wait() {
    const ROLE: &str = "role-signals";
    if plays(ROLE) {
        let job = attach().expect("attached");
        // A channel closed with something unread would break the answer off.
        job.receive().expect("the job");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("runtime");
        let _guard = runtime
            .block_on(async { defer_signals() })
            .expect("handlers");
        let me: Pid = rustix::process::getpid();
        for kind in [Kill::HUP, Kill::INT, Kill::TERM] {
            rustix::process::kill_process(me, kind).expect("sent");
        }
        job.answer(b"alive").expect("heard");
        return;
    }
    let (_folder, _, lock) = lock_file();
    let command = myself("j_08_hang_up_interrupt_and_termination_wait", ROLE);
    let result = start(command, &lock, b"")
        .expect("started")
        .result(LONG)
        .expect("a result");
    assert_eq!(*result, b"alive");
}

/// A worker that sends every job straight back, and lives as long as the channel does. It keeps
/// the lock, its standard output, under another number.
fn echo() -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "exec cat 3>&1 <&0 >&0"]);
    command
}

#[test]
fn j_01_the_lock_outlives_the_caller_and_ends_with_the_worker() {
    let (_folder, path, lock) = lock_file();
    let link = start(echo(), &lock, b"job").expect("started");
    drop(lock);
    let other = File::open(&path).expect("file");
    assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
    assert_eq!(*link.result(LONG).expect("a result"), b"job");
    // The link is gone, so the worker ends: this returns only when it let go of the lock.
    other.lock().expect("free again");
}

#[tokio::test]
async fn j_08_a_large_result_comes_whole_without_blocking() {
    let (_folder, _, lock) = lock_file();
    let job: Vec<u8> = (0..100_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let link = start(echo(), &lock, &job).expect("started");
    assert_eq!(*link.result_async(LONG).await.expect("a result"), job);
}

#[tokio::test]
async fn j_08_a_worker_that_dies_or_stalls_is_told_apart() {
    let (_folder, _, lock) = lock_file();
    let sh = |script: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    };
    let gone = |result| matches!(result, Err(WorkerError::Gone));
    let late = |result| matches!(result, Err(WorkerError::Late));
    let moment = Duration::from_millis(50);
    // It reads its job first, so that only the missing answer can be the reason.
    let dies = || start(sh("head -c 7 >/dev/null; exit 3"), &lock, b"job").expect("started");
    let stalls = || start(sh("head -c 8; exec cat"), &lock, b"job").expect("started");
    assert!(gone(dies().result(LONG)));
    assert!(gone(dies().result_async(LONG).await));
    assert!(late(stalls().result(moment)));
    assert!(late(stalls().result_async(moment).await));
    let missing = start(Command::new("/nonexistent/program"), &lock, b"job");
    assert!(matches!(missing, Err(WorkerError::Start(_))));
}

#[test]
fn j_08_an_absurd_length_is_refused_before_any_room_is_made() {
    let (ours, mut theirs) = UnixStream::pair().expect("pair");
    theirs.write_all(&u32::MAX.to_be_bytes()).expect("written");
    assert!(matches!(read_frame(&ours), Err(WorkerError::TooLong)));
    let long = vec![0; LONGEST_FRAME + 1];
    assert!(matches!(
        write_frame(&ours, &long),
        Err(WorkerError::TooLong)
    ));
}

#[test]
fn v_04_only_listed_variables_reach_a_worker() {
    for name in [
        "HOME",
        "XDG_DATA_HOME",
        "VALETKEY_HOME",
        "https_proxy",
        "SSL_CERT_FILE",
        "TZ",
    ] {
        assert!(is_kept(OsStr::new(name)), "{name}");
    }
    for name in [
        "PATH",
        "LD_PRELOAD",
        "RUST_LOG",
        "SSLKEYLOGFILE",
        "VALETKEY_PASSPHRASE_FILE",
        "x",
    ] {
        assert!(!is_kept(OsStr::new(name)), "{name}");
    }
}
