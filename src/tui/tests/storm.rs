//! Random keys and engine changes over the real update and view: never a panic, never lost input, never
//! the selection on another row than the chosen one.
//!
//! `VALETKEY_STORM=100000` plays so many, `VALETKEY_STORM_SEED=7` the same as once before.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, Hasher as _};

use crossterm::event::{KeyCode, KeyModifiers};

use super::anything::{Happening, do_it, typed};
use super::example::{id, rows, setup};
use super::script::Script;
use crate::actions::{Action, Keymap, Place};
use crate::engine::Field;
use crate::model::ConnectionId;
use crate::tui::keys;
use crate::tui::model::Screen;
use crate::tui::wizard::FieldId;
use crate::tui::{Look, Setup};

/// A small generator: the same seed plays the same storm.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.roll() % limit.max(1) as u64).expect("small")
    }

    fn byte(&mut self) -> u8 {
        self.roll().to_le_bytes()[3]
    }

    pub(super) fn small(&mut self, limit: u16) -> u16 {
        u16::try_from(self.below(usize::from(limit))).expect("small")
    }
}

const LETTERS: &str = "aacdeeghjknopqrstuuxxyzzLMQS?:/12345 .ä日";
const NAMED: [KeyCode; 21] = [
    KeyCode::Enter,
    KeyCode::Enter,
    KeyCode::Enter,
    KeyCode::Enter,
    KeyCode::Down,
    KeyCode::Down,
    KeyCode::Down,
    KeyCode::Up,
    KeyCode::Up,
    KeyCode::Esc,
    KeyCode::Esc,
    KeyCode::Tab,
    KeyCode::BackTab,
    KeyCode::Backspace,
    KeyCode::Home,
    KeyCode::End,
    KeyCode::PageDown,
    KeyCode::Left,
    KeyCode::Right,
    KeyCode::Delete,
    KeyCode::F(1),
];

fn next(dice: &mut Dice) -> Happening {
    match dice.below(100) {
        0..40 => {
            let letters: Vec<char> = LETTERS.chars().collect();
            let letter = letters[dice.below(letters.len())];
            let modifiers = match dice.below(20) {
                0 => KeyModifiers::CONTROL,
                _ => KeyModifiers::NONE,
            };
            Happening::Key(KeyCode::Char(letter), modifiers)
        }
        40..82 => {
            let modifiers = match dice.below(12) {
                0 => KeyModifiers::SHIFT,
                _ => KeyModifiers::NONE,
            };
            Happening::Key(NAMED[dice.below(NAMED.len())], modifiers)
        }
        82..84 => Happening::Paste(format!("https://h{}.example/\u{1b}[2J", dice.byte())),
        84..86 => Happening::Click(dice.small(130), dice.small(45)),
        86 => Happening::Wheel(dice.below(2) == 0),
        87 => Happening::Resize(1 + dice.small(130), 1 + dice.small(45)),
        88 => Happening::Wait(dice.roll() % 4_000),
        89..92 => Happening::Event(dice.byte()),
        92..95 => Happening::Rows(dice.byte()),
        _ => Happening::Elsewhere(dice.byte()),
    }
}

/// What a person sees and has typed at a moment.
struct Seen {
    place: Place,
    typing: bool,
    selected: Option<ConnectionId>,
    marks: BTreeSet<ConnectionId>,
    shown: Vec<ConnectionId>,
    wizard: Option<BTreeMap<String, BTreeMap<FieldId, String>>>,
    /// What is typed there and not stored.
    editing: Option<BTreeMap<Field, String>>,
    /// The question whether to drop changes is open.
    dropping: bool,
    /// Screens that act on what was chosen when they were opened.
    about: usize,
    /// A sign-in screen is there.
    authorize: bool,
    saved: usize,
    /// The draft of the open wizard that was stored by an earlier try.
    stored: Option<String>,
    edited: usize,
    restored: u32,
}

impl Seen {
    fn of(script: &Script) -> Self {
        let model = &script.model;
        let editing = model.screens.iter().find_map(|screen| match screen {
            Screen::Editing(editing) => Some(editing.typed_texts()),
            _ => None,
        });
        let is_about = |screen: &&Screen| {
            matches!(
                screen,
                Screen::Revoking(_)
                    | Screen::Bulk(_)
                    | Screen::Renaming(_)
                    | Screen::Editing(_)
                    | Screen::Authorize(_)
                    | Screen::Finished(_)
                    | Screen::Asking(_)
                    | Screen::Waiting(_)
                    | Screen::Adopting(_)
                    | Screen::ThirdParty(_)
                    | Screen::OtherScopes(_)
            )
        };
        let table = &model.world.table;
        Self {
            place: model.place(),
            typing: model.typing(),
            selected: table.selected().map(|row| row.summary.id.clone()),
            marks: table.marks().clone(),
            shown: table.shown_ids(),
            wizard: typed(model),
            editing,
            dropping: matches!(model.screens.last(), Some(Screen::Dropping(_))),
            about: model.screens.iter().filter(is_about).count(),
            authorize: model
                .screens
                .iter()
                .any(|screen| matches!(screen, Screen::Authorize(_))),
            saved: script.backend.saved.len(),
            stored: model.screens.iter().find_map(|screen| match screen {
                Screen::Wizard(wizard) => wizard.stored_draft().map(str::to_owned),
                _ => None,
            }),
            edited: script.backend.edited.len(),
            restored: script.backend.restored,
        }
    }
}

