//! Keys and clicks in the wizard.

use super::draft::FieldId;
use super::help::help;
use super::lines::Line;
use super::{Stage, Wizard};
use crate::actions::{Action, Facts, Key, Place};
use crate::tui::face::{Effect, Face, moved, picked};
use crate::tui::field::Typed;
use crate::tui::model::World;
use crate::tui::page::{Page, Pen};

impl Face for Wizard {
    fn place(&self) -> Place {
        if self.stage == Stage::Provider {
            Place::Providers
        } else {
            Place::Form
        }
    }

    fn typed(&mut self) -> Option<Typed<'_>> {
        if self.stage == Stage::Provider {
            return Some(Typed::Plain(&mut self.search));
        }
        match self.focused()? {
            Line::Field(id, _) => Some(Typed::Plain(self.draft_mut().field_mut(id))),
            Line::Secret => Some(Typed::Masked(&mut self.draft_mut().secret)),
            _ => None,
        }
    }

    fn typing(&self) -> bool {
        self.stage == Stage::Provider || self.focused().is_some_and(|line| line.is_field())
    }

    fn edited(&mut self, world: &World) {
        if self.stage == Stage::Provider {
            self.look(world);
            return;
        }
        // The problem goes while it is being corrected; it is looked for again on leaving.
        match self.focused() {
            Some(Line::Field(id, _)) => {
                self.typing_in = Some(id);
                self.problems.remove(&id);
                self.draft_mut().completed.remove(&id);
                if id == FieldId::Authority {
                    // What answered was trusted, or not, by another file.
                    self.looking = None;
                }
            }
            _ => self.secret_problem = None,
        }
    }

    fn facts(&self, world: &World, facts: &mut Facts) {
        facts.copyable =
            matches!(self.focused(), Some(Line::Register(step)) if step.copy.is_some());
        if self.stage != Stage::Provider {
            facts.enter = self.focused().and_then(|line| self.enter(&line, world));
        }
    }

    fn help(&self) -> Option<&'static str> {
        let asks = matches!(self.stage, Stage::Details | Stage::App);
        asks.then(|| self.focused().map_or("", |line| help(&line)))
    }

    fn act(&mut self, action: Action, key: Key, world: &World) -> Vec<Effect> {
        // Whoever does something else does not go on any more.
        self.going_on = false;
        let mut effects = self.act_here(action, key, world);
        effects.extend(self.read_authority());
        effects
    }

    fn click(&mut self, item: usize, world: &World) -> bool {
        if self.stage == Stage::Provider {
            return std::mem::replace(&mut self.found_at, item) == item;
        }
        let same = self.at == item;
        if !same {
            self.going_on = false;
            self.leave_line(world);
            self.at = item.min(self.lines().len().saturating_sub(1));
        }
        same
    }

    fn page(&self, pen: Pen, world: &World) -> Page {
        self.draw(pen, world)
    }
}

impl Wizard {
    fn act_here(&mut self, action: Action, key: Key, world: &World) -> Vec<Effect> {
        if self.stage == Stage::Provider {
            return self.act_in_list(action, world);
        }
        let len = self.lines().len();
        if let Some(at) = moved(self.at, len, world.page_lines(), action) {
            self.leave_line(world);
            self.at = at.min(self.lines().len().saturating_sub(1));
            return Vec::new();
        }
        match action {
            // Enter goes on; it would take back what a space has just ticked.
            Action::GoOn if self.on_ticked() => {
                self.at = self.aim(self.at + 1);
                Vec::new()
            }
            Action::GoOn => self.press(world),
            Action::Toggle => match self.focused() {
                Some(Line::Scope(_) | Line::Tick(_)) => self.press(world),
                Some(line) => {
                    self.choose_here(&line, world);
                    Vec::new()
                }
                None => Vec::new(),
            },
            Action::Pick if self.stage == Stage::App => match picked(key).filter(|at| *at < len) {
                Some(at) => {
                    self.at = at;
                    match self.focused() {
                        Some(Line::Field(..) | Line::Secret) => Vec::new(),
                        Some(Line::Register(step)) if step.copy.is_none() => Vec::new(),
                        Some(line) if self.choose_here(&line, world) => Vec::new(),
                        _ => self.press(world),
                    }
                }
                None => Vec::new(),
            },
            Action::Copy => match self.focused() {
                Some(Line::Register(step)) => step
                    .copy
                    .map(|value| Effect::Copy("The line", value))
                    .into_iter()
                    .collect(),
                _ => Vec::new(),
            },
            Action::Back => {
                if let Some(before) = self.stage.before() {
                    self.stage = before;
                    self.problems.clear();
                    self.at = self.aim(0);
                    self.look(world);
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }
}
