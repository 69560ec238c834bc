//! Passing a program's output on, byte for byte and as soon as it comes, but for the token.

use std::io::{self, PipeReader};
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, read, retry_on_intr, write};
use zeroize::Zeroizing;

use super::conceal::Concealer;

/// As much as a pipe holds on Linux.
const AT_ONCE: usize = 64 * 1024;

/// Copies until the program's side is closed, or whoever reads ours is gone. Dropping `from` then
/// lets the program meet a closed pipe, as it would have without us.
pub(super) fn pump(from: &PipeReader, to: &OwnedFd, mut concealer: Concealer) -> io::Result<()> {
    // The token may be in there.
    let mut buffer = Zeroizing::new(vec![0; AT_ONCE]);
    loop {
        if !comes_before_the_end(from, to)? {
            return Ok(());
        }
        let count = retry_on_intr(|| read(from, &mut *buffer))?;
        if count == 0 {
            return told(write_all(to, &concealer.finish()));
        }
        match write_all(to, &concealer.push(&buffer[..count])) {
            Err(Errno::PIPE) => return Ok(()),
            other => other?,
        }
    }
}

/// Whoever reads is gone: nobody misses the rest.
fn told(written: Result<(), Errno>) -> io::Result<()> {
    match written {
        Err(Errno::PIPE) => Ok(()),
        other => Ok(other?),
    }
}

/// Waits for output of the program; false when the reader of ours leaves first.
fn comes_before_the_end(from: &impl AsFd, to: &impl AsFd) -> Result<bool, Errno> {
    let gone = PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL;
    let mut asked = [
        PollFd::new(from, PollFlags::IN),
        // Asks for nothing, so only the end wakes it.
        PollFd::new(to, PollFlags::empty()),
    ];
    retry_on_intr(|| poll(&mut asked, None))?;
    Ok(!asked[1].revents().intersects(gone))
}

fn write_all(to: &OwnedFd, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match retry_on_intr(|| write(to, bytes)) {
            Ok(count) => bytes = &bytes[count..],
            // Somebody else who has this file made it so.
            Err(Errno::AGAIN) => {
                let mut asked = [PollFd::new(to, PollFlags::OUT)];
                retry_on_intr(|| poll(&mut asked, None))?;
            }
            Err(other) => return Err(other),
        }
    }
    Ok(())
}
