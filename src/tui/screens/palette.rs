//! All actions of a screen by name, found by typing a part of it.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::actions::{Action, Entry, Facts, Key, Place};
use crate::tui::face::{Effect, Face, moved};
use crate::tui::field::{TextField, Typed};
use crate::tui::model::World;
use crate::tui::page::{Page, Pen};
use crate::tui::theme::Role;

/// The palette over another screen.
pub(in crate::tui) struct PaletteScreen {
    facts: Facts,
    field: TextField,
    all: Vec<&'static Entry>,
    found: Vec<&'static Entry>,
    at: usize,
}

/// Movements are quicker by their own keys.
const LEFT_OUT: [Action; 15] = [
    Action::Up,
    Action::Down,
    Action::PageUp,
    Action::PageDown,
    Action::First,
    Action::Last,
    Action::Next,
    Action::Previous,
    Action::Palette,
    Action::Pick,
    Action::Choose,
    Action::GoOn,
    Action::Back,
    Action::Toggle,
    Action::Stop,
];

impl PaletteScreen {
    pub(in crate::tui) fn new(about: Place, facts: Facts, world: &World) -> Self {
        let all: Vec<&'static Entry> = world
            .keys()
            .entries(about)
            .filter(|entry| !LEFT_OUT.contains(&entry.action))
            .collect();
        Self {
            facts,
            field: TextField::default(),
            found: all.clone(),
            all,
            at: 0,
        }
    }

    fn press(&self, world: &World) -> Vec<Effect> {
        match self.found.get(self.at) {
            Some(entry) if world.keys().possible(entry, &self.facts).is_ok() => {
                vec![Effect::Close, Effect::Do(entry.action)]
            }
            _ => Vec::new(),
        }
    }
}

impl Face for PaletteScreen {
    fn place(&self) -> Place {
        Place::Palette
    }

    fn typed(&mut self) -> Option<Typed<'_>> {
        Some(Typed::Plain(&mut self.field))
    }

    fn typing(&self) -> bool {
        true
    }

    fn edited(&mut self, _world: &World) {
        let pattern = Pattern::parse(
            self.field.trimmed(),
            CaseMatching::Ignore,
            Normalization::Smart,
        );
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut scored: Vec<(u32, &'static Entry)> = self
            .all
            .iter()
            .filter_map(|entry| {
                let score = pattern.score(Utf32Str::new(entry.name, &mut buffer), &mut matcher)?;
                Some((score, *entry))
            })
            .collect();
        scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        self.found = scored.into_iter().map(|(_, entry)| entry).collect();
        self.at = 0;
    }

    fn act(&mut self, action: Action, _key: Key, world: &World) -> Vec<Effect> {
        if let Some(at) = moved(self.at, self.found.len(), world.page_lines(), action) {
            self.at = at;
            return Vec::new();
        }
        match action {
            Action::Choose => self.press(world),
            Action::Back => vec![Effect::Close],
            _ => Vec::new(),
        }
    }

    fn click(&mut self, item: usize, _world: &World) -> bool {
        std::mem::replace(&mut self.at, item) == item
    }

    fn page(&self, pen: Pen, world: &World) -> Page {
        let mut page = Page::new("Actions", "", pen);
        page.find(":", &self.field);
        page.blank();
        for (index, entry) in self.found.iter().enumerate() {
            let key = world
                .keys()
                .keys_of(entry)
                .first()
                .map(ToString::to_string)
                .unwrap_or_default();
            let words = match world.keys().possible(entry, &self.facts) {
                Ok(()) => format!("{key:<7} {}", entry.help),
                Err(reason) => format!("{key:<7} {reason}"),
            };
            page.item(index, index == self.at, entry.name, 20, &words);
        }
        if self.found.is_empty() {
            page.text(0, Role::Dim, "No action has this in its name.");
        }
        page
    }
}
