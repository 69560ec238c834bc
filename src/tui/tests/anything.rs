//! Whatever is pressed and whatever happens: no panic, nothing typed is lost, the selection stays.

use std::collections::BTreeMap;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;

use super::example::{NOW, device_way, failure, id, name, row, rows, scopes, setup};
use super::script::Script;
use crate::engine::{AttemptEvent, Change, Ignored, Question, Row, Step, StepState};
use crate::model::{Secret, Untrusted, Verdict};
use crate::tui::model::Screen;
use crate::tui::wizard::FieldId;
use crate::tui::{Look, Model, Msg, Setup};

/// One thing that happens.
#[derive(Clone, Debug)]
pub(super) enum Happening {
    Key(KeyCode, KeyModifiers),
    Paste(String),
    Click(u16, u16),
    Wheel(bool),
    Resize(u16, u16),
    Wait(u64),
    Event(u8),
    Rows(u8),
    /// Another program changes a connection.
    Elsewhere(u8),
}

fn happening() -> impl Strategy<Value = Happening> {
    let letter = proptest::sample::select(
        "aabcghjknopqrstuxLMQS?:/12345 \u{e9}日"
            .chars()
            .collect::<Vec<_>>(),
    );
    let code = prop_oneof![
        4 => letter.prop_map(KeyCode::Char),
        6 => proptest::sample::select(vec![
            KeyCode::Enter, KeyCode::Enter, KeyCode::Enter, KeyCode::Down, KeyCode::Down, KeyCode::Up, KeyCode::Esc,
            KeyCode::Tab, KeyCode::BackTab, KeyCode::Backspace, KeyCode::Home, KeyCode::End, KeyCode::PageDown,
            KeyCode::PageUp, KeyCode::Left, KeyCode::Delete, KeyCode::F(1),
        ]),
    ];
    let modifiers = prop_oneof![12 => Just(KeyModifiers::NONE), 1 => Just(KeyModifiers::CONTROL), 1 => Just(KeyModifiers::ALT)];
    prop_oneof![
        40 => (code, modifiers).prop_map(|(code, modifiers)| Happening::Key(code, modifiers)),
        2 => "\\PC{0,30}|[\\x00-\\x7f]{0,20}".prop_map(Happening::Paste),
        2 => (0..130_u16, 0..45_u16).prop_map(|(x, y)| Happening::Click(x, y)),
        1 => any::<bool>().prop_map(Happening::Wheel),
        2 => (1..130_u16, 1..45_u16).prop_map(|(w, h)| Happening::Resize(w, h)),
        1 => (0..4000_u64).prop_map(Happening::Wait),
        4 => any::<u8>().prop_map(Happening::Event),
        2 => any::<u8>().prop_map(Happening::Rows),
        2 => any::<u8>().prop_map(Happening::Elsewhere),
    ]
}

fn event(kind: u8) -> AttemptEvent {
    let shown = |text: &str| Untrusted::new(text).shown();
    match kind % 9 {
        0 => AttemptEvent::Step {
            step: Step::ALL[usize::from(kind) % 9],
            state: StepState::Active,
            detail: None,
        },
        1 => AttemptEvent::Step {
            step: Step::Check,
            state: StepState::Failed,
            detail: Some("x".to_owned()),
        },
        2 => AttemptEvent::Way(device_way()),
        3 => AttemptEvent::Ignored(Ignored::SlowDown),
        4 => AttemptEvent::Asked(Question::WiderGrant {
            added: scopes("admin"),
        }),
        5 => AttemptEvent::Asked(Question::OtherAccount {
            before: shown("a"),
            now: shown("b"),
        }),
        6 => AttemptEvent::Failed {
            error: Arc::new(failure("invalid_client")),
            step: Step::Exchange,
        },
        7 => AttemptEvent::Cancelled,
        _ => AttemptEvent::Failed {
            error: Arc::new(failure("timeout")),
            step: Step::Approve,
        },
    }
}

pub(super) fn do_it(script: &mut Script, happening: &Happening) {
    let msg = match happening {
        Happening::Key(code, modifiers) => Msg::Key(KeyEvent::new(*code, *modifiers)),
        Happening::Paste(text) => Msg::Paste(Secret::new(text.clone())),
        Happening::Click(column, row) => Msg::Mouse(MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: *column,
            row: *row,
            modifiers: KeyModifiers::NONE,
        }),
        Happening::Wheel(down) => Msg::Mouse(MouseEvent {
            kind: if *down {
                MouseEventKind::ScrollDown
            } else {
                MouseEventKind::ScrollUp
            },
            column: 5,
            row: 5,
            modifiers: KeyModifiers::NONE,
        }),
        Happening::Resize(width, height) => Msg::Resize(*width, *height),
        Happening::Wait(seconds) => {
            script.wait(*seconds);
            return;
        }
        Happening::Event(kind) => {
            if script
                .model
                .running()
                .and_then(|authorize| authorize.attempt())
                .is_some()
            {
                script.event(event(*kind));
            }
            return;
        }
        Happening::Rows(n) => {
            let n = u32::from(*n);
            script
                .backend
                .rows
                .retain(|row| row.summary.id != id(1000 + n));
            script
                .backend
                .rows
                .push(row(1000 + n, &format!("new-{n}"), "GitHub", "", None, None));
            script.backend.rows.truncate(8);
            Msg::Engine(Change::Connections)
        }
        Happening::Elsewhere(n) => {
            elsewhere(&mut script.backend.rows, *n);
            Msg::Engine(Change::Connections)
        }
    };
    script.send(msg);
}

