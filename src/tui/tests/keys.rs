//! Every key that works stands on the screen, on its help page at the latest; no other key does a thing.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::example::{row, rows, setup};
use super::script::Script;
use crate::actions::{Action, Key, Keymap};
use crate::engine::PassphraseWay;
use crate::tui::Msg;
use crate::tui::keys::key as named;

/// Every kind of screen, by the keys that lead there.
fn screens() -> Vec<(&'static str, Script)> {
    let mut found: Vec<(&'static str, Script)> = [
        "",
        "/",
        "/ \"lin\" enter",
        "down space space",
        "down enter",
        "down h",
        "down n",
        "down e",
        "down e down down down down down down down down down down",
        "down e \"x\" esc",
        "down x",
        "down space space t",
        "down space space t 1",
        "down space space x",
        "down u",
        "down u 3",
        "down u esc",
        "a",
        "a \"gitl\" enter",
        "a \"gitl\" enter enter",
        "a \"gitl\" enter enter \"4f1c0a9a\" enter enter",
        "a \"gitl\" enter enter \"4f1c0a9a\" enter enter enter",
        "a \"other\" enter",
        ":",
        "?",
    ]
    .into_iter()
    .map(|keys| {
        let mut script = Script::usual();
        script.keys(keys);
        (keys, script)
    })
    .collect();
    found.push(("no connections", Script::empty()));
    let mut locked = Script::usual();
    locked.backend.locked = Some("open sesame");
    locked.keys("down u");
    found.push(("the vault is locked", locked));
    let mut silent = Script::usual();
    silent.backend.keychain_silent = Some(PassphraseWay::Unlock);
    silent.keys("down t");
    found.push(("the keychain is silent", silent));
    let mut moved = Script::usual();
    moved.backend.moved = true;
    moved.keys("down down r");
    found.push(("a copied vault", moved));
    let mut split = Script::new(setup(), rows(), (120, 40));
    split.keys("down enter tab");
    found.push(("two halves", split));
    let mut done = Script::usual();
    done.keys("down u")
        .paste("https://127.0.0.1/callback?code=1");
    done.keys("enter");
    found.push(("after a sign-in", done));
    found
}

/// All of the help page, on a screen that is high enough, with one blank between words.
fn help(script: &mut Script) -> String {
    let (width, height) = script.model.size();
    script.resize(width, 200).keys("f1");
    let frame = script.frame();
    let words: Vec<&str> = frame.split_whitespace().collect();
    script.keys("esc").resize(width, height);
    words.join(" ")
}

#[test]
fn every_key_that_works_stands_on_the_help_page() {
    for (name, mut script) in screens() {
        let place = script.model.place();
        if place == crate::actions::Place::Help {
            continue;
        }
        let facts = script.model.facts();
        let page = help(&mut script);
        let keys = Keymap::default();
        for entry in keys.entries(place) {
            let words = match keys.possible(entry, &facts) {
                Ok(()) => entry.help.to_owned(),
                Err(reason) => format!("{}: {reason}", entry.name),
            };
            // Two actions may say the same: the keys of one of them stand there.
            let before: Vec<String> = page
                .match_indices(&words)
                .map(|(at, _)| {
                    let near: Vec<char> = page[..at].chars().rev().take(34).collect();
                    near.into_iter().rev().collect()
                })
                .collect();
            for key in entry.keys {
                let shown = match entry.action {
                    Action::Pick => "1-9".to_owned(),
                    _ => key.to_string(),
                };
                assert!(
                    before.iter().any(|before| before.contains(&shown)),
                    "{name:?}: {shown} is not beside {words:?}"
                );
            }
        }
        for (key, word) in keys.hints(place, &facts, script.model.typing()) {
            let real = keys.entries(place).any(|entry| {
                let said = entry.action == Action::GoOn && facts.enter == Some(word);
                let known = said || entry.word == word;
                known && entry.keys.iter().any(|real| real.to_string() == key)
            });
            assert!(real, "{name:?}: the footer says {key} {word}");
        }
    }
}

/// Every key that a keyboard is likely to have.
fn keyboard() -> Vec<KeyEvent> {
    let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
    let mut keys: Vec<KeyEvent> = (' '..='~').map(|c| plain(KeyCode::Char(c))).collect();
    keys.extend(('a'..='z').map(|c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL)));
    keys.extend((1..=12).map(|n| plain(KeyCode::F(n))));
    let named = [
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::Backspace,
        KeyCode::Delete,
        KeyCode::Insert,
    ];
    keys.extend(named.map(plain));
    keys.extend(named.map(|code| KeyEvent::new(code, KeyModifiers::SHIFT)));
    keys
}

#[test]
fn a_key_that_stands_nowhere_does_nothing() {
    for (name, mut script) in screens() {
        if script.model.typing() {
            continue;
        }
        // A notice goes with the first key, whichever it is.
        script.send(Msg::Key(KeyEvent::new(KeyCode::F(9), KeyModifiers::NONE)));
        script.asked();
        let place = script.model.place();
        let before = script.frame();
        for event in keyboard() {
            let key: Option<Key> = named(&event);
            if key.is_some_and(|key| Keymap::default().find(place, key).is_some()) {
                continue;
            }
            script.send(Msg::Key(event));
            assert!(
                script.asked().is_empty(),
                "{name:?}: {event:?} asked for something"
            );
            assert_eq!(
                script.frame(),
                before,
                "{name:?}: {event:?} changed the screen"
            );
        }
    }
}

#[test]
fn ctrl_d_and_ctrl_u_move_like_the_page_keys() {
    let many = |keys: &str| {
        let rows = (0..99).map(|n| row(n, &format!("c{n:02}"), "P", "read", None, None));
        let mut script = Script::new(setup(), rows.collect(), (80, 24));
        script.keys(keys);
        let selected = script
            .model
            .world
            .table
            .selected()
            .map(|row| row.summary.name.to_string());
        (selected.expect("a row"), script.frame())
    };
    let (there, frame) = many("ctrl-d ctrl-d");
    assert_eq!((there, frame), many("ctrl-f ctrl-f"));
    assert_ne!(many("ctrl-d").0, many("").0);
    assert_eq!(many("ctrl-d ctrl-d ctrl-u").0, many("ctrl-d").0);
    // In the help of this screen too.
    assert_eq!(many("? ctrl-d").1, many("? ctrl-f").1);
}
