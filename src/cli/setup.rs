//! From flags and environment to an engine with an open vault.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::args::Cli;
use super::failed::Failed;
use super::output;
use crate::advice;
use crate::engine::{Access, Engine, Error, VaultFacts, World};
use crate::host::{Environment, OsKeychain, Paths, SystemBrowser, SystemClock};
use crate::model::Secret;
use crate::vault::{Home, KeychainError, SlotKind, VaultError};

/// What every command gets.
pub(super) struct Setup {
    pub(super) engine: Engine,
    passphrase_fd: Option<i32>,
}

impl Setup {
    /// Opens what is there; makes nothing and asks nothing.
    pub(super) fn new(cli: &Cli) -> Result<Self, Failed> {
        let paths = paths()?;
        let home = if cli.ephemeral {
            Home::Memory
        } else {
            disk_home(&paths)
        };
        let world = World {
            clock: Arc::new(SystemClock),
            browser: Arc::new(SystemBrowser),
            keychain: Arc::new(OsKeychain::new(false)),
            environment: Environment::detect(),
            jobs_here: false,
        };
        let engine = Engine::open(world, home)?;
        Ok(Self {
            engine,
            passphrase_fd: cli.passphrase_fd,
        })
    }

    /// Makes or unlocks the vault: by keychain, by the passphrase brought along, or by asking on the
    /// terminal.
    pub(super) fn open_vault(&self) -> Result<(), Failed> {
        if self.engine.is_memory() {
            return Ok(());
        }
        let brought = self.passphrase_brought()?;
        let had_one = brought.is_some();
        let new = matches!(self.engine.vault_facts()?, VaultFacts::NotMade);
        match self.engine.open_vault(&Access {
            passphrase: brought,
        }) {
            Ok(()) => {
                if new {
                    self.tell_made()?;
                }
                Ok(())
            }
            Err(Error::PassphraseNeeded(why)) if !had_one && output::stdin_is_terminal() => {
                self.ask_passphrase(new, &why)
            }
            Err(other) => Err(other.into()),
        }
    }

    fn ask_passphrase(&self, new: bool, why: &KeychainError) -> Result<(), Failed> {
        if *why != KeychainError::NoEntry {
            output::note(&advice::advise(&Error::PassphraseNeeded(why.clone())).sentence);
        }
        let passphrase = if new {
            output::note(
                "Choose a passphrase. There is no recovery: if you forget it, you sign in everywhere again.",
            );
            let first = prompt_secret("Passphrase: ")?;
            let second = prompt_secret("Once more: ")?;
            if !first.same(&second) || first.is_empty() {
                return Err(Failed::usage(
                    "passphrase-differs",
                    "The two passphrases differ, or are empty.",
                    "Try again.",
                ));
            }
            first
        } else {
            prompt_secret("Passphrase of the vault: ")?
        };
        self.engine.open_vault(&Access {
            passphrase: Some(passphrase),
        })?;
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

    /// From `--passphrase-fd` or `VALETKEY_PASSPHRASE_FILE`; the first line, without its end.
    pub(super) fn passphrase_brought(&self) -> Result<Option<Secret>, Failed> {
        brought(self.passphrase_fd)
    }
}

fn brought(fd: Option<i32>) -> Result<Option<Secret>, Failed> {
    if let Some(fd) = fd {
        // The kernel's own view of our descriptors: no unsafe needed to take one over.
        return first_line(Path::new(&format!("/dev/fd/{fd}"))).map(Some);
    }
    match std::env::var_os("VALETKEY_PASSPHRASE_FILE") {
        Some(file) if !file.is_empty() => first_line(Path::new(&file)).map(Some),
        _ => Ok(None),
    }
}

/// The fast path of `token` uses the same sources.
pub(super) fn passphrase_from_environment() -> Option<Secret> {
    brought(None).ok().flatten()
}

fn first_line(path: &Path) -> Result<Secret, Failed> {
    let unreadable = |_| {
        Failed::usage(
            "passphrase-file",
            "The passphrase file cannot be read.",
            "Check VALETKEY_PASSPHRASE_FILE or --passphrase-fd.",
        )
    };
    let mut text = Zeroizing::new(String::new());
    let file = File::open(path).map_err(unreadable)?;
    io::BufReader::new(file.take(4096))
        .read_line(&mut text)
        .map_err(unreadable)?;
    Ok(Secret::new(text.trim_end_matches(['\n', '\r']).to_owned()))
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

/// Reads a secret from a file or stdin (`-`), without its last line break.
pub(super) fn secret_from(path: &Path) -> Result<Secret, Failed> {
    let mut text = Zeroizing::new(String::new());
    let result = if path.as_os_str() == "-" {
        io::stdin().lock().take(65_536).read_to_string(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(65_536).read_to_string(&mut text))
    };
    result.map_err(|_| {
        Failed::usage(
            "secret-file",
            "The secret file cannot be read.",
            "Give a readable file, or - for stdin.",
        )
    })?;
    Ok(Secret::new(text.trim_end_matches(['\n', '\r']).to_owned()))
}

/// Asks without echo.
pub(super) fn prompt_secret(question: &str) -> Result<Secret, Failed> {
    output::ask(question);
    let answer = crate::host::read_hidden_line();
    output::note("");
    answer.map_err(|error| {
        Failed::from(match error.kind() {
            io::ErrorKind::Interrupted => Error::Cancelled,
            _ => Error::Vault(VaultError::Locked),
        })
    })
}

/// Asks with echo; an empty answer is the default.
pub(super) fn prompt(question: &str, default: &str) -> Result<String, Failed> {
    output::ask(question);
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line).unwrap_or(0);
    if read == 0 {
        return Err(Failed::usage(
            "no-answer",
            "There was no answer.",
            "Use --no-input and flags, or a terminal.",
        ));
    }
    let line = line.trim();
    Ok(if line.is_empty() {
        default.to_owned()
    } else {
        line.to_owned()
    })
}
