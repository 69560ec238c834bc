//! The settings of a connection, one field at a time.

use super::super::add::ca_file;
use super::super::failed::Failed;
use super::super::prompt::{prompt, prompt_secret, yes};
use super::super::setup::Setup;
use super::super::{edit, output};
use super::menu::other_scopes;
use crate::advice::fields::{SECRET, about};
use crate::engine::{Field, put_all};
use crate::host::typed_path;
use crate::model::{Connection, Secret, Untrusted};

/// The word of the one field that is never shown.
pub(super) const CLIENT_SECRET: &str = "client-secret";

const KEPT: &str = "Kept. Nothing was changed.";

/// The word of the one field whose value is what a file holds.
const CA: &str = "ca-file";

/// One field at a time, by its number or word, until enter alone.
pub(super) fn run(setup: &Setup, name: &str) -> Result<(), Failed> {
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
        if at == Some(Field::ALL.len()) || answer == CLIENT_SECRET {
            set_secret(setup, &connection)?;
            continue;
        }
        if at == Some(Field::ALL.len() + 1) || answer == CA {
            set_ca_file(setup, &connection)?;
            continue;
        }
        match field.or_else(|| Field::parse(&answer)) {
            Some(Field::Scopes) => other_scopes(setup, name)?,
            Some(field) => set(setup, &connection, field)?,
            None => output::note(&format!(
                "Type a number from 1 to {}, or a field's word.",
                Field::ALL.len() + 2
            )),
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
    let secret = if connection.registration.has_secret {
        "stored, never shown"
    } else {
        "none"
    };
    output::item(&format!(
        "  {:>2} {CLIENT_SECRET}: {secret}",
        Field::ALL.len() + 1
    ));
    output::item(&format!(
        "  {:>2} {CA}: {}",
        Field::ALL.len() + 2,
        if connection.ca_pem.is_some() {
            "a certificate, stored"
        } else {
            "none"
        }
    ));
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
            output::note(KEPT);
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
    if !agreed(connection, &after)? {
        return Ok(());
    }
    edit::run(
        setup,
        name,
        &[format!("{}={value}", field.word())],
        None,
        false,
    )
}

/// Says what a change costs, and asks where it costs something; says so where it is left.
fn agreed(connection: &Connection, after: &Connection) -> Result<bool, Failed> {
    let parks = connection.endpoint_identity() != after.endpoint_identity();
    let loses = parks && connection.registration.has_secret;
    if parks && connection.is_signed_in() {
        output::note(
            "That parks this sign-in: its tokens will not be sent there, and changing it back does not bring them back. You sign in again.",
        );
    }
    if loses {
        output::note(
            "The client secret belongs to what is stored now, and goes: client-secret is the field for the new one.",
        );
    }
    let asks = loses || (parks && connection.is_signed_in());
    let agreed = !asks || yes("Change it?", false)?;
    if !agreed {
        output::note(KEPT);
    }
    Ok(agreed)
}

/// A file is read at once; what is stored is the certificate in it.
fn set_ca_file(setup: &Setup, connection: &Connection) -> Result<(), Failed> {
    let question = if connection.ca_pem.is_some() {
        "New ca-file (a file's name), enter keeps the certificate, - empties it: "
    } else {
        "New ca-file (a file's name), enter keeps none: "
    };
    let (file, ca_pem) = loop {
        let typed = prompt(question, "")?;
        match typed.as_str() {
            "" => {
                output::note(KEPT);
                return Ok(());
            }
            "?" => output::note(about(Field::Authority)),
            "-" => break (String::new(), None),
            _ => {
                let path = typed_path(&typed);
                match ca_file(&path) {
                    Ok(pem) => break (path.to_string_lossy().into_owned(), Some(pem)),
                    Err(problem) => {
                        let problem = Untrusted::new(problem).shown();
                        output::note(&format!("{problem}. Once more:"));
                    }
                }
            }
        }
    };
    let after = Connection {
        ca_pem,
        ..connection.clone()
    };
    if after == *connection {
        output::note(KEPT);
        return Ok(());
    }
    if !agreed(connection, &after)? {
        return Ok(());
    }
    let name = connection.name.as_str();
    edit::run(setup, name, &[format!("{CA}={file}")], None, false)
}

fn set_secret(setup: &Setup, connection: &Connection) -> Result<(), Failed> {
    let typed = |text: &str| Secret::new(text.to_owned());
    let secret = loop {
        let secret =
            prompt_secret("New client secret (not shown), enter keeps it, - empties it: ")?;
        if !secret.same(&typed("?")) {
            break secret;
        }
        output::note(SECRET);
    };
    if secret.is_empty() {
        output::note(KEPT);
        return Ok(());
    }
    setup.open_vault()?;
    let new = (!secret.same(&typed("-"))).then_some(&secret);
    setup.engine.edit(connection, Some(new))?;
    output::note(&format!("Changed {}.", connection.name));
    Ok(())
}
