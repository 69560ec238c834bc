//! Signing in again with other scopes, chosen before anything is asked of the provider. What is there stays
//! until the new sign-in is accepted (conformance B-11), and a sign-in that waits goes on until another begins.

use super::dropping::Dropping;
use crate::actions::{Action, Facts, Key, Place};
use crate::engine::Row;
use crate::model::{ConnectionId, ScopeSet};
use crate::tui::authorize::Authorize;
use crate::tui::face::{Effect, Face, moved};
use crate::tui::field::{TextField, Typed};
use crate::tui::model::{Screen, World};
use crate::tui::page::{Page, Pen};
use crate::tui::scope_line;
use crate::tui::table::provider_of;
use crate::tui::text::sentence;
use crate::tui::theme::Role;
use crate::tui::wizard::ScopeChoice;

/// What stands in a line.
enum Line<'a> {
    Field,
    GoOn,
    Known(&'a ScopeChoice),
}

/// The state of the screen.
pub(in crate::tui) struct OtherScopes {
    id: ConnectionId,
    name: String,
    provider: String,
    /// By which its scopes are known.
    provider_id: String,
    granted: Option<ScopeSet>,
    /// What stood there at first.
    first: ScopeSet,
    field: TextField,
    problem: Option<String>,
    at: usize,
    /// A sign-in waits on the screen below, and begins anew with what is chosen here.
    above: bool,
}

impl OtherScopes {
    /// For a connection of the table, beginning with `scopes`.
    pub(in crate::tui) fn open(row: &Row, scopes: &ScopeSet) -> Vec<Effect> {
        Self::opened(row, scopes, false)
    }

    /// Above the screen of a sign-in that waits for an approval.
    pub(in crate::tui) fn above(row: &Row, scopes: &ScopeSet) -> Vec<Effect> {
        Self::opened(row, scopes, true)
    }

    fn opened(row: &Row, scopes: &ScopeSet, above: bool) -> Vec<Effect> {
        let summary = &row.summary;
        let mut line = scopes.to_string();
        if !line.is_empty() {
            // Whoever types goes on with another one.
            line.push(' ');
        }
        let screen = Self {
            id: summary.id.clone(),
            name: summary.name.to_string(),
            provider: provider_of(row),
            provider_id: summary.provider_id.clone(),
            granted: row.granted().cloned(),
            first: scopes.clone(),
            field: TextField::new(line),
            problem: None,
            at: 0,
            above,
        };
        vec![Effect::Open(Box::new(Screen::OtherScopes(Box::new(
            screen,
        ))))]
    }

    fn lines<'a>(&'a self, world: &'a World) -> Vec<Line<'a>> {
        let known = world.known_scopes(&self.provider_id);
        let typed = scope_line::typed(self.field.value(), known);
        let known = scope_line::fitting(typed, known).map(Line::Known);
        [Line::Field, Line::GoOn].into_iter().chain(known).collect()
    }

    fn title(&self) -> String {
        format!("Other scopes for {}", self.name)
    }

    fn is_changed(&self) -> bool {
        ScopeSet::typed(self.field.trimmed(), false).ok().as_ref() != Some(&self.first)
    }

    fn press(&mut self, world: &World) -> Vec<Effect> {
        let tick = match self.lines(world).get(self.at) {
            Some(Line::Known(choice)) => choice.scope.clone(),
            Some(Line::Field) => {
                self.at = 1;
                return Vec::new();
            }
            _ => return self.sign_in(world),
        };
        let known = world.known_scopes(&self.provider_id);
        let typed = scope_line::typed(self.field.value(), known).to_owned();
        let line = scope_line::toggled(self.field.value(), &tick, &typed);
        self.field.set(line);
        self.problem = None;
        // The list is whole again: stay on the scope that was ticked.
        let same = |line: &Line| matches!(line, Line::Known(other) if other.scope == tick);
        self.at = self.lines(world).iter().position(same).unwrap_or(0);
        Vec::new()
    }

    fn sign_in(&mut self, world: &World) -> Vec<Effect> {
        match ScopeSet::typed(self.field.trimmed(), false) {
            Ok(scopes) if self.above => vec![Effect::Close, Effect::SignInWith(scopes)],
            Ok(scopes) => {
                let row = world.table.row(&self.id);
                let start = row.map(|row| Authorize::start_with(row, scopes, world));
                [Effect::Close]
                    .into_iter()
                    .chain(start.into_iter().flatten())
                    .collect()
            }
            Err(problem) => {
                self.problem = Some(sentence(&problem));
                self.at = 0;
                Vec::new()
            }
        }
    }
}

impl Face for OtherScopes {
    fn place(&self) -> Place {
        Place::Form
    }

    fn typed(&mut self) -> Option<Typed<'_>> {
        (self.at == 0).then_some(Typed::Plain(&mut self.field))
    }

    fn typing(&self) -> bool {
        self.at == 0
    }

    fn edited(&mut self, _world: &World) {
        self.problem = None;
    }

    fn facts(&self, world: &World, facts: &mut Facts) {
        facts.copyable = false;
        facts.enter = match self.lines(world).get(self.at) {
            Some(Line::GoOn) => Some("sign in"),
            Some(Line::Known(choice)) if scope_line::is_ticked(self.field.value(), choice) => {
                Some("untick")
            }
            Some(Line::Known(_)) => Some("tick"),
            Some(Line::Field) => Some("done"),
            None => None,
        };
    }

    fn act(&mut self, action: Action, _key: Key, world: &World) -> Vec<Effect> {
        let len = self.lines(world).len();
        if let Some(at) = moved(self.at, len, world.page_lines(), action) {
            self.at = at;
            return Vec::new();
        }
        match action {
            Action::GoOn => self.press(world),
            Action::Toggle if self.at > 1 => self.press(world),
            Action::Back if self.is_changed() => {
                let words = "You changed the scopes and did not ask for them.";
                let dropping = Dropping::new(self.title(), words);
                vec![Effect::Open(Box::new(Screen::Dropping(dropping)))]
            }
            Action::Back => vec![Effect::Close],
            _ => Vec::new(),
        }
    }

    fn click(&mut self, item: usize, world: &World) -> bool {
        let last = self.lines(world).len().saturating_sub(1);
        std::mem::replace(&mut self.at, item.min(last)) == item
    }

    fn page(&self, pen: Pen, world: &World) -> Page {
        let mut page = Page::new(self.title(), self.provider.clone(), pen);
        let stays = if self.above {
            "The sign-in that waits goes on until you begin another here."
        } else {
            "What you have stays until the new sign-in has succeeded."
        };
        let words = format!("Scopes decide what this connection may touch. {stays}");
        page.text(0, Role::Plain, &words);
        if let Some(granted) = &self.granted {
            page.pair("Now", 9, Role::Plain, &granted.to_string());
        }
        page.blank();
        let line = self.field.value();
        for (index, what) in self.lines(world).into_iter().enumerate() {
            let selected = index == self.at;
            match what {
                Line::Field => {
                    let problem = self.problem.as_deref();
                    page.field(index, selected, "Scopes", 9, &self.field, problem);
                }
                Line::GoOn => {
                    page.item(index, selected, "Sign in and ask for these", 0, "");
                    page.blank();
                    if let Ok(chosen) = ScopeSet::typed(line, false) {
                        let known = world.known_scopes(&self.provider_id);
                        scope_line::draw_count(&mut page, &chosen, known);
                    }
                }
                Line::Known(choice) => scope_line::draw(&mut page, index, selected, choice, line),
            }
        }
        page
    }
}
