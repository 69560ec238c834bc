//! Stopped and brought back, under a shell too, and the terminal lost (FT-32). Timers go on as if nothing
//! had been.
//!
//!     VALETKEY_SEEDS=0..200 cargo test --all-features --test terminal -- --nocapture ft_32

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::campaign::{Chance, Tally, run};
use crate::home::{Home, sandbox};
use crate::kept::Provider;
use crate::term::{CTRL_C, CTRL_Z, ENTER, Term};

/// How long a sign-in waits, in seconds.
const PATIENCE: u64 = 600;

struct Place {
    sandbox: Provider,
    home: Home,
}

impl Place {
    fn new() -> Self {
        let sandbox = sandbox();
        let home = Home::new().with_idle_browser();
        home.add(&sandbox, "notes");
        Self { sandbox, home }
    }

    fn table(&self) -> Term {
        let mut term = self.home.start(&[]);
        term.until_shows("! needs sign-in");
        term
    }
}

/// Stops it, for as long as is drawn and so many milliseconds at least, and brings it back.
fn stopped_for(least: u64, term: &mut Term, chance: &mut Chance) -> Instant {
    if chance.below(2) == 0 {
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
    // The time that must not be lost is what this is about.
    thread::sleep(Duration::from_millis(least + chance.below(2_000)));
    let continued = Instant::now();
    term.signal(Signal::CONT);
    continued
}

fn leave(term: &mut Term, tally: &mut Tally) {
    term.press("q");
    if term.end() != 0 {
        tally.complain("it did not end well");
    }
    term.assert_screen_is_back();
}

fn of_the_table(place: &Place, chance: &mut Chance) -> Tally {
    let mut tally = Tally::default();
    let mut term = place.table();
    let before = term.text();
    for _ in 0..=chance.below(3) {
        stopped_for(0, &mut term, chance);
        term.until("the table again", |term| term.text() == before);
        if !term.is_raw() || !term.screen().bracketed_paste() {
            tally.complain("it has the screen without its modes");
        }
        tally.count("stops of the table");
    }
    leave(&mut term, &mut tally);
    tally
}

/// Seconds that a sign-in has waited, and those that are left.
fn clocks(term: &Term) -> (u64, u64) {
    let line = term.line_with("Waiting for your approval");
    let seconds = |word: &str| {
        let (minutes, seconds) = word.split_once(':')?;
        Some(60 * minutes.parse::<u64>().ok()? + seconds.parse::<u64>().ok()?)
    };
    let mut found = line.split_whitespace().filter_map(seconds);
    (found.next().expect("waited"), found.next().expect("left"))
}

fn of_a_sign_in(place: &Place, chance: &mut Chance) -> Tally {
    let mut tally = Tally::default();
    let mut term = place.table();
    let pressed = Instant::now();
    term.press("u");
    term.until_shows("● Waiting for your approval");
    let seen = Instant::now();
    // Long enough that a clock which stood still meanwhile is seen.
    let continued = stopped_for(2_100, &mut term, chance);
    term.until("the sign-in again", |term| {
        term.screen().alternate_screen() && term.shows("● Waiting for your approval")
    });
    let (waited, left) = clocks(&term);
    let read = Instant::now();
    // It began between the key and its being seen; both clocks are cut to seconds.
    let least = (continued - seen).as_secs().saturating_sub(1);
    let most = (read - pressed).as_secs() + 1;
    if !(least..=most).contains(&waited) {
        tally.complain(format!("{waited} s waited, {least} to {most} went by"));
    }
    let begun = (seen - pressed).as_secs() + 1;
    if !(PATIENCE - begun..=PATIENCE + 1).contains(&(waited + left)) {
        tally.complain(format!("{waited} s waited and {left} s left"));
    }
    term.until("the next second", |term| clocks(term).0 > waited);
    term.press(CTRL_C);
    term.pick("Stop it and quit");
    if term.end() != 0 {
        tally.complain("it did not end well");
    }
    term.assert_screen_is_back();
    tally.count("stops of a sign-in");
    tally
}

fn of_a_job(place: &Place, chance: &mut Chance) -> Tally {
    let mut tally = Tally::default();
    let mut term = Term::start(place.home.any("/bin/sh", &["-i"]), (80, 24));
    let program = env!("CARGO_BIN_EXE_valetkey");
    // Split words: what the shell echoes while they are typed does not match.
    term.press(&format!("{program}; echo co''de=$?{ENTER}"));
    term.until_shows("! needs sign-in");
    for round in 0..=chance.below(3) {
        term.press(CTRL_Z);
        term.until("the shell", |term| {
            !term.screen().alternate_screen() && term.shows("Stopped")
        });
        term.press(&format!("clear; echo sh''ell-{round}{ENTER}"));
        term.until("the shell works", |term| {
            term.shows(&format!("shell-{round}")) && !term.shows("Stopped")
        });
        term.press(&format!("fg; echo en''d=$?{ENTER}"));
        term.until_shows("! needs sign-in");
        tally.count("stops of a job");
    }
    term.press("q");
    term.until("the shell", |term| {
        !term.screen().alternate_screen() && term.shows("end=0")
    });
    term.assert_screen_is_back();
    term.press(&format!("exit{ENTER}"));
    if term.end() != 0 {
        tally.complain("the shell did not end well");
    }
    tally
}

fn of_a_lost_line(place: &Place, chance: &mut Chance) -> Tally {
    let mut tally = Tally::default();
    let mut term = place.table();
    match chance.below(3) {
        0 => {}
        1 => {
            term.press("u");
            term.until_shows("● Waiting for your approval");
        }
        _ => {
            stopped_for(0, &mut term, chance);
            term.until_shows("! needs sign-in");
        }
    }
    let code = term.lose();
    if ![1, 129].contains(&code) {
        tally.complain(format!("it ended with {code}"));
    }
    let (code, list, told) = place.home.run(&["list"]);
    if code != Some(0) || !list.contains("notes") {
        tally.complain(format!("the vault took harm: {list}{told}"));
    }
    // What was cut off is asked about at the next start; here it is forgotten.
    let mut term = place.home.start(&[]);
    term.until("the table, or the question", |term| {
        term.shows("! needs sign-in") || term.shows("was interrupted")
    });
    if term.shows("was interrupted") {
        tally.count("sign-ins cut off, and asked about");
        term.pick("Forget it");
        term.until_shows("! needs sign-in");
    }
    leave(&mut term, &mut tally);
    tally.count("lines lost");
    tally
}

#[test]
fn ft_32_stopped_continued_or_cut_off_the_screen_and_the_timers_are_right() {
    let tally = run("FT-32", 8, Place::new, |place, chance| {
        let tally = match chance.seed() % 4 {
            0 => of_the_table(place, chance),
            1 => of_a_sign_in(place, chance),
            2 => of_a_job(place, chance),
            _ => of_a_lost_line(place, chance),
        };
        assert!(place.sandbox.requests_to("/token").is_empty());
        tally
    });
    tally.is_clean();
}
