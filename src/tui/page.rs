//! A screen as lines: headings, texts, and items that can be selected. Every screen but the table
//! is one of these, so all of them scroll, select and shrink in the same way.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::beyond::Beyond;
use super::field::TextField;
use super::glyph;
use super::link::{Link, Trail};
use super::masked::MaskedField;
use super::text;
use super::theme::{Look, Role};
use crate::model::Untrusted;

/// Where texts begin: one cell of margin and two for the marker of the selected line.
const MARGIN: usize = 3;
/// Narrower value columns make no sense; the label goes first then.
const LEAST_VALUE: usize = 12;
/// A text that wraps in a column narrower than this stands below its label.
const LEAST_BESIDE: usize = 17;
/// A body lower than this has no row for the end of a label.
const ROWS_TO_SPARE: usize = 6;
/// Rows that are kept in view from the selected one on.
const FOLLOWING: usize = 4;
/// Where what belongs to a label stands in the rows below it: under the words after a number.
const BELOW: usize = 3;

/// What a page needs to know about where it will be drawn.
#[derive(Clone, Copy)]
pub(super) struct Pen {
    /// Cells from the left to the right edge.
    pub width: usize,
    /// Lines of the body.
    pub height: usize,
    pub look: Look,
}

struct Row {
    line: Line<'static>,
    item: Option<usize>,
    /// First cell and number of cells of an address to open.
    link: Option<(usize, usize, Link)>,
}

/// The lines of a screen.
pub(super) struct Page {
    pub title: String,
    /// Stands at the right end of the title line.
    pub aside: String,
    pen: Pen,
    rows: Vec<Row>,
    /// Row and column of the selected line, or within its field.
    cursor: Option<(usize, usize)>,
    /// The same of a field above the list: the cursor stands there as long as it is in view.
    typing: Option<(usize, usize)>,
    /// Lines that it is turned on from where its selection puts it.
    turned: isize,
}

impl Page {
    pub(super) fn new(title: impl Into<String>, aside: impl Into<String>, pen: Pen) -> Self {
        Self {
            title: title.into(),
            aside: aside.into(),
            pen,
            rows: Vec::new(),
            cursor: None,
            typing: None,
            turned: 0,
        }
    }

    pub(super) fn turned(self, turned: isize) -> Self {
        Self { turned, ..self }
    }

    pub(super) fn pen(&self) -> Pen {
        self.pen
    }

    /// Lines, in view or not.
    pub(super) fn lines(&self) -> usize {
        self.rows.len()
    }

    /// Cells a text may take at this indent.
    pub(super) fn room(&self, indent: usize) -> usize {
        self.pen.width.saturating_sub(MARGIN + indent + 1).max(1)
    }

    pub(super) fn blank(&mut self) {
        // On a very low screen every line counts.
        if self.pen.height >= 12 {
            self.push(Line::default(), None);
        }
    }

    /// A wrapped paragraph.
    pub(super) fn text(&mut self, indent: usize, role: Role, words: &str) {
        for part in text::wrap(words, self.room(indent)) {
            let span = Span::styled(part, self.pen.look.style(role));
            self.push(Line::from(vec![pad(MARGIN + indent), span]), None);
        }
    }

    /// A label, then text that wraps under itself.
    pub(super) fn pair(&mut self, label: &str, column: usize, role: Role, words: &str) {
        self.labelled(None, false, label, column, role, words);
    }

    /// Text beside what stands before it, cut to one line.
    pub(super) fn spans(&mut self, indent: usize, parts: &[(Role, String)]) {
        let mut room = self.room(indent);
        let mut spans = vec![pad(MARGIN + indent)];
        for (role, part) in parts {
            let part = text::cut_end(part, room, glyph::dots(self.pen.look.ascii));
            room -= text::width(&part).min(room);
            spans.push(Span::styled(part, self.pen.look.style(*role)));
        }
        self.push(Line::from(spans), None);
    }

    /// Something to type or open elsewhere, behind a word or two. It is never cut: where it does not fit
    /// beside them it stands below.
    pub(super) fn led(&mut self, indent: usize, lead: &str, whole: &str) {
        if text::width(lead) + text::width(whole) <= self.room(indent) {
            let parts = [
                (Role::Dim, lead.to_owned()),
                (Role::Strong, whole.to_owned()),
            ];
            return self.spans(indent, &parts);
        }
        self.text(indent, Role::Dim, lead.trim_end());
        self.text(indent, Role::Strong, whole);
    }

