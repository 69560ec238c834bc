//! The numbered list. A number means the connection that stood beside it when the list was shown,
//! whatever has happened to the table since.

use super::super::failed::Failed;
use super::super::look;
use super::super::output;
use super::super::setup::Setup;
use crate::engine::{Error, Row};
use crate::model::{ConnectionId, ConnectionName};

/// More are not told at once: somebody listens to each line.
const AT_ONCE: usize = 50;
/// More are not told again after each thing that is done.
const AGAIN: usize = 10;

/// What was shown last.
#[derive(Default)]
pub(super) struct List {
    shown: Vec<ConnectionId>,
    wanted: String,
}

impl List {
    /// Nothing was shown, and nothing was looked for.
    pub(super) fn is_empty(&self) -> bool {
        self.shown.is_empty() && self.wanted.is_empty()
    }

    /// Shows only what has this in its name, provider, account, scopes or state from now on.
    pub(super) fn find(&mut self, wanted: &str) {
        wanted.clone_into(&mut self.wanted);
    }

    /// Tells the list anew where it is short, else how long it is.
    pub(super) fn show_or_count(&mut self, setup: &Setup) -> Result<(), Failed> {
        let rows = setup.engine.rows()?;
        let now = setup.engine.now();
        let fitting = |row: &&Row| fits(&look::columns(row, now), &self.wanted);
        let (all, fitting) = (rows.len(), rows.iter().filter(fitting).count());
        if fitting == 0 {
            self.wanted.clear();
        }
        if all <= AGAIN || self.shown.is_empty() || (fitting > 0 && fitting <= AGAIN) {
            return self.show(setup);
        }
        output::note(&format!(
            "{} connections; enter lists them.",
            all.max(fitting)
        ));
        Ok(())
    }

    /// Tells the list anew.
    pub(super) fn show(&mut self, setup: &Setup) -> Result<(), Failed> {
        let rows = setup.engine.rows()?;
        let all = rows.len();
        let now = setup.engine.now();
        let lines: Vec<([String; 6], &Row)> = rows
            .iter()
            .map(|row| (look::columns(row, now), row))
            .filter(|(columns, _)| fits(columns, &self.wanted))
            .collect();
        self.shown = lines
            .iter()
            .map(|(_, row)| row.summary.id.clone())
            .collect();
        if all == 0 {
            output::note("No connections yet.");
            return Ok(());
        }
        if lines.is_empty() {
            let wanted = crate::model::Untrusted::new(&*self.wanted).shown();
            output::note(&format!("Nothing matches \"{wanted}\". / shows all again."));
            return Ok(());
        }
        if self.wanted.is_empty() {
            if all > AGAIN {
                output::note(&format!("{all} connections."));
            }
        } else {
            let wanted = crate::model::Untrusted::new(&*self.wanted).shown();
            output::note(&format!(
                "{} of {all} match \"{wanted}\"; / shows all again.",
                lines.len()
            ));
        }
        let shown = &lines[..lines.len().min(AT_ONCE)];
        let digits = shown.len().to_string().len();
        let wide = |column: usize| {
            let widths = shown
                .iter()
                .map(|(columns, _)| look::width(&columns[column]));
            widths.max().unwrap_or(0)
        };
        let (name, state) = (wide(NAME), wide(STATE));
        for (number, (columns, row)) in shown.iter().enumerate() {
            let line = format!(
                "{:>digits$} {}  {}  {}",
                number + 1,
                padded(&columns[NAME], name),
                padded(&columns[STATE], state),
                row.verdict.message.as_deref().unwrap_or(&columns[ACCOUNT]),
            );
            output::data(line.trim_end())?;
        }
        if lines.len() > AT_ONCE {
            output::note(&format!(
                "and {} more; / and a word finds them",
                lines.len() - AT_ONCE
            ));
        }
        Ok(())
    }

    /// The connections with these numbers, or names.
    ///
    /// # Errors
    /// A number that stands nowhere, or a connection that is gone by now.
    pub(super) fn names(&self, setup: &Setup, words: &str) -> Result<Vec<ConnectionName>, Failed> {
        let mut names = Vec::new();
        for word in words.split(|c: char| c.is_whitespace() || c == ',') {
            if word.is_empty() {
                continue;
            }
            for word in span(word) {
                let name = self.name(setup, &word)?;
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        if names.is_empty() {
            return Err(Failed::usage(
                "number",
                "Which connection?",
                "Put its number after the letter, for example t 1",
            ));
        }
        Ok(names)
    }

    fn name(&self, setup: &Setup, word: &str) -> Result<ConnectionName, Failed> {
        let number = word.parse::<usize>().ok();
        let at = number.and_then(|number| number.checked_sub(1));
        if let Some(id) = at.and_then(|at| self.shown.get(at)) {
            return match setup.engine.connection_by_id(id) {
                Ok(connection) => Ok(connection.name),
                Err(Error::UnknownConnection { .. }) => Err(Failed::usage(
                    "number",
                    format!("What stood at {word} is deleted."),
                    "Press enter for the list as it is now.",
                )),
                Err(other) => Err(other.into()),
            };
        }
        match setup.engine.connection(word) {
            Ok(connection) => Ok(connection.name),
            Err(Error::UnknownConnection { .. }) => Err(Failed::usage(
                "number",
                format!(
                    "There is no {} in the list.",
                    crate::model::Untrusted::new(word).shown()
                ),
                "Press enter to see the list, ? for what can be typed.",
            )),
            Err(other) => Err(other.into()),
        }
    }
}

const NAME: usize = 0;
const ACCOUNT: usize = 2;
const STATE: usize = 5;

fn fits(columns: &[String; 6], wanted: &str) -> bool {
    let wanted = wanted.to_lowercase();
    wanted.split_whitespace().all(|word| {
        columns
            .iter()
            .any(|column| column.to_lowercase().contains(word))
    })
}

/// `3-5` means 3, 4 and 5.
fn span(word: &str) -> Vec<String> {
    let ends = word.split_once('-').and_then(|(first, last)| {
        let ends = (first.parse::<usize>().ok()?, last.parse::<usize>().ok()?);
        (ends.0 <= ends.1 && ends.1 - ends.0 < AT_ONCE).then_some(ends)
    });
    match ends {
        Some((first, last)) => (first..=last).map(|number| number.to_string()).collect(),
        None => vec![word.to_owned()],
    }
}

fn padded(text: &str, wide: usize) -> String {
    format!("{text}{}", " ".repeat(wide - look::width(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_its_numbers_and_a_name_stays_a_name() {
        assert_eq!(span("3-5"), ["3", "4", "5"]);
        assert_eq!(span("conn-17"), ["conn-17"]);
        assert_eq!(span("5-3"), ["5-3"]);
        assert_eq!(span("1-999999999"), ["1-999999999"]);
    }

    #[test]
    fn all_words_are_to_be_found_in_any_column() {
        let columns = [
            "notes",
            "Practice",
            "ada@x.example",
            "a b",
            "never",
            "connected",
        ]
        .map(str::to_owned);
        for wanted in ["", "NOT", "ada prac", "connected notes"] {
            assert!(fits(&columns, wanted), "{wanted}");
        }
        assert!(!fits(&columns, "notes bob"));
    }
}
