//! The last lines of the screen: notice or filter line, a program that waits, and the footer.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::asked;
use super::glyph;
use super::link::{Link, Trail};
use super::model::Model;
use super::text;
use super::theme::{Look, Role};
use super::view::Parts;

/// Most lines that a notice takes.
const NOTICE_LINES: usize = 3;

/// What a field wants takes at most so many.
const HELP_LINES: usize = 2;

/// From this width on one line of keys is enough.
const WIDE: u16 = 72;
/// Lower screens have no room for a second line of keys.
const TALL: u16 = 12;
/// From this height on what a field wants may take all its lines.
const AMPLE: u16 = 16;

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
        let table = &model.world.table;
        let found = found_words(table.found(), table.len());
        let found_width = text::width(&found) + 2;
        let whole = usize::from(line.width).saturating_sub(4);
        // The filter itself comes first.
        let counts = !table.filter().is_empty() && whole >= 2 * found_width;
        let room = if counts { whole - found_width } else { whole };
        let (shown, at) = table.filter().window(room);
        let spans = vec![Span::styled(" / ", look.style(Role::Key)), Span::raw(shown)];
        Line::from(spans).render(line, buffer);
        if counts {
            let width = cells_of(found_width);
            let area = Rect {
                x: line.right() - width,
                width,
                height: 1,
                ..line
            };
            Line::styled(found, look.style(Role::Dim)).render(area, buffer);
        }
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
        let address = notice.copy.as_deref().unwrap_or_default();
        let to_open = Link::to(address, 0).filter(|_| look.links);
        let mut trail = Trail::of(address);
        let lines = notice_lines(model, line.width);
        for (index, (words, y)) in lines.into_iter().zip(line.y..line.bottom()).enumerate() {
            let glyph = if index == 0 { glyph } else { " " };
            let words = format!(" {glyph} {words}");
            let found = trail.next(&words, glyph::dots(look.ascii));
            let area = Rect {
                y,
                height: 1,
                ..line
            };
            Line::styled(words, style).render(area, buffer);
            if let (Some(link), Some(cells)) = (&to_open, found) {
                let first = cells_of(cells.start).min(line.width);
                let end = cells_of(cells.end).min(line.width);
                link.lay(line.x + first, y, end - first, buffer);
            }
        }
        taken = true;
    } else if let Some(area) = parts.notice {
        for (words, y) in help_lines(model).into_iter().zip(area.y..area.bottom()) {
            Line::raw(format!("   {words}")).render(
                Rect {
                    y,
                    height: 1,
                    ..area
                },
                buffer,
            );
        }
    }
    if parts.notice.is_some() || !taken {
        footer(model, parts.footer, buffer);
    }
    cursor
}

fn found_words(found: usize, of: usize) -> String {
    match found {
        0 => "nothing matches".to_owned(),
        1 => format!("1 of {of} matches"),
        _ => format!("{found} of {of} match"),
    }
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
    (own.max(help_room(model)) + asked::lines(model, width).len()).max(1)
}

fn help(model: &Model) -> Option<&'static str> {
    model.top()?.face().help()
}

/// Lines kept for what a field wants, whether this one has something to say or not.
fn help_room(model: &Model) -> usize {
    let most = if model.world.size.1 < AMPLE {
        1
    } else {
        HELP_LINES
    };
    help(model).map_or(0, |_| most)
}

