//! A revocation that waits: the provider did not hear it, so the token is taken to be alive
//! (conformance L-04).

use super::{Connection, Problem, Seconds, UnixTime, WaitingId};

/// What the provider has not been told yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub id: WaitingId,
    /// The definition as it was, without its sign-in. The connection may be edited or gone by now.
    pub of: Connection,
    pub since: UnixTime,
    /// How often it was told in vain.
    pub tries: u32,
    pub next: NextTry,
    /// Why it waits: not reached, or refused.
    pub problem: Problem,
}

/// When it is to be told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextTry {
    pub at: UnixTime,
    /// The provider asked for this pause (`Retry-After`), so a person's wish does not cut it short.
    pub asked: bool,
}

/// Pauses between tries, the last of them again and again.
const PAUSES: [Seconds; 5] = [
    Seconds(60),
    Seconds(5 * 60),
    Seconds(15 * 60),
    Seconds(60 * 60),
    Seconds(6 * 60 * 60),
];

/// A provider that asks for more is asked again after this all the same.
const LONGEST: Seconds = Seconds(7 * 24 * 60 * 60);

impl NextTry {
    /// After so many tries, the last one now.
    pub fn after(tries: u32, asked: Option<Seconds>, now: UnixTime) -> Self {
        let at = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
        let pause = PAUSES[at.min(PAUSES.len() - 1)];
        match asked {
            Some(asked) if asked > Seconds(0) => Self {
                at: now.plus(asked.min(LONGEST)),
                asked: true,
            },
            _ => Self {
                at: now.plus(pause),
                asked: false,
            },
        }
    }

    /// Whether it is time, for a program that tells it on the way.
    pub fn is_due(self, now: UnixTime) -> bool {
        self.at <= now
    }

    /// Whether it may be told now because a person wants it.
    pub fn may_be_now(self, now: UnixTime) -> bool {
        !self.asked || self.is_due(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime(1_000);

    #[test]
    fn l_04_pauses_grow_and_stay() {
        let pause = |tries| NextTry::after(tries, None, NOW).at.since(NOW).0;
        let pauses: Vec<u64> = (1..=7).map(pause).collect();
        assert_eq!(pauses, [60, 300, 900, 3_600, 21_600, 21_600, 21_600]);
        assert_eq!(pause(u32::MAX), 21_600);
    }

    #[test]
    fn l_04_what_the_provider_asks_for_is_kept_even_from_a_person() {
        let asked = NextTry::after(4, Some(Seconds(120)), NOW);
        assert_eq!(asked.at, NOW.plus(Seconds(120)));
        assert!(!asked.may_be_now(NOW) && asked.may_be_now(asked.at));
        assert!(!asked.is_due(NOW));
        let ours = NextTry::after(1, None, NOW);
        assert!(ours.may_be_now(NOW) && !ours.is_due(NOW));
        let forever = NextTry::after(1, Some(Seconds(u64::MAX)), NOW);
        assert_eq!(forever.at, NOW.plus(LONGEST));
        assert!(!NextTry::after(1, Some(Seconds(0)), NOW).asked);
    }
}
