//! `exec` at a terminal: the program takes our place, or we stop, go on and end with it.

use valetkey::sandbox::SandboxThread;

use crate::home::{Home, sandbox};
use crate::term::{CTRL_C, CTRL_Z, Term};

const PROGRAM: &str = env!("CARGO_BIN_EXE_valetkey");

fn signed_in(sandbox: &SandboxThread) -> Home {
    let (home, pages) = Home::new().with_browser();
    home.add(sandbox, "notes");
    let mut term = home.start(&["login", "notes"]);
    let page = pages.next();
    sandbox
        .visit(&mut sandbox.browser(), &page)
        .expect("approved");
    assert_eq!(term.end(), 0);
    home
}

/// Whether a line of the screen is just this; what was typed is longer.
fn says(term: &mut Term, line: &str) {
    term.until(line, |term| {
        let text = term.text();
        // The terminal itself shows the interrupt key.
        text.lines()
            .any(|shown| shown.trim_start_matches("^C") == line)
    });
}

#[test]
fn y_15_at_a_terminal_the_program_takes_our_place() {
    let sandbox = sandbox();
    let home = signed_in(&sandbox);
    let script = "test -t 0 && test -t 1 && test -t 2 && echo all three; echo number $$; exit 5";
    let mut term = home.start(&["exec", "notes", "--", "sh", "-c", script]);
    let number = format!("number {}", term.pid());
    says(&mut term, "all three");
    says(&mut term, &number);
    assert_eq!(term.end(), 5);
}

#[test]
fn y_10_the_helpers_print_no_token_on_a_screen() {
    let sandbox = sandbox();
    let home = signed_in(&sandbox);
    for arguments in [
        &["kube-credential", "notes"][..],
        &["git-credential", "get"],
    ] {
        let mut term = home.start(arguments);
        assert_eq!(term.end(), 2);
        assert!(
            term.shows("Refusing to print a token on a screen"),
            "{}",
            term.text()
        );
    }
}

#[test]
fn y_15_a_typed_interrupt_comes_once() {
    let sandbox = sandbox();
    let home = signed_in(&sandbox);
    // Its output goes to a file, so it runs beside us; what it says to the screen is for the test.
    let line = format!(
        "exec {PROGRAM} exec notes -- sh -c '
n=0; trap \"n=\\$((n+1)); echo interrupt \\$n >&2\" INT
echo begun >&2; read a; read a; echo end $n >&2; exit 9' >{}",
        home.path("output").display()
    );
    let mut term = Term::start(home.any("/bin/sh", &["-c", &line]), (80, 24));
    says(&mut term, "begun");
    term.press(CTRL_C);
    says(&mut term, "interrupt 1");
    term.press("x\ry\r");
    says(&mut term, "end 1");
    assert_eq!(term.end(), 9);
}

#[test]
fn y_15_the_stop_key_stops_both_and_both_go_on() {
    let sandbox = sandbox();
    let home = signed_in(&sandbox).set("PS1", "prompt> ");
    let command = home.any("/bin/bash", &["--norc", "--noprofile", "-i"]);
    let mut term = Term::start(command, (120, 24));
    term.until_shows("prompt>");
    // A signal that is trapped ends a `read`.
    let script = "trap \"echo on >&2\" CONT; echo begun >&2; until read x; do :; done; echo got $x >&2; exit 3";
    let output = home.path("output");
    term.press(&format!(
        "{PROGRAM} exec notes -- sh -c '{script}' >{}; echo code $?\r",
        output.display()
    ));
    says(&mut term, "begun");
    term.press(CTRL_Z);
    term.until_shows("Stopped");
    term.press("fg\r");
    says(&mut term, "on");
    term.press("it\r");
    says(&mut term, "got it");
    term.press("exit 0\r");
    assert_eq!(term.end(), 0);
}
