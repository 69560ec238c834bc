//! The scriptable face: one file per command. Data on stdout, everything else on stderr, stable exit
//! codes (DESIGN section 7).
//!
//! May use: actions, engine and the rooms below; `advice` for words; `sandbox` for practice. Never: tui.

mod add;
mod agent;
mod args;
mod catalogue;
mod completions;
mod confirm;
mod demo;
mod doctor;
mod edit;
mod exec;
mod export;
mod failed;
mod git_credential;
mod history;
mod import;
mod json;
mod kube_credential;
mod login;
mod look;
mod obtain;
mod output;
mod passphrase;
mod patience;
mod plain;
mod practice;
mod presets;
mod prompt;
mod refresh;
mod refresh_due;
mod remove;
mod revoke;
mod scopes;
mod settings;
mod setup;
mod test;
mod to_file;
mod token;
mod vault;
mod veil;
mod waiting;

use std::ffi::OsString;

use clap::Parser as _;

use crate::advice::{self, exit};
use crate::engine::Error;
use crate::host::{self, HardenError, MemoryLock};
use crate::model::Untrusted;
use crate::settings::Settings;
use args::{AgentCommand, Cli, Command, SlotCommand, VaultCommand};
use failed::Failed;
use setup::Setup;

pub use self::settings::read_again;
pub use catalogue::LaterCatalogue;
pub use demo::{Practice, TuiParts, WizardStart};
pub use practice::{PRACTICE_HINT, practice_definition};

/// What the caller is to do next.
pub enum Next {
    /// The command is done; leave with this code.
    Exit(u8),
    /// Open the terminal interface.
    Tui(Box<TuiParts>),
}

/// The shortest way for `token NAME`, before anything else starts; `None` when it needs more.
pub fn fast(arguments: &[OsString]) -> Option<u8> {
    token::fast(arguments)
}

/// The practice provider for the terminal interface, or the exit code after the reason was told.
pub fn practise(settings: Settings) -> Result<TuiParts, u8> {
    demo::parts(0, settings).map_err(|failed| {
        tell(&failed, false);
        failed.0.exit
    })
}

/// Runs a command line. `hardened`: whether this process's memory could be protected.
pub fn run(arguments: Vec<OsString>, hardened: Result<(), HardenError>) -> Next {
    completions::answer();
    // After `--` stand another program's arguments.
    let mut own = arguments.iter().take_while(|argument| *argument != "--");
    let json_asked = own.any(|argument| argument == "--json");
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return Next::Exit(not_understood(&error, json_asked)),
    };
    let wants_json = wants_json(&cli);
    host::tell_all_if_asked();
    if cli.verbose {
        host::tell_more();
        if let Err(problem) = hardened {
            output::note(&format!("valetkey: not protected: {problem}."));
        }
        if host::memory_lock() == MemoryLock::Unavailable {
            output::note(&format!("valetkey: {}", advice::MEMORY_NOT_LOCKED));
        }
    }
    if cli.verbose || settings::are_told(&cli) {
        for line in cli.settings().lines() {
            output::note(&format!("valetkey: {line}"));
        }
    }
    match dispatch(cli) {
        Ok(next) => next,
        Err(failed) => {
            tell(&failed, wants_json);
            Next::Exit(failed.0.exit)
        }
    }
}

/// Says why the terminal interface could not run.
pub fn tell_no_table(problem: &dyn std::fmt::Display) {
    let problem = Untrusted::new(problem.to_string()).shown();
    output::note(&format!("valetkey: The table cannot be shown: {problem}."));
    output::note("  The commands work without it: valetkey --help");
}

/// Prints help, the version, or what is wrong with the command line; the exit code.
fn not_understood(error: &clap::Error, as_json: bool) -> u8 {
    // The reader may be gone; the exit code still tells.
    let _ = error.print();
    let code = u8::try_from(error.exit_code()).unwrap_or(exit::USAGE);
    if as_json && code != exit::OK {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        let first = Untrusted::new(first.trim_start_matches("error: ")).shown();
        let failed = Failed::usage("usage", first.as_str(), "See valetkey --help");
        let _ = output::json(&output::json_error(&failed.0));
    }
    code
}

