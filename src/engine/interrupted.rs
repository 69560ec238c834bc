//! Sign-ins whose process went away (conformance Z-10): what they left, and going on with it.

use std::sync::{Arc, Mutex};

use super::{Engine, Running, hold};
use crate::model::{AttemptId, ConnectionId, ConnectionName, UnixTime};
use crate::vault::{AttemptNote, forget_attempt, interrupted_attempts};

/// The note of a running sign-in, until it is over.
pub(super) type Note = Arc<Mutex<Option<AttemptNote>>>;

/// A sign-in that was interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interrupted {
    pub connection: ConnectionId,
    pub name: ConnectionName,
    pub began: UnixTime,
    /// Until when its device code can be used, if it has one that can.
    pub code_until: Option<UnixTime>,
}

impl Engine {
    /// Those that a person has not decided about, oldest first.
    pub fn interrupted(&self) -> Vec<Interrupted> {
        let now = self.now();
        let found = interrupted_attempts(&self.0.home).into_iter();
        found
            .filter_map(|attempt| {
                let Ok(connection) = self.connection_by_id(&attempt.connection) else {
                    // It was removed since.
                    forget_attempt(&self.0.home, &attempt.connection);
                    return None;
                };
                Some(Interrupted {
                    connection: attempt.connection,
                    name: connection.name,
                    began: attempt.began,
                    code_until: attempt.code_until.filter(|until| *until > now),
                })
            })
            .collect()
    }

    /// Forgets what an interrupted sign-in left. Tokens that came in since are given back when the next
    /// one begins to store.
    pub fn forget_interrupted(&self, id: &ConnectionId) {
        forget_attempt(&self.0.home, id);
        self.erase_code(id);
    }

    /// Stops a running sign-in for good; nothing already stored changes.
    pub fn stop(&self, attempt: &AttemptId) {
        let running = hold(&self.0.attempts)
            .iter()
            .find(|running| running.attempt == *attempt)
            .map(|running| {
                let Running {
                    connection,
                    remote,
                    note,
                    ..
                } = running;
                (connection.clone(), remote.clone(), note.clone())
            });
        if let Some((connection, remote, note)) = running {
            // At once: the process may end before the sign-in notices.
            self.attempt_over(&connection, &note);
            remote.cancel();
        }
    }

    pub(super) fn begin_note(&self, id: &ConnectionId, note: &Note) {
        *hold(note) = AttemptNote::begin(&self.0.home, id, self.now());
    }

    /// A code was kept for it.
    pub(super) fn note_code(&self, id: &ConnectionId, until: UnixTime) {
        for running in hold(&self.0.attempts).iter() {
            if running.connection == *id
                && let Some(note) = hold(&running.note).as_mut()
            {
                note.has_code(Some(until));
            }
        }
    }

    /// Nothing of it is left.
    pub(super) fn attempt_over(&self, id: &ConnectionId, note: &Note) {
        if let Some(note) = hold(note).take() {
            note.end();
            self.erase_code(id);
        }
    }

    fn erase_code(&self, id: &ConnectionId) {
        let now = self.now();
        // Nobody would find it without its note; the next sign-in erases it.
        let _ = self.with_vault(|vault| vault.forget_device_code(id, now));
    }
}
