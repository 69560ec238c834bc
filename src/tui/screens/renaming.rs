//! Another name for a connection.

use crate::actions::{Action, Facts, Key, Place};
use crate::engine::Row;
use crate::model::{ConnectionId, ConnectionName};
use crate::tui::face::{Effect, Face};
use crate::tui::field::{TextField, Typed};
use crate::tui::model::World;
use crate::tui::page::{Page, Pen};
use crate::tui::request::Request;
use crate::tui::text::sentence;
use crate::tui::theme::Role;

/// One field.
pub(in crate::tui) struct Renaming {
    id: ConnectionId,
    old: String,
    field: TextField,
    problem: Option<String>,
}

impl Renaming {
    pub(in crate::tui) fn new(row: &Row) -> Self {
        let old = row.summary.name.to_string();
        Self {
            id: row.summary.id.clone(),
            field: TextField::new(old.clone()),
            old,
            problem: None,
        }
    }
}

impl Face for Renaming {
    fn place(&self) -> Place {
        Place::Form
    }

    fn typed(&mut self) -> Option<Typed<'_>> {
        Some(Typed::Plain(&mut self.field))
    }

    fn typing(&self) -> bool {
        true
    }

    fn edited(&mut self, _world: &World) {
        self.problem = None;
    }

    fn facts(&self, _world: &World, facts: &mut Facts) {
        facts.enter = Some("rename");
    }

    fn act(&mut self, action: Action, _key: Key, world: &World) -> Vec<Effect> {
        match action {
            Action::Back => vec![Effect::Close],
            Action::GoOn => match ConnectionName::parse(self.field.trimmed()) {
                Ok(name) if name.as_str() == self.old => vec![Effect::Close],
                Ok(name)
                    if world
                        .table
                        .rows()
                        .iter()
                        .any(|row| row.summary.name == name) =>
                {
                    self.problem = Some("This name is taken.".to_owned());
                    Vec::new()
                }
                Ok(name) => vec![
                    Effect::Close,
                    Effect::Ask(Request::Rename {
                        id: self.id.clone(),
                        name,
                    }),
                ],
                Err(problem) => {
                    self.problem = Some(sentence(&problem));
                    Vec::new()
                }
            },
            _ => Vec::new(),
        }
    }

    fn page(&self, pen: Pen, _world: &World) -> Page {
        let mut page = Page::new(format!("Rename {}", self.old), "", pen);
        page.text(
            0,
            Role::Plain,
            "Commands and programs use the new name from now on.",
        );
        page.blank();
        page.field(0, true, "Name", 6, &self.field, self.problem.as_deref());
        page
    }
}
