//! The last lines of the screen: notice or filter line, a program that waits, and the footer.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::asked;
use super::glyph;
use super::model::Model;
use super::text;
use super::theme::{Look, Role};
use super::view::Parts;

/// Most lines that a notice takes.
const NOTICE_LINES: usize = 3;

/// The notice or the filter line, and the footer. The filter line has the cursor while it is open.
pub(super) fn bottom(
    model: &Model,
    parts: &Parts,
    cursor: Option<Position>,
    buffer: &mut Buffer,
) -> Option<Position> {
    let look = model.look();
    let finding = is_finding(model);
    let line = parts.notice.unwrap_or(parts.footer);
    let asked = asked::lines(model, line.width);
    let mut cursor = cursor;
    let mut taken = false;
    if parts.notice.is_none() && !finding && !asked.is_empty() {
        // One line for everything: it waits for a person, and not for long.
        waiting(&asked, look, line, buffer);
        return cursor;
    }
    if let Some(area) = parts.notice {
        let top = area.bottom().saturating_sub(cells_of(asked.len()));
        let area = Rect {
            y: top,
            height: area.bottom() - top,
            ..area
        };
        waiting(&asked, look, area, buffer);
    }
    if finding || (shows_filter(model) && parts.notice.is_some()) {
        let room = usize::from(line.width).saturating_sub(4);
        let (shown, at) = model.world.table.filter().window(room);
        let spans = vec![Span::styled(" / ", look.style(Role::Key)), Span::raw(shown)];
        Line::from(spans).render(line, buffer);
        taken = true;
        if finding {
            cursor = Some(Position::new(
                line.x + 3 + u16::try_from(at).unwrap_or(0),
                line.y,
            ));
        }
    } else if let Some(notice) = &model.notice {
        let (role, glyph) = if notice.bad {
            (Role::Bad, glyph::FAILED)
        } else {
            (Role::Plain, glyph::BETWEEN)
        };
        let style = look.style(role);
        let lines = notice_lines(model, line.width);
        for (index, (words, y)) in lines.into_iter().zip(line.y..line.bottom()).enumerate() {
            let glyph = if index == 0 { glyph } else { " " };
            let words = Line::styled(format!(" {glyph} {words}"), style);
            words.render(
                Rect {
                    y,
                    height: 1,
                    ..line
                },
                buffer,
            );
        }
        taken = true;
    }
    if parts.notice.is_some() || !taken {
        footer(model, parts.footer, buffer);
    }
    cursor
}

fn is_finding(model: &Model) -> bool {
    model.top().is_none() && model.world.table.finding()
}

/// Whether the filter that is set stands there.
fn shows_filter(model: &Model) -> bool {
    let filter = model.screens.is_empty() && !model.world.table.filter().is_empty();
    filter && model.notice.is_none()
}

/// Lines between the body and the footer; at least one stays free.
pub(super) fn lines(model: &Model, width: u16) -> usize {
    let own = if is_finding(model) || shows_filter(model) {
        1
    } else {
        notice_lines(model, width).len()
    };
    (own + asked::lines(model, width).len()).max(1)
}

/// A program that waits for a person's word.
fn waiting(lines: &[String], look: Look, area: Rect, buffer: &mut Buffer) {
    for (index, (words, y)) in lines.iter().zip(area.y..area.bottom()).enumerate() {
        let glyph = if index == 0 { glyph::ACTIVE } else { " " };
        let style = look.style(Role::Strong);
        let line = Line::styled(format!(" {glyph} {words}"), style);
        let area = Rect {
            y,
            height: 1,
            ..area
        };
        line.render(area, buffer);
    }
}

fn cells_of(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

/// Keys of this screen, most useful first; `? more` is never cut.
fn footer(model: &Model, area: Rect, buffer: &mut Buffer) {
    let look = model.look();
    let mut hints = model
        .world
        .keys()
        .hints(model.place(), &model.facts(), model.typing());
    let help = hints
        .iter()
        .position(|(_, word)| *word == "more")
        .map(|at| hints.remove(at));
    let size = |hint: &(String, &str)| text::width(&hint.0) + 1 + text::width(hint.1) + 2;
    let mut room = usize::from(area.width).saturating_sub(1 + help.as_ref().map_or(0, size));
    let mut spans = vec![Span::raw(" ")];
    let marked = model.world.table.marked();
    if marked > 0 && model.top().is_none() {
        let words = format!("{marked} marked  ");
        room = room.saturating_sub(text::width(&words));
        spans.push(Span::styled(words, look.style(Role::Strong)));
    }
    let quit = hints
        .iter()
        .position(|(_, word)| *word == "quit")
        .map(|at| hints.remove(at));
    let mut kept: Vec<(String, &str)> = Vec::new();
    for hint in hints {
        if size(&hint) > room {
            break;
        }
        room -= size(&hint);
        kept.push(hint);
    }
    kept.extend(help);
    kept.extend(quit.filter(|hint| size(hint) <= room + 2));
    for (key, word) in kept {
        spans.push(Span::styled(key, look.style(Role::Key)));
        spans.push(Span::styled(format!(" {word}  "), look.style(Role::Dim)));
    }
    Line::from(spans).render(area, buffer);
}

/// The notice, wrapped. What does not fit is cut.
fn notice_lines(model: &Model, width: u16) -> Vec<String> {
    let Some(notice) = &model.notice else {
        return Vec::new();
    };
    let room = usize::from(width).saturating_sub(4);
    let mut lines = text::wrap(&notice.text, room);
    if lines.len() > NOTICE_LINES {
        let rest = lines.split_off(NOTICE_LINES - 1).join(" ");
        lines.push(text::cut_middle(
            &rest,
            room,
            glyph::dots(model.look().ascii),
        ));
    }
    lines
}
