//! Draws the table, its headings and the line below it that says why and what next.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::Table;
use super::cells::{account_of, expires, fit_scopes, provider_of, scope_words};
use super::columns::{self, Placed};
use super::groups::GroupLine;
use super::order::Column;
use crate::engine::Row;
use crate::model::{Health, ScopeSet, UnixTime};
use crate::tui::glyph;
use crate::tui::text;
use crate::tui::theme::{Look, Role, role_of_health};

/// From this height on a rule and two lines about the selected row stand below the rows.
const ROOMY: u16 = 12;

/// Lines for rows in a body of this height: one goes to the headings, the rest to what is below.
pub(in crate::tui) fn row_lines(height: u16) -> u16 {
    let below = match height {
        0..=3 => 0,
        4..ROOMY => 1,
        _ => 3,
    };
    height.saturating_sub(1 + below)
}

/// Draws into `area`; tells where the cursor belongs.
pub(in crate::tui) fn draw(
    table: &Table,
    now: UnixTime,
    look: Look,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let columns = columns::place(usize::from(area.width), table.longest);
    headings(table, &columns, look, area, buffer);
    let lines = row_lines(area.height);
    let visible = (table.top..)
        .map_while(|line| table.groups.at_line(line))
        .take(usize::from(lines));
    let mut cursor = None;
    for (what, y) in visible.zip(area.y.saturating_add(1)..) {
        let place = Rect {
            y,
            height: 1,
            ..area
        };
        let at = match what {
            GroupLine::Row(at) => at,
            GroupLine::Head(group) => {
                head(table, group, look, area.width).render(place, buffer);
                continue;
            }
        };
        let row = &table.rows[table.shown[at]];
        let selected = at == table.at;
        let line = row_line(table, row, &columns, now, look, selected);
        line.render(place, buffer);
        if selected {
            buffer.set_style(place, look.style(Role::Selected));
            cursor = Some(Position::new(
                area.x.saturating_add(1).min(area.right().saturating_sub(1)),
                y,
            ));
        }
    }
    if table.shown.is_empty() && lines > 0 && !table.filter.is_empty() {
        nothing(table, look, area, buffer);
    }
    below(table, now, look, area, lines, buffer);
    cursor
}

/// The column whose heading is at cell `x`, for clicks.
pub(in crate::tui) fn header_column(table: &Table, width: u16, x: u16) -> Option<Column> {
    let columns = columns::place(usize::from(width), table.longest);
    columns::at(&columns, usize::from(x))
}

fn headings(table: &Table, columns: &[Placed], look: Look, area: Rect, buffer: &mut Buffer) {
    let mut text = " ".repeat(columns::EDGE);
    for (column, width) in columns {
        let title = match table.order.arrow(*column) {
            _ if *width <= columns::GLYPH => String::new(),
            Some(arrow) => format!("{}{arrow}", column.title()),
            None => column.title().to_owned(),
        };
        text.push_str(&text::fit(&title, *width, ""));
        text.push_str(&" ".repeat(columns::GAP));
    }
    Line::styled(text, look.style(Role::Dim)).render(
        Rect {
            height: 1.min(area.height),
            ..area
        },
        buffer,
    );
}

/// The line above a group: what its rows share, and how many there are.
fn head(table: &Table, group: usize, look: Look, width: u16) -> Line<'static> {
    let (Some((first, count)), Some(by)) = (table.groups.group(group), table.order.group()) else {
        return Line::default();
    };
    let row = &table.rows[table.shown[first]];
    let words = match by {
        Column::Account => account_of(row),
        Column::State => row.verdict.health.word().to_owned(),
        _ => provider_of(row),
    };
    let words = if words.is_empty() {
        "no account".to_owned()
    } else {
        words
    };
    let count = format!("  {count}");
    let room = usize::from(width).saturating_sub(2 + text::width(&count));
    let words = text::cut_end(&words, room, glyph::dots(look.ascii));
    Line::from(vec![
        Span::raw(" "),
        Span::styled(words, look.style(Role::Strong)),
        Span::styled(count, look.style(Role::Dim)),
    ])
}

