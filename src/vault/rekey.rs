//! A new vault key: every record sealed anew, every slot wrapped anew, in one transaction
//! (conformance T-11).
//!
//! Whoever is killed in between leaves the old vault or the new one, whole. New entries of the
//! keychain are there before the transaction and the old ones go after it; the old key opens
//! nothing any more, so processes that still hold it are told to unlock again
//! ([`VaultError::Rekeyed`]).

use std::collections::BTreeSet;
use std::time::Duration;

use rusqlite::Connection as Sql;

use super::definitions::{by_id, every_id};
use super::leftovers::Leftovers;
use super::lock::allow_open_files;
use super::passphrase::Effort;
use super::seal::{Binding, Kind};
use super::slots::{self, NewSlot, Slot, SlotInfo, SlotKind, SlotLock};
use super::{
    GrantLock, Keychain, Vault, VaultError, VaultKey, grants, records, registrations, verifier,
    waiting,
};
use crate::model::{ConnectionId, EndReason, RegistrationId, Secret, UnixTime, WaitingId};

/// What a new vault key needs of the slots.
pub struct Rekey<'a> {
    /// Where the keychain slots get new entries.
    pub keychain: &'a dyn Keychain,
    /// Each opens the passphrase slots that it fits, which keep it.
    pub passphrases: &'a [Secret],
    /// Numbers of slots that go, because nobody can open them or wants to.
    pub dropped: &'a [u32],
}

/// A slot under the new key, and the number it had under the old one.
type Wrapped = (u32, Slot);

impl Vault {
    /// Gives the vault a new key, which this handle then holds. Waits at most `patience` for
    /// refreshes under way: what they bring must not be sealed under the old key.
    ///
    /// # Errors
    /// Nothing is changed then: [`VaultError::SlotPassphrase`], [`VaultError::UnknownSlot`],
    /// [`VaultError::LastSlot`], [`VaultError::Busy`], [`VaultError::Tampered`] (a record that does
    /// not open now never will: sign that connection in again first), [`VaultError::Keychain`],
    /// [`VaultError::Disk`]. Only after [`VaultError::OldCopyLeft`] the key is another.
    pub fn rekey(
        &mut self,
        with: &Rekey<'_>,
        patience: Duration,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        self.rekey_with(with, Effort::Calibrated, patience, now)
    }

    pub(super) fn rekey_with(
        &mut self,
        with: &Rekey<'_>,
        effort: Effort,
        patience: Duration,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        self.unlocked_key()?;
        if !self.key_fits()? {
            return Err(VaultError::Rekeyed);
        }
        let _slots = self.locks.lock_slots(patience)?;
        let held = self.lock_every_grant(patience)?;
        let kept = self.slots_to_keep(with)?;
        let old: Vec<String> = accounts(&kept).collect();
        let mut names = Vec::new();
        for _ in &old {
            names.push(slots::new_account(&self.id)?);
        }
        let entries = [
            names.as_slice(),
            old.as_slice(),
            &self.dropped_accounts(with)?,
        ]
        .concat();
        let entries = Leftovers::expected(self.state.as_deref(), entries)?.with(with.keychain);
        let changed =
            self.wrapped_anew(&kept, &names, with, effort)
                .and_then(|(vault_key, wrapped)| {
                    self.db.write(now, |tx| {
                        self.reseal(tx, &vault_key, &held)?;
                        swap(tx, &wrapped, with.dropped)
                    })?;
                    Ok(vault_key)
                });
        entries.clear_up(self.db.read());
        self.key = Some(changed?);
        self.note_seen(now);
        self.forget_old_copies()
    }

    /// Begins anew with another key when no slot opens the vault any more (conformance T-10): the
    /// connections stay, their sign-ins and client secrets are lost. Needs no unlocking.
    ///
    /// # Errors
    /// As [`Vault::rekey`].
    pub fn start_over(
        &mut self,
        slot: NewSlot<'_>,
        patience: Duration,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        self.start_over_with(slot, Effort::Calibrated, patience, now)
    }

