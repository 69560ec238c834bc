//! Renewing what nobody asked for by name: every token that is due, and one that was refused where it
//! was used.

use futures_util::StreamExt as _;
use futures_util::stream;

use super::fresh::{just_issued, wants_renewal};
use super::{Engine, Error};
use crate::model::{Connection, Grant, Secret, Summary};

/// Grants that are looked after at the same time. More than send a request at a time
/// ([`super::fresh::AT_A_TIME`]), because some may only wait for another process; few, because each
/// holds an open file.
const AT_ONCE: usize = 16;

/// What became of a token that was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    Renewed,
    /// Another process was quicker.
    Already,
}

/// What became of a token that was refused where it was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterRefusal {
    /// It is not the one at hand: renewed since, or never ours.
    Another,
    Renewed,
    /// It was issued a moment ago; a newer one would be refused too.
    JustIssued,
    /// Nothing can renew it.
    NoRefreshToken,
}

impl Engine {
    /// Every connection whose token is due and can be renewed, by name. No unlock, no network.
    pub fn due(&self) -> Result<Vec<Summary>, Error> {
        let (issued, now) = (self.issued(), self.now());
        let is_due = |grant: &Grant| {
            grant.has_refresh_token && wants_renewal(grant, &issued.judge(grant, now), None)
        };
        let rows = self.rows()?.into_iter().map(|row| row.summary);
        Ok(rows
            .filter(|row| row.ended.is_none() && row.grant.as_ref().is_some_and(is_due))
            .collect())
    }

    /// Renews these, a few at a time (conformance J-17), and tells each outcome as it comes.
    pub async fn renew_all(
        &self,
        due: Vec<Summary>,
        mut tell: impl FnMut(&Summary, Result<Renewal, Error>),
    ) {
        let mut outcomes = stream::iter(due)
            .map(|row| async move {
                let outcome = self.renew_as_seen(&row).await;
                (row, outcome)
            })
            .buffer_unordered(AT_ONCE);
        while let Some((row, outcome)) = outcomes.next().await {
            tell(&row, outcome);
        }
    }

    /// One request at most: whoever renewed it since it was looked at did it for us.
    async fn renew_as_seen(&self, row: &Summary) -> Result<Renewal, Error> {
        let connection = self.connection_by_id(&row.id)?;
        let seen = row.grant.as_ref().map(|grant| grant.generation);
        let renewed = self.renew(&connection, seen, false).await?;
        Ok(if renewed {
            Renewal::Renewed
        } else {
            Renewal::Already
        })
    }

    /// Somebody was refused with this token: renews it if it is the one at hand and not quite new
    /// (a server that refuses everybody must not make us ask the provider without end).
    pub async fn renew_refused(
        &self,
        connection: &Connection,
        refused: &Secret,
    ) -> Result<AfterRefusal, Error> {
        let Some(grant) = connection
            .grant
            .as_ref()
            .filter(|_| connection.ended.is_none())
        else {
            return Ok(AfterRefusal::Another);
        };
        let at_hand = self.with_vault(|vault| vault.access_token(connection))?;
        if !at_hand.is_some_and(|at_hand| at_hand.same(refused)) {
            return Ok(AfterRefusal::Another);
        }
        if !grant.has_refresh_token {
            return Ok(AfterRefusal::NoRefreshToken);
        }
        if just_issued(grant, &self.judge(grant)) {
            return Ok(AfterRefusal::JustIssued);
        }
        let renewed = self
            .renew(connection, Some(grant.generation), false)
            .await?;
        Ok(if renewed {
            AfterRefusal::Renewed
        } else {
            AfterRefusal::Another
        })
    }
}
