//! What the program starts begins as if by hand: no foreign descriptor, no ignored signal, no secret
//! in sight.

use std::fs;
use std::process::{Command, Stdio};

use crate::home::{Home, NAME, sandbox};
use crate::processes::{Process, Watcher};
use crate::web;

/// Starts a command as a careless parent does: signals ignored, descriptors left open.
pub(crate) fn carelessly(command: &Command, stray: &std::path::Path) -> Command {
    let mut careless = Command::new("/bin/sh");
    careless.args([
        "-c",
        r#"trap '' HUP INT QUIT TERM USR1 USR2 ALRM; exec "$@" 7<"$0" 9>>"$0""#,
    ]);
    careless.arg(stray).arg(command.get_program());
    careless.args(command.get_args()).env_clear();
    careless.envs(command.get_envs().filter_map(|(k, v)| Some((k, v?))));
    careless.current_dir(command.get_current_dir().expect("a folder"));
    careless.stdin(Stdio::null());
    careless
}

/// A set of signals; those of the C library's own use left out.
pub(crate) fn set(hex: &str) -> u64 {
    u64::from_str_radix(hex.trim(), 16).expect("a set") & 0x7fff_ffff
}

#[test]
fn v_05_v_10_a_browser_and_a_worker_start_clean_whoever_started_us() {
    let sandbox = sandbox(&["token_hold=on"]);
    let home = Home::with(&sandbox);
    let (status, open) = (home.path().join("status"), home.path().join("open"));
    // By the shell's own means: while it starts another program it blocks signals itself.
    home.browser_that(&format!(
        "while read -r line; do echo \"$line\"; done </proc/$$/status >'{}'
for fd in /proc/$$/fd/*; do readlink $fd; done >'{}'",
        status.display(),
        open.display()
    ));
    let stray = home.path().join("stray");
    fs::write(&stray, "").expect("written");
    let mut command = carelessly(&home.command(&["login", NAME]), &stray);
    let mut running = home.start_command(&mut command);
    let caller = Process(running.id);
    let approved = web::approve(&sandbox, &running.opened().expect("opened"));
    // The careless parent really was one.
    let ours = set(&caller.status("SigIgn")) | set(&caller.status("SigCgt"));
    assert_ne!(ours & 1, 0, "the hang-up was ignored for us");

    let status = fs::read_to_string(&status).expect("written by the browser");
    for name in ["SigIgn:", "SigBlk:"] {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        assert_eq!(set(line.expect(name)), 0, "{name}");
    }
    let open = fs::read_to_string(&open).expect("written by the browser");
    assert!(open.contains("/dev/null"), "{open}");
    assert!(
        !open.contains("stray") && !open.contains("socket"),
        "{open}"
    );
    assert!(!open.contains("vault"), "{open}");

    let page = std::thread::spawn(move || approved.deliver(&approved.callback));
    sandbox.wait_until_held(1);
    let worker = caller.worker();
    // Where both keep secrets, nothing goes to the swap space (conformance V-05).
    for process in [caller, worker] {
        assert_ne!(process.status("VmLck"), "0 kB");
    }
    // Rust's own start ignores SIGPIPE, in us as in the worker; nothing else is.
    assert_eq!(set(&worker.status("SigIgn")), 1 << (13 - 1));
    assert_eq!(set(&worker.status("SigBlk")), 0);
    sandbox.release(1);
    page.join().expect("answered");
    running.end().ended(0);
}

#[test]
fn v_04_no_process_shows_a_secret_while_signing_in_refreshing_and_revoking() {
    let sandbox = sandbox(&["rotation=on", "grace=0"]);
    let home = Home::with(&sandbox);
    let watcher = Watcher::start();
    let mut running = home.start(&["login", NAME]);
    let url = running.opened().expect("opened");
    let approved = web::approve(&sandbox, &url);
    sandbox.set("token_hold=on").expect("a switch");
    let held = |work: Box<dyn FnOnce() + Send>| {
        let work = std::thread::spawn(work);
        sandbox.wait_until_held(1);
        sandbox.release(1);
        work.join().expect("done");
    };
    let state = approved.parameter("state");
    held(Box::new(move || {
        approved.deliver(&approved.callback);
        running.end().ended(0);
    }));
    let mut refresh = home.command(&["refresh", NAME]);
    held(Box::new(move || {
        crate::home::run(&mut refresh).ended(0);
    }));
    sandbox.unset("token_hold");
    home.run(&["revoke", NAME]).ended(0);
    let seen = watcher.end();
    for wanted in [
        "__worker",
        "login practice",
        "refresh practice",
        "revoke practice",
    ] {
        assert!(
            seen.iter().any(|text| text.contains(wanted)),
            "{wanted} was looked at: {seen:#?}"
        );
    }
    for secret in sandbox.secrets_issued().into_iter().chain([state]) {
        assert!(!seen.iter().any(|text| text.contains(&secret)), "{seen:#?}");
    }
}