fn nothing(table: &Table, look: Look, area: Rect, buffer: &mut Buffer) {
    let (shown, _) = table.filter.window(40);
    let words = Line::from(vec![
        Span::raw(format!("   Nothing matches \"{shown}\"   ")),
        Span::styled("esc", look.style(Role::Key)),
        Span::raw(" clear"),
    ]);
    words.render(
        Rect {
            y: area.y + 1,
            height: 1,
            ..area
        },
        buffer,
    );
}

fn row_line(
    table: &Table,
    row: &Row,
    columns: &[Placed],
    now: UnixTime,
    look: Look,
    selected: bool,
) -> Line<'static> {
    let dots = glyph::dots(look.ascii);
    let marked = table.marks.contains(&row.summary.id);
    let pointer = if selected { glyph::SELECTED } else { " " };
    let mark = if marked { glyph::ACTIVE } else { " " };
    let mut spans = vec![
        Span::raw(" "),
        Span::raw(pointer.to_owned()),
        Span::raw(mark.to_owned()),
    ];
    for (column, width) in columns {
        let width = *width;
        match column {
            Column::Name => {
                spans.extend(cell(table, *column, row.summary.name.as_str(), width, look));
            }
            Column::Provider => spans.extend(cell(table, *column, &provider_of(row), width, look)),
            Column::Account => spans.extend(cell(table, *column, &account_of(row), width, look)),
            Column::Scopes => {
                let mut used = 0;
                for (role, word) in fit_scopes(row, width) {
                    let room = width.saturating_sub(used);
                    let word = text::cut_middle(&word, room, dots);
                    used += text::width(&word);
                    spans.extend(underlined(table, *column, &word, look, look.style(role)));
                }
                spans.push(Span::raw(" ".repeat(width.saturating_sub(used))));
            }
            Column::Expires => spans.push(Span::raw(text::fit(&expires(row, now), width, dots))),
            Column::State => {
                let health = row.verdict.health;
                let words = format!("{} {}", glyph::of_health(health), health.word());
                let style = look.style(role_of_health(health));
                let words = text::fit(&words, width, "");
                spans.extend(underlined(table, *column, &words, look, style));
            }
        }
        spans.push(Span::raw(" ".repeat(columns::GAP)));
    }
    Line::from(spans)
}

fn cell(
    table: &Table,
    column: Column,
    words: &str,
    width: usize,
    look: Look,
) -> Vec<Span<'static>> {
    let words = text::fit(words, width, glyph::dots(look.ascii));
    underlined(table, column, &words, look, Style::new())
}

/// Splits a cell where the filter's matches begin and end.
fn underlined(
    table: &Table,
    column: Column,
    words: &str,
    look: Look,
    style: Style,
) -> Vec<Span<'static>> {
    let matched = table.query.matched(words, column);
    if matched.is_empty() {
        return vec![Span::styled(words.to_owned(), style)];
    }
    let emphasis = style.patch(look.style(Role::Match));
    let mut spans: Vec<Span<'static>> = Vec::new();
    for (at, c) in words.chars().enumerate() {
        let here = if matched.binary_search(&at).is_ok() {
            emphasis
        } else {
            style
        };
        match spans.last_mut() {
            Some(last) if last.style == here => last.content.to_mut().push(c),
            _ => spans.push(Span::styled(c.to_string(), here)),
        }
    }
    spans
}

