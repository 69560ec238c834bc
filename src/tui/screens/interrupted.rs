//! Asks about sign-ins whose program or line went away before they ended (conformance Z-10).

use crate::actions::{Action, Key, Place};
use crate::engine::Interrupted;
use crate::tui::authorize::Authorize;
use crate::tui::face::{Chosen, Effect, Face, choose};
use crate::tui::model::World;
use crate::tui::page::{Page, Pen};
use crate::tui::request::Request;
use crate::tui::text;
use crate::tui::theme::Role;

/// The question about one of them.
pub(in crate::tui) struct InterruptedScreen {
    attempt: Interrupted,
    at: usize,
}

impl InterruptedScreen {
    pub(in crate::tui) fn new(attempt: Interrupted) -> Self {
        Self { attempt, at: 0 }
    }
}

impl Face for InterruptedScreen {
    fn place(&self) -> Place {
        Place::Choices
    }

    fn act(&mut self, action: Action, key: Key, world: &World) -> Vec<Effect> {
        match choose(&mut self.at, 2, action, key) {
            Some(Chosen::Item(0)) => {
                let Some(row) = world.table.row(&self.attempt.connection) else {
                    return vec![Effect::Close];
                };
                let mut effects = vec![Effect::Close];
                effects.extend(Authorize::go_on(row, world));
                effects
            }
            Some(Chosen::Item(_)) => vec![
                Effect::Close,
                Effect::Ask(Request::ForgetInterrupted(self.attempt.connection.clone())),
            ],
            Some(Chosen::Back) => vec![Effect::Close],
            None => Vec::new(),
        }
    }

    fn click(&mut self, item: usize, _world: &World) -> bool {
        std::mem::replace(&mut self.at, item) == item
    }

    fn page(&self, pen: Pen, world: &World) -> Page {
        let mut page = Page::new("Valetkey", "", pen);
        let Interrupted { name, began, .. } = &self.attempt;
        let words = format!(
            "A sign-in to {name} was interrupted at {}. Nothing stored was changed.",
            world.clock_time(*began)
        );
        page.text(0, Role::Plain, &words);
        page.blank();
        let code = self.attempt.code_until;
        let go_on = match code.filter(|until| *until > world.now) {
            Some(until) => format!(
                "with the same code, good for {} more",
                text::clock(until.since(world.now))
            ),
            None => "sign in again".to_owned(),
        };
        for (index, (label, words)) in [("Go on", go_on.as_str()), ("Forget it", "")]
            .into_iter()
            .enumerate()
        {
            let label = format!("{}  {label}", index + 1);
            page.item(index, index == self.at, &label, 14, words);
        }
        page
    }
}
