//! Spans as people write them: `90`, `15m`, `8h`, `2d`.

use super::Seconds;

/// Nobody means more.
const LONGEST: u64 = 366 * 24 * 3600;

/// A number of seconds, or of minutes, hours or days with the unit's letter.
pub fn span(text: &str) -> Result<Seconds, String> {
    let wrong = || "a number of seconds, or one with s, m, h or d: 90, 15m, 8h, 2d".to_owned();
    let (number, unit) = match text.char_indices().next_back() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3600),
        Some((at, 'd')) => (&text[..at], 24 * 3600),
        _ => (text, 1),
    };
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let seconds = number.parse::<u64>().ok().and_then(|n| n.checked_mul(unit));
    match seconds {
        Some(0) => Err("more than nothing".to_owned()),
        Some(seconds) if seconds <= LONGEST => Ok(Seconds(seconds)),
        _ => Err("at most a year".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("90", 90),
            ("90s", 90),
            ("15m", 900),
            ("8h", 28_800),
            ("2d", 172_800),
        ] {
            assert_eq!(span(text), Ok(Seconds(seconds)), "{text}");
        }
        for text in [
            "",
            "m",
            "-1",
            "+1",
            "1.5h",
            "8 h",
            "8H",
            "0",
            "0m",
            "99999d",
            "99999999999999999999",
        ] {
            assert!(span(text).is_err(), "{text}");
        }
    }
}
