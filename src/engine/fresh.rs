//! A fresh token for whoever asks: exactly one refresh, however many ask at once.

use std::time::{Duration, Instant};

use crate::host::{WorkerError, spawn};
use crate::model::{Connection, ConnectionId, Expiry, Grant, Seconds, Secret, UnixTime};
use crate::oauth::Skew;
use crate::vault::{GrantLock, JudgedAt, VaultError};

use super::job::{self, CALLER_WAITS, Job, Report};
use super::judge::{must_renew, of_unknown_age};
use super::{Change, Engine, Error, hold};

/// Renew when less than this is left, or a tenth of the token's life if that is more (conformance 0.3).
const EARLY: Seconds = Seconds(60);

/// A grant is not refreshed again so soon, whatever is asked for (conformance 0.3).
const NOT_AGAIN_WITHIN: Seconds = Seconds(30);

/// Refreshes that this process has under way at most (conformance J-17).
pub(super) const AT_A_TIME: usize = 4;

/// A token on its way to a caller.
pub struct Handout {
    pub token: Secret,
    pub connection: Connection,
    /// Whether this call renewed it.
    pub refreshed: bool,
    /// The refresh failed, but the old token still has some life (conformance Y-12).
    pub warning: Option<Error>,
    /// The time of day was set since the token was issued, so it was looked at again (J-11).
    pub clock_moved: bool,
}

/// Whether a token needs renewal before it is handed out. The margin never exceeds half the
/// token's life, so short tokens are not renewed on every call.
pub fn is_due(
    expiry: Expiry,
    issued_at: UnixTime,
    min_valid: Option<Seconds>,
    now: UnixTime,
) -> bool {
    let Expiry::At(end) = expiry else {
        return false;
    };
    let margin = match min_valid {
        Some(wish) => wish.0,
        None => margin(end, issued_at),
    };
    end.since(now).0 <= margin
}

fn margin(end: UnixTime, issued_at: UnixTime) -> u64 {
    let life = end.since(issued_at).0;
    EARLY.0.max(life / 10).min(life / 2)
}

/// When the grant's access token is to be renewed ahead of time; the end of time where it does not end.
/// Never sooner than [`NOT_AGAIN_WITHIN`], however short its life: whoever needs one before asks for it.
pub fn renew_at(grant: &Grant) -> UnixTime {
    let Expiry::At(end) = grant.expiry else {
        return UnixTime(i64::MAX);
    };
    let margin = i64::try_from(margin(end, grant.issued_at)).unwrap_or(i64::MAX);
    let due = UnixTime(end.0.saturating_sub(margin));
    due.max(grant.issued_at.plus(NOT_AGAIN_WITHIN))
}

/// Whether the token is due, and not so new that another one would be no better.
pub(super) fn wants_renewal(grant: &Grant, judged: &JudgedAt, min_valid: Option<Seconds>) -> bool {
    !just_issued(grant, judged) && must_renew(grant, judged, min_valid)
}

/// Whoever asks for more than the provider gives would spend a refresh on every call.
pub(super) fn just_issued(grant: &Grant, judged: &JudgedAt) -> bool {
    judged.now.since(grant.issued_at) < NOT_AGAIN_WITHIN
        && !grant.expiry.passed(judged.now)
        && !of_unknown_age(grant, judged)
}

impl Engine {
    /// The connection's access token, renewed first when it is due. Never opens a browser.
    pub async fn fresh_token(
        &self,
        name: &str,
        min_valid: Option<Seconds>,
    ) -> Result<Handout, Error> {
        let handout = self.token_at_hand(name, min_valid).await?;
        let grant = handout.connection.grant.as_ref();
        if grant.is_some_and(|grant| grant.proved_at.is_none()) {
            let now = self.now();
            self.with_vault(|vault| vault.mark_proved(&handout.connection, now))?;
        }
        Ok(handout)
    }

    /// The same for what is no use of it: the connection stays as untested as it was.
    pub(super) async fn token_at_hand(
        &self,
        name: &str,
        min_valid: Option<Seconds>,
    ) -> Result<Handout, Error> {
        let connection = self.connection(name)?;
        self.signed_in(&connection)?;
        let Some(grant) = connection.grant.clone() else {
            return Err(self.needs_sign_in(&connection));
        };
        let judged = self.judge(&grant);
        let now = judged.now;
        let due = wants_renewal(&grant, &judged, min_valid);
        let renews = due && grant.has_refresh_token;
        if !judged.noted && !renews {
            self.note_issued(&grant);
        }
        if !due {
            return self.hand_out(connection, false, None);
        }
        let handout = if renews {
            Box::pin(self.renew_or_use_the_rest(connection, &grant)).await
        } else if grant.expiry.passed(now) {
            Err(self.needs_sign_in(&connection))
        } else {
            // Nothing can renew it; what is left of it is still good (J-16).
            let name = connection.name.to_string();
            let warning = min_valid.map(|_| Error::NoRefreshToken { name });
            self.hand_out(connection, false, warning)
        };
        handout.map(|handout| Handout {
            clock_moved: judged.moved,
            ..handout
        })
    }

