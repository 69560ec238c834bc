//! The agent in words: whether it runs, whether it is open, and what that means for programs.

use super::{Check, State};
use crate::advice::Advice;
use crate::model::UnixTime;

/// How the agent was found.
#[derive(Debug)]
pub enum AgentFound {
    /// None runs.
    Absent,
    /// It holds the vault open, until then where that is limited.
    Open(Option<UnixTime>),
    /// A person locked it.
    Locked,
    /// It was not opened yet, or its time is over.
    Closed,
    /// One is there, and of no use.
    Useless(Advice),
}

/// Its line. `asked`: the settings let programs ask it.
pub fn agent(found: AgentFound, asked: bool) -> Check {
    const ID: &str = "agent";
    let ok = |words: String| Check::new(ID, State::Ok, words);
    if !asked {
        let state = match found {
            AgentFound::Absent => "not running",
            _ => "running",
        };
        return ok(format!(
            "{state}, and not asked: config.toml says `agent = false`; programs get tokens from the vault directly"
        ));
    }
    match found {
        AgentFound::Absent => {
            ok("not running; programs get tokens from the vault directly".to_owned())
        }
        AgentFound::Open(until) => {
            let until = until.map_or(String::new(), |end| format!(" until {}", end.rfc3339()));
            ok(format!(
                "running, and holds the vault open{until}; programs get tokens from it"
            ))
        }
        AgentFound::Closed => ok(
            "running, and does not hold the vault open; programs get tokens from the vault directly. To open it:"
                .to_owned(),
        )
        .run("valetkey vault unlock"),
        AgentFound::Locked => Check::new(
            ID,
            State::Warn,
            "running, and locked; programs get no token until it is unlocked.",
        )
        .run("valetkey vault unlock"),
        AgentFound::Useless(advice) => Check::of(ID, State::Warn, advice),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advice;

    #[test]
    fn only_an_agent_that_gives_nothing_is_a_warning() {
        let told = |found, asked| {
            let check = agent(found, asked);
            (check.state, check.words)
        };
        for (found, begins) in [
            (AgentFound::Absent, "not running; programs get"),
            (AgentFound::Open(None), "running, and holds the vault open;"),
            (AgentFound::Closed, "running, and does not hold the vault"),
        ] {
            let (state, words) = told(found, true);
            assert_eq!(state, State::Ok, "{words}");
            assert!(words.starts_with(begins), "{words}");
        }
        for found in [
            AgentFound::Locked,
            AgentFound::Useless(advice::agent::silent()),
        ] {
            assert_eq!(told(found, true).0, State::Warn);
        }
        let (state, words) = told(AgentFound::Locked, false);
        assert_eq!(state, State::Ok, "nobody asks it");
        assert!(words.contains("`agent = false`"), "{words}");
    }
}
