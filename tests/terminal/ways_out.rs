//! Every way out gives the terminal back (conformance W-07, W-12).

use rustix::process::Signal;

use crate::home::{Home, sandbox};
use crate::kept::Provider;
use crate::term::{CTRL_C, CTRL_Z, ENTER, Term};

/// The table with one row.
fn table() -> (Home, Provider, Term) {
    let sandbox = sandbox();
    let home = Home::new().with_idle_browser();
    home.add(&sandbox, "notes");
    let mut term = home.start(&[]);
    term.until_shows("! needs sign-in");
    assert!(term.screen().alternate_screen() && term.screen().bracketed_paste());
    assert!(term.is_raw(), "the program has the keys");
    (home, sandbox, term)
}

/// A sign-in that waits for the browser, and the port where it listens.
fn waiting() -> (Home, Provider, Term, Listener) {
    let (home, sandbox, mut term) = table();
    term.press("u");
    term.until_shows("● Waiting for your approval");
    let line = term.line_with("Ready for the answer");
    let (_, port) = line.trim().rsplit_once(':').expect("an address");
    let port = port.parse().expect("a port");
    let listener = Listener::at(port).expect("listens");
    (home, sandbox, term, listener)
}

fn assert_left(mut term: Term, code: u32) {
    assert_eq!(term.end(), code);
    term.assert_screen_is_back();
    assert_eq!(term.scrollback().trim(), "", "nothing drawn is left");
    let written = term.written();
    let (before, _) = written.rsplit_once("\x1b[?1049l").expect("it left");
    assert!(before.ends_with("\x1b[2J"), "wiped before it was left");
    // The alternate screen, mouse reports and their form, focus reports, bracketed paste.
    for mode in [1049, 1000, 1006, 1004, 2004] {
        let on = written.rfind(&format!("\x1b[?{mode}h"));
        let off = written.rfind(&format!("\x1b[?{mode}l"));
        assert!(on.is_some() && on < off, "mode {mode} was left on");
    }
}

/// A listening socket. Known by its number and not by its port, which another program may get as
/// soon as it is free.
#[derive(PartialEq)]
struct Listener {
    port: u16,
    inode: String,
}

impl Listener {
    /// Whoever listens at a port of 127.0.0.1 (proc(5), `/proc/net/tcp`).
    fn at(port: u16) -> Option<Self> {
        let table = std::fs::read_to_string("/proc/net/tcp").expect("a table");
        let address = format!("0100007F:{port:04X}");
        table.lines().find_map(|line| {
            let columns: Vec<_> = line.split_whitespace().collect();
            let listens = columns[1] == address && columns[3] == "0A";
            listens.then(|| Self {
                port,
                inode: columns[9].to_owned(),
            })
        })
    }

    fn assert_closed(self) {
        let now = Self::at(self.port);
        assert!(now != Some(self), "somebody still listens");
    }
}

#[test]
fn reports_of_the_focus_are_no_keys() {
    let (_home, _sandbox, mut term) = table();
    term.press("/no");
    term.until_shows("/ no");
    term.press("\x1b[O\x1b[I");
    term.press("te");
    term.until_shows("/ note");
    term.press("\x1b");
    term.until_gone("/ note");
    term.press("\x1b[O\x1b[Iq");
    assert_left(term, 0);
}

#[test]
fn w_07_w_12_q_and_ctrl_c_leave_the_table() {
    for key in ["q", CTRL_C] {
        let (_home, _sandbox, mut term) = table();
        term.press(key);
        assert_left(term, 0);
    }
}

#[test]
fn w_12_signals_leave_with_the_code_a_shell_gives_them() {
    for (signal, code) in [
        (Signal::TERM, 143),
        (Signal::HUP, 129),
        (Signal::INT, 130),
        (Signal::QUIT, 131),
    ] {
        let (_home, _sandbox, term) = table();
        term.signal(signal);
        assert_left(term, code);
    }
}

#[test]
fn w_12_leaving_while_a_sign_in_waits_asks_once_and_stops_it() {
    let (_home, _sandbox, mut term, listener) = waiting();
    term.press(CTRL_C);
    term.until_shows("Stop it and quit");
    term.press("1");
    term.until_shows("Waiting for your approval");
    term.press(CTRL_C);
    term.pick("Stop it and quit");
    assert_left(term, 0);
    listener.assert_closed();
}

#[test]
fn w_12_a_signal_while_a_sign_in_waits_leaves_no_listener() {
    let (_home, _sandbox, term, listener) = waiting();
    term.signal(Signal::TERM);
    assert_left(term, 143);
    listener.assert_closed();
}

#[test]
fn w_12_a_lost_terminal_ends_the_program_and_its_listener() {
    let (home, sandbox, term, listener) = waiting();
    let code = term.lose();
    assert!([1, 129].contains(&code), "ended with {code}");
    listener.assert_closed();
    // The vault took no harm.
    let (code, list, _) = home.run(&["list"]);
    assert_eq!(code, Some(0), "{list}");
    assert!(list.contains("notes"), "{list}");
    assert!(sandbox.requests_to("/token").is_empty());
}

#[test]
fn w_12_a_stopped_program_gives_the_terminal_back_and_takes_it_again() {
    let (_home, _sandbox, mut term) = table();
    let before = term.text();
    for by_key in [true, false] {
        if by_key {
            term.press(CTRL_Z);
        } else {
            term.signal(Signal::TSTP);
        }
        term.until_stopped();
        term.until("the screen of before", |term| {
            !term.screen().alternate_screen()
        });
        term.assert_modes_are_back();
        term.assert_screen_is_back();
        term.signal(Signal::CONT);
        term.until("the table again", |term| term.text() == before);
        assert!(term.screen().alternate_screen() && term.screen().bracketed_paste());
        assert!(term.is_raw());
    }
    // The keys work, and each once.
    term.press("?");
    term.until_shows("Keys: Connections");
    term.press("\x1b");
    term.until("the table again", |term| term.text() == before);
    term.press("q");
    assert_left(term, 0);
}

#[test]
fn w_12_a_shell_stops_it_and_brings_it_back() {
    let home = Home::new();
    let mut term = Term::start(home.any("/bin/sh", &["-i"]), (80, 24));
    let program = env!("CARGO_BIN_EXE_valetkey");
    // Split words: what the shell echoes while they are typed does not match.
    term.press(&format!(
        "echo be''fore; {program} demo; echo co''de=$?{ENTER}"
    ));
    term.until_shows("No connections yet.");
    term.press(CTRL_Z);
    term.until("the shell", |term| {
        !term.screen().alternate_screen() && term.shows("before") && term.shows("Stopped")
    });
    assert!(!term.shows("No connections yet."));
    term.press(&format!("echo sh''ell{ENTER}"));
    term.until_shows("shell");
    term.press(&format!("fg; echo en''d=$?{ENTER}"));
    term.until_shows("No connections yet.");
    term.press("q");
    term.until("the shell", |term| {
        !term.screen().alternate_screen() && term.shows("end=0")
    });
    assert!(term.shows("before"), "the shell's own lines are there");
    term.assert_screen_is_back();
    term.press(&format!("exit{ENTER}"));
    assert_eq!(term.end(), 0);
}
