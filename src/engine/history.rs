//! What happened to a connection, or to all of them: the vault's own events and the hand-outs beside
//! it, in one order (conformance X-08). No unlock, no network.

#[cfg(test)]
mod tests;

use std::iter::Peekable;
use std::ops::ControlFlow;
use std::vec::IntoIter;

use super::{Engine, Error, hold};
use crate::model::{Caller, ConnectionId, EndReason, ProblemKind, Shown, UnixTime, Untrusted};
use crate::vault::{
    Event, Handed, Handouts, Outcome, VaultError, Via, end_of_word, problem_of_word,
};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    pub at: UnixTime,
    pub connection: ConnectionId,
    /// The connection's name at that time.
    pub name: String,
    pub what: Happening,
}

/// What it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A change that the vault wrote down with itself.
    Changed {
        /// One of the words of [`Event::what`].
        word: String,
        detail: Option<Untrusted>,
    },
    /// Somebody asked for a token.
    Handed {
        outcome: Outcome,
        via: Via,
        /// The last one.
        caller: Option<Caller>,
        /// How often in a row, to programs of the same name.
        times: usize,
        /// The first of them.
        since: UnixTime,
    },
}

/// Newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    pub lines: Vec<Happened>,
    /// There are older ones.
    pub more: bool,
    /// Why the hand-outs are missing from it.
    pub unread: Option<VaultError>,
}

/// How hand-outs are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// One by one.
    Each,
    /// As one line when they are alike and follow each other.
    Folded,
}

impl Happened {
    /// A word for scripts.
    pub fn action(&self) -> &str {
        match &self.what {
            Happening::Changed { word, .. } => word,
            Happening::Handed { .. } => "token",
        }
    }

    /// How it ended, as a word for scripts.
    pub fn outcome(&self) -> &'static str {
        match &self.what {
            Happening::Changed { word, .. } if word == "failed" => "failed",
            Happening::Changed { .. } => "done",
            Happening::Handed { outcome, .. } => match outcome {
                Outcome::Given => "given",
                Outcome::Refused(_) => "refused",
            },
        }
    }

    pub fn detail(&self) -> Option<Shown> {
        match &self.what {
            Happening::Changed { detail, .. } => detail.as_ref().map(Untrusted::shown),
            Happening::Handed { outcome, .. } => match outcome {
                Outcome::Given => None,
                Outcome::Refused(code) => Some(Untrusted::new(code).shown()),
            },
        }
    }

    /// In plain words; `time` tells a moment as the face does.
    pub fn sentence(&self, time: impl Fn(UnixTime) -> String) -> String {
        let mut words = match &self.what {
            Happening::Changed { word, .. } => word.replace('-', " "),
            Happening::Handed {
                caller,
                via,
                times,
                since,
                ..
            } => {
                let outcome = self.outcome();
                let whom = match caller {
                    Some(caller) if *times == 1 => {
                        format!(" to {} ({})", caller.name.shown(), caller.pid)
                    }
                    Some(caller) => format!(" to {}", caller.name.shown()),
                    None => String::new(),
                };
                let often = match times {
                    1 => String::new(),
                    _ => format!(" {times} times since {}", time(*since)),
                };
                let by = match via {
                    Via::Command => "",
                    Via::Agent => " by the agent",
                };
                format!("token {outcome}{whom}{by}{often}")
            }
        };
        if let Some(detail) = self.detail_words() {
            words = format!("{words}: {detail}");
        }
        words
    }

    /// The detail for people; whatever is no word of ours stays as it is.
    fn detail_words(&self) -> Option<String> {
        let detail = self.detail()?.to_string();
        Some(match &self.what {
            Happening::Changed { word, .. } if ["ended", "dropped"].contains(&&**word) => {
                end_of_word(&detail).map_or(detail, |end| ended(end).to_owned())
            }
            Happening::Changed { word, .. } if word == "failed" => {
                problem_of_word(&detail).map_or(detail, |kind| failed(kind).to_owned())
            }
            Happening::Changed { .. } => detail,
            // A code of our own advice.
            Happening::Handed { .. } => detail.replace('-', " "),
        })
    }

    /// Takes an older line in, when it is the same again.
    fn takes_in(&mut self, older: &Happened) -> bool {
        let same_row = self.connection == older.connection && self.name == older.name;
        let name = |caller: &Option<Caller>| caller.as_ref().map(|caller| caller.name.clone());
        match (&mut self.what, &older.what) {
            (
                Happening::Handed {
                    outcome,
                    via,
                    caller,
                    times,
                    since,
                },
                Happening::Handed {
                    outcome: outcome_before,
                    via: via_before,
                    caller: caller_before,
                    ..
                },
            ) if same_row
                && outcome == outcome_before
                && via == via_before
                && name(caller) == name(caller_before) =>
            {
                *times += 1;
                *since = older.at;
                true
            }
            _ => false,
        }
    }
}