    /// Renews a token that is due; where that fails, what is left of it is handed out.
    async fn renew_or_use_the_rest(
        &self,
        connection: Connection,
        grant: &Grant,
    ) -> Result<Handout, Error> {
        match self.renew(&connection, Some(grant.generation), false).await {
            Ok(refreshed) => {
                let connection = self.connection_by_id(&connection.id)?;
                self.hand_out(connection, refreshed, None)
            }
            Err(error @ (Error::NeedsSignIn { .. } | Error::Vault(_))) => Err(error),
            Err(error) => {
                let judged = self.judge(grant);
                if !judged.noted {
                    // Tried once; from here on its age is known well enough (J-11).
                    self.note_issued(grant);
                }
                if grant.expiry.passed(judged.now.plus(Seconds(1))) {
                    Err(error)
                } else {
                    self.hand_out(connection, false, Some(error))
                }
            }
        }
    }

    /// Renews now, whether due or not. Returns the connection as it is then.
    pub async fn refresh(&self, id: &ConnectionId) -> Result<Connection, Error> {
        let connection = self.connection_by_id(id)?;
        self.signed_in(&connection)?;
        if !connection
            .grant
            .as_ref()
            .is_some_and(|grant| grant.has_refresh_token)
        {
            return Err(Error::NoRefreshToken {
                name: connection.name.to_string(),
            });
        }
        self.renew(&connection, None, true).await?;
        self.connection_by_id(id)
    }

    pub(super) fn signed_in(&self, connection: &Connection) -> Result<(), Error> {
        if connection.grant.is_none() || connection.ended.is_some() {
            return Err(self.needs_sign_in(connection));
        }
        Ok(())
    }

    fn needs_sign_in(&self, connection: &Connection) -> Error {
        let verdict = self.verdict(connection, self.now());
        Error::NeedsSignIn {
            name: connection.name.to_string(),
            reason: connection.ended,
            message: verdict.message,
        }
    }

    fn hand_out(
        &self,
        connection: Connection,
        refreshed: bool,
        warning: Option<Error>,
    ) -> Result<Handout, Error> {
        let token = self
            .with_vault(|vault| vault.access_token(&connection))?
            .ok_or(Error::Internal("the grant has no access token"))?;
        tracing::debug!(
            connection = %connection.name,
            token = self.mark(&token),
            "handing out"
        );
        Ok(Handout {
            token,
            connection,
            refreshed,
            warning,
            clock_moved: false,
        })
    }

    /// How the log calls a token (conformance X-03).
    fn mark(&self, token: &Secret) -> Option<String> {
        let slot = hold(&self.0.vault);
        let mark = slot.as_ref().and_then(|vault| vault.mark(token))?;
        Some(mark.to_string())
    }

    /// The same of the token that the connection has now.
    fn mark_of(&self, connection: &Connection) -> Option<String> {
        let token = self.with_vault(|vault| vault.access_token(connection));
        self.mark(&token.ok()??)
    }

    /// Under the grant's lock: re-read, and renew unless somebody else just did (conformance J-01).
    /// `seen` is the generation the caller looked at; `None` renews in any case.
    pub(super) async fn renew(
        &self,
        connection: &Connection,
        seen: Option<u64>,
        forced: bool,
    ) -> Result<bool, Error> {
        tracing::debug!(connection = %connection.name, "waiting for the grant's lock");
        let give_up = Instant::now() + CALLER_WAITS;
        let lock = self.lock_grant(&connection.id).await?;
        let now_there = self.connection_by_id(&connection.id)?;
        self.signed_in(&now_there)?;
        let generation = now_there.grant.as_ref().map(|grant| grant.generation);
        if seen.is_some() && generation != seen {
            tracing::debug!(connection = %connection.name, "another process refreshed it");
            return Ok(false);
        }
        // After the lock: whoever waits for another process takes no turn. Closed by nobody.
        let _turn = self.0.refreshes.acquire().await;
        tracing::debug!(connection = %connection.name, forced, "refreshing");
        let job = || Job::Refresh {
            connection: connection.id.clone(),
            forced,
        };
        let left = || give_up.saturating_duration_since(Instant::now());
        let report = match Box::pin(self.run_job_within(&lock, job(), left())).await {
            // Killed. It may have done its work before; if not, its intent tells the next worker.
            Err(Error::Worker(WorkerError::Gone)) => {
                let there = self.connection_by_id(&connection.id)?;
                self.signed_in(&there)?;
                if there.grant.as_ref().map(|grant| grant.generation) != generation {
                    self.tell(&Change::Connections);
                    return Ok(true);
                }
                Box::pin(self.run_job_within(&lock, job(), left())).await?
            }
            other => other?,
        };
        self.tell(&Change::Connections);
        match report {
            Report::Refreshed => {
                let renewed = self.connection_by_id(&connection.id)?;
                tracing::debug!(
                    connection = %renewed.name,
                    token = self.mark_of(&renewed),
                    "refreshed"
                );
                if let Some(grant) = renewed.grant {
                    self.note_issued(&grant);
                }
                Ok(true)
            }
            Report::Failed(trouble) => Err(trouble.into_error(connection.name.as_str())),
            _ => Err(Error::Internal("a refresh reported something else")),
        }
    }

