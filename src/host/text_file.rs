//! Reading a small text file that a person wrote: whole, bounded, and never one that could keep us waiting.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

/// Longest file that is read, in bytes.
const LONGEST: u64 = 1 << 20;
/// The right to write, of everybody but the owner.
const OTHERS_WRITE: u32 = 0o022;

/// Why a text file is not read. The words come after its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextFileError {
    #[error("there is no such file")]
    NotThere,
    #[error("you may not read it")]
    Forbidden,
    #[error("it is not a file")]
    NotAFile,
    #[error("it is larger than 1 MiB")]
    TooLarge,
    /// The first line with a byte that belongs to no character.
    #[error("line {0} is not UTF-8 text")]
    NotText(usize),
    #[error("other users can change it, so it is not used; take that right away: chmod go-w")]
    OthersMayWrite,
    #[error("it belongs to another user, so it is not used")]
    Foreign,
    #[error("it cannot be read ({0})")]
    Other(io::ErrorKind),
}

impl From<io::Error> for TextFileError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotThere,
            io::ErrorKind::PermissionDenied => Self::Forbidden,
            other => Self::Other(other),
        }
    }
}

/// The text of a file that decides what this program does: links are followed (folders of dotfiles), but
/// what another user owns or can change is not read. Root may own it, as package managers do.
pub fn read_own_text(path: &Path) -> Result<String, TextFileError> {
    let (file, found) = open(path)?;
    if ![0, rustix::process::geteuid().as_raw()].contains(&found.uid()) {
        return Err(TextFileError::Foreign);
    }
    if found.mode() & OTHERS_WRITE != 0 {
        return Err(TextFileError::OthersMayWrite);
    }
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(TextFileError::TooLarge);
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = error.utf8_error().valid_up_to();
        let lines = error.as_bytes()[..before]
            .iter()
            .filter(|byte| **byte == b'\n');
        TextFileError::NotText(lines.count() + 1)
    })
}

/// The bytes of a file that a person named, whoever owns it; at most so many.
pub fn read_given(path: &Path, most: usize) -> Result<Vec<u8>, TextFileError> {
    let (file, _) = open(path)?;
    let mut bytes = Vec::new();
    file.take(most as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn open(path: &Path) -> Result<(File, Metadata), TextFileError> {
    // A pipe is opened without waiting for its writer, and seen for what it is.
    let wait_for_nobody = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = File::options()
        .read(true)
        .custom_flags(wait_for_nobody)
        .open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(TextFileError::NotAFile);
    }
    Ok((file, found))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn file(mode: u32) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        fs::write(&path, "mouse = false\n").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("mode");
        (folder, path)
    }

    #[test]
    fn f12_what_others_could_have_written_is_not_read() {
        for (mode, expected) in [
            (0o600, Ok("mouse = false\n".to_owned())),
            (0o644, Ok("mouse = false\n".to_owned())),
            (0o664, Err(TextFileError::OthersMayWrite)),
            (0o646, Err(TextFileError::OthersMayWrite)),
        ] {
            let (_folder, path) = file(mode);
            assert_eq!(read_own_text(&path), expected, "{mode:o}");
        }
    }

    #[test]
    fn f12_a_link_is_followed_and_what_is_no_file_is_told() {
        let (folder, path) = file(0o600);
        let link = folder.path().join("link");
        symlink(&path, &link).expect("a link");
        assert!(read_own_text(&link).is_ok());
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .expect("a pipe");
        for (path, expected) in [
            (pipe, TextFileError::NotAFile),
            (folder.path().to_owned(), TextFileError::NotAFile),
            ("/dev/zero".into(), TextFileError::NotAFile),
            (folder.path().join("nothing"), TextFileError::NotThere),
        ] {
            assert_eq!(read_own_text(&path), Err(expected), "{}", path.display());
        }
    }

    #[test]
    fn f10_what_is_no_text_is_told_with_its_line() {
        let (_folder, path) = file(0o600);
        fs::write(&path, b"a = 1\nb = \"\xff\"\n").expect("written");
        assert_eq!(read_own_text(&path), Err(TextFileError::NotText(2)));
        fs::write(&path, "#".repeat((1 << 20) + 1)).expect("written");
        assert_eq!(read_own_text(&path), Err(TextFileError::TooLarge));
    }
}
