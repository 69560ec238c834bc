//! Measuring, cutting and wrapping text by terminal cells, and times as people say them.

use std::fmt::Display;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::model::{Seconds, UnixTime};

/// With its first letter large.
pub(super) fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// The words of an error of `model` as a sentence.
pub(super) fn sentence(problem: &impl Display) -> String {
    format!("{}.", capitalised(&problem.to_string()))
}

/// Width in cells.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// The longest beginning that fits into `cells`.
fn head(text: &str, cells: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > cells {
            return &text[..at];
        }
    }
    text
}

/// The longest end that fits into `cells`.
fn tail(text: &str, cells: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices().rev() {
        used += c.width().unwrap_or(0);
        if used > cells {
            return &text[at + c.len_utf8()..];
        }
    }
    text
}

/// Cuts in the middle, so that both ends of a name or an address stay readable.
pub(super) fn cut_middle(text: &str, cells: usize, dots: &str) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    let dots_width = width(dots);
    if cells <= dots_width {
        return head(text, cells).to_owned();
    }
    let room = cells - dots_width;
    let front = room.div_ceil(2);
    format!("{}{dots}{}", head(text, front), tail(text, room - front))
}

/// Cuts at the end.
pub(super) fn cut_end(text: &str, cells: usize, dots: &str) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    let dots_width = width(dots);
    if cells <= dots_width {
        return head(text, cells).to_owned();
    }
    format!("{}{dots}", head(text, cells - dots_width))
}

/// Pads with spaces to `cells`, cutting in the middle when it is longer.
pub(super) fn fit(text: &str, cells: usize, dots: &str) -> String {
    let mut out = cut_middle(text, cells, dots);
    let missing = cells.saturating_sub(width(&out));
    out.extend(std::iter::repeat_n(' ', missing));
    out
}

/// Breaks at spaces into lines of at most `cells`; a word that is longer is broken hard.
pub(super) fn wrap(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let mut word = word;
        loop {
            let gap = usize::from(!line.is_empty());
            if width(&line) + gap + width(word) <= cells {
                if gap == 1 {
                    line.push(' ');
                }
                line.push_str(word);
                break;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                continue;
            }
            let part = head(word, cells);
            if part.is_empty() {
                // A character wider than the column: dropped rather than looped over for ever.
                break;
            }
            lines.push(part.to_owned());
            word = &word[part.len()..];
        }
    }
    lines.push(line);
    lines
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// From here on a span is no more than "long".
const DECADE: u64 = 3650 * DAY;

/// A span as a person says it: `42 min`, `3 h`, `5 days`.
pub(super) fn span(seconds: Seconds) -> String {
    match seconds.0 {
        0..MINUTE => "1 min".to_owned(),
        s @ MINUTE..HOUR => format!("{} min", s / MINUTE),
        s @ HOUR..DAY => format!("{} h", s / HOUR),
        DECADE.. => "over 10 years".to_owned(),
        s => match s / DAY {
            1 => "1 day".to_owned(),
            days => format!("{days} days"),
        },
    }
}

/// A time left as a person says it, by the nearest minute: a token of an hour that has just come
/// reads `1 h`.
pub(super) fn left(seconds: Seconds) -> String {
    span(Seconds(nearest_minute(seconds) * MINUTE))
}

/// Whether nobody counts the days any more.
pub(super) fn is_long(left: Seconds) -> bool {
    left.0 >= DECADE - MINUTE / 2
}

fn nearest_minute(seconds: Seconds) -> u64 {
    (seconds.0 + MINUTE / 2) / MINUTE
}

/// Seconds until [`left`] reads differently, or until nothing is left.
pub(super) fn left_changes_in(left: Seconds) -> Seconds {
    if is_long(left) {
        return Seconds(left.0 - (DECADE - MINUTE / 2) + 1);
    }
    let minutes = nearest_minute(left);
    let unit = match minutes * MINUTE {
        0..HOUR => 1,
        HOUR..DAY => HOUR / MINUTE,
        _ => DAY / MINUTE,
    };
    // The least time that still reads the same.
    let least = match minutes / unit * unit {
        0 | 1 => 1,
        minutes => minutes * MINUTE - MINUTE / 2,
    };
    Seconds((left.0 + 1).saturating_sub(least).max(1))
}

/// `2 h ago`, `just now`.
pub(super) fn ago(then: UnixTime, now: UnixTime) -> String {
    let past = now.since(then);
    if past.0 < MINUTE {
        "just now".to_owned()
    } else {
        format!("{} ago", span(past))
    }
}

/// Minutes and seconds: `0:42`, `9:18`.
pub(super) fn clock(span: Seconds) -> String {
    format!("{}:{:02}", span.0 / 60, span.0 % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_counts_cells_and_keeps_both_ends() {
        assert_eq!(cut_middle("abcdefghij", 7, "…"), "abc…hij");
        assert_eq!(cut_middle("日本語日本語", 7, "…"), "日…語");
        assert_eq!(cut_middle("abc", 1, "..."), "a");
        assert_eq!(cut_end("abcdef", 4, "…"), "abc…");
        assert_eq!(fit("ab", 4, "…"), "ab  ");
        for cells in 0..12 {
            assert!(width(&cut_middle("e\u{301}日本x語abc", cells, "...")) <= cells);
        }
    }

    #[test]
    fn wrapping_never_exceeds_the_column_and_loses_no_word() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("日本", 1), [""]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn times_read_as_people_say_them() {
        assert_eq!(span(Seconds(42 * 60 + 5)), "42 min");
        assert_eq!(span(Seconds(3 * 3600)), "3 h");
        assert_eq!(span(Seconds(86_400 * 5)), "5 days");
        assert_eq!(span(Seconds(9_999_999_999_999)), "over 10 years");
        assert_eq!(left(Seconds(3599)), "1 h");
        assert_eq!(left(Seconds(3569)), "59 min");
        assert_eq!(left(Seconds(1)), "1 min");
        assert_eq!(clock(Seconds(558)), "9:18");
        assert_eq!(ago(UnixTime(0), UnixTime(7300)), "2 h ago");
    }

    #[test]
    fn a_time_left_changes_exactly_when_it_is_said_to() {
        let times = [
            61,
            90,
            3540,
            3569,
            3570,
            3600,
            3601,
            7200,
            86_400,
            86_401,
            200_000,
            DECADE - 31,
            DECADE - 30,
            DECADE,
            9_999_999_999_999,
        ];
        for seconds in times {
            let change = left_changes_in(Seconds(seconds)).0;
            let after = |passed: u64| left(Seconds(seconds - passed));
            assert_eq!(after(change - 1), left(Seconds(seconds)), "{seconds}");
            assert!(
                change == seconds || after(change) != left(Seconds(seconds)),
                "{seconds}"
            );
        }
        assert_eq!(left_changes_in(Seconds(60)), Seconds(60));
        assert_eq!(left_changes_in(Seconds(1)), Seconds(1));
    }
}
