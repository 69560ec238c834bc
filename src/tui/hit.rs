//! What is under the mouse.

use ratatui::layout::{Position, Rect};

use super::model::{LEAST, Model};
use super::table::{self, Column};
use super::view::{Parts, below_title, halves, page};

/// What a click means.
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
            return on_page(right, below_title(right));
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
