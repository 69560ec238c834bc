//! Reading a TOML table key by key: everything that is wrong is noted with its place, and what nobody
//! asked for is told. Nothing in such a file is ever done, fetched or expanded.

use std::borrow::Cow;
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
pub struct Findings<'t> {
    text: &'t str,
    problems: RefCell<Vec<Located>>,
    warnings: RefCell<Vec<Located>>,
}

impl<'t> Findings<'t> {
    /// Nothing yet, of this text.
    pub fn of(text: &'t str) -> Self {
        Self {
            text,
            problems: RefCell::default(),
            warnings: RefCell::default(),
        }
    }

    /// Problems, then warnings; each in the order of the file.
    pub fn sorted(self) -> (Vec<Located>, Vec<Located>) {
        let sort = |cell: RefCell<Vec<Located>>| {
            let mut all = cell.into_inner();
            all.sort_by_key(|found| (found.line, found.column));
            all
        };
        (sort(self.problems), sort(self.warnings))
    }

    /// Notes a mistake.
    pub fn wrong(&self, at: &Range<usize>, what: impl Into<String>) {
        self.problems
            .borrow_mut()
            .push(self.located(at, what.into()));
    }

    /// Notes what does no harm.
    pub fn warn(&self, at: &Range<usize>, what: String) {
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
pub struct Fields<'a> {
    findings: &'a Findings<'a>,
    table: &'a DeTable<'a>,
    at: Range<usize>,
    /// What it is called in messages, with a dot at its end where it has a name.
    path: String,
    asked: RefCell<BTreeSet<Cow<'static, str>>>,
}

/// A text and where it stands.
pub type Text<'a> = (&'a str, Range<usize>);

