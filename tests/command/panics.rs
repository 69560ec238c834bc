//! Faults of the program itself: a panic ends its attempt only, and nothing it was working on is told.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use valetkey::sandbox::SandboxThread;

use crate::home::{Home, NAME, Output, run, sandbox};

/// What the panic's own message holds: as if it named the value that it met.
const VALUE: &str = "canary-value-of-a-panic-5b1e09";

/// Makes the program panic at a point until it is dropped.
struct Trap(PathBuf);

impl Trap {
    fn at(home: &Home, point: &str) -> Self {
        let file = home.path().join("trap");
        fs::write(&file, format!("{point} {VALUE}")).expect("written");
        Self(file)
    }

    fn set(&self, command: &mut Command) {
        command
            .env("VALETKEY_DEBUG_PANIC", &self.0)
            .env("RUST_BACKTRACE", "full");
    }

    fn run(&self, home: &Home, arguments: &[&str]) -> Output {
        let mut command = home.command(arguments);
        self.set(&mut command);
        run(&mut command)
    }

    fn login(&self, home: &Home, sandbox: &SandboxThread) -> Output {
        let mut command = home.command(&["login", NAME]);
        self.set(&mut command);
        let mut running = home.start_command(&mut command);
        if let Some(url) = running.opened() {
            let mut browser = sandbox.browser();
            // The page may not come: whoever was to send it is gone.
            let _ = sandbox.visit(&mut browser, &url);
        }
        running.end()
    }
}

impl Drop for Trap {
    fn drop(&mut self) {
        fs::remove_file(&self.0).expect("removed");
    }
}

/// What was written down, all notes together.
fn notes(home: &Home) -> String {
    let folder = home.root().join("state/crash");
    let notes = fs::read_dir(folder).map(|notes| {
        notes
            .flatten()
            .map(|note| fs::read_to_string(note.path()).expect("text"))
            .collect()
    });
    notes.unwrap_or_default()
}

#[track_caller]
fn assert_told_without_values(home: &Home, output: &Output, secrets: &SandboxThread) {
    let all = format!("{}{}{}", output.stdout, output.stderr, notes(home));
    for secret in secrets.secrets_issued().iter().map(String::as_str) {
        assert!(!all.contains(secret), "{output:#?}");
    }
    assert!(!all.contains(VALUE), "{output:#?}");
    assert!(!all.contains("panicked"), "{output:#?}");
    assert!(!all.contains("backtrace"), "{output:#?}");
}

/// The code after "Internal error".
fn code(text: &str) -> &str {
    let (_, rest) = text.split_once("nternal error E-").expect("a code");
    &rest[..4]
}

/// Two connections, both signed in.
fn two(sandbox: &SandboxThread) -> Home {
    let home = Home::signed_in(sandbox);
    let other = home.definition(sandbox).into_iter();
    let other: Vec<String> = other
        .map(|flag| {
            if flag == NAME {
                "other".to_owned()
            } else {
                flag
            }
        })
        .collect();
    home.run(&other).ended(0);
    home.login_by(sandbox, &["login", "other"], sandbox.browser())
        .ended(0);
    home
}

#[test]
fn v_07_ft_34_a_panic_at_any_step_of_a_sign_in_ends_that_sign_in_only() {
    let sandbox = sandbox(&[]);
    let home = two(&sandbox);
    let (before, other) = (home.kept(NAME), home.kept("other"));
    for step in [
        "listen", "browser", "approve", "check", "exchange", "identify", "accept",
    ] {
        let output = Trap::at(&home, step).login(&home, &sandbox).ended(1);
        let told = &output.stderr;
        assert!(told.contains("What was stored is kept."), "{step}: {told}");
        assert!(told.contains("the sign-in broke off"), "{step}: {told}");
        assert!(notes(&home).contains(code(told)), "{step}: {told}");
        assert_told_without_values(&home, &output, &sandbox);
        assert_eq!(home.kept(NAME), before, "{step}");
        assert_eq!(home.kept("other"), other, "{step}");
    }
    home.login(&sandbox).ended(0);
    for name in [NAME, "other"] {
        assert!(sandbox.accepts_access(&home.run(&["token", name]).token()));
    }
}

#[test]
fn v_07_ft_34_a_worker_that_panics_is_told_and_the_grants_live_on() {
    let sandbox = sandbox(&["rotation=on", "grace=0"]);
    let home = two(&sandbox);
    let other = home.kept("other");
    sandbox.clear_requests();
    let before = home.kept(NAME);
    let output = Trap::at(&home, "worker")
        .run(&home, &["refresh", NAME])
        .ended(1);
    assert!(output.stderr.contains("broke off"), "{output:#?}");
    assert!(notes(&home).contains("E-"), "the worker wrote it down");
    assert_told_without_values(&home, &output, &sandbox);
    assert_eq!(home.kept(NAME), before);
    assert!(sandbox.requests_to("/token").is_empty());
    // After the commit nothing is lost: the answer is in the vault, where the caller finds it.
    Trap::at(&home, "worker-done")
        .run(&home, &["refresh", NAME])
        .ended(0);
    let token = home.run(&["token", NAME]).token();
    assert!(sandbox.accepts_access(&token));
    assert_ne!(home.kept(NAME).refresh, before.refresh);
    assert_eq!(sandbox.requests_to("/token").len(), 1);
    assert!(sandbox.reuse_events().is_empty());
    assert_eq!(home.kept("other"), other);
}

#[test]
fn v_07_a_backtrace_asked_for_changes_nothing_that_is_told() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    let trap = Trap::at(&home, "listen");
    let told = |backtrace: &str| {
        let mut command = home.command(&["login", NAME]);
        trap.set(&mut command);
        let output = run(command.env("RUST_BACKTRACE", backtrace)).ended(1);
        // Each note has a name of its own.
        let lines = output.stderr.lines().filter(|line| !line.contains("crash"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(told("0"), told("full"));
}
