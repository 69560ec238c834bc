//! The vault's passphrase: brought along in a file or descriptor, or chosen on the terminal.

use std::fs::File;
use std::io::{self, BufRead as _, Read as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::args::{Import, NewPassphrase};
use super::failed::Failed;
use super::output;
use super::prompt::prompt_secret;
use crate::model::Secret;

/// From `--passphrase-fd` or `VALETKEY_PASSPHRASE_FILE`: the first line, without its end.
///
/// # Errors
/// The source cannot be read, or holds nothing: an empty passphrase protects nothing.
pub(super) fn brought(fd: Option<i32>) -> Result<Option<Secret>, Failed> {
    let place = match (fd, std::env::var_os("VALETKEY_PASSPHRASE_FILE")) {
        (Some(fd), _) => descriptor(fd),
        (None, Some(file)) if !file.is_empty() => PathBuf::from(file),
        _ => return Ok(None),
    };
    read_from(&place, "VALETKEY_PASSPHRASE_FILE or --passphrase-fd").map(Some)
}

/// A new passphrase from where the flags say, else typed twice.
pub(super) fn new(from: &NewPassphrase, asks: bool) -> Result<Secret, Failed> {
    const FLAGS: &str = "--new-passphrase-file or --new-passphrase-fd";
    match (from.new_passphrase_fd, &from.new_passphrase_file) {
        (Some(fd), _) => read_from(&descriptor(fd), FLAGS),
        (None, Some(file)) => read_from(file, FLAGS),
        (None, None) if asks => choose(),
        (None, None) => Err(Failed::usage(
            "passphrase-needed",
            "There is no terminal to type a new passphrase on.",
            format!("Give {FLAGS}."),
        )),
    }
}

/// The passphrase of a backup from where the flags say.
pub(super) fn of_backup(import: &Import) -> Result<Option<Secret>, Failed> {
    let place = match (import.backup_passphrase_fd, &import.backup_passphrase_file) {
        (Some(fd), _) => descriptor(fd),
        (None, Some(file)) => file.clone(),
        (None, None) => return Ok(None),
    };
    read_from(&place, "--backup-passphrase-file or --backup-passphrase-fd").map(Some)
}

/// The kernel's own view of our descriptors: no unsafe needed to take one over.
fn descriptor(fd: i32) -> PathBuf {
    PathBuf::from(format!("/dev/fd/{fd}"))
}

fn read_from(place: &Path, given_by: &str) -> Result<Secret, Failed> {
    let passphrase = first_line(place, given_by)?;
    if passphrase.is_empty() {
        return Err(empty());
    }
    Ok(passphrase)
}

/// Asks for a new passphrase, twice.
pub(super) fn choose() -> Result<Secret, Failed> {
    output::note(
        "Choose a passphrase. There is no recovery: if you forget it, you sign in everywhere again.",
    );
    // A slip of the finger loses nothing, and what is typed next is never shown.
    loop {
        let first = prompt_secret("Passphrase: ")?;
        if first.is_empty() {
            output::note("It is empty. Choose one with some characters; Ctrl-C stops.");
        } else if first.same(&Secret::new("?".to_owned())) {
            output::note(
                "It opens your sign-ins on this machine from now on. It is not shown, and asked for twice.",
            );
        } else if first.same(&prompt_secret("Once more: ")?) {
            return Ok(first);
        } else {
            output::note("The two differ. Type both again.");
        }
    }
}

fn empty() -> Failed {
    Failed::usage(
        "passphrase-empty",
        "The passphrase is empty.",
        "Its first line counts; choose one with some characters.",
    )
}

fn first_line(path: &Path, given_by: &str) -> Result<Secret, Failed> {
    let unreadable = |error: io::Error| {
        Failed::usage(
            "passphrase-file",
            format!("The passphrase file: {}.", output::unreadable(&error)),
            format!("Check {given_by}."),
        )
    };
    let mut text = Zeroizing::new(String::new());
    let file = File::open(path).map_err(unreadable)?;
    io::BufReader::new(file.take(4096))
        .read_line(&mut text)
        .map_err(unreadable)?;
    Ok(Secret::new(text.trim_end_matches(['\n', '\r']).to_owned()))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::fd::AsRawFd as _;

    use super::*;

    fn from_file(text: &str) -> Result<Option<Secret>, Failed> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        let reading = File::open(file.path()).expect("opens");
        brought(Some(reading.as_raw_fd()))
    }

    #[test]
    fn t_07_an_empty_passphrase_is_refused() {
        for text in ["", "\n", "\r\nsecond line\n"] {
            let refused = from_file(text).err().expect("refused");
            assert_eq!(refused.0.code, "passphrase-empty", "{text:?}");
        }
    }

    #[test]
    fn the_first_line_is_the_passphrase() {
        let brought = from_file("correct horse\nother\n").expect("read");
        assert_eq!(
            brought.expect("there").reveal(),
            "correct horse",
            "without its end"
        );
    }
}
