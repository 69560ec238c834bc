//! The table of connections: rows, order, filter, marks, selection. Keeps the selection by
//! identity: reading the rows again, sorting or filtering never moves it to another connection.

mod cells;
mod columns;
mod filter;
mod groups;
mod hay;
mod order;
mod view;

use std::collections::BTreeSet;

pub(super) use self::cells::{account_of, provider_of};
use self::columns::Longest;
use self::filter::Query;
use self::groups::{GroupLine, Groups};
use self::hay::Hay;
pub(super) use self::order::Column;
use self::order::Order;
pub(super) use self::view::{draw, header_column, not_asked_yet, row_lines};
use super::face::moved;
use super::field::TextField;
use super::text;
use crate::actions::{Action, Keymap};
use crate::engine::Row;
use crate::model::{ConnectionId, Expiry, UnixTime};

/// The state of the table.
#[derive(Default)]
pub(super) struct Table {
    rows: Vec<Row>,
    /// Indexes into `rows`, sorted.
    sorted: Vec<usize>,
    /// Those of `sorted` that pass the filter.
    shown: Vec<usize>,
    /// Position in `shown`.
    at: usize,
    /// First line drawn.
    top: usize,
    groups: Groups,
    chosen: Option<ConnectionId>,
    marks: BTreeSet<ConnectionId>,
    order: Order,
    filter: TextField,
    query: Query,
    /// Made for the first filter, one for each of `rows`.
    hays: Vec<Hay>,
    finding: bool,
    longest: Longest,
    /// For the words that name one.
    keys: Keymap,
}

impl Table {
    pub(super) fn with_keys(keys: Keymap) -> Self {
        Self {
            keys,
            ..Self::default()
        }
    }

