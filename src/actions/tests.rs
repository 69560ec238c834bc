use std::collections::HashMap;

use super::table::all;
use super::{Action, Facts, Key, Place, entries, find, hints, keys_page};

#[test]
fn no_key_means_two_things_on_one_screen() {
    for place in Place::ALL {
        let mut seen: HashMap<Key, Action> = HashMap::new();
        for entry in entries(place) {
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
            way_out.iter().any(|key| find(place, *key).is_some()),
            "{place:?}"
        );
        assert!(find(place, Key::Ctrl('c')).is_some(), "{place:?}");
        if place != Place::Help {
            assert_eq!(
                find(place, Key::F(1)).map(|e| e.action),
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
        for (key, word) in hints(place, &facts, true) {
            assert!(key.chars().count() > 1, "{place:?}: {key} {word}");
        }
    }
}

#[test]
fn a_disabled_action_says_why() {
    let entry = find(Place::Table, Key::Char('r')).expect("refresh");
    assert!(entry.possible(&Facts::default()).is_err());
    let facts = Facts {
        row: true,
        signed_in: true,
        ..Facts::default()
    };
    assert_eq!(
        entry.possible(&facts),
        Err("There is no refresh token; sign in again instead: press u.")
    );
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