    /// A line that can be selected: label and a value that wraps under itself.
    pub(super) fn item(
        &mut self,
        item: usize,
        selected: bool,
        label: &str,
        column: usize,
        value: &str,
    ) {
        self.labelled(Some(item), selected, label, column, Role::Plain, value);
    }

    /// As [`Page::item`], with a role for the value.
    pub(super) fn fact(
        &mut self,
        item: usize,
        selected: bool,
        label: &str,
        column: usize,
        role: Role,
        words: &str,
    ) {
        self.labelled(Some(item), selected, label, column, role, words);
    }

    /// A field that can be selected; the cursor stands in it then. `problem` stands beside or
    /// below it.
    pub(super) fn field(
        &mut self,
        item: usize,
        selected: bool,
        label: &str,
        column: usize,
        field: &TextField,
        problem: Option<&str>,
    ) {
        let column = self.column(column);
        let room = self.room(column).saturating_sub(1).max(1);
        let (shown, at) = if selected {
            field.window(room)
        } else {
            // Of an address, the host is what counts.
            field.beginning(room, glyph::dots(self.pen.look.ascii))
        };
        self.edit(item, selected, label, column, (&shown, at), problem);
    }

    /// As [`Page::field`]; what is longer than the field stands below it as a whole while it is selected,
    /// where a line is worth that.
    pub(super) fn long_field(
        &mut self,
        item: usize,
        selected: bool,
        label: &str,
        column: usize,
        field: &TextField,
        problem: Option<&str>,
    ) {
        self.field(item, selected, label, column, field, problem);
        let room = self.room(self.column(column)).saturating_sub(1).max(1);
        let whole: String = Untrusted::new(field.value()).shown().into();
        // The field keeps a cell for the cursor.
        if !selected || text::width(&whole) < room || self.pen.height < ROWS_TO_SPARE {
            return;
        }
        for part in text::wrap(&whole, self.room(BELOW)) {
            let span = Span::styled(part, self.pen.look.style(Role::Plain));
            self.push(Line::from(vec![pad(MARGIN + BELOW), span]), Some(item));
        }
    }

    /// As [`Page::field`], for a secret.
    pub(super) fn masked(
        &mut self,
        item: usize,
        selected: bool,
        label: &str,
        column: usize,
        field: &MaskedField,
        problem: Option<&str>,
    ) {
        let shown = field.shown();
        let column = self.column(column);
        self.edit(
            item,
            selected,
            label,
            column,
            (&shown, text::width(&shown)),
            problem,
        );
    }

    /// A field that always has the focus, above a list in which a line is selected.
    pub(super) fn find(&mut self, label: &str, field: &TextField) {
        let column = if label.is_empty() {
            0
        } else {
            text::width(label) + 2
        };
        let column = self.column(column);
        let room = self.room(column).saturating_sub(1).max(1);
        let (shown, at) = field.window(room);
        let look = self.pen.look;
        let spans = vec![
            pad(MARGIN),
            Span::raw(text::fit(label, column, "")),
            Span::styled(glyph::EDGE, look.style(Role::Dim)),
            Span::styled(shown, look.style(Role::Strong)),
        ];
        self.typing = Some((self.rows.len(), MARGIN + column + 1 + at));
        self.push(Line::from(spans), None);
    }

    /// A line drawn as it is (a picture made of cells).
    pub(super) fn raw(&mut self, line: String) {
        self.push(Line::from(vec![pad(MARGIN), Span::raw(line)]), None);
    }

    /// Draws something with an address to open in it, which is a link where the terminal takes links.
    pub(super) fn with_address(&mut self, address: &str, draw: impl FnOnce(&mut Self)) {
        let first = self.rows.len();
        draw(self);
        let look = self.pen.look;
        let Some(link) = Link::to(address, first).filter(|_| look.links) else {
            return;
        };
        let dots = glyph::dots(look.ascii);
        let mut trail = Trail::of(address);
        for row in self.rows.iter_mut().skip(first) {
            let words: String = row.line.iter().map(|span| span.content.as_ref()).collect();
            let found = trail.next(&words, dots);
            row.link = found.map(|cells| (cells.start, cells.len(), link.clone()));
        }
    }

    /// A rule with a word in it.
    pub(super) fn rule(&mut self, word: &str) {
        let used = 4 + text::width(word);
        let rest = glyph::RULE.repeat(self.pen.width.saturating_sub(used + 2));
        let dim = self.pen.look.style(Role::Dim);
        let text = format!("{} {word} {rest}", glyph::RULE);
        self.push(Line::from(vec![pad(1), Span::styled(text, dim)]), None);
    }

