//! Draws the model. Changes nothing.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::glyph;
use super::home;
use super::model::{LEAST, Model, Screen, World};
use super::page::{Page, Pen};
use super::table::{self, Column};
use super::text;
use super::theme::{Look, Role};
use crate::actions;

/// From this height on a line stays free between the title and the body, and one for notices.
const ROOMY: u16 = 10;

/// The parts of the screen.
struct Parts {
    title: Rect,
    body: Rect,
    notice: Option<Rect>,
    footer: Rect,
}

/// Most lines that a notice takes.
const NOTICE_LINES: usize = 3;

impl Parts {
    fn of(model: &Model, area: Rect) -> Self {
        let line = |y: u16| Rect {
            y,
            height: 1,
            ..area
        };
        let last = area.bottom().saturating_sub(1);
        let roomy = area.height >= ROOMY;
        let top = area.y + if roomy { 2 } else { 1 };
        let lines = cells_of(notice_lines(model, area.width).len().max(1));
        let bottom = if roomy {
            last.saturating_sub(lines)
        } else {
            last
        };
        Self {
            title: line(area.y),
            body: Rect {
                y: top,
                height: bottom.saturating_sub(top),
                ..area
            },
            notice: roomy.then(|| Rect {
                height: lines,
                ..line(bottom)
            }),
            footer: line(last),
        }
    }
}

/// Draws one frame.
pub fn view(model: &Model, frame: &mut Frame<'_>) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    let cursor = draw(model, area, buffer);
    if model.look().ascii {
        glyph::to_ascii(buffer);
    }
    if let Some(position) = cursor.filter(|position| area.contains(*position)) {
        frame.set_cursor_position(position);
    }
}

fn draw(model: &Model, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    if area.width < LEAST.0 || area.height < LEAST.1 {
        too_small(area, buffer);
        return None;
    }
    let parts = Parts::of(model, area);
    let look = model.look();
    let cursor = if let Some((left, right)) = halves(model, parts.body) {
        let world = &model.world;
        title("Valetkey", &aside(world), world, parts.title, buffer);
        let here = table::draw(&world.table, world.now, look, left, buffer);
        for y in right.y..right.bottom() {
            buffer.set_string(right.x, y, "│", look.style(Role::Dim));
        }
        let right = Rect {
            x: right.x + 1,
            width: right.width - 1,
            ..right
        };
        let page = page(model, right)?;
        let there = half(&page, look, right, buffer);
        if model.top().is_some() { there } else { here }
    } else if let Some(page) = page(model, parts.body) {
        title(&page.title, &page.aside, &model.world, parts.title, buffer);
        page.draw(parts.body, buffer)
    } else {
        let world = &model.world;
        title("Valetkey", &aside(world), world, parts.title, buffer);
        table::draw(&world.table, world.now, look, parts.body, buffer)
    };
    bottom(model, &parts, cursor, buffer)
}

/// The page drawn in an area: the top screen's, or the first-start screen. `None`: the table.
fn page(model: &Model, area: Rect) -> Option<Page> {
    let pen = Pen {
        width: usize::from(area.width),
        height: usize::from(area.height),
        look: model.look(),
    };
    match model.screens.last() {
        Some(screen) => Some(screen.face().page(pen, &model.world)),
        None if model.world.table.is_empty() => Some(home::start_page(model, pen)),
        None => None,
    }
}

/// Both halves of a wide screen with details on top.
fn halves(model: &Model, body: Rect) -> Option<(Rect, Rect)> {
    let details = matches!(model.screens.last(), Some(Screen::Details(_)));
    if !details || !model.world.is_split() || model.world.table.is_empty() {
        return None;
    }
    let left = body.width / 2;
    Some((
        Rect {
            width: left,
            ..body
        },
        Rect {
            x: body.x + left,
            width: body.width - left,
            ..body
        },
    ))
}

/// A page in a half: its title stands in its first line.
fn half(page: &Page, look: Look, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let head = Rect { height: 1, ..area };
    title_line(&page.title, &page.aside, look, head, buffer);
    let body = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    page.draw(body, buffer)
}

fn title(words: &str, aside: &str, world: &World, area: Rect, buffer: &mut Buffer) {
    let look = world.setup.look;
    if world.setup.practice {
        let banner = Span::styled(" practice ", look.style(Role::Banner));
        let width = 11.min(area.width);
        Line::from(banner).render(
            Rect {
                x: area.x + 1,
                width,
                ..area
            },
            buffer,
        );
        let area = Rect {
            x: area.x + width,
            width: area.width - width,
            ..area
        };
        title_line(words, aside, look, area, buffer);
    } else {
        title_line(words, aside, look, area, buffer);
    }
}

