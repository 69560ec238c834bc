//! Seeds, chance and counting.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The seeds of this run: `VALETKEY_SEEDS=from..to`, else the first `few`.
pub(crate) fn seeds(few: u64) -> Range<u64> {
    let Ok(text) = std::env::var("VALETKEY_SEEDS") else {
        return 0..few;
    };
    let range = text.split_once("..").and_then(|(from, to)| {
        let number = |text: &str| text.parse().ok();
        Some(number(from)?..number(to)?)
    });
    range.expect("VALETKEY_SEEDS is not of the form from..to")
}

/// Whether this is a long run by hand.
pub(crate) fn is_campaign() -> bool {
    std::env::var_os("VALETKEY_SEEDS").is_some()
}

/// Worlds that run side by side.
fn shards() -> u64 {
    let text = std::env::var("VALETKEY_SHARDS").unwrap_or_else(|_| "1".to_owned());
    text.parse().expect("VALETKEY_SHARDS is a number")
}

/// Runs a trial for each seed and adds up what they came to. Each shard has a world of its own,
/// which its trials use one after the other.
pub(crate) fn run<W>(
    name: &str,
    few: u64,
    world: impl Fn() -> W + Sync,
    trial: impl Fn(&mut W, &mut Chance) -> Tally + Sync,
) -> Tally {
    let range = seeds(few);
    let next = AtomicU64::new(range.start);
    let began = Instant::now();
    let mut total = Tally::default();
    thread::scope(|scope| {
        let shards: Vec<_> = (0..shards())
            .map(|_| {
                scope.spawn(|| {
                    let mut world = world();
                    let mut sum = Tally::default();
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= range.end {
                            return sum;
                        }
                        let mut one = trial(&mut world, &mut Chance { seed, state: seed });
                        for complaint in &mut one.complaints {
                            complaint.insert_str(0, &format!("seed {seed}: "));
                            // At once: a long run need not end to be known as bad.
                            let _ = writeln!(std::io::stderr(), "{name}: {complaint}");
                        }
                        sum.add(one);
                    }
                })
            })
            .collect();
        for shard in shards {
            total.add(shard.join().expect("a shard panicked"));
        }
    });
    let took = began.elapsed().as_secs();
    let (from, to) = (range.start, range.end);
    let _ = writeln!(
        std::io::stderr(),
        "{name}: seeds {from}..{to} in {took} s\n{total}"
    );
    total
}

/// Random numbers that a seed repeats (splitmix64).
pub(crate) struct Chance {
    seed: u64,
    state: u64,
}

impl Chance {
    /// For a campaign that is one trial.
    pub(crate) fn of(seed: u64) -> Self {
        Self { seed, state: seed }
    }

    /// The seed itself, for trials that go through a list.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    pub(crate) fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        let at = self.below(of.len() as u64);
        of[usize::try_from(at).expect("an index")]
    }

    /// Lets a random time pass: the moment of the fault is what is drawn.
    pub(crate) fn pause(&mut self, most: Duration) {
        let most = u64::try_from(most.as_micros()).expect("short");
        thread::sleep(Duration::from_micros(self.below(most.max(1))));
    }
}

/// What trials came to: counts by name, the longest of some durations, and what must not be.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    counts: BTreeMap<&'static str, u64>,
    longest: BTreeMap<&'static str, Duration>,
    pub(crate) complaints: Vec<String>,
}

impl Tally {
    pub(crate) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub(crate) fn took(&mut self, what: &'static str, span: Duration) {
        let longest = self.longest.entry(what).or_default();
        *longest = span.max(*longest);
    }

    pub(crate) fn complain(&mut self, words: impl Into<String>) {
        self.complaints.push(words.into());
    }

    fn add(&mut self, other: Self) {
        for (what, count) in other.counts {
            *self.counts.entry(what).or_default() += count;
        }
        for (what, span) in other.longest {
            self.took(what, span);
        }
        self.complaints.extend(other.complaints);
    }

    /// Fails the test unless everything went as it must.
    #[track_caller]
    pub(crate) fn is_clean(&self) {
        assert!(self.complaints.is_empty(), "{:#?}", self.complaints);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, count) in &self.counts {
            writeln!(f, "  {count:>7}  {what}")?;
        }
        for (what, span) in &self.longest {
            writeln!(f, "  {:>5} ms  longest: {what}", span.as_millis())?;
        }
        write!(f, "  {:>7}  failures", self.complaints.len())
    }
}
