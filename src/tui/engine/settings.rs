//! Watching the files that a person edits, so that a change can be offered to be read again.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::super::backend::Replies;
use super::super::msg::Msg;
use crate::host::watch;
use crate::settings::{FOLDERS, stamp};

struct Watched {
    folder: PathBuf,
    /// What stood in the files when they were looked at last.
    seen: u64,
    /// Which of the folders are watched; one that is made later is watched from then on.
    at: [bool; FOLDERS.len()],
    changes: Replies,
}

/// Tells when the files are others than they were. Where nothing can be watched nothing is told, and the
/// next start reads them.
pub(super) fn watch_settings(folder: &Path, changes: &Replies) {
    let watched = Arc::new(Mutex::new(Watched {
        folder: folder.to_owned(),
        seen: stamp(folder),
        at: [false; FOLDERS.len()],
        changes: changes.clone(),
    }));
    if let (false, Some(parent)) = (folder.is_dir(), folder.parent()) {
        let (watched, folder) = (watched.clone(), folder.to_owned());
        // Only until the folder is there: others may be busy in this one.
        let _ = watch(parent, move || {
            let there = folder.is_dir();
            if there {
                look(&watched);
            }
            !there
        });
    }
    look(&watched);
}

/// Whether anybody still wants to hear of it.
fn look(shared: &Arc<Mutex<Watched>>) -> bool {
    let mut watched = shared.lock().unwrap_or_else(PoisonError::into_inner);
    for (at, below) in FOLDERS.iter().enumerate() {
        let folder = watched.folder.join(below);
        if !watched.at[at] && folder.is_dir() {
            let again = shared.clone();
            watched.at[at] = watch(&folder, move || look(&again)).is_ok();
        }
    }
    let now = stamp(&watched.folder);
    let same = std::mem::replace(&mut watched.seen, now) == now;
    same || watched.changes.send(Msg::SettingsChanged).is_ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn f13_a_replaced_file_is_told_also_in_folders_that_were_made_later() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join("config");
        let (changes, mut told) = unbounded_channel();
        watch_settings(&folder, &changes);
        let mut heard = || matches!(told.blocking_recv(), Some(Msg::SettingsChanged));
        // An editor writes beside the file and puts it in its place.
        let replace = |file: &str, text: &str| {
            let beside = folder.join("beside.swp");
            fs::write(&beside, text).expect("written");
            fs::rename(&beside, folder.join(file)).expect("replaced");
        };
        fs::create_dir(&folder).expect("made");
        replace("config.toml", "mouse = false\n");
        assert!(heard());
        replace("config.toml", "mouse = true\n");
        assert!(heard());
        fs::create_dir(folder.join("providers")).expect("made");
        replace("providers/acme.toml", "[[preset]]\n");
        assert!(heard());
        replace("providers/acme.toml", "[[preset]] # other\n");
        assert!(heard());
    }
}
