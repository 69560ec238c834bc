//! The vault was copied or restored, or a sign-in came out of a backup: asks whether it is to be used here, before anything is spent.

use crate::actions::{Action, Key, Place};
use crate::tui::face::{Chosen, Effect, Face, choose};
use crate::tui::model::World;
use crate::tui::page::{Page, Pen};
use crate::tui::request::Request;
use crate::tui::theme::Role;

const ANSWERS: [&str; 2] = [
    "Leave it; nothing is refreshed here",
    "Use this copy here from now on",
];

/// The question, and what waits for the answer. The first choice changes nothing.
pub(in crate::tui) struct Adopting {
    then: Vec<Request>,
    adopted: bool,
    at: usize,
    second_copy: bool,
}

impl Adopting {
    pub(in crate::tui) fn new(then: Request, second_copy: bool) -> Self {
        Self {
            then: vec![then],
            adopted: false,
            at: 0,
            second_copy,
        }
    }

    /// Something else waits for the same answer.
    pub(in crate::tui) fn and_then(&mut self, then: Request) {
        self.then.push(then);
    }

    /// The person said yes.
    pub(in crate::tui) fn is_adopted(&self) -> bool {
        self.adopted
    }

    fn press(&mut self, choice: usize) -> Vec<Effect> {
        let then = std::mem::take(&mut self.then);
        self.adopted = choice == 1;
        let adopt = self
            .adopted
            .then(|| Effect::Ask(Request::AdoptVault { then }));
        [Effect::Close].into_iter().chain(adopt).collect()
    }
}

impl Face for Adopting {
    fn place(&self) -> Place {
        Place::Choices
    }

    fn act(&mut self, action: Action, key: Key, _world: &World) -> Vec<Effect> {
        match choose(&mut self.at, ANSWERS.len(), action, key) {
            Some(Chosen::Item(choice)) => self.press(choice),
            Some(Chosen::Back) => vec![Effect::Close],
            None => Vec::new(),
        }
    }

    fn click(&mut self, item: usize, _world: &World) -> bool {
        std::mem::replace(&mut self.at, item) == item
    }

    fn page(&self, pen: Pen, _world: &World) -> Page {
        let (title, words) = if self.second_copy {
            (
                "A second copy",
                "This sign-in came out of a backup, and its own machine may still use it. A refresh here \
                 may end it there: many providers take it for theft.",
            )
        } else {
            (
                "A copy of the vault",
                "This vault was last used on another machine, or restored from a copy. A refresh \
                 here may end the sign-ins there: many providers take it for theft.",
            )
        };
        let mut page = Page::new(title, "", pen);
        page.text(0, Role::Plain, words);
        page.blank();
        for (index, words) in ANSWERS.into_iter().enumerate() {
            let label = format!("{}  {words}", index + 1);
            page.item(index, index == self.at, &label, 0, "");
        }
        page
    }
}
