use std::collections::HashMap;

use super::table::{all, entries_of_table};
use super::{Action, Conflict, Facts, Key, Keymap, KeysRefused, NoKey, Place, keys_page};

#[test]
fn no_key_means_two_things_on_one_screen() {
    for place in Place::ALL {
        let mut seen: HashMap<Key, Action> = HashMap::new();
        for entry in entries_of_table(place) {
            for key in entry.keys {
                if let Some(other) = seen.insert(*key, entry.action) {
                    panic!("{place:?}: {key} means {other:?} and {:?}", entry.action);
                }
            }
        }
    }
}

#[test]
fn every_action_has_a_key_a_place_and_a_sentence() {
    for entry in all() {
        assert!(
            !entry.keys.is_empty() && !entry.places.is_empty(),
            "{entry:?}"
        );
        assert!(
            !entry.help.is_empty() && !entry.help.ends_with('.'),
            "{}",
            entry.help
        );
        assert!(
            entry.help.len() <= 62,
            "too long for the help screen: {}",
            entry.help
        );
    }
}

#[test]
fn every_screen_can_be_left_and_explained() {
    for place in Place::ALL {
        let way_out = [Key::Esc, Key::Char('q'), Key::Ctrl('c')];
        assert!(
            way_out
                .iter()
                .any(|key| Keymap::default().find(place, *key).is_some()),
            "{place:?}"
        );
        assert!(
            Keymap::default().find(place, Key::Ctrl('c')).is_some(),
            "{place:?}"
        );
        if place != Place::Help {
            assert_eq!(
                Keymap::default().find(place, Key::F(1)).map(|e| e.action),
                Some(Action::Help),
                "{place:?}"
            );
        }
    }
}

#[test]
fn the_footer_offers_no_letter_while_typing() {
    let facts = Facts {
        row: true,
        rows: true,
        signed_in: true,
        copyable: true,
        ..Facts::default()
    };
    for place in Place::ALL {
        for (key, word) in Keymap::default().hints(place, &facts, true) {
            assert!(key.chars().count() > 1, "{place:?}: {key} {word}");
        }
    }
}

#[test]
fn a_disabled_action_says_why() {
    let keys = Keymap::default();
    let entry = keys.find(Place::Table, Key::Char('r')).expect("refresh");
    assert!(keys.possible(entry, &Facts::default()).is_err());
    let facts = Facts {
        row: true,
        signed_in: true,
        ..Facts::default()
    };
    assert_eq!(
        keys.possible(entry, &facts),
        Err("There is no refresh token; sign in again instead: press u.".to_owned())
    );
}

#[test]
fn every_action_has_one_public_name() {
    let mut names: HashMap<String, Action> = HashMap::new();
    for entry in all() {
        let name = entry.public_name();
        assert!(
            name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
            "{name}"
        );
        assert_eq!(*names.entry(name).or_insert(entry.action), entry.action);
        let same = all().iter().filter(|other| other.action == entry.action);
        assert!(same.into_iter().all(|other| other.name == entry.name));
    }
}

#[test]
fn every_key_is_read_as_it_is_shown() {
    for key in all().iter().flat_map(|entry| entry.keys) {
        assert_eq!(key.to_string().parse(), Ok(*key));
    }
    for (text, key) in [
        ("F5", Ok(Key::F(5))),
        ("Page-Up", Ok(Key::PageUp)),
        ("Delete", Ok(Key::Delete)),
        ("shift-tab", Ok(Key::BackTab)),
        ("Ctrl-R", Ok(Key::Ctrl('r'))),
        ("R", Ok(Key::Char('R'))),
        ("ß", Ok(Key::Char('ß'))),
        ("-", Ok(Key::Char('-'))),
        ("f", Ok(Key::Char('f'))),
        ("ctrl-i", Err(NoKey::Another)),
        ("ctrl-m", Err(NoKey::Another)),
        ("ctrl-1", Err(NoKey::Unknown)),
        ("alt-x", Err(NoKey::Unknown)),
        ("f0", Err(NoKey::Unknown)),
        ("f13", Err(NoKey::Unknown)),
        ("gg", Err(NoKey::Unknown)),
        ("", Err(NoKey::Unknown)),
        ("\u{1b}", Err(NoKey::Unknown)),
    ] {
        assert_eq!(text.parse(), key, "{text:?}");
    }
}

