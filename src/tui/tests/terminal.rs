//! The loop in a real pseudo-terminal: whatever ends it, the terminal is as it was (conformance
//! V-08). The face runs in a second process of this very test program.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use vt100::{MouseProtocolMode, Parser};

use super::backend::FakeBackend;
use super::example::{NOW, rows, setup};
use crate::tui::backend::{Backend, Replies};
use crate::tui::{Ended, Look, Request, Setup, run};

/// Set in the second process.
const CHILD: &str = "VALETKEY_TEST_FACE";
/// A hung child fails the test instead of blocking it for ever; nothing is measured with it.
const STUCK: Duration = Duration::from_secs(20);

/// Panics on a test read: on the thread that owns the terminal.
struct Fragile(FakeBackend);

impl Backend for Fragile {
    fn subscribe(&mut self, changes: Replies) {
        self.0.subscribe(changes);
    }

    fn perform(&mut self, request: Request, replies: &Replies) {
        assert!(!matches!(request, Request::Test(_)), "broken on purpose");
        if let Request::Refresh(_) = request {
            // Another thread's panic must not touch the screen.
            let other = std::thread::spawn(|| panic!("elsewhere on purpose"));
            let _ = other.join();
        }
        self.0.perform(request, replies);
    }
}

/// Only does something in the second process.
#[test]
fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("runtime");
    let mut backend = Fragile(FakeBackend::new(rows()));
    let look = Look {
        colour: false,
        ascii: false,
        ..Look::default()
    };
    let ended = runtime
        .block_on(run(&mut backend, Setup { look, ..setup() }, &|| NOW))
        .expect("ran");
    let mut out = std::io::stdout();
    let word = match ended {
        Ended::Quit => "quit".to_owned(),
        Ended::Back => "back".to_owned(),
        Ended::Signal(number) => format!("signal {number}"),
        other => format!("{other:?}"),
    };
    let _ = writeln!(out, "ENDED {word} {}", backend.0.asked.join(","));
}

struct Face {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    bytes: Receiver<Vec<u8>>,
    screen: Parser,
    raw: Vec<u8>,
}

impl Face {
    fn start() -> Self {
        let size = PtySize {
            rows: 24,
            cols: 80,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).expect("pty");
        let mut command = CommandBuilder::new(std::env::current_exe().expect("this program"));
        command.args([
            "--exact",
            "tui::tests::terminal::child",
            "--nocapture",
            "--test-threads=1",
        ]);
        command.env(CHILD, "1");
        command.env("TERM", "xterm-256color");
        command.env("RUST_BACKTRACE", "0");
        let child = pair.slave.spawn_command(command).expect("started");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("reader");
        let (sender, bytes) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let size = |n| NonZeroU16::new(n).expect("not zero");
        let keys = pair.master.take_writer().expect("writer");
        let screen = Parser::new(size(24), size(80), 100);
        Self {
            child,
            master: pair.master,
            keys,
            bytes,
            screen,
            raw: Vec::new(),
        }
    }

    /// Reads until the screen is as wanted.
    fn until(&mut self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
        while !wanted(self.screen.screen()) {
            match self.bytes.recv_timeout(STUCK) {
                Ok(bytes) => {
                    self.screen.process(&bytes);
                    self.raw.extend(bytes);
                }
                Err(why) => panic!("{why}: {what}\n{}", self.screen.screen().contents()),
            }
        }
    }

    fn until_drawn(&mut self) {
        self.until("the table", |screen| {
            screen.alternate_screen() && screen.contents().contains("acme-okta")
        });
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("written");
        self.keys.flush().expect("flushed");
    }

    fn pid(&self) -> Pid {
        let pid = i32::try_from(self.child.process_id().expect("pid")).expect("small");
        Pid::from_raw(pid).expect("pid")
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("sent");
    }

    /// Waits, as a shell does, until the child has stopped: only then a continuation counts.
    fn until_stopped(&self) {
        let (_, status) = waitpid(Some(self.pid()), WaitOptions::UNTRACED)
            .expect("waited")
            .expect("status");
        assert!(status.stopped(), "{status:?}");
    }

    /// The names of the terminal's local flags.
    fn line_mode(&self) -> String {
        format!(
            "{:?}",
            self.master.get_termios().expect("termios").local_flags
        )
    }

