//! The vault, the clock, the surroundings and the folders.

use super::{Fact, Place};
use crate::host::{FolderUse, Signing, look_at_folder, memory_lock};
use crate::vault::{Home, Status, Vault, VaultError, backup_made_at};

pub(super) fn vault(place: &Place<'_>) -> Vec<Fact> {
    vec![Fact::Vault {
        status: status(place.home),
        backup_at: backup_made_at(place.home),
        now: place.world.clock.now(),
    }]
}

/// Reads every row too, so that damage in one of them shows.
pub(super) fn status(home: &Home) -> Result<Option<Status>, VaultError> {
    let Some(vault) = Vault::open(home)? else {
        return Ok(None);
    };
    vault.summaries()?;
    vault.status().map(Some)
}

/// What the vault itself knows of the time; no network is asked.
pub(super) fn clock(place: &Place<'_>) -> Vec<Fact> {
    let last_write = status(place.home)
        .ok()
        .flatten()
        .and_then(|status| status.last_write);
    last_write
        .map(|last| Fact::ClockBehindVault(last.since(place.world.clock.now())))
        .into_iter()
        .collect()
}

/// A vault that cannot be read is told by its own check.
pub(super) fn waiting(place: &Place<'_>) -> Vec<Fact> {
    let vault = Vault::open(place.home).ok().flatten();
    let waiting = vault.and_then(|vault| vault.waiting().ok());
    let waiting = waiting.filter(|waiting| !waiting.is_empty());
    waiting.map(Fact::Waiting).into_iter().collect()
}

pub(super) fn memory(_: &Place<'_>) -> Vec<Fact> {
    vec![Fact::Memory(memory_lock())]
}

pub(super) fn build(_: &Place<'_>) -> Vec<Fact> {
    match Signing::of_this_build() {
        Signing::NotNeeded => Vec::new(),
        signing => vec![Fact::Build(signing)],
    }
}

pub(super) fn environment(place: &Place<'_>) -> Vec<Fact> {
    let environment = place.world.environment.clone();
    vec![Fact::Environment {
        first: environment.first_way(true),
        environment,
    }]
}

pub(super) fn folders(place: &Place<'_>) -> Vec<Fact> {
    if matches!(place.home, Home::Memory) {
        return Vec::new();
    }
    let paths = place.paths;
    [
        (&paths.config, FolderUse::Config),
        (&paths.data, FolderUse::Data),
        (&paths.state, FolderUse::State),
        (&paths.run, FolderUse::Run),
    ]
    .into_iter()
    .map(|(path, purpose)| Fact::Folder(Box::new(look_at_folder(path, purpose))))
    .collect()
}
