//! What the tests leave for the sweep after the suite: while `VALETKEY_SWEEP` names a folder, every
//! home stays there, with everything that was printed, every log at the most verbose level, and every
//! secret that was used. Without it nothing is kept.
#![allow(dead_code)] // each test target keeps what it has

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::ops::Deref;
use std::path::PathBuf;

use tempfile::TempDir;
use valetkey::sandbox::SandboxThread;

/// Where to keep it.
fn sweep() -> Option<PathBuf> {
    let folder = std::env::var_os("VALETKEY_SWEEP").filter(|folder| !folder.is_empty());
    folder.map(PathBuf::from)
}

/// A new folder: kept for the sweep, or removed when it is dropped.
pub(crate) fn folder() -> TempDir {
    let mut builder = tempfile::Builder::new();
    let made = match sweep() {
        Some(sweep) => {
            let homes = sweep.join("homes");
            fs::create_dir_all(&homes).expect("a folder to keep homes in");
            builder.disable_cleanup(true).tempdir_in(homes)
        }
        None => builder.tempdir(),
    };
    made.expect("a folder")
}

/// The variable that makes every process of the program write down all it can tell.
pub(crate) fn log() -> Option<(&'static str, PathBuf)> {
    let file = sweep()?.join(format!("log-{}", std::process::id()));
    Some(("VALETKEY_DEBUG_LOG", file))
}

/// Something that was printed.
pub(crate) fn printed(bytes: &[u8]) {
    append("printed", bytes);
}

/// Something that must be found nowhere.
pub(crate) fn secrets<'a>(secrets: impl IntoIterator<Item = &'a str>) {
    let lines: String = secrets
        .into_iter()
        .flat_map(|secret| [secret, "\n"])
        .collect();
    append("secrets", lines.as_bytes());
}

fn append(what: &str, bytes: &[u8]) {
    let Some(sweep) = sweep() else {
        return;
    };
    fs::create_dir_all(&sweep).expect("the folder of the sweep");
    let file = sweep.join(format!("{what}-{}", std::process::id()));
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(file)
        .expect("a file of the sweep");
    file.write_all(bytes).expect("kept");
}

/// A practice provider that leaves its secrets for the sweep.
pub(crate) struct Provider(SandboxThread);

impl Provider {
    pub(crate) fn of(sandbox: SandboxThread) -> Self {
        Self(sandbox)
    }
}

impl Deref for Provider {
    type Target = SandboxThread;

    fn deref(&self) -> &SandboxThread {
        &self.0
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        secrets(self.0.secrets_issued().iter().map(String::as_str));
    }
}

/// Everything that a terminal was sent; left for the sweep at the end.
#[derive(Default)]
pub(crate) struct Transcript(Vec<u8>);

impl Transcript {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// It holds a token that was to be shown.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }
}

impl Deref for Transcript {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl Drop for Transcript {
    fn drop(&mut self) {
        printed(without_states(&String::from_utf8_lossy(&self.0)).as_bytes());
    }
}

/// An authorization address that a person asked to see holds its `state` (conformance W-13), which is good
/// for that sign-in alone. Everything else in it is looked for.
fn without_states(text: &str) -> String {
    const BEFORE: &str = "&state=";
    let mut parts = text.split(BEFORE);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let letter = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        kept.push_str(BEFORE);
        kept.push_str(part.trim_start_matches(letter));
    }
    kept
}
