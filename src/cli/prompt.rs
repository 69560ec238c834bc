//! Questions on the terminal, and secrets from files and stdin.

use std::fs::File;
use std::io::{self, BufRead as _, Read as _};
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use zeroize::Zeroizing;

use super::failed::Failed;
use super::output;
use crate::engine::Error;
use crate::host::{Interrupts, Unshown};
use crate::model::{Seconds, Secret};
use crate::vault::VaultError;

/// The input ended at a question.
pub(super) const NO_ANSWER: &str = "no-answer";

/// The interrupt key goes back one step while this face asks.
static INTERRUPTS: OnceLock<Interrupts> = OnceLock::new();

/// From now on the interrupt key ends a question instead of the program.
pub(super) fn take_interrupts(interrupts: Interrupts) {
    // Set up once; a face inside another has the same.
    let _ = INTERRUPTS.set(interrupts);
}

/// Asks with echo; an empty answer is the default.
///
/// # Errors
/// [`NO_ANSWER`] when the input ends, [`Error::Cancelled`] when the person interrupts.
pub(super) fn prompt(question: &str, default: &str) -> Result<String, Failed> {
    let line = prompt_exact(question)?;
    let line = line.trim();
    Ok(if line.is_empty() {
        default.to_owned()
    } else {
        line.to_owned()
    })
}

/// Asks with echo for what is kept as it was typed, blanks at its ends too.
///
/// # Errors
/// As [`prompt`].
pub(super) fn prompt_exact(question: &str) -> Result<String, Failed> {
    let listening = INTERRUPTS.get().map(Interrupts::listen);
    output::ask(question);
    if let Some(listening) = &listening
        && listening.wait_for_input().is_err()
    {
        output::note("");
        return Err(Error::Cancelled.into());
    }
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line).unwrap_or(0);
    if read == 0 {
        return Err(no_answer());
    }
    line.truncate(line.trim_end_matches(['\n', '\r']).len());
    Ok(line)
}

fn no_answer() -> Failed {
    if output::stdin_is_terminal() {
        // Whatever is said next begins a line of its own.
        output::note("");
    }
    Failed::usage(
        NO_ANSWER,
        "There was no answer.",
        "Use --no-input and flags, or a terminal.",
    )
}

/// Asks until the answer is one of the numbers from 1 on.
pub(super) fn choice(question: &str, default: &str, most: usize) -> Result<usize, Failed> {
    loop {
        match prompt(question, default)?.parse() {
            Ok(number @ 1..) if number <= most => return Ok(number),
            _ => output::note(&format!("Type a number from 1 to {most}.")),
        }
    }
}

/// Asks until the answer is yes or no. `default` is what enter alone says.
pub(super) fn yes(question: &str, default: bool) -> Result<bool, Failed> {
    decided(question, default, None)
}

/// The same where a question mark is answered with `why`.
pub(super) fn yes_or_why(question: &str, default: bool, why: &str) -> Result<bool, Failed> {
    decided(question, default, Some(why))
}

fn decided(question: &str, default: bool, why: Option<&str>) -> Result<bool, Failed> {
    let usual = if default { "Y/n" } else { "y/N" };
    let enter = if default { "y" } else { "n" };
    loop {
        match prompt(&format!("{question} [{usual}] "), enter)?
            .to_ascii_lowercase()
            .as_str()
        {
            "y" | "yes" => return Ok(true),
            "n" | "no" => return Ok(false),
            "?" if why.is_some() => output::note(why.unwrap_or_default()),
            _ => output::note("Type y for yes or n for no; Ctrl-C leaves the question."),
        }
    }
}

/// Asks without echo.
pub(super) fn prompt_secret(question: &str) -> Result<Secret, Failed> {
    hidden(|| output::ask(question))
}

/// Asks for a passphrase that is in use already. A question mark alone asks what it is, as at every other
/// question. What is typed between two tries is not shown either.
pub(super) fn prompt_passphrase(question: &str, about: &str) -> Result<Secret, Failed> {
    let _unshown = unshown();
    loop {
        let typed = prompt_secret(question)?;
        if !typed.same(&Secret::new("?".to_owned())) {
            return Ok(typed);
        }
        output::note(about);
    }
}

/// Asks again after a wrong passphrase, and not at once (conformance T-07). What is typed while it
/// waits is not shown either.
pub(super) fn prompt_passphrase_again(
    wait: Seconds,
    question: &str,
    about: &str,
) -> Result<Secret, Failed> {
    output::note(&format!("Wrong passphrase (wait {} s).", wait.0));
    let waited = Unshown::begin().and_then(|waiting| waiting.wait(Duration::from_secs(wait.0)));
    waited.map_err(|error| not_read(&error))?;
    prompt_passphrase(question, about)
}

/// Hold it over all tries at a passphrase: what is typed while one is checked is not shown either.
pub(super) fn unshown() -> Option<Unshown> {
    Unshown::begin().ok()
}

fn hidden(ask: impl FnOnce()) -> Result<Secret, Failed> {
    let answer = crate::host::read_hidden_line(ask);
    output::note("");
    answer.map_err(|error| not_read(&error))
}

fn not_read(error: &io::Error) -> Failed {
    match error.kind() {
        io::ErrorKind::Interrupted => Error::Cancelled.into(),
        io::ErrorKind::UnexpectedEof => no_answer(),
        _ => Error::Vault(VaultError::Locked).into(),
    }
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
    self::yes(question, false)
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
