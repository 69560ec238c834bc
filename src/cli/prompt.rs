//! Questions on the terminal, and secrets from files and stdin.

use std::fs::File;
use std::io::{self, BufRead as _, Read as _};
use std::path::Path;

use zeroize::Zeroizing;

use super::failed::Failed;
use super::output;
use crate::engine::Error;
use crate::model::Secret;
use crate::vault::VaultError;

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

/// Asks without echo.
pub(super) fn prompt_secret(question: &str) -> Result<Secret, Failed> {
    let answer = crate::host::read_hidden_line(|| output::ask(question));
    output::note("");
    answer.map_err(|error| {
        Failed::from(match error.kind() {
            io::ErrorKind::Interrupted => Error::Cancelled,
            _ => Error::Vault(VaultError::Locked),
        })
    })
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
