//! Waiting for a keychain that asks its person, or does not answer.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};

use super::output;
use crate::advice::{KEYCHAIN_INSTEAD, KEYCHAIN_WAIT};
use crate::engine::Error;

/// After this long a person is told what is being waited for.
const UNEXPLAINED: Duration = Duration::from_secs(1);

/// Does something that may wait for the keychain, and tells a person who is there when it takes long.
pub(super) fn explained<T>(person: bool, work: impl FnOnce() -> T) -> T {
    let (done, inbox) = mpsc::channel::<()>();
    if person {
        thread::spawn(move || {
            if inbox.recv_timeout(UNEXPLAINED) == Err(RecvTimeoutError::Timeout) {
                output::note(KEYCHAIN_WAIT);
            }
        });
    }
    let result = work();
    drop(done);
    result
}

/// How waiting ended.
pub(super) enum Waited {
    Done(Result<(), Error>),
    /// The person pressed Enter to use a passphrase. The work goes on unheard.
    Instead,
}

/// Does something that may wait for the keychain, and says so when it takes long. `offer`: a
/// passphrase would do too.
pub(super) fn wait(
    work: impl FnOnce() -> Result<(), Error> + Send + 'static,
    offer: bool,
) -> Waited {
    let broke_off = Err(Error::Internal("waiting for the keychain broke off"));
    let (answer, inbox) = mpsc::sync_channel(1);
    let Ok((done, mut doing)) = UnixStream::pair() else {
        return Waited::Done(work());
    };
    let spawned = thread::Builder::new()
        .name("vault-opening".to_owned())
        .spawn(move || {
            // Nobody hears it when a passphrase came instead.
            let _ = answer.send(work());
            let _ = doing.write_all(&[0]);
        });
    if spawned.is_err() {
        return Waited::Done(broke_off);
    }
    match inbox.recv_timeout(UNEXPLAINED) {
        Ok(result) => return Waited::Done(result),
        Err(RecvTimeoutError::Disconnected) => return Waited::Done(broke_off),
        Err(RecvTimeoutError::Timeout) => output::note(KEYCHAIN_WAIT),
    }
    if offer {
        output::note(KEYCHAIN_INSTEAD);
        if line_comes_before(&done) {
            return Waited::Instead;
        }
    }
    Waited::Done(inbox.recv().unwrap_or(broke_off))
}

/// Whether a line is typed before `done` has something to read. The line is read and dropped.
fn line_comes_before(done: &UnixStream) -> bool {
    let stdin = io::stdin();
    loop {
        let mut asked = [
            PollFd::new(done, PollFlags::IN),
            PollFd::new(&stdin, PollFlags::IN),
        ];
        match poll(&mut asked, None) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return false,
            Ok(_) => {}
        }
        if !asked[0].revents().is_empty() {
            return false;
        }
        let mut line = [0; 1024];
        // The end of the input: nobody is there to choose.
        return !matches!(stdin.lock().read(&mut line), Ok(0) | Err(_));
    }
}