/// Below the rows: why the selected one is as it is, what next, and its long texts in full.
fn below(table: &Table, now: UnixTime, look: Look, area: Rect, lines: u16, buffer: &mut Buffer) {
    let free = area.height.saturating_sub(1 + lines);
    if free == 0 {
        return;
    }
    let mut y = area.bottom() - free;
    let mut put = |line: Line<'static>| {
        if y < area.bottom() {
            line.render(
                Rect {
                    y,
                    height: 1,
                    ..area
                },
                buffer,
            );
            y += 1;
        }
    };
    if free >= 3 {
        let rule = glyph::RULE.repeat(usize::from(area.width).saturating_sub(2));
        put(Line::styled(format!(" {rule}"), look.style(Role::Dim)));
    }
    let Some(row) = table.selected() else {
        return;
    };
    let room = usize::from(area.width).saturating_sub(2);
    let dots = glyph::dots(look.ascii);
    let (why, next) = why_and_next(row);
    let next = table.keys.fill(next);
    let name = row.summary.name.as_str();
    let why = if free < 3 || why.is_empty() {
        format!("{name}: {} {why}", row.verdict.health.word())
    } else {
        format!("{name}: {why}")
    };
    let why = why.trim_end().trim_end_matches(':').to_owned();
    let next_room = if next.is_empty() {
        0
    } else {
        text::width(&next) + 2
    };
    let why = text::cut_end(&why, room.saturating_sub(next_room).max(room / 2), dots);
    put(Line::from(vec![
        Span::raw(" "),
        Span::styled(why, look.style(Role::Plain)),
        Span::raw(if next.is_empty() { "" } else { "  " }),
        Span::styled(next, look.style(Role::Key)),
    ]));
    let whole = [
        provider_of(row),
        account_of(row),
        scopes_in_full(row),
        expires(row, now),
    ];
    let whole: Vec<String> = whole.into_iter().filter(|text| !text.is_empty()).collect();
    let whole = text::cut_end(&whole.join(&format!(" {} ", glyph::BETWEEN)), room, dots);
    put(Line::styled(format!(" {whole}"), look.style(Role::Dim)));
}

fn scopes_in_full(row: &Row) -> String {
    let granted = row
        .summary
        .grant
        .as_ref()
        .and_then(|grant| grant.granted.as_ref());
    let words = scope_words(&row.summary.requested, granted);
    words
        .into_iter()
        .map(|(_, word)| word)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The reason in a sentence and the best next key.
fn why_and_next(row: &Row) -> (String, &'static str) {
    let next = match row.verdict.health {
        Health::NeedsSignIn if row.summary.grant.is_none() => "{re-authorize} sign in",
        Health::NeedsSignIn | Health::Expiring => "{re-authorize} re-authorize",
        Health::Error => "{open} open",
        Health::Offline | Health::Untested => "{test} test",
        Health::Expired => "{refresh} refresh",
        Health::SigningIn | Health::Connected => "",
    };
    if row.verdict.health == Health::Untested && row.summary.untestable {
        let why = row.verdict.message.clone().unwrap_or_default();
        return (why, "{edit} adds a Test read URL");
    }
    if let Some(message) = &row.verdict.message {
        return (message.clone(), next);
    }
    let granted = row
        .summary
        .grant
        .as_ref()
        .and_then(|grant| grant.granted.as_ref());
    let unasked = not_asked_yet(row);
    if let Some(granted) = granted {
        let refused = row.summary.requested.without(granted).without(&unasked);
        if !refused.is_empty() {
            let verb = if refused.len() == 1 { "was" } else { "were" };
            return (
                format!("{refused} {verb} asked for and refused."),
                "{re-authorize} re-authorize",
            );
        }
        let added = granted.without(&row.summary.requested);
        if !added.is_empty() {
            let verb = if added.len() == 1 { "was" } else { "were" };
            return (
                format!("{added} {verb} granted without being asked."),
                "{open} open",
            );
        }
    }
    if !unasked.is_empty() {
        let verb = if unasked.len() == 1 { "is" } else { "are" };
        let words = format!("{unasked} {verb} not asked for yet.");
        return (words, "{re-authorize} asks");
    }
    (String::new(), next)
}

/// Scopes that were added after the sign-in and are not granted.
pub(in crate::tui) fn not_asked_yet(row: &Row) -> ScopeSet {
    let granted = row.summary.grant.as_ref();
    match granted.and_then(|grant| grant.granted.as_ref()) {
        Some(granted) => row.summary.unasked.without(granted),
        None => row.summary.unasked.clone(),
    }
}
