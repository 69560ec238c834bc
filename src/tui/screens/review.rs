//! The look at every host of a file, and the two answers below it. The second one is taken only after the
//! last line was on the screen (conformance G-09).

use crate::actions::{Action, Key};
use crate::advice::import::{ReviewLine, count, review};
use crate::engine::ImportPlan;
use crate::tui::face::picked;
use crate::tui::model::World;
use crate::tui::notice::Notice;
use crate::tui::page::{Page, Pen};
use crate::tui::text;
use crate::tui::theme::Role;

/// Words beside a label need at least so many cells; below it they have the whole line.
const LEAST_WORDS: usize = 20;

/// What came of a key.
pub(super) enum Said {
    Nothing,
    Tell(Notice),
    Leave,
    Take(Box<ImportPlan>),
}

/// A line of the screen: its indent, a label, and words.
struct Row {
    indent: usize,
    label: String,
    words: String,
    role: Role,
}

/// What is looked at.
pub(super) struct Review {
    plan: Option<Box<ImportPlan>>,
    entries: usize,
    new: usize,
    lines: Vec<ReviewLine>,
    /// First line that is shown.
    top: usize,
    /// The last line was shown.
    seen: bool,
    at: usize,
}

impl Review {
    pub(super) fn new(plan: Box<ImportPlan>, warnings: Vec<String>) -> Self {
        let warnings = warnings.into_iter().map(|words| ReviewLine {
            words: format!("! {words}"),
            marked: true,
            ..ReviewLine::default()
        });
        let blank = |line: &ReviewLine| *line == ReviewLine::default();
        let mut lines: Vec<ReviewLine> = warnings.chain(review(&plan)).collect();
        // Nothing stands above the first line or below the last.
        if lines.first().is_some_and(blank) {
            lines.remove(0);
        }
        lines.pop_if(|line| blank(line));
        Self {
            entries: plan.entries.len(),
            new: plan.new_ones(),
            plan: Some(plan),
            lines,
            top: 0,
            seen: false,
            at: 0,
        }
    }

    pub(super) fn entries(&self) -> usize {
        self.entries
    }

    pub(super) fn click(&mut self, item: usize) -> bool {
        std::mem::replace(&mut self.at, item) == item
    }

    pub(super) fn act(&mut self, action: Action, key: Key, world: &World) -> Said {
        let total = self.rows(usize::from(world.size.0)).len();
        let window = window(world.body_lines());
        let last = total.saturating_sub(window);
        self.top = self.top.min(last);
        let page = window.saturating_sub(1).max(1);
        match action {
            Action::Up if self.at > 0 => self.at = 0,
            Action::Up => self.top = self.top.saturating_sub(1),
            Action::Down if self.top < last => self.top += 1,
            Action::Down => self.at = self.choices().len() - 1,
            Action::PageUp => self.top = self.top.saturating_sub(page),
            Action::PageDown => self.top = (self.top + page).min(last),
            Action::Next | Action::Previous => self.at = (self.at + 1) % self.choices().len(),
            _ => {}
        }
        self.seen |= self.top >= last;
        match action {
            Action::Choose => self.press(self.at, world),
            Action::Pick => picked(key).map_or(Said::Nothing, |choice| self.press(choice, world)),
            _ => Said::Nothing,
        }
    }

    fn press(&mut self, choice: usize, world: &World) -> Said {
        match choice {
            0 => Said::Leave,
            1 if self.new > 0 && !self.seen => {
                let words = "Look at every host first; more lines follow. {page-down} shows them.";
                Said::Tell(Notice::info(world.keys().fill(words)))
            }
            1 if self.new > 0 => self.plan.take().map_or(Said::Nothing, Said::Take),
            _ => Said::Nothing,
        }
    }

    fn choices(&self) -> Vec<String> {
        if self.new == 0 {
            return vec!["1  Leave it; nothing in it is new".to_owned()];
        }
        vec![
            "1  Leave it".to_owned(),
            format!("2  Import {}", count(self.new)),
        ]
    }

    pub(super) fn draw(&self, page: &mut Page, world: &World) {
        let Pen { width, height, .. } = page.pen();
        let rows = self.rows(width);
        let window = window(height);
        let last = rows.len().saturating_sub(window);
        let top = self.top.min(last);
        let shown = rows.len().min(window);
        for row in rows.iter().skip(top).take(window) {
            let label = (Role::Strong, row.label.clone());
            page.spans(row.indent, &[label, (row.role, row.words.clone())]);
        }
        if window + 2 < height {
            let words = match (last, last - top) {
                (0, _) => String::new(),
                (_, 0) => format!("Line {} of {}, the last", top + shown, rows.len()),
                _ => {
                    let more = world.keys().fill("{page-down}");
                    format!("Line {} of {}; {more} shows more", top + shown, rows.len())
                }
            };
            page.text(0, Role::Dim, &words);
        }
        for (index, label) in self.choices().iter().enumerate() {
            page.item(index, index == self.at, label, 0, "");
        }
    }

    /// Every line in rows of this width. Nothing is cut: the end of a host tells whose it is.
    fn rows(&self, width: usize) -> Vec<Row> {
        let room = width.saturating_sub(4).max(1);
        let mut rows = Vec::new();
        for line in &self.lines {
            let role = if line.marked { Role::Warn } else { Role::Plain };
            let row = |indent, label: String, words: String| Row {
                indent,
                label,
                words,
                role,
            };
            let indent = line.indent.min(room / 4);
            let rest = room - indent;
            let Some((label, column)) = &line.label else {
                // What belongs to a mark stands under its words.
                let hang = if line.marked { 2 } else { 0 };
                let below = (indent + hang).min(room - 1);
                let words = text::wrap(&line.words, room.saturating_sub(below).max(1));
                for (index, words) in words.into_iter().enumerate() {
                    let indent = if index == 0 { indent } else { below };
                    rows.push(row(indent, String::new(), words));
                }
                continue;
            };
            let column = text::width(label).max(*column) + 2;
            if rest < column + LEAST_WORDS {
                let labels = text::wrap(label, rest).into_iter();
                rows.extend(labels.map(|label| row(indent, label, String::new())));
                let words = text::wrap(&line.words, rest.saturating_sub(2)).into_iter();
                let below = (indent + 2).min(room - 1);
                rows.extend(words.map(|words| row(below, String::new(), words)));
                continue;
            }
            for (index, words) in text::wrap(&line.words, rest - column)
                .into_iter()
                .enumerate()
            {
                let label = if index == 0 { label.as_str() } else { "" };
                rows.push(row(indent, text::fit(label, column, ""), words));
            }
        }
        rows
    }
}

/// Lines of a body that are left for the review: the answers stay in view.
fn window(height: usize) -> usize {
    let below = if height >= 5 { 3 } else { 2 };
    height.saturating_sub(below).max(1)
}
