//! A terminal: a pseudo-terminal with the program in it and an emulator that shows its screen.
//! Waiting means: until new output makes a condition true, and never longer than [`DEADLINE`].

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use rustix::termios::{LocalModes, Termios, tcgetattr};
use vt100::{MouseProtocolMode, Parser, Screen};

use crate::far;
use crate::kept::Transcript;

/// Longer than anything takes on a busy machine; a test that fails waits for it once.
pub(crate) const DEADLINE: Duration = Duration::from_secs(40);

pub(crate) const ENTER: &str = "\r";
pub(crate) const ESC: &str = "\x1b";
pub(crate) const TAB: &str = "\t";
pub(crate) const F1: &str = "\x1bOP";
pub(crate) const CTRL_C: &str = "\x03";
pub(crate) const CTRL_Z: &str = "\x1a";

const FRAME_BEGINS: &[u8] = b"\x1b[?2026h";
const FRAME_ENDS: &[u8] = b"\x1b[?2026l";

enum Event {
    Output(Vec<u8>),
    /// Nothing more can come: every end on the program's side is closed.
    Closed,
    Stopped,
    Exited(u32),
}

pub(crate) struct Term {
    emulator: Parser,
    /// Everything that was written, from the start.
    bytes: Transcript,
    events: Receiver<Event>,
    sender: Sender<Event>,
    keyboard: Box<dyn std::io::Write + Send>,
    master: Box<dyn MasterPty + Send>,
    /// The program's side, held open here so that its modes can be read after the end.
    line: Option<File>,
    modes_before: Termios,
    reader: Option<JoinHandle<()>>,
    let_go: Arc<AtomicBool>,
    exit: Option<u32>,
    pid: Pid,
}

impl Term {
    /// Starts a command in a terminal of `(columns, lines)`.
    pub(crate) fn start(command: CommandBuilder, size: (u16, u16)) -> Self {
        Self::start_at(command, size, None)
    }

    /// As [`Term::start`], at the far end of a line that takes so long each way.
    pub(crate) fn start_far(command: CommandBuilder, size: (u16, u16), delay: Duration) -> Self {
        Self::start_at(command, size, Some(delay))
    }