    /// Waits for the grant's kernel lock off the event loop.
    pub(super) async fn lock_grant(&self, id: &ConnectionId) -> Result<GrantLock, Error> {
        let locks = self.with_vault(|vault| Ok(vault.grant_locks()))?;
        let id = id.clone();
        let taken = tokio::task::spawn_blocking(move || locks.lock(&id, CALLER_WAITS)).await;
        match taken {
            Ok(Ok(lock)) => Ok(lock),
            Ok(Err(VaultError::Busy { .. })) => Err(Error::Busy),
            Ok(Err(other)) => Err(other.into()),
            Err(_) => Err(Error::Internal("the lock waiter broke off")),
        }
    }

    /// The same for callers that may block.
    pub(super) fn lock_grant_blocking(&self, id: &ConnectionId) -> Result<GrantLock, Error> {
        let locks = self.with_vault(|vault| Ok(vault.grant_locks()))?;
        locks.lock(id, CALLER_WAITS).map_err(|error| match error {
            VaultError::Busy { .. } => Error::Busy,
            other => other.into(),
        })
    }

    /// Runs a job where it belongs. The worker process inherits the lock, so that it holds on even
    /// when this process dies (conformance J-08).
    pub(super) async fn run_job(&self, lock: &GrantLock, job: Job) -> Result<Report, Error> {
        self.run_job_within(lock, job, CALLER_WAITS).await
    }

    async fn run_job_within(
        &self,
        lock: &GrantLock,
        job: Job,
        patience: Duration,
    ) -> Result<Report, Error> {
        let (Some(file), false) = (lock.file(), self.0.world.jobs_here) else {
            let done = job::run(&self.0.vault, &*self.0.world.clock, job).await;
            return Ok(self.noted(done));
        };
        let order = {
            let slot = hold(&self.0.vault);
            let key = slot
                .as_ref()
                .and_then(|vault| vault.key())
                .ok_or(VaultError::Locked)?;
            job::pack(&self.0.home, key, job)
                .ok_or(Error::Internal("the order cannot be packed"))?
        };
        match spawn(file, &order)?.result_async(patience).await {
            Ok(frame) => Ok(self.noted(job::unpack(&frame))),
            // It goes on by itself; what it brings will be in the vault.
            Err(WorkerError::Late) => Err(Error::Busy),
            Err(other) => Err(other.into()),
        }
    }

    fn noted(&self, done: job::Done) -> Report {
        if done.skew.is_some() {
            *hold(&self.0.skew) = done.skew;
        }
        done.report
    }

    /// How far this machine's clock is from that of the provider that answered last, where that is
    /// enough to make things fail (conformance J-12).
    pub fn clock_skew(&self) -> Option<Skew> {
        hold(&self.0.skew).filter(|skew| skew.matters())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn j_10_the_margin_is_clamped_to_the_tokens_life() {
        let due = |life: i64, left: i64| {
            is_due(
                Expiry::At(UnixTime(life)),
                UnixTime(0),
                None,
                UnixTime(life - left),
            )
        };
        assert!(due(3600, 360) && !due(3600, 361));
        assert!(due(600, 60) && !due(600, 61));
        // A 60 s token is handed out for half its life before it is renewed.
        assert!(due(60, 30) && !due(60, 31));
        assert!(due(0, 0));
        assert!(!is_due(
            Expiry::NotStated,
            UnixTime(0),
            Some(Seconds(9)),
            UnixTime(0)
        ));
        assert!(is_due(
            Expiry::At(UnixTime(100)),
            UnixTime(0),
            Some(Seconds(50)),
            UnixTime(51)
        ));
    }
}
