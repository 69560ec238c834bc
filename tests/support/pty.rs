//! A program in a pseudo-terminal, and an emulator that shows its screen. Keys go in; waiting
//! means: until new output makes a condition true, and never longer than a minute.

use std::io::{Read as _, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use vt100::Parser;

use crate::kept::Transcript;

/// Longer than anything takes on a busy machine; only a test that fails waits for it.
const DEADLINE: Duration = Duration::from_secs(60);

const COLUMNS: u16 = 80;
const LINES: u16 = 24;

/// A frame is drawn between these (synchronized output): in there the screen is half old.
const FRAME_BEGINS: &[u8] = b"\x1b[?2026h";
const FRAME_ENDS: &[u8] = b"\x1b[?2026l";

/// The program and its screen. It is ended when the handle is dropped.
pub(crate) struct Pty {
    emulator: Parser,
    /// Everything that was written, from the start.
    bytes: Transcript,
    output: Receiver<Vec<u8>>,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    // Open for as long as the program runs: closing it is a hang-up.
    _master: Box<dyn MasterPty + Send>,
}

impl Pty {
    /// Starts a command in a terminal of 80 columns and 24 lines.
    pub(crate) fn start(command: CommandBuilder) -> Self {
        let size = PtySize {
            rows: LINES,
            cols: COLUMNS,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).expect("a pty");
        let child = pair.slave.spawn_command(command).expect("starts");
        // The program alone has that side now, so that its end is the end of the output.
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            emulator: Parser::new(
                LINES.try_into().expect("lines"),
                COLUMNS.try_into().expect("columns"),
                0,
            ),
            bytes: Transcript::default(),
            output,
            keyboard: pair.master.take_writer().expect("a keyboard"),
            child,
            _master: pair.master,
        }
    }

    /// The program itself.
    #[allow(dead_code)] // not in every test target
    pub(crate) fn process_id(&self) -> u32 {
        self.child.process_id().expect("a process")
    }

    /// Sends keys, in order.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("typed");
        self.keyboard.flush().expect("typed");
    }

    /// The screen as text, without blanks at the ends of lines.
    pub(crate) fn text(&self) -> String {
        let contents = self.emulator.screen().contents();
        let lines: Vec<&str> = contents.lines().map(str::trim_end).collect();
        lines.join("\n")
    }

    pub(crate) fn shows(&self, words: &str) -> bool {
        self.text().contains(words)
    }

    /// Everything written so far.
    pub(crate) fn written(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Waits until these words stand on the screen.
    #[track_caller]
    pub(crate) fn until_shows(&mut self, words: &str) {
        self.until(words, |pty| pty.shows(words));
    }

    /// Waits until a condition holds between two frames.
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let give_up = Instant::now() + DEADLINE;
        while self.in_a_frame() || !holds(self) {
            let left = give_up.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(error) => panic!("no {what:?} ({error}); the screen is\n{}", self.text()),
            }
        }
    }

    /// Waits for the end; the exit code.
    #[track_caller]
    pub(crate) fn end(&mut self) -> u32 {
        let give_up = Instant::now() + DEADLINE;
        loop {
            let left = give_up.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(error) => panic!("no end ({error}); the screen is\n{}", self.text()),
            }
        }
        self.child.wait().expect("ends").exit_code()
    }

    fn take(&mut self, bytes: &[u8]) {
        self.emulator.process(bytes);
        self.bytes.add(bytes);
    }

    fn in_a_frame(&self) -> bool {
        let last = |mark: &[u8]| {
            let mut windows = self.bytes.windows(mark.len());
            windows.rposition(|part| part == mark)
        };
        last(FRAME_BEGINS) > last(FRAME_ENDS)
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
