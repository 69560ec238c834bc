//! What happened to a connection, or to all of them: the vault's own events and the hand-outs beside
//! it, in one order (conformance X-08). No unlock, no network.

use std::iter::Peekable;
use std::ops::ControlFlow;
use std::vec::IntoIter;

use super::{Engine, Error, hold};
use crate::model::{Caller, ConnectionId, Shown, UnixTime, Untrusted};
use crate::vault::{Event, Handed, Handouts, Outcome, VaultError, Via};

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
        if let Some(detail) = self.detail() {
            words = format!("{words}: {detail}");
        }
        words
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

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> ConnectionId {
        ConnectionId::from_random([1; 16])
    }

    fn event(at: i64, what: &str) -> Event {
        Event {
            at: UnixTime(at),
            connection: id(),
            name: "github".to_owned(),
            what: what.to_owned(),
            detail: None,
        }
    }

    fn handed(at: i64, pid: u32, name: &str, outcome: Outcome) -> Handed {
        Handed {
            at: UnixTime(at),
            connection: id(),
            name: "github".to_owned(),
            outcome,
            via: Via::Command,
            caller: Some(Caller {
                pid,
                name: Untrusted::new(name),
            }),
        }
    }

    fn told(
        events: Vec<Event>,
        handed: Vec<Handed>,
        limit: usize,
        telling: Telling,
    ) -> Vec<String> {
        let mut merge = Merge {
            events: events.into_iter().peekable(),
            lines: Vec::new(),
            limit,
            telling,
            more: false,
        };
        for handed in handed {
            if merge.hand(handed).is_break() {
                break;
            }
        }
        while let Some(event) = merge.events.next() {
            let _ = merge.push(event.into());
        }
        let line = |line: &Happened| line.sentence(|at| at.0.to_string());
        merge.lines.iter().map(line).collect()
    }

    #[test]
    fn x_08_events_and_hand_outs_stand_in_one_order() {
        let events = vec![
            event(30, "refreshed"),
            event(20, "ended"),
            event(10, "signed-in"),
        ];
        let handed = vec![
            handed(30, 3, "git", Outcome::Given),
            handed(
                20,
                2,
                "git\u{1b}[2J\n",
                Outcome::Refused("denied".to_owned()),
            ),
            handed(5, 1, "sh", Outcome::Given),
        ];
        assert_eq!(
            told(events, handed, 5, Telling::Each),
            [
                "token given to git (3)",
                "refreshed",
                "ended",
                "token refused to git␛[2J␊ (2): denied",
                "signed in",
            ]
        );
    }

    #[test]
    fn x_08_the_same_hand_out_again_is_one_line_with_a_number() {
        let given = |at, name| handed(at, 1, name, Outcome::Given);
        let all = || {
            vec![
                given(9, "git"),
                given(8, "git"),
                given(7, "git"),
                given(6, "sh"),
                given(2, "git"),
            ]
        };
        let events = || vec![event(4, "tested"), event(1, "added")];
        assert_eq!(
            told(events(), all(), 10, Telling::Folded),
            [
                "token given to git 3 times since 7",
                "token given to sh (1)",
                "tested",
                "token given to git (1)",
                "added",
            ]
        );
        assert_eq!(told(events(), all(), 2, Telling::Folded).len(), 2);
        assert_eq!(told(events(), all(), 9, Telling::Each).len(), 7);
    }
}
