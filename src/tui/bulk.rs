//! One thing done with several connections: what is left, what runs, what failed.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;

use super::notice::Notice;
use super::request::Request;
use crate::engine::Row;
use crate::model::{ConnectionId, ConnectionName, Health};

/// So many run at the same time.
const AT_A_TIME: usize = 4;
/// So many names stand in a notice.
const NAMED: usize = 5;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Test,
    Refresh,
    Revoke,
    RevokeAndDelete,
    Delete,
}

impl Deed {
    /// As in "Test them".
    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::Test => "Test",
            Self::Refresh => "Refresh",
            Self::Revoke => "Revoke",
            Self::RevokeAndDelete => "Revoke and delete",
            Self::Delete => "Delete",
        }
    }

    /// As in "3 of 12 tested".
    fn done(self) -> &'static str {
        match self {
            Self::Test => "tested",
            Self::Refresh => "refreshed",
            Self::Revoke => "revoked",
            Self::RevokeAndDelete => "revoked and deleted",
            Self::Delete => "deleted",
        }
    }
}

/// What a connection would need first. It is left alone, and that is no failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lack {
    SignIn,
    RefreshToken,
    TestRead,
}

impl Lack {
    /// As in "2 without a sign-in".
    fn noun(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::RefreshToken => "refresh token",
            Self::TestRead => "test read",
        }
    }
}

/// How many are left alone, by what they lack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Left(BTreeMap<Lack, usize>);

impl Left {
    pub(super) fn add(&mut self, lack: Lack) {
        *self.0.entry(lack).or_default() += 1;
    }

    fn count(&self) -> usize {
        self.0.values().sum()
    }

    /// `2 of 5 have no sign-in; they are left alone.` `others`: those that it is done with.
    pub(super) fn sentence(&self, others: usize) -> Option<String> {
        let all = others + self.count();
        let mut words = String::new();
        for (index, (lack, count)) in self.0.iter().enumerate() {
            let of = match index {
                0 => format!(" of {all}"),
                _ => String::new(),
            };
            let gap = if index == 0 { "" } else { ", " };
            let has = if *count == 1 { "has" } else { "have" };
            let _ = write!(words, "{gap}{count}{of} {has} no {}", lack.noun());
        }
        words.push_str(match self.count() {
            0 => return None,
            1 => "; it is left alone.",
            _ => "; they are left alone.",
        });
        Some(words)
    }
}

impl Deed {
    /// What keeps it from being done with this connection.
    pub(super) fn lack(self, row: &Row) -> Option<Lack> {
        if !matches!(self, Self::Test | Self::Refresh) {
            return None;
        }
        let grant = row.summary.grant.as_ref();
        match grant.filter(|_| row.verdict.health != Health::NeedsSignIn) {
            None => Some(Lack::SignIn),
            Some(grant) if self == Self::Refresh && !grant.has_refresh_token => {
                Some(Lack::RefreshToken)
            }
            Some(_) => None,
        }
    }
}

/// A connection, and what is asked for it.
pub(super) struct Job {
    pub id: ConnectionId,
    pub name: ConnectionName,
    pub request: Request,
}

/// The state of it. The face asks for a few at a time and for the next when one is answered.
pub(super) struct Bulk {
    deed: Deed,
    total: usize,
    todo: VecDeque<Job>,
    running: Vec<(ConnectionId, ConnectionName)>,
    done: usize,
    left: Left,
    failed: Vec<(ConnectionName, String)>,
    stopped: bool,
}

impl Bulk {
    pub(super) fn new(deed: Deed, jobs: Vec<Job>, left: Left) -> Self {
        Self {
            deed,
            total: jobs.len() + left.count(),
            todo: jobs.into(),
            running: Vec::new(),
            done: 0,
            left,
            failed: Vec::new(),
            stopped: false,
        }
    }

    /// What to ask for now.
    pub(super) fn next(&mut self) -> Vec<Request> {
        let room = AT_A_TIME.saturating_sub(self.running.len());
        let jobs = self.todo.drain(..room.min(self.todo.len()));
        let mut requests = Vec::new();
        for job in jobs {
            self.running.push((job.id, job.name));
            requests.push(job.request);
        }
        requests
    }

