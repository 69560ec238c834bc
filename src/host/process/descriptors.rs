//! Descriptors that whoever started this program left open by mistake: the program uses them as it
//! was asked to (`--passphrase-fd`), but nothing that it starts gets them (conformance V-10).
//!
//! `unsafe` because the standard library cannot name a descriptor that it did not open itself.
#![allow(unsafe_code)]

use std::fs;
use std::os::fd::{BorrowedFd, RawFd};

use rustix::io::{FdFlags, fcntl_setfd};

/// Every descriptor of this process, whoever opened it.
const OPEN: &str = if cfg!(target_os = "linux") {
    "/proc/self/fd"
} else {
    "/dev/fd"
};
/// Input, output and errors are given to each child on purpose.
const FIRST: RawFd = 3;

/// Marks every descriptor above the standard ones to be closed in children. What this program opens
/// itself is marked from the start.
pub(super) fn keep_to_ourselves() {
    // Without the list nothing can be done here; a process that may open no file starts none either.
    let Ok(open) = fs::read_dir(OPEN) else {
        return;
    };
    let number = |name: &std::ffi::OsStr| name.to_str()?.parse::<RawFd>().ok();
    // Read to its end first: the list itself is open while it is read.
    let open: Vec<RawFd> = open
        .flatten()
        .filter_map(|entry| number(&entry.file_name()))
        .filter(|fd| *fd >= FIRST)
        .collect();
    for fd in open {
        // SAFETY: the borrow ends with this line, and the call only sets the close-on-exec flag: no
        // memory is touched and nothing is closed. A number that was closed meanwhile is refused by
        // the system; one that was opened anew by this program has the flag already.
        let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
        let _ = fcntl_setfd(borrowed, FdFlags::CLOEXEC);
    }
}
