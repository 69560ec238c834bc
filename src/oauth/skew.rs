//! How far this machine's clock and a provider's are apart, by the `Date` header of an answer
//! (RFC 9110 section 6.6.1; conformance J-12).

use http::header::DATE;
use jiff::fmt::rfc2822::DateTimeParser;
use serde::{Deserialize, Serialize};

use super::HttpResponse;
use crate::model::{Seconds, UnixTime};

/// Up to here two clocks agree: answers travel, and the header counts whole seconds.
const TOLERANCE: i64 = 120;

/// Seconds by which this machine's clock is ahead of the provider's; negative when it is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skew(i64);

impl Skew {
    pub fn between(here: UnixTime, there: UnixTime) -> Self {
        Self(here.0.saturating_sub(there.0))
    }

    /// Whether it is large enough to make things fail.
    pub fn matters(self) -> bool {
        self.0.saturating_abs() > TOLERANCE
    }

    /// Whether this machine's clock is the later one.
    pub fn is_ahead(self) -> bool {
        self.0 > 0
    }

    pub fn size(self) -> Seconds {
        Seconds(self.0.unsigned_abs())
    }
}

/// What the answer's `Date` tells at the moment it came in; `None` when it has none that can be read.
pub fn skew_of(answer: &HttpResponse, now: UnixTime) -> Option<Skew> {
    let text = answer.headers().get(DATE)?.to_str().ok()?;
    let there = DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
    Some(Skew::between(now, UnixTime(there.as_second())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skew(date: &str, now: i64) -> Option<Skew> {
        let answer = http::Response::builder().header(DATE, date);
        let answer = answer.body(Vec::new()).expect("an answer");
        skew_of(&answer, UnixTime(now))
    }

    #[test]
    fn j_12_the_date_header_tells_how_far_the_clocks_are_apart() {
        const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
        const THERE: i64 = 784_111_777;
        let at = |now| skew(DATE, now).expect("a date");
        assert!(!at(THERE + 120).matters());
        assert!(!at(THERE - 120).matters());
        let ahead = at(THERE + 121);
        assert!(ahead.matters() && ahead.is_ahead());
        let behind = at(THERE - 420);
        assert!(behind.matters() && !behind.is_ahead());
        assert_eq!(behind.size(), Seconds(420));
        assert!(at(i64::MIN).matters() && at(i64::MAX).matters());
    }

    #[test]
    fn j_12_a_date_that_cannot_be_read_tells_nothing() {
        for text in [
            "",
            "now",
            "0",
            "Sun, 06 Nov 1994",
            "Sun, 99 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(skew(text, 0), None, "{text:?}");
        }
        let none = http::Response::new(Vec::new());
        assert_eq!(skew_of(&none, UnixTime(0)), None);
    }
}
