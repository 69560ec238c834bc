//! Asks before a running sign-in is given up.

use crate::actions::{Action, Key, Place};
use crate::model::AttemptId;
use crate::tui::face::{Chosen, Effect, Face, choose};
use crate::tui::model::World;
use crate::tui::page::{Page, Pen};
use crate::tui::request::Request;
use crate::tui::theme::Role;

/// What is given up.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Scope {
    /// The program is left.
    Program,
    /// Only the sign-in is stopped.
    Attempt(AttemptId),
}

/// The question. The first choice changes nothing.
pub(in crate::tui) struct Leaving {
    name: String,
    scope: Scope,
    at: usize,
}

impl Leaving {
    pub(in crate::tui) fn program(name: String) -> Self {
        Self {
            name,
            scope: Scope::Program,
            at: 0,
        }
    }

    pub(in crate::tui) fn attempt(name: String, attempt: AttemptId) -> Self {
        Self {
            name,
            scope: Scope::Attempt(attempt),
            at: 0,
        }
    }

    fn press(&self, choice: usize) -> Vec<Effect> {
        match (choice, &self.scope) {
            (1, Scope::Program) => vec![Effect::Ask(Request::Quit)],
            // The sign-in's own screen lies below.
            (1, Scope::Attempt(attempt)) => vec![
                Effect::Ask(Request::Cancel {
                    attempt: attempt.clone(),
                }),
                Effect::Close,
                Effect::Close,
            ],
            _ => vec![Effect::Close],
        }
    }
}

impl Face for Leaving {
    fn place(&self) -> Place {
        Place::Choices
    }

    fn act(&mut self, action: Action, key: Key, _world: &World) -> Vec<Effect> {
        match choose(&mut self.at, 2, action, key) {
            Some(Chosen::Item(choice)) => self.press(choice),
            Some(Chosen::Back) => vec![Effect::Close],
            None => Vec::new(),
        }
    }

    fn click(&mut self, item: usize, _world: &World) -> bool {
        std::mem::replace(&mut self.at, item) == item
    }

    fn page(&self, pen: Pen, _world: &World) -> Page {
        let mut page = Page::new("Valetkey", "", pen);
        let words = format!(
            "{} is waiting for your approval. Stop it? Nothing stored changes.",
            self.name
        );
        page.text(0, Role::Plain, &words);
        page.blank();
        let stop = match &self.scope {
            Scope::Program => "Stop it and quit",
            Scope::Attempt(_) => "Stop it",
        };
        for (index, label) in ["Keep waiting", stop].into_iter().enumerate() {
            page.item(
                index,
                index == self.at,
                &format!("{}  {label}", index + 1),
                0,
                "",
            );
        }
        page
    }
}
