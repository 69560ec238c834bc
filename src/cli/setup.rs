//! From flags and environment to an engine with an open vault.

use std::cell::RefCell;
use std::sync::Arc;

use super::args::Cli;
use super::failed::Failed;
use super::patience::{Waited, explained, wait};
use super::prompt::{prompt_passphrase, prompt_passphrase_again, take_interrupts, unshown, yes};
use super::{agent, output, passphrase};
use crate::advice;
use crate::advice::fields::PASSPHRASE;
use crate::engine::{Access, Engine, Error, GivenUp, VaultFacts, World, wait_after};
use crate::host::{
    EndingSignals, Environment, NamedBrowser, OsKeychain, Paths, SignalsDeferred, SystemBrowser,
    SystemClock, Wishes, enough_files,
};
use crate::model::{Connection, Secret, Untrusted};
use crate::sandbox::Sandbox;
use crate::settings::Settings;
use crate::vault::{Home, KeychainError, SlotKind, VaultError};

/// Wrong passphrases before a command gives up.
pub(super) const TRIES: u32 = 5;

/// What every command gets.
pub(super) struct Setup {
    pub(super) engine: Engine,
    /// Where the engine's vault lies.
    pub(super) home: Home,
    /// Tell what only helps to find a fault.
    pub(super) verbose: bool,
    /// A running agent is asked.
    pub(super) agent: bool,
    passphrase_fd: Option<i32>,
    /// What was typed and opened the vault.
    typed: RefCell<Option<Secret>>,
    /// A passphrase may be asked for.
    asks: bool,
    /// The desktop may ask its person to unlock the keychain, and somebody sits there.
    patient: bool,
    /// The pretend service, in practice.
    practice: Option<Arc<Sandbox>>,
    /// What interrupts and hang-ups do between two sign-ins of one process.
    ending: Option<EndingSignals>,
    /// What was deleted, for a face that can bring it back.
    deleted: RefCell<Vec<Connection>>,
}

impl Setup {
    /// Opens what is there; makes nothing and asks nothing yet.
    pub(super) fn new(cli: &Cli) -> Result<Self, Failed> {
        Self::open(cli, output::stdin_is_terminal())
    }

    /// The same for a command that never asks, whoever runs it (conformance Y-13).
    pub(super) fn silent(cli: &Cli) -> Result<Self, Failed> {
        Self::open(cli, false)
    }

    fn open(cli: &Cli, asks: bool) -> Result<Self, Failed> {
        enough_files()?;
        let paths = paths()?;
        let home = if cli.ephemeral {
            Home::Memory
        } else {
            disk_home(&paths)
        };
        let settings = &cli.settings().found.settings;
        let environment = environment(settings);
        // Over SSH the desktop's dialog would open where nobody looks.
        let patient = asks && output::stderr_is_terminal() && environment.ssh.is_none();
        Ok(Self {
            engine: Engine::open(world(settings, patient), home.clone())?,
            home,
            agent: settings.agent,
            verbose: cli.verbose,
            passphrase_fd: cli.passphrase_fd,
            typed: RefCell::default(),
            asks,
            patient,
            practice: None,
            ending: None,
            deleted: RefCell::default(),
        })
    }

    /// Practice: everything in memory, beside a pretend service. `ending`: of the face that began it.
    pub(super) fn practice(
        engine: Engine,
        sandbox: Arc<Sandbox>,
        ending: Option<EndingSignals>,
    ) -> Self {
        Self {
            engine,
            home: Home::Memory,
            verbose: false,
            agent: false,
            passphrase_fd: None,
            typed: RefCell::default(),
            asks: true,
            patient: false,
            practice: Some(sandbox),
            ending,
            deleted: RefCell::default(),
        }
    }

    /// For a face that goes on after a sign-in: the signals that a sign-in takes for itself end the
    /// program again when it is over.
    pub(super) fn going_on(mut self) -> Result<Self, Failed> {
        if self.ending.is_none() {
            let ending = EndingSignals::new().map_err(|_| Failed::internal("no signals"))?;
            take_interrupts(ending.interrupts());
            self.ending = Some(ending);
        }
        Ok(self)
    }

    /// See [`Setup::going_on`].
    pub(super) fn ending(&self) -> Option<EndingSignals> {
        self.ending.clone()
    }

    /// Whether a face that goes on asks for the next thing after this one.
    pub(super) fn goes_on(&self) -> bool {
        self.ending.is_some()
    }

