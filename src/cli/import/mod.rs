//! `import`: definitions or an encrypted backup, after a look at every host (conformance G-09, X-06).

mod source;

use serde_json::{Value, json};

use super::args::Import;
use super::failed::Failed;
use super::prompt::prompt;
use super::setup::{self, Setup};
use super::{catalogue, output};
use crate::advice;
use crate::advice::import::{count, known_already, review};
use crate::engine::{ImportFate, ImportPlan, Imported, Planned, VaultFacts, same_name};
use crate::model::Untrusted;
use crate::provider::{Definition, Located};

pub(super) fn run(setup: &Setup, import: &Import) -> Result<(), Failed> {
    let brought = source::read(import)?;
    let catalogue = catalogue::load(&setup::paths()?.config);
    let read = brought
        .read(&catalogue)
        .map_err(|problems| wrong(import, &problems))?;
    for warning in &read.warnings {
        output::note(&format!("valetkey: {}", placed(import, warning)));
    }
    let in_file = read.definitions.iter().map(|known| known.name.clone());
    let in_file: Vec<_> = in_file.collect();
    let definitions = renamed(read.definitions, &import.rename)?;
    let definitions = in_file.into_iter().zip(definitions).collect();
    let mut plan = setup.engine.plan_import(definitions, brought, &catalogue)?;
    output::note(&format!(
        "{} in {}",
        count(plan.entries.len()),
        output::path(&import.file)
    ));
    for line in review(&plan) {
        output::note(&line.to_string());
    }
    let new = plan.new_ones();
    if new == 0 {
        output::note("Nothing to import.");
        return told(import, &plan, None);
    }
    if !agreed(import, new)? {
        output::note("Nothing was imported.");
        return told(import, &plan, None);
    }
    // A definition is stored in the vault too; it has to be made first.
    let not_made = matches!(setup.engine.vault_facts()?, VaultFacts::NotMade);
    if not_made || plan.carries_secrets() {
        setup.open_vault()?;
    }
    let imported = setup.engine.import(plan.take_new())?;
    tell(setup, &imported);
    told(import, &plan, Some(&imported))
}

/// Nothing is stored and nothing can be sent before a person has seen the hosts, or a flag says that one
/// has.
fn agreed(import: &Import, new: usize) -> Result<bool, Failed> {
    if import.yes {
        return Ok(true);
    }
    if import.file.as_os_str() == "-" || !output::stdin_is_terminal() {
        return Err(Failed::usage(
            "choose",
            format!(
                "{} would be imported. Nothing was done: there is no terminal to ask on.",
                count(new)
            ),
            "Look at the hosts above; if they are right, say so with --yes.",
        ));
    }
    let answer = prompt(
        &format!(
            "Import {}? Type `yes`, or press enter to leave it: ",
            count(new)
        ),
        "",
    )?;
    Ok(answer.eq_ignore_ascii_case("yes"))
}

fn tell(setup: &Setup, imported: &Imported) {
    let connections = &imported.connections;
    output::note(&format!("Imported {}.", count(connections.len())));
    for name in &imported.known_already {
        output::note(&known_already(name));
    }
    let signed_in = connections.iter().filter(|new| new.grant.is_some()).count();
    if signed_in > 0 {
        output::note(&format!(
            "{} came along as a second copy. {}",
            match signed_in {
                1 => "1 sign-in".to_owned(),
                count => format!("{count} sign-ins"),
            },
            advice::TWO_MACHINES
        ));
        output::note("  Nothing is refreshed here until you run: valetkey vault adopt");
        output::note(
            "  A program gets such a token only after you confirm. To change that: valetkey edit NAME policy=allow",
        );
    }
    let mut to_sign_in = Vec::new();
    for new in connections {
        let name = &new.name;
        if Definition::of(new).needs_client_secret() && !new.registration.has_secret {
            output::note(&format!(
                "{name} needs its client secret: valetkey edit {name} --client-secret-file FILE"
            ));
        } else if new.grant.is_none() {
            to_sign_in.push(name.as_str());
        }
    }
    match to_sign_in.as_slice() {
        [] => {}
        [name] => output::note(&setup.way_to_sign_in(name)),
        names => output::note(&format!(
            "{}, for each of the {} that need a sign-in",
            setup.way_to_sign_in("NAME"),
            names.len()
        )),
    }
}

fn told(import: &Import, plan: &ImportPlan, imported: Option<&Imported>) -> Result<(), Failed> {
    if !import.json {
        return Ok(());
    }
    let connections: Vec<Value> = plan
        .entries
        .iter()
        .map(|entry| {
            let (state, differs): (_, &[&str]) = match &entry.fate {
                ImportFate::New if imported.is_some() => ("imported", &[]),
                ImportFate::New => ("new", &[]),
                ImportFate::Same => ("same", &[]),
                ImportFate::Differs(fields) => ("differs", fields),
            };
            let stored = imported.and_then(|imported| {
                let mut all = imported.connections.iter();
                all.find(|new| new.name == *entry.name())
            });
            json!({
                "name": entry.name().as_str(),
                "state": state,
                "differs": differs,
                "hosts": hosts_json(entry),
                "signed_in": stored.map(|new| new.grant.is_some()),
                "has_client_secret": stored.map(|new| new.registration.has_secret),
            })
        })
        .collect();
    Ok(output::json(
        &json!({"version": 1, "connections": connections}),
    )?)
}

/// The hosts of one connection in JSON.
fn hosts_json(entry: &Planned) -> Vec<Value> {
    let hosts = entry.hosts.iter();
    hosts
        .map(|known| {
            json!({
                "host": known.host,
                "uses": known.uses,
                "another_domain": known.away_from.is_some(),
                "not_of_preset": known.not_of_preset.is_some(),
            })
        })
        .collect()
}

fn renamed(
    mut definitions: Vec<Definition>,
    renames: &[String],
) -> Result<Vec<Definition>, Failed> {
    let wrong = |problem: String| {
        Failed::usage(
            "rename",
            problem,
            "Write it as --rename OLD=NEW. Nothing was imported.",
        )
    };
    for rename in renames {
        let shown = Untrusted::new(&**rename).shown();
        let (old, new) = rename
            .split_once('=')
            .ok_or_else(|| wrong(format!("--rename {shown}: there is no `=` in it.")))?;
        let new = crate::model::ConnectionName::parse(new)
            .map_err(|problem| wrong(format!("--rename {shown}: {problem}.")))?;
        let found = definitions
            .iter_mut()
            .find(|known| same_name(known.name.as_str(), old));
        let Some(found) = found else {
            return Err(wrong(format!(
                "--rename {shown}: this name is not in the file."
            )));
        };
        found.name = new;
    }
    for (index, one) in definitions.iter().enumerate() {
        let mut others = definitions[..index].iter();
        if others.any(|other| same_name(one.name.as_str(), other.name.as_str())) {
            return Err(wrong(format!(
                "Two connections would be named {}.",
                one.name
            )));
        }
    }
    Ok(definitions)
}

fn wrong(import: &Import, problems: &[Located]) -> Failed {
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| placed(import, problem))
        .collect();
    Failed::usage(
        "import",
        format!("This cannot be imported:\n  {}", lines.join("\n  ")),
        "Nothing was imported.",
    )
}

fn placed(import: &Import, found: &Located) -> String {
    format!(
        "{}:{}:{}: {}",
        output::path(&import.file),
        found.line,
        found.column,
        Untrusted::new(&*found.what).shown()
    )
}
