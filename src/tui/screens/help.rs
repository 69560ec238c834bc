//! All keys of a screen, then those that work everywhere, then those that do not work now and why.

use crate::actions::{Action, Entry, Facts, Key, Keymap, Place};
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

    /// Each line with its keys and words: the screen's own first, then those of every screen, last
    /// what is not possible now.
    fn parts(&self, map: &Keymap) -> [(&'static str, Vec<(String, String)>); 3] {
        let mut parts: [(_, Vec<(String, String)>); 3] = [
            ("", Vec::new()),
            ("Everywhere", Vec::new()),
            ("Not now", Vec::new()),
        ];
        for entry in map.entries(self.about) {
            let (part, words) = match map.possible(entry, &self.facts) {
                Ok(()) => (usize::from(entry.is_global()), entry.help.to_owned()),
                Err(reason) => (2, format!("{}: {reason}", entry.name)),
            };
            let lines = &mut parts[part].1;
            // Keys that work on other screens too have entries of their own.
            match lines.iter_mut().find(|(_, known)| *known == words) {
                Some((known, _)) => *known = format!("{known} {}", keys(entry, map)),
                None => lines.push((keys(entry, map), words)),
            }
        }
        parts
    }
}

impl Face for HelpScreen {
    fn place(&self) -> Place {
        Place::Help
    }

    fn act(&mut self, action: Action, _key: Key, world: &World) -> Vec<Effect> {
        let len = self
            .parts(world.keys())
            .iter()
            .map(|(_, lines)| lines.len())
            .sum();
        if let Some(at) = moved(self.at, len, world.page_lines(), action) {
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

    fn page(&self, pen: Pen, world: &World) -> Page {
        let mut page = Page::new(format!("Keys: {}", self.about.title()), "", pen);
        let column = if pen.width >= 60 { 17 } else { 9 };
        let mut index = 0;
        for (heading, lines) in self.parts(world.keys()) {
            if !heading.is_empty() && !lines.is_empty() {
                page.blank();
                page.text(0, Role::Strong, heading);
            }
            for (keys, words) in lines {
                page.item(index, index == self.at, &keys, column, &words);
                index += 1;
            }
        }
        page.blank();
        page.text(
            0,
            Role::Dim,
            &world.keys().fill(
                "While you type in a field, every letter is text; {help!} opens this page there.",
            ),
        );
        page
    }
}

fn keys(entry: &Entry, map: &Keymap) -> String {
    if entry.action == Action::Pick {
        "1-9".to_owned()
    } else {
        map.shown(entry)
    }
}