/// Tells how to play the storm again when it breaks off.
struct Black<'a> {
    seed: u64,
    last: &'a std::cell::RefCell<Vec<String>>,
}

impl Drop for Black<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let last = self.last.borrow();
            let from = last.len().saturating_sub(25);
            // The one place where a test speaks to its person.
            #[allow(clippy::print_stderr)]
            {
                eprintln!("VALETKEY_STORM_SEED={} broke at {}:", self.seed, last.len());
                eprintln!("{}", last[from..].join("\n"));
            }
        }
    }
}

fn play(seed: u64, count: usize, grouped: bool) {
    let last = std::cell::RefCell::new(Vec::new());
    let _black = Black { seed, last: &last };
    let mut dice = Dice(seed);
    let look = Look {
        colour: true,
        ascii: seed.is_multiple_of(3),
        ..Look::default()
    };
    let mut script = Script::new(Setup { look, ..setup() }, rows(), (80, 24));
    if grouped {
        script.keys("b");
    }
    // What the screens that are open may act on.
    let mut subject = BTreeSet::new();
    for step in 0..count {
        if step % 500 == 499 {
            // Some paths lead to a place with little to do; begin anew, with another vault.
            script = Script::new(Setup { look, ..setup() }, rows(), (80, 24));
            script.backend.moved = dice.below(4) == 0;
            script.backend.locked = (dice.below(4) == 0).then_some("a");
            subject.clear();
        }
        let before = Seen::of(&script);
        if before.about == 0 {
            subject.clone_from(&before.marks);
            subject.extend(before.selected.clone());
        }
        let happening = next(&mut dice);
        last.borrow_mut()
            .push(format!("{:?} {happening:?}", before.place));
        script.backend.about.clear();
        do_it(&mut script, &happening);
        let after = Seen::of(&script);
        wizard_input_stays(&before, &after, &happening);
        edits_stay(&before, &after, &happening);
        selection_stays(&before, &after, &happening);
        // What the wizard has just stored is signed in and tested from there.
        let stored = u32::try_from(before.saved).expect("few")..;
        subject.extend(
            stored
                .take(after.saved.saturating_sub(before.saved))
                .map(|n| id(100 + n)),
        );
        for (word, id) in &script.backend.about {
            let signed = after.authorize || before.authorize || before.saved < after.saved;
            assert!(
                subject.contains(id) || signed,
                "{word} for another connection than the chosen one: {id:?} not in {subject:?}"
            );
        }
        if step % 5 == 0 {
            pointer_is_on_it(&script, &after, look.ascii);
        }
    }
}

/// A lone character that is typed into a field.
fn letter(happening: &Happening) -> Option<char> {
    match happening {
        Happening::Key(KeyCode::Char(c), KeyModifiers::NONE | KeyModifiers::SHIFT) => Some(*c),
        _ => None,
    }
}

/// Whether this edits the text of a field that has the focus.
fn edits(happening: &Happening) -> bool {
    matches!(
        happening,
        Happening::Key(KeyCode::Char(_) | KeyCode::Backspace | KeyCode::Delete, _)
            | Happening::Paste(_)
    )
}

fn wizard_input_stays(before: &Seen, after: &Seen, happening: &Happening) {
    let Some(was) = &before.wizard else {
        return;
    };
    let Some(now) = &after.wizard else {
        // What was stored is in the table, where it can be edited.
        let open = was
            .iter()
            .filter(|(preset, _)| Some(*preset) != before.stored.as_ref());
        let begun = open.into_iter().any(|(preset, fields)| {
            let typed = |(field, text): (&FieldId, &String)| {
                *field != FieldId::Redirect && !text.trim().is_empty()
            };
            !preset.is_empty() || fields.iter().any(typed)
        });
        // It ends when its definition is stored and signed in to, or stored for later.
        let finished = before.authorize || after.saved > before.saved;
        assert!(!begun || finished, "the wizard is gone: {was:?}");
        return;
    };
    let mut changed = Vec::new();
    for (preset, fields) in was {
        for (field, text) in fields {
            let here = now.get(preset).and_then(|fields| fields.get(field));
            // An address that lacks https gets it when its field is left.
            let completed = format!("https://{}", text.trim());
            if here != Some(text) && here != Some(&completed) {
                changed.push((*field, text.clone(), here.cloned().unwrap_or_default()));
            }
        }
    }
    // Leaving a variable fills in the addresses that hang on it.
    changed.retain(|(field, ..)| {
        !matches!(
            field,
            FieldId::Authorization
                | FieldId::Token
                | FieldId::Device
                | FieldId::Revocation
                | FieldId::Introspection
                | FieldId::Userinfo
        ) || letter(happening).is_some()
    });
    let pressed = matches!(
        happening,
        Happening::Key(KeyCode::Enter | KeyCode::Char(' '), _) | Happening::Click(..)
    );
    for (field, was, now) in &changed {
        // Ticking a scope writes it into the line.
        let ticked = *field == FieldId::Scopes && pressed && !before.typing;
        let typed = before.typing && edits(happening);
        assert!(typed || ticked, "{field:?} became {now:?}, it was {was:?}");
        if let (true, Some(_)) = (typed, letter(happening)) {
            let grown = now.chars().count() == was.chars().count() + 1;
            assert!(grown, "{field:?}: {was:?} became {now:?} by one letter");
        }
    }
    assert!(changed.len() <= 1, "one key changed several: {changed:?}");
}