    fn column(&self, wanted: usize) -> usize {
        let most = self.pen.width.saturating_sub(MARGIN + LEAST_VALUE + 1);
        wanted.min(most)
    }

    fn labelled(
        &mut self,
        item: Option<usize>,
        selected: bool,
        label: &str,
        column: usize,
        role: Role,
        words: &str,
    ) {
        let look = self.pen.look;
        let dots = glyph::dots(look.ascii);
        let column = self.column(column);
        let label_role = if selected { Role::Strong } else { Role::Plain };
        let value_role = if selected && role == Role::Plain {
            Role::Strong
        } else {
            role
        };
        // A value that would stand in a narrow column goes below its label, with the whole row for itself.
        let narrow = self.room(column) < LEAST_BESIDE && text::width(words) > self.room(column);
        let (column, below) = if narrow && column > BELOW {
            (BELOW, true)
        } else {
            (column, false)
        };
        // So does the value of a label that outgrows its column.
        let outgrown = text::width(label) + 1 > column && column > 0;
        let crowded = (below || outgrown) && !words.is_empty();
        // A line that is all label is read to its end, unless every line counts.
        let long = text::width(label) > self.room(0) && self.pen.height >= ROWS_TO_SPARE;
        let mut labels = if words.is_empty() && long {
            text::wrap(label, self.room(BELOW))
        } else if words.is_empty() || column == 0 || crowded {
            vec![text::cut_end(label, self.room(0), dots)]
        } else {
            vec![text::fit(label, column, dots)]
        };
        let rest = labels.split_off(1.min(labels.len()));
        let mut head = vec![
            marker(look, selected),
            Span::styled(labels.pop().unwrap_or_default(), look.style(label_role)),
        ];
        if selected {
            self.cursor = Some((self.rows.len(), 1));
        }
        let mut parts = if words.is_empty() {
            Vec::new()
        } else {
            text::wrap(words, self.room(column))
        };
        if !parts.is_empty() && !crowded {
            let first = parts.remove(0);
            head.push(Span::styled(first, look.style(value_role)));
        }
        // Without a label nothing would stand in that row.
        if !label.is_empty() || !crowded {
            self.push(Line::from(head), item);
        }
        for part in rest {
            let span = Span::styled(part, look.style(label_role));
            self.push(Line::from(vec![pad(MARGIN + BELOW), span]), item);
        }
        for part in parts {
            let span = Span::styled(part, look.style(value_role));
            self.push(Line::from(vec![pad(MARGIN + column), span]), item);
        }
    }

    fn edit(
        &mut self,
        item: usize,
        selected: bool,
        label: &str,
        column: usize,
        (shown, at): (&str, usize),
        problem: Option<&str>,
    ) {
        let look = self.pen.look;
        let role = if selected { Role::Strong } else { Role::Plain };
        let label = text::fit(label, column, glyph::dots(look.ascii));
        let mut spans = vec![
            marker(look, selected),
            Span::styled(label, look.style(role)),
            Span::styled(glyph::EDGE, look.style(Role::Dim)),
            Span::styled(shown.to_owned(), look.style(role)),
        ];
        if selected {
            self.cursor = Some((self.rows.len(), MARGIN + column + 1 + at));
        }
        let used = MARGIN + column + 1 + text::width(shown) + 3;
        let problem = problem.map(|words| format!("{} {words}", glyph::FAILED));
        let beside = problem
            .as_ref()
            .is_some_and(|words| used + text::width(words) < self.pen.width);
        if let (Some(words), true) = (&problem, beside) {
            spans.push(pad(3));
            spans.push(Span::styled(words.clone(), look.style(Role::Bad)));
        }
        self.push(Line::from(spans), Some(item));
        if let (Some(words), false) = (&problem, beside) {
            for part in text::wrap(words, self.room(column)) {
                let span = Span::styled(part, look.style(Role::Bad));
                self.push(Line::from(vec![pad(MARGIN + column), span]), Some(item));
            }
        }
    }

    fn push(&mut self, line: Line<'static>, item: Option<usize>) {
        self.rows.push(Row {
            line,
            item,
            link: None,
        });
    }

