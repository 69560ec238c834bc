//! A window that is dragged without end (FT-28): a thousand sizes a second, from 1x1 to 500x200.
//!
//!     VALETKEY_SEEDS=0..100 VALETKEY_STORM_SECONDS=60 cargo test --all-features --test terminal -- --nocapture ft_28

use std::thread;
use std::time::{Duration, Instant};

use crate::campaign::{Chance, Tally, run};
use crate::home::{Home, sandbox};
use crate::kept::Provider;
use crate::term::{ENTER, ESC, Term};

const WIDEST: u64 = 500;
const HIGHEST: u64 = 200;
const BETWEEN: Duration = Duration::from_millis(1);
/// Sizes in a storm of the suite.
const FEW: u64 = 300;

/// Where a storm may end.
const ENDS: [(u16, u16); 7] = [
    (80, 24),
    (120, 40),
    (60, 20),
    (40, 12),
    (20, 5),
    (19, 4),
    (200, 60),
];

/// A screen: the keys that lead there from the table, what it shows, and the keys back.
const SCREENS: [(&str, &str, &str); 4] = [
    ("", "3 connections", ""),
    ("agit", "▏git", ESC),
    (ENTER, "Redirect URL", ESC),
    ("/no", "/ no", ESC),
];

fn sizes() -> u64 {
    let seconds = std::env::var("VALETKEY_STORM_SECONDS").ok();
    let seconds = seconds.map(|text| text.parse::<u64>().expect("a number"));
    seconds.map_or(FEW, |seconds| seconds * 1_000)
}

struct Open {
    _sandbox: Provider,
    home: Home,
    term: Term,
}

impl Open {
    fn new() -> Self {
        let sandbox = sandbox();
        let home = Home::new();
        for name in ["notes", "a-rather-long-name-of-a-connection", "third"] {
            home.add(&sandbox, name);
        }
        let mut term = home.start(&[]);
        term.until_shows("3 connections");
        Self {
            _sandbox: sandbox,
            home,
            term,
        }
    }

    /// The screen at a size, come to in peace. Frames of the size before may still be on their way: the last
    /// line, where the keys stand, tells which one it is of, and the size in between that no other has it.
    fn at(&mut self, size: (u16, u16)) -> String {
        for size in [(size.0, size.1 + 1), size] {
            let before = self.term.written_so_far();
            self.term.resize(size);
            let drawn = |term: &Term| {
                if size.0 < 20 || size.1 < 5 {
                    term.text().starts_with("Valetkey needs")
                } else {
                    term.has_drawn_down_to(size.1, before)
                }
            };
            self.term.until("a frame of this size", drawn);
        }
        self.term.text()
    }

    /// Sizes as fast as a window manager tells them, none of them looked at.
    fn storm(&mut self, chance: &mut Chance) {
        let began = Instant::now();
        for number in 0..sizes() {
            let mut small = |most| u16::try_from(1 + chance.below(most)).expect("small");
            let size = (small(WIDEST), small(HIGHEST));
            self.term.resize_unseen(size);
            if number % 64 == 0 {
                self.term.look_away();
            }
            let due = began + BETWEEN * u32::try_from(number).expect("few");
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        // Another size than any end, so that the end is a change.
        self.term.resize_unseen((1, 1));
        self.term.look_away();
    }
}

#[test]
fn ft_28_after_a_storm_of_sizes_the_last_frame_is_right() {
    let tally = run("FT-28", 4, Open::new, |open, chance| {
        let mut tally = Tally::default();
        let at = usize::try_from(chance.seed()).expect("an index") % SCREENS.len();
        let (keys, shows, back) = SCREENS[at];
        open.term.press(keys);
        open.term.until_shows(shows);
        let end = chance.one_of(&ENDS);
        let meant = open.at(end);
        open.storm(chance);
        open.term.wipe(end);
        assert_ne!(open.term.text(), meant);
        let began = Instant::now();
        open.term.resize(end);
        open.term
            .until(&format!("the screen at {end:?}:\n{meant}\n"), |term| {
                term.text() == meant
            });
        tally.took("until the last frame was right", began.elapsed());
        tally.count("storms");
        open.at((80, 24));
        open.term.press(back);
        open.term.until_shows("3 connections");
        if open.home.path("state/crash").exists() {
            tally.complain("a fault was noted");
        }
        tally
    });
    tally.is_clean();
}
