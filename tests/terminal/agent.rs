//! An open table answers what the agent asks, and a table that is gone is not asked.

use std::thread;
use std::time::Instant;

use rustix::process::Signal;
use serde_json::Value;

use crate::carry::signed_in;
use crate::home::{Home, sandbox};
use crate::term::{CTRL_Z, DEADLINE, ENTER, Term};

const ANSWER: &str = "\x14";

/// A running agent; it ends with this.
pub(crate) struct Agent<'h>(&'h Home);

impl<'h> Agent<'h> {
    pub(crate) fn start(home: &'h Home) -> Self {
        let (code, _, told) = home.run(&["agent", "start"]);
        assert_eq!(code, Some(0), "{told}");
        Self(home)
    }

    /// Waits until so many tables are connected; whoever looks is one more.
    pub(crate) fn until_heard_by(&self, tables: u64) {
        let end = Instant::now() + DEADLINE;
        loop {
            let (code, status, told) = self.0.run(&["agent", "status", "--json"]);
            assert_eq!(code, Some(0), "{told}");
            let status: Value = serde_json::from_str(&status).expect("JSON");
            if status["clients"] == tables + 1 {
                return;
            }
            assert!(Instant::now() < end, "never {tables} tables: {status}");
            thread::yield_now();
        }
    }
}

impl Drop for Agent<'_> {
    fn drop(&mut self) {
        self.0.run(&["agent", "stop"]);
    }
}

/// A home with a signed-in connection that asks first.
pub(crate) fn asking(sandbox: &valetkey::sandbox::SandboxThread, policy: &str) -> Home {
    let home = signed_in(sandbox);
    let (code, _, told) = home.run(&["edit", "notes", &format!("policy={policy}")]);
    assert_eq!(code, Some(0), "{told}");
    home
}

/// The last choice; a session is offered only to a caller that has a terminal.
fn until_no_is_chosen(term: &mut Term) {
    term.until("No", |term| {
        ["▸ 2  No", "▸ 3  No"]
            .iter()
            .any(|choice| term.shows(choice))
    });
}

/// What `token` ends with while a person presses these keys in the table.
fn answered(home: &Home, term: &mut Term, keys: &str) -> (Option<i32>, String, String) {
    thread::scope(|scope| {
        let asked = scope.spawn(|| home.run(&["token", "notes"]));
        term.until_shows("wants a token of notes (profile");
        assert!(term.shows("● ctrl-t answers: terminal-"), "{}", term.text());
        // Nothing but the key for it opens the question.
        term.press("1");
        term.press(ANSWER);
        until_no_is_chosen(term);
        term.press(keys);
        asked.join().expect("ends")
    })
}

#[test]
fn y_06_an_open_table_answers_for_a_program_that_wants_a_token() {
    let sandbox = sandbox();
    let home = asking(&sandbox, "confirm");
    let agent = Agent::start(&home);
    let mut term = home.start(&[]);
    term.until_shows("○ untested");
    agent.until_heard_by(1);

    let (code, token, told) = answered(&home, &mut term, "1");
    assert_eq!((code, &*told), (Some(0), ""), "{}", term.text());
    assert!(sandbox.accepts_access(token.trim_end()), "a token");
    term.until_shows("may have a token of notes this time.");
    // Each time anew; and no means no.
    let (code, token, told) = answered(&home, &mut term, ENTER);
    assert_eq!((code, token.as_str()), (Some(5), ""));
    assert!(told.contains("You said no"), "{told}");
    term.until_shows("gets no token of notes.");

    // A table that is gone is not asked: the caller is told at once.
    term.press("q");
    assert_eq!(term.end(), 0);
    agent.until_heard_by(0);
    let (code, _, told) = home.run(&["token", "notes"]);
    assert_eq!(code, Some(5), "{told}");
    assert!(told.contains("nobody can be asked"), "{told}");
}

