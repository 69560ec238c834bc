//! A table that shows nothing new does nothing: no byte, no wake-up (DESIGN section 8).

use std::collections::BTreeMap;
use std::fs;

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
    let mut term = home.start(&[]);
    term.until_shows("! needs sign-in");
    // Something else that takes a while, several times what a ticker would need.
    let elsewhere = Home::new();
    let meanwhile = || {
        let (code, _, told) = elsewhere.run(&["demo", "--auto"]);
        assert_eq!(code, Some(0), "{told}");
    };
    // The first time lets it come to rest: threads that were needed at the start end.
    let mut quiet = 0;
    for _ in 0..20 {
        let (bytes, before) = (term.written_so_far(), rests(term.pid()));
        meanwhile();
        let after = rests(term.pid());
        let woken = before
            .iter()
            .any(|(thread, count)| after.get(thread).is_some_and(|later| later != count));
        if woken || term.written_so_far() != bytes {
            quiet = 0;
        } else {
            quiet += 1;
        }
        if quiet == 3 {
            break;
        }
    }
    assert_eq!(quiet, 3, "it is never at rest");
    term.press("q");
    assert_eq!(term.end(), 0);
}
