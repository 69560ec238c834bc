//! Questions on the terminal, and secrets from files and stdin.

use std::fs::File;
use std::io::{self, BufRead as _, Read as _};
use std::path::Path;
use std::time::Duration;

use zeroize::Zeroizing;

use super::failed::Failed;
use super::output;
use crate::engine::Error;
use crate::model::{Seconds, Secret};
use crate::vault::VaultError;

/// The input ended at a question.
pub(super) const NO_ANSWER: &str = "no-answer";

/// Asks with echo; an empty answer is the default.
pub(super) fn prompt(question: &str, default: &str) -> Result<String, Failed> {
    output::ask(question);
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line).unwrap_or(0);
    if read == 0 {
        return Err(Failed::usage(
            NO_ANSWER,
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

/// Asks without echo.
pub(super) fn prompt_secret(question: &str) -> Result<Secret, Failed> {
    hidden(|| output::ask(question))
}

/// Asks again after a wrong passphrase, and not at once (conformance T-07). What is typed while it
/// waits is not shown either.
pub(super) fn prompt_passphrase_again(wait: Seconds, question: &str) -> Result<Secret, Failed> {
    hidden(|| {
        output::note(&format!("Wrong passphrase (wait {} s).", wait.0));
        std::thread::sleep(Duration::from_secs(wait.0));
        output::ask(question);
    })
}

fn hidden(ask: impl FnOnce()) -> Result<Secret, Failed> {
    let answer = crate::host::read_hidden_line(ask);
    output::note("");
    answer.map_err(|error| {
        Failed::from(match error.kind() {
            io::ErrorKind::Interrupted => Error::Cancelled,
            _ => Error::Vault(VaultError::Locked),
        })
    })
}

/// Asks whether to do it; only `y` and `yes` do. Without a terminal the flag must say so.
pub(super) fn confirmed(yes: bool, what: &str, question: &str) -> Result<bool, Failed> {
    if yes {
        return Ok(true);
    }
    if !output::stdin_is_terminal() {
        return Err(Failed::usage(
            "choose",
            what,
            "Without a terminal to ask on, say so with --yes.",
        ));
    }
    output::note(what);
    let answer = prompt(&format!("{question} [y/N]: "), "n")?;
    Ok(matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// Reads a secret from a file or stdin (`-`), without its last line break.
pub(super) fn secret_from(path: &Path) -> Result<Secret, Failed> {
    let mut text = Zeroizing::new(String::new());
    let result = if path.as_os_str() == "-" {
        io::stdin().lock().take(65_536).read_to_string(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(65_536).read_to_string(&mut text))
    };
    result.map_err(|error| {
        Failed::usage(
            "secret-file",
            format!("The secret file: {}.", output::unreadable(&error)),
            "Give a readable file, or - for stdin.",
        )
    })?;
    Ok(Secret::new(text.trim_end_matches(['\n', '\r']).to_owned()))
}
