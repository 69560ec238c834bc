//! `import`: definitions or an encrypted backup, after a look at every host (conformance G-09, X-06).

mod plan;
mod review;
mod source;

use serde_json::{Value, json};

use super::args::Import;
use super::export::count;
use super::failed::Failed;
use super::prompt::prompt;
use super::setup::{self, Setup};
use super::{catalogue, output};
use crate::advice;
use crate::engine::{self, Imported, VaultFacts};
use crate::model::Untrusted;
use crate::provider::{Catalogue, Definition, Located, read_definitions};
use plan::{Plan, State};
use source::Source;

pub(super) fn run(setup: &Setup, import: &Import) -> Result<(), Failed> {
    let source = Source::read(import)?;
    let catalogue = catalogue::load(&setup::paths()?.config);
    let read = read_definitions(source.definitions(), &catalogue)
        .map_err(|problems| wrong(import, &problems))?;
    for warning in &read.warnings {
        output::note(&format!("valetkey: {}", placed(import, warning)));
    }
    let in_file = read.definitions.iter().map(|known| known.name.clone());
    let in_file = in_file.collect();
    let definitions = renamed(read.definitions, &import.rename)?;
    let mut plan = Plan::of(setup, definitions, in_file, source)?;
    output::note(&format!(
        "{} in {}",
        count(plan.entries.len()),
        output::path(&import.file)
    ));
    review::print(&plan, &catalogue);
    let new = plan.new_ones();
    if new == 0 {
        output::note("Nothing to import.");
        return told(import, &plan, &catalogue, None);
    }
    if !agreed(import, new)? {
        output::note("Nothing was imported.");
        return told(import, &plan, &catalogue, None);
    }
    // A definition is stored in the vault too; it has to be made first.
    let not_made = matches!(setup.engine.vault_facts()?, VaultFacts::NotMade);
    if not_made || plan.carries_secrets() {
        setup.open_vault()?;
    }
    let imports = plan.take_new().map(|(definition, carried)| engine::Import {
        definition,
        carried,
    });
    let imported = setup.engine.import(imports.collect())?;
    tell(&imported);
    told(import, &plan, &catalogue, Some(&imported))
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

fn tell(imported: &Imported) {
    let connections = &imported.connections;
    output::note(&format!("Imported {}.", count(connections.len())));
    for name in &imported.known_already {
        output::note(&format!(
            "The sign-in of {name} is in this vault already under another name; it was not taken twice."
        ));
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
        [name] => output::note(&format!("  run: valetkey login {name}")),
        names => output::note(&format!(
            "  run: valetkey login NAME, for each of the {} that need a sign-in",
            names.len()
        )),
    }
}

fn told(
    import: &Import,
    plan: &Plan,
    catalogue: &Catalogue,
    imported: Option<&Imported>,
) -> Result<(), Failed> {
    if !import.json {
        return Ok(());
    }
    let connections: Vec<Value> = plan
        .entries
        .iter()
        .map(|entry| {
            let (state, differs): (_, &[&str]) = match &entry.state {
                State::New if imported.is_some() => ("imported", &[]),
                State::New => ("new", &[]),
                State::Same => ("same", &[]),
                State::Differs(fields) => ("differs", fields),
            };
            let stored = imported.and_then(|imported| {
                let mut all = imported.connections.iter();
                all.find(|new| new.name == entry.name)
            });
            json!({
                "name": entry.name.as_str(),
                "state": state,
                "differs": differs,
                "hosts": review::hosts_json(entry, catalogue),
                "signed_in": stored.map(|new| new.grant.is_some()),
                "has_client_secret": stored.map(|new| new.registration.has_secret),
            })
        })
        .collect();
    Ok(output::json(
        &json!({"version": 1, "connections": connections}),
    )?)
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
            .find(|known| plan::same_name(known.name.as_str(), old));
        let Some(found) = found else {
            return Err(wrong(format!(
                "--rename {shown}: this name is not in the file."
            )));
        };
        found.name = new;
    }
    for (index, one) in definitions.iter().enumerate() {
        let mut others = definitions[..index].iter();
        if others.any(|other| plan::same_name(one.name.as_str(), other.name.as_str())) {
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
