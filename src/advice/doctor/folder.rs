//! The folders in words.

use std::path::Path;

use super::{Check, State};
use crate::host::{Folder, FolderUse};
use crate::model::Untrusted;
use crate::vault::{DiskFault, PrivacyProblem, VaultError};

const MIB: u64 = 1024 * 1024;
/// Less than this is worth a word: the vault's log alone may take some of it.
const LITTLE: u64 = 64 * MIB;
/// Less than this is as good as nothing.
const NOTHING: u64 = MIB;

pub(super) fn folder(found: &Folder) -> Check {
    let id = match found.purpose {
        FolderUse::Config => "config",
        FolderUse::Data => "data",
        FolderUse::State => "state",
        FolderUse::Run => "run",
    };
    let at = shown(&found.path);
    if let Err(error) = &found.private {
        return not_private(id, error);
    }
    if let Err(error) = &found.writable {
        return unwritable(id, found, error);
    }
    if found.locks == Some(false) {
        return Check::new(
            id,
            State::Fix,
            format!(
                "{at} does not keep locks, as some network folders do not: two programs would refresh at \
                 once. Set VALETKEY_HOME to a folder on a local disk."
            ),
        );
    }
    if found.purpose == FolderUse::Config {
        let words = if found.there {
            at
        } else {
            format!("{at}, nothing is set")
        };
        return Check::new(id, State::Ok, words);
    }
    let free = found
        .free
        .map_or(String::new(), |free| format!(", {} free", size(free)));
    match found.free {
        Some(left) if left < NOTHING => Check::new(
            id,
            State::Fix,
            format!("{at}: the disk is full{free}. Make room before you sign in."),
        ),
        Some(left) if left < LITTLE => Check::new(
            id,
            State::Warn,
            format!("{at}: the disk is nearly full{free}"),
        ),
        _ if found.there => Check::new(id, State::Ok, format!("{at}, private{free}")),
        _ => Check::new(id, State::Ok, format!("{at}, made when it is needed{free}")),
    }
}

fn not_private(id: &'static str, error: &VaultError) -> Check {
    let VaultError::NotPrivate { path, problem } = error else {
        return Check::of_vault(id, State::Fix, error);
    };
    let at = shown(path);
    match problem {
        PrivacyProblem::Mode => {
            let words = format!("{at} is open to other users; it is not used until it is private.");
            // Of a folder above it only the right to write is taken away.
            let change = if is_ours(path) { "go-rwx" } else { "o-w" };
            Check::new(id, State::Fix, words).run(format!("chmod {change} {}", quoted(path)))
        }
        PrivacyProblem::Symlink => Check::new(
            id,
            State::Fix,
            format!("{at} is a symbolic link; it is not followed. Put a folder of its own there."),
        ),
        PrivacyProblem::Owner => Check::new(
            id,
            State::Fix,
            format!(
                "{at} belongs to another user; it is not used. Take it back, or set VALETKEY_HOME."
            ),
        ),
        PrivacyProblem::Type => Check::new(
            id,
            State::Fix,
            format!("{at} is not a folder. Move it out of the way."),
        ),
    }
}

/// Whether the program made this folder, rather than it being one above.
fn is_ours(path: &Path) -> bool {
    path.file_name().is_some_and(|name| {
        ["valetkey", "data", "state", "run"]
            .iter()
            .any(|ours| name == *ours)
    })
}

fn unwritable(id: &'static str, found: &Folder, error: &VaultError) -> Check {
    let at = shown(&found.path);
    let why = match error {
        VaultError::Disk(DiskFault::Full) => "the disk is full",
        VaultError::Disk(DiskFault::ReadOnly) => "it is read-only",
        VaultError::Disk(DiskFault::Permission) => "you may not write there",
        _ => "the disk failed",
    };
    let state = match found.purpose {
        FolderUse::Run | FolderUse::Config => State::Warn,
        FolderUse::Data | FolderUse::State => State::Fix,
    };
    let words = format!(
        "{at}: {why}, so nothing new can be stored. Set VALETKEY_HOME to another folder, or use \
         --ephemeral to keep nothing."
    );
    Check::new(id, state, words)
}

fn shown(path: &Path) -> String {
    Untrusted::new(path.to_string_lossy()).shown().to_string()
}

/// As a shell reads it.
fn quoted(path: &Path) -> String {
    let text = shown(path);
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-~".contains(c);
    if text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

fn size(bytes: u64) -> String {
    match bytes / MIB {
        mib @ 0..10_240 => format!("{mib} MiB"),
        mib => format!("{} GiB", mib / 1024),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn found() -> Folder {
        Folder {
            path: PathBuf::from("/home/ada/my data/valetkey"),
            purpose: FolderUse::Data,
            there: true,
            private: Ok(()),
            writable: Ok(()),
            locks: Some(true),
            free: Some(100 * 1024 * MIB),
        }
    }

    fn not_private(problem: PrivacyProblem) -> Folder {
        let path = found().path;
        Folder {
            private: Err(VaultError::NotPrivate { path, problem }),
            ..found()
        }
    }

    #[test]
    fn u_02_the_modes_of_an_open_folder_come_with_the_command_that_closes_it() {
        let check = folder(&not_private(PrivacyProblem::Mode));
        assert_eq!(check.state, State::Fix);
        assert_eq!(check.run, ["chmod go-rwx '/home/ada/my data/valetkey'"]);
        for problem in [
            PrivacyProblem::Symlink,
            PrivacyProblem::Owner,
            PrivacyProblem::Type,
        ] {
            assert_eq!(
                folder(&not_private(problem)).state,
                State::Fix,
                "{problem:?}"
            );
        }
    }

    #[test]
    fn u_09_full_read_only_and_forbidden_are_each_named() {
        let words = |fault| {
            let check = folder(&Folder {
                writable: Err(VaultError::Disk(fault)),
                ..found()
            });
            assert_eq!(check.state, State::Fix);
            check.words
        };
        assert!(words(DiskFault::Full).contains("the disk is full"));
        assert!(words(DiskFault::ReadOnly).contains("it is read-only"));
        assert!(words(DiskFault::Permission).contains("you may not write there"));
    }

    #[test]
    fn u_09_little_room_is_told_before_it_is_gone() {
        let state = |free| {
            folder(&Folder {
                free: Some(free),
                ..found()
            })
            .state
        };
        assert_eq!(state(LITTLE), State::Ok);
        assert_eq!(state(LITTLE - 1), State::Warn);
        assert_eq!(state(NOTHING - 1), State::Fix);
    }

    #[test]
    fn u_04_a_folder_that_keeps_no_locks_is_told() {
        let check = folder(&Folder {
            locks: Some(false),
            ..found()
        });
        assert_eq!(check.state, State::Fix);
    }
}
