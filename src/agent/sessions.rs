//! Terminal sessions in which a person allowed a connection (conformance Y-06).

use std::collections::HashMap;

use crate::host::Session;
use crate::model::ConnectionId;

/// A session that asks for nothing this long is asked about again, in seconds.
const IDLE: i64 = 10 * 60;
/// So is every session after this long.
const LONGEST: i64 = 12 * 3600;
/// More are not remembered; the oldest go.
const KEPT: usize = 256;

#[derive(Clone, Copy)]
struct Allowed {
    since: i64,
    last: i64,
}

impl Allowed {
    fn holds(self, now: i64) -> bool {
        now - self.last < IDLE && now - self.since < LONGEST
    }
}

/// What was allowed, by connection and session.
#[derive(Default)]
pub(super) struct Sessions(HashMap<(ConnectionId, Session), Allowed>);

impl Sessions {
    /// A person allowed it.
    pub(super) fn allow(&mut self, id: &ConnectionId, session: &Session, now: i64) {
        self.0.retain(|_, allowed| allowed.holds(now));
        if self.0.len() >= KEPT {
            let oldest = self.0.iter().min_by_key(|(_, allowed)| allowed.last);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                self.0.remove(&oldest);
            }
        }
        let allowed = Allowed {
            since: now,
            last: now,
        };
        self.0.insert((id.clone(), session.clone()), allowed);
    }

    /// Whether it is still allowed; that it was asked for keeps it so.
    pub(super) fn allows(&mut self, id: &ConnectionId, session: &Session, now: i64) -> bool {
        let key = (id.clone(), session.clone());
        match self.0.get_mut(&key) {
            Some(allowed) if allowed.holds(now) => {
                allowed.last = now;
                true
            }
            _ => {
                self.0.remove(&key);
                false
            }
        }
    }

    /// Nothing is allowed any more.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> ConnectionId {
        ConnectionId::from_random([number; 16])
    }

    fn session(leader: u32) -> Session {
        Session { leader, started: 7 }
    }

    #[test]
    fn y_06_a_session_is_allowed_for_one_connection_while_it_is_in_use() {
        let mut sessions = Sessions::default();
        sessions.allow(&id(1), &session(1), 0);
        assert!(sessions.allows(&id(1), &session(1), 599));
        assert!(sessions.allows(&id(1), &session(1), 1_198));
        assert!(!sessions.allows(&id(2), &session(1), 1_198));
        assert!(!sessions.allows(&id(1), &session(2), 1_198));
        assert!(
            !sessions.allows(&id(1), &session(1), 1_798),
            "ten idle minutes"
        );
        assert!(!sessions.allows(&id(1), &session(1), 1_798));
    }

    #[test]
    fn y_06_no_session_lasts_longer_than_twelve_hours() {
        let mut sessions = Sessions::default();
        sessions.allow(&id(1), &session(1), 0);
        for minute in 1..12 * 60 {
            assert!(
                sessions.allows(&id(1), &session(1), minute * 60),
                "{minute}"
            );
        }
        assert!(!sessions.allows(&id(1), &session(1), 12 * 3600));
    }

    #[test]
    fn y_06_what_is_remembered_is_bounded_and_forgotten_on_lock() {
        let mut sessions = Sessions::default();
        for leader in 0..1_000 {
            sessions.allow(&id(1), &session(leader), i64::from(leader) / 10);
        }
        assert_eq!(sessions.0.len(), KEPT);
        assert!(sessions.allows(&id(1), &session(999), 100));
        sessions.forget();
        assert!(!sessions.allows(&id(1), &session(999), 100));
    }
}