    pub(super) fn set_keys(&mut self, keys: Keymap) {
        self.keys = keys;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// How many pass the filter.
    pub(super) fn found(&self) -> usize {
        self.shown.len()
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(super) fn row(&self, id: &ConnectionId) -> Option<&Row> {
        self.rows.iter().find(|row| row.summary.id == *id)
    }

    /// Takes freshly read rows.
    pub(super) fn set_rows(&mut self, rows: Vec<Row>) {
        // One that was chosen before it could be read comes first.
        let chosen = self.chosen.as_ref();
        let awaited = chosen.is_some_and(|id| self.row(id).is_none());
        let here = if awaited { None } else { self.here() };
        self.rows = rows;
        self.hays.clear();
        if !self.marks.is_empty() {
            let known: BTreeSet<&ConnectionId> =
                self.rows.iter().map(|row| &row.summary.id).collect();
            self.marks.retain(|id| known.contains(id));
        }
        self.longest = longest(&self.rows);
        if self.rows.is_empty() {
            self.finding = false;
        }
        self.sort(here);
        if self
            .chosen
            .as_ref()
            .is_some_and(|id| self.row(id).is_none())
        {
            // Removed for good: the row that took its place is the selection now.
            self.chosen = self.selected().map(|row| row.summary.id.clone());
        }
    }

    pub(super) fn selected(&self) -> Option<&Row> {
        self.shown.get(self.at).map(|index| &self.rows[*index])
    }

    /// What an action is done with: the marked rows, else the selected one.
    pub(super) fn targets(&self) -> Vec<&Row> {
        if self.marks.is_empty() {
            return self.selected().into_iter().collect();
        }
        self.sorted
            .iter()
            .map(|index| &self.rows[*index])
            .filter(|row| self.marks.contains(&row.summary.id))
            .collect()
    }

    /// The rows in view and out of it, from the first to the last.
    #[cfg(test)]
    pub(super) fn shown_ids(&self) -> Vec<ConnectionId> {
        let id = |index: &usize| self.rows[*index].summary.id.clone();
        self.shown.iter().map(id).collect()
    }

    #[cfg(test)]
    pub(super) fn marks(&self) -> &BTreeSet<ConnectionId> {
        &self.marks
    }

    pub(super) fn marked(&self) -> usize {
        self.marks.len()
    }

    pub(super) fn finding(&self) -> bool {
        self.finding
    }

    /// Of those, how many the filter hides.
    pub(super) fn marked_out_of_sight(&self) -> usize {
        let in_sight = |index: &&usize| self.marks.contains(&self.rows[**index].summary.id);
        self.marks.len() - self.shown.iter().filter(in_sight).count()
    }

    pub(super) fn narrowed(&self) -> bool {
        !self.filter.is_empty() || !self.marks.is_empty()
    }

    pub(super) fn filter(&self) -> &TextField {
        &self.filter
    }

    pub(super) fn filter_mut(&mut self) -> &mut TextField {
        &mut self.filter
    }

    /// Opens an empty filter line: what was looked for before is not what is looked for now.
    pub(super) fn find(&mut self) {
        self.finding = true;
        self.show_all();
        self.stack_hay();
    }

    /// Closes the filter line; what it holds stays in force, and the row that was found is the chosen one
    /// when the filter goes.
    pub(super) fn stop_finding(&mut self) {
        self.finding = false;
        if !self.shown.is_empty() {
            self.select(self.at);
        }
    }

    /// First the filter, so that no mark goes unseen; then the marks.
    pub(super) fn clear(&mut self) {
        if !self.show_all() {
            self.marks.clear();
        }
    }

    /// Completes a word such as `sta` to `state:`, and what follows it from what is in the table.
    pub(super) fn complete(&mut self) {
        if let Some(whole) = filter::complete(self.filter.value(), &self.rows) {
            self.filter.set(whole);
            self.refilter();
        }
    }

    pub(super) fn toggle_mark(&mut self) {
        if let Some(id) = self.selected().map(|row| row.summary.id.clone()) {
            if !self.marks.remove(&id) {
                self.marks.insert(id);
            }
            self.step(Action::Down, 1);
        }
    }

    pub(super) fn next_column(&mut self) {
        self.order.next();
        self.sort(self.here());
    }

    pub(super) fn column_before(&mut self) {
        self.order.before();
        self.sort(self.here());
    }

    pub(super) fn reverse(&mut self) {
        self.order.reverse();
        self.sort(self.here());
    }

    /// Sorts by a column; the same once more turns it round.
    pub(super) fn sort_by(&mut self, column: Column) {
        self.order.by(column);
        self.sort(self.here());
    }

    pub(super) fn next_group(&mut self) {
        self.order.next_group();
        self.sort(self.here());
        // As much as there is room for stands above the selected row, the name of its group first.
        self.top = 0;
    }

    pub(super) fn group_words(&self) -> String {
        self.order.group_words()
    }

    pub(super) fn order_words(&self) -> String {
        self.order.words()
    }

    /// Moves the selection; `false` when the action is no movement.
    pub(super) fn step(&mut self, action: Action, page: usize) -> bool {
        let Some(at) = moved(self.at, self.shown.len(), page, action) else {
            return false;
        };
        self.select(at);
        true
    }

    /// Selects by position on the screen's list.
    pub(super) fn select(&mut self, at: usize) {
        self.at = at.min(self.shown.len().saturating_sub(1));
        self.chosen = self.selected().map(|row| row.summary.id.clone());
    }

    /// Takes the filter off; `false` when there is none.
    pub(super) fn show_all(&mut self) -> bool {
        let narrowed = !self.filter.is_empty();
        self.filter.set("");
        self.refilter();
        narrowed
    }

    /// Selects by identity, if it is shown.
    pub(super) fn select_id(&mut self, id: &ConnectionId) {
        self.chosen = Some(id.clone());
        self.keep_selection();
    }

    /// Position in the list of the row drawn in line `y` of the rows' area.
    pub(super) fn position_at(&self, y: usize) -> Option<usize> {
        match self.groups.at_line(self.top + y)? {
            GroupLine::Row(at) => Some(at),
            GroupLine::Head(_) => None,
        }
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Scrolls just as far as needed to keep the selection within `height` lines.
    pub(super) fn scroll(&mut self, height: usize) {
        let height = height.max(1);
        let last_top = self.groups.lines().saturating_sub(height);
        let line = self.groups.line_of(self.at);
        // The name of a group comes into view with its first row.
        let named = height > 1 && self.groups.begins_at(self.at);
        self.top = self
            .top
            .clamp((line + 1).saturating_sub(height), line - usize::from(named))
            .min(last_top);
    }

    /// The filter's text changed.
    pub(super) fn refilter(&mut self) {
        let mut query = Query::parse(self.filter.value());
        // A longer filter only takes away: look at what the shorter one left.
        if !query.is_empty() {
            self.stack_hay();
        }
        self.shown = query.pass(&self.sorted, Some((&self.query, &self.shown)), &self.hays);
        self.query = query;
        self.groups = Groups::of(self.order.group(), &self.shown, &self.rows);
        self.keep_selection();
    }

    /// Whether some row reads differently between two moments because its token or grant ended.
    pub(super) fn ends_between(&self, before: UnixTime, now: UnixTime) -> bool {
        let within = |at: UnixTime| before < at && at <= now;
        self.rows
            .iter()
            .filter_map(|row| row.summary.grant.as_ref())
            .any(|grant| grant.expiry.at().is_some_and(within) || grant.ends_at.is_some_and(within))
    }

    /// When the EXPIRES text of a row in view changes next.
    pub(super) fn next_change(&self, now: UnixTime) -> Option<UnixTime> {
        (self.top..)
            .map_while(|line| self.groups.at_line(line))
            .take(200)
            .filter_map(|line| match line {
                GroupLine::Row(at) => self.rows[self.shown[at]].summary.grant.as_ref(),
                GroupLine::Head(_) => None,
            })
            .filter_map(|grant| match grant.expiry {
                Expiry::At(at) if at > now => Some(now.plus(text::left_changes_in(at.since(now)))),
                _ => None,
            })
            .min()
    }

    /// Sorts anew; the row that is selected `here` stays selected.
    fn sort(&mut self, here: Option<ConnectionId>) {
        self.sorted = (0..self.rows.len()).collect();
        self.order.apply(&mut self.sorted, &self.rows);
        let mut query = Query::parse(self.filter.value());
        if !query.is_empty() {
            self.stack_hay();
        }
        self.shown = query.pass(&self.sorted, None, &self.hays);
        self.query = query;
        self.groups = Groups::of(self.order.group(), &self.shown, &self.rows);
        self.keep_selection();
        // What is chosen may be filtered out while another row is selected: neither an order nor a
        // change elsewhere takes the selection away from under a key.
        if let Some(at) = here.and_then(|id| self.position_of(&id)) {
            self.at = at;
        }
    }

    fn stack_hay(&mut self) {
        if self.hays.is_empty() {
            self.hays = self.rows.iter().map(Hay::of).collect();
        }
    }

    fn here(&self) -> Option<ConnectionId> {
        self.selected().map(|row| row.summary.id.clone())
    }

    fn position_of(&self, id: &ConnectionId) -> Option<usize> {
        let here = |index: &usize| self.rows[*index].summary.id == *id;
        self.shown.iter().position(here)
    }

    fn keep_selection(&mut self) {
        let found = self.chosen.as_ref().and_then(|id| self.position_of(id));
        // While the chosen row is filtered out another one is shown as selected, but the choice
        // is remembered: clearing the filter brings it back.
        match found {
            Some(at) => self.at = at,
            None => self.at = self.at.min(self.shown.len().saturating_sub(1)),
        }
        if self.chosen.is_none() {
            self.chosen = self.selected().map(|row| row.summary.id.clone());
        }
    }
}

/// Counted in characters: quick for thousands of rows, and near enough to cells.
fn longest(rows: &[Row]) -> Longest {
    let chars = |text: &str| text.chars().count();
    let mut longest = Longest::default();
    let mut providers = BTreeSet::new();
    for row in rows {
        let summary = &row.summary;
        longest.name = longest.name.max(chars(summary.name.as_str()));
        longest.provider = longest.provider.max(chars(&summary.provider_name));
        longest.shared_provider |= !providers.insert(&summary.provider_id);
        let Some(grant) = &summary.grant else {
            continue;
        };
        if let Some(account) = &grant.account {
            longest.account = longest.account.max(chars(account.label.raw()));
        }
        let expires = match grant.expiry {
            Expiry::Never => 5,
            Expiry::NotStated => 10,
            // `in 42 min`, `in 89 days`, `in 365 days`
            Expiry::At(at) => match at.since(grant.issued_at).0 / 86_400 {
                0..10 => 9,
                10..100 => 10,
                _ => 11,
            },
        };
        longest.expires = longest.expires.max(expires);
    }
    longest
}
