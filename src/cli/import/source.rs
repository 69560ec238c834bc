//! What an import reads: plain definitions, or a backup that a passphrase opens.

use std::fs::File;
use std::io::{self, Read as _};

use crate::advice::fields::BACKUP_PASSPHRASE;
use crate::cli::args::Import;
use crate::cli::failed::Failed;
use crate::cli::prompt::{prompt_passphrase, prompt_passphrase_again, unshown};
use crate::cli::setup::TRIES;
use crate::cli::{output, passphrase};
use crate::engine::{BringProblem, Brought, Error, wait_after};
use crate::model::Secret;
use crate::vault::{BackupProblem, LONGEST_BACKUP, VaultError, is_backup};

pub(super) fn read(import: &Import) -> Result<Brought, Failed> {
    let bytes = bytes_of(import)
        .map_err(|error| unreadable(import, &format!("{}.", output::unreadable(&error))))?;
    let has_passphrase =
        import.backup_passphrase_file.is_some() || import.backup_passphrase_fd.is_some();
    if !is_backup(&bytes) && has_passphrase {
        return Err(unreadable(
            import,
            "it is no encrypted backup and has no passphrase.",
        ));
    }
    match Brought::of(&bytes) {
        Ok(brought) => Ok(brought),
        Err(BringProblem::PassphraseNeeded) => open(&bytes, import),
        Err(BringProblem::NotText) => {
            Err(unreadable(import, "it is neither UTF-8 text nor a backup."))
        }
        Err(BringProblem::Backup(error)) => Err(error.into()),
    }
}

/// At most one byte more than the longest file that makes sense.
fn bytes_of(import: &Import) -> io::Result<Vec<u8>> {
    let most = LONGEST_BACKUP as u64 + 1;
    let mut bytes = Vec::new();
    if import.file.as_os_str() == "-" {
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        File::open(&import.file)?
            .take(most)
            .read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn unreadable(import: &Import, why: &str) -> Failed {
    Failed::usage(
        "import",
        format!("{}: {why}", output::path(&import.file)),
        "Give a file that `valetkey export` wrote, or - for stdin.",
    )
}

fn open(bytes: &[u8], import: &Import) -> Result<Brought, Failed> {
    const QUESTION: &str = "Passphrase of the backup: ";
    let opened = |passphrase: &Secret| Brought::open(bytes, passphrase);
    let brought = passphrase::of_backup(import)?;
    if let Some(passphrase) = brought {
        return Ok(opened(&passphrase).map_err(Error::from)?);
    }
    if !output::stdin_is_terminal() {
        return Err(Failed::usage(
            "passphrase-needed",
            "There is no terminal to type the backup's passphrase on.",
            "Give --backup-passphrase-file or --backup-passphrase-fd.",
        ));
    }
    let mut wrong = 0;
    let _unshown = unshown();
    loop {
        let passphrase = match wrong {
            0 => prompt_passphrase(QUESTION, BACKUP_PASSPHRASE)?,
            _ => prompt_passphrase_again(wait_after(wrong), QUESTION, BACKUP_PASSPHRASE)?,
        };
        wrong += 1;
        match opened(&passphrase) {
            Err(VaultError::Backup(BackupProblem::Passphrase)) if wrong < TRIES => {}
            done => return Ok(done.map_err(Error::from)?),
        }
    }
}
