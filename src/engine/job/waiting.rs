//! Telling a provider once more what it did not hear (conformance L-04).

use super::super::Error;
use super::super::telling::{refused, tell};
use super::wire::VaultTrouble;
use super::{Desk, Report, Retold, Trouble};
use crate::model::{Problem, ProblemKind, Untrusted, Waiting, WaitingId};

impl Desk<'_> {
    /// Whoever is killed in here tells it again: providers take a token that is gone already for
    /// revoked, so twice is once, and the record goes only after the answer.
    pub(super) async fn tell_waiting(&self, id: &WaitingId, tries: u32) -> Result<Report, Trouble> {
        let Some(waiting) = self.vault(|vault| vault.waiting_by_id(id))? else {
            return Ok(Report::Retold(Retold::Over));
        };
        if waiting.tries != tries {
            return Ok(Report::Retold(Retold::Waits));
        }
        let mut untold = match self.vault(|vault| vault.untold(&waiting)) {
            Err(Trouble::Vault(VaultTrouble::Tampered)) => {
                return self.cannot_tell(&waiting, "an address beside it was changed");
            }
            other => other?,
        };
        let telling = match tell(&waiting.of, &untold).await {
            Err(Error::NoRevocation { .. }) => {
                return self.cannot_tell(&waiting, "the provider offers no revocation");
            }
            other => other.map_err(|_| Trouble::Internal)?,
        };
        let now = self.clock.now();
        let Some(stopped) = telling.stopped else {
            self.vault(|vault| vault.settle_waiting(&waiting, true, now))?;
            return Ok(Report::Retold(Retold::Told {
                was_invalid: telling.was_invalid,
                access_token_lives: telling.access_token_lives,
            }));
        };
        let left = stopped.grant_is_over.then(|| {
            untold.refresh_token = None;
            &untold
        });
        let next = stopped.next(waiting.tries.saturating_add(1), now);
        let problem = stopped.problem(now);
        self.vault(|vault| vault.put_off_again(&waiting, left, next, &problem, now))?;
        Ok(Report::Retold(Retold::Waits))
    }

    fn cannot_tell(&self, waiting: &Waiting, why: &str) -> Result<Report, Trouble> {
        let now = self.clock.now();
        let problem = Problem {
            kind: ProblemKind::Configuration,
            detail: Untrusted::new(why),
            at: now,
        };
        self.vault(|vault| vault.put_off_again(waiting, None, refused(now), &problem, now))?;
        Ok(Report::Retold(Retold::Waits))
    }
}
