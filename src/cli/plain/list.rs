//! The numbered list. A number means the connection that stood beside it when the list was shown,
//! whatever has happened to the table since.

use std::ops::RangeInclusive;

use super::super::failed::Failed;
use super::super::prompt::yes;
use super::super::setup::Setup;
use super::super::{look, output};
use super::menu::by_letter;
use crate::engine::{Error, Row};
use crate::model::{ConnectionId, ConnectionName, Shown, Untrusted};

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

    /// What the list shows only, if it does not show everything.
    pub(super) fn searched(&self) -> Option<Shown> {
        let wanted = &*self.wanted;
        (!wanted.is_empty()).then(|| Untrusted::new(wanted).shown())
    }

    /// Tells the list anew where it is short, else how long it is.
    pub(super) fn show_or_count(&mut self, setup: &Setup) -> Result<(), Failed> {
        let rows = setup.engine.rows()?;
        let now = setup.engine.now();
        let fitting = |row: &&Row| fits(&look::columns(row, now), &self.wanted);
        let (all, fitting) = (rows.len(), rows.iter().filter(fitting).count());
        if fitting == 0
            && let Some(wanted) = self.searched()
        {
            self.wanted.clear();
            output::note(&format!(
                "Nothing matches \"{wanted}\" any more; the search is over."
            ));
        }
        if all <= AGAIN || self.shown.is_empty() || (fitting > 0 && fitting <= AGAIN) {
            return self.show(setup);
        }
        output::note(&match self.searched() {
            Some(wanted) => format!("{fitting} of {all} match \"{wanted}\"; enter lists them."),
            None => format!("{all} connections; enter lists them."),
        });
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
            self.wanted.clear();
            output::note("No connections yet.");
            return Ok(());
        }
        if let Some(head) = head(lines.len(), all, self.searched().as_ref()) {
            output::note(&head);
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
        Ok(())
    }

    /// The connections with these numbers, or names. Where a word is both, the person is asked.
    ///
    /// # Errors
    /// A number that stands nowhere, or a connection that is gone by now.
    pub(super) fn names(&self, setup: &Setup, words: &str) -> Result<Vec<ConnectionName>, Failed> {
        let mut names = Vec::new();
        for word in words.split(|c: char| c.is_whitespace() || c == ',') {
            if word.is_empty() {
                continue;
            }
            for name in self.meant(setup, word)? {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        if names.is_empty() {
            return Err(Failed::usage(
                "number",
                "Which connection?",
                "Put its number or its name after the letter, for example t 1",
            ));
        }
        Ok(names)
    }

    fn meant(&self, setup: &Setup, word: &str) -> Result<Vec<ConnectionName>, Failed> {
        let named = named(setup, word)?;
        let mut numbered = Vec::new();
        for number in numbers(word).into_iter().flatten() {
            match (self.at(setup, number)?, &named) {
                (Some(name), _) => numbered.push(name),
                // Only a name, then.
                (None, Some(_)) => {
                    numbered.clear();
                    break;
                }
                (None, None) => return Err(nowhere(&number.to_string())),
            }
        }
        match named {
            Some(named) if numbered.is_empty() || numbered == [named.clone()] => Ok(vec![named]),
            Some(named) => which(word, numbered, named),
            None if numbered.is_empty() => Err(nowhere(word)),
            None => Ok(numbered),
        }
    }

    /// What stood at a number when the list was shown.
    fn at(&self, setup: &Setup, number: usize) -> Result<Option<ConnectionName>, Failed> {
        let at = number.checked_sub(1);
        let Some(id) = at.and_then(|at| self.shown.get(at)) else {
            return Ok(None);
        };
        match setup.engine.connection_by_id(id) {
            Ok(connection) => Ok(Some(connection.name)),
            Err(Error::UnknownConnection { .. }) => Err(Failed::usage(
                "number",
                format!("What stood at {number} is deleted."),
                "Press enter for the list as it is now.",
            )),
            Err(other) => Err(other.into()),
        }
    }
}

/// The connection of this name.
fn named(setup: &Setup, word: &str) -> Result<Option<ConnectionName>, Failed> {
    match setup.engine.connection(word) {
        Ok(connection) => Ok(Some(connection.name)),
        Err(Error::UnknownConnection { .. }) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

/// Practice has none of this.
const ONLY_OUTSIDE: [&str; 3] = [LOCKS, IMPORTS, PRACTISES];
const LOCKS: &str = "locks the vault";
const IMPORTS: &str = "brings settings over";
const PRACTISES: &str = "begins to practise";

/// What a word of the list does when it stands alone.
fn at_once(word: &str) -> Option<&'static str> {
    Some(match word {
        "a" | "add" => "connects a service",
        "find" => "lists all again",
        "h" | "history" => "tells what happened lately",
        "help" => "tells what can be typed",
        "i" | "import" => IMPORTS,
        "l" | "lock" => LOCKS,
        "p" | "practise" => PRACTISES,
        "q" | "quit" => "leaves",
        "z" | "undo" => "brings deleted settings back",
        _ => return None,
    })
}

/// The connection that a word alone opens although the list has a meaning for that word; where the list does
/// something at once, the person says which is meant.
pub(super) fn named_like_a_word(
    setup: &Setup,
    word: &str,
) -> Result<Option<ConnectionName>, Failed> {
    let does = at_once(&word.to_lowercase());
    if does.is_none() && by_letter(word).is_none() {
        return Ok(None);
    }
    let Some(named) = named(setup, word)? else {
        return Ok(None);
    };
    let practice = setup.practice_provider().is_some();
    let Some(does) = does.filter(|does| !practice || !ONLY_OUTSIDE.contains(does)) else {
        return Ok(Some(named));
    };
    output::note(&format!(
        "{named} is both: a word of the list, and the name of a connection."
    ));
    if yes(&format!("Do you mean the word, which {does}?"), false)? {
        return Ok(None);
    }
    the_one_named(named).map(Some)
}

/// Asks which is meant; nobody is taken unasked.
fn which(
    word: &str,
    numbered: Vec<ConnectionName>,
    named: ConnectionName,
) -> Result<Vec<ConnectionName>, Failed> {
    output::note(&format!(
        "{named} is both: a place in the list, and the name of a connection."
    ));
    let at_number = match numbered.as_slice() {
        [one] => format!("Do you mean {one}, at number {word}?"),
        several => format!("Do you mean the {} at {word} in the list?", several.len()),
    };
    if yes(&at_number, false)? {
        return Ok(numbered);
    }
    the_one_named(named).map(|named| vec![named])
}

/// The last that a word may mean; who does not mean it either leaves the question.
fn the_one_named(named: ConnectionName) -> Result<ConnectionName, Failed> {
    if yes(&format!("Do you mean the one named {named}?"), false)? {
        return Ok(named);
    }
    Err(Error::Cancelled.into())
}

fn nowhere(word: &str) -> Failed {
    Failed::usage(
        "number",
        format!("There is no {} in the list.", Untrusted::new(word).shown()),
        "Press enter to see the list, a to connect a service, ? for what can be typed.",
    )
}

/// What is said before the rows; of a long list also the way past them, which nobody should hear last.
fn head(fitting: usize, all: usize, searched: Option<&Shown>) -> Option<String> {
    let long = fitting > AT_ONCE;
    Some(match searched {
        Some(wanted) if fitting == 0 => format!("Nothing matches \"{wanted}\"."),
        Some(wanted) if long => format!(
            "{fitting} of {all} match \"{wanted}\". / and more words find fewer. The first {AT_ONCE}:"
        ),
        Some(wanted) => format!("{fitting} of {all} match \"{wanted}\"."),
        None if long => {
            format!("{all} connections. / and a word finds one. The first {AT_ONCE}:")
        }
        None if all > AGAIN => format!("{all} connections."),
        None => return None,
    })
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

/// `3` is a number, `3-5` means 3, 4 and 5.
fn numbers(word: &str) -> Option<RangeInclusive<usize>> {
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    let (first, last) = (first.parse::<usize>().ok()?, last.parse::<usize>().ok()?);
    (first <= last && last - first < AT_ONCE).then_some(first..=last)
}

fn padded(text: &str, wide: usize) -> String {
    format!("{text}{}", " ".repeat(wide - look::width(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_says_the_way_past_it_before_its_rows() {
        let searched = Untrusted::new("c0").shown();
        let said = |fitting, all, searched| head(fitting, all, searched).unwrap_or_default();
        assert_eq!(
            said(1000, 1000, None),
            "1000 connections. / and a word finds one. The first 50:"
        );
        assert_eq!(
            said(51, 1000, Some(&searched)),
            "51 of 1000 match \"c0\". / and more words find fewer. The first 50:"
        );
        // Everything that fits is told.
        assert_eq!(said(50, 50, None), "50 connections.");
        let few = said(50, 1000, Some(&searched));
        assert_eq!(few, "50 of 1000 match \"c0\".");
        let none = said(0, 1000, Some(&searched));
        assert_eq!(none, "Nothing matches \"c0\".");
        assert_eq!(head(10, 10, None), None);
    }

    #[test]
    fn a_span_is_its_numbers_and_a_name_stays_a_name() {
        assert_eq!(numbers("3"), Some(3..=3));
        assert_eq!(numbers("3-5"), Some(3..=5));
        for name in ["conn-17", "5-3", "1-999999999", "3-5-7", "-1", ""] {
            assert_eq!(numbers(name), None, "{name}");
        }
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
