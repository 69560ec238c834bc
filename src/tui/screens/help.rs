//! All keys of a screen, then those that work everywhere, with the reason where one does not.

use crate::actions::{Action, Entry, Facts, Key, Place, entries};
use crate::tui::face::{Effect, Face, moved};
use crate::tui::model::World;
use crate::tui::page::{Page, Pen};
use crate::tui::theme::Role;

/// The help about another screen.
pub(in crate::tui) struct HelpScreen {
    about: Place,
    facts: Facts,
    at: usize,
}

impl HelpScreen {
    pub(in crate::tui) fn new(about: Place, facts: Facts) -> Self {
        Self {
            about,
            facts,
            at: 0,
        }
    }

    /// Local keys first.
    fn lines(&self) -> (Vec<&'static Entry>, Vec<&'static Entry>) {
        entries(self.about).partition(|entry| !entry.is_global())
    }
}

impl Face for HelpScreen {
    fn place(&self) -> Place {
        Place::Help
    }

    fn act(&mut self, action: Action, _key: Key, world: &World) -> Vec<Effect> {
        let (local, global) = self.lines();
        if let Some(at) = moved(
            self.at,
            local.len() + global.len(),
            world.page_lines(),
            action,
        ) {
            self.at = at;
            return Vec::new();
        }
        match action {
            Action::Back => vec![Effect::Close],
            _ => Vec::new(),
        }
    }

    fn click(&mut self, item: usize, _world: &World) -> bool {
        self.at = item;
        false
    }

    fn page(&self, pen: Pen, _world: &World) -> Page {
        let mut page = Page::new(format!("Keys: {}", self.about.title()), "", pen);
        let (local, global) = self.lines();
        let column = if pen.width >= 60 { 17 } else { 9 };
        let mut index = 0;
        for (heading, list) in [("", local), ("Everywhere", global)] {
            if !heading.is_empty() {
                page.blank();
                page.text(0, Role::Strong, heading);
            }
            for entry in list {
                let words = match entry.possible(&self.facts) {
                    Ok(()) => entry.help.to_owned(),
                    Err(reason) => format!("{}. Not now: {reason}", entry.help),
                };
                let keys = if entry.action == Action::Pick {
                    "1-9".to_owned()
                } else {
                    entry.keys_shown()
                };
                page.item(index, index == self.at, &keys, column, &words);
                index += 1;
            }
        }
        page.blank();
        page.text(
            0,
            Role::Dim,
            "While you type in a field, every letter is text; F1 opens this page there.",
        );
        page
    }
}
