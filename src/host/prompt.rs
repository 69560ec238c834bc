//! Reading secret lines from the terminal without echo.

use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::thread;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::model::Secret;

/// Longest line that is taken, in bytes; a terminal's own limit is lower.
const LONGEST: u64 = 64 * 1024;

/// The terminal with its echo off; the echo comes back when this is dropped.
struct Hidden {
    terminal: File,
    before: Termios,
}

impl Hidden {
    fn new() -> io::Result<Self> {
        let terminal = File::open("/dev/tty")?;
        let before = tcgetattr(&terminal)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&terminal, OptionalActions::Now, &hidden)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

/// Reads one line from the controlling terminal with the echo off.
///
/// # Errors
/// There is no terminal, or it was closed.
pub fn read_hidden_line() -> io::Result<Secret> {
    let hidden = Hidden::new()?;
    one_line(&mut BufReader::new((&hidden.terminal).take(LONGEST)))?
        .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// Hidden lines for as long as it lives.
pub struct HiddenLines {
    _hidden: Hidden,
}

impl HiddenLines {
    /// Calls `take` with each line, on a thread of its own that ends with the process; `take`
    /// returns false to stop.
    ///
    /// # Errors
    /// There is no terminal.
    pub fn open(mut take: impl FnMut(Secret) -> bool + Send + 'static) -> io::Result<Self> {
        let hidden = Hidden::new()?;
        let mut reader = BufReader::new(hidden.terminal.try_clone()?);
        thread::Builder::new()
            .name("hidden-lines".to_owned())
            .spawn(move || {
                while let Ok(Some(line)) = one_line(&mut reader) {
                    if !take(line) {
                        break;
                    }
                }
            })?;
        Ok(Self { _hidden: hidden })
    }
}

fn one_line(reader: &mut impl io::BufRead) -> io::Result<Option<Secret>> {
    let mut line = Zeroizing::new(String::new());
    let read = reader.read_line(&mut line)?;
    Ok((read > 0).then(|| Secret::new(line.trim_end_matches(['\n', '\r']).to_owned())))
}
