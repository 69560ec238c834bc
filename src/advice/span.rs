//! Spans of time as people say them.

use crate::model::Seconds;

/// "10 minutes", "45 s": spans as people say them.
pub fn span(seconds: Seconds) -> String {
    match seconds.0 {
        s if s % 3600 == 0 && s > 0 => plural(s / 3600, "hour"),
        s if s % 60 == 0 && s > 0 => plural(s / 60, "minute"),
        s => format!("{s} s"),
    }
}

fn plural(count: u64, unit: &str) -> String {
    if count == 1 {
        format!("1 {unit}")
    } else {
        format!("{count} {unit}s")
    }
}