fn edits_stay(before: &Seen, after: &Seen, happening: &Happening) {
    let Some(was) = &before.editing else {
        return;
    };
    let Some(now) = &after.editing else {
        let stored = after.edited > before.edited;
        let lost = !was.is_empty() && !stored && !before.dropping;
        assert!(!lost, "the changes are gone: {was:?}");
        return;
    };
    let turned = matches!(
        happening,
        Happening::Key(KeyCode::Enter | KeyCode::Char(' '), _) | Happening::Click(..)
    );
    if turned || (before.typing && edits(happening)) {
        return;
    }
    for (field, text) in was {
        assert_eq!(now.get(field), Some(text), "{field:?} by {happening:?}");
    }
}

/// Where a key leads from here, where that is plain.
fn moved(before: &Seen, action: Action) -> Option<usize> {
    let at = before
        .shown
        .iter()
        .position(|id| Some(id) == before.selected.as_ref())?;
    let last = before.shown.len() - 1;
    match action {
        Action::Up => Some(at.saturating_sub(1)),
        Action::Down | Action::Mark => Some((at + 1).min(last)),
        Action::First => Some(0),
        Action::Last => Some(last),
        _ => None,
    }
}

fn selection_stays(before: &Seen, after: &Seen, happening: &Happening) {
    let Some(was) = &before.selected else {
        return;
    };
    if !after.shown.contains(was) {
        return;
    }
    let event = |code, modifiers| keys::key(&crossterm::event::KeyEvent::new(code, modifiers));
    let action = match happening {
        Happening::Key(code, modifiers) => event(*code, *modifiers)
            .filter(|key| !(before.typing && key.is_printable()))
            .and_then(|key| Keymap::default().find(before.place, key))
            .map(|entry| entry.action),
        _ => None,
    };
    if let (Place::Table, Some(to)) = (
        before.place,
        action.and_then(|action| moved(before, action)),
    ) {
        assert_eq!(after.selected.as_ref(), before.shown.get(to), "{action:?}");
        return;
    }
    let pages = matches!(action, Some(Action::PageUp | Action::PageDown));
    let by_hand = matches!(happening, Happening::Click(..) | Happening::Wheel(_));
    let searched = before.place == Place::Finding
        || action == Some(Action::Clear)
        || (before.place == Place::Palette && action == Some(Action::Choose));
    let new = after.saved > before.saved
        || after.restored > before.restored
        || (before.authorize && !after.authorize);
    if !(pages || by_hand || searched || new) {
        assert_eq!(after.selected.as_ref(), Some(was), "{happening:?}");
    }
}

/// The line that is drawn as selected is that of the selected row.
fn pointer_is_on_it(script: &Script, seen: &Seen, ascii: bool) {
    let frame = script.frame();
    assert!(!frame.contains('\u{1b}'), "{frame}");
    let (width, height) = script.model.size();
    let Some(row) = script.model.world.table.selected() else {
        return;
    };
    if seen.place != Place::Table || width < 40 || height < 10 {
        return;
    }
    let pointer = if ascii { " >" } else { " ▸" };
    let line = frame.lines().find(|line| line.starts_with(pointer));
    let beginning: String = row.summary.name.as_str().chars().take(4).collect();
    let holds = line.is_some_and(|line| {
        line.get(..width.into())
            .unwrap_or(line)
            .contains(&beginning)
    });
    assert!(holds, "{beginning} is selected:\n{frame}");
}

#[test]
fn w_11_a_storm_of_keys_breaks_nothing() {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let count = number("VALETKEY_STORM").unwrap_or(4_000);
    let any = std::hash::RandomState::new().build_hasher().finish();
    let seed = number("VALETKEY_STORM_SEED").unwrap_or(any % 1_000_000);
    play(
        seed,
        usize::try_from(count).expect("a number"),
        seed % 2 == 0,
    );
}

/// Storms that once found something.
#[test]
fn w_11_old_storms_stay_calm() {
    for seed in [1, 2, 3] {
        play(seed, 600, false);
    }
}
