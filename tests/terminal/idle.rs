//! A table that shows nothing new does nothing: no byte, no wake-up (DESIGN section 8).

use std::collections::BTreeMap;
use std::fs;

use valetkey::sandbox::SandboxThread;

use crate::agent::Agent;
use crate::home::{Home, sandbox};

/// How often each thread went to sleep of its own accord.
fn rests(pid: i32) -> BTreeMap<String, u64> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("a process");
    threads
        .filter_map(|thread| {
            let thread = thread.ok()?;
            let status = fs::read_to_string(thread.path().join("status")).ok()?;
            let line = status.lines().find(|line| line.starts_with("voluntary"))?;
            let count = line.rsplit('\t').next()?.parse().ok()?;
            Some((thread.file_name().to_string_lossy().into_owned(), count))
        })
        .collect()
}

#[test]
#[cfg(target_os = "linux")]
fn a_table_at_rest_neither_writes_nor_wakes_up() {
    let sandbox = sandbox();
    let home = Home::new();
    home.add(&sandbox, "notes");
    at_rest(&sandbox, &home, None);
    // With one to listen to it sleeps as well.
    let agent = Agent::start(&home);
    at_rest(&sandbox, &home, Some(&agent));
}

#[cfg(target_os = "linux")]
fn at_rest(sandbox: &SandboxThread, home: &Home, agent: Option<&Agent<'_>>) {
    let mut term = home.start(&[]);
    term.until_shows("! needs sign-in");
    if let Some(agent) = agent {
        agent.until_heard_by(1);
    }
    // Elsewhere somebody waits three seconds for an answer in vain.
    let elsewhere = Home::new();
    elsewhere.add(sandbox, "notes");
    let meanwhile = || {
        let (code, _, told) = elsewhere.run(&["login", "notes", "--no-browser", "--timeout", "3"]);
        assert_eq!(code, Some(3), "{told}");
    };
    // At first it may still come to rest: threads that were needed for the start end.
    let quiet = (0..5).any(|_| {
        let (bytes, before) = (term.written_so_far(), rests(term.pid()));
        meanwhile();
        let after = rests(term.pid());
        let woken = before
            .iter()
            .any(|(thread, count)| after.get(thread).is_some_and(|later| later != count));
        !woken && term.written_so_far() == bytes
    });
    assert!(quiet, "it is never at rest");
    term.press("q");
    assert_eq!(term.end(), 0);
}
