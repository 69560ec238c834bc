//! Spending a refresh token: intent, request, durable commit; and what each failure means.

use super::super::failure::{Class, Endpoint, Fate, ProviderFailure};
use super::exchange::expiry;
use super::{Desk, Report, Trouble};
use crate::host::Http;
use crate::model::{
    Connection, ConnectionId, EndReason, Problem, ProblemKind, Quirk, ScopeSet, Seconds, UnixTime,
    Untrusted,
};
use crate::oauth::{Note, StatedScope, TokenAnswer, request};
use crate::vault::{Intent, Refreshed};

/// A second presentation of the same refresh token happens at most this long after the first (J-05).
const RETRY_WITHIN: Seconds = Seconds(10);
/// Most that the history says of added scopes, in characters.
const LONGEST_REMARK: usize = 200;

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
                return Err(self.interrupted(&connection)?);
            }
            // A second presentation would also end the access token that still works (J-05).
            Some(_) if is_strict(&connection) && self.has_live_token(&connection) && !forced => {
                return Err(Trouble::RefreshInterrupted);
            }
            Some(intent) => {
                self.vault(|vault| vault.note_retry(&connection, &intent, self.clock.now()))?
            }
        };
        let http = Http::new(connection.ca_pem.as_deref());
        let began = self.clock.now();
        let mut again = !resumed && !is_strict(&connection);
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
                    self.durably(|vault| {
                        vault.commit_refresh(&connection, &intent, &refreshed, self.clock.now())
                    })
                    .await?;
                    // Durable first (J-03), then looked at.
                    if let Some(id_token) = id_token {
                        self.same_identity(&connection, &http, &id_token, &refreshed)
                            .await?;
                    }
                    return Ok(Report::Refreshed);
                }
                Err(failure) => {
                    let in_time = self.clock.now().since(began) < RETRY_WITHIN;
                    if failure.fate == Fate::Silence && again && in_time {
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

    fn has_live_token(&self, connection: &Connection) -> bool {
        let grant = connection.grant.as_ref();
        grant.is_some_and(|grant| !grant.expiry.passed(self.clock.now()))
    }

    /// The row says so too, until a person decides.
    fn interrupted(&self, connection: &Connection) -> Result<Trouble, Trouble> {
        let now = self.clock.now();
        let problem = Problem {
            kind: ProblemKind::Transport,
            detail: Untrusted::new(
                "a refresh was interrupted twice; refresh by hand or sign in again",
            ),
            at: now,
        };
        self.vault(|vault| vault.set_problem(connection, Some(&problem), now))?;
        Ok(Trouble::RefreshInterrupted)
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
        if failure.class == Class::Permanent {
            let reason = if spent_twice {
                EndReason::RefreshInterrupted
            } else {
                EndReason::EndedByProvider
            };
            self.vault(|vault| vault.end_grant(connection, reason, now))?;
            return Ok(Trouble::NeedsSignIn(Some(reason)));
        }
        // An unknown outcome keeps its intent: the next start resolves it (J-09). A presentation
        // that surely was not carried out does not count (J-06).
        match failure.fate {
            Fate::Silence | Fate::Unusable => {}
            Fate::NotSent | Fate::Refused if intent.tries <= 1 => {
                self.vault(|vault| vault.clear_intent(&connection.id, now))?;
            }
            Fate::NotSent | Fate::Refused => {
                self.vault(|vault| vault.undo_retry(connection, intent, now))?;
            }
        }
        let problem = Problem {
            kind: failure.problem_kind(),
            detail: failure.short(),
            at: now,
        };
        self.vault(|vault| vault.set_problem(connection, Some(&problem), now))?;
        Ok(failure.into())
    }
}

/// Whether the provider is known to give a spent refresh token no grace.
fn is_strict(connection: &Connection) -> bool {
    connection.provider.has(&Quirk::NoRefreshGrace)
}

fn refreshed(connection: &Connection, answer: TokenAnswer, sent_at: UnixTime) -> Refreshed {
    let in_use = match answer.scope {
        StatedScope::Stated(set) => Some(set),
        StatedScope::Empty => Some(ScopeSet::default()),
        StatedScope::NotStated => None,
    };
    Refreshed {
        expiry: expiry(answer.lifetime, sent_at),
        access_token: answer.access_token,
        refresh_token: answer.refresh_token,
        remark: remark(connection, &answer.notes, in_use.as_ref()),
        in_use,
        issued_at: sent_at,
        ends_at: answer.grant_ends_in.map(|span| sent_at.plus(span)),
    }
}

/// Nobody can be asked during a refresh: what is odd about its answer stands in the history.
fn remark(connection: &Connection, notes: &[Note], in_use: Option<&ScopeSet>) -> Option<String> {
    let held = connection.held_or_requested();
    let added = in_use.map(|now| now.without(held));
    let added = added
        .filter(|added| !added.is_empty())
        .map(|added| format!("scopes were added: {added}"))
        .map(|told| told.chars().take(LONGEST_REMARK).collect());
    let odd = notes.iter().filter_map(|note| match note {
        Note::LifetimeNotUnderstood => Some("the lifetime makes no sense".to_owned()),
        Note::RefreshTokenEmpty => Some("the new refresh token is empty".to_owned()),
        // A named quirk, or not of a token answer.
        _ => None,
    });
    let all: Vec<String> = odd.chain(added).collect();
    (!all.is_empty()).then(|| all.join("; "))
}
