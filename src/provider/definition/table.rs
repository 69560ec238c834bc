//! Reading a table of the file key by key: everything that is wrong is noted with its place, and what
//! nobody asked for is told.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Something to tell about a place in the file. `what` may hold outside text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    pub what: String,
}

/// What was found so far.
pub(super) struct Findings<'t> {
    text: &'t str,
    pub(super) problems: RefCell<Vec<Located>>,
    pub(super) warnings: RefCell<Vec<Located>>,
}

impl<'t> Findings<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self {
            text,
            problems: RefCell::default(),
            warnings: RefCell::default(),
        }
    }

    pub(super) fn wrong(&self, at: &Range<usize>, what: impl Into<String>) {
        self.problems
            .borrow_mut()
            .push(self.located(at, what.into()));
    }

    fn warn(&self, at: &Range<usize>, what: String) {
        self.warnings.borrow_mut().push(self.located(at, what));
    }

    fn located(&self, at: &Range<usize>, what: String) -> Located {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Located {
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
            what,
        }
    }
}

/// A table under reading.
pub(super) struct Fields<'a> {
    findings: &'a Findings<'a>,
    table: &'a DeTable<'a>,
    at: Range<usize>,
    /// What it is called in messages, with a dot at its end where it has a name.
    path: String,
    asked: RefCell<BTreeSet<&'static str>>,
}

/// A text and where it stands.
pub(super) type Text<'a> = (&'a str, Range<usize>);

impl<'a> Fields<'a> {
    pub(super) fn of(
        findings: &'a Findings<'a>,
        table: &'a DeTable<'a>,
        at: Range<usize>,
        path: &str,
    ) -> Self {
        Self {
            findings,
            table,
            at,
            path: path.to_owned(),
            asked: RefCell::default(),
        }
    }

    pub(super) fn get(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.borrow_mut().insert(key);
        self.table.get(key)
    }

    pub(super) fn wrong(&self, at: &Range<usize>, key: &str, what: impl Display) {
        let path = &self.path;
        self.findings.wrong(at, format!("{path}{key}: {what}"));
    }

    pub(super) fn missing(&self, key: &str) {
        self.wrong(&self.at, key, "this is needed");
    }

    fn not_a(&self, what: &str, key: &str, found: &Spanned<DeValue<'_>>) {
        let kind = found.get_ref().type_str();
        self.wrong(&found.span(), key, format!("{what} is needed, not {kind}"));
    }