    /// Reads to the end and checks that nothing of the face is left behind.
    fn restored(&mut self) -> String {
        loop {
            match self.bytes.recv_timeout(STUCK) {
                Ok(bytes) => {
                    self.screen.process(&bytes);
                    self.raw.extend(bytes);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it goes on and on"),
            }
        }
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen(), "alternate screen");
        assert!(!screen.bracketed_paste(), "bracketed paste");
        assert_eq!(
            screen.mouse_protocol_mode(),
            MouseProtocolMode::None,
            "mouse"
        );
        assert!(!screen.hide_cursor(), "cursor");
        assert!(self.line_mode().contains("ICANON"), "raw mode");
        let text = screen.contents();
        assert!(
            !text.contains("acme-okta"),
            "something of the screen stayed: {text}"
        );
        text
    }
}

impl Drop for Face {
    fn drop(&mut self) {
        // A failed test must not leave its child behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn v_08_quitting_restores_the_terminal() {
    let mut face = Face::start();
    face.until_drawn();
    assert!(!face.line_mode().contains("ICANON"));
    assert!(face.screen.screen().bracketed_paste());
    assert_ne!(
        face.screen.screen().mouse_protocol_mode(),
        MouseProtocolMode::None
    );
    face.press("q");
    assert!(face.restored().contains("ENDED quit load-rows"));
}

#[test]
fn v_08_signals_restore_the_terminal() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
        let mut face = Face::start();
        face.until_drawn();
        face.signal(signal);
        let text = face.restored();
        assert!(
            text.contains(&format!("ENDED signal {}", signal.as_raw())),
            "{text}"
        );
    }
}

#[test]
fn v_08_z_10_a_running_sign_in_is_interrupted_by_a_signal() {
    let mut face = Face::start();
    face.until_drawn();
    face.press("jju");
    face.until("the sign-in", |screen| {
        screen.contents().contains("Waiting for your approval")
    });
    face.signal(Signal::TERM);
    let text = face.restored();
    assert!(
        text.contains("sign-in") && text.contains("interrupt"),
        "{text}"
    );
}

#[test]
fn v_08_a_panic_restores_the_terminal_before_its_message() {
    let mut face = Face::start();
    face.until_drawn();
    face.press("jt");
    let text = face.restored();
    assert!(text.contains("broken on purpose"), "{text}");
}

#[test]
fn v_08_a_panic_elsewhere_leaves_the_screen_alone() {
    let mut face = Face::start();
    face.until_drawn();
    face.press("jjr");
    face.until("the notice", |screen| {
        screen.contents().contains("fresh access token")
    });
    assert!(!face.screen.screen().contents().contains("elsewhere"));
    face.press("q");
    face.restored();
}

#[test]
fn v_08_suspending_gives_the_terminal_back_and_takes_it_again() {
    let mut face = Face::start();
    face.until_drawn();
    face.press("\u{1a}");
    face.until("the shell's screen", |screen| !screen.alternate_screen());
    assert!(!face.screen.screen().bracketed_paste());
    face.until_stopped();
    assert!(face.line_mode().contains("ICANON"));
    face.signal(Signal::CONT);
    face.until_drawn();
    assert!(face.screen.screen().bracketed_paste());
    face.press("q");
    face.restored();
}

#[test]
fn w_08_a_copy_goes_to_the_terminal_and_nothing_is_read_from_it() {
    let mut face = Face::start();
    face.until_drawn();
    face.press("c");
    face.until("the notice", |screen| {
        screen.contents().contains("sent to your terminal")
    });
    face.press("q");
    face.restored();
    let raw = String::from_utf8_lossy(&face.raw).into_owned();
    // `acme-okta` in base64.
    assert!(raw.contains("]52;c;YWNtZS1va3Rh"), "{raw:?}");
    assert!(
        !raw.contains(";?") && !raw.contains("\u{1b}[6n"),
        "the terminal was asked something"
    );
}

#[test]
fn w_11_a_resize_storm_ends_in_the_right_picture() {
    let mut face = Face::start();
    face.until_drawn();
    for (rows, cols) in [(5, 20), (1, 1), (50, 200), (24, 80), (10, 40), (24, 80)] {
        face.master
            .resize(PtySize {
                rows,
                cols,
                pixel_width: 0,
                pixel_height: 0,
            })
            .expect("resized");
    }
    face.press("jn");
    face.until("the picture", |screen| {
        screen.contents().contains("Rename github")
    });
    face.press("\u{3}");
    face.restored();
}
