//! Learning that another program changed a folder, without waking up in between.

use std::io;
use std::path::Path;
use std::thread;

#[cfg(target_os = "linux")]
use super::fault_point;

/// Calls `changed` after each burst of changes below `folder` (not deeper), on a thread of its own
/// that ends with the process or when `changed` returns false.
///
/// # Errors
/// The folder is not there, or the system cannot watch it (then nothing is ever told).
#[cfg(target_os = "linux")]
pub fn watch(folder: &Path, mut changed: impl FnMut() -> bool + Send + 'static) -> io::Result<()> {
    use inotify::{Inotify, WatchMask};

    let mut inotify = Inotify::init()?;
    let mask = WatchMask::MODIFY | WatchMask::CREATE | WatchMask::MOVED_TO | WatchMask::DELETE;
    inotify.watches().add(folder, mask)?;
    thread::Builder::new()
        .name("folder-watch".to_owned())
        .spawn(move || {
            let mut buffer = [0; 4096];
            // Every event of a burst is taken at once; what they say does not matter.
            while inotify.read_events_blocking(&mut buffer).is_ok() {
                fault_point("watch");
                if !changed() {
                    break;
                }
            }
        })?;
    Ok(())
}

/// No such service is used on this system.
#[cfg(not(target_os = "linux"))]
pub fn watch(_: &Path, _: impl FnMut() -> bool + Send + 'static) -> io::Result<()> {
    let _ = thread::current();
    Err(io::ErrorKind::Unsupported.into())
}
