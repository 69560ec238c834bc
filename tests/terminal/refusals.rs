//! Where no screen can be drawn, the program says so and names what works.

use crate::home::{Home, sandbox};
use crate::term::Term;

const SENTENCE: &str = "the table cannot be drawn";

#[test]
fn w_11_without_a_terminal_it_refuses_and_names_commands() {
    let (code, out, told) = Home::new().run(&[]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(told.contains(SENTENCE) && told.contains("list"), "{told}");
    let (code, out, told) = Home::new().run(&["demo"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(told.contains(SENTENCE), "{told}");
}

#[test]
fn w_11_output_into_a_pipe_is_no_terminal() {
    let home = Home::new();
    let line = format!("{} | cat; echo over", env!("CARGO_BIN_EXE_valetkey"));
    let mut term = Term::start(home.any("/bin/sh", &["-c", &line]), (80, 24));
    assert_eq!(term.end(), 0);
    assert!(
        term.shows(SENTENCE) && term.shows("over"),
        "{}",
        term.text()
    );
    assert!(!term.written().contains('\x1b'), "no control sequence");
}

#[test]
fn w_11_ft_29_a_terminal_that_cannot_move_its_cursor_gets_lines() {
    let home = Home::new().set("TERM", "dumb");
    home.add(&sandbox(), "notes");
    for (arguments, shown) in [
        (&["demo"][..], "a connect the practice provider"),
        (&[], "1 notes"),
        (&["add"], "Service:"),
    ] {
        let mut term = home.start(arguments);
        term.until_shows(shown);
        term.press("\x04");
        term.end();
        assert!(!term.written().contains('\x1b'), "no control sequence");
    }
}

#[test]
fn the_vault_is_not_made_by_looking_at_the_table() {
    let home = Home::new();
    let mut term = home.start(&[]);
    term.until_shows("No connections yet.");
    term.press("q");
    assert_eq!(term.end(), 0);
    assert!(!home.path("data").join("vault.db").exists());
}
