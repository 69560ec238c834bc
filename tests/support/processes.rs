//! What everybody on the machine can see of other processes.
#![allow(dead_code)] // each test target looks at what it needs

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process(pub(crate) u32);

impl Process {
    /// A file of `/proc/<pid>`; empty when it may not be read or the process has ended.
    pub(crate) fn text(self, file: &str) -> String {
        let bytes = fs::read(self.path(file)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).replace('\0', " ")
    }

    pub(crate) fn path(self, file: &str) -> PathBuf {
        format!("/proc/{}/{file}", self.0).into()
    }

    /// A line of its `status`.
    pub(crate) fn status(self, name: &str) -> String {
        let status = self.text("status");
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name}:")));
        line.unwrap_or_else(|| panic!("no {name} in {status}"))
            .trim()
            .to_owned()
    }

    /// What its descriptors are: number and target. Empty for whoever may not look.
    pub(crate) fn descriptors(self) -> Vec<(u32, String)> {
        let Ok(open) = fs::read_dir(self.path("fd")) else {
            return Vec::new();
        };
        let number = |entry: &fs::DirEntry| entry.file_name().to_str()?.parse().ok();
        let mut open: Vec<(u32, String)> = open
            .flatten()
            .filter_map(|entry| {
                let target = fs::read_link(entry.path()).ok()?;
                Some((number(&entry)?, target.display().to_string()))
            })
            .collect();
        open.sort();
        open
    }

    fn parent(self) -> Option<u32> {
        // After the name, which may hold anything: state, then the parent.
        let stat = self.text("stat");
        let (_, rest) = stat.rsplit_once(") ")?;
        rest.split(' ').nth(1)?.parse().ok()
    }

    /// Everything it started, directly or not, as of now.
    pub(crate) fn descendants(self) -> Vec<Self> {
        let pairs: Vec<(Self, u32)> = all()
            .into_iter()
            .filter_map(|process| Some((process, process.parent()?)))
            .collect();
        let mut found = vec![self];
        let mut next = 0;
        while let Some(parent) = found.get(next).copied() {
            found.extend(pairs.iter().filter(|pair| pair.1 == parent.0).map(|p| p.0));
            next += 1;
        }
        found.remove(0);
        found
    }

    /// The worker that it started.
    pub(crate) fn worker(self) -> Self {
        self.descendants()
            .into_iter()
            .find(|process| process.text("cmdline").contains("__worker"))
            .expect("a worker")
    }
}

fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").expect("processes").flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Process))
        .collect()
}

/// Looks again and again at arguments and environment of everything that this test starts.
pub(crate) struct Watcher {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<BTreeSet<String>>,
}

impl Watcher {
    pub(crate) fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = stop.clone();
        let thread = thread::spawn(move || {
            let mut seen = BTreeSet::new();
            while !asked.load(Ordering::SeqCst) {
                for process in Process(std::process::id()).descendants() {
                    seen.insert(process.text("cmdline"));
                    seen.insert(process.text("environ"));
                }
            }
            seen
        });
        Self { stop, thread }
    }

    /// Everything that was seen.
    pub(crate) fn end(self) -> BTreeSet<String> {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().expect("looked")
    }
}
