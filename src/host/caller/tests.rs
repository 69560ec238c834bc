//! Processes that the tests start, and lines as the kernel writes them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use super::linux::parse;
use super::*;

/// A process that calls itself what the test says, until it is ended.
fn named(name: &[u8]) -> Child {
    use std::os::unix::ffi::OsStrExt as _;

    let mut child = Command::new("/bin/sh")
        .args([
            "-c",
            "printf %s \"$1\" > /proc/$$/comm && echo ready && read -r _",
            "sh",
        ])
        .arg(std::ffi::OsStr::from_bytes(name))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut ready = String::new();
    BufReader::new(child.stdout.as_mut().expect("piped"))
        .read_line(&mut ready)
        .expect("named");
    child
}

fn end(mut child: Child) {
    drop(child.stdin.take());
    child.wait().expect("ended");
}

#[test]
fn y_04_the_caller_is_the_process_that_started_this_one() {
    let caller = caller().expect("known");
    assert_eq!(caller.pid, std::os::unix::process::parent_id());
    assert!(!caller.name.raw().is_empty());
}

#[test]
fn y_04_a_process_that_was_started_after_the_connection_is_not_named() {
    let child = named(b"plain");
    let pid = child.id();
    let found = process(pid, SinceBoot::now()).expect("it runs");
    assert_eq!((found.pid, found.name.raw()), (pid, "plain"));
    // As if its number had belonged to another when that one connected.
    assert_eq!(process(pid, SinceBoot(Duration::ZERO)), None);
    end(child);
    assert_eq!(process(pid, SinceBoot::now()), None, "it is gone");
}

#[test]
fn y_04_what_is_younger_than_a_process_is_not_its_parent() {
    let started = |ticks| {
        let line = format!("9 (a) S 1 {}{ticks} 0", "1 ".repeat(17));
        parse(line.as_bytes()).expect("a line")
    };
    assert!(started(5).may_have_started(&started(5)));
    assert!(started(5).may_have_started(&started(6)));
    assert!(!started(6).may_have_started(&started(5)));
}

/// Commands keep their program file from others of their user; root sees it all the same.
#[test]
fn y_04_a_protected_command_of_this_program_is_named_by_whoever_started_it() {
    const PROTECTED: &str = "VALETKEY_TEST_PROTECTED";
    if std::env::var_os(PROTECTED).is_some() {
        crate::host::harden_process().expect("allowed");
        writeln!(std::io::stderr(), "ready").expect("told");
        let _ = std::io::stdin().lines().next();
        return;
    }
    let name = "host::caller::tests::y_04_a_protected_command_of_this_program_is_named_by_whoever_started_it";
    let mut child = Command::new(std::env::current_exe().expect("known"))
        .args(["--exact", name, "--nocapture"])
        .env(PROTECTED, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let stderr = BufReader::new(child.stderr.take().expect("piped"));
    assert!(
        stderr
            .lines()
            .map_while(Result::ok)
            .any(|line| line == "ready")
    );
    let found = process(child.id(), SinceBoot::now());
    end(child);
    assert_eq!(found.expect("it runs").pid, std::process::id());
}

#[test]
fn y_04_a_command_of_this_very_program_is_named_by_whoever_started_it() {
    let own = process(std::process::id(), SinceBoot::now()).expect("it runs");
    assert_eq!(Some(own), caller());
}

#[test]
fn y_04_w_01_a_hostile_name_is_found_whole_and_shown_harmless() {
    let child = named(b"x) R 1 (\x1b[2J\n");
    let found = process(child.id(), SinceBoot::now()).expect("it runs");
    end(child);
    assert_eq!(found.name.shown().as_str(), "x) R 1 (␛[2J␊");
}

#[test]
fn y_04_the_line_of_a_process_is_taken_apart_from_its_end() {
    let tail = format!("S 812 {}4711 0 0", "1 ".repeat(17));
    let line = format!("9 (a) (b\n)) {tail}");
    let found = parse(line.as_bytes()).expect("a line");
    assert_eq!(
        (found.name.as_slice(), found.parent),
        (&b"a) (b\n)"[..], 812)
    );
    assert_eq!(found.started, SinceBoot(Duration::from_millis(47_110)));
    for bad in ["", "9", "9 (a", "9 )a( S 1", "9 (a) S x", "9 (a) S 812 1 1"] {
        assert!(parse(bad.as_bytes()).is_none(), "{bad:?}");
    }
}
