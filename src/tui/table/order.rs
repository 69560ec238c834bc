//! Sorting by a column, stable and by name within equals.

use std::cmp::Ordering;

use crate::engine::Row;
use crate::model::Expiry;
use crate::tui::glyph;

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(in crate::tui) enum Column {
    #[default]
    Name,
    Provider,
    Account,
    Scopes,
    Expires,
    State,
}

impl Column {
    const ALL: [Column; 6] = [
        Column::Name,
        Column::Provider,
        Column::Account,
        Column::Scopes,
        Column::Expires,
        Column::State,
    ];

    /// Those whose values rows share.
    const GROUPS: [Column; 3] = [Column::Provider, Column::Account, Column::State];

    /// Whether two rows say the same in it.
    pub(super) fn same(self, a: &Row, b: &Row) -> bool {
        Order {
            column: self,
            ..Order::default()
        }
        .compare(a, b)
        .is_eq()
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Name => "NAME",
            Self::Provider => "PROVIDER",
            Self::Account => "ACCOUNT",
            Self::Scopes => "SCOPES",
            Self::Expires => "EXPIRES",
            Self::State => "STATE",
        }
    }
}

/// What the rows are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Order {
    column: Column,
    reversed: bool,
    /// Before that by this column, under a line for each of its values.
    group: Option<Column>,
}

impl Order {
    pub(super) fn group(self) -> Option<Column> {
        self.group
    }

    /// The next column to group by, at last none.
    pub(super) fn next_group(&mut self) {
        let at = |group| Column::GROUPS.iter().position(|column| *column == group);
        let next = self.group.and_then(at).map_or(0, |at| at + 1);
        self.group = Column::GROUPS.get(next).copied();
    }

    pub(super) fn group_words(self) -> String {
        self.group.map_or_else(
            || "Not grouped".to_owned(),
            |column| format!("Grouped by {}", column.title()),
        )
    }

    pub(super) fn next(&mut self) {
        self.further(1);
    }

    pub(super) fn before(&mut self) {
        self.further(Column::ALL.len() - 1);
    }

    fn further(&mut self, steps: usize) {
        let at = Column::ALL
            .iter()
            .position(|column| *column == self.column)
            .unwrap_or(0);
        *self = Self {
            column: Column::ALL[(at + steps) % Column::ALL.len()],
            reversed: false,
            group: self.group,
        };
    }

    pub(super) fn reverse(&mut self) {
        self.reversed = !self.reversed;
    }

    pub(super) fn by(&mut self, column: Column) {
        *self = Self {
            column,
            reversed: self.column == column && !self.reversed,
            group: self.group,
        };
    }

    /// The arrow in a column's heading, if the rows are sorted by it.
    pub(super) fn arrow(self, column: Column) -> Option<&'static str> {
        (self.column == column).then_some(if self.reversed {
            glyph::DOWN
        } else {
            glyph::UP
        })
    }

    pub(super) fn words(self) -> String {
        let turned = if self.reversed { ", reversed" } else { "" };
        format!("Sorted by {}{turned}", self.column.title())
    }

    pub(super) fn apply(self, indexes: &mut [usize], rows: &[Row]) {
        indexes.sort_by(|a, b| {
            let (a, b) = (&rows[*a], &rows[*b]);
            let order = self.compare(a, b);
            let order = if self.reversed {
                order.reverse()
            } else {
                order
            };
            let group = self.group.map(|column| Self {
                column,
                ..Self::default()
            });
            let groups = group.map_or(Ordering::Equal, |group| group.compare(a, b));
            groups
                .then(order)
                .then_with(|| a.summary.name.cmp(&b.summary.name))
        });
    }

    fn compare(self, a: &Row, b: &Row) -> Ordering {
        let (x, y) = (&a.summary, &b.summary);
        match self.column {
            Column::Name => x.name.cmp(&y.name),
            Column::Provider => x.provider_name.cmp(&y.provider_name),
            Column::Account => account(a).cmp(&account(b)),
            Column::Scopes => scope_count(a).cmp(&scope_count(b)),
            Column::Expires => ends(a).cmp(&ends(b)),
            Column::State => a.verdict.health.cmp(&b.verdict.health),
        }
    }
}

fn account(row: &Row) -> Option<&str> {
    Some(row.summary.grant.as_ref()?.account.as_ref()?.label.raw())
}

fn scope_count(row: &Row) -> usize {
    let summary = &row.summary;
    let granted = summary
        .grant
        .as_ref()
        .and_then(|grant| grant.granted.as_ref());
    granted.unwrap_or(&summary.requested).len()
}

/// Soonest first; never and unknown last.
fn ends(row: &Row) -> (u8, i64) {
    match row.summary.grant.as_ref().map(|grant| grant.expiry) {
        Some(Expiry::At(at)) => (0, at.0),
        Some(Expiry::NotStated) => (1, 0),
        Some(Expiry::Never) => (2, 0),
        None => (3, 0),
    }
}
