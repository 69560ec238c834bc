//! Wires the rooms: chooses worker, fast path, command line or terminal interface, and sets the
//! exit code.

use std::cell::{LazyCell, RefCell};
use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;

use jiff::tz::TimeZone;
use rustix::event::{PollFd, PollFlags};
use valetkey::advice::{self, exit};
use valetkey::model::ScopeSet;
use valetkey::provider::Catalogue;
use valetkey::sandbox::{Approval, SCOPES, Sandbox};
use valetkey::settings::{Clipboard, Links, Settings};
use valetkey::tui::{
    self, Copies, Ended, EngineBackend, Fresh, Look, PracticeDoor, PresetChoice, RunError,
    SettingsDoor,
};
use valetkey::{agent, cli, engine, host};

/// As a shell reports a program ended by a hang-up.
const HUNG_UP: i32 = 128 + 1;

fn main() -> ExitCode {
    host::on_panic(|fault| {
        for line in advice::fault(fault) {
            // Whoever reads this may be gone.
            let _ = writeln!(io::stderr(), "{line}");
        }
    });
    // It was told already.
    catch_unwind(run).unwrap_or(ExitCode::from(exit::OTHER))
}

fn run() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    if arguments
        .get(1)
        .is_some_and(|first| first == host::WORKER_ARGUMENT)
    {
        return ExitCode::from(engine::job::worker_main());
    }
    if arguments
        .get(1)
        .is_some_and(|first| first == agent::AGENT_ARGUMENT)
    {
        return ExitCode::from(agent::agent_main());
    }
    // Secrets pass through this process: no core dump, no debugger (conformance V-02).
    let hardened = host::harden_process();
    if let Some(code) = cli::fast(&arguments) {
        return ExitCode::from(code);
    }
    match cli::run(arguments, hardened) {
        cli::Next::Exit(code) => ExitCode::from(code),
        cli::Next::Tui(parts) => ExitCode::from(interface(*parts)),
    }
}

/// Told in the table's first frame after practice.
const PRACTICE_OVER: &str = "Practice is over; nothing of it was kept.";

/// Runs the terminal interface, with the practice provider when that is asked for, and then as before.
fn interface(mut parts: cli::TuiParts) -> u8 {
    let settings = parts.settings.clone();
    let mut table = None;
    let mut greeting = None;
    loop {
        let again = parts.again();
        match once(parts, table.is_some(), greeting.take()) {
            Ok(Ended::Quit) => return exit::OK,
            Ok(Ended::Practise) => match cli::practise(settings.clone()) {
                Ok(practice) => {
                    table = again;
                    parts = practice;
                }
                Err(code) => return code,
            },
            Ok(Ended::Back) => match table.take() {
                Some(before) => {
                    parts = before;
                    greeting = Some(PRACTICE_OVER);
                }
                None => return exit::OK,
            },
            // As a shell reports a program ended by a signal.
            Ok(Ended::Signal(number)) => return u8::try_from(128 + number).unwrap_or(1),
            Ok(Ended::TerminalLost) => return exit::OTHER,
            Err(problem) => {
                cli::tell_no_table(&problem);
                return exit::OTHER;
            }
        }
    }
}

/// `leads_back`: this is practice, begun in the table.
fn once(
    parts: cli::TuiParts,
    leads_back: bool,
    greeting: Option<&'static str>,
) -> Result<Ended, RunError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let engine = parts.engine;
    let later = parts.catalogue;
    let catalogue = Rc::new(LazyCell::new(move || Arc::new(later())));
    let environment = engine.environment();
    let surroundings = environment.clone();
    let settings = &parts.settings;
    let mut unwished = environment.clone();
    unwished.wishes.first_way = None;
    let mut setup = tui::Setup {
        look: look(settings, environment),
        mouse: mouse(settings, environment),
        keys: settings.keys.clone(),
        elsewhere: advice::browser_elsewhere(&unwished),
        ssh: environment.ssh.is_some(),
        shared: !environment.others.is_empty(),
        first_way: settings
            .first_way
            .filter(|_| environment.first_way(true).reason == "settings"),
        copies: copies(settings.clipboard, environment),
        warning: parts.warning,
        practice: parts.practice.is_some(),
        leads_back,
        greeting,
        key_place: advice::key_place(environment.ssh.is_some()).to_owned(),
        presets: {
            let catalogue = catalogue.clone();
            LazyCell::new(Box::new(move || tui::choices(&catalogue)))
        },
        start_wizard: parts.wizard.map(|start| start.0),
        zone: TimeZone::system(),
        interrupted: engine.interrupted(),
        inside: environment.multiplexer(),
    };
    let mut door = None;
    if let Some(practice) = &parts.practice {
        let choices: Vec<_> = practice_choice(&practice.sandbox).into_iter().collect();
        setup.presets = LazyCell::new(Box::new(|| choices));
        door = Some(practice_door(practice.sandbox.clone()));
    }
    let clock = engine.clone();
    // Presets that were read again take the place of the first ones.
    let newer: Rc<RefCell<Option<Arc<Catalogue>>>> = Rc::default();
    let known = newer.clone();
    let presets = Box::new(move || {
        let newer = known.borrow().clone();
        newer.unwrap_or_else(|| Arc::clone(&catalogue))
    });
    let mut backend = EngineBackend::new(engine, parts.passphrase, door, parts.run, presets);
    if let Some(folder) = parts.config {
        backend = backend.with_settings(read_again(folder, surroundings, newer));
    }
    let now = || {
        host::fault_point("owner");
        clock.now()
    };
    end_with_the_terminal();
    let face = || runtime.block_on(tui::run(&mut backend, setup, &now));
    let ended = catch_unwind(AssertUnwindSafe(face));
    // A keychain that never answers must not keep the program from ending.
    runtime.shutdown_background();
    ended.unwrap_or_else(|fault| resume_unwind(fault))
}