    pub(super) fn start_over_with(
        &mut self,
        slot: NewSlot<'_>,
        effort: Effort,
        patience: Duration,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let _slots = self.locks.lock_slots(patience)?;
        let held = self.lock_every_grant(patience)?;
        let old = slots::all(self.db.read())?;
        let mut names = vec![slots::new_account(&self.id)?];
        names.extend(accounts(&old));
        let mut entries = Leftovers::expected(self.state.as_deref(), names)?;
        if let NewSlot::Keychain(keychain) = slot {
            entries = entries.with(keychain);
        }
        let vault_key = VaultKey::random()?;
        let stored =
            slots::make(&self.id, &vault_key, slot, entries.first(), effort).and_then(|made| {
                self.db.write(now, |tx| {
                    nobody_came(tx, &held)?;
                    lose_every_secret(tx, now)?;
                    tx.execute("DELETE FROM slot", [])?;
                    made.store(tx, now)?;
                    self.set_verifier(tx, &vault_key)
                })
            });
        entries.clear_up(self.db.read());
        stored?;
        self.key = Some(vault_key);
        self.note_seen(now);
        self.forget_old_copies()
    }

    /// The lock of every connection's grant, within `patience` altogether.
    fn lock_every_grant(
        &self,
        patience: Duration,
    ) -> Result<Vec<(ConnectionId, GrantLock)>, VaultError> {
        let ids = every_id(self.db.read())?;
        allow_open_files(ids.len());
        let locks = self.locks.lock_each(ids.iter().cloned(), patience)?;
        Ok(ids.into_iter().zip(locks).collect())
    }

    fn slots_to_keep(&self, with: &Rekey<'_>) -> Result<Vec<(SlotInfo, Slot)>, VaultError> {
        let mut slots = slots::all(self.db.read())?;
        let known: BTreeSet<u32> = slots.iter().map(|(info, _)| info.id).collect();
        if with.dropped.iter().any(|id| !known.contains(id)) {
            return Err(VaultError::UnknownSlot);
        }
        slots.retain(|(info, _)| !with.dropped.contains(&info.id));
        // A memory vault has none, and needs none.
        if slots.is_empty() && !known.is_empty() {
            return Err(VaultError::LastSlot);
        }
        Ok(slots)
    }

    fn dropped_accounts(&self, with: &Rekey<'_>) -> Result<Vec<String>, VaultError> {
        let mut slots = slots::all(self.db.read())?;
        slots.retain(|(info, _)| with.dropped.contains(&info.id));
        Ok(accounts(&slots).collect())
    }

    /// A new key and every kept slot around it.
    fn wrapped_anew(
        &self,
        kept: &[(SlotInfo, Slot)],
        names: &[String],
        with: &Rekey<'_>,
        effort: Effort,
    ) -> Result<(VaultKey, Vec<Wrapped>), VaultError> {
        let vault_key = VaultKey::random()?;
        // What a person must bring comes before anything is written.
        let mut plan = Vec::new();
        for (info, slot) in kept {
            let new = match info.kind {
                SlotKind::Keychain => NewSlot::Keychain(with.keychain),
                SlotKind::Passphrase => NewSlot::Passphrase(self.passphrase_of(info, slot, with)?),
            };
            plan.push((info.id, new));
        }
        let mut names = names.iter();
        let mut wrapped = Vec::new();
        for (id, new) in plan {
            let account = match new {
                NewSlot::Keychain(_) => names.next().map_or("", String::as_str),
                NewSlot::Passphrase(_) => "",
            };
            let made = slots::make(&self.id, &vault_key, new, account, effort)?;
            wrapped.push((id, made));
        }
        Ok((vault_key, wrapped))
    }

    fn passphrase_of<'p>(
        &self,
        info: &SlotInfo,
        slot: &Slot,
        with: &Rekey<'p>,
    ) -> Result<&'p Secret, VaultError> {
        for passphrase in with.passphrases {
            if slot.open_by_passphrase(&self.id, passphrase)?.is_some() {
                return Ok(passphrase);
            }
        }
        Err(VaultError::SlotPassphrase(info.id))
    }

    /// Opens every record under the old key and seals it under the new one, in its own place.
    fn reseal(
        &self,
        tx: &Sql,
        vault_key: &VaultKey,
        held: &[(ConnectionId, GrantLock)],
    ) -> Result<(), VaultError> {
        let old = self.unlocked_key()?;
        nobody_came(tx, held)?;
        let records = every_record(tx)?;
        let mut opened = Vec::new();
        for (owner, kind) in &records {
            let place = place_of(tx, owner, *kind)?;
            let secret = records::get(tx, old, &place)?.ok_or(VaultError::Tampered)?;
            opened.push((place, secret));
        }
        // Records are sealed under the vault's own key alone, so that comes first.
        self.set_verifier(tx, vault_key)?;
        for (place, secret) in &opened {
            records::put(tx, vault_key, place, secret)?;
        }
        Ok(())
    }

    fn set_verifier(&self, tx: &Sql, vault_key: &VaultKey) -> Result<(), VaultError> {
        tx.execute(
            "UPDATE vault SET verifier = ?1",
            [verifier::new(&self.id, vault_key)?],
        )?;
        Ok(())
    }
}