    /// A text of one line without control characters.
    pub(super) fn text(&self, key: &'static str) -> Option<Text<'a>> {
        let found = self.get(key)?;
        let text = self.any_text(key, found)?;
        self.without_controls(key, text)
    }

    /// A text that may have lines.
    pub(super) fn lines(&self, key: &'static str) -> Option<Text<'a>> {
        let found = self.get(key)?;
        let (text, at) = self.any_text(key, found)?;
        let plain = text.replace(['\n', '\r', '\t'], " ");
        self.without_controls(key, (&plain, at.clone()))
            .map(|_| (text, at))
    }

    fn any_text(&self, key: &str, found: &'a Spanned<DeValue<'a>>) -> Option<Text<'a>> {
        if let DeValue::String(text) = found.get_ref() {
            return Some((text, found.span()));
        }
        self.not_a("a text", key, found);
        None
    }

    fn without_controls<'x>(&self, key: &str, (text, at): Text<'x>) -> Option<Text<'x>> {
        if text.chars().any(char::is_control) {
            self.wrong(&at, key, "control characters are not allowed");
            return None;
        }
        Some((text, at))
    }

    /// A text that `parse` takes.
    pub(super) fn parsed<T, E: Display>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let (text, at) = self.text(key)?;
        self.checked(key, &at, parse(text))
    }

    /// The same for a text that must be there.
    pub(super) fn needed<T, E: Display>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if self.get(key).is_none() {
            self.missing(key);
        }
        self.parsed(key, parse)
    }

    pub(super) fn checked<T, E: Display>(
        &self,
        key: &str,
        at: &Range<usize>,
        result: Result<T, E>,
    ) -> Option<T> {
        result.map_err(|problem| self.wrong(at, key, problem)).ok()
    }

    pub(super) fn flag(&self, key: &'static str) -> bool {
        let Some(found) = self.get(key) else {
            return false;
        };
        if let DeValue::Boolean(set) = found.get_ref() {
            return *set;
        }
        self.not_a("true or false", key, found);
        false
    }

    fn array(&self, key: &'static str) -> Vec<&'a Spanned<DeValue<'a>>> {
        let Some(found) = self.get(key) else {
            return Vec::new();
        };
        if let DeValue::Array(items) = found.get_ref() {
            return items.iter().collect();
        }
        self.not_a("a list", key, found);
        Vec::new()
    }

    /// A list of texts, each of which `parse` takes.
    pub(super) fn list<T, E: Display>(
        &self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Vec<T> {
        let texts = self.array(key).into_iter().filter_map(|item| {
            let text = self.any_text(key, item)?;
            let (text, at) = self.without_controls(key, text)?;
            self.checked(key, &at, parse(text))
        });
        texts.collect()
    }

    /// A list of pairs, each of whose names `check` takes.
    pub(super) fn pairs<E: Display>(
        &self,
        key: &'static str,
        check: impl Fn(&str) -> Result<(), E>,
    ) -> Vec<(String, String)> {
        let pairs = self.array(key).into_iter().filter_map(|item| {
            let DeValue::Array(pair) = item.get_ref() else {
                self.not_a("a [name, value] pair", key, item);
                return None;
            };
            let texts: Vec<Text<'_>> = pair
                .iter()
                .filter_map(|half| self.without_controls(key, self.any_text(key, half)?))
                .collect();
            let [(name, at), (value, _)] = texts.as_slice() else {
                self.wrong(&item.span(), key, "a [name, value] pair is needed");
                return None;
            };
            self.checked(key, at, check(name))?;
            Some(((*name).to_owned(), (*value).to_owned()))
        });
        pairs.collect()
    }

    /// A table in this one.
    pub(super) fn table(&self, key: &'static str) -> Option<Self> {
        let found = self.get(key)?;
        if let DeValue::Table(table) = found.get_ref() {
            let path = format!("{}{key}.", self.path);
            return Some(Self::of(self.findings, table, found.span(), &path));
        }
        self.not_a("a table", key, found);
        None
    }

    /// Several tables, as `[[key]]` writes them.
    pub(super) fn tables(&self, key: &'static str) -> Vec<Self> {
        let tables = self.array(key).into_iter().filter_map(|item| {
            if let DeValue::Table(table) = item.get_ref() {
                return Some(Self::of(self.findings, table, item.span(), ""));
            }
            self.not_a("a table", key, item);
            None
        });
        tables.collect()
    }

    /// Where it begins.
    pub(super) fn place(&self) -> &Range<usize> {
        &self.at
    }

    /// Calls it by a name in messages from now on.
    pub(super) fn call(&mut self, name: &str) {
        self.path = format!("{name}: ");
    }

    /// Tells what nobody asked for. A secret is not passed over: these files are shared (conformance T-12).
    pub(super) fn end(self) {
        for (key, value) in self.table {
            let (name, at) = (key.get_ref().as_ref(), key.span());
            if self.asked.borrow().contains(name) {
                continue;
            }
            let plain = name.to_ascii_lowercase();
            let secret = ["secret", "token", "password"]
                .iter()
                .any(|word| plain.contains(word));
            if secret && value.get_ref().is_str() {
                self.wrong(&at, name, "a secret does not belong in this file; take it out and give it to the vault: valetkey edit NAME --client-secret-file -");
            } else {
                self.findings.warn(
                    &at,
                    format!("{}{name}: unknown here, passed over", self.path),
                );
            }
        }
    }
}
