//! At which moment a grant's expiry is judged, by two clocks (conformance J-11).

use crate::model::{Expiry, Grant, Seconds, UnixTime};
use crate::vault::{Issued, JudgedAt};

use super::fresh::is_due;
use super::{Engine, hold};

/// Whether a grant's access token needs renewal before it is handed out: it is due by either clock,
/// or it comes from the future, so that nobody knows how old it is.
pub fn must_renew(grant: &Grant, judged: &JudgedAt, min_valid: Option<Seconds>) -> bool {
    is_due(grant.expiry, grant.issued_at, min_valid, judged.now) || of_unknown_age(grant, judged)
}

/// The time of day was set back, and the other clock was not noted.
pub(super) fn of_unknown_age(grant: &Grant, judged: &JudgedAt) -> bool {
    judged.moved && !judged.noted && matches!(grant.expiry, Expiry::At(_))
}

impl Engine {
    /// What the clock that nobody sets tells of the grants here.
    pub(super) fn issued(&self) -> Issued {
        let uptime = self.0.world.clock.uptime();
        hold(&self.0.vault)
            .as_ref()
            .map(|vault| vault.issued(uptime))
            .unwrap_or_default()
    }

    /// The time by which this grant's expiry is judged now.
    pub fn judged(&self, grant: &Grant) -> UnixTime {
        self.judge(grant).now
    }

    pub(super) fn judge(&self, grant: &Grant) -> JudgedAt {
        self.issued().judge(grant, self.now())
    }

    /// From now on both clocks tell the age of this grant's tokens.
    pub(super) fn note_issued(&self, grant: &Grant) {
        let uptime = self.0.world.clock.uptime();
        if let Some(vault) = hold(&self.0.vault).as_ref() {
            vault.note_issued(grant, self.now(), uptime.as_ref());
        }
    }
}