/// Puts the new slots in the place of the old ones.
fn swap(tx: &Sql, wrapped: &[Wrapped], dropped: &[u32]) -> Result<(), VaultError> {
    for (id, slot) in wrapped {
        slot.replace(tx, *id)?;
    }
    for id in dropped {
        tx.execute("DELETE FROM slot WHERE id = ?1", [id])?;
    }
    // The lock of the slots keeps others away; a slot that came anyway would open nothing.
    let left: i64 = tx.query_row("SELECT count(*) FROM slot", [], |row| row.get(0))?;
    if usize::try_from(left) == Ok(wrapped.len()) {
        Ok(())
    } else {
        Err(VaultError::Changed)
    }
}

fn accounts(slots: &[(SlotInfo, Slot)]) -> impl Iterator<Item = String> {
    slots.iter().filter_map(|(_, slot)| match &slot.lock {
        SlotLock::Keychain { account } => Some(account.clone()),
        SlotLock::Passphrase { .. } => None,
    })
}

/// A connection added since the locks were taken may be refreshing already.
fn nobody_came(tx: &Sql, held: &[(ConnectionId, GrantLock)]) -> Result<(), VaultError> {
    let mut ids = every_id(tx)?;
    for (id, _) in held {
        ids.remove(id);
    }
    if ids.is_empty() {
        Ok(())
    } else {
        Err(VaultError::Changed)
    }
}

fn every_record(tx: &Sql) -> Result<Vec<(String, Kind)>, VaultError> {
    let mut statement = tx.prepare("SELECT owner, kind FROM sealed")?;
    let mut rows = statement.query([])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        let kind = Kind::parse(row.get_ref(1)?.as_str().unwrap_or_default());
        let kind = kind.ok_or(VaultError::Damaged("a sealed record"))?;
        records.push((row.get(0)?, kind));
    }
    Ok(records)
}

/// Where this record lies, as the rows beside it tell.
fn place_of<'a>(tx: &Sql, owner: &'a str, kind: Kind) -> Result<Binding<'a>, VaultError> {
    let stray = VaultError::Damaged("a sealed record");
    let generation_in = match kind {
        Kind::AccessToken | Kind::RefreshToken => "grants",
        Kind::CandidateAccess | Kind::CandidateRefresh => "candidate",
        Kind::Intent => "intent",
        Kind::ClientSecret => {
            // Its connections share its endpoints; it may have none left.
            let id = RegistrationId::parse(owner).ok_or(stray.clone())?;
            return Ok(Binding {
                owner,
                kind,
                generation: 0,
                identity: registrations::stored_identity(tx, &id)?.ok_or(stray)?,
            });
        }
        Kind::Waiting => {
            // Its connection may be gone; what it was stands beside the record.
            let id = WaitingId::parse(owner).ok_or(stray.clone())?;
            let waiting = waiting::by_id(tx, &id)?.ok_or(stray)?;
            return Ok(Binding {
                owner,
                kind,
                generation: 0,
                identity: waiting.of.endpoint_identity(),
            });
        }
        Kind::SecondCopy | Kind::DeviceCode => "",
        Kind::Verifier | Kind::Slot | Kind::Backup => return Err(stray),
    };
    let id = ConnectionId::parse(owner).ok_or(stray.clone())?;
    let connection = by_id(tx, &id)?.ok_or(stray)?;
    let generation: i64 = if generation_in.is_empty() {
        0
    } else {
        tx.query_row(
            &format!("SELECT generation FROM {generation_in} WHERE connection = ?1"),
            [owner],
            |row| row.get(0),
        )?
    };
    Ok(Binding {
        owner,
        kind,
        generation: generation.cast_unsigned(),
        identity: connection.endpoint_identity(),
    })
}

fn lose_every_secret(tx: &Sql, now: UnixTime) -> Result<(), VaultError> {
    for id in every_id(tx)? {
        let connection = by_id(tx, &id)?.ok_or(VaultError::UnknownConnection)?;
        if connection.grant.is_some() && connection.ended.is_none() {
            grants::end(tx, &id, EndReason::VaultKeyGone, now)?;
        }
    }
    tx.execute("DELETE FROM candidate", [])?;
    tx.execute("DELETE FROM intent", [])?;
    tx.execute("DELETE FROM sealed", [])?;
    waiting::lose_all(tx, now)?;
    tx.execute("UPDATE registration SET has_secret = 0", [])?;
    Ok(())
}
