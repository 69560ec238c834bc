//! Sign-ins under way, as notes beside the vault (conformance Z-10).
//!
//! A note holds no secret: when the sign-in began, and until when a code of it can still be used. It is
//! locked for as long as its process lives, so whatever became of that process, a note that nobody
//! locks belongs to a sign-in that was interrupted.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::home::{self, Home};
use crate::model::{ConnectionId, UnixTime};

/// More than this was never written by this program.
const TOO_LARGE: u64 = 256;
/// Others may take a note away at the same moment.
const TRIES: usize = 4;

/// The note of a sign-in under way. Dropped, it stays behind as that of an interrupted one.
#[derive(Debug)]
pub struct AttemptNote {
    file: File,
    path: PathBuf,
    began: UnixTime,
}

/// A sign-in whose process went away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterruptedAttempt {
    pub connection: ConnectionId,
    pub began: UnixTime,
    /// Until when its device code can be used.
    pub code_until: Option<UnixTime>,
}

impl AttemptNote {
    /// Notes that a sign-in begins. `None` where nothing is kept, or while another process signs in to the
    /// same connection. A sign-in goes on without its note.
    pub fn begin(home: &Home, id: &ConnectionId, now: UnixTime) -> Option<Self> {
        let folder = folder(home)?;
        home::private_folder(&folder).ok()?;
        let path = folder.join(id.as_str());
        let file = locked(&path, true)?;
        let mut note = Self {
            file,
            path,
            began: now,
        };
        note.write(None)?;
        Some(note)
    }

    /// A device code was got, which lives on without this process.
    pub fn has_code(&mut self, until: Option<UnixTime>) {
        // Then only the code is lost.
        let _ = self.write(until);
    }

    /// It is over.
    pub fn end(self) {
        let _ = fs::remove_file(&self.path);
    }

    fn write(&mut self, code_until: Option<UnixTime>) -> Option<()> {
        let code = code_until.map_or_else(|| "-".to_owned(), |until| until.0.to_string());
        let line = format!("{} {code}\n", self.began.0);
        self.file.rewind().ok()?;
        self.file.set_len(0).ok()?;
        self.file.write_all(line.as_bytes()).ok()
    }
}

/// The sign-ins that were interrupted, oldest first.
pub fn interrupted_attempts(home: &Home) -> Vec<InterruptedAttempt> {
    let Some(folder) = folder(home).filter(|folder| home::check_folder(folder) == Ok(true)) else {
        return Vec::new();
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter_map(|entry| {
            let id = ConnectionId::parse(entry.file_name().to_str()?)?;
            let file = locked(&entry.path(), false)?;
            read(file, id)
        })
        .collect();
    found.sort_by_key(|attempt| attempt.began);
    found
}

/// Takes the note of an interrupted sign-in away; that of a running one stays.
pub fn forget_attempt(home: &Home, id: &ConnectionId) {
    if let Some(path) = folder(home).map(|folder| folder.join(id.as_str()))
        && locked(&path, false).is_some()
    {
        let _ = fs::remove_file(path);
    }
}

fn folder(home: &Home) -> Option<PathBuf> {
    match home {
        Home::Disk { state, .. } => Some(state.join("attempts")),
        Home::Memory => None,
    }
}

/// The note, locked, and still the one of that name.
fn locked(path: &Path, make: bool) -> Option<File> {
    for _ in 0..TRIES {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(make)
            .truncate(false)
            .mode(home::FILE_MODE)
            .custom_flags(i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).ok()?)
            .open(path)
            .ok()?;
        let opened = home::check_open_file(path, &file).ok()?;
        file.try_lock().ok()?;
        let same = |named: fs::Metadata| (named.dev(), named.ino()) == (opened.dev(), opened.ino());
        if fs::symlink_metadata(path).is_ok_and(same) {
            return Some(file);
        }
    }
    None
}

fn read(file: File, connection: ConnectionId) -> Option<InterruptedAttempt> {
    let mut text = String::new();
    file.take(TOO_LARGE).read_to_string(&mut text).ok()?;
    let (began, code) = text.trim_end().split_once(' ')?;
    Some(InterruptedAttempt {
        connection,
        began: UnixTime(began.parse().ok()?),
        code_until: code.parse().ok().map(UnixTime),
    })
}
