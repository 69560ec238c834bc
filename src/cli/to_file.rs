//! Writing a file that a person named.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use super::failed::Failed;
use super::output;
use crate::advice::{Advice, exit};
use crate::model::Untrusted;

/// # Errors
/// Something has that name.
pub(super) fn refuse_taken(path: &Path) -> Result<(), Failed> {
    if fs::symlink_metadata(path).is_err() {
        return Ok(());
    }
    Err(Failed::usage(
        "output-file",
        format!(
            "{} exists already. It was left as it is.",
            output::path(path)
        ),
        "Choose another name.",
    ))
}

/// The whole file or nothing of it, for its owner alone, on the disk when this returns. Never through a
/// link, and over another file only where `replace` says so.
///
/// # Errors
/// Something else has that name, or the system refuses.
pub(super) fn write_file(path: &Path, bytes: &[u8], replace: bool) -> Result<(), Failed> {
    match fs::symlink_metadata(path) {
        Ok(_) if !replace => {
            let mut failed = refuse_taken(path);
            if let Err(Failed(advice)) = &mut failed {
                advice.hint = Some("Choose another name, or replace it with --force.".to_owned());
            }
            return failed;
        }
        Ok(found) if !found.is_file() => {
            return Err(Failed::usage(
                "output-file",
                format!(
                    "{} is a link, or no plain file. It was left as it is.",
                    output::path(path)
                ),
                "Name the file itself.",
            ));
        }
        _ => {}
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    put_in(folder, path, bytes, replace).map_err(|error| {
        Failed(Advice {
            code: "output-file".into(),
            sentence: format!(
                "{} could not be written: {}.",
                output::path(path),
                Untrusted::new(error.to_string()).shown()
            ),
            hint: Some("Nothing was left there.".to_owned()),
            fixes: Vec::new(),
            exit: exit::OTHER,
        })
    })
}

fn put_in(folder: &Path, path: &Path, bytes: &[u8], replace: bool) -> io::Result<()> {
    // Made for its owner alone, and gone again unless it gets its name.
    let mut file = tempfile::Builder::new()
        .prefix(".valetkey-")
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    if replace {
        file.persist(path)
    } else {
        file.persist_noclobber(path)
    }
    .map_err(|failed| failed.error)?;
    File::open(folder)?.sync_all()
}
