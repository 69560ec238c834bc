//! Addresses to open are links, where the terminal takes them (OSC 8).

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::emulator::Picture;
use super::example::{elsewhere, rows, setup};
use super::fields::linked;
use super::script::Script;
use super::states::everything;
use crate::tui::notice::Notice;
use crate::tui::{Setup, view};

/// A sign-in of GitHub, over SSH, with the code and the forwarded port.
fn over_ssh(setup: Setup, size: (u16, u16)) -> Script {
    let setup = Setup {
        ssh: true,
        elsewhere: elsewhere(),
        ..setup
    };
    let mut script = Script::new(setup, rows(), size);
    script.keys("down u");
    script
}

/// What is linked on a screen: where it leads, and the words of its rows.
fn links(script: &Script) -> Vec<(String, String)> {
    let picture = Picture::of(script);
    picture.assert_true("links");
    let mut found: Vec<(String, String, String)> = Vec::new();
    for link in picture.links() {
        match found.last_mut() {
            // Rows of one address have one number.
            Some((number, to, words)) if number == link.number && to == link.to => {
                words.push_str(link.words);
            }
            _ => found.push((link.number.into(), link.to.into(), link.words.into())),
        }
    }
    found
        .into_iter()
        .map(|(_, to, words)| (to, words))
        .collect()
}

fn same(address: &str) -> (String, String) {
    (address.to_owned(), address.to_owned())
}

#[test]
fn every_address_to_open_is_a_link() {
    assert_eq!(
        links(&over_ssh(linked(), (80, 24))),
        [
            same("https://gitlab.com/oauth/device"),
            same("http://127.0.0.1:41873/go/k3v9a0b1c2"),
        ]
    );
    let mut script = Script::new(linked(), rows(), (80, 24));
    script.keys("a \"gitl\" enter enter");
    assert_eq!(
        links(&script),
        [same("https://gitlab.com/-/user_settings/applications")]
    );
    let mut script = Script::new(linked(), rows(), (80, 30));
    script.keys("down enter");
    // Where the program sends requests is not for a browser.
    assert_eq!(
        links(&script),
        [same("https://github.example/settings/connections")]
    );
}

#[test]
fn an_address_over_several_rows_is_one_link() {
    let mut script = Script::new(linked(), rows(), (40, 24));
    script.keys("down u o");
    let whole = "https://gitlab.com/oauth/authorize?state=statecanary";
    let picture = Picture::of(&script);
    assert!(picture.links().len() > 1, "{}", script.frame());
    assert_eq!(links(&script), [same(whole)]);
    // Cut to a row, it still leads to the whole of it.
    let script = over_ssh(linked(), (40, 24));
    let found = links(&script);
    let (to, words) = found.first().expect("a link");
    assert_eq!(to, "https://gitlab.com/oauth/device");
    assert!(to.starts_with(words.trim_end_matches('…')), "{words}");
}

#[test]
fn the_page_that_a_notice_names_is_a_link() {
    let page = "https://github.com/settings/connections/applications/4f1c0a9a";
    let words =
        format!("github: kept here. The provider could not be told; revoke it yourself at {page}");
    let mut script = Script::new(linked(), rows(), (80, 24));
    script.model.notice = Some(Notice::bad(words).with_copy(page.to_owned()));
    assert_eq!(links(&script), [same(page)]);
}

#[test]
fn no_link_is_sent_where_the_terminal_takes_none() {
    for (state, script) in everything(setup) {
        let picture = Picture::of(&script);
        assert!(picture.links().is_empty(), "{state}");
    }
}

#[test]
fn a_link_changes_nothing_of_what_is_shown() {
    let shown = everything(setup).into_iter().zip(everything(linked));
    let mut links = 0;
    for ((state, plain), (_, linked)) in shown {
        let (plain, linked) = (Picture::of(&plain), Picture::of(&linked));
        linked.assert_true(state);
        links += linked.links().len();
        let text = |picture: &Picture| picture.parser.screen().contents_formatted();
        assert_eq!(text(&plain), text(&linked), "{state}");
    }
    assert!(links > 4, "{links}");
}

/// What a terminal is sent.
#[derive(Clone, Default)]
struct Sent(Rc<RefCell<Vec<u8>>>);

impl Write for Sent {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The letters of a link stay a part of it until each of them is written again.
#[test]
fn a_link_leaves_nothing_behind() {
    let mut script = over_ssh(linked(), (80, 24));
    let viewport = Viewport::Fixed(Rect::new(0, 0, 80, 24));
    let line = Sent::default();
    let backend = CrosstermBackend::new(line.clone());
    let mut terminal =
        Terminal::with_options(backend, TerminalOptions { viewport }).expect("terminal");
    let mut frame = |script: &Script| {
        terminal
            .draw(|frame| view(&script.model, frame))
            .expect("drawn");
        String::from_utf8(line.0.take()).expect("UTF-8")
    };
    assert!(frame(&script).contains("\u{1b}]8;"));
    assert!(!frame(&script).contains("gitlab"), "nothing changed");
    script.model.world.setup.look.links = false;
    let sent = frame(&script);
    for address in [
        "https://gitlab.com/oauth/device",
        "http://127.0.0.1:41873/go/k3v9a0b1c2",
    ] {
        assert!(sent.contains(address), "{sent:?}");
    }
    assert!(!sent.contains("\u{1b}]8;"));
}

#[test]
fn w_05_a_page_that_would_not_be_opened_is_no_link() {
    use super::example::device_way;
    use crate::engine::{AttemptEvent, Way};
    for page in [
        "http://gitlab.com/oauth/device",
        "https://ada@gitlab.com/oauth/device",
        "https://gitlab.com/oauth/$(id)",
        "https://gitlab.com/oauth/device\u{1b}\\",
        "javascript:alert(1)",
    ] {
        let mut script = Script::new(linked(), rows(), (80, 24));
        script.keys("down u");
        let Way::Device {
            user_code,
            complete,
            expires_at,
            foreign_host,
            ..
        } = device_way()
        else {
            panic!("a code");
        };
        script.event(AttemptEvent::Way(Way::Device {
            user_code,
            complete,
            expires_at,
            foreign_host,
            verification_uri: page.to_owned(),
        }));
        let picture = Picture::of(&script);
        assert!(script.shows("WDJB"), "{}", script.frame());
        assert!(picture.links().is_empty(), "{page}: {:?}", picture.links());
    }
}
