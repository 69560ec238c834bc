//! Revoke or delete, as far as there is something to revoke and somebody to tell.

use super::super::failed::Failed;
use super::super::prompt::{choice, yes};
use super::super::setup::Setup;
use super::super::{output, remove, revoke, waiting};
use crate::advice::{cannot_be_told, stays_valid, still_waits};
use crate::model::{Connection, UnixTime, Untrusted, Waiting};

/// What a choice does; the first of each list changes nothing.
#[derive(Clone, Copy)]
enum Choice {
    Keep,
    Revoke,
    RevokeAndDelete,
    TellAgain,
    TellNoMore,
    Delete,
}

pub(super) fn run(setup: &Setup, name: &str) -> Result<(), Failed> {
    let connection = setup.engine.connection(name)?;
    let waits = waiting::over_here(setup, name)?;
    if waits.is_none() && !connection.is_signed_in() {
        let question = format!("Nobody is signed in. Delete the settings of {name}?");
        if yes(&question, false)? {
            return remove::run(setup, name, false, true);
        }
        output::note(&format!("Kept {name}."));
        return Ok(());
    }
    let choices = offered(&connection, waits.as_deref());
    for (at, choice) in choices.iter().enumerate() {
        output::item(&format!("  {} {}", at + 1, choice.words(&connection)));
    }
    let number = choice("Number, enter keeps it: ", "1", choices.len())?;
    match choices[number - 1] {
        Choice::Keep => {
            output::note(&format!("Kept {name}. Nothing was changed."));
            Ok(())
        }
        Choice::Revoke => revoke::run(setup, name, false),
        Choice::RevokeAndDelete => remove::run(setup, name, true, false),
        Choice::TellAgain => waiting::tell_now(setup, waits.unwrap_or_default(), false),
        Choice::TellNoMore => waiting::drop(setup, name, false),
        Choice::Delete => remove::run(setup, name, false, true),
    }
}

/// Asks which, after why there are no more of them.
fn offered(connection: &Connection, waits: Option<&[Waiting]>) -> Vec<Choice> {
    let name = &connection.name;
    if let Some(waits) = waits {
        for one in waits {
            output::note(&still_waits(one, UnixTime::rfc3339));
        }
        output::note(&format!("Tell it again, or delete {name}?"));
        return vec![
            Choice::Keep,
            Choice::TellAgain,
            Choice::TellNoMore,
            Choice::Delete,
        ];
    }
    if let Some(why) = connection.no_revocation() {
        output::note(&format!(
            "Delete {name}? {}",
            cannot_be_told(connection, why)
        ));
        return vec![Choice::Keep, Choice::Delete];
    }
    output::note(&format!("Revoke or delete {name}?"));
    vec![
        Choice::Keep,
        Choice::Revoke,
        Choice::RevokeAndDelete,
        Choice::Delete,
    ]
}

impl Choice {
    fn words(self, connection: &Connection) -> String {
        let provider = Untrusted::new(&*connection.provider.name).shown();
        match self {
            Self::Keep => "keep it".to_owned(),
            Self::Revoke => format!(
                "revoke: {provider} is told; programs using it stop working; the settings stay"
            ),
            Self::RevokeAndDelete => "revoke and delete: the settings go too".to_owned(),
            Self::TellAgain => format!("tell it again now: {provider} is asked once more"),
            Self::TellNoMore => {
                format!("tell it no more: the sign-in may stay valid at {provider}")
            }
            Self::Delete if connection.is_signed_in() => {
                format!("delete here only: {}", stays_valid(connection))
            }
            Self::Delete => "delete: the settings go; the revocation goes on waiting".to_owned(),
        }
    }
}
