//! Without colours and without Unicode (conformance W-10, W-11).

use crate::home::{Home, sandbox};
use crate::term::{ENTER, ESC, Term};

/// Every number of every `CSI … m`.
pub(crate) fn attributes(written: &str) -> Vec<u16> {
    let mut all = Vec::new();
    for part in written.split("\x1b[").skip(1) {
        let end = part.find(|c: char| !(c.is_ascii_digit() || c == ';' || c == ':'));
        let Some(end) = end.filter(|end| part[*end..].starts_with('m')) else {
            continue;
        };
        all.extend(
            part[..end]
                .split([';', ':'])
                .filter_map(|n| n.parse::<u16>().ok()),
        );
    }
    all
}

/// Sets a colour; 39, 49 and 59 ask for none.
pub(crate) fn is_colour(attribute: u16) -> bool {
    matches!(attribute, 30..=38 | 40..=48 | 58 | 90..=97 | 100..=107)
}

/// Through some screens and out.
fn tour(home: &Home) -> Term {
    let sandbox = sandbox();
    home.add(&sandbox, "notes");
    home.add(&sandbox, "other");
    let mut term = home.start(&[]);
    term.until_shows("2 connections");
    for (key, words) in [
        ("?", "Keys: Connections"),
        (ESC, "2 connections"),
        (ENTER, "Redirect URL"),
        (ESC, "2 connections"),
        ("a", "Step 1 of 7"),
        (ESC, "2 connections"),
        ("x", "Revoke or delete"),
        (ESC, "2 connections"),
    ] {
        term.press(key);
        term.until_shows(words);
    }
    term
}

/// Whether the selected row of the table stands out by reverse video.
pub(crate) fn selection_stands_out(term: &Term) -> bool {
    let text = term.text();
    let row = text.lines().position(|line| line.contains("notes"));
    let row = u16::try_from(row.expect("the row")).expect("fits");
    let is_reverse = |row: u16| {
        let cell = term.screen().cell(row, 5).expect("a cell");
        cell.inverse()
    };
    is_reverse(row) && !is_reverse(row + 1)
}

#[test]
fn w_10_no_color_means_no_colour_and_the_selection_still_stands_out() {
    let mut term = tour(&Home::new().set("NO_COLOR", "1"));
    assert!(selection_stands_out(&term), "{}", term.text());
    term.press("q");
    assert_eq!(term.end(), 0);
    let colours: Vec<u16> = attributes(&term.written())
        .into_iter()
        .filter(|attribute| is_colour(*attribute))
        .collect();
    assert_eq!(colours, [0_u16; 0]);
}

#[test]
fn w_10_otherwise_only_the_sixteen_colours_of_the_terminal() {
    let mut term = tour(&Home::new());
    assert!(selection_stands_out(&term), "{}", term.text());
    term.press("q");
    assert_eq!(term.end(), 0);
    let attributes = attributes(&term.written());
    assert!(attributes.iter().any(|attribute| is_colour(*attribute)));
    assert!(
        !attributes
            .windows(2)
            .any(|two| two == [38, 2] || two == [48, 2])
    );
}

#[test]
fn w_11_a_locale_without_unicode_gets_ascii_alone() {
    let home = Home::new().set("LANG", "C").with_idle_browser();
    let mut term = home.start(&["demo"]);
    term.until_shows("> a  connect");
    term.press("a");
    term.until_shows("Step 1 of 7");
    term.press(ENTER);
    for step in 2..=5 {
        term.until_shows(&format!("Step {step} of 7"));
        term.press(ENTER);
    }
    term.until_shows("* Waiting for your approval");
    term.pick("approve here");
    term.until_shows("[x] items:write");
    term.pick("Approve");
    term.until_shows("+ Connected as Ada Practice.");
    term.press(ENTER);
    term.until_shows("+ connected");
    term.press(ENTER);
    term.until_shows("Access token");
    term.press("?");
    term.until_shows("Keys: Details");
    term.press("\x03");
    assert_eq!(term.end(), 0);
    let other: String = term.written().chars().filter(|c| !c.is_ascii()).collect();
    assert_eq!(other, "");
}
