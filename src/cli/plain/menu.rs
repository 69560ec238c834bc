//! What can be done with one connection.

use super::super::args::{Login, Test};
use super::super::failed::Failed;
use super::super::prompt::{prompt, yes};
use super::super::scopes;
use super::super::setup::Setup;
use super::super::{edit, history, login, look, output, refresh, test, waiting};
use super::hints::Place;
use super::{Ending, RECENT, Told, editing, in_practice, revoking, told};
use crate::engine::Error;
use crate::model::{Connection, ConnectionName, Quirk};

/// One thing to do with a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Test,
    Refresh,
    SignIn,
    Scopes,
    End,
    Details,
    History,
    Rename,
    Edit,
    Introspect,
}

/// In the menu's order, with the letter that the table has for it.
const ACTIONS: [(Action, &str); 10] = [
    (Action::Test, "t"),
    (Action::Refresh, "r"),
    (Action::SignIn, "u"),
    (Action::Scopes, ""),
    (Action::End, "x"),
    (Action::Details, ""),
    (Action::History, "h"),
    (Action::Rename, "n"),
    (Action::Edit, "e"),
    (Action::Introspect, "i"),
];

/// So many stand on a line of 80 columns.
const A_LINE: usize = 5;

/// The action of a letter.
pub(super) fn by_letter(letter: &str) -> Option<Action> {
    let same = |(_, its): &&(Action, &str)| !its.is_empty() && its.eq_ignore_ascii_case(letter);
    ACTIONS.iter().find(same).map(|(action, _)| *action)
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
        let offered = numbered(setup, &connection)?;
        let items: Vec<&str> = offered.iter().map(|(_, words)| &**words).collect();
        for line in items.chunks(A_LINE) {
            output::note(&format!("  {}", line.join("  ")));
        }
        let place = Place::Menu(&id);
        let asked = prompt(&in_practice(setup, "Number, or enter to go back: "), "");
        let answer = match told(setup, asked, place)? {
            Told::Done(answer) if !["", "q", "b"].contains(&&*answer) => answer,
            _ => return Ok(()),
        };
        match chosen(&offered, &answer) {
            Some(action) => {
                told(
                    setup,
                    action.run(setup, connection.name.as_str(), place),
                    place,
                )?;
            }
            None => output::note(&format!(
                "Type a number from 1 to {}, its word, or press enter.",
                offered.len()
            )),
        }
    }
}

/// What can be done with a connection now, each with the number and the word that choose it.
pub(super) fn numbered(
    setup: &Setup,
    connection: &Connection,
) -> Result<Vec<(Action, String)>, Failed> {
    let waits = waiting::over_here(setup, connection.name.as_str())?.is_some();
    let actions = ACTIONS.iter().map(|(action, _)| *action);
    let offered = actions.filter(|action| action.is_offered(connection));
    Ok(offered
        .enumerate()
        .map(|(at, action)| {
            (
                action,
                format!("{} {}", at + 1, action.word(connection, waits)),
            )
        })
        .collect())
}

/// By number, word or letter.
fn chosen(offered: &[(Action, String)], answer: &str) -> Option<Action> {
    let answer = answer.to_lowercase();
    let named = offered.iter().find(|(_, words)| {
        let parts = words.split_once(' ');
        *words == answer || parts.is_some_and(|(number, word)| [number, word].contains(&&*answer))
    });
    let by_letter = || by_letter(&answer).filter(|one| offered.iter().any(|(its, _)| its == one));
    named.map(|(action, _)| *action).or_else(by_letter)
}