fn title_line(words: &str, aside: &str, look: Look, area: Rect, buffer: &mut Buffer) {
    let room = usize::from(area.width).saturating_sub(2);
    let dots = glyph::dots(look.ascii);
    let words = text::cut_middle(words, room, dots);
    let used = text::width(&words);
    let strong = Span::styled(format!(" {words}"), look.style(Role::Strong));
    Line::from(strong).render(area, buffer);
    let left = room.saturating_sub(used + 2);
    // Too long: its first part alone says the most.
    let between = format!(" {} ", glyph::BETWEEN);
    let parts = [aside, aside.split(&between).next().unwrap_or_default()];
    let aside = parts.into_iter().find(|words| text::width(words) <= left);
    if let Some(aside) = aside.filter(|words| !words.is_empty()) {
        let x = area.right().saturating_sub(1).saturating_sub(cells(aside));
        let place = Rect {
            x,
            width: area.right() - x,
            ..area
        };
        Line::raw(aside.to_owned()).render(place, buffer);
    }
}

/// How many there are, how the vault stands, where this runs.
pub(super) fn aside(world: &World) -> String {
    let mut parts = Vec::new();
    match world.table.len() {
        0 => {}
        1 => parts.push("1 connection".to_owned()),
        n => parts.push(format!("{n} connections")),
    }
    if world.loaded && !(world.table.is_empty() && world.vault == super::model::VaultState::None) {
        parts.push(world.vault.words().to_owned());
    }
    if world.setup.ssh {
        parts.push("SSH".to_owned());
    }
    parts.join(&format!(" {} ", glyph::BETWEEN))
}

/// The notice or the filter line, and the footer. The filter line has the cursor while it is open.
fn bottom(
    model: &Model,
    parts: &Parts,
    cursor: Option<Position>,
    buffer: &mut Buffer,
) -> Option<Position> {
    let look = model.look();
    let finding = model.top().is_none() && model.world.table.finding();
    let filter = model.screens.is_empty() && !model.world.table.filter().is_empty();
    let line = parts.notice.unwrap_or(parts.footer);
    let mut cursor = cursor;
    let mut taken = false;
    if finding || (filter && model.notice.is_none() && parts.notice.is_some()) {
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

/// Keys of this screen, most useful first; `? more` is never cut.
fn footer(model: &Model, area: Rect, buffer: &mut Buffer) {
    let look = model.look();
    let mut hints = actions::hints(model.place(), &model.facts(), model.typing());
    let help = hints
        .iter()
        .position(|(_, word)| *word == "more")
        .map(|at| hints.remove(at));
    let size = |hint: &(String, &str)| text::width(&hint.0) + 1 + text::width(hint.1) + 2;
    let mut room = usize::from(area.width).saturating_sub(1 + help.as_ref().map_or(0, size));
    let mut spans = vec![Span::raw(" ")];
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

fn too_small(area: Rect, buffer: &mut Buffer) {
    let words = format!("Valetkey needs {} columns and {} lines.", LEAST.0, LEAST.1);
    let lines = text::wrap(&words, usize::from(area.width));
    for (words, y) in lines.into_iter().zip(area.y..area.bottom()) {
        Line::raw(words).render(
            Rect {
                y,
                height: 1,
                ..area
            },
            buffer,
        );
    }
}

fn cells(words: &str) -> u16 {
    cells_of(text::width(words))
}

fn cells_of(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
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

/// Rows that the table shows at this size.
pub(super) fn row_lines(model: &Model) -> usize {
    let (width, height) = model.world.size;
    let body = Parts::of(model, Rect::new(0, 0, width, height)).body;
    usize::from(table::row_lines(body.height))
}

/// What is under the mouse.
pub(super) enum Hit {
    Nothing,
    /// An item of the page.
    Item(usize),
    /// A heading of the table.
    Heading(Column),
    /// A position in the table.
    Row(usize),
}

/// Finds what is drawn at a cell, by laying the screen out once more.
pub(super) fn hit(model: &Model, x: u16, y: u16) -> Hit {
    let (width, height) = model.world.size;
    if width < LEAST.0 || height < LEAST.1 {
        return Hit::Nothing;
    }
    let parts = Parts::of(model, Rect::new(0, 0, width, height));
    let at = Position::new(x, y);
    if !parts.body.contains(at) {
        return Hit::Nothing;
    }
    let on_page = |area: Rect, body: Rect| match page(model, area) {
        Some(page) if body.contains(at) => {
            let line = usize::from(y - body.y);
            page.item_at(line, usize::from(body.height))
                .map_or(Hit::Nothing, Hit::Item)
        }
        _ => Hit::Nothing,
    };
    let table_area = match halves(model, parts.body) {
        Some((left, right)) if !left.contains(at) => {
            let right = Rect {
                x: right.x + 1,
                width: right.width - 1,
                ..right
            };
            let body = Rect {
                y: right.y + 1,
                height: right.height.saturating_sub(1),
                ..right
            };
            return on_page(right, body);
        }
        Some((left, _)) => left,
        None if model.screens.is_empty() && !model.world.table.is_empty() => parts.body,
        None => return on_page(parts.body, parts.body),
    };
    let line = y - table_area.y;
    if line == 0 {
        return table::header_column(&model.world.table, table_area.width, x - table_area.x)
            .map_or(Hit::Nothing, Hit::Heading);
    }
    if line > table::row_lines(table_area.height) {
        return Hit::Nothing;
    }
    model
        .world
        .table
        .position_at(usize::from(line - 1))
        .map_or(Hit::Nothing, Hit::Row)
}
