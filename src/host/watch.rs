//! Learning that another program changed a folder, without waking up in between.

use std::io;
use std::path::Path;
use std::thread;
#[cfg(target_os = "linux")]
use std::time::Duration;

#[cfg(target_os = "linux")]
use super::fault_point;

/// Calls `changed` after each burst of changes below `folder` (not deeper) and a few times soon after it, on a thread of its own
/// that ends with the process or when `changed` returns false.
///
/// # Errors
/// The folder is not there, or the system cannot watch it (then nothing is ever told).
#[cfg(target_os = "linux")]
pub fn watch(folder: &Path, mut changed: impl FnMut() -> bool + Send + 'static) -> io::Result<()> {
    use inotify::{Inotify, WatchMask};
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let mut inotify = Inotify::init()?;
    let mask = WatchMask::MODIFY
        | WatchMask::CREATE
        | WatchMask::MOVED_TO
        | WatchMask::DELETE
        | WatchMask::CLOSE_WRITE;
    inotify.watches().add(folder, mask)?;
    thread::Builder::new()
        .name("folder-watch".to_owned())
        .spawn(move || {
            let mut buffer = [0; 4096];
            let mut later = [].iter();
            loop {
                let pause = later.next().and_then(|span| Timespec::try_from(*span).ok());
                let mut asked = [PollFd::new(&inotify, PollFlags::IN)];
                match poll(&mut asked, pause.as_ref()) {
                    Ok(0) => {}
                    // Every event of a burst is taken at once; what they say does not matter.
                    Ok(_) if inotify.read_events(&mut buffer).is_ok() => later = LATER.iter(),
                    Err(rustix::io::Errno::INTR) => continue,
                    Ok(_) | Err(_) => break,
                }
                fault_point("watch");
                if !changed() {
                    break;
                }
            }
        })?;
    Ok(())
}

/// A writer touches its files first and lets others see what it wrote last, through shared memory that
/// nobody can watch: so it is looked at again after each burst.
#[cfg(target_os = "linux")]
const LATER: [Duration; 3] = [
    Duration::from_millis(50),
    Duration::from_millis(250),
    Duration::from_secs(1),
];

/// No such service is used on this system.
#[cfg(not(target_os = "linux"))]
pub fn watch(_: &Path, _: impl FnMut() -> bool + Send + 'static) -> io::Result<()> {
    let _ = thread::current();
    Err(io::ErrorKind::Unsupported.into())
}
