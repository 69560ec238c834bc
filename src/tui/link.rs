//! Addresses that the terminal itself can open (OSC 8), on every row over which they wrap.
//!
//! What is linked is what stands there: an address becomes a link only if the program would open it
//! on a key as well ([`BrowserUrl::check`]), and only over its own letters.

use std::num::NonZeroU16;
use std::ops::Range;

use ratatui::buffer::{Buffer, CellDiffOption};

use super::text;
use crate::host::BrowserUrl;

/// Longer ones are left as text: VTE takes no more bytes than this.
const LONGEST: usize = 2083;
/// Less than this of an address is no address yet.
const LEAST: usize = "https://".len();

/// Where a link leads, and the number that joins its rows to one.
#[derive(Clone)]
pub(super) struct Link {
    to: BrowserUrl,
    number: usize,
}

impl Link {
    /// `None` for whatever the program would not open.
    pub(super) fn to(address: &str, number: usize) -> Option<Self> {
        let fits = address.len() <= LONGEST;
        let to = BrowserUrl::check(address).ok().filter(|_| fits)?;
        Some(Self { to, number })
    }

    /// Makes a link of cells that are drawn already. The first one carries all of it, from opening to
    /// closing: whatever is drawn around it, no link stays open.
    pub(super) fn lay(&self, x: u16, y: u16, cells: u16, buffer: &mut Buffer) {
        let end = x.saturating_add(cells).min(buffer.area.right());
        let width = NonZeroU16::new(end.saturating_sub(x));
        let (Some(width), true) = (width, y < buffer.area.bottom()) else {
            return;
        };
        let words: String = (x..end).map(|x| buffer[(x, y)].symbol()).collect();
        let (number, to) = (self.number, self.to.as_str());
        let linked = format!("\x1b]8;id=vk{number};{to}\x1b\\{words}\x1b]8;;\x1b\\");
        buffer[(x, y)]
            .set_symbol(&linked)
            .set_diff_option(CellDiffOption::ForcedWidth(width));
        // Never equal to a later cell without a link: the same letter there is drawn anew, or it would
        // stay a part of this one.
        for x in x + 1..end {
            buffer[(x, y)].set_diff_option(CellDiffOption::Skip);
        }
    }
}

/// Follows an address through the rows over which it wraps.
pub(super) struct Trail<'a> {
    address: &'a str,
    rest: &'a str,
}

impl<'a> Trail<'a> {
    pub(super) fn of(address: &'a str) -> Self {
        Self {
            address,
            rest: address,
        }
    }

    /// The cells of a row that hold the next part of the address. `dots` marks where it is cut.
    pub(super) fn next(&mut self, row: &str, dots: &str) -> Option<Range<usize>> {
        let mut from = 0;
        for word in row.split(' ') {
            let begins = self.rest.len() == self.address.len();
            let cut = word.strip_suffix(dots).filter(|head| !head.is_empty());
            for (part, is_cut) in [(Some(word), false), (cut, true)] {
                let Some(part) = part.filter(|part| !part.is_empty()) else {
                    continue;
                };
                if begins && part.len() <= LEAST {
                    continue;
                }
                if let Some(rest) = self.rest.strip_prefix(part) {
                    self.rest = if is_cut { "" } else { rest };
                    let start = text::width(&row[..from]);
                    return Some(start..start + text::width(word));
                }
            }
            from += word.len() + 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "https://a.example/a/long/way";

    #[test]
    fn a_trail_finds_each_part_of_an_address_and_nothing_else() {
        let mut trail = Trail::of(ADDRESS);
        assert_eq!(trail.next("   1  Open", "…"), None);
        assert_eq!(trail.next("   open  https://a.example/a", "…"), Some(9..28));
        assert_eq!(trail.next("         /long/way", "…"), Some(9..18));
        assert_eq!(trail.next("         /long/way", "…"), None, "it is over");
    }

    #[test]
    fn a_trail_ends_where_an_address_is_cut() {
        let mut trail = Trail::of(ADDRESS);
        assert_eq!(trail.next(" https://a.exam…", "…"), Some(1..16));
        assert_eq!(trail.next("/a/long/way", "…"), None);
        assert_eq!(Trail::of(ADDRESS).next(" https://…", "…"), None);
    }

    #[test]
    fn w_05_another_address_than_the_one_shown_is_never_linked() {
        for shown in [
            "https://b.example/a/long/way",
            "a.example",
            "https://a.example/b",
        ] {
            assert_eq!(Trail::of(ADDRESS).next(shown, "…"), None, "{shown}");
        }
    }
}
