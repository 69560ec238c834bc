//! While a text field has the focus, every printable key is text; and no secret is ever shown.

use super::example::setup;
use super::script::Script;
use crate::actions::Place;
use crate::tui::Setup;

/// Every screen that has a text field, with the keys that lead to it.
pub(super) const FIELDS: [(&str, Place); 8] = [
    ("/", Place::Finding),
    ("a", Place::Providers),
    ("a \"other\" enter", Place::Form),
    ("a \"gitl\" enter enter", Place::Form),
    ("a \"gitl\" enter enter \"cid\" enter enter up", Place::Form),
    ("down u 3", Place::SignInPage),
    ("n", Place::Form),
    (":", Place::Palette),
];

#[test]
fn no_printable_key_acts_while_a_field_has_the_focus() {
    for (keys, place) in FIELDS {
        for c in (' '..='~').filter(|c| *c != '"') {
            let mut script = Script::usual();
            script.keys(keys);
            script.backend.asked.clear();
            let depth = script.model.screens.len();
            assert!(script.model.typing(), "{keys}");
            assert_eq!(script.model.place(), place, "{keys}");
            script.keys(&if c == ' ' {
                "space".to_owned()
            } else {
                format!("\"{c}\"")
            });
            assert!(script.backend.asked.is_empty(), "{keys}, then {c:?}");
            assert_eq!(script.model.screens.len(), depth, "{keys}, then {c:?}");
            assert_eq!(script.model.place(), place, "{keys}, then {c:?}");
        }
    }
}

#[test]
fn w_06_no_secret_stands_on_any_screen() {
    let mut script = Script::usual();
    let mut seen = String::new();
    script
        .keys("a \"gith\" enter enter up up up up 2 enter \"cid\" enter")
        .paste("secretcanary");
    seen.push_str(&script.frame());
    for keys in ["enter", "enter", "enter", "enter", "f1", "esc"] {
        script.keys(keys);
        seen.push_str(&script.frame());
    }
    script.paste("http://127.0.0.1/callback?code=codecanary");
    seen.push_str(&script.frame());
    script.keys("esc esc 2");
    seen.push_str(&script.frame());
    assert!(seen.contains("•••• 12 characters"), "{seen}");
    assert!(!seen.contains("canary"), "{seen}");
    let copied = script.backend.copied.join(" ");
    assert!(!copied.contains("canary"), "{copied}");
}

#[test]
fn w_09_pasted_newlines_confirm_nothing() {
    for (keys, _) in FIELDS {
        let mut script = Script::new(
            Setup {
                mouse: false,
                ..setup()
            },
            super::example::rows(),
            (80, 24),
        );
        script.keys(keys);
        script.backend.asked.clear();
        let place = script.model.place();
        script.paste("x\r\n\r\ny\n\u{1b}[200~\n");
        assert!(script.backend.asked.is_empty(), "{keys}");
        assert_eq!(script.model.place(), place, "{keys}");
        assert!(!script.frame().contains('\u{1b}'));
    }
}