impl<'a> Fields<'a> {
    /// A table at a place; `path` comes before its keys in messages.
    pub fn of(
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

    /// A value; its key is a known one from now on.
    pub fn get(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.borrow_mut().insert(Cow::Borrowed(key));
        self.table.get(key)
    }

    /// The same for a key that is made up at the time.
    pub fn get_by(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.borrow_mut().insert(Cow::Owned(key.to_owned()));
        self.table.get(key)
    }

    /// The line of a place, from 1.
    pub fn line_of(&self, at: &Range<usize>) -> usize {
        self.findings.located(at, String::new()).line
    }

    /// Notes a mistake with a key.
    pub fn wrong(&self, at: &Range<usize>, key: &str, what: impl Display) {
        let path = &self.path;
        self.findings.wrong(at, format!("{path}{key}: {what}"));
    }

    /// Notes something about a key's value that does no harm.
    pub fn remark(&self, key: &'static str, what: &str) {
        if let Some(found) = self.get(key) {
            let path = &self.path;
            self.findings
                .warn(&found.span(), format!("{path}{key}: {what}"));
        }
    }

    /// Notes that a key is not there.
    pub fn missing(&self, key: &str) {
        self.wrong(&self.at, key, "this is needed");
    }

    /// Notes a value of another type.
    pub fn not_a(&self, what: &str, key: &str, found: &Spanned<DeValue<'_>>) {
        let kind = found.get_ref().type_str();
        self.wrong(&found.span(), key, format!("{what} is needed, not {kind}"));
    }

    /// A text of one line without control characters.
    pub fn text(&self, key: &'static str) -> Option<Text<'a>> {
        let found = self.get(key)?;
        let text = self.any_text(key, found)?;
        self.without_controls(key, text)
    }

    /// A text that may have lines.
    pub fn lines(&self, key: &'static str) -> Option<Text<'a>> {
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
    pub fn parsed<T, E: Display>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let (text, at) = self.text(key)?;
        self.checked(key, &at, parse(text))
    }

    /// The same for a text that must be there.
    pub fn needed<T, E: Display>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if self.get(key).is_none() {
            self.missing(key);
        }
        self.parsed(key, parse)
    }

    /// Notes the problem, if it is one.
    pub fn checked<T, E: Display>(
        &self,
        key: &str,
        at: &Range<usize>,
        result: Result<T, E>,
    ) -> Option<T> {
        result.map_err(|problem| self.wrong(at, key, problem)).ok()
    }

    /// True or false; false when it is not there.
    pub fn flag(&self, key: &'static str) -> bool {
        self.truth(key).unwrap_or(false)
    }

    /// True or false, where it is there.
    pub fn truth(&self, key: &'static str) -> Option<bool> {
        let found = self.get(key)?;
        if let DeValue::Boolean(set) = found.get_ref() {
            return Some(*set);
        }
        self.not_a("true or false", key, found);
        None
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
    pub fn list<T, E: Display>(
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
    pub fn pairs<E: Display>(
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
    pub fn table(&self, key: &'static str) -> Option<Self> {
        let found = self.get(key)?;
        if let DeValue::Table(table) = found.get_ref() {
            let path = format!("{}{key}.", self.path);
            return Some(Self::of(self.findings, table, found.span(), &path));
        }
        self.not_a("a table", key, found);
        None
    }

    /// Several tables, as `[[key]]` writes them.
    pub fn tables(&self, key: &'static str) -> Vec<Self> {
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
    pub fn place(&self) -> &Range<usize> {
        &self.at
    }

    /// Calls it by a name in messages from now on.
    pub fn call(&mut self, name: &str) {
        self.path = format!("{name}: ");
    }

    /// Tells what nobody asked for. A secret is not passed over: these files are shared (conformance T-12).
    pub fn end(self) {
        for (key, value) in self.table {
            let (name, at) = (key.get_ref().as_ref(), key.span());
            let asked = self.asked.borrow();
            if asked.contains(name) || self.is_secret(name, &at, value) {
                continue;
            }
            let meant = nearest(name, asked.iter().map(|known| &**known));
            let meant = meant.map_or(String::new(), |known| format!("; did you mean `{known}`?"));
            let path = &self.path;
            let what = format!("{path}{name}: unknown here, passed over{meant}");
            self.findings.warn(&at, what);
        }
    }

    /// Whether a secret was found, here or further in, and noted.
    fn is_secret(&self, name: &str, at: &Range<usize>, value: &Spanned<DeValue<'_>>) -> bool {
        match value.get_ref() {
            DeValue::String(_) => {
                let Some(remedy) = remedy(name) else {
                    return false;
                };
                let what =
                    format!("a secret does not belong in this file; take it out and {remedy}");
                self.wrong(at, name, what);
                true
            }
            DeValue::Table(table) => {
                let found = table
                    .iter()
                    .map(|(key, value)| self.is_secret(key.get_ref(), &key.span(), value));
                found.fold(false, |one, other| one | other)
            }
            DeValue::Array(items) => {
                let found = items.iter().map(|item| self.is_secret(name, at, item));
                found.fold(false, |one, other| one | other)
            }
            _ => false,
        }
    }
}

/// What to do with the secret that a key of this name holds; `None` when it holds none.
fn remedy(name: &str) -> Option<&'static str> {
    const REMEDIES: [(&[&str], &str); 3] = [
        (
            &["passphrase", "passwd"],
            "let it open the vault: valetkey vault slot add passphrase",
        ),
        (&["token"], "sign in instead: valetkey login NAME"),
        (
            &["secret", "password", "private_key", "api_key", "apikey"],
            "give it to the vault: valetkey edit NAME --client-secret-file -",
        ),
    ];
    let plain = name.to_ascii_lowercase().replace('-', "_");
    let holds = |words: &[&str]| words.iter().any(|word| plain.contains(word));
    let found = REMEDIES.iter().find(|(words, _)| holds(words));
    found.map(|(_, remedy)| *remedy)
}

/// The known word that a mistyped one is nearest to, if any is near.
pub fn nearest<'k>(typed: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let typed = typed.to_lowercase();
    // A third of its letters may be wrong.
    let most = typed.chars().count().div_ceil(3).min(3);
    known
        .map(|known| (distance(&typed, known), known))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// How many letters must be put in, taken out or replaced to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut line: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut line[0], row + 1);
        for (at, theirs) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *theirs);
            diagonal = line[at + 1];
            line[at + 1] = changed.min(diagonal + 1).min(line[at] + 1);
        }
    }
    line[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_word_is_taken_for_the_nearest_one_or_for_none() {
        let known = ["mouse", "theme", "first_way", "browser"];
        for (typed, meant) in [
            ("mose", Some("mouse")),
            ("Theme", Some("theme")),
            ("firstway", Some("first_way")),
            ("brwoser", Some("browser")),
            ("colour", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(nearest(typed, known.into_iter()), meant, "{typed}");
        }
    }
}
