//! Reading a secret line from the terminal without echo.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::model::Secret;

/// Longest line that is taken, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Reads one line from the controlling terminal with the echo off; the echo comes back whatever
/// happens.
///
/// # Errors
/// There is no terminal, or it was closed.
pub fn read_hidden_line() -> io::Result<Secret> {
    let terminal = File::open("/dev/tty")?;
    let before = tcgetattr(&terminal)?;
    let mut hidden = before.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&terminal, OptionalActions::Flush, &hidden)?;
    let mut line = Zeroizing::new(String::new());
    let read = BufReader::new((&terminal).take(LONGEST)).read_line(&mut line);
    tcsetattr(&terminal, OptionalActions::Now, &before)?;
    if read? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Secret::new(line.trim_end_matches(['\n', '\r']).to_owned()))
}