#[test]
fn y_06_a_table_hears_an_agent_that_starts_later_and_the_next_one() {
    let sandbox = sandbox();
    let home = asking(&sandbox, "confirm-session");
    let mut term = home.start(&[]);
    term.until_shows("○ untested");
    for keys in ["1", ENTER] {
        let agent = Agent::start(&home);
        agent.until_heard_by(1);
        let (code, _, told) = answered(&home, &mut term, keys);
        assert_eq!(code, Some(if keys == "1" { 0 } else { 5 }), "{told}");
        term.until_gone("wants a token");
    }
    // One that ends takes its open question with it.
    let agent = Agent::start(&home);
    agent.until_heard_by(1);
    thread::scope(|scope| {
        let asked = scope.spawn(|| home.run(&["token", "notes"]));
        term.until_shows("ctrl-t answers");
        term.press(ANSWER);
        until_no_is_chosen(&mut term);
        drop(agent);
        term.until_shows("does not wait any more");
        assert!(!term.shows("ctrl-t"), "{}", term.text());
        let (code, token, _) = asked.join().expect("ends");
        assert!(code != Some(0) && token.is_empty());
    });
    term.press("q");
    assert_eq!(term.end(), 0);
}

#[test]
#[cfg(target_os = "linux")]
fn y_06_in_practice_no_agent_is_heard() {
    let sandbox = sandbox();
    let home = asking(&sandbox, "confirm");
    let agent = Agent::start(&home);
    let mut demo = home.start(&["demo"]);
    demo.until_shows("No connections yet.");
    // A table that becomes practice hangs up, too.
    let mut term = home.start(&[]);
    term.until_shows("○ untested");
    agent.until_heard_by(1);
    let (code, _, told) = home.run(&["remove", "notes", "--forget"]);
    assert_eq!(code, Some(0), "{told}");
    term.until_shows("No connections yet.");
    term.press("p");
    term.until_shows("This is practice");
    agent.until_heard_by(0);
    demo.press("q");
    assert_eq!(demo.end(), 0);
    // Practice that was begun in the table leads back there, where the agent is heard again.
    term.press("q");
    term.until_shows("Practice is over; nothing of it was kept.");
    term.until_shows("practise first");
    agent.until_heard_by(1);
    term.press("q");
    assert_eq!(term.end(), 0);
}

#[test]
fn y_06_a_suspended_table_is_not_asked_until_it_goes_on() {
    let sandbox = sandbox();
    let home = asking(&sandbox, "confirm");
    let agent = Agent::start(&home);
    let mut term = home.start(&[]);
    term.until_shows("○ untested");
    agent.until_heard_by(1);

    thread::scope(|scope| {
        // A question that waits goes with the table that showed it.
        let asked = scope.spawn(|| home.run(&["token", "notes"]));
        term.until_shows("wants a token of notes");
        term.press(CTRL_Z);
        term.until_stopped();
        term.until("the screen of before", |term| {
            !term.screen().alternate_screen()
        });
        let (code, token, told) = asked.join().expect("ends");
        assert_eq!((code, token.as_str()), (Some(5), ""));
        assert!(told.contains("nobody can be asked"), "{told}");
    });
    agent.until_heard_by(0);
    let (code, _, told) = home.run(&["token", "notes"]);
    assert_eq!(code, Some(5), "{told}");
    assert!(told.contains("nobody can be asked"), "{told}");

    term.signal(Signal::CONT);
    term.until_shows("○ untested");
    assert!(!term.shows("wants a token"), "{}", term.text());
    agent.until_heard_by(1);
    let (code, _, told) = answered(&home, &mut term, "1");
    assert_eq!((code, told.as_str()), (Some(0), ""));
    term.press("q");
    assert_eq!(term.end(), 0);
}

#[test]
fn y_05_the_table_says_why_it_asks_for_the_passphrase_beside_an_open_agent() {
    let sandbox = sandbox();
    let home = signed_in(&sandbox);
    let _agent = Agent::start(&home);
    let mut command = home.command(&[]);
    command.env_remove("VALETKEY_PASSPHRASE_FILE");
    let mut term = Term::start(command, (80, 24));
    term.until_shows("○ untested");
    term.press("t");
    term.until_shows("Unlock the vault");
    let why = "The open agent gives out tokens, never the key: this needs the passphrase.";
    assert!(term.shows(why), "{}", term.text());
}