    /// How to sign in to it, as one line: in the list of a face that goes on, else in a shell.
    pub(super) fn way_to_sign_in(&self, name: &str) -> String {
        if self.goes_on() {
            format!("  To sign in: u {name}")
        } else {
            format!("  run: valetkey login {name}")
        }
    }

    /// Keeps a deleted definition, until the program ends.
    pub(super) fn keep_deleted(&self, connection: &Connection) {
        self.deleted.borrow_mut().push(connection.clone());
    }

    /// Those deletions, the latest last.
    pub(super) fn deleted(&self) -> std::cell::RefMut<'_, Vec<Connection>> {
        self.deleted.borrow_mut()
    }

    /// While this lives, hang-up, interrupt and termination do not end the program by themselves.
    pub(super) fn signals_deferred(&self) -> Option<SignalsDeferred> {
        self.ending.as_ref().map(EndingSignals::defer)
    }

    /// The pretend service, in practice.
    pub(super) fn practice_provider(&self) -> Option<&Arc<Sandbox>> {
        self.practice.as_ref()
    }

    /// Makes or unlocks the vault: by keychain, by the passphrase brought along, or by asking on the
    /// terminal.
    pub(super) fn open_vault(&self) -> Result<(), Failed> {
        if self.engine.is_memory() {
            return Ok(());
        }
        let passphrase = self.passphrase_brought()?;
        let new = matches!(self.engine.vault_facts()?, VaultFacts::NotMade);
        if new {
            warn_of_sudo()?;
        }
        let brought = passphrase.is_some();
        let given_up = GivenUp::default();
        let access = Access {
            passphrase,
            given_up: given_up.clone(),
        };
        let opened = if brought || !self.patient {
            self.engine.open_vault(&access)
        } else {
            let offer = self.engine.passphrase_way()?.is_some();
            let engine = self.engine.clone();
            match wait(move || engine.open_vault(&access), offer) {
                Waited::Done(opened) => opened,
                Waited::Instead => {
                    given_up.give_up();
                    return self.ask_passphrase(new);
                }
            }
        };
        match opened {
            Ok(()) if new => self.tell_made(),
            Ok(()) => Ok(()),
            Err(Error::PassphraseNeeded(why)) if !brought && self.asks => {
                if why != KeychainError::NoEntry {
                    output::note(&advice::advise(&Error::PassphraseNeeded(why)).sentence);
                }
                if !new && agent::is_open() {
                    output::note(advice::agent::GIVES_NO_KEY);
                }
                self.ask_passphrase(new)
            }
            Err(error @ Error::PassphraseNeeded(_)) if !new && agent::is_open() => {
                let Failed(mut advice) = error.into();
                advice.sentence = format!("{} {}", advice.sentence, advice::agent::GIVES_NO_KEY);
                Err(Failed(advice))
            }
            Err(other) => Err(other.into()),
        }
    }

    /// Proves the keychain before a browser opens (conformance T-05).
    pub(super) fn prove_keychain(&self) -> Result<(), Failed> {
        let engine = self.engine.clone();
        if !self.patient {
            return Ok(engine.prove_keychain()?);
        }
        match wait(move || engine.prove_keychain(), false) {
            Waited::Done(proved) => Ok(proved?),
            // Nothing was offered.
            Waited::Instead => Err(Error::Cancelled.into()),
        }
    }

    /// Says so when the provider's clock and this machine's are far apart (conformance J-12).
    pub(super) fn tell_clock(&self) {
        if let Some(skew) = self.engine.clock_skew() {
            output::note(&format!("valetkey: {}", advice::doctor::clock_skew(skew)));
        }
    }

    /// Does something that may wait for the keychain, and says so when it takes long.
    pub(super) fn explained<T>(&self, work: impl FnOnce() -> T) -> T {
        explained(self.patient, work)
    }

    fn ask_passphrase(&self, new: bool) -> Result<(), Failed> {
        if new {
            self.engine.open_vault(&Access {
                passphrase: Some(passphrase::choose()?),
                ..Access::default()
            })?;
            return self.tell_made();
        }
        self.with_typed_passphrase(|access| self.engine.open_vault(access))
    }

    /// Does something that needs the vault's passphrase, which is typed on the terminal; a wrong one
    /// may be typed again, later each time (conformance T-07).
    pub(super) fn with_typed_passphrase(
        &self,
        work: impl Fn(&Access) -> Result<(), Error>,
    ) -> Result<(), Failed> {
        const QUESTION: &str = "Passphrase of the vault: ";
        let _unshown = unshown();
        for wrong in 0.. {
            let passphrase = match wrong {
                0 => prompt_passphrase(QUESTION, PASSPHRASE)?,
                _ => prompt_passphrase_again(wait_after(wrong), QUESTION, PASSPHRASE)?,
            };
            // Nobody's passphrase is empty; it is how people leave a question.
            if passphrase.is_empty() {
                return Err(Error::Cancelled.into());
            }
            let access = Access {
                passphrase: Some(passphrase),
                ..Access::default()
            };
            match work(&access) {
                Err(Error::Vault(VaultError::WrongKey)) if wrong + 1 < TRIES => {}
                done => {
                    done?;
                    self.typed.replace(access.passphrase);
                    break;
                }
            }
        }
        Ok(())
    }

    /// The passphrase that was typed to open the vault, if one was.
    pub(super) fn take_typed(&self) -> Option<Secret> {
        self.typed.take()
    }

    /// Whether a person can be asked.
    pub(super) fn asks(&self) -> bool {
        self.asks
    }

    /// Somebody at a terminal is asked whether a copied or restored vault is to be used here. Without
    /// one the refresh is refused, with what to run.
    pub(super) fn ask_if_moved(&self) -> Result<(), Failed> {
        let moved = matches!(self.engine.vault_facts()?, VaultFacts::Made(status) if status.moved);
        if !moved || !self.asks {
            return Ok(());
        }
        output::note(&advice::advise(&Error::Vault(VaultError::Moved)).sentence);
        if yes("Use this copy here from now on?", false)? {
            self.engine.adopt_vault()?;
        }
        Ok(())
    }

    fn tell_made(&self) -> Result<(), Failed> {
        if let VaultFacts::Made(status) = self.engine.vault_facts()? {
            let by_keychain = status
                .slots
                .iter()
                .any(|slot| slot.kind == SlotKind::Keychain);
            output::note(if by_keychain {
                "Made the vault. Sign-ins are stored encrypted; your keychain holds the key."
            } else {
                "Made the vault. Sign-ins are stored encrypted; your passphrase opens it."
            });
        }
        Ok(())
    }

    /// From `--passphrase-fd` or `VALETKEY_PASSPHRASE_FILE`.
    pub(super) fn passphrase_brought(&self) -> Result<Option<Secret>, Failed> {
        passphrase::brought(self.passphrase_fd)
    }

    /// Makes a vault that a passphrase opens: the one brought along, or one chosen on the terminal.
    pub(super) fn make_with_passphrase(&self) -> Result<(), Failed> {
        let passphrase = match self.passphrase_brought()? {
            Some(passphrase) => passphrase,
            None if self.asks => passphrase::choose()?,
            None => {
                return Err(Failed::usage(
                    "passphrase-needed",
                    "There is no terminal to type a passphrase on.",
                    "Set VALETKEY_PASSPHRASE_FILE or give --passphrase-fd.",
                ));
            }
        };
        self.engine.make_with_passphrase(&passphrase)?;
        self.tell_made()
    }
}