    /// One was answered, well or with a sentence; `false` when it is none of these.
    pub(super) fn settled(&mut self, id: &ConnectionId, outcome: Result<(), &str>) -> bool {
        let Some(at) = self.running.iter().position(|(running, _)| running == id) else {
            return false;
        };
        let (_, name) = self.running.swap_remove(at);
        match outcome {
            Ok(()) => self.done += 1,
            Err(words) => {
                let own = words.strip_prefix(&format!("{name}: ")).unwrap_or(words);
                self.failed.push((name, own.to_owned()));
            }
        }
        true
    }

    /// One turned out to lack something: that is no failure.
    pub(super) fn cannot(&mut self, id: &ConnectionId, lack: Lack) -> bool {
        let settled = self.settled(id, Ok(()));
        if settled {
            self.done -= 1;
            self.left.add(lack);
        }
        settled
    }

    /// What was wanted of a person did not come: nothing of the rest happens.
    pub(super) fn stop(&mut self) {
        self.stopped |= !self.is_over();
        self.todo.clear();
        self.running.clear();
    }

    pub(super) fn is_over(&self) -> bool {
        self.running.is_empty() && self.todo.is_empty()
    }

    pub(super) fn failed(&self) -> &[(ConnectionName, String)] {
        &self.failed
    }

    /// `3 of 12 tested, 1 failed, 2 without a sign-in`
    pub(super) fn words(&self) -> String {
        let mut words = format!("{} of {} {}", self.done, self.total, self.deed.done());
        if !self.failed.is_empty() {
            let _ = write!(words, ", {} failed", self.failed.len());
        }
        for (lack, count) in &self.left.0 {
            let _ = write!(words, ", {count} without a {}", lack.noun());
        }
        if self.stopped {
            words.push_str("; the rest was not done");
        }
        words
    }

    /// The same for the line above the footer; at the end it names what failed.
    pub(super) fn notice(&self) -> Notice {
        let words = self.words();
        let deleted = matches!(self.deed, Deed::Delete | Deed::RevokeAndDelete);
        if deleted && self.is_over() && self.done == self.total {
            let words = format!(
                "{} {}; z brings their settings back, one at a time.",
                self.done,
                self.deed.done()
            );
            return Notice::info(words);
        }
        if !self.is_over() || self.failed.is_empty() {
            return Notice::info(format!("{words}."));
        }
        let names = self.failed.iter().take(NAMED);
        let names: Vec<&str> = names.map(|(name, _)| name.as_str()).collect();
        let more = match self.failed.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Notice::bad(format!("{words}: {}{more}", names.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(count: u8) -> (Bulk, Vec<ConnectionId>) {
        let ids: Vec<_> = (0..count)
            .map(|n| ConnectionId::from_random([n; 16]))
            .collect();
        let job = |(n, id): (usize, &ConnectionId)| Job {
            id: id.clone(),
            name: ConnectionName::parse(&format!("c{n}")).expect("a name"),
            request: Request::Test(id.clone()),
        };
        let jobs = ids.iter().enumerate().map(job).collect();
        (Bulk::new(Deed::Test, jobs, Left::default()), ids)
    }

    #[test]
    fn a_few_run_at_a_time_and_each_is_counted_once() {
        let (mut bulk, ids) = bulk(12);
        assert_eq!(bulk.next().len(), 4);
        assert_eq!(bulk.next().len(), 0);
        assert!(!bulk.settled(&ids[11], Ok(())), "it was not asked for yet");
        assert!(bulk.settled(&ids[2], Ok(())));
        assert!(!bulk.settled(&ids[2], Ok(())));
        assert!(bulk.settled(&ids[0], Err("c0: No answer.")));
        assert_eq!(bulk.next().len(), 2);
        assert_eq!(bulk.words(), "1 of 12 tested, 1 failed");
        assert_eq!(bulk.failed()[0].1, "No answer.");
        for id in &ids {
            bulk.settled(id, Ok(()));
            bulk.next();
        }
        assert!(bulk.is_over());
        assert_eq!(bulk.notice(), Notice::bad("11 of 12 tested, 1 failed: c0"));
    }

    #[test]
    fn what_is_stopped_says_so() {
        let (mut bulk, ids) = bulk(6);
        bulk.next();
        bulk.settled(&ids[1], Ok(()));
        bulk.stop();
        assert!(bulk.is_over() && bulk.next().is_empty());
        assert_eq!(bulk.words(), "1 of 6 tested; the rest was not done");
        bulk.stop();
        assert!(!bulk.settled(&ids[0], Ok(())));
    }
}
