//! Rows that share a provider, an account or a state, under a line that names it. The rows themselves keep their
//! positions: only the lines of the screen are counted differently.

use super::order::Column;
use crate::engine::Row;

/// A line of the rows' area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GroupLine {
    /// Names the group of this number.
    Head(usize),
    /// A row, by its position.
    Row(usize),
}

/// Where groups begin among the rows that are shown; none where nothing is grouped.
#[derive(Default)]
pub(super) struct Groups {
    /// Positions, in order.
    begins: Vec<usize>,
    rows: usize,
}

impl Groups {
    pub(super) fn of(by: Option<Column>, shown: &[usize], rows: &[Row]) -> Self {
        let mut begins = Vec::new();
        if let Some(by) = by {
            let another = |at: usize| {
                let before = at.checked_sub(1);
                before.is_none_or(|before| !by.same(&rows[shown[before]], &rows[shown[at]]))
            };
            begins.extend((0..shown.len()).filter(|at| another(*at)));
        }
        Self {
            begins,
            rows: shown.len(),
        }
    }

    /// Lines in all.
    pub(super) fn lines(&self) -> usize {
        self.rows + self.begins.len()
    }

    /// The line on which the row at a position stands.
    pub(super) fn line_of(&self, position: usize) -> usize {
        position + self.begins.partition_point(|begin| *begin <= position)
    }

    /// Whether the line above the row at a position names its group.
    pub(super) fn begins_at(&self, position: usize) -> bool {
        self.begins.binary_search(&position).is_ok()
    }

    /// What stands on a line.
    pub(super) fn at_line(&self, line: usize) -> Option<GroupLine> {
        // The head of group `n` stands above its first row and below `n` heads.
        let (mut low, mut high) = (0, self.begins.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.begins[middle] + middle <= line {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        match low.checked_sub(1) {
            Some(group) if self.begins[group] + group == line => Some(GroupLine::Head(group)),
            _ => Some(line - low)
                .filter(|position| *position < self.rows)
                .map(GroupLine::Row),
        }
    }

    /// Position of a group's first row, and how many rows it has.
    pub(super) fn group(&self, number: usize) -> Option<(usize, usize)> {
        let begin = *self.begins.get(number)?;
        let end = self.begins.get(number + 1).copied().unwrap_or(self.rows);
        Some((begin, end - begin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_head_or_the_row_that_counts_it() {
        let groups = Groups {
            begins: vec![0, 2, 3],
            rows: 5,
        };
        let lines: Vec<_> = (0..groups.lines())
            .map(|line| groups.at_line(line))
            .collect();
        assert_eq!(
            lines,
            [
                GroupLine::Head(0),
                GroupLine::Row(0),
                GroupLine::Row(1),
                GroupLine::Head(1),
                GroupLine::Row(2),
                GroupLine::Head(2),
                GroupLine::Row(3),
                GroupLine::Row(4),
            ]
            .map(Some)
        );
        assert_eq!(groups.at_line(8), None);
        for position in 0..5 {
            let line = groups.line_of(position);
            assert_eq!(groups.at_line(line), Some(GroupLine::Row(position)));
        }
        assert_eq!(groups.group(1), Some((2, 1)));
        assert_eq!(groups.group(2), Some((3, 2)));
        let none = Groups {
            begins: Vec::new(),
            rows: 2,
        };
        assert_eq!(none.at_line(1), Some(GroupLine::Row(1)));
        assert_eq!(none.at_line(2), None);
    }
}
