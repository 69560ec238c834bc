//! Says that a page goes on beyond the window: in the line below it, at the right, with the key that turns it.
//! Where that line is taken or missing, an arrow at the page's edge says it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::glyph;
use super::model::Model;
use super::theme::{Look, Role};
use crate::actions::Action;

/// What of a page is out of view.
#[derive(Clone, Copy, Default)]
pub(super) struct Beyond {
    pub above: bool,
    pub below: bool,
}

impl Beyond {
    /// `page`: where it was drawn. `lines`: those between it and the footer, where there are any.
    pub(super) fn draw(self, model: &Model, page: Rect, lines: Option<Rect>, buffer: &mut Buffer) {
        if !lines.is_some_and(|lines| self.words(model, lines, buffer)) {
            self.arrows(model.look(), page, buffer);
        }
    }

    /// At the right of the last line that has room; `false` when none has.
    fn words(self, model: &Model, lines: Rect, buffer: &mut Buffer) -> bool {
        let words = match (self.above, self.below) {
            (false, false) => return true,
            (true, false) => "more above",
            (false, true) => "more below",
            (true, true) => "more above and below",
        };
        let look = model.look();
        let keys = self.keys(model);
        for keys in [keys.as_str(), ""] {
            let line = Line::from(vec![
                Span::styled(keys, look.style(Role::Key)),
                Span::styled(words, look.style(Role::Dim)),
            ]);
            let cells = u16::try_from(line.width()).unwrap_or(u16::MAX);
            // Two blanks part it from what stands there.
            let Some(x) = lines.width.checked_sub(cells.saturating_add(1)) else {
                continue;
            };
            let left = lines.x + x.saturating_sub(2);
            let blank = |x, y| buffer[(x, y)].symbol() == " ";
            let free = |y: &u16| (left..lines.right()).all(|x| blank(x, *y));
            if let Some(y) = (lines.y..lines.bottom()).rev().find(free) {
                let place = Rect {
                    x: lines.x + x,
                    y,
                    width: cells,
                    height: 1,
                };
                line.render(place, buffer);
                return true;
            }
        }
        false
    }

    /// In the last column, which texts leave free.
    fn arrows(self, look: Look, page: Rect, buffer: &mut Buffer) {
        if page.is_empty() {
            return;
        }
        let (edge, last) = (page.right() - 1, page.bottom() - 1);
        for (more, y, arrow) in [
            (self.above, page.y, glyph::UP),
            (self.below, last, glyph::DOWN),
        ] {
            if more && buffer[(edge, y)].symbol() == " " {
                buffer.set_string(edge, y, arrow, look.style(Role::Dim));
            }
        }
    }

    /// Those that bring it into view in this place, each with a blank behind it.
    fn keys(self, model: &Model) -> String {
        let (place, typing) = (model.place(), model.typing());
        let keys = model.world.keys();
        let key = |action: Action| {
            let entry = keys.entries(place).find(|entry| entry.action == action)?;
            let mut keys = keys.keys_of(entry).iter();
            keys.find(|key| !typing || !key.is_printable())
        };
        let ups = self.above.then_some([Action::PageUp, Action::Up]);
        let downs = self.below.then_some([Action::PageDown, Action::Down]);
        let mut named = String::new();
        for actions in [ups, downs].into_iter().flatten() {
            if let Some(key) = actions.into_iter().find_map(key) {
                named.push_str(&key.to_string());
                named.push(' ');
            }
        }
        named
    }
}
