//! Asks before a token leaves for a host that has nothing to do with the sign-in (conformance L-10).

use crate::actions::{Action, Key, Place};
use crate::advice::introspection::question;
use crate::model::{ConnectionId, ConnectionName};
use crate::tui::face::{Chosen, Effect, Face, choose};
use crate::tui::model::World;
use crate::tui::notice::Notice;
use crate::tui::page::{Page, Pen};
use crate::tui::request::Request;
use crate::tui::theme::Role;

/// The question. The first choice sends nothing.
pub(in crate::tui) struct ThirdParty {
    id: ConnectionId,
    name: ConnectionName,
    authority: String,
    at: usize,
}

impl ThirdParty {
    pub(in crate::tui) fn new(id: ConnectionId, name: ConnectionName, authority: String) -> Self {
        Self {
            id,
            name,
            authority,
            at: 0,
        }
    }

    fn press(&self, choice: usize) -> Vec<Effect> {
        let then = match choice {
            0 => Effect::Say(Notice::info("The token was not sent.")),
            _ => Effect::Ask(Request::Introspect {
                id: self.id.clone(),
                allowed: Some(self.authority.clone()),
            }),
        };
        vec![Effect::Close, then]
    }
}

impl Face for ThirdParty {
    fn place(&self) -> Place {
        Place::Choices
    }

    fn act(&mut self, action: Action, key: Key, _world: &World) -> Vec<Effect> {
        match choose(&mut self.at, 2, action, key) {
            Some(Chosen::Item(choice)) => self.press(choice),
            Some(Chosen::Back) => self.press(0),
            None => Vec::new(),
        }
    }

    fn click(&mut self, item: usize, _world: &World) -> bool {
        std::mem::replace(&mut self.at, item) == item
    }

    fn page(&self, pen: Pen, _world: &World) -> Page {
        let title = format!("Ask about the token of {}", self.name);
        let mut page = Page::new(title, "", pen);
        page.text(0, Role::Warn, &question(&self.authority));
        page.blank();
        let answers = [
            "Keep it here".to_owned(),
            format!("Send it to {}", self.authority),
        ];
        for (index, words) in answers.into_iter().enumerate() {
            let label = format!("{}  {words}", index + 1);
            page.item(index, index == self.at, &label, 0, "");
        }
        page
    }
}
