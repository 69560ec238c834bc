//! Spending a refresh token: intent, request, durable commit; and what each failure means.

use super::super::failure::{Class, Endpoint, ProviderFailure};
use super::exchange::expiry;
use super::{Desk, Report, Trouble};
use crate::host::Http;
use crate::model::{Connection, ConnectionId, EndReason, Problem, ScopeSet, Seconds, UnixTime};
use crate::oauth::{StatedScope, TokenAnswer, request};
use crate::vault::{Intent, Refreshed};

/// A second presentation of the same refresh token happens at most this long after the first (J-05).
const RETRY_WITHIN: Seconds = Seconds(10);

impl Desk<'_> {
    pub(super) async fn refresh(&self, id: &ConnectionId, forced: bool) -> Result<Report, Trouble> {
        let connection = self.connection(id)?;
        // Opening the records first proves that nobody moved them to other addresses (G-07).
        let refresh_token = self
            .vault(|vault| vault.refresh_token(&connection))?
            .ok_or(Trouble::NoRefreshToken)?;
        let client_secret = self.vault(|vault| vault.client_secret(&connection))?;
        let granted = connection
            .grant
            .as_ref()
            .and_then(|grant| grant.granted.clone());
        let interrupted = self.vault(|vault| vault.pending_intent(id))?;
        let resumed = interrupted.is_some();
        let mut intent = match interrupted {
            None => self.vault(|vault| vault.begin_refresh(&connection, self.clock.now()))?,
            Some(intent) if intent.tries >= 2 && !forced => {
                return Err(Trouble::RefreshInterrupted);
            }
            Some(intent) => {
                self.vault(|vault| vault.note_retry(&connection, &intent, self.clock.now()))?
            }
        };
        let http = Http::new(connection.ca_pem.as_deref());
        let began = self.clock.now();
        let mut again = !resumed;
        let mut spent_twice = resumed;
        loop {
            let sent_at = self.clock.now();
            let request = request::refresh(
                &connection,
                client_secret.as_ref(),
                &refresh_token,
                granted.as_ref(),
            )
            .map_err(|_| Trouble::Internal)?;
            match self
                .ask(&http, &connection, Endpoint::Refresh, request)
                .await
            {
                Ok(mut answer) => {
                    let id_token = answer.id_token.take();
                    let refreshed = refreshed(&connection, answer, sent_at);
                    self.vault(|vault| {
                        vault.commit_refresh(&connection, &intent, &refreshed, self.clock.now())
                    })?;
                    // Durable first (J-03), then looked at, and all of it before a hand-out.
                    if let Some(id_token) = id_token {
                        self.same_identity(&connection, &http, &id_token, &refreshed)
                            .await?;
                    }
                    return Ok(Report::Refreshed);
                }
                Err(failure) => {
                    let in_time = self.clock.now().since(began) < RETRY_WITHIN;
                    if failure.outcome_unknown() && again && in_time {
                        again = false;
                        spent_twice = true;
                        intent = self.vault(|vault| {
                            vault.note_retry(&connection, &intent, self.clock.now())
                        })?;
                        continue;
                    }
                    return Err(self.refresh_failed(&connection, &intent, failure, spent_twice)?);
                }
            }
        }
    }

    /// Writes down what a failed refresh means for the grant (I-08, J-05, J-07).
    fn refresh_failed(
        &self,
        connection: &Connection,
        intent: &Intent,
        failure: ProviderFailure,
        spent_twice: bool,
    ) -> Result<Trouble, Trouble> {
        let now = self.clock.now();
        if failure.class() == Class::Permanent {
            let reason = if spent_twice {
                EndReason::RefreshInterrupted
            } else {
                EndReason::EndedByProvider
            };
            self.vault(|vault| vault.end_grant(&connection.id, reason, now))?;
            return Ok(Trouble::NeedsSignIn(Some(reason)));
        }
        // An unknown outcome keeps its intent: the next start resolves it (J-09).
        if !failure.outcome_unknown() && intent.tries <= 1 {
            self.vault(|vault| vault.clear_intent(&connection.id, now))?;
        }
        let problem = Problem {
            kind: failure.problem_kind(),
            detail: failure.short(),
            at: now,
        };
        self.vault(|vault| vault.set_problem(&connection.id, Some(&problem), now))?;
        Ok(failure.into())
    }
}

fn refreshed(connection: &Connection, answer: TokenAnswer, sent_at: UnixTime) -> Refreshed {
    Refreshed {
        expiry: expiry(connection, answer.lifetime, sent_at),
        access_token: answer.access_token,
        refresh_token: answer.refresh_token,
        in_use: match answer.scope {
            StatedScope::Stated(set) => Some(set),
            StatedScope::Empty => Some(ScopeSet::default()),
            StatedScope::NotStated => None,
        },
        issued_at: sent_at,
        ends_at: answer.grant_ends_in.map(|span| sent_at.plus(span)),
    }
}
