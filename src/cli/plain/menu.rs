//! What can be done with one connection.

use super::super::args::{Login, Test};
use super::super::failed::Failed;
use super::super::prompt::{choice, prompt, yes};
use super::super::scopes;
use super::super::setup::Setup;
use super::super::{edit, history, login, look, output, refresh, remove, revoke, test};
use super::{Ending, RECENT, Told, told};
use crate::advice::fields::about;
use crate::engine::{Error, Field, put_all};
use crate::model::{Connection, ConnectionName, Quirk, Untrusted};

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
        let offered: Vec<Action> = ACTIONS
            .iter()
            .map(|(action, _)| *action)
            .filter(|action| action.is_offered(&connection))
            .collect();
        let items: Vec<String> = offered
            .iter()
            .enumerate()
            .map(|(at, action)| format!("{} {}", at + 1, action.word(&connection)))
            .collect();
        for line in items.chunks(A_LINE) {
            output::note(&format!("  {}", line.join("  ")));
        }
        let answer = match told(prompt("Number, or enter to go back: ", ""))? {
            Told::Done(answer) if !["", "q", "b"].contains(&&*answer) => answer,
            _ => return Ok(()),
        };
        let number = answer.parse::<usize>().ok();
        let at = number.and_then(|number| number.checked_sub(1));
        let action = at.and_then(|at| offered.get(at)).copied();
        let by_letter = || by_letter(&answer).filter(|action| offered.contains(action));
        match action.or_else(by_letter) {
            Some(action) => {
                told(action.run(setup, connection.name.as_str()))?;
            }
            None => output::note(&format!(
                "Type a number from 1 to {}, or press enter.",
                offered.len()
            )),
        }
    }
}

fn is_signed_in(connection: &Connection) -> bool {
    connection.grant.is_some() && connection.ended.is_none()
}

impl Action {
    fn word(self, connection: &Connection) -> &'static str {
        let signed_in = is_signed_in(connection);
        match self {
            Self::Test => "test",
            Self::Refresh => "refresh",
            Self::SignIn if signed_in => "re-authorize",
            Self::SignIn => "sign in",
            Self::Scopes => "scopes",
            Self::End if signed_in => "revoke or delete",
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
        self != Self::Introspect || (can_ask && is_signed_in(connection))
    }

    /// Whether it asks what to do each time, so that no count of them says anything.
    pub(super) fn asks(self) -> bool {
        matches!(self, Self::End | Self::Rename | Self::Edit | Self::Scopes)
    }

    /// Does it, asking what it needs to know.
    pub(super) fn run(self, setup: &Setup, name: &str) -> Result<(), Failed> {
        match self {
            Self::Test => test::run(setup, &Test::read(name)),
            Self::Refresh => refresh::run(setup, name, false),
            Self::SignIn => login::run(setup, &Login::plain(name)),
            Self::Scopes => other_scopes(setup, name),
            Self::End => end(setup, name),
            Self::Details => look::show(setup, name, false),
            Self::History => history::run(setup, Some(name), RECENT, false),
            Self::Rename => rename(setup, name),
            Self::Edit => change(setup, name),
            Self::Introspect => test::ask_the_provider(setup, name),
        }
    }
}

