//! A frame as a terminal shows it, beside the buffer that was meant.

use std::num::NonZeroU16;

use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use vt100::{Callbacks, MouseProtocolMode, Parser, Screen};

use super::script::Script;
use crate::host::BrowserUrl;
use crate::tui::{text, view};

const BROKEN: char = '\u{fffd}';
/// A cell of this emulator that holds so much drops further letters that join.
const CELL_BYTES: usize = 18;

/// Whether this is one of the addresses to open that the examples have.
fn is_ours(to: &str) -> bool {
    let begins = [
        "https://github.com/",
        "https://gitlab.com/",
        "http://127.0.0.1:41873/go/",
    ];
    let page = to.ends_with(".example/settings/connections");
    page || begins.iter().any(|ours| to.starts_with(ours))
}

/// Whatever a terminal would do beside drawing.
#[derive(Default)]
pub(super) struct Alarms(Vec<String>);

impl Callbacks for Alarms {
    fn audible_bell(&mut self, _: &mut Screen) {
        self.0.push("a bell".to_owned());
    }

    fn visual_bell(&mut self, _: &mut Screen) {
        self.0.push("a flash".to_owned());
    }

    fn resize(&mut self, _: &mut Screen, size: (u16, u16)) {
        self.0.push(format!("another size {size:?}"));
    }

    fn set_window_icon_name(&mut self, _: &mut Screen, name: &[u8]) {
        self.0.push(format!("an icon's name {name:?}"));
    }

    fn set_window_title(&mut self, _: &mut Screen, title: &[u8]) {
        self.0.push(format!("a title {title:?}"));
    }

    fn copy_to_clipboard(&mut self, _: &mut Screen, _: &[u8], data: &[u8]) {
        self.0.push(format!("a copy {data:?}"));
    }

    fn paste_from_clipboard(&mut self, _: &mut Screen, _: &[u8]) {
        self.0.push("a look into the clipboard".to_owned());
    }
}

/// One frame.
pub(super) struct Picture {
    pub(super) bytes: Vec<u8>,
    pub(super) parser: Parser<Alarms>,
    buffer: Buffer,
}

impl Picture {
    pub(super) fn of(script: &Script) -> Self {
        let (width, height) = script.model.size();
        let mut bytes = Vec::new();
        let options = TerminalOptions {
            viewport: Viewport::Fixed(Rect::new(0, 0, width, height)),
        };
        let backend = CrosstermBackend::new(&mut bytes);
        let mut terminal = Terminal::with_options(backend, options).expect("terminal");
        let drawn = terminal.draw(|frame| view(&script.model, frame));
        let buffer = drawn.expect("drawn").buffer.clone();
        drop(terminal);
        let size = |n| NonZeroU16::new(n).expect("not zero");
        let alarms = Alarms::default();
        let mut parser = Parser::new_with_callbacks(size(height), size(width), 10, alarms);
        // This emulator keeps that character for broken bytes and draws nothing.
        let sent = String::from_utf8_lossy(&bytes).replace(BROKEN, "?");
        parser.process(sent.as_bytes());
        Self {
            bytes,
            parser,
            buffer,
        }
    }

    /// The links that were sent, in order.
    pub(super) fn links(&self) -> Vec<Link<'_>> {
        let sent = std::str::from_utf8(&self.bytes).expect("UTF-8");
        let begins = sent.match_indices("\u{1b}]8;id=");
        begins
            .map(|(at, _)| Link::begins(&sent[at..]).expect("whole").0)
            .collect()
    }

    /// The terminal shows what was meant, cell by cell, and was asked for nothing else.
    pub(super) fn assert_true(&self, why: &str) {
        let sent = std::str::from_utf8(&self.bytes).expect("UTF-8");
        if let Some(strange) = strange(sent) {
            panic!("{why}: {strange:?} was sent");
        }
        assert_eq!(self.parser.callbacks().0, [""; 0], "{why}");
        let screen = self.parser.screen();
        let modes = !screen.alternate_screen()
            && !screen.bracketed_paste()
            && !screen.application_cursor()
            && !screen.application_keypad()
            && screen.mouse_protocol_mode() == MouseProtocolMode::None;
        assert!(modes && screen.scrollback_len() == 0, "{why}: a mode");
        for y in 0..self.buffer.area.height {
            let mut x = 0;
            while x < self.buffer.area.width {
                let meant = self.buffer[(x, y)].symbol();
                let meant = Link::begins(meant).map_or(meant, |(link, _)| link.words);
                let meant = meant.replace(BROKEN, "?");
                let cells = u16::try_from(text::width(&meant).max(1)).expect("small");
                let shown: String = (x..x + cells)
                    .filter_map(|x| screen.cell(y, x))
                    .map(vt100::Cell::contents)
                    .collect();
                let blank = shown.is_empty() && meant == " ";
                let full = shown.len() >= CELL_BYTES && meant.starts_with(&shown);
                assert!(
                    shown == meant || blank || full,
                    "{why}: {shown:?} stands at {x},{y}, {meant:?} was meant\n{}",
                    screen.contents()
                );
                x += cells;
            }
        }
    }
}

/// A part of one row that the terminal opens on a click.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link<'a> {
    pub(super) number: &'a str,
    pub(super) to: &'a str,
    pub(super) words: &'a str,
}

impl<'a> Link<'a> {
    /// A whole link of ours: opened, a part of the very address, closed; and what comes after it.
    fn begins(text: &'a str) -> Option<(Self, &'a str)> {
        let rest = text.strip_prefix("\u{1b}]8;id=vk")?;
        let (number, rest) = rest.split_once(';')?;
        let (to, rest) = rest.split_once("\u{1b}\\")?;
        let (words, rest) = rest.split_once("\u{1b}]8;;\u{1b}\\")?;
        let safe = is_ours(to) && BrowserUrl::check(to).is_ok() && number.parse::<u16>().is_ok();
        let part = words.trim_end_matches('…').trim_end_matches("...");
        let link = Self { number, to, words };
        (safe && !part.is_empty() && to.contains(part)).then_some((link, rest))
    }
}

/// The first thing that is neither text nor a place, a style, a link of ours or the cursor's being there.
fn strange(sent: &str) -> Option<&str> {
    let mut rest = sent;
    while let Some(at) = rest.find(char::is_control) {
        let sequence = &rest[at..];
        if let Some((_, tail)) = Link::begins(sequence) {
            rest = tail;
            continue;
        }
        let known = sequence.strip_prefix("\u{1b}[").and_then(|body| {
            let end = body.find(|c: char| !matches!(c, '0'..='9' | ';' | ':' | '?'))?;
            let (parameters, tail) = body.split_at(end);
            let known = match tail.chars().next()? {
                'm' | 'H' => !parameters.contains('?'),
                'l' | 'h' => parameters == "?25",
                _ => false,
            };
            known.then(|| &tail[1..])
        });
        match known {
            Some(tail) => rest = tail,
            None => return sequence.get(..12).or(Some(sequence)),
        }
    }
    None
}
