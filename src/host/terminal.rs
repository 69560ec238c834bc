//! Asking on the terminal that a program was started from, whatever its own input and output are.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{QueueSelector, tcflush, tcgetwinsize};

use super::session::is_in_foreground;

/// Longest answer, in bytes.
const LONGEST: usize = 64;

/// Shows a question on the controlling terminal and reads one short line. `None` when there is no
/// terminal, this process is not in its foreground (it would be stopped), or nobody answers in time.
pub fn ask_on_terminal(question: &str, patience: Duration) -> Option<String> {
    ask(foreground()?, question, patience)
}

fn ask(mut terminal: File, question: &str, patience: Duration) -> Option<String> {
    let give_up = Instant::now() + patience;
    // What was typed before the question answers nothing.
    let _ = tcflush(&terminal, QueueSelector::IFlush);
    terminal.write_all(question.as_bytes()).ok()?;
    let mut line = Vec::new();
    loop {
        wait(&terminal, give_up.saturating_duration_since(Instant::now()))?;
        let mut bytes = [0; LONGEST];
        let read = terminal.read(&mut bytes).ok().filter(|read| *read > 0)?;
        line.extend(&bytes[..read]);
        if line.ends_with(b"\n") || line.len() > LONGEST {
            return Some(String::from_utf8_lossy(&line).trim().to_owned());
        }
    }
}

/// How wide the terminal is that errors go to; `None` when they go elsewhere.
pub fn columns_of_stderr() -> Option<u16> {
    tcgetwinsize(std::io::stderr()).ok().map(|size| size.ws_col)
}

fn foreground() -> Option<File> {
    let terminal = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .ok()?;
    is_in_foreground(&terminal).then_some(terminal)
}

fn wait(terminal: &File, left: Duration) -> Option<()> {
    let left = Timespec::try_from(left).ok()?;
    let mut asked = [PollFd::new(terminal, PollFlags::IN)];
    match poll(&mut asked, Some(&left)) {
        Ok(1..) => Some(()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::OpenOptionsExt as _;

    use portable_pty::{MasterPty, PtySize, native_pty_system};
    use rustix::fs::OFlags;

    use super::*;

    /// A terminal that is nobody's, and the side of its keyboard.
    fn terminal() -> (File, Box<dyn MasterPty + Send>) {
        let pair = native_pty_system()
            .openpty(PtySize::default())
            .expect("a pty");
        let line = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlags::NOCTTY.bits().cast_signed())
            .open(pair.master.tty_name().expect("a name"))
            .expect("opens");
        (line, pair.master)
    }

    #[test]
    fn y_06_whoever_does_not_answer_in_time_said_nothing() {
        let (line, keyboard) = terminal();
        let mut typed = keyboard.take_writer().expect("a keyboard");
        // What lies there from before the question is no answer to it.
        typed.write_all(b"1\n").expect("typed");
        assert_eq!(ask(line, "well? ", Duration::ZERO), None);
    }
}