/// Shows them, and signs in with others if that is wanted.
fn other_scopes(setup: &Setup, name: &str) -> Result<(), Failed> {
    let connection = setup.engine.connection(name)?;
    for line in look::scope_lines(&connection) {
        output::data(&line)?;
    }
    output::note("Scopes decide what this connection may touch. Ask only for what you need.");
    let wanted = scopes::ask(
        &scopes::known(setup, &connection),
        &connection.requested,
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
    if is_signed_in(&connection) {
        output::note("What you have stays until the new sign-in has succeeded.");
    }
    if !yes("Sign in now?", true)? {
        output::note("Nothing was changed.");
        return Ok(());
    }
    // The definition asks for them from the moment that the new sign-in is accepted.
    let login = Login {
        scope: changed.then(|| wanted.to_string()),
        ..Login::plain(name)
    };
    login::run(setup, &login)
}

fn end(setup: &Setup, name: &str) -> Result<(), Failed> {
    let connection = setup.engine.connection(name)?;
    if !is_signed_in(&connection) {
        let question = format!("Nobody is signed in. Delete the settings of {name}?");
        if yes(&question, false)? {
            return remove::run(setup, name, false, true);
        }
        output::note(&format!("Kept {name}."));
        return Ok(());
    }
    let provider = Untrusted::new(&*connection.provider.name).shown();
    output::note(&format!("Revoke or delete {name}?"));
    for line in [
        "  1 keep it".to_owned(),
        format!(
            "  2 revoke: {provider} is told; programs using it stop working; the settings stay"
        ),
        "  3 revoke and delete: the settings go too".to_owned(),
        format!("  4 delete here only: the sign-in stays valid at {provider}"),
    ] {
        output::item(&line);
    }
    match choice("Number, enter keeps it: ", "1", 4)? {
        2 => revoke::run(setup, name, false),
        3 => remove::run(setup, name, true, false),
        4 => remove::run(setup, name, false, true),
        _ => {
            output::note(&format!("Kept {name}. Nothing was changed."));
            Ok(())
        }
    }
}

fn rename(setup: &Setup, name: &str) -> Result<(), Failed> {
    loop {
        let wanted = prompt(&format!("New name, enter keeps {name}: "), name)?;
        if wanted == name {
            output::note(&format!("Kept {name}."));
            return Ok(());
        }
        match told(edit::rename(setup, name, &wanted))? {
            Told::Not(Ending::Mistake) => {}
            _ => return Ok(()),
        }
    }
}

/// One field at a time, by its number, until enter alone.
fn change(setup: &Setup, name: &str) -> Result<(), Failed> {
    tell_fields(&setup.engine.connection(name)?);
    loop {
        let connection = setup.engine.connection(name)?;
        let answer = prompt(
            "Number of the field, ? lists them, or enter to go back: ",
            "",
        )?;
        if answer.is_empty() {
            return Ok(());
        }
        if answer == "?" {
            tell_fields(&connection);
            continue;
        }
        let number = answer.parse::<usize>().ok();
        let at = number.and_then(|number| number.checked_sub(1));
        let field = at.and_then(|at| Field::ALL.get(at).copied());
        match field.or_else(|| Field::parse(&answer)) {
            Some(Field::Scopes) => other_scopes(setup, name)?,
            Some(field) => set(setup, &connection, field)?,
            None => output::note(&format!("Type a number from 1 to {}.", Field::ALL.len())),
        }
    }
}

fn tell_fields(connection: &Connection) {
    for (at, field) in Field::ALL.into_iter().enumerate() {
        output::item(&format!(
            "  {:>2} {}: {}",
            at + 1,
            field.word(),
            or_none(field.text(connection))
        ));
    }
}

fn or_none(text: String) -> String {
    if text.is_empty() {
        "none".to_owned()
    } else {
        Untrusted::new(text).shown().to_string()
    }
}

fn set(setup: &Setup, connection: &Connection, field: Field) -> Result<(), Failed> {
    let name = connection.name.as_str();
    let before = field.text(connection);
    if !field.choices().is_empty() {
        output::note(&format!("One of: {}", field.choices().join(", ")));
    }
    let (value, after) = loop {
        let question = format!(
            "New {}, enter keeps {}, - empties it: ",
            field.word(),
            or_none(before.clone())
        );
        let typed = prompt(&question, &before)?;
        if typed == "?" {
            output::note(about(field));
            continue;
        }
        let value = if typed == "-" { String::new() } else { typed };
        if value == before {
            output::note("Kept. Nothing was changed.");
            return Ok(());
        }
        let mut after = connection.clone();
        match put_all(&mut after, &[(field, value.clone())]).first() {
            None => break (value, after),
            Some((_, problem)) => output::note(&format!(
                "{}. Once more:",
                Untrusted::new(problem.to_string()).shown()
            )),
        }
    };
    let parks =
        is_signed_in(connection) && connection.endpoint_identity() != after.endpoint_identity();
    if parks {
        output::note(
            "That parks this sign-in: its tokens will not be sent there. You sign in again.",
        );
        if !yes("Change it?", false)? {
            output::note("Kept. Nothing was changed.");
            return Ok(());
        }
    }
    edit::run(
        setup,
        name,
        &[format!("{}={value}", field.word())],
        None,
        false,
    )
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
