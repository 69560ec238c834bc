//! Misbehaviour as data: a set of `key=value` switches.
//!
//! Which there are stands in `switches.rs`.

use std::collections::BTreeMap;

use super::switches::{self, Takes, canonical};

/// Why a switch was not understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BehaviourError {
    /// No `=` in it.
    #[error("`{0}` is not of the form key=value")]
    NotAPair(String),
    /// No such key.
    #[error("unknown switch `{key}`; known are:\n{known}")]
    UnknownKey {
        /// What was given.
        key: String,
        /// All switches, one a line.
        known: String,
    },
    /// The key takes other values.
    #[error("`{key}` takes {takes}, not `{value}`")]
    BadValue {
        /// The switch.
        key: String,
        /// What was given.
        value: String,
        /// What it takes.
        takes: String,
    },
}

/// A set of switches. The default set is a correct provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behaviour(BTreeMap<String, String>);

impl Behaviour {
    /// Parses `key=value` switches.
    pub fn parse<S: AsRef<str>>(
        switches: impl IntoIterator<Item = S>,
    ) -> Result<Self, BehaviourError> {
        let mut behaviour = Self::default();
        for switch in switches {
            behaviour.set(switch.as_ref())?;
        }
        Ok(behaviour)
    }

    /// Adds or replaces one switch.
    pub fn set(&mut self, switch: &str) -> Result<(), BehaviourError> {
        let (key, value) = switch
            .split_once('=')
            .ok_or_else(|| BehaviourError::NotAPair(switch.to_owned()))?;
        let takes = switches::takes(key).ok_or_else(|| BehaviourError::UnknownKey {
            key: key.to_owned(),
            known: Self::known(),
        })?;
        let fits = match takes {
            Takes::OneOf(words) => words.contains(&value),
            Takes::Number => value.parse::<u32>().is_ok(),
            Takes::Text(_) => true,
        };
        if !fits {
            let takes = takes.words();
            return Err(BehaviourError::BadValue {
                key: key.into(),
                value: value.into(),
                takes,
            });
        }
        self.0.insert(canonical(key).to_owned(), value.to_owned());
        Ok(())
    }

    /// Takes one switch away.
    pub fn unset(&mut self, key: &str) {
        self.0.remove(canonical(key));
    }

    /// All switches with their values and meanings, one a line.
    pub fn known() -> String {
        switches::listed()
    }

    /// The value of a switch.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    pub(super) fn is(&self, key: &str, value: &str) -> bool {
        self.get(key) == Some(value)
    }

    pub(super) fn number(&self, key: &str) -> Option<u32> {
        self.get(key)?.parse().ok()
    }

    /// A fault of an endpoint.
    pub(super) fn fault(&self, endpoint: &str, fault: &str) -> Option<&str> {
        self.get(&format!("{endpoint}_{fault}"))
    }

    /// The overridden members under a prefix.
    pub(super) fn members<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(key, value)| {
            let member = key.strip_prefix(prefix)?.strip_prefix('.')?;
            Some((member, value.as_str()))
        })
    }

    /// These switches with others on top.
    pub(super) fn with(&self, others: &Self) -> Self {
        let mut all = self.clone();
        all.0.extend(others.0.clone());
        all
    }

    /// A member stated as a whole number of seconds, where the switch says one.
    pub(super) fn stated_seconds(&self, member: &str) -> Option<i64> {
        self.get(member)?
            .trim_matches('"')
            .parse::<i64>()
            .ok()
            .filter(|seconds| *seconds >= 0)
    }
}