/// Another program renames a connection, ends its sign-in, deletes it, asks for other scopes, or turns the
/// rows round.
fn elsewhere(rows: &mut Vec<Row>, n: u8) {
    let Some(at) = usize::from(n / 5).checked_rem(rows.len()) else {
        rows.extend(super::example::rows());
        return;
    };
    let summary = &mut rows[at].summary;
    match n % 5 {
        4 => summary.requested = scopes(&format!("read s{n}")),
        0 => summary.name = name(&format!("n{n}-{}", summary.provider_id.replace(' ', "-"))),
        1 => {
            summary.grant = None;
            rows[at].verdict = Verdict::of(None, None, None, false, NOW);
        }
        2 => {
            rows.remove(at);
        }
        _ => rows.reverse(),
    }
}

/// Every text of the wizard, by provider and field.
pub(super) fn typed(model: &Model) -> Option<BTreeMap<String, BTreeMap<FieldId, String>>> {
    let wizard = model.screens.iter().find_map(|screen| match screen {
        Screen::Wizard(wizard) => Some(wizard),
        _ => None,
    });
    let wizard = wizard.or(model.kept.as_ref())?;
    Some(
        wizard
            .drafts()
            .iter()
            .map(|(key, draft)| (key.clone(), draft.texts()))
            .collect(),
    )
}

/// Keys that edit no text: after them every typed text is still there.
fn edits(happening: &Happening) -> bool {
    !matches!(
        happening,
        Happening::Key(
            KeyCode::Esc
                | KeyCode::Tab
                | KeyCode::BackTab
                | KeyCode::Up
                | KeyCode::Down
                | KeyCode::F(_),
            _
        ) | Happening::Resize(..)
            | Happening::Wait(_)
            | Happening::Event(_)
            | Happening::Rows(_)
            | Happening::Elsewhere(_)
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn w_11_nothing_breaks_it(happenings in proptest::collection::vec(happening(), 2000), ascii: bool) {
        let look = Look { colour: true, ascii, ..Look::default() };
        let mut script = Script::new(Setup { look, practice: ascii, ..setup() }, rows(), (80, 24));
        for (n, happening) in happenings.iter().enumerate() {
            let before = typed(&script.model);
            let was = script.model.world.table.selected().map(|row| row.summary.id.clone());
            let filter = script.model.world.table.filter().value().to_owned();
            do_it(&mut script, happening);
            if let (false, Some(before), Some(after)) = (edits(happening), before, typed(&script.model)) {
                for (provider, fields) in before {
                    for (field, text) in fields {
                        let now = after.get(&provider).and_then(|fields| fields.get(&field)).cloned();
                        // Leaving a variable fills in the addresses that hang on it.
                        let follows = matches!(field, FieldId::Authorization | FieldId::Token | FieldId::Device | FieldId::Revocation | FieldId::Introspection | FieldId::Userinfo);
                        // An address that lacks https gets it when its field is left.
                        let completed = now.as_deref() == Some(&*format!("https://{}", text.trim()));
                        prop_assert!(follows || completed || now.as_ref() == Some(&text), "{provider} {field:?}: {text:?} became {now:?} by {happening:?}");
                    }
                }
            }
            if let (Happening::Rows(_) | Happening::Elsewhere(_) | Happening::Resize(..) | Happening::Wait(_), Some(was)) = (happening, was) {
                let table = &script.model.world.table;
                // Another name or state can take a row out of what the filter shows.
                let there = table.shown_ids().contains(&was) && table.filter().value() == filter;
                prop_assert!(!there || table.selected().map(|row| &row.summary.id) == Some(&was), "{happening:?}");
            }
            if n % 7 == 0 {
                let frame = script.frame();
                let escaped = frame.contains('\u{1b}');
                prop_assert!(!escaped);
            }
        }
    }
}

#[test]
fn w_11_every_size_is_drawn() {
    for keys in [
        "",
        "down enter",
        "a",
        "a \"gitl\" enter enter",
        "down u",
        "down x",
        "?",
        "a \"other\" enter",
    ] {
        let mut script = Script::usual();
        script.keys(keys);
        for width in (1..130).step_by(3).chain([500]) {
            for height in (1..50).step_by(2).chain([200]) {
                script.resize(width, height);
                script.terminal();
            }
        }
    }
}
