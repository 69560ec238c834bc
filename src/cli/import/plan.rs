//! What becomes of each definition: new, or there already.

use super::source::Source;
use crate::cli::failed::Failed;
use crate::cli::setup::Setup;
use crate::engine::Engine;
use crate::model::{ConnectionName, Registration};
use crate::provider::Definition;
use crate::vault::Carried;

pub(super) struct Plan {
    pub(super) entries: Vec<Entry>,
}

pub(super) struct Entry {
    pub(super) name: ConnectionName,
    pub(super) definition: Definition,
    pub(super) state: State,
    pub(super) carried: Carried,
    /// The app that is registered here already at the same addresses.
    pub(super) shares: Option<Registration>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    New,
    /// A connection of that name is there, and is the same.
    Same,
    /// It is another; in these fields.
    Differs(Vec<&'static str>),
}

impl Plan {
    pub(super) fn of(
        setup: &Setup,
        definitions: Vec<Definition>,
        in_file: Vec<ConnectionName>,
        mut source: Source,
    ) -> Result<Self, Failed> {
        let known = setup.engine.connections(&[])?;
        let mut entries = Vec::new();
        for (definition, in_file) in definitions.into_iter().zip(in_file) {
            let there = known
                .iter()
                .find(|known| same_name(known.name.as_str(), definition.name.as_str()));
            let state = match there.map(|there| definition.differences(&Definition::of(there))) {
                None => State::New,
                Some(fields) if fields.is_empty() => State::Same,
                Some(fields) => State::Differs(fields),
            };
            entries.push(Entry {
                name: definition.name.clone(),
                shares: Engine::registration_for(&known, &definition)?,
                carried: source.take(&in_file),
                definition,
                state,
            });
        }
        Ok(Self { entries })
    }

    pub(super) fn new_ones(&self) -> usize {
        let new = self.entries.iter().filter(|entry| entry.is_new());
        new.count()
    }

    pub(super) fn carries_secrets(&self) -> bool {
        let mut new = self.entries.iter().filter(|entry| entry.is_new());
        new.any(|entry| entry.carried.has_client_secret() || entry.carried.signed_in().is_some())
    }

    /// What is to be stored.
    pub(super) fn take_new(&mut self) -> impl Iterator<Item = (Definition, Carried)> {
        self.entries
            .iter_mut()
            .filter(|entry| entry.is_new())
            .map(|entry| (entry.definition.clone(), std::mem::take(&mut entry.carried)))
    }
}

impl Entry {
    pub(super) fn is_new(&self) -> bool {
        self.state == State::New
    }
}

/// Names are compared without case.
pub(super) fn same_name(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
