//! Wall-clock times and spans, in whole seconds.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A span in whole seconds, never negative.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Seconds(pub u64);

/// A moment: seconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UnixTime(pub i64);

impl UnixTime {
    /// This moment plus a span; stays at the end of time instead of wrapping.
    #[must_use]
    pub fn plus(self, span: Seconds) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(span.0).unwrap_or(i64::MAX)),
        )
    }

    /// Seconds from `earlier` to this moment; zero when it lies after.
    pub fn since(self, earlier: UnixTime) -> Seconds {
        Seconds(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// RFC 3339 in UTC (`2026-11-23T16:26:20Z`); the nearest moment jiff knows when out of range.
    pub fn rfc3339(self) -> String {
        Timestamp::from_second(self.0)
            .unwrap_or(if self.0 < 0 {
                Timestamp::MIN
            } else {
                Timestamp::MAX
            })
            .to_string()
    }

    /// Takes what [`Self::rfc3339`] wrote; `None` when it is no such time.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let time: Timestamp = text.parse().ok()?;
        Some(Self(time.as_second()))
    }
}

/// One start of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootId(String);

impl BootId {
    /// Takes the kernel's own form (a UUID); `None` when it is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
        (text.len() == 36 && text.bytes().all(fits)).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Seconds since one start of the machine, sleep included. Only readings of the same start can be
/// compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uptime {
    pub boot: BootId,
    pub seconds: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i_03_absurd_lifetimes_do_not_overflow() {
        let end = UnixTime(1_000).plus(Seconds(u64::MAX));
        assert_eq!(end, UnixTime(i64::MAX));
        assert!(end.rfc3339().starts_with("9999-"));
        assert_eq!(UnixTime(5).since(UnixTime(9)), Seconds(0));
    }

    #[test]
    fn x_08_a_time_that_was_written_is_read_again() {
        let time = UnixTime(1_800_000_000);
        assert_eq!(UnixTime::from_rfc3339(&time.rfc3339()), Some(time));
        assert_eq!(UnixTime::from_rfc3339("yesterday"), None);
    }
}