fn tell(failed: &Failed, as_json: bool) {
    let advice = &failed.0;
    if advice.code == failed::OUTPUT_GONE {
        // Whoever read the output has left; there is nobody to tell.
        return;
    }
    output::note(&format!("valetkey: {}", advice.sentence));
    if let Some(hint) = &advice.hint {
        output::note(&format!("  {hint}"));
    }
    if as_json {
        // The reader may be gone; the exit code still tells.
        let _ = output::json(&output::json_error(advice));
    }
}

fn dispatch(mut cli: Cli) -> Result<Next, Failed> {
    let Some(command) = cli.command.take() else {
        if is_plain(&cli) {
            let setup = Setup::new(&cli)?;
            if output::stdin_is_terminal() && output::stdout_is_terminal() {
                return plain::run(&setup.going_on()?, &cli).map(Next::Exit);
            }
            return look::list(&setup, false).map(|()| Next::Exit(exit::OK));
        }
        return open_tui(&cli, None);
    };
    let done = |result: Result<(), Failed>| result.map(|()| Next::Exit(exit::OK));
    match command {
        Command::Add(add) => {
            if add::wants_wizard(&add, is_plain(&cli)) {
                return open_tui(&cli, Some(WizardStart(add.what)));
            }
            done(add::run(&Setup::new(&cli)?, &add))
        }
        Command::Login(login) => done(login::run(&Setup::new(&cli)?, &login)),
        Command::List { json } => done(look::list(&Setup::new(&cli)?, json)),
        Command::Show { name, json } => done(look::show(&Setup::new(&cli)?, &name, json)),
        Command::History { name, json, limit } => {
            let setup = Setup::silent(&cli)?;
            done(history::run(&setup, name.as_deref(), limit, json))
        }
        Command::Token(token) if token.interactive => done(token::run(&Setup::new(&cli)?, &token)),
        Command::Token(token) => done(token::run(&Setup::silent(&cli)?, &token)),
        Command::Test(test) => done(test::run(&Setup::new(&cli)?, &test)),
        Command::Exec(exec) => exec::run(Setup::silent(&cli)?, exec).map(Next::Exit),
        Command::GitCredential(asked) if git_credential::is_known(&asked) => {
            done(git_credential::run(&Setup::silent(&cli)?, &asked))
        }
        Command::GitCredential(_) => Ok(Next::Exit(exit::OK)),
        Command::KubeCredential(asked) => done(kube_credential::run(&Setup::silent(&cli)?, &asked)),
        Command::Refresh { name, json, .. } => match name {
            Some(name) => done(refresh::run(&Setup::new(&cli)?, &name, json)),
            None => refresh_due::run(&Setup::new(&cli)?, json).map(Next::Exit),
        },
        Command::Revoke {
            name,
            drop,
            json,
            pending: _,
        } => match name {
            Some(name) if drop => done(waiting::drop(&Setup::new(&cli)?, &name, json)),
            Some(name) => done(revoke::run(&Setup::new(&cli)?, &name, json)),
            None => waiting::tell_all(&Setup::new(&cli)?, json).map(Next::Exit),
        },
        Command::Remove {
            name,
            revoke,
            forget,
        } => done(remove::run(&Setup::new(&cli)?, &name, revoke, forget)),
        Command::Rename { from, to } => done(edit::rename(&Setup::new(&cli)?, &from, &to)),
        Command::Edit {
            name,
            fields,
            client_secret_file,
            yes,
        } => done(edit::run(
            &Setup::new(&cli)?,
            &name,
            &fields,
            client_secret_file.as_deref(),
            yes,
        )),
        Command::Export(export) => done(export::run(&Setup::new(&cli)?, &export)),
        Command::Import(import) => done(import::run(&Setup::new(&cli)?, &import)),
        Command::Presets { check, json } => done(presets::run(check.as_ref(), json)),
        // Before anything opens the vault, which may not open.
        Command::Vault {
            command: VaultCommand::Restore { anyway, yes },
        } => done(vault::restore(&cli, anyway, yes)),
        Command::Agent { command } => done(agent::run(&cli, &command)),
        Command::Vault { command } => done(vault::run(&Setup::new(&cli)?, &command)),
        Command::Doctor(doctor) => doctor::run(&cli, &doctor).map(Next::Exit),
        Command::Paths { json } => done(look::paths(&setup::paths()?, cli.settings(), json)),
        Command::Demo { port, auto: true } => done(demo::auto(port)),
        Command::Demo { port, auto: false } if is_plain(&cli) && output::stdin_is_terminal() => {
            plain::practise(&cli, port, None).map(Next::Exit)
        }
        Command::Demo { port, auto: false } => {
            require_terminal("Run the whole story as text: valetkey demo --auto")?;
            let settings = cli.settings().found.settings.clone();
            demo::parts(port, settings).map(|parts| Next::Tui(Box::new(parts)))
        }
        Command::Sandbox {
            port,
            behaviour,
            http,
            write_ca,
        } => done(demo::sandbox(port, &behaviour, http, write_ca.as_deref())),
        Command::Completions { shell } => done(completions::run(shell)),
        Command::Man { folder } => done(completions::man(folder.as_deref())),
    }
}