    fn start_at(command: CommandBuilder, size: (u16, u16), delay: Option<Duration>) -> Self {
        let pair = native_pty_system().openpty(pty_size(size)).expect("a pty");
        let name = pair.master.tty_name().expect("a name");
        let line = File::options()
            .read(true)
            .write(true)
            // It must not become the terminal of the test itself.
            .custom_flags(i32::try_from(rustix::fs::OFlags::NOCTTY.bits()).expect("fits"))
            .open(name)
            .expect("opens");
        let modes_before = tcgetattr(&line).expect("modes");
        let mut child = pair.slave.spawn_command(command).expect("starts");
        let pid = i32::try_from(child.process_id().expect("a process")).expect("fits");
        let (sender, events) = channel();
        let to = sender.clone();
        thread::spawn(move || {
            let status = child.wait().expect("ends");
            to.send(Event::Exited(status.exit_code()))
        });
        let let_go = Arc::new(AtomicBool::new(false));
        let screen = match delay {
            Some(delay) => far::line(delay, sender.clone()),
            None => sender.clone(),
        };
        let reader = read(&*pair.master, screen, let_go.clone());
        let mut keyboard = pair.master.take_writer().expect("a keyboard");
        if let Some(delay) = delay {
            keyboard = Box::new(far::Keyboard::of(keyboard, delay));
        }
        Self {
            emulator: emulator(size),
            bytes: Transcript::default(),
            events,
            sender,
            keyboard,
            master: pair.master,
            line: Some(line),
            modes_before,
            reader: Some(reader),
            let_go,
            exit: None,
            pid: Pid::from_raw(pid).expect("a process"),
        }
    }

    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Presses keys, in order.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("typed");
        self.keyboard.flush().expect("typed");
    }

    /// Pastes as a terminal does it where bracketed paste is on.
    pub(crate) fn paste(&mut self, text: &str) {
        assert!(self.screen().bracketed_paste(), "bracketed paste is on");
        self.press(&format!("\x1b[200~{text}\x1b[201~"));
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).expect("sent");
    }

    pub(crate) fn resize(&mut self, size: (u16, u16)) {
        self.master.resize(pty_size(size)).expect("resized");
        let (columns, lines) = cells(size);
        self.emulator.set_size(lines, columns);
    }

    /// The same while nobody looks: the emulator keeps its size.
    pub(crate) fn resize_unseen(&mut self, size: (u16, u16)) {
        self.master.resize(pty_size(size)).expect("resized");
    }

    /// Throws away what was written meanwhile.
    pub(crate) fn look_away(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            if let Event::Exited(code) = event {
                panic!("it ended with {code}");
            }
        }
    }

    /// Wipes the emulator: only what is drawn from now on can be right.
    pub(crate) fn wipe(&mut self, size: (u16, u16)) {
        self.emulator = emulator(size);
    }

    pub(crate) fn screen(&self) -> &Screen {
        self.emulator.screen()
    }

    /// The screen as text, without blanks at the ends of lines.
    pub(crate) fn text(&self) -> String {
        let contents = self.screen().contents();
        let lines: Vec<&str> = contents.lines().map(str::trim_end).collect();
        lines.join("\n")
    }

    pub(crate) fn shows(&self, words: &str) -> bool {
        self.text().contains(words)
    }

    /// The first line that contains these words.
    pub(crate) fn line_with(&self, words: &str) -> String {
        let text = self.text();
        let line = text.lines().find(|line| line.contains(words));
        line.unwrap_or_else(|| panic!("no {words:?} in\n{text}"))
            .to_owned()
    }

    /// Presses the number in front of a choice, as soon as it is there.
    pub(crate) fn pick(&mut self, words: &str) {
        let number = |term: &Self| {
            let text = term.text();
            text.lines().find_map(|line| {
                let (number, label) = line.trim_start_matches(['▸', '>', ' ']).split_once("  ")?;
                (label.contains(words) && number.parse::<u8>().is_ok()).then(|| number.to_owned())
            })
        };
        self.until(words, |term| number(term).is_some());
        let key = number(self).expect("a number");
        self.press(&key);
    }

    /// Goes to a field and types into it; ends when all of it has arrived.
    pub(crate) fn fill(&mut self, label: &str, text: &str) {
        self.select(label);
        self.press(text);
        self.until(text, |term| term.line_with("▸").contains(text));
    }

    /// Moves from line to line until the selected one contains these words.
    pub(crate) fn select(&mut self, words: &str) {
        self.move_to(words, TAB);
    }

    /// Moves from row to row of the table, from the top, until the selected one contains these words.
    pub(crate) fn select_row(&mut self, words: &str) {
        self.press("g");
        self.until("the first row", |term| {
            let text = term.text();
            text.lines().nth(3).is_some_and(|line| line.contains('▸'))
        });
        self.move_to(words, "j");
    }

    fn move_to(&mut self, words: &str, key: &str) {
        self.until_shows(words);
        loop {
            let selected = |term: &Self| term.line_with("▸");
            let before = selected(self);
            if before.contains(words) {
                return;
            }
            self.press(key);
            self.until(&format!("the line after {before}"), |term| {
                term.shows("▸") && selected(term) != before
            });
        }
    }

    /// Leaves nothing of it for the sweep: it shows a token, as it was told to.
    pub(crate) fn forget(&mut self) {
        self.bytes.forget();
    }

    /// Everything written so far.
    pub(crate) fn written(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Waits until these words stand on the screen.
    pub(crate) fn until_shows(&mut self, words: &str) {
        self.until(words, |term| term.shows(words));
    }

    /// Waits until these words stand on the screen no more.
    pub(crate) fn until_gone(&mut self, words: &str) {
        self.until(&format!("no {words}"), |term| !term.shows(words));
    }

    /// Waits until a condition holds between two frames.
    pub(crate) fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let give_up = Instant::now() + DEADLINE;
        while self.in_a_frame() || !holds(self) {
            match self.next(give_up) {
                Some(Event::Exited(code)) => self.exit = Some(code),
                Some(_) if self.exit.is_none() => {}
                Some(Event::Closed) | None => panic!(
                    "{what:?} never came (exit {:?}); the screen is\n{}",
                    self.exit,
                    self.text()
                ),
                Some(_) => {}
            }
        }
    }

    /// Waits until the program has stopped, as the shell is told it.
    pub(crate) fn until_stopped(&mut self) {
        let (pid, to) = (self.pid, self.sender.clone());
        thread::spawn(move || {
            let told = waitpid(Some(pid), WaitOptions::UNTRACED);
            if told.is_ok_and(|told| told.is_some_and(|(_, status)| status.stopped())) {
                let _ = to.send(Event::Stopped);
            }
        });
        let give_up = Instant::now() + DEADLINE;
        loop {
            match self.next(give_up) {
                Some(Event::Stopped) => return,
                Some(Event::Output(_)) => {}
                _ => panic!("it never stopped; the screen is\n{}", self.text()),
            }
        }
    }

    /// Waits for the end and takes in the last of the output; the exit code.
    pub(crate) fn end(&mut self) -> u32 {
        let give_up = Instant::now() + DEADLINE;
        while self.exit.is_none() {
            match self.next(give_up) {
                Some(Event::Exited(code)) => self.exit = Some(code),
                Some(_) => {}
                None => panic!("it never ended; the screen is\n{}", self.text()),
            }
        }
        self.assert_modes_are_back();
        // Nobody has the line any more: what was written is read to its end.
        self.line = None;
        while !matches!(self.next(give_up), Some(Event::Closed)) {
            assert!(Instant::now() < give_up, "the line never closed");
        }
        self.exit.expect("ended")
    }

    /// Takes the terminal away, as when a window is closed or a network line breaks; the exit code.
    pub(crate) fn lose(mut self) -> u32 {
        self.let_go.store(true, Ordering::SeqCst);
        // Some output, for the reader to notice.
        self.press("\x0c");
        let reader = self.reader.take().expect("reading");
        reader.join().expect("read");
        self.line = None;
        let Self {
            events,
            keyboard,
            master,
            ..
        } = self;
        drop(keyboard);
        drop(master);
        let give_up = Instant::now() + DEADLINE;
        loop {
            let left = give_up.saturating_duration_since(Instant::now());
            if let Event::Exited(code) = events.recv_timeout(left).expect("it ends") {
                return code;
            }
        }
    }

    /// Frames drawn so far.
    pub(crate) fn frames(&self) -> usize {
        let windows = self.bytes.windows(FRAME_ENDS.len());
        windows.filter(|part| *part == FRAME_ENDS).count()
    }

    /// Whether some frame was drawn since so many bytes were written whose lowest line is this one, counted
    /// from 1.
    pub(crate) fn has_drawn_down_to(&self, line: u16, since: usize) -> bool {
        let written = String::from_utf8_lossy(&self.bytes[since..]);
        let ends = String::from_utf8_lossy(FRAME_ENDS);
        let mut frames: Vec<&str> = written.split(ends.as_ref()).collect();
        // What follows the last end is no whole frame.
        frames.pop();
        let lowest = |frame: &str| {
            let lines = frame.split("\x1b[").filter_map(|part| {
                let (at, _) = part.split_once('H')?;
                let (line, column) = at.split_once(';')?;
                column.parse::<u16>().ok().and(line.parse::<u16>().ok())
            });
            lines.max()
        };
        frames.into_iter().any(|frame| lowest(frame) == Some(line))
    }

    /// What scrolled off the screen, and the screen.
    pub(crate) fn scrollback(&mut self) -> String {
        let screen = self.emulator.screen_mut();
        screen.set_scrollback(usize::MAX);
        let above = screen.contents();
        screen.set_scrollback(0);
        format!("{above}\n{}", self.text())
    }

    /// Whether typed characters are shown by the terminal itself.
    pub(crate) fn echoes(&self) -> bool {
        self.modes().local_modes.contains(LocalModes::ECHO)
    }

    pub(crate) fn is_raw(&self) -> bool {
        !self.modes().local_modes.contains(LocalModes::ICANON)
    }

    /// The line's modes are as they were before the start.
    pub(crate) fn assert_modes_are_back(&self) {
        let (now, before) = (self.modes(), &self.modes_before);
        assert_eq!(now.local_modes, before.local_modes, "local modes");
        assert_eq!(now.input_modes, before.input_modes, "input modes");
        assert_eq!(now.output_modes, before.output_modes, "output modes");
        assert_eq!(now.control_modes, before.control_modes, "control modes");
    }

    /// The emulator is as a shell wants it, and nothing is left of what was drawn.
    pub(crate) fn assert_screen_is_back(&self) {
        let screen = self.screen();
        assert!(!screen.alternate_screen(), "still on the alternate screen");
        assert!(!screen.hide_cursor(), "the cursor is hidden");
        assert!(!screen.bracketed_paste(), "bracketed paste is on");
        assert_eq!(screen.mouse_protocol_mode(), MouseProtocolMode::None);
        assert!(!self.in_a_frame(), "a frame was left open");
    }

    fn modes(&self) -> Termios {
        tcgetattr(self.line.as_ref().expect("still open")).expect("modes")
    }

    /// In the middle of a frame the screen is half old and half new.
    fn in_a_frame(&self) -> bool {
        let last = |mark: &[u8]| {
            self.bytes
                .windows(mark.len())
                .rposition(|part| part == mark)
        };
        last(FRAME_BEGINS) > last(FRAME_ENDS)
    }

    fn next(&mut self, give_up: Instant) -> Option<Event> {
        let left = give_up.saturating_duration_since(Instant::now());
        let event = self.events.recv_timeout(left).ok()?;
        if let Event::Output(bytes) = &event {
            self.emulator.process(bytes);
            self.bytes.add(bytes);
        }
        Some(event)
    }

    /// Takes in what was written already, without waiting; how many bytes were ever written.
    pub(crate) fn written_so_far(&mut self) -> usize {
        while self.next(Instant::now()).is_some() {}
        self.bytes.len()
    }
}

fn read(master: &dyn MasterPty, to: Sender<Event>, let_go: Arc<AtomicBool>) -> JoinHandle<()> {
    let mut from = master.try_clone_reader().expect("a reader");
    thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if let_go.load(Ordering::SeqCst)
                || to.send(Event::Output(buffer[..count].to_vec())).is_err()
            {
                return;
            }
        }
        let _ = to.send(Event::Closed);
    })
}

fn emulator(size: (u16, u16)) -> Parser {
    let (columns, lines) = cells(size);
    Parser::new(lines, columns, 10_000)
}

fn cells((columns, lines): (u16, u16)) -> (NonZeroU16, NonZeroU16) {
    let cells = |count| NonZeroU16::new(count).expect("not empty");
    (cells(columns), cells(lines))
}

fn pty_size((cols, rows): (u16, u16)) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}
