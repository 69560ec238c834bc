//! `rename` and `edit`.

use std::path::Path;

use super::add::{agreed, ca_file};
use super::failed::Failed;
use super::output;
use super::prompt::secret_from;
use super::setup::Setup;
use crate::engine::{Doubt, Edit, Field, put_all};
use crate::model::ConnectionName;

pub(super) fn rename(setup: &Setup, from: &str, to: &str) -> Result<(), Failed> {
    let connection = setup.engine.connection(from)?;
    let name = ConnectionName::parse(to)
        .map_err(|problem| Failed::usage("name", format!("{problem}."), "Choose another name."))?;
    setup.engine.rename(&connection.id, &name)?;
    output::note(&format!("Renamed {} to {name}.", connection.name));
    Ok(())
}

pub(super) fn run(
    setup: &Setup,
    name: &str,
    fields: &[String],
    secret_file: Option<&Path>,
    yes: bool,
) -> Result<(), Failed> {
    let before = setup.engine.connection(name)?;
    let mut connection = before.clone();
    let mut problems = Vec::new();
    let mut edits = Vec::new();
    for field in fields {
        match field.split_once('=') {
            Some((word, value)) => match read(word, value) {
                Ok(edit) => edits.push(edit),
                Err(problem) => problems.push(format!("{word}: {problem}")),
            },
            None => problems.push(format!("{field}: write it as FIELD=VALUE")),
        }
    }
    let refused = put_all(&mut connection, &edits).into_iter();
    problems.extend(refused.map(|(field, problem)| format!("{}: {problem}", field.word())));
    if !problems.is_empty() {
        return Err(Failed::usage(
            "edit",
            problems.join("\n  "),
            "See valetkey edit --help; nothing was changed.",
        ));
    }
    for doubt in Doubt::of_change(&before, &connection) {
        agreed(&doubt, yes)?;
    }
    let secret = secret_file.map(secret_from).transpose()?;
    if secret.is_some() {
        setup.open_vault()?;
    }
    let edited = setup.engine.edit(&connection, secret.as_ref().map(Some))?;
    output::note(&format!("Changed {}.", connection.name));
    let redirect = &connection.registration.redirect;
    if let Some(words) = redirect
        .advice()
        .filter(|_| *redirect != before.registration.redirect)
    {
        output::note(&words);
    }
    let moved = before.endpoint_identity() != connection.endpoint_identity();
    if moved && before.registration.has_secret && secret.is_none() {
        output::note("The client secret belongs to what was stored before: give the new one too.");
    }
    if edited.parked {
        output::note(
            "An address, client ID or redirect URI changed. That parked the sign-in: its tokens will not be sent there. You sign in again.",
        );
        // A face that goes on says so wherever that can be typed.
        if !setup.goes_on() {
            output::note(&setup.way_to_sign_in(connection.name.as_str()));
        }
    }
    Ok(())
}

/// The field of a word, and its value: for an authority what its file holds.
fn read(word: &str, value: &str) -> Result<Edit, String> {
    match word {
        "ca-file" if value.is_empty() => Ok((Field::Authority, String::new())),
        "ca-file" => Ok((Field::Authority, ca_file(Path::new(value))?)),
        "name" => Err("use valetkey rename".to_owned()),
        "client-secret" | "secret" => {
            Err("secrets never come as arguments; use --client-secret-file".to_owned())
        }
        _ => match Field::parse(word) {
            Some(field) => Ok((field, value.to_owned())),
            None => Err("there is no such field".to_owned()),
        },
    }
}