/// How settings and presets are read again while the table is open.
fn read_again(
    folder: PathBuf,
    surroundings: host::Environment,
    newer: Rc<RefCell<Option<Arc<Catalogue>>>>,
) -> SettingsDoor {
    let config = folder.clone();
    let read = move || {
        let (settings, catalogue) = cli::read_again(&config)?;
        let catalogue = Arc::new(catalogue);
        let fresh = Fresh {
            look: look(&settings, &surroundings),
            mouse: mouse(&settings, &surroundings),
            copies: copies(settings.clipboard, &surroundings),
            presets: tui::choices(&catalogue),
            keys: settings.keys,
        };
        *newer.borrow_mut() = Some(catalogue);
        Ok(fresh)
    };
    SettingsDoor {
        folder,
        read: Box::new(read),
    }
}

/// Ends the process when its terminal is gone. The screens' own loop cannot: its event reader
/// (crossterm 0.29) reads a closed terminal for ever, at full speed and without returning. Nothing is
/// lost by this: workers have sessions of their own, and the vault's changes are whole or not there.
fn end_with_the_terminal() {
    let watch = || {
        let terminal = std::io::stdin();
        // Asks for nothing, so only the end wakes it.
        let mut asked = [PollFd::new(&terminal, PollFlags::empty())];
        while rustix::event::poll(&mut asked, None).is_err() {}
        std::process::exit(HUNG_UP);
    };
    // Without the thread a hang-up signal still ends the loop.
    let _ = std::thread::Builder::new()
        .name("terminal-end".to_owned())
        .spawn(watch);
}

/// Where copied text goes: at a desk to its own clipboard, over SSH to the terminal, which is the only thing
/// that is near the person.
fn copies(wish: Clipboard, environment: &host::Environment) -> Copies {
    match wish {
        Clipboard::Off => Copies::Nowhere,
        Clipboard::Native => Copies::Native,
        Clipboard::Auto if environment.ssh.is_none() && host::NativeClipboard::find().is_some() => {
            Copies::Native
        }
        Clipboard::Auto | Clipboard::Terminal => Copies::Terminal,
    }
}

/// GNU screen with reports of the mouse keeps a lone escape key until the next key comes.
fn mouse(settings: &Settings, environment: &host::Environment) -> bool {
    settings.mouse && environment.multiplexer() != host::Multiplexer::Screen
}

/// The person's theme, without colour where `NO_COLOR` says so; ASCII where the settings say so or the
/// locale is not UTF-8; links where the terminal takes them.
fn look(settings: &Settings, environment: &host::Environment) -> Look {
    let value = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = value("LC_ALL")
        .or_else(|| value("LC_CTYPE"))
        .or_else(|| value("LANG"));
    let utf8 = locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    });
    Look {
        colour: value("NO_COLOR").is_none(),
        ascii: settings.ascii.unwrap_or(!utf8),
        links: match settings.links {
            Links::Off => false,
            Links::On => host::can_take_links(&value("TERM").unwrap_or_default()),
            Links::Auto => host::takes_links(environment, &value),
        },
        theme: settings.theme,
    }
}

/// The practice provider as the one preset of the wizard's list.
fn practice_choice(sandbox: &Sandbox) -> Option<PresetChoice> {
    let definition = cli::practice_definition(sandbox.url(), None).ok()?;
    Some(tui::ready_made(cli::PRACTICE_HINT, definition, SCOPES))
}

/// The practice provider's consent, given in the terminal.
fn practice_door(sandbox: Arc<Sandbox>) -> PracticeDoor {
    Arc::new(move |page: &str, allow: Option<&ScopeSet>| {
        match allow {
            Some(scopes) => {
                let scopes = scopes
                    .iter()
                    .map(|scope| scope.as_str().to_owned())
                    .collect();
                sandbox.approve(
                    page,
                    &Approval {
                        scopes: Some(scopes),
                        ..Approval::default()
                    },
                )
            }
            None => sandbox.deny(page),
        }
        .ok()
    })
}