#[test]
fn own_keys_take_the_place_of_the_tables_wherever_the_action_works() {
    let mut keys = Keymap::default();
    keys.set(Action::Up, vec![Key::Up, Key::Char('w')])
        .expect("fits");
    keys.set(Action::Refresh, vec![Key::F(5)]).expect("fits");
    assert_eq!(keys.conflict(), None);
    for place in [Place::Table, Place::Start, Place::Help] {
        let up = keys.find(place, Key::Char('w')).expect("up");
        assert_eq!(up.action, Action::Up);
        assert_eq!(keys.shown(up), "up w");
        assert!(keys.find(place, Key::Char('k')).is_none(), "{place:?}");
        let lines = keys
            .entries(place)
            .filter(|entry| entry.action == Action::Up);
        assert_eq!(lines.count(), 1);
    }
    assert!(keys.find(Place::Table, Key::Char('r')).is_none());
    let facts = Facts {
        row: true,
        signed_in: true,
        refresh_token: true,
        ..Facts::default()
    };
    let hints = keys.hints(Place::Table, &facts, false);
    assert!(hints.contains(&("F5".to_owned(), "refresh")), "{hints:?}");
}

#[test]
fn a_key_with_two_meanings_is_found_whoever_gave_it() {
    let t = Key::Char('t');
    let conflict = |action, other| {
        Some(Conflict {
            action,
            key: t,
            other,
            place: Place::Table,
        })
    };
    let mut keys = Keymap::default();
    keys.set(Action::Refresh, vec![t]).expect("fits");
    assert_eq!(keys.conflict(), conflict(Action::Refresh, Action::Test));
    keys.set(Action::Test, vec![Key::Char('r')]).expect("fits");
    assert_eq!(keys.conflict(), None, "they may change places");
    keys.set(Action::Add, vec![t]).expect("fits");
    assert_eq!(keys.conflict(), conflict(Action::Refresh, Action::Add));
    keys.reset(Action::Add);
    assert_eq!(keys.conflict(), None);
}

#[test]
fn what_must_be_in_reach_stays_in_reach() {
    let mut keys = Keymap::default();
    for (action, wish, refused) in [
        (Action::Leave, vec![Key::F(10)], KeysRefused::Fixed),
        (Action::Pick, vec![Key::Char('a')], KeysRefused::Fixed),
        (Action::Choose, vec![Key::Tab], KeysRefused::Fixed),
        (Action::Back, vec![Key::Char('b')], KeysRefused::OnlyText),
        (Action::Back, vec![], KeysRefused::OnlyText),
        (Action::Help, vec![Key::Char('?')], KeysRefused::OnlyText),
        (
            Action::Answer,
            vec![Key::Ctrl('g'), Key::Char('w')],
            KeysRefused::NoText,
        ),
    ] {
        assert_eq!(keys.set(action, wish), Err(refused), "{action:?}");
    }
    assert_eq!(keys, Keymap::default());
    keys.set(Action::Open, vec![Key::Char('o')])
        .expect("the table has no field");
    assert_eq!(
        keys.find(Place::Table, Key::Enter)
            .map(|entry| entry.action),
        None
    );
    keys.set(Action::Lock, vec![])
        .expect("the palette still does it");
    assert!(keys.find(Place::Table, Key::Char('L')).is_none());
}

#[test]
fn words_name_the_keys_that_hold() {
    let mut keys = Keymap::default();
    let words = "press {re-authorize}, {help!} helps";
    assert_eq!(keys.fill(words), "press u, F1 helps");
    keys.set(Action::Reauthorize, vec![Key::Ctrl('u')])
        .expect("fits");
    keys.set(Action::Help, vec![Key::Char('h'), Key::F(2)])
        .expect("fits");
    assert_eq!(keys.fill(words), "press ctrl-u, F2 helps");
    keys.set(Action::Reauthorize, vec![]).expect("fits");
    assert_eq!(keys.fill(words), "press :re-authorize, F2 helps");
    assert_eq!(keys.fill("no key {"), "no key {");
}

/// Set `VALETKEY_WRITE_DOCS` to write the page instead of comparing it.
#[test]
fn docs_keys_md_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/KEYS.md");
    if std::env::var_os("VALETKEY_WRITE_DOCS").is_some() {
        std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/docs")).expect("docs folder");
        std::fs::write(path, keys_page()).expect("written");
    }
    let stored = std::fs::read_to_string(path).expect("docs/KEYS.md");
    assert_eq!(stored, keys_page(), "stale: run with VALETKEY_WRITE_DOCS=1");
}