fn ended(end: EndReason) -> &'static str {
    match end {
        EndReason::EndedByProvider => "the provider ended it",
        EndReason::RevokedByYou => "you revoked it",
        EndReason::VaultKeyGone => "the vault key is gone",
        EndReason::RefreshInterrupted => "a refresh was interrupted",
        EndReason::EndpointsChanged => "an address was changed, which parked it",
        EndReason::AccountChanged => "the provider switched the account",
    }
}

fn failed(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Configuration => "the provider refuses this configuration",
        ProblemKind::Transport => "the provider was not reached",
    }
}

impl From<Event> for Happened {
    fn from(event: Event) -> Self {
        Self {
            at: event.at,
            connection: event.connection,
            name: event.name,
            what: Happening::Changed {
                word: event.what,
                detail: event.detail,
            },
        }
    }
}

impl From<Handed> for Happened {
    fn from(handed: Handed) -> Self {
        Self {
            at: handed.at,
            connection: handed.connection,
            name: handed.name,
            what: Happening::Handed {
                outcome: handed.outcome,
                via: handed.via,
                caller: handed.caller,
                times: 1,
                since: handed.at,
            },
        }
    }
}

/// In the same second a token comes after a sign-in or a refresh, but not after the end.
fn is_after(event: &Event, handed: &Handed) -> bool {
    let over = matches!(event.what.as_str(), "ended" | "removed");
    event.at > handed.at || (event.at == handed.at && over)
}

/// Both lists in one, as they are read. Each keeps its own order, whatever was done to the clock.
struct Merge {
    events: Peekable<IntoIter<Event>>,
    lines: Vec<Happened>,
    limit: usize,
    telling: Telling,
    /// One more did not fit.
    more: bool,
}

impl Merge {
    fn hand(&mut self, handed: Handed) -> ControlFlow<()> {
        while let Some(event) = self.events.next_if(|event| is_after(event, &handed)) {
            self.push(event.into())?;
        }
        self.push(handed.into())
    }

    fn push(&mut self, line: Happened) -> ControlFlow<()> {
        let last = self.lines.last_mut();
        if self.telling == Telling::Folded && last.is_some_and(|last| last.takes_in(&line)) {
            return ControlFlow::Continue(());
        }
        if self.lines.len() >= self.limit {
            self.more = true;
            return ControlFlow::Break(());
        }
        self.lines.push(line);
        ControlFlow::Continue(())
    }
}

impl Engine {
    /// The newest lines, of one connection or of all; those that are gone too.
    pub fn history(
        &self,
        of: Option<&ConnectionId>,
        limit: usize,
        telling: Telling,
    ) -> Result<History, Error> {
        let events = match hold(&self.0.vault).as_ref() {
            Some(vault) => vault.history(of, limit.saturating_add(1))?,
            None => Vec::new(),
        };
        let mut merge = Merge {
            events: events.into_iter().peekable(),
            lines: Vec::new(),
            limit,
            telling,
            more: false,
        };
        let read = Handouts::of(&self.0.home)
            .map_or(Ok(()), |all| all.each(of, |handed| merge.hand(handed)));
        while let Some(event) = merge.events.next() {
            if merge.push(event.into()).is_break() {
                break;
            }
        }
        Ok(History {
            lines: merge.lines,
            more: merge.more,
            unread: read.err(),
        })
    }
}
