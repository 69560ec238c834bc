//! One thing with several connections: the question that names them all, then how far it is and what
//! failed. The work goes on when the screen is left.

use crate::actions::{Action, Facts, Key, Place};
use crate::engine::Row;
use crate::tui::bulk::{Bulk, Deed, Job, Left};
use crate::tui::face::{Effect, Face, moved, picked};
use crate::tui::model::World;
use crate::tui::page::{Page, Pen};
use crate::tui::theme::Role;

/// The question before it begins.
struct Asked {
    deed: Deed,
    jobs: Vec<Job>,
    left: Left,
}

/// The screen.
pub(in crate::tui) struct BulkScreen {
    /// Nothing, once it has begun: the world has the rest then.
    asked: Option<Asked>,
    at: usize,
}

impl BulkScreen {
    /// Asks first, about those that it can be done with.
    pub(in crate::tui) fn ask(deed: Deed, targets: &[&Row], job: fn(&Row) -> Job) -> Self {
        let mut left = Left::default();
        let mut jobs = Vec::new();
        for row in targets {
            match deed.lack(row) {
                Some(lack) => left.add(lack),
                None => jobs.push(job(row)),
            }
        }
        Self {
            asked: Some(Asked { deed, jobs, left }),
            at: 0,
        }
    }

    /// Begun already.
    pub(in crate::tui) fn begun() -> Self {
        Self { asked: None, at: 0 }
    }

    pub(in crate::tui) fn is_begun(&self) -> bool {
        self.asked.is_none()
    }

    fn press(&mut self, choice: usize) -> Vec<Effect> {
        match (choice, self.asked.take()) {
            (0, Some(asked)) => {
                let bulk = Bulk::new(asked.deed, asked.jobs, asked.left);
                vec![Effect::Close, Effect::Bulk(Box::new(bulk))]
            }
            (0 | 1, _) => vec![Effect::Close],
            (_, asked) => {
                self.asked = asked;
                Vec::new()
            }
        }
    }

    fn len(&self, world: &World) -> usize {
        match &self.asked {
            Some(_) => 2,
            None => world.bulk.as_ref().map_or(0, |bulk| bulk.failed().len()),
        }
    }
}

impl Face for BulkScreen {
    fn place(&self) -> Place {
        Place::Choices
    }

    fn facts(&self, world: &World, facts: &mut Facts) {
        facts.copyable = self.asked.is_none() && self.len(world) > 0;
    }

    fn act(&mut self, action: Action, key: Key, world: &World) -> Vec<Effect> {
        let len = self.len(world);
        if let Some(at) = moved(self.at, len, world.page_lines(), action) {
            self.at = at;
            return Vec::new();
        }
        match action {
            Action::Back => vec![Effect::Close],
            Action::Choose if self.asked.is_none() => vec![Effect::Close],
            Action::Choose => self.press(self.at),
            Action::Pick if self.asked.is_some() => {
                picked(key).map_or_else(Vec::new, |choice| self.press(choice))
            }
            Action::Copy => {
                let failed = world
                    .bulk
                    .as_ref()
                    .and_then(|bulk| bulk.failed().get(self.at));
                failed.map_or_else(Vec::new, |(name, words)| {
                    vec![Effect::Copy("The line", format!("{name}: {words}"))]
                })
            }
            _ => Vec::new(),
        }
    }

    fn click(&mut self, item: usize, _world: &World) -> bool {
        std::mem::replace(&mut self.at, item) == item && self.asked.is_some()
    }

    fn page(&self, pen: Pen, world: &World) -> Page {
        match (&self.asked, &world.bulk) {
            (Some(asked), _) => asked.page(self.at, pen),
            (None, Some(bulk)) => progress(bulk, self.at, pen),
            (None, None) => Page::new("", "", pen),
        }
    }
}

impl Asked {
    fn page(&self, at: usize, pen: Pen) -> Page {
        let verb = self.deed.verb();
        let title = match self.jobs.len() {
            1 => format!("{verb} 1 connection"),
            count => format!("{verb} {count} connections"),
        };
        let mut page = Page::new(title, "", pen);
        let names: Vec<&str> = self.jobs.iter().map(|job| job.name.as_str()).collect();
        let words = format!("This is about {}.", names.join(", "));
        page.text(0, Role::Plain, &words);
        if let Some(words) = self.left.sentence(self.jobs.len()) {
            page.text(0, Role::Plain, &words);
        }
        page.blank();
        let labels = [format!("1  {verb} them"), "2  Not now".to_owned()];
        for (index, label) in labels.iter().enumerate() {
            page.item(index, index == at, label, 0, "");
        }
        page
    }
}

fn progress(bulk: &Bulk, at: usize, pen: Pen) -> Page {
    let mut page = Page::new(bulk.words(), "", pen);
    let words = match (bulk.is_over(), bulk.failed().is_empty()) {
        (false, _) => "It goes on when you leave this screen.",
        (true, true) => "Nothing failed.",
        (true, false) => "The marks stay.",
    };
    page.text(0, Role::Dim, words);
    page.blank();
    for (index, (name, words)) in bulk.failed().iter().enumerate() {
        page.fact(index, index == at, name.as_str(), 20, Role::Bad, words);
    }
    page
}
