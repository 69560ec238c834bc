//! The clocks, behind a trait so that stories can be told at any hour.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::model::{BootId, Seconds, UnixTime, Uptime};

/// Tells the time of day, which people and networks set, and the time since the machine started,
/// which nobody sets (conformance J-11). Spans inside a running attempt are measured by the
/// runtime's own timer.
pub trait Clock: Send + Sync {
    fn now(&self) -> UnixTime;

    /// Counts on while the machine sleeps; `None` where the system does not tell.
    fn uptime(&self) -> Option<Uptime>;
}

/// The machine's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        let seconds = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
        };
        UnixTime(seconds)
    }

    #[cfg(target_os = "linux")]
    fn uptime(&self) -> Option<Uptime> {
        use std::sync::OnceLock;

        use rustix::time::{ClockId, clock_gettime};

        // No process outlives the start of the machine it began in.
        static BOOT: OnceLock<Option<BootId>> = OnceLock::new();
        let read = || {
            let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
            BootId::parse(boot.trim_end())
        };
        Some(Uptime {
            boot: BOOT.get_or_init(read).clone()?,
            seconds: clock_gettime(ClockId::Boottime).tv_sec,
        })
    }

    /// Without the identity of a start its counter cannot be compared with one that was noted.
    #[cfg(not(target_os = "linux"))]
    fn uptime(&self) -> Option<Uptime> {
        None
    }
}

/// Clocks that stand still until they are told otherwise.
#[derive(Debug)]
pub struct ManualClock {
    now: AtomicI64,
    up: AtomicI64,
    starts: AtomicU32,
}

impl ManualClock {
    pub fn at(now: UnixTime) -> Self {
        Self {
            now: AtomicI64::new(now.0),
            up: AtomicI64::new(1_000),
            starts: AtomicU32::new(1),
        }
    }

    /// Time passes.
    pub fn advance(&self, span: Seconds) {
        let later = self.now().plus(span);
        self.set(later);
        let span = i64::try_from(span.0).unwrap_or(i64::MAX);
        self.up.fetch_add(span, Ordering::SeqCst);
    }

    /// Somebody sets the time of day; it may also go back, as real clocks do.
    pub fn set(&self, now: UnixTime) {
        self.now.store(now.0, Ordering::SeqCst);
    }

    /// The machine starts anew.
    pub fn reboot(&self) {
        self.starts.fetch_add(1, Ordering::SeqCst);
        self.up.store(10, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixTime {
        UnixTime(self.now.load(Ordering::SeqCst))
    }

    fn uptime(&self) -> Option<Uptime> {
        let start = self.starts.load(Ordering::SeqCst);
        Some(Uptime {
            boot: BootId::parse(&format!("{start:08x}-0000-4000-8000-000000000000"))?,
            seconds: self.up.load(Ordering::SeqCst),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn j_11_the_machine_tells_which_start_it_counts_from() {
        let (first, second) = (SystemClock.uptime(), SystemClock.uptime());
        let (first, second) = (first.expect("an uptime"), second.expect("an uptime"));
        assert_eq!(first.boot, second.boot);
        assert!(first.seconds > 0 && first.seconds <= second.seconds);
    }

    #[test]
    fn j_11_setting_the_time_of_day_does_not_move_the_other_clock() {
        let clock = ManualClock::at(UnixTime(1_000_000));
        let before = clock.uptime().expect("one");
        clock.set(UnixTime(0));
        assert_eq!(clock.uptime(), Some(before.clone()));
        clock.advance(Seconds(5));
        assert_eq!(clock.uptime().expect("one").seconds, before.seconds + 5);
        clock.reboot();
        assert_ne!(clock.uptime().expect("one").boot, before.boot);
    }
}
