//! Hostile text in every field, many times over (FT-09).
//!
//! `VALETKEY_HOSTILE=1000000` draws so many strings, `VALETKEY_HOSTILE_SEED=7` the same as once before.

use super::emulator::Picture;
use super::example::setup;
use super::fields::{every_field, hostile_row};
use super::script::Script;
use super::storm::Dice;
use crate::tui::{Look, Setup};

/// Parts that do something to one terminal or another.
const PARTS: [&str; 40] = [
    "\u{1b}[2J",
    "\u{1b}[3J",
    "\u{1b}c",
    "\u{1b}[?1049l",
    "\u{1b}[?25l",
    "\u{1b}[?1000h",
    "\u{1b}[?2004l",
    "\u{1b}]0;title\u{7}",
    "\u{1b}]52;c;ZmFrZQ==\u{7}",
    "\u{1b}]52;c;?\u{7}",
    "\u{1b}]8;;https://evil.example\u{1b}\\",
    "\u{1b}]777;notify;a;b\u{7}",
    "\u{1b}]11;?\u{7}",
    "\u{1b}P$qm\u{1b}\\",
    "\u{1b}_Gf=100;AAAA\u{1b}\\",
    "\u{1b}^x",
    "\u{1b}X",
    "\u{1b}P",
    "\u{1b}[6n",
    "\u{1b}[c",
    "\u{1b}[1;1H",
    "\u{1b}[99A",
    "\u{1b}[5r",
    "\u{1b}[31;7m",
    "\u{1b}(0",
    "\u{1b}#8",
    "\u{9b}2J",
    "\u{9d}0;t\u{9c}",
    "\u{e}\u{f}",
    "\r\n",
    "\u{8}\u{8}",
    "\t\t",
    "\u{202e}",
    "\u{2066}\u{2069}",
    "\u{200b}\u{feff}",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "日本語",
    "👩\u{200d}👧",
    "🏳\u{fe0f}",
    "🇩🇪👍🏽",
];

/// Up to eight parts: of the list, of one block of Unicode, or of plain letters.
fn text(dice: &mut Dice) -> String {
    let mut text = String::new();
    for _ in 0..=dice.below(8) {
        match dice.below(4) {
            0 | 1 => text.push_str(PARTS[dice.below(PARTS.len())]),
            2 => {
                let block = u32::try_from(dice.below(0x11_0000)).expect("small") & !0xff;
                let block = if dice.below(2) == 0 {
                    block & 0xffff
                } else {
                    block
                };
                for _ in 0..=dice.below(6) {
                    let c = block + u32::from(dice.small(256));
                    text.extend(char::from_u32(c));
                }
            }
            _ => {
                let letters = [
                    "ada",
                    "a b",
                    "%s{}$()\\",
                    "x@y.example",
                    "~",
                    "wwwwwwwwwwwwwwwwwwwwwwww",
                ];
                text.push_str(letters[dice.below(letters.len())]);
            }
        }
    }
    text
}

/// Draws at least so many strings; how many it were, and in how many frames.
fn play(seed: u64, count: usize) -> (usize, usize) {
    let mut dice = Dice(seed);
    let (mut strings, mut frames) = (0, 0);
    while strings < count {
        let size = (40 + dice.small(160), 10 + dice.small(50));
        let look = Look {
            colour: true,
            links: true,
            ascii: dice.below(4) == 0,
            ..Look::default()
        };
        let texts: Vec<(String, String)> = (8..size.1)
            .map(|_| (text(&mut dice), text(&mut dice)))
            .collect();
        let rows = texts
            .iter()
            .zip(10..)
            .map(|((one, other), n)| hostile_row(n, one, other));
        let script = Script::new(Setup { look, ..setup() }, rows.collect(), size);
        let why = format!("seed {seed}, string {strings}");
        Picture::of(&script).assert_true(&why);
        strings += 2 * texts.len();
        frames += 1;
        if frames % 256 == 1 {
            let text = text(&mut dice);
            for (field, script) in every_field(&text, size) {
                Picture::of(&script).assert_true(&format!("{why}, {text:?} in {field}"));
                strings += 1;
                frames += 1;
            }
        }
    }
    (strings, frames)
}

#[test]
fn ft_09_hostile_text_moves_nothing_outside_its_cell() {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let count = usize::try_from(number("VALETKEY_HOSTILE").unwrap_or(2_000)).expect("a number");
    let seed = number("VALETKEY_HOSTILE_SEED").unwrap_or(9);
    let (strings, frames) = play(seed, count);
    // The figure of a long run, for whoever wrote its command.
    #[allow(clippy::print_stderr)]
    {
        eprintln!("{strings} strings in {frames} frames, seed {seed}");
    }
}
