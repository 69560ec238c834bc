//! Reading secret lines from the terminal without echo.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

use crate::model::Secret;

/// Longest line that is taken, in bytes.
const LONGEST: usize = 64 * 1024;

const INTERRUPT: u8 = 0x03;
const END: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const KILL_LINE: u8 = 0x15;
const DELETE: u8 = 0x7f;

/// What the interrupt key does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Interrupt {
    /// It is a byte like others: nobody else would bring the echo back.
    Typed,
    /// It is a signal, which the caller takes.
    Signal,
}

/// The terminal without its echo, and without its line mode, which keeps 4095 bytes of a pasted line
/// and drops the rest without a word. All comes back when this is dropped.
struct Hidden {
    terminal: File,
    before: Termios,
}

impl Hidden {
    fn new(interrupt: Interrupt) -> io::Result<Self> {
        let terminal = File::open("/dev/tty")?;
        let before = tcgetattr(&terminal)?;
        let mut hidden = before.clone();
        hidden
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ICANON);
        hidden
            .local_modes
            .set(LocalModes::ISIG, interrupt == Interrupt::Signal);
        hidden.special_codes[SpecialCodeIndex::VMIN] = 1;
        hidden.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&terminal, OptionalActions::Now, &hidden)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

/// Turns the echo off, asks, and reads one line from the controlling terminal. In this order, so that
/// nothing typed at the question is ever shown.
///
/// # Errors
/// There is no terminal, it was closed, or the person interrupted ([`io::ErrorKind::Interrupted`]).
pub fn read_hidden_line(ask: impl FnOnce()) -> io::Result<Secret> {
    let hidden = Hidden::new(Interrupt::Typed)?;
    ask();
    one_line(&mut &hidden.terminal)?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// Nothing typed is shown for as long as it lives: between two tries at a passphrase, for instance.
pub struct Unshown(Hidden);

impl Unshown {
    /// # Errors
    /// There is no terminal.
    pub fn begin() -> io::Result<Self> {
        Hidden::new(Interrupt::Typed).map(Self)
    }

    /// Waits. What is typed meanwhile answers nothing and is thrown away.
    ///
    /// # Errors
    /// [`io::ErrorKind::Interrupted`] when the person interrupts.
    pub fn wait(&self, span: Duration) -> io::Result<()> {
        let end = Instant::now() + span;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            let left = Timespec::try_from(left).map_err(io::Error::other)?;
            let mut asked = [PollFd::new(&self.0.terminal, PollFlags::IN)];
            if retry_on_intr(|| poll(&mut asked, Some(&left)))? > 0 {
                let mut typed = Zeroizing::new([0; 256]);
                let read = (&self.0.terminal).read(typed.as_mut())?;
                if read == 0 || typed[..read].contains(&INTERRUPT) {
                    return Err(io::ErrorKind::Interrupted.into());
                }
            }
        }
    }
}

/// Hidden lines for as long as it lives. The interrupt key goes on sending its signal: the caller
/// takes it and drops this. What is typed after that is left for the next reader.
pub struct HiddenLines {
    _hidden: Hidden,
    /// Closed by dropping it, which ends the reader.
    _going_on: UnixStream,
}

impl HiddenLines {
    /// Calls `take` with each line, on a thread of its own; `take` returns false to stop.
    ///
    /// # Errors
    /// There is no terminal.
    pub fn open(mut take: impl FnMut(Secret) -> bool + Send + 'static) -> io::Result<Self> {
        let hidden = Hidden::new(Interrupt::Signal)?;
        let (going_on, over) = UnixStream::pair()?;
        let mut terminal = Until {
            from: hidden.terminal.try_clone()?,
            over,
        };
        thread::Builder::new()
            .name("hidden-lines".to_owned())
            .spawn(move || {
                while let Ok(Some(line)) = one_line(&mut terminal) {
                    if !take(line) {
                        break;
                    }
                }
            })?;
        Ok(Self {
            _hidden: hidden,
            _going_on: going_on,
        })
    }
}

/// Reads until the other end of a pair is closed; nothing more is taken from then on.
struct Until<F> {
    from: F,
    over: UnixStream,
}

impl<F: Read + AsFd> Read for Until<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut asked = [
            PollFd::new(&self.over, PollFlags::IN),
            PollFd::new(&self.from, PollFlags::IN),
        ];
        retry_on_intr(|| poll(&mut asked, None))?;
        if asked[0].revents().is_empty() {
            self.from.read(buffer)
        } else {
            Ok(0)
        }
    }
}

/// The next line without its end, corrected as the terminal's line mode would; `None` at the end.
fn one_line(from: &mut impl Read) -> io::Result<Option<Secret>> {
    // Never grows, so that no copy is left behind.
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut byte = Zeroizing::new([0]);
    loop {
        if from.read(byte.as_mut())? == 0 {
            return Ok(None);
        }
        match byte[0] {
            b'\n' | b'\r' => break,
            INTERRUPT => return Err(io::ErrorKind::Interrupted.into()),
            END if line.is_empty() => return Ok(None),
            END => {}
            BACKSPACE | DELETE => while line.pop().is_some_and(is_continuation) {},
            KILL_LINE => line.clear(),
            other if line.len() < LONGEST => line.push(other),
            _ => {}
        }
    }
    let text = str::from_utf8(&line).map_err(|_| io::ErrorKind::InvalidData)?;
    Ok(Some(Secret::new(text.to_owned())))
}

/// Not the first byte of a character in UTF-8.
fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(typed: &[u8]) -> io::Result<Option<String>> {
        let line = one_line(&mut &*typed)?;
        Ok(line.map(|line| line.reveal().to_owned()))
    }

    #[test]
    fn a_line_is_corrected_as_it_is_typed() {
        let read = |typed: &str| line(typed.as_bytes()).expect("read");
        assert_eq!(read("secret\rmore").as_deref(), Some("secret"));
        assert_eq!(read("sx\x7fecrä\x7f\x08ret\n").as_deref(), Some("secret"));
        assert_eq!(read("\x7fwrong\x15right\n").as_deref(), Some("right"));
        assert_eq!(read("no end"), None);
        assert_eq!(read("\x04"), None);
    }

    #[test]
    fn what_comes_after_the_end_is_left_for_the_next_reader() {
        use std::io::Write as _;

        let (mut typed, terminal) = UnixStream::pair().expect("a pair");
        let (going_on, over) = UnixStream::pair().expect("a pair");
        let mut reader = Until {
            from: terminal.try_clone().expect("the same"),
            over,
        };
        typed.write_all(b"first\nsecond\n").expect("typed");
        let line = one_line(&mut reader).expect("read").expect("a line");
        assert_eq!(line.reveal(), "first");
        drop(going_on);
        assert!(one_line(&mut reader).expect("read").is_none());
        let mut rest = [0; 7];
        (&terminal).read_exact(&mut rest).expect("still there");
        assert_eq!(&rest, b"second\n");
    }

    #[test]
    fn an_interrupt_is_told_and_no_line() {
        let error = line(b"half\x03\n").expect_err("interrupted");
        assert_eq!(error.kind(), io::ErrorKind::Interrupted);
    }

    #[test]
    fn a_line_has_an_end() {
        let mut typed = vec![b'x'; LONGEST + 10];
        typed.push(b'\n');
        let read = line(&typed).expect("read").expect("a line");
        assert_eq!(read.len(), LONGEST);
    }
}