/// What the focused field wants, wrapped. What does not fit is cut.
fn help_lines(model: &Model) -> Vec<String> {
    let Some(words) = help(model).filter(|words| !words.is_empty()) else {
        return Vec::new();
    };
    let room = usize::from(model.world.size.0).saturating_sub(4);
    let mut lines = text::wrap(words, room);
    let most = help_room(model);
    if lines.len() > most {
        let rest = lines.split_off(most - 1).join(" ");
        lines.push(text::cut_end(&rest, room, glyph::dots(model.look().ascii)));
    }
    lines
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

/// Lines of the footer: where a screen is narrow but has room below, a second one keeps its keys in sight.
pub(super) fn footer_lines(model: &Model, area: Rect) -> usize {
    if area.width >= WIDE || area.height < TALL {
        return 1;
    }
    Hints::of(model, area.width, 2).lines.len()
}

type Hint = (String, &'static str);

/// Keys with their words, in lines.
struct Hints {
    lines: Vec<Vec<Hint>>,
    /// Cells between two of them.
    gap: usize,
    /// Whether none is left out.
    whole: bool,
}

impl Hints {
    /// Those of this screen in at most `most` lines, as airy as they fit.
    fn of(model: &Model, width: u16, most: usize) -> Self {
        let one = Self::laid(model, width, 1, 2);
        if one.whole || most == 1 {
            return one;
        }
        let two = Self::laid(model, width, most, 2);
        if two.whole {
            return two;
        }
        Self::laid(model, width, most, 1)
    }

    /// The most useful first, each in the first line that has room. `? more` is never left out, nor is the
    /// way back to all rows.
    fn laid(model: &Model, width: u16, most: usize, gap: usize) -> Self {
        let keys = model.world.keys();
        let mut hints = keys.hints(model.place(), &model.facts(), model.typing());
        let size = |hint: &Hint| text::width(&hint.0) + 1 + text::width(hint.1) + gap;
        let mut take = |word: &str| {
            let at = hints.iter().position(|hint| hint.1 == word);
            at.map(|at| hints.remove(at))
        };
        let mut clear = take("clear");
        if model.world.table.filter().is_empty() {
            if let Some((_, word)) = &mut clear {
                *word = "unmark";
            }
        } else if model.world.table.found() > 0 {
            // Whoever looks for one does not add another; what can be done with it needs the room.
            take("add");
        }
        let help = take("more");
        let mut quit = take("quit");
        if let (Some((_, word)), true) = (&mut quit, model.world.setup.leads_back) {
            *word = "back";
        }
        let room = usize::from(width).saturating_sub(1);
        let mut rooms = vec![room; most];
        rooms[0] -= marked_words(model).map_or(0, |words| text::width(&words).min(room));
        // Help comes first, where there is no room for both.
        let both = [&clear, &help]
            .into_iter()
            .flatten()
            .map(size)
            .sum::<usize>();
        let clear = clear.filter(|_| both <= rooms[most - 1] + gap);
        let kept = [&clear, &help].into_iter().flatten().map(size).sum();
        rooms[most - 1] = rooms[most - 1].saturating_sub(kept);
        let mut lines = vec![Vec::new(); most];
        let mut whole = true;
        for hint in hints {
            // What stands between the last one and the edge needs no room; more follows on the last line.
            let fits =
                |line: &usize| rooms[*line] + gap * usize::from(*line + 1 < most) >= size(&hint);
            match (0..most).find(fits) {
                Some(line) => {
                    rooms[line] = rooms[line].saturating_sub(size(&hint));
                    lines[line].push(hint);
                }
                None => whole = false,
            }
        }
        lines[most - 1].extend(clear);
        lines[most - 1].extend(help);
        let fits = |quit: &Hint| size(quit) <= rooms[most - 1] + gap;
        whole &= quit.as_ref().is_none_or(fits);
        lines[most - 1].extend(quit.filter(fits));
        Self { lines, gap, whole }
    }
}

fn marked_words(model: &Model) -> Option<String> {
    let table = &model.world.table;
    if table.marked() == 0 || model.top().is_some() {
        return None;
    }
    Some(match table.marked_out_of_sight() {
        0 => format!("{} marked  ", table.marked()),
        hidden => format!("{} marked, {hidden} hidden  ", table.marked()),
    })
}

fn footer(model: &Model, area: Rect, buffer: &mut Buffer) {
    let look = model.look();
    let mut spans = vec![Span::raw(" ")];
    if let Some(words) = marked_words(model) {
        spans.push(Span::styled(words, look.style(Role::Strong)));
    }
    let Hints { lines, gap, .. } = Hints::of(model, area.width, usize::from(area.height));
    for (line, y) in lines.into_iter().zip(area.y..area.bottom()) {
        for (key, word) in line {
            spans.push(Span::styled(key, look.style(Role::Key)));
            let word = format!(" {word}{}", " ".repeat(gap));
            spans.push(Span::styled(word, look.style(Role::Dim)));
        }
        let area = Rect {
            y,
            height: 1,
            ..area
        };
        let line = std::mem::replace(&mut spans, vec![Span::raw(" ")]);
        Line::from(line).render(area, buffer);
    }
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
