//! `doctor`: what is wrong on this machine, or with one connection, and what to run.

use serde_json::json;

use super::args::{Cli, Doctor};
use super::failed::Failed;
use super::veil::Veil;
use super::{agent, output, runtime, setup};
use crate::advice::doctor::{Check, State, agent as agent_check, check};
use crate::advice::{self, exit};
use crate::engine::{Engine, Error, Fact, Place, diagnose};
use crate::model::Connection;
use crate::vault::Home;

/// Prints the report; the exit code tells whether something needs a fix.
pub(super) fn run(cli: &Cli, doctor: &Doctor) -> Result<u8, Failed> {
    let paths = setup::paths()?;
    let home = if cli.ephemeral {
        Home::Memory
    } else {
        setup::disk_home(&paths)
    };
    // Never patient: a keychain that waits for its person is told as such.
    let loaded = cli.settings();
    let world = setup::world(&loaded.found.settings, false);
    let facts = diagnose(&Place {
        world: &world,
        home: &home,
        paths: &paths,
    });
    let mut checks: Vec<Check> = facts.iter().map(check).collect();
    if !cli.ephemeral {
        // A vault in memory has no agent.
        checks.push(agent_check(agent::found(), loaded.found.settings.agent));
    }
    checks.extend(advice::settings::checks(loaded));
    let mut veil = Veil::of_home();
    if doctor.anonymous {
        veil.hide_users();
    }
    if let Some(name) = &doctor.name {
        match Engine::open(world, home) {
            Ok(engine) => {
                let (connection, found) = look(&engine, name)?;
                if doctor.anonymous {
                    veil.hide_connection(&connection);
                }
                checks.extend(found.iter().map(check));
            }
            // The check of the vault says why.
            Err(Error::Vault(_)) => {}
            Err(other) => return Err(other.into()),
        }
    }
    let checks: Vec<Check> = checks
        .into_iter()
        .map(|check| veiled(&check, &veil, doctor.anonymous))
        .collect();
    if doctor.json {
        output::json(&json!({
            "version": 1,
            "checks": checks.iter().map(|check| json!({
                "id": check.id,
                "state": check.state.word(),
                "words": check.words,
                "run": (!check.run.is_empty()).then_some(&check.run),
            })).collect::<Vec<_>>(),
        }))?;
    } else {
        for line in checks.iter().flat_map(lines) {
            output::data(&line)?;
        }
    }
    let broken = checks.iter().any(|check| check.state == State::Fix);
    Ok(if broken { exit::OTHER } else { exit::OK })
}

fn look(engine: &Engine, name: &str) -> Result<(Connection, Vec<Fact>), Failed> {
    let connection = engine.connection(name)?;
    let facts = runtime()?.block_on(engine.diagnose(name))?;
    Ok((connection, facts))
}

fn veiled(check: &Check, veil: &Veil, anonymous: bool) -> Check {
    // A shell finds no home behind a `~` inside quotes.
    let over = |line: &String| {
        if anonymous || !line.contains('\'') {
            veil.over(line)
        } else {
            line.clone()
        }
    };
    Check {
        what: veil.over(&check.what),
        words: veil.over(&check.words),
        run: check.run.iter().map(over).collect(),
        ..check.clone()
    }
}

fn lines(check: &Check) -> Vec<String> {
    let mut lines = vec![format!(
        "{:<6}{:<12} {}",
        check.state.word(),
        check.what,
        check.words
    )];
    if !check.run.is_empty() {
        lines.push(format!("      run: {}", check.run.join("   or: ")));
    }
    lines
}
