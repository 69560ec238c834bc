//! Which columns there are at a width, and how wide.

use super::order::Column;

/// Marker, mark and a blank before the first column.
pub(super) const EDGE: usize = 3;
pub(super) const GAP: usize = 2;
/// Glyph, blank and the longest word.
const STATE: usize = 15;
const SCOPES: usize = 14;
/// One short scope and how many more there are.
const LEAST_SCOPES: usize = 10;
/// A state column that has room for its glyph alone.
pub(super) const GLYPH: usize = 1;

/// A column and its width in cells.
pub(super) type Placed = (Column, usize);

/// What the rows need, in characters.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Longest {
    pub name: usize,
    pub provider: usize,
    pub account: usize,
    pub expires: usize,
    /// Two rows share a provider: the account tells them apart.
    pub shared_provider: bool,
}

/// Lays the columns out. They go in this order as width shrinks: PROVIDER, EXPIRES, SCOPES,
/// ACCOUNT; ACCOUNT stays while two rows share a provider.
pub(super) fn place(width: usize, longest: Longest) -> Vec<Placed> {
    let name = longest.name.clamp(6, 24);
    let provider = longest.provider.clamp(8, 14);
    let account = longest.account.clamp(7, 28);
    let mut columns = vec![
        (Column::Name, name),
        (Column::Provider, provider),
        (Column::Account, account),
        (Column::Scopes, SCOPES),
        (Column::Expires, longest.expires.clamp(8, 11)),
        (Column::State, STATE),
    ];
    let room = width.saturating_sub(EDGE);
    let fits = |columns: &[Placed]| need(columns) <= room;
    for drop in [
        Column::Provider,
        Column::Expires,
        Column::Scopes,
        Column::Account,
    ] {
        if fits(&columns) {
            break;
        }
        // Before a column is lost, long names and accounts give way.
        if shrunk(&mut columns, room) {
            break;
        }
        if drop == Column::Account && longest.shared_provider {
            break;
        }
        columns.retain(|(column, _)| *column != drop);
        set(&mut columns, Column::Name, name);
        set(&mut columns, Column::Account, account);
        set(&mut columns, Column::Scopes, SCOPES);
    }
    if !fits(&columns) && !shrunk(&mut columns, room) {
        // Very narrow: the state keeps its glyph; its word stands under the table.
        set(&mut columns, Column::State, GLYPH);
        if !shrunk(&mut columns, room) {
            columns.retain(|(column, _)| *column != Column::Account);
            let left = room.saturating_sub(GLYPH + GAP);
            set(&mut columns, Column::Name, left.min(name));
        }
    }
    // What is left over goes to the scopes, the account and the name, in this order.
    let spare = room.saturating_sub(need(&columns));
    let spare = widen(&mut columns, Column::Scopes, spare, 60);
    let spare = widen(
        &mut columns,
        Column::Account,
        spare,
        longest.account.clamp(7, 44),
    );
    widen(&mut columns, Column::Name, spare, longest.name.clamp(6, 44));
    columns
}

fn need(columns: &[Placed]) -> usize {
    columns
        .iter()
        .map(|(_, width)| width + GAP)
        .sum::<usize>()
        .saturating_sub(GAP)
}

/// Takes from account, scopes and name what is missing, but leaves them readable.
fn shrunk(columns: &mut [Placed], room: usize) -> bool {
    let missing = need(columns).saturating_sub(room);
    let spare = |column: Column, width: usize| match column {
        Column::Account => width.saturating_sub(8),
        Column::Scopes => width.saturating_sub(LEAST_SCOPES),
        Column::Name => width.saturating_sub(10),
        _ => 0,
    };
    let total: usize = columns
        .iter()
        .map(|(column, width)| spare(*column, *width))
        .sum();
    if total < missing {
        return false;
    }
    let mut missing = missing;
    for wanted in [Column::Account, Column::Scopes, Column::Name] {
        for (column, width) in columns.iter_mut().filter(|(column, _)| *column == wanted) {
            let take = spare(*column, *width).min(missing);
            *width -= take;
            missing -= take;
        }
    }
    true
}

fn set(columns: &mut [Placed], column: Column, width: usize) {
    if let Some(entry) = columns.iter_mut().find(|(c, _)| *c == column) {
        entry.1 = width;
    }
}

fn widen(columns: &mut [Placed], column: Column, spare: usize, most: usize) -> usize {
    match columns.iter_mut().find(|(c, _)| *c == column) {
        Some((_, width)) => {
            let more = spare.min(most.saturating_sub(*width));
            *width += more;
            spare - more
        }
        None => spare,
    }
}

/// The column at cell `x`.
pub(super) fn at(columns: &[Placed], x: usize) -> Option<Column> {
    let mut start = EDGE;
    columns.iter().find_map(|(column, width)| {
        let here = (start..start + width + GAP).contains(&x);
        start += width + GAP;
        here.then_some(*column)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(width: usize, shared: bool) -> Vec<Column> {
        let longest = Longest {
            name: 9,
            provider: 8,
            account: 11,
            expires: 9,
            shared_provider: shared,
        };
        place(width, longest)
            .into_iter()
            .map(|(column, _)| column)
            .collect()
    }

    #[test]
    fn columns_go_by_priority() {
        use Column::{Account, Expires, Name, Provider, Scopes, State};
        assert_eq!(
            names(80, false),
            [Name, Provider, Account, Scopes, Expires, State]
        );
        assert_eq!(names(70, false), [Name, Account, Scopes, Expires, State]);
        assert_eq!(names(58, false), [Name, Account, Scopes, State]);
        assert_eq!(names(44, false), [Name, Account, State]);
        assert_eq!(names(32, false), [Name, State]);
        assert_eq!(names(20, true), [Name, State]);
    }

    #[test]
    fn w_11_no_width_overflows() {
        for width in 0..200 {
            for shared_provider in [false, true] {
                let longest = Longest {
                    name: 64,
                    provider: 40,
                    account: 90,
                    expires: 11,
                    shared_provider,
                };
                let columns = place(width, longest);
                assert!(
                    width < 10 || need(&columns) <= width - EDGE,
                    "{width}: {columns:?}"
                );
            }
        }
    }
}
