//! The file of an authority of one's own, which the backend reads when its field is left.

use super::draft::FieldId;
use super::lines::Line;
use super::{Stage, Wizard};
use crate::tui::face::Effect;
use crate::tui::model::World;

impl Wizard {
    /// The reading that is due because the field was left.
    pub(super) fn read_authority(&mut self) -> Vec<Effect> {
        let draft = self.draft_mut();
        let typed = draft.text(FieldId::Authority).to_owned();
        let due = draft.authority.due(&typed);
        due.map(Effect::Ask).into_iter().collect()
    }

    /// The file was read: its problem stands beside its field, and whoever went on goes on.
    pub(in crate::tui) fn authority_read(
        &mut self,
        file: &str,
        found: &Result<String, String>,
        world: &World,
    ) -> Vec<Effect> {
        for draft in self.drafts.values_mut() {
            draft.authority.answered(file, found);
        }
        let waited = std::mem::take(&mut self.going_on);
        if self.stage != Stage::Details || self.draft().text(FieldId::Authority) != file {
            return Vec::new();
        }
        // Who was there before it was trusted.
        self.looking = None;
        match self.problem(FieldId::Authority, false, world) {
            Some(fault) => {
                self.problems.insert(FieldId::Authority, fault);
            }
            None => {
                self.problems.remove(&FieldId::Authority);
            }
        }
        if !waited {
            return Vec::new();
        }
        if found.is_ok() {
            return self.go_on(world);
        }
        self.draft_mut().more = true;
        let here = |line: &Line| matches!(line, Line::Field(FieldId::Authority, _));
        self.at = self.lines().iter().position(here).unwrap_or(self.at);
        Vec::new()
    }
}
