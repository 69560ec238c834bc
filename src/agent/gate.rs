//! Whether the agent is open, since when and for how long (conformance Y-07, Y-08). Times are seconds
//! of the clock that nobody sets and that counts sleep.

use crate::engine::wait_after;
use crate::model::{Seconds, Serving};

/// The state of the lock. It holds no key.
pub(super) struct Gate {
    opened_at: Option<i64>,
    by_person: bool,
    /// Wrong keys in a row.
    wrong: u32,
    not_before: i64,
    lifetime: Option<Seconds>,
}

impl Gate {
    /// Closed. `lifetime`: how long it stays open each time.
    pub(super) fn new(lifetime: Option<Seconds>) -> Self {
        Self {
            opened_at: None,
            by_person: false,
            wrong: 0,
            not_before: i64::MIN,
            lifetime,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.opened_at.is_some()
    }

    /// A person locked it, and only a person opens it again.
    pub(super) fn is_locked_by_person(&self) -> bool {
        self.by_person
    }

    pub(super) fn open(&mut self, now: i64) {
        self.opened_at = Some(now);
        self.by_person = false;
        self.wrong = 0;
    }

    pub(super) fn close(&mut self, by_person: bool) {
        self.opened_at = None;
        self.by_person |= by_person;
    }

    /// When its lifetime is over.
    pub(super) fn closes_at(&self) -> Option<i64> {
        end(self.opened_at?, self.lifetime?)
    }

    /// Whether its lifetime is over.
    pub(super) fn is_over(&self, now: i64) -> bool {
        self.closes_at().is_some_and(|end| end <= now)
    }

    /// Whether a connection is still served that may be served only so long after unlocking.
    pub(super) fn serves(&self, serving: &Serving, now: i64) -> bool {
        let limit = serving.lifetime;
        let over = |opened_at, limit| end(opened_at, limit).is_some_and(|end| end <= now);
        match (self.opened_at, limit) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(opened_at), Some(limit)) => !over(opened_at, limit),
        }
    }

    /// How long until a key may be tried.
    ///
    /// # Errors
    /// The time that is left.
    pub(super) fn may_try(&self, now: i64) -> Result<(), Seconds> {
        match u64::try_from(self.not_before.saturating_sub(now)) {
            Ok(left @ 1..) => Err(Seconds(left)),
            _ => Ok(()),
        }
    }

    /// A key did not fit; the next one waits longer each time, up to ten seconds.
    pub(super) fn wrong(&mut self, now: i64) {
        self.wrong = self.wrong.saturating_add(1);
        let wait = i64::try_from(wait_after(self.wrong).0).unwrap_or(i64::MAX);
        self.not_before = now.saturating_add(wait);
    }
}

fn end(opened_at: i64, span: Seconds) -> Option<i64> {
    opened_at.checked_add(i64::try_from(span.0).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serving(lifetime: u64) -> Serving {
        Serving {
            lifetime: Some(Seconds(lifetime)),
            ..Serving::default()
        }
    }

    #[test]
    fn y_07_each_wrong_key_waits_longer_up_to_ten_seconds() {
        let mut gate = Gate::new(None);
        let mut now = 100;
        for wait in [1, 2, 4, 8, 10, 10] {
            assert_eq!(gate.may_try(now), Ok(()));
            gate.wrong(now);
            assert_eq!(gate.may_try(now), Err(Seconds(wait)));
            now += i64::try_from(wait).expect("small");
        }
        gate.open(now);
        gate.close(true);
        gate.wrong(now);
        assert_eq!(
            gate.may_try(now),
            Err(Seconds(1)),
            "the right key began anew"
        );
    }

    #[test]
    fn y_07_what_a_person_locked_stays_told_until_it_is_opened() {
        let mut gate = Gate::new(None);
        assert!(!gate.is_open() && !gate.is_locked_by_person());
        gate.open(5);
        assert!(gate.is_open());
        gate.close(true);
        gate.close(false);
        assert!(!gate.is_open() && gate.is_locked_by_person());
        gate.open(6);
        assert!(gate.is_open() && !gate.is_locked_by_person());
    }

    #[test]
    fn y_08_lifetimes_count_from_unlocking() {
        let mut gate = Gate::new(Some(Seconds(60)));
        assert!(!gate.serves(&Serving::default(), 0) && !gate.is_over(1_000));
        gate.open(1_000);
        assert!(gate.serves(&serving(10), 1_009));
        assert!(!gate.serves(&serving(10), 1_010));
        assert!(gate.serves(&Serving::default(), 1_059));
        assert!(!gate.is_over(1_059) && gate.is_over(1_060));
        gate.open(1_050);
        assert!(gate.serves(&serving(10), 1_059) && !gate.is_over(1_060));
        assert!(
            gate.serves(&serving(u64::MAX), i64::MAX),
            "an absurd one does not wrap"
        );
    }
}
