//! The keys as a person has them: those of the table, some of them replaced.

use std::collections::BTreeMap;

use super::facts::Facts;
use super::key::Key;
use super::place::{Action, Place};
use super::table::{Entry, all, entries_of_table};

/// Which key does what, everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap {
    /// Keys of a person's own for an action, wherever it works.
    own: BTreeMap<Action, Vec<Key>>,
}

/// Why an action cannot have such keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysRefused {
    #[error("this action keeps its keys")]
    Fixed,
    #[error(
        "one key at least must be no letter or sign, since those are text while a field has the focus"
    )]
    OnlyText,
    #[error("letters and signs are text in a field; use ctrl and a letter, or a key like f5")]
    NoText,
}

/// A key that means two things in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Has this key from the person.
    pub action: Action,
    pub key: Key,
    /// Has it as well, from the person or from the table.
    pub other: Action,
    pub place: Place,
}

impl Keymap {
    /// Gives an action these keys in the place of its own.
    ///
    /// # Errors
    /// When the action would be out of reach where it is needed.
    pub fn set(&mut self, action: Action, keys: Vec<Key>) -> Result<(), KeysRefused> {
        // Digits pick lines, and every screen tells of enter and ctrl-c.
        if [Action::Pick, Action::Choose, Action::GoOn, Action::Leave].contains(&action) {
            return Err(KeysRefused::Fixed);
        }
        // Whatever is typed must not open a program's question.
        if action == Action::Answer && keys.iter().any(|key| key.is_printable()) {
            return Err(KeysRefused::NoText);
        }
        let entries = all().iter().filter(|entry| {
            entry.action == action && entry.places.iter().any(|place| place.has_fields())
        });
        let mut table = entries.flat_map(|entry| entry.keys);
        let reaches = |key: &Key| !key.is_printable();
        if table.any(reaches) && !keys.iter().any(reaches) {
            return Err(KeysRefused::OnlyText);
        }
        self.own.insert(action, keys);
        Ok(())
    }

    /// Takes a person's keys away from an action again.
    pub fn reset(&mut self, action: Action) {
        self.own.remove(&action);
    }

    /// The first key that means two things, if there is one.
    pub fn conflict(&self) -> Option<Conflict> {
        Place::ALL
            .into_iter()
            .find_map(|place| self.conflict_in(place))
    }

    fn conflict_in(&self, place: Place) -> Option<Conflict> {
        let mut seen: Vec<(Key, Action)> = Vec::new();
        for entry in self.entries(place) {
            for key in self.keys_of(entry) {
                let known = seen.iter().find(|(known, _)| known == key);
                match known.copied() {
                    Some((_, other)) if other != entry.action => {
                        // Between a person's key and one of the table, the person's is told.
                        let (action, other) = if self.own.contains_key(&entry.action) {
                            (entry.action, other)
                        } else {
                            (other, entry.action)
                        };
                        return Some(Conflict {
                            action,
                            key: *key,
                            other,
                            place,
                        });
                    }
                    Some(_) => {}
                    None => seen.push((*key, entry.action)),
                }
            }
        }
        None
    }

    /// Every entry that works in a place, most useful first.
    pub fn entries(&self, place: Place) -> impl Iterator<Item = &'static Entry> {
        // In the table an action may have two lines for keys that work in different places.
        let mut listed: Vec<Action> = Vec::new();
        entries_of_table(place).filter(move |entry| {
            let again = listed.contains(&entry.action);
            listed.push(entry.action);
            !(again && self.own.contains_key(&entry.action))
        })
    }

    pub fn keys_of(&self, entry: &Entry) -> &[Key] {
        self.own
            .get(&entry.action)
            .map_or(entry.keys, Vec::as_slice)
    }

    /// The keys, as a person reads them: `k up`.
    pub fn shown(&self, entry: &Entry) -> String {
        let keys: Vec<String> = self
            .keys_of(entry)
            .iter()
            .map(ToString::to_string)
            .collect();
        keys.join(" ")
    }

    /// The entry that a key presses in a place. Whether it is possible now is another question.
    pub fn find(&self, place: Place, key: Key) -> Option<&'static Entry> {
        self.entries(place)
            .find(|entry| self.keys_of(entry).contains(&key))
    }

    /// Key and word pairs for the footer, most useful first. While a text field has the focus only
    /// keys that are no text are offered. What Enter does on a line of a form is said in that line's word,
    /// and no second key for the same.
    pub fn hints(&self, place: Place, facts: &Facts, typing: bool) -> Vec<(String, &'static str)> {
        self.entries(place)
            .filter(|entry| !entry.word.is_empty() && entry.reason_against(facts).is_ok())
            .filter_map(|entry| {
                let word = match facts.enter {
                    Some(word) if entry.action == Action::GoOn => word,
                    Some(word) if entry.word == word => return None,
                    _ => entry.word,
                };
                let key = self
                    .keys_of(entry)
                    .iter()
                    .find(|key| !typing || !key.is_printable())?;
                Some((key.to_string(), word))
            })
            .collect()
    }

    /// `Err` with the reason, as a person reads it, when the action is not possible now.
    ///
    /// # Errors
    /// The reason.
    pub fn possible(&self, entry: &Entry, facts: &Facts) -> Result<(), String> {
        entry
            .reason_against(facts)
            .map_err(|reason| self.fill(reason))
    }

    /// Puts keys into words of ours: `{re-authorize}` becomes the first key of that action, `{help!}` its
    /// first one that is no text. An action without one is told as the palette takes it: `:re-authorize`.
    pub fn fill(&self, words: &str) -> String {
        let mut filled = String::with_capacity(words.len());
        let mut rest = words;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, tail)) = after.split_once('}') else {
                break;
            };
            filled.push_str(before);
            let (name, any) = name
                .strip_suffix('!')
                .map_or((name, true), |name| (name, false));
            let entry = all().iter().find(|entry| entry.public_name() == name);
            let key = entry.and_then(|entry| {
                let mut keys = self.keys_of(entry).iter();
                keys.find(|key| any || !key.is_printable())
            });
            match (key, entry) {
                (Some(key), _) => filled.push_str(&key.to_string()),
                (None, Some(entry)) => filled.extend([":", entry.name]),
                (None, None) => filled.push_str(name),
            }
            rest = tail;
        }
        filled + rest
    }
}
