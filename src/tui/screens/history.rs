//! What happened to one connection, newest first: its own changes, and who was given a token.

use crate::actions::{Action, Key, Place};
use crate::advice::advise;
use crate::engine::{Detail, Error, History};
use crate::model::ConnectionId;
use crate::tui::Request;
use crate::tui::face::{Effect, Face, moved};
use crate::tui::glyph;
use crate::tui::model::{Screen, World};
use crate::tui::page::{Page, Pen};
use crate::tui::theme::Role;

/// The column of times; one of another day has its date.
pub(super) const TIMES: usize = 17;

/// The state of the screen.
pub(in crate::tui) struct HistoryScreen {
    id: ConnectionId,
    name: String,
    /// `None` until it was read.
    history: Option<History>,
    at: usize,
}

impl HistoryScreen {
    /// Of the selected connection, read anew.
    pub(in crate::tui) fn open(world: &World) -> Vec<Effect> {
        let Some(row) = world.table.selected() else {
            return Vec::new();
        };
        let screen = Self {
            id: row.summary.id.clone(),
            name: row.summary.name.to_string(),
            history: None,
            at: 0,
        };
        let id = screen.id.clone();
        vec![
            Effect::Open(Box::new(Screen::History(screen))),
            Effect::Ask(Request::LoadDetail(id)),
        ]
    }

    pub(in crate::tui) fn id(&self) -> &ConnectionId {
        &self.id
    }

    /// It was read. The selected line stays selected, though newer ones came above it.
    pub(in crate::tui) fn know(&mut self, detail: &Detail) {
        if detail.connection.id != self.id {
            return;
        }
        let new = &detail.history;
        let selected = self
            .history
            .as_ref()
            .and_then(|before| before.lines.get(self.at))
            .filter(|_| self.at > 0);
        let found = new.lines.iter().position(|line| Some(line) == selected);
        let last = new.lines.len().saturating_sub(1);
        self.at = found.unwrap_or(self.at).min(last);
        self.name = detail.connection.name.to_string();
        self.history = Some(new.clone());
    }
}

/// Why hand-outs are missing, if they are.
pub(super) fn missing(history: &History) -> Option<String> {
    let unread = history.unread.clone()?;
    let why = advise(&Error::Vault(unread)).sentence;
    Some(format!("Who was given a token cannot be told. {why}"))
}

impl Face for HistoryScreen {
    fn place(&self) -> Place {
        Place::History
    }

    fn act(&mut self, action: Action, _key: Key, world: &World) -> Vec<Effect> {
        let len = self.history.as_ref().map_or(0, |known| known.lines.len());
        if let Some(at) = moved(self.at, len, world.page_lines(), action) {
            self.at = at;
            return Vec::new();
        }
        match action {
            Action::Back => vec![Effect::Close],
            _ => Vec::new(),
        }
    }

    fn click(&mut self, item: usize, _world: &World) -> bool {
        self.at = item;
        false
    }

    fn page(&self, pen: Pen, world: &World) -> Page {
        let title = format!("{} {} History", self.name, glyph::BETWEEN);
        let Some(history) = &self.history else {
            let mut page = Page::new(title, "", pen);
            page.text(0, Role::Dim, "Reading it.");
            return page;
        };
        let mut page = Page::new(title, "newest first", pen);
        if let Some(words) = missing(history) {
            page.text(0, Role::Warn, &words);
            page.blank();
        }
        if history.lines.is_empty() {
            page.text(0, Role::Dim, "Nothing has happened yet.");
        }
        for (index, line) in history.lines.iter().enumerate() {
            let time = world.clock_time(line.at);
            let words = line.sentence(|at| world.clock_time(at));
            page.item(index, index == self.at, &time, TIMES, &words);
        }
        if history.more {
            page.blank();
            let words = format!("Older lines: valetkey history {} --limit N", self.name);
            page.text(0, Role::Dim, &words);
        }
        page
    }
}