    /// First row drawn: the selected one stays in view with all that belongs to it, and with a few rows below
    /// it or, on a low screen, as many as above; the beginning stays as long as that allows it. What stands
    /// before the first line that can be selected comes into view with it, and so does what stands after the
    /// last.
    fn top(&self, height: usize) -> usize {
        let last_top = self.rows.len().saturating_sub(height);
        let rows = self.rows_of_selection();
        let top = match self.selection() {
            None => 0,
            Some((at, true, _)) if at + rows <= height && height >= ROWS_TO_SPARE => 0,
            Some((at, _, true)) => at,
            Some((at, ..)) => at.saturating_sub((height / 2).max(height.saturating_sub(FOLLOWING))),
        };
        let whole = match self.selection() {
            Some((at, _, false)) if height >= ROWS_TO_SPARE => {
                self.end(at).saturating_sub(height).min(at)
            }
            _ => 0,
        };
        top.max(whole)
            .min(last_top)
            .saturating_add_signed(self.turned)
            .min(last_top)
    }

    /// How far so many lines turn it: only where moving the selection would bring nothing more into view.
    pub(super) fn turns(&self, lines: isize, body: Rect) -> isize {
        let (first, last) = match self.selection() {
            Some((_, first, last)) => (first, last),
            None => (true, true),
        };
        let stays = if lines < 0 {
            first || self.turned > 0
        } else {
            last || self.turned < 0
        };
        let height = usize::from(body.height);
        let top = self.top(height);
        let last_top = self.rows.len().saturating_sub(height);
        let to = top.saturating_add_signed(lines).min(last_top);
        if stays {
            to.cast_signed() - top.cast_signed()
        } else {
            0
        }
    }

    /// Where what belongs to the line at a row ends: at the next one that can be selected.
    fn end(&self, at: usize) -> usize {
        let here = self.rows[at].item;
        let other = |row: &Row| row.item.is_some() && row.item != here;
        let length = self.rows[at..].iter().position(other);
        length.map_or(self.rows.len(), |length| at + length)
    }

    /// Rows that the selected line takes.
    fn rows_of_selection(&self) -> usize {
        let at = self.cursor.map_or(0, |(at, _)| at);
        let item = self.rows.get(at).and_then(|row| row.item);
        let same = |row: &&Row| row.item.is_some() && row.item == item;
        self.rows.iter().skip(at).take_while(same).count()
    }

    /// The row of the selected line, and whether that is the first or the last one that can be selected.
    fn selection(&self) -> Option<(usize, bool, bool)> {
        let (at, _) = self.cursor?;
        let here = self.rows.get(at)?.item;
        let first = self.rows.iter().find_map(|row| row.item);
        let last = self.rows.iter().rev().find_map(|row| row.item);
        Some((at, here == first, here == last))
    }

    /// Draws into `area` and tells where the cursor belongs.
    pub(super) fn draw(&self, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let height = usize::from(area.height);
        let top = self.top(height);
        for (row, y) in self.rows.iter().skip(top).take(height).zip(area.y..) {
            (&row.line).render(
                Rect {
                    y,
                    height: 1,
                    ..area
                },
                buffer,
            );
            if let Some((column, cells, link)) = &row.link {
                let end = (column + cells).min(usize::from(area.width));
                let column = cells_of((*column).min(end));
                link.lay(area.x + column, y, cells_of(end) - column, buffer);
            }
        }
        let in_view = |(row, _): &(usize, usize)| (top..top + height).contains(row);
        let (row, column) = self
            .typing
            .filter(in_view)
            .or(self.cursor)
            .filter(in_view)?;
        let y = row - top;
        let last = usize::from(area.width).checked_sub(1)?;
        let x = u16::try_from(column.min(last)).ok()?;
        Some(Position::new(area.x + x, area.y + u16::try_from(y).ok()?))
    }

    /// Where the page goes on beyond this body.
    pub(super) fn beyond(&self, body: Rect) -> Beyond {
        let height = usize::from(body.height);
        let top = self.top(height);
        Beyond {
            above: top > 0,
            below: top + height < self.rows.len(),
        }
    }

    /// The item drawn in line `y` of a body of this height.
    pub(super) fn item_at(&self, y: usize, height: usize) -> Option<usize> {
        self.rows.get(self.top(height) + y)?.item
    }
}

fn cells_of(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

fn pad(cells: usize) -> Span<'static> {
    Span::raw(" ".repeat(cells))
}

fn marker(look: Look, selected: bool) -> Span<'static> {
    if selected {
        Span::styled(format!(" {} ", glyph::SELECTED), look.style(Role::Key))
    } else {
        pad(MARGIN)
    }
}
