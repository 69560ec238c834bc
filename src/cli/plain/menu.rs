//! What can be done with one connection.

use super::super::args::Login;
use super::super::failed::{Failed, OUTPUT_GONE};
use super::super::prompt::{NO_ANSWER, prompt};
use super::super::setup::Setup;
use super::super::{edit, history, login, look, output, remove, revoke, tell, work};
use super::RECENT;
use crate::engine::Error;
use crate::model::ConnectionName;

/// One thing to do with a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Test,
    Refresh,
    Reauthorize,
    Scopes,
    End,
    Details,
    History,
    Rename,
    Edit,
}

/// In the menu's order, with the letter that the table has for it.
const ACTIONS: [(Action, &str, &str); 9] = [
    (Action::Test, "test", "t"),
    (Action::Refresh, "refresh", "r"),
    (Action::Reauthorize, "re-authorize", "u"),
    (Action::Scopes, "scopes", ""),
    (Action::End, "revoke", "x"),
    (Action::Details, "details", ""),
    (Action::History, "history", "h"),
    (Action::Rename, "rename", "n"),
    (Action::Edit, "edit", "e"),
];

/// So many stand on a line of 80 columns.
const A_LINE: usize = 6;

/// The action of a letter.
pub(super) fn by_letter(letter: &str) -> Option<Action> {
    let same = |(_, _, its): &&(Action, &str, &str)| !its.is_empty() && *its == letter;
    ACTIONS.iter().find(same).map(|(action, ..)| *action)
}

/// Asks what to do with a connection, until nothing more is to be done or it is gone.
pub(super) fn run(setup: &Setup, name: &ConnectionName) -> Result<(), Failed> {
    let id = setup.engine.connection(name.as_str())?.id;
    loop {
        // Its name may change in here, and anything elsewhere.
        let connection = match setup.engine.connection_by_id(&id) {
            Ok(connection) => connection,
            Err(Error::UnknownConnection { .. }) => return Ok(()),
            Err(other) => return Err(other.into()),
        };
        let verdict = setup.engine.verdict(&connection, setup.engine.now());
        let why = verdict
            .message
            .map_or(String::new(), |why| format!(". {why}"));
        output::note(&format!(
            "{}: {}{why}",
            connection.name,
            verdict.health.word()
        ));
        let items: Vec<String> = ACTIONS
            .iter()
            .enumerate()
            .map(|(at, (_, word, _))| format!("{} {word}", at + 1))
            .collect();
        for line in items.chunks(A_LINE) {
            output::note(&format!("  {}", line.join("  ")));
        }
        let answer = prompt("Number, or enter to go back: ", "")?;
        if ["", "q", "b"].contains(&&*answer) {
            return Ok(());
        }
        let at = answer
            .parse::<usize>()
            .ok()
            .and_then(|at| at.checked_sub(1));
        let action = at
            .and_then(|at| ACTIONS.get(at))
            .map(|(action, ..)| *action);
        let Some(action) = action.or_else(|| by_letter(&answer)) else {
            output::note("Type a number from 1 to 9, or press enter.");
            continue;
        };
        match action.run(setup, connection.name.as_str()) {
            Err(failed) if [OUTPUT_GONE, NO_ANSWER].contains(&&*failed.0.code) => {
                return Err(failed);
            }
            Err(failed) => tell(&failed, false),
            Ok(()) => {}
        }
    }
}

impl Action {
    /// Does it, asking what it needs to know.
    pub(super) fn run(self, setup: &Setup, name: &str) -> Result<(), Failed> {
        match self {
            Self::Test => work::test(setup, name, None, false),
            Self::Refresh => work::refresh(setup, name, false),
            Self::Reauthorize => login::run(setup, &Login::plain(name)),
            Self::Scopes => scopes(setup, name),
            Self::End => end(setup, name),
            Self::Details => look::show(setup, name, false),
            Self::History => history::run(setup, Some(name), RECENT, false),
            Self::Rename => rename(setup, name),
            Self::Edit => change(setup, name),
        }
    }
}

/// Shows them, and signs in with others if that is wanted.
fn scopes(setup: &Setup, name: &str) -> Result<(), Failed> {
    let connection = setup.engine.connection(name)?;
    for line in look::scope_lines(&connection) {
        output::data(&line)?;
    }
    let asked = connection.requested.to_string();
    output::note("Scopes decide what this connection may touch. Ask only for what you need.");
    let wanted = prompt(&format!("Ask for [{asked}]: "), &asked)?;
    if wanted == asked {
        return Ok(());
    }
    edit::run(setup, name, &[format!("scope={wanted}")], None)?;
    output::note("What you have stays until the new sign-in has succeeded.");
    if prompt("Sign in now? [Y/n] ", "y")?.eq_ignore_ascii_case("y") {
        login::run(setup, &Login::plain(name))?;
    }
    Ok(())
}

fn end(setup: &Setup, name: &str) -> Result<(), Failed> {
    let connection = setup.engine.connection(name)?;
    if connection.grant.is_none() || connection.ended.is_some() {
        let question = format!("Nobody is signed in. Delete the settings of {name}? [y/N] ");
        if prompt(&question, "n")?.eq_ignore_ascii_case("y") {
            return remove::run(setup, name, false, true);
        }
        return Ok(());
    }
    let provider = crate::model::Untrusted::new(&*connection.provider.name).shown();
    output::note(&format!(
        "  1 keep it\n  2 revoke: {provider} is told; programs using it stop working; the settings stay\n  3 revoke and delete: the settings go too\n  4 delete here only: the sign-in stays valid at {provider}"
    ));
    match prompt("Number [1]: ", "1")?.as_str() {
        "2" => revoke::run(setup, name, false),
        "3" => remove::run(setup, name, true, false),
        "4" => remove::run(setup, name, false, true),
        "1" => {
            output::note(&format!("Kept {name}. Nothing was changed."));
            Ok(())
        }
        _ => {
            output::note("That is none of the four. Nothing was changed.");
            Ok(())
        }
    }
}

fn rename(setup: &Setup, name: &str) -> Result<(), Failed> {
    let wanted = prompt(&format!("New name [{name}]: "), name)?;
    if wanted == name {
        return Ok(());
    }
    edit::rename(setup, name, &wanted)
}

/// One field at a time, until enter alone.
fn change(setup: &Setup, name: &str) -> Result<(), Failed> {
    output::note(&format!("Fields: {}", edit::fields().join(", ")));
    loop {
        let line = prompt("FIELD=VALUE, or enter to go back: ", "")?;
        if line.is_empty() {
            return Ok(());
        }
        if edit::parks(setup, name, &line)? {
            output::note(
                "That parks this sign-in: its tokens will not be sent there. You sign in again.",
            );
            if !prompt("Change it? [y/N] ", "n")?.eq_ignore_ascii_case("y") {
                continue;
            }
        }
        // What was typed wrong can be typed again.
        match edit::run(setup, name, &[line], None) {
            Err(failed) if failed.0.code == "edit" => tell(&failed, false),
            done => done?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_letter_means_two_things() {
        for (action, _, letter) in ACTIONS {
            if !letter.is_empty() {
                assert!(by_letter(letter) == Some(action), "{letter}");
            }
        }
        assert!(by_letter("").is_none());
    }
}
