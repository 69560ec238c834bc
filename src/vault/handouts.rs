//! Who was given a token, and when: one line of JSON for each hand-out, in a file beside the vault
//! (conformance X-08).
//!
//! Not in the vault, because a hand-out changes nothing there and must not wait for a disk: the line
//! is written after the token was given, and nobody syncs it. Every program that gives tokens adds
//! to the same file; a line is one write at its end, so lines do not mix. A full file makes room
//! under another name, and what was there before is dropped. No line has room for a secret.

mod backwards;
mod line;
#[cfg(test)]
mod tests;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::process::{Resource, getrlimit};

use super::{DiskFault, Home, VaultError, home};
use crate::model::{Caller, ConnectionId, UnixTime};
use backwards::Backwards;

/// A file of this size makes room for a new one.
const FULL: u64 = 1024 * 1024;
/// Other programs may make room at the same time; after so many tries a full file takes the lines too.
const TRIES: u32 = 4;

/// A token was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handed {
    pub at: UnixTime,
    pub connection: ConnectionId,
    /// The connection's name at that time.
    pub name: String,
    pub outcome: Outcome,
    pub via: Via,
    /// Who asked, where the system tells.
    pub caller: Option<Caller>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Given,
    /// Why not, as a fixed word for scripts: `denied`, `no-answer` … (letters and dashes).
    Refused(String),
}

/// Which part of the program answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// A command that the caller ran.
    Command,
    Agent,
}

impl Via {
    /// As scripts see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Agent => "agent",
        }
    }
}

/// The hand-outs of one vault.
#[derive(Clone, Debug)]
pub struct Handouts {
    state: PathBuf,
}

impl Handouts {
    /// In this state folder, which need not exist yet.
    pub fn in_state(state: &Path) -> Self {
        Self {
            state: state.to_owned(),
        }
    }

    /// Those of the vault in this home; `None` in memory, where none are kept.
    pub fn of(home: &Home) -> Option<Self> {
        match home {
            Home::Disk { state, .. } => Some(Self::in_state(state)),
            Home::Memory => None,
        }
    }

    /// Adds lines at the end, by one write. A failure costs the lines and nothing else; whoever calls
    /// has given the token already.
    pub fn add(&self, handed: &[Handed]) -> Result<(), VaultError> {
        if handed.is_empty() {
            return Ok(());
        }
        home::private_folder(&self.state)?;
        let lines: String = handed.iter().map(line::write).collect();
        for left in (0..TRIES).rev() {
            let file = self.open_to_add()?;
            if left > 0 && self.made_room(&file)? {
                continue;
            }
            append(&file, &lines)?;
            if is_kept(&file)? {
                break;
            }
        }
        Ok(())
    }

    /// The newest first, of one connection or of all. What is no line of ours is passed over.
    pub fn read(&self, limit: usize, of: Option<&ConnectionId>) -> Result<Vec<Handed>, VaultError> {
        let mut found = Vec::new();
        self.each(of, |handed| {
            if found.len() >= limit {
                return ControlFlow::Break(());
            }
            found.push(handed);
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    /// The same one by one, until there is no more or `take` has enough.
    pub fn each(
        &self,
        of: Option<&ConnectionId>,
        mut take: impl FnMut(Handed) -> ControlFlow<()>,
    ) -> Result<(), VaultError> {
        if !home::check_folder(&self.state)? {
            return Ok(());
        }
        // In this order: what is moved from one name to the other meanwhile is seen twice, not missed.
        let newest = open_to_read(&self.current())?;
        let older = open_to_read(&self.former())?;
        let moved = match (&newest, &older) {
            (Some(newest), Some(older)) => identity(newest)? == identity(older)?,
            _ => false,
        };
        for file in [newest, older.filter(|_| !moved)].into_iter().flatten() {
            let mut lines = Backwards::new(file)?;
            while let Some(text) = lines.next()? {
                if let Some(handed) = line::read(&text, of)
                    && take(handed).is_break()
                {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn current(&self) -> PathBuf {
        self.state.join("history.jsonl")
    }

    fn former(&self) -> PathBuf {
        self.state.join("history.jsonl.1")
    }

    fn open_to_add(&self) -> Result<File, VaultError> {
        let path = self.current();
        let new = home::check_file(&path)?.is_none();
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(home::FILE_MODE)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(&path)?;
        if new {
            home::make_private(&file)?;
        }
        home::check_open_file(&path, &file)?;
        Ok(file)
    }

    /// Whether the file is full and its name is free for a new one now. One program at a time does
    /// this, by the lock of the file itself; whoever does not get it adds to the full file.
    fn made_room(&self, file: &File) -> Result<bool, VaultError> {
        if file.metadata()?.len() < FULL {
            return Ok(false);
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(false),
            // Without locks it would grow for ever, or lines would be lost.
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        // Somebody else may have moved it before the lock was ours: what has the name now stays.
        let current = home::check_file(&self.current())?;
        let ours = identity(file)?;
        if current.is_some_and(|found| (found.dev(), found.ino()) == ours) {
            fs::rename(self.current(), self.former())?;
        }
        Ok(true)
    }
}

/// Or others dropped it since it was opened, when room was made twice.
fn is_kept(file: &File) -> io::Result<bool> {
    Ok(file.metadata()?.nlink() > 0)
}

fn identity(file: &File) -> io::Result<(u64, u64)> {
    let found = file.metadata()?;
    Ok((found.dev(), found.ino()))
}

/// One write: lines of several programs do not mix. A line that an earlier write left unfinished, on
/// a disk that was full, is ended first.
fn append(mut file: &File, lines: &str) -> Result<(), VaultError> {
    let mut text = String::with_capacity(lines.len() + 1);
    let length = file.metadata()?.len();
    let mut last = [b'\n'];
    if length > 0 {
        file.read_exact_at(&mut last, length - 1)?;
    }
    if last != [b'\n'] {
        text.push('\n');
    }
    text.push_str(lines);
    // A process that writes beyond its limit is ended by the system.
    let end = length.saturating_add(text.len() as u64);
    if getrlimit(Resource::Fsize)
        .current
        .is_some_and(|most| end > most)
    {
        return Err(VaultError::Disk(DiskFault::Full));
    }
    let written = loop {
        match file.write(text.as_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => break done?,
        }
    };
    // Not the rest in a second write: another program's line may stand between.
    if written < text.len() {
        return Err(VaultError::Disk(DiskFault::Full));
    }
    Ok(())
}

fn open_to_read(path: &Path) -> Result<Option<File>, VaultError> {
    if home::check_file(path)?.is_none() {
        return Ok(None);
    }
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(gone) if gone.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(other) => return Err(other.into()),
    };
    home::check_open_file(path, &file)?;
    Ok(Some(file))
}
