//! Draws the model. Changes nothing.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::bottom::{bottom, footer_lines, lines as bottom_lines};
use super::glyph;
use super::home;
use super::model::{LEAST, Model, Screen, World};
use super::page::{Page, Pen};
use super::table;
use super::text;
use super::theme::{Look, Role};

/// From this height on a line stays free between the title and the body, and one for notices.
const ROOMY: u16 = 10;
/// From this height on it does even with two lines of keys.
const AMPLE: u16 = 16;

/// The parts of the screen.
pub(super) struct Parts {
    title: Rect,
    pub(super) body: Rect,
    pub(super) notice: Option<Rect>,
    pub(super) footer: Rect,
}

impl Parts {
    pub(super) fn of(model: &Model, area: Rect) -> Self {
        let line = |y: u16| Rect {
            y,
            height: 1,
            ..area
        };
        let last = area.bottom().saturating_sub(1);
        let roomy = area.height >= ROOMY;
        let lines = cells_of(bottom_lines(model, area.width));
        let footer = cells_of(footer_lines(model, area));
        // A second line of keys takes the free one below the title where lines are few.
        let free = roomy && (footer == 1 || area.height >= AMPLE);
        let top = area.y + if free { 2 } else { 1 };
        let last = last.saturating_sub(footer - 1);
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
            footer: Rect {
                height: footer,
                ..line(last)
            },
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
    let mut beyond = None;
    let cursor = if let Some((left, right)) = halves(model, parts.body) {
        let world = &model.world;
        title("Valetkey", &aside(world), world, parts.title, buffer);
        let here = table::draw(&world.table, world.now, look, left, buffer);
        for y in right.y..right.bottom() {
            buffer.set_string(left.right(), y, "│", look.style(Role::Dim));
        }
        let page = page(model, right)?;
        let body = below_title(right);
        title_line(&page.title, &page.aside, look, right, buffer);
        let there = page.draw(body, buffer);
        beyond = Some((page.beyond(body), body));
        if model.top().is_some() { there } else { here }
    } else if let Some(page) = page(model, parts.body) {
        title(&page.title, &page.aside, &model.world, parts.title, buffer);
        beyond = Some((page.beyond(parts.body), parts.body));
        page.draw(parts.body, buffer)
    } else {
        let world = &model.world;
        title("Valetkey", &aside(world), world, parts.title, buffer);
        table::draw(&world.table, world.now, look, parts.body, buffer)
    };
    let cursor = bottom(model, &parts, cursor, buffer);
    if let Some((beyond, page)) = beyond {
        beyond.draw(model, page, parts.notice, buffer);
    }
    cursor
}

/// The page drawn in an area: the top screen's, or the first-start screen. `None`: the table.
pub(super) fn page(model: &Model, area: Rect) -> Option<Page> {
    let pen = Pen {
        width: usize::from(area.width),
        height: usize::from(area.height),
        look: model.look(),
    };
    let page = match model.screens.last() {
        Some(screen) => screen.face().page(pen, &model.world),
        None if model.world.table.is_empty() => home::start_page(model, pen),
        None => return None,
    };
    Some(page.turned(model.turned))
}

/// The page that has the keys, and where it is drawn.
pub(super) fn page_with_keys(model: &Model) -> Option<(Page, Rect)> {
    let (width, height) = model.world.size;
    let parts = Parts::of(model, Rect::new(0, 0, width, height));
    match halves(model, parts.body) {
        Some((_, right)) => {
            model.top()?;
            Some((page(model, right)?, below_title(right)))
        }
        None => Some((page(model, parts.body)?, parts.body)),
    }
}

/// Both halves of a wide screen with details on top.
pub(super) fn halves(model: &Model, body: Rect) -> Option<(Rect, Rect)> {
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
        // A rule stands between them.
        Rect {
            x: body.x + left + 1,
            width: body.width - left - 1,
            ..body
        },
    ))
}

/// The body of a page in a half: its title stands in its first line.
pub(super) fn below_title(half: Rect) -> Rect {
    Rect {
        y: half.y + 1,
        height: half.height.saturating_sub(1),
        ..half
    }
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
    if world.setup.practice {
        // What is kept where is said by the banner; how one gets out is not said anywhere else.
        parts.push(world.keys().fill("{quit} leaves practice"));
    } else if world.loaded
        && !(world.table.is_empty() && world.vault == super::model::VaultState::None)
    {
        parts.push(world.vault.words().to_owned());
    }
    match world.waiting {
        0 => {}
        1 => parts.push("1 revocation waits".to_owned()),
        n => parts.push(format!("{n} revocations wait")),
    }
    if world.setup.ssh {
        parts.push("SSH".to_owned());
    }
    parts.join(&format!(" {} ", glyph::BETWEEN))
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

/// Lines of a body while nothing is told below it.
pub(super) fn body_lines(height: u16) -> usize {
    usize::from(height.saturating_sub(if height >= ROOMY { 4 } else { 2 }))
}

/// Rows that the table shows at this size.
pub(super) fn row_lines(model: &Model) -> usize {
    let (width, height) = model.world.size;
    let body = Parts::of(model, Rect::new(0, 0, width, height)).body;
    usize::from(table::row_lines(body.height))
}
