//! Any size, and any number of changes (conformance W-11).

use crate::home::{Home, sandbox};
use crate::term::{ESC, F1, Term};

const SIZES: [(u16, u16); 14] = [
    (1, 1),
    (200, 60),
    (2, 2),
    (20, 5),
    (1, 60),
    (200, 1),
    (19, 4),
    (40, 12),
    (110, 30),
    (21, 5),
    (59, 11),
    (120, 40),
    (3, 200),
    (500, 3),
];

/// Each size once with a frame of its own, then all of them at once.
fn storm(term: &mut Term) {
    let before = term.text();
    for size in SIZES {
        let frames = term.frames();
        term.resize(size);
        term.until(&format!("a frame of {size:?}"), |term| {
            term.frames() > frames
        });
    }
    for _ in 0..5 {
        for size in SIZES {
            term.resize(size);
        }
    }
    term.resize((80, 24));
    term.until("the same screen as before", |term| term.text() == before);
}

#[test]
fn w_11_the_table_survives_a_storm_of_sizes() {
    let sandbox = sandbox();
    let home = Home::new();
    for name in ["notes", "a-rather-long-name-of-a-connection", "third"] {
        home.add(&sandbox, name);
    }
    let mut term = home.start(&[]);
    term.until_shows("3 connections");
    storm(&mut term);
    term.press("q");
    assert_eq!(term.end(), 0);
    term.assert_screen_is_back();
}

#[test]
fn w_11_the_wizard_survives_a_storm_of_sizes_and_keeps_what_was_typed() {
    let home = Home::new();
    let mut term = home.start(&["add"]);
    term.until_shows("Step 1 of 7");
    term.press("git");
    term.until_shows("▏git");
    storm(&mut term);
    term.press("hub\r");
    term.until_shows("Step 2 of 7");
    storm(&mut term);
    term.select("Go on");
    term.press("\r");
    term.until_shows("Step 3 of 7");
    storm(&mut term);
    term.press(F1);
    term.until_shows("Keys: Forms");
    storm(&mut term);
    term.press(ESC);
    term.until_shows("Step 3 of 7");
    term.press("\x03");
    assert_eq!(term.end(), 0);
}

#[test]
fn w_11_a_terminal_too_small_says_what_it_needs() {
    let home = Home::new();
    let mut term = Term::start(home.command(&[]), (19, 6));
    term.until_shows("needs 20");
    term.resize((20, 5));
    term.until_shows("a  connect");
    term.press("q");
    assert_eq!(term.end(), 0);
}