impl Action {
    /// `waits`: a revocation of it waits to be told.
    fn word(self, connection: &Connection, waits: bool) -> &'static str {
        let signed_in = connection.is_signed_in();
        match self {
            Self::Test => "test",
            Self::Refresh => "refresh",
            Self::SignIn if signed_in => "re-authorize",
            Self::SignIn => "sign in",
            Self::Scopes => "scopes",
            Self::End if waits => "tell again or delete",
            Self::End if signed_in && connection.no_revocation().is_none() => "revoke or delete",
            Self::End => "delete",
            Self::Details => "details",
            Self::History => "history",
            Self::Rename => "rename",
            Self::Edit => "edit",
            Self::Introspect => "ask the provider",
        }
    }

    /// Not every provider can be asked about a token.
    fn is_offered(self, connection: &Connection) -> bool {
        let can_ask = connection.provider.endpoints.introspection.is_some();
        self != Self::Introspect || (can_ask && connection.is_signed_in())
    }

    /// Whether it asks what to do each time, so that no count of them says anything.
    pub(super) fn asks(self) -> bool {
        matches!(self, Self::End | Self::Rename | Self::Edit | Self::Scopes)
    }

    /// What stands before a number or a name at the list to do it there.
    pub(super) fn letter(self) -> Option<&'static str> {
        let same = |(action, _): &&(Self, &str)| *action == self;
        let (_, letter) = ACTIONS.iter().find(same)?;
        (!letter.is_empty()).then_some(letter)
    }

    /// Does it, asking what it needs to know.
    pub(super) fn run(self, setup: &Setup, name: &str, place: Place) -> Result<(), Failed> {
        match self {
            Self::Test => test::run(setup, &Test::read(name)),
            Self::Refresh => refresh::run(setup, name, false),
            Self::SignIn => sign_in(setup, &Login::plain(name)),
            Self::Scopes => other_scopes(setup, name),
            Self::End => revoking::run(setup, name),
            Self::Details => look::show(setup, name, false),
            Self::History => history::run(setup, Some(name), RECENT, false),
            Self::Rename => rename(setup, name, place),
            Self::Edit => editing::run(setup, name),
            Self::Introspect => test::ask_the_provider(setup, name),
        }
    }
}

/// Signs in, and tells right away whether it works, as the table does.
fn sign_in(setup: &Setup, login: &Login) -> Result<(), Failed> {
    login::run(setup, login)?;
    if setup
        .engine
        .connection(&login.name)?
        .provider
        .test
        .is_some()
    {
        test::of_a_new_sign_in(setup, &login.name);
    }
    Ok(())
}

/// Shows them, and signs in with others if that is wanted.
pub(super) fn other_scopes(setup: &Setup, name: &str) -> Result<(), Failed> {
    let connection = setup.engine.connection(name)?;
    for line in look::scope_lines(&connection) {
        output::data(&line)?;
    }
    output::note("Scopes decide what this connection may touch. Ask only for what you need.");
    let wanted = scopes::ask(
        &scopes::known(setup, &connection),
        &connection.requested,
        connection.held_or_requested(),
        connection.provider.has(&Quirk::CommaScopes),
    )?;
    let granted = connection
        .grant
        .as_ref()
        .and_then(|grant| grant.granted.as_ref());
    let changed = wanted != connection.requested;
    if !changed && (granted.is_none_or(|granted| *granted == wanted)) {
        output::note("The same as before. Nothing was changed.");
        return Ok(());
    }
    if connection.is_signed_in() {
        output::note("What you have stays until the new sign-in has succeeded.");
    }
    output::note(&if wanted.is_empty() {
        "It will ask for the provider's default.".to_owned()
    } else {
        format!("It will ask for: {wanted}")
    });
    if !yes("Sign in now?", true)? {
        output::note("Nothing was changed.");
        return Ok(());
    }
    // The definition asks for them from the moment that the new sign-in is accepted.
    let login = Login {
        scope: changed.then(|| wanted.to_string()),
        ..Login::plain(name)
    };
    sign_in(setup, &login)
}

fn rename(setup: &Setup, name: &str, place: Place) -> Result<(), Failed> {
    loop {
        let wanted = prompt(&format!("New name, enter keeps {name}: "), name)?;
        if wanted == name {
            output::note(&format!("Kept {name}."));
            return Ok(());
        }
        match told(setup, edit::rename(setup, name, &wanted), place)? {
            Told::Not(Ending::Mistake) => {}
            _ => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_letter_means_two_things() {
        for (action, letter) in ACTIONS {
            if !letter.is_empty() {
                assert!(by_letter(letter) == Some(action), "{letter}");
                assert!(
                    by_letter(&letter.to_uppercase()) == Some(action),
                    "{letter}"
                );
            }
        }
        assert!(by_letter("").is_none());
    }
}
