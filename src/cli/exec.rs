//! `exec`: runs a program with a fresh token in its hands, and the token out of its output.

use std::io;

use super::args::Exec;
use super::failed::Failed;
use super::obtain::{Wanted, obtain};
use super::output;
use super::setup::Setup;
use super::token::check_variable;
use crate::advice::{Advice, exit};
use crate::host::{HandOver, Program, run_with_token};
use crate::model::{Seconds, Untrusted};

/// Comes back with the program's exit code; where nothing is concealed the program takes our place.
pub(super) fn run(setup: Setup, exec: Exec) -> Result<u8, Failed> {
    if let Some(name) = &exec.env {
        check_variable(name)?;
    }
    let given = obtain(
        &setup,
        &Wanted {
            name: &exec.name,
            min_valid: exec.min_valid.map(Seconds),
            resource: None,
            interactive: false,
        },
    )?;
    if setup.verbose {
        output::note("valetkey: Token visible to every program started by this command.");
    }
    given.handed_out(&setup);
    // However long the program runs, the vault is closed meanwhile.
    drop(setup);
    let by = if exec.fd {
        HandOver::Descriptor
    } else {
        HandOver::Variable(exec.env.map(Into::into))
    };
    let mut words = exec.command.into_iter();
    let program = Program {
        name: words.next().unwrap_or_default(),
        arguments: words.collect(),
    };
    let ended = run_with_token(&program, &given.token, by, !exec.no_conceal)
        .map_err(|error| not_started(&program, &error))?;
    if let Some(error) = ended.cut_short {
        let why = Untrusted::new(error.to_string()).shown();
        output::note(&format!(
            "valetkey: The program's output could not be passed on to its end: {why}."
        ));
    }
    Ok(ended.code)
}

fn not_started(program: &Program, error: &io::Error) -> Failed {
    let name = Untrusted::new(program.name.to_string_lossy()).shown();
    match error.kind() {
        io::ErrorKind::NotFound => Failed::usage(
            "no-program",
            format!("There is no program named {name}, so nothing was started."),
            "Check its spelling and PATH. Variables and pipes need a shell: … -- sh -c 'CMD'",
        ),
        io::ErrorKind::PermissionDenied => Failed::usage(
            "no-program",
            format!("{name} may not be run, so nothing was started."),
            "Is it a program, and may you run it?",
        ),
        _ => Failed(Advice {
            code: "not-started".into(),
            sentence: format!(
                "{name} was not started: {}.",
                Untrusted::new(error.to_string()).shown()
            ),
            hint: None,
            fixes: Vec::new(),
            exit: exit::OTHER,
        }),
    }
}
