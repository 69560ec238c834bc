//! Where no table is open, a program's terminal is where its person is asked.

use std::fs;

use portable_pty::CommandBuilder;

use crate::agent::{Agent, asking};
use crate::home::{Home, sandbox};
use crate::term::{ENTER, Term};

/// A shell line in the home's terminal; `$VALETKEY` is the program.
fn shell(home: &Home, line: &str) -> Term {
    let program = home.command(&[]).get_argv()[0].clone();
    let mut command: CommandBuilder = home.any("/bin/sh", &["-c", line]);
    command.env("VALETKEY", program);
    Term::start(command, (80, 24))
}

const IN_FRONT: &str = "\"$VALETKEY\" token notes >given; echo ended=$?";
const BEHIND: &str = "set -m; \"$VALETKEY\" token notes >given & wait $!; echo ended=$?";

/// What was given; nothing of it is left in the home.
fn given(home: &Home) -> String {
    let file = home.path("given");
    let text = fs::read_to_string(&file).expect("the shell made it");
    fs::remove_file(file).expect("removed");
    text
}

#[test]
fn y_06_without_a_table_a_person_is_asked_on_the_callers_own_terminal() {
    let sandbox = sandbox();
    // The answer that gives a token, and the one that does not.
    for (policy, choices, no) in [
        ("confirm", "1 this time   2 no:", "2"),
        (
            "confirm-session",
            "1 this time   2 in this terminal session   3 no:",
            "3",
        ),
    ] {
        let home = asking(&sandbox, policy);
        for agent in [false, true] {
            let agent = agent.then(|| Agent::start(&home));
            for (answer, code) in [("1", 0), (no, 5), ("", 5), ("yes", 5)] {
                let mut term = shell(&home, IN_FRONT);
                term.until_shows("wants a token of notes (profile items:read).");
                term.until_shows(choices);
                // Who asks is named: the shell that ran the command.
                assert!(
                    term.line_with("wants").starts_with("sh ("),
                    "{}",
                    term.text()
                );
                term.press(&format!("{answer}{ENTER}"));
                term.until_shows(&format!("ended={code}"));
                let given = given(&home);
                assert_eq!(
                    sandbox.accepts_access(given.trim_end()),
                    code == 0,
                    "{answer:?}"
                );
                assert!(code == 0 || given.is_empty());
                assert!(code == 0 || term.shows("You said no"), "{}", term.text());
                assert_eq!(term.end(), 0);
            }
            drop(agent);
        }
    }
}

#[test]
fn y_06_a_program_in_the_background_is_neither_asked_nor_stopped() {
    let sandbox = sandbox();
    let home = asking(&sandbox, "confirm");
    for agent in [false, true] {
        let agent = agent.then(|| Agent::start(&home));
        let mut term = shell(&home, BEHIND);
        // A stopped job would never get to its end.
        term.until_shows("ended=5");
        assert!(term.shows("nobody can be asked"), "{}", term.text());
        assert!(!term.shows("wants a token"), "{}", term.text());
        assert_eq!(given(&home), "");
        assert_eq!(term.end(), 0);
        drop(agent);
    }
}
