//! Hostile text changes nothing outside its cell (conformance W-03, W-05).

use std::num::NonZeroU16;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::{TerminalOptions, Viewport};

use super::example::{grant, row, rows, setup};
use super::script::Script;
use crate::engine::{AttemptEvent, Question, Row};
use crate::model::{Expiry, Untrusted};
use crate::tui::{Look, Setup, view};

pub(super) const HOSTILE: [&str; 8] = [
    "\u{1b}]0;owned\u{7}",
    "\u{1b}[2J\u{1b}[?1049l",
    "\u{9b}31m\u{9d}52;c;YQ==\u{9c}",
    "\u{202e}evil\u{2066}",
    "a\r\nb\u{8}\u{8}c",
    "\u{1b}]8;;https://evil.example\u{1b}\\click\u{1b}]8;;\u{1b}\\",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "日本語\u{200b}\u{feff}🏳\u{fe0f}\u{200d}🌈",
];

fn hostile_rows(text: &str) -> Vec<Row> {
    let mut rows = rows();
    let mut bad = row(
        8,
        "bad",
        text,
        "read",
        Some(grant(Some(text), None, Expiry::NotStated)),
        None,
    );
    bad.verdict.message = Some(format!(
        "The provider says: {}.",
        Untrusted::new(text).shown()
    ));
    rows.push(bad);
    rows
}

/// The frame as a real terminal would have it.
fn emulated(script: &Script) -> (vt100::Parser, Vec<u8>) {
    let (width, height) = script.model.size();
    let mut bytes = Vec::new();
    {
        let options = TerminalOptions {
            viewport: Viewport::Fixed(ratatui::layout::Rect::new(0, 0, width, height)),
        };
        let backend = CrosstermBackend::new(&mut bytes);
        let mut terminal = Terminal::with_options(backend, options).expect("terminal");
        terminal
            .draw(|frame| view(&script.model, frame))
            .expect("drawn");
    }
    let size = |n| NonZeroU16::new(n).expect("not zero");
    let mut parser = vt100::Parser::new(size(height), size(width), 10);
    parser.process(&bytes);
    (parser, bytes)
}

#[test]
fn w_03_hostile_text_stays_in_its_cell() {
    for text in HOSTILE {
        let mut script = Script::new(setup(), hostile_rows(text), (80, 24));
        script.keys("down down");
        let (parser, bytes) = emulated(&script);
        let screen = parser.screen();
        assert!(
            !screen.alternate_screen() && screen.contents().contains("github"),
            "{text:?}"
        );
        let emulated = screen
            .rows(0, 80)
            .map(|line| line.trim_end().to_owned())
            .collect::<Vec<_>>();
        for name in ["acme-okta", "github", "linear", "notes-mcp"] {
            let line = emulated
                .iter()
                .find(|line| line.contains(name))
                .expect("the row");
            assert!(
                line.contains("connected") || line.contains("needs") || line.contains("expired"),
                "{text:?}: {line}"
            );
        }
        let sent = String::from_utf8(bytes).expect("UTF-8");
        for bad in [
            "\u{1b}]",
            "\u{9b}",
            "\u{9d}",
            "\u{202e}",
            "\u{200b}",
            "\u{7}",
            "evil.example\u{1b}",
        ] {
            assert!(!sent.contains(bad), "{text:?} lets {bad:?} through");
        }
        assert_eq!(screen.scrollback_len(), 0);
    }
}

#[test]
fn w_03_hostile_text_is_harmless_on_every_screen() {
    for text in HOSTILE {
        for keys in ["x", "enter", "n", "h", "down down down u", "/ \"zz\""] {
            let mut script = Script::new(setup(), hostile_rows(text), (80, 24));
            script.keys("down").keys(keys);
            let shown = Untrusted::new(text).shown();
            if keys.ends_with('u') {
                let question = Question::OtherAccount {
                    before: shown.clone(),
                    now: shown,
                };
                script.event(AttemptEvent::Asked(question));
            }
            script.paste(text);
            let frame = script.frame();
            assert!(
                !frame.chars().any(|c| c.is_control() && c != '\n'),
                "{keys}: {frame:?}"
            );
            assert!(
                !frame.contains(['\u{202e}', '\u{200b}', '\u{9b}']),
                "{keys}: {frame:?}"
            );
        }
    }
}

#[test]
fn w_10_without_colour_no_colour_is_sent() {
    crossterm::style::force_color_output(true);
    let mut script = Script::usual();
    script.keys("down");
    let sent = String::from_utf8(emulated(&script).1).expect("UTF-8");
    for code in sent
        .split("\u{1b}[")
        .filter_map(|part| part.split('m').next())
    {
        let coloured = code
            .split(';')
            .any(|n| matches!(n.parse::<u8>(), Ok(30..=38 | 40..=48 | 90..=107)));
        assert!(!coloured, "{code}");
    }
    assert!(sent.contains("\u{1b}[7m"), "the selection is reversed");
    let look = Look {
        colour: true,
        ascii: false,
        ..Look::default()
    };
    let script = Script::new(Setup { look, ..setup() }, rows(), (80, 24));
    let sent = String::from_utf8(emulated(&script).1).expect("UTF-8");
    assert!(sent.contains("38;5;2") || sent.contains("[32"), "{sent:?}");
}
