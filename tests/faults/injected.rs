//! An error from every call that touches the disk (FT-11), put there by strace.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::campaign::{Tally, run};
use crate::home::{NAME, Output};
use crate::processes::{child_of, id, send};
use crate::world::{Facts, World};

/// Kinds of call and error that the ordinary run goes through; all of them by `VALETKEY_SEEDS=0..88`.
const FEW: u64 = 2;

/// What the sentence says of the cause.
const CAUSES: [&str; 4] = ["disk", "folder", "busy", "could not be started"];

/// Each call and the errors it can have.
const CALLS: &[(&str, &[&str])] = &[
    ("fcntl", &["EIO", "EINTR", "ENOLCK"]),
    ("pwrite64", &["ENOSPC", "EIO", "EDQUOT", "EINTR"]),
    ("openat", &["ENOSPC", "EIO", "EROFS", "EMFILE"]),
    ("write", &["ENOSPC", "EIO", "EDQUOT", "EINTR"]),
    ("fsync", &["ENOSPC", "EIO", "EDQUOT", "EINTR"]),
    ("fdatasync", &["ENOSPC", "EIO", "EDQUOT", "EINTR"]),
    ("ftruncate", &["ENOSPC", "EIO", "EINTR"]),
    ("rename", &["ENOSPC", "EIO", "EROFS"]),
    ("renameat2", &["ENOSPC", "EIO", "EROFS"]),
    ("flock", &["EIO", "EINTR", "ENOLCK"]),
    ("fchmod", &["EIO", "EROFS"]),
    ("unlink", &["EIO", "EROFS"]),
    ("renameat", &["ENOSPC", "EIO", "EROFS"]),
    ("unlinkat", &["EIO", "EROFS"]),
];

/// What a refresh may end with: the table of exit codes.
const CODES: [i32; 6] = [0, 1, 4, 6, 7, 8];

/// How a refresh went that met an error.
enum Met {
    /// There are not so many such calls.
    Nothing,
    /// The error struck a pipe or a library: no disk does that.
    Elsewhere,
    Disk(Output),
    /// It did not end.
    Hang,
}

/// Whose calls fail.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Caller,
    Worker,
}

/// Made by the tracer when it starts.
fn traced_mark(world: &World) -> PathBuf {
    world.home.path().join("traced")
}

/// A whole refresh in which the `nth` such call of every thread of one process meets the error.
fn refresh_with(world: &World, whose: Whose, call: &str, error: &str, nth: u64) -> Met {
    let trace = world.home.path().join("trace");
    // Nobody may have started a worker at all.
    fs::write(&trace, "").expect("written");
    let plain = world.home.command(&["refresh", NAME]);
    let options = [
        "strace",
        "-f",
        "-qq",
        "-y",
        "-e",
        &format!("trace={call}"),
        "-e",
        &format!("inject={call}:error={error}:when={nth}"),
        "-o",
        trace.to_str().expect("text"),
        plain.get_program().to_str().expect("text"),
    ];
    let mut command = match whose {
        Whose::Caller => {
            let mut command = Command::new(options[0]);
            command
                .env_clear()
                .args(&options[1..])
                .args(plain.get_args());
            command
        }
        Whose::Worker => {
            let tracer = world.home.path().join("tracer");
            let script = format!(
                "#!/bin/sh\n: > {}\nexec {} \"$@\"\n",
                traced_mark(world).display(),
                options.join(" ")
            );
            fs::write(&tracer, script).expect("written");
            let mode = fs::Permissions::from_mode(0o700);
            fs::set_permissions(&tracer, mode).expect("mode");
            let mut command = Command::new(plain.get_program());
            command
                .env_clear()
                .args(plain.get_args())
                .env("VALETKEY_DEBUG_WORKER", tracer);
            command
        }
    };
    command
        .envs(
            plain
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut traced = command.spawn().expect("starts");
    let give_up = Instant::now() + Duration::from_secs(20);
    let mut ended = false;
    while !ended && Instant::now() < give_up {
        ended = traced.try_wait().expect("a child").is_some();
        std::thread::yield_now();
    }
    if !ended {
        let child = child_of(traced.id(), || true);
        let grandchild =
            child.and_then(|child| child_of(child.as_raw_nonzero().get().cast_unsigned(), || true));
        for process in [Some(id(&traced)), child, grandchild].into_iter().flatten() {
            send(process, Signal::KILL);
        }
    }
    if whose == Whose::Worker {
        // Only debug builds let a tracer in; without one nothing would ever fail here.
        fs::remove_file(traced_mark(world)).expect("the worker ran behind the tracer");
    }
    let output = traced.wait_with_output().expect("ended");
    let trace = fs::read_to_string(trace).expect("a trace");
    let root = world.home.root();
    let root = root.to_str().expect("text");
    let mut hits = trace
        .lines()
        .filter(|line| line.contains("(INJECTED)"))
        .peekable();
    if hits.peek().is_none() {
        return Met::Nothing;
    }
    if !hits.all(|line| line.contains(root)) {
        return Met::Elsewhere;
    }
    if !ended {
        return Met::Hang;
    }
    Met::Disk(Output {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code(),
    })
}

#[test]
fn ft_11_an_error_of_any_call_costs_no_grant_and_is_told() {
    // A seed is one kind of call with one kind of error in one process; all its occurrences are gone
    // through.
    let places: Vec<(&str, &str)> = CALLS
        .iter()
        .flat_map(|(call, errors)| errors.iter().map(move |error| (*call, *error)))
        .collect();
    let strict = || World::new(&["rotation=on", "grace=0"]);
    let tally = run("FT-11", FEW, strict, |world, chance| {
        let mut tally = Tally::default();
        let at = usize::try_from(chance.seed()).expect("small");
        let (call, error) = places[at / 2 % places.len()];
        let whose = if at % 2 == 0 {
            Whose::Worker
        } else {
            Whose::Caller
        };
        for nth in 1.. {
            let before = world.arm();
            let output = match refresh_with(world, whose, call, error, nth) {
                Met::Nothing => break,
                Met::Elsewhere => {
                    world.settle();
                    world.token();
                    continue;
                }
                Met::Hang => {
                    tally.complain(format!("{call} {error} {nth}: hangs"));
                    continue;
                }
                Met::Disk(output) => output,
            };
            world.settle();
            tally.count(call);
            judge(
                world,
                &mut tally,
                &before,
                &format!("{call} {error} {nth}"),
                &output,
            );
        }
        tally
    });
    tally.is_clean();
}

/// What must hold whatever call failed.
fn judge(world: &World, tally: &mut Tally, before: &Facts, here: &str, output: &Output) {
    let after = world.facts();
    if !output.code.is_some_and(|code| CODES.contains(&code)) {
        tally.complain(format!("{here}: {output:?}"));
    }
    if output.code == Some(0) {
        tally.count("refreshed all the same");
    } else {
        tally.count("told");
        let told = CAUSES.iter().any(|cause| output.stderr.contains(cause));
        if !told {
            tally.complain(format!("{here}: names no cause: {output:?}"));
        }
    }
    // Spent only under an intent: what was asked is stored, or known to be open.
    if after.asked > 0 && after.generation == before.generation && !after.intent {
        tally.complain(format!("{here}: asked without a trace: {output:?}"));
    }
    if !world.is_sound() {
        tally.complain(format!("{here}: the vault is damaged"));
    }
    let next = world.token();
    let token = next.stdout.trim_end();
    if next.code != Some(0) || !world.sandbox.accepts_access(token) {
        tally.complain(format!("{here}: lost; {output:?}; {next:?}"));
        world.sign_in_again();
    }
}
