//! The two ways to give a token to a program: a variable, or an open descriptor that a variable names.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::process::Command;

use rustix::io::{FdFlags, fcntl_setfd};

use crate::model::Secret;

/// The variable that holds the token where no other is named.
const TOKEN: &str = "VALETKEY_TOKEN";
/// The variable that names the file the token is read from.
const TOKEN_FILE: &str = "VALETKEY_TOKEN_FILE";

/// How the program gets the token.
pub enum HandOver {
    /// In this variable; `VALETKEY_TOKEN` when none is named.
    Variable(Option<OsString>),
    /// In a file without a name, open in the program and in whatever it leaves it open for.
    Descriptor,
}

/// Prepares the command. What is returned must stay open until the program has started.
pub(super) fn hand_over(
    command: &mut Command,
    token: &Secret,
    by: HandOver,
) -> io::Result<Option<OwnedFd>> {
    // Another one's token, if this runs inside an `exec`, would be taken for ours.
    command.env_remove(TOKEN).env_remove(TOKEN_FILE);
    match by {
        HandOver::Variable(name) => {
            command.env(name.unwrap_or_else(|| TOKEN.into()), token.reveal());
            Ok(None)
        }
        HandOver::Descriptor => {
            let file = nameless(token)?;
            command.env(TOKEN_FILE, format!("/dev/fd/{}", file.as_raw_fd()));
            // The only descriptor that a child gets beside the standard ones.
            fcntl_setfd(&file, FdFlags::empty())?;
            Ok(Some(file))
        }
    }
}

/// A file in memory: it can be read again and again, and never changed.
#[cfg(target_os = "linux")]
fn nameless(token: &Secret) -> io::Result<OwnedFd> {
    use std::io::Write as _;

    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let mut file = std::fs::File::from(memfd_create("token", flags)?);
    file.write_all(token.reveal().as_bytes())?;
    let forever = SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE;
    fcntl_add_seals(&file, forever)?;
    Ok(file.into())
}

/// A pipe with the token in it: it can be read once.
#[cfg(not(target_os = "linux"))]
fn nameless(token: &Secret) -> io::Result<OwnedFd> {
    use std::io::Write as _;

    /// Fits into every pipe, so writing does not wait for a reader.
    const LONGEST: usize = 16 * 1024;

    if token.len() > LONGEST {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge));
    }
    let (reader, mut writer) = io::pipe()?;
    writer.write_all(token.reveal().as_bytes())?;
    Ok(reader.into())
}