/// The machine itself, as the person set it. `patient`: the keychain may ask its person.
pub(super) fn world(settings: &Settings, patient: bool) -> World {
    World {
        clock: Arc::new(SystemClock),
        browser: match &settings.browser {
            Some(programs) => Arc::new(NamedBrowser(programs.into())),
            None => Arc::new(SystemBrowser),
        },
        keychain: Arc::new(OsKeychain::new(patient)),
        environment: environment(settings),
        jobs_here: false,
    }
}

fn environment(settings: &Settings) -> Environment {
    Environment {
        wishes: Wishes {
            browser: settings.browser.is_some(),
            first_way: settings.first_way,
            ssh_host: settings.ssh_host.clone(),
        },
        ..Environment::detect()
    }
}

pub(super) fn paths() -> Result<Paths, Failed> {
    Paths::from_env().map_err(|_| {
        Failed::usage(
            "no-home",
            "There is no home folder to keep anything in.",
            "Set HOME or VALETKEY_HOME.",
        )
    })
}

pub(super) fn disk_home(paths: &Paths) -> Home {
    Home::Disk {
        data: paths.data.clone(),
        state: paths.state.clone(),
    }
}

/// A vault made by accident for root is of no use to the person who typed `sudo`.
fn warn_of_sudo() -> Result<(), Failed> {
    if let Some(user) = std::env::var_os("SUDO_USER").filter(|user| user != "root") {
        let shown = |text: &std::ffi::OsStr| Untrusted::new(text.to_string_lossy()).shown();
        output::note(&format!(
            "This runs under sudo: the vault will lie in {}, not with {}'s own.",
            shown(paths()?.data.as_os_str()),
            shown(&user)
        ));
    }
    Ok(())
}
