//! Many processes and one grant.

use std::process::{Child, Command, Stdio};

use crate::home::{Home, NAME, sandbox};

const CALLERS: usize = 20;

/// A home whose access token has expired by every clock.
fn expired(sandbox: &valetkey::sandbox::SandboxThread) -> Home {
    let home = Home::with(sandbox);
    sandbox.once("/token", &["expires_in=0"]).expect("a switch");
    home.login(sandbox).ended(0);
    sandbox.clear_requests();
    home
}

fn start(home: &Home) -> Child {
    let mut command = home.command(&["token", NAME]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("starts")
}

/// What all of them printed; every one must have ended well.
fn tokens(callers: Vec<Child>) -> Vec<String> {
    callers
        .into_iter()
        .map(|caller| {
            let output = caller.wait_with_output().expect("ended");
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(0), "{told}");
            assert_eq!(told, "");
            String::from_utf8(output.stdout)
                .expect("text")
                .trim_end()
                .to_owned()
        })
        .collect()
}

#[test]
fn j_01_twenty_processes_cause_one_refresh_and_print_the_same_token() {
    let sandbox = sandbox(&["rotation=on", "grace=0"]);
    let home = expired(&sandbox);
    let callers = (0..CALLERS).map(|_| start(&home)).collect();
    let mut tokens = tokens(callers);
    tokens.dedup();
    assert_eq!(tokens.len(), 1, "all got the same");
    assert_eq!(sandbox.requests_to("/token").len(), 1);
    assert!(sandbox.reuse_events().is_empty());
    assert!(sandbox.accepts_access(&tokens[0]));
    home.run(&["test", NAME]).ended(0);
    assert_eq!(
        sandbox.requests_to("/me")[0].bearer(),
        Some(tokens[0].as_str())
    );
    assert_eq!(
        home.run(&["token", NAME]).token(),
        tokens[0],
        "after a restart too"
    );
}

#[test]
fn j_08_a_refresh_outlives_the_caller_that_is_killed() {
    let sandbox = sandbox(&["rotation=on", "grace=0", "token_hold=on"]);
    let home = Home::with(&sandbox);
    sandbox.unset("token_hold");
    sandbox.once("/token", &["expires_in=0"]).expect("a switch");
    home.login(&sandbox).ended(0);
    sandbox.clear_requests();
    sandbox.set("token_hold=on").expect("a switch");
    let mut caller = start(&home);
    sandbox.wait_until_held(1);
    caller.kill().expect("killed");
    caller.wait().expect("ended");
    // The next caller waits for the worker of the first.
    let next = start(&home);
    sandbox.release(1);
    let token = tokens(vec![next]).remove(0);
    assert!(sandbox.accepts_access(&token));
    assert_eq!(
        sandbox.requests_to("/token").len(),
        1,
        "the killed one's refresh counts"
    );
    assert!(sandbox.reuse_events().is_empty());
}

#[test]
fn j_09_a_refresh_whose_worker_is_killed_is_resolved_by_its_caller() {
    let sandbox = sandbox(&["rotation=on", "grace=60"]);
    let home = expired(&sandbox);
    sandbox
        .once("/token", &["token_hold=on"])
        .expect("a switch");
    let caller = start(&home);
    sandbox.wait_until_held(1);
    kill(&child_of(caller.id()));
    let token = tokens(vec![caller]).remove(0);
    assert!(sandbox.accepts_access(&token));
    assert_eq!(sandbox.requests_to("/token").len(), 2);
    assert!(sandbox.reuse_events().is_empty());
    sandbox.release(1);
}

#[test]
fn j_09_a_refresh_that_lost_both_its_processes_is_resolved_by_the_next_caller() {
    let sandbox = sandbox(&["rotation=on", "grace=60"]);
    let home = expired(&sandbox);
    sandbox
        .once("/token", &["token_hold=on"])
        .expect("a switch");
    let mut caller = start(&home);
    sandbox.wait_until_held(1);
    let worker = child_of(caller.id());
    caller.kill().expect("killed");
    kill(&worker);
    caller.wait().expect("ended");
    let token = home.run(&["token", NAME]).token();
    assert!(sandbox.accepts_access(&token));
    assert_eq!(sandbox.requests_to("/token").len(), 2);
    assert!(sandbox.reuse_events().is_empty());
    sandbox.release(1);
}

fn kill(process: &str) {
    let killed = Command::new("kill").args(["-KILL", process]).status();
    assert!(killed.expect("kill").success());
}

/// The one process that this one started.
fn child_of(parent: u32) -> String {
    let is_child = |stat: String| {
        // After the name, which may hold anything: state, then the parent.
        let (_, rest) = stat.rsplit_once(") ")?;
        (rest.split(' ').nth(1)? == parent.to_string()).then_some(())
    };
    std::fs::read_dir("/proc")
        .expect("processes")
        .flatten()
        .find(|entry| {
            let stat = std::fs::read_to_string(entry.path().join("stat"));
            stat.ok().and_then(is_child).is_some()
        })
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .expect("a child")
}

#[test]
fn one_connections_slow_refresh_delays_no_other() {
    let sandbox = sandbox(&[]);
    let home = expired(&sandbox);
    let mut flags = home.definition(&sandbox);
    let place = flags
        .iter()
        .position(|flag| flag == NAME)
        .expect("the name");
    "other".clone_into(&mut flags[place]);
    home.run(&flags).ended(0);
    home.login_by(&sandbox, &["login", "other"], sandbox.browser())
        .ended(0);
    sandbox.set("token_hold=on").expect("a switch");
    let slow = start(&home);
    sandbox.wait_until_held(1);
    home.run(&["token", "other"]).token();
    sandbox.release(1);
    tokens(vec![slow]);
}