fn open_tui(cli: &Cli, wizard: Option<WizardStart>) -> Result<Next, Failed> {
    require_terminal("Use a command instead: list, token, login … (valetkey --help)")?;
    let setup = Setup::new(cli)?;
    let passphrase = setup.passphrase_brought()?;
    let paths = setup::paths()?;
    let loaded = cli.settings();
    let settings = loaded.found.settings.clone();
    Ok(Next::Tui(Box::new(TuiParts {
        engine: setup.engine,
        catalogue: catalogue::later(&paths.config),
        config: Some(paths.config),
        run: settings.agent.then_some(paths.run),
        settings,
        warning: advice::settings::in_short(loaded),
        passphrase,
        wizard,
        practice: None,
    })))
}

/// Line by line: asked for by the flag, the environment or the settings, or by a terminal that can do no
/// more.
fn is_plain(cli: &Cli) -> bool {
    let set = |name: &str, value: &str| std::env::var_os(name).is_some_and(|found| found == value);
    if cli.plain || set("VALETKEY_PLAIN", "1") || set("TERM", "dumb") {
        return true;
    }
    !set("VALETKEY_PLAIN", "0") && cli.settings().found.settings.plain
}

fn require_terminal(otherwise: &str) -> Result<(), Failed> {
    if output::stdin_is_terminal() && output::stdout_is_terminal() {
        return Ok(());
    }
    Err(Failed::usage(
        "no-terminal",
        "This is not a terminal, so the table cannot be drawn.",
        otherwise,
    ))
}

/// Whether errors are to be told as JSON too.
fn wants_json(cli: &Cli) -> bool {
    match &cli.command {
        Some(
            Command::List { json }
            | Command::Show { json, .. }
            | Command::History { json, .. }
            | Command::Test(args::Test { json, .. })
            | Command::Refresh { json, .. }
            | Command::Revoke { json, .. }
            | Command::Presets { json, .. }
            | Command::Paths { json }
            | Command::Vault {
                command:
                    VaultCommand::Status { json }
                    | VaultCommand::Slot {
                        command: SlotCommand::List { json },
                    },
            }
            | Command::Agent {
                command: AgentCommand::Status { json },
            },
        ) => *json,
        Some(Command::Token(token)) => token.json,
        Some(Command::Doctor(doctor)) => doctor.json,
        Some(Command::Add(add)) => add.json,
        Some(Command::Import(import)) => import.json,
        // `login` speaks JSON lines of its own, failures included.
        _ => false,
    }
}

/// A runtime for commands that go over the network.
fn runtime() -> Result<tokio::runtime::Runtime, Failed> {
    host::enough_threads()?;
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|_| Failed::from(Error::Internal("no runtime")))
}
