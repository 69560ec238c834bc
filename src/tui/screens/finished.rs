//! The end of a sign-in: who is connected, with what, and how to use it (last step of the wizard).

use crate::actions::{Action, Facts, Key, Place};
use crate::advice::remark;
use crate::engine::{Outcome, TestReport};
use crate::model::ConnectionId;
use crate::tui::face::{Effect, Face, moved};
use crate::tui::glyph;
use crate::tui::model::World;
use crate::tui::notice::Notice;
use crate::tui::page::{Page, Pen};
use crate::tui::request::Request;
use crate::tui::screens::OtherScopes;
use crate::tui::theme::Role;

/// The result.
pub(in crate::tui) struct Finished {
    id: ConnectionId,
    outcome: Outcome,
    in_wizard: bool,
    at: usize,
}

impl Finished {
    pub(in crate::tui) fn new(id: ConnectionId, outcome: Outcome, in_wizard: bool) -> Self {
        Self {
            id,
            outcome,
            in_wizard,
            at: 0,
        }
    }

    /// A later test read of the same connection.
    pub(in crate::tui) fn tested(&mut self, id: &ConnectionId, report: &TestReport) -> bool {
        let ours = self.id == *id;
        if ours {
            self.outcome.test = Some(report.clone());
        }
        ours
    }

    /// What can be selected: commands to copy, then the way back.
    fn lines(&self, world: &World) -> Vec<(&'static str, String)> {
        let mut lines = vec![("Done", "to the table".to_owned())];
        if !world.setup.practice {
            let name = &self.outcome.name;
            // On a terminal alone the token would not be shown.
            lines.push(("Use it", format!("TOKEN=$(valetkey token {name})")));
            lines.push(("", format!("valetkey exec {name} -- CMD")));
        }
        lines
    }

    fn copyable(&self, world: &World) -> Option<String> {
        self.lines(world)
            .into_iter()
            .nth(self.at)
            .filter(|_| self.at > 0)
            .map(|(_, text)| text)
    }
}

impl Face for Finished {
    fn place(&self) -> Place {
        Place::Finished
    }

    fn facts(&self, world: &World, facts: &mut Facts) {
        facts.copyable = self.copyable(world).is_some();
        // The row may not have been read again yet.
        facts.row = true;
        facts.signed_in = true;
    }

    fn act(&mut self, action: Action, _key: Key, world: &World) -> Vec<Effect> {
        if let Some(at) = moved(self.at, self.lines(world).len(), 1, action) {
            self.at = at;
            return Vec::new();
        }
        match action {
            Action::Choose if self.at == 0 => vec![Effect::Home],
            Action::Choose | Action::Copy => match self.copyable(world) {
                Some(text) => vec![Effect::Copy("The command", text)],
                None => Vec::new(),
            },
            Action::Back => vec![Effect::Home],
            Action::OtherScopes => match world.table.row(&self.id) {
                Some(row) => [Effect::Home]
                    .into_iter()
                    .chain(OtherScopes::open(
                        row,
                        &world.proposed_scopes(row, &self.outcome.requested),
                    ))
                    .collect(),
                None => Vec::new(),
            },
            Action::Test => vec![
                Effect::Ask(Request::Test(self.id.clone())),
                Effect::Say(Notice::info(format!("Testing {}", self.outcome.name))),
            ],
            _ => Vec::new(),
        }
    }

    fn click(&mut self, item: usize, _world: &World) -> bool {
        std::mem::replace(&mut self.at, item) == item
    }

    fn page(&self, pen: Pen, world: &World) -> Page {
        let step = if self.in_wizard {
            "Step 7 of 7: Test"
        } else {
            ""
        };
        let mut page = Page::new(format!("Connected {}", self.outcome.name), step, pen);
        let account = match &self.outcome.account {
            Some(account) => format!("Connected as {account}."),
            None => "Connected. The provider did not say as whom.".to_owned(),
        };
        page.text(0, Role::Good, &format!("{} {account}", glyph::DONE));
        page.text(0, Role::Plain, &scopes_told(&self.outcome));
        for remark in self.outcome.notes.iter().filter_map(|note| remark(*note)) {
            page.text(0, Role::Warn, remark);
        }
        page.blank();
        match &self.outcome.test {
            Some(test) => report(&mut page, test),
            None => page.text(
                0,
                Role::Plain,
                "Not tested yet. t reads something simple to prove that it works.",
            ),
        }
        page.blank();
        for (index, (label, text)) in self.lines(world).into_iter().enumerate() {
            page.item(index, index == self.at, label, 9, &text);
        }
        if world.setup.practice {
            page.blank();
            page.text(0, Role::Dim, PRACTISED);
        }
        page
    }
}

/// Practice ends with the program, so no command finds what was made in it.
const PRACTISED: &str = "With a real service, programs then get a token by a command: valetkey token NAME prints one, valetkey exec NAME -- CMD runs CMD with one.";

fn scopes_told(outcome: &Outcome) -> String {
    let Some(granted) = &outcome.granted else {
        return if outcome.requested.is_empty() {
            "Scopes: the provider's default (it did not list them).".to_owned()
        } else {
            format!(
                "Scopes: {} as requested (the provider did not list them).",
                outcome.requested
            )
        };
    };
    let refused = outcome.requested.without(granted);
    let added = granted.without(&outcome.requested);
    let mut words = match granted.len() {
        0 => "The provider reported no scopes".to_owned(),
        1 => format!("1 scope granted: {granted}"),
        n => format!("{n} scopes granted: {granted}"),
    };
    if !refused.is_empty() {
        words = format!("{words}; refused: {refused}");
    }
    if !added.is_empty() {
        words = format!("{words}; not asked for: {added}");
    }
    format!("{words}.")
}

/// Status, time and a few safe lines of a test read.
pub(super) fn report(page: &mut Page, test: &TestReport) {
    let head = format!(
        "Test read: {} from {} in {} ms",
        test.status, test.authority, test.millis
    );
    let (glyph, role) = if (200..300).contains(&test.status) {
        (glyph::DONE, Role::Good)
    } else {
        (glyph::FAILED, Role::Bad)
    };
    page.spans(0, &[(role, format!("{glyph} ")), (Role::Plain, head)]);
    for line in test.lines.iter().take(8) {
        page.spans(2, &[(Role::Dim, line.to_string())]);
    }
}
