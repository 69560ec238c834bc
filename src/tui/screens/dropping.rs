//! Asks before typed changes are dropped.

use crate::actions::{Action, Key, Place};
use crate::tui::face::{Chosen, Effect, Face, choose};
use crate::tui::model::World;
use crate::tui::page::{Page, Pen};
use crate::tui::theme::Role;

/// The question. The first choice loses nothing.
pub(in crate::tui) struct Dropping {
    title: String,
    /// What was not done with them.
    words: &'static str,
    at: usize,
}

impl Dropping {
    /// Under the title of the screen below.
    pub(in crate::tui) fn new(title: String, words: &'static str) -> Self {
        Self {
            title,
            words,
            at: 0,
        }
    }
}

impl Face for Dropping {
    fn place(&self) -> Place {
        Place::Choices
    }

    fn act(&mut self, action: Action, key: Key, _world: &World) -> Vec<Effect> {
        match choose(&mut self.at, 2, action, key) {
            Some(Chosen::Item(1)) => vec![Effect::Close, Effect::Close],
            Some(_) => vec![Effect::Close],
            None => Vec::new(),
        }
    }

    fn click(&mut self, item: usize, _world: &World) -> bool {
        std::mem::replace(&mut self.at, item) == item
    }

    fn page(&self, pen: Pen, _world: &World) -> Page {
        let mut page = Page::new(self.title.clone(), "", pen);
        page.text(0, Role::Plain, self.words);
        page.blank();
        for (index, label) in ["Go on", "Drop the changes"].into_iter().enumerate() {
            let label = format!("{}  {label}", index + 1);
            page.item(index, index == self.at, &label, 0, "");
        }
        page
    }
}
