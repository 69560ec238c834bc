//! The vault, its keychain and its disk, in words.

use super::{Advice, Fix, exit, unknown};
use crate::model::Untrusted;
use crate::vault::{BackupProblem, DiskFault, KeychainError, PrivacyProblem, VaultError};

/// What to do where the keychain has no vault key (conformance T-10).
const KEY_GONE: &str = "Restore the keychain entry, or use another key slot. If the key is lost for good: valetkey vault rekey --lose-sign-ins";

pub(super) fn vault(error: &VaultError) -> Advice {
    let locked = |code, sentence: String| Advice::new(code, exit::VAULT, sentence);
    match error {
        VaultError::NotMade => Advice::new("no-vault", exit::VAULT, "There is no vault yet.")
            .hint("run: valetkey vault init"),
        VaultError::AlreadyMade => Advice::new("vault-exists", exit::USAGE, "There is a vault already.")
            .hint("run: valetkey vault status"),
        VaultError::Locked => locked("vault-locked", "The vault is locked.".to_owned())
            .hint("Give its passphrase: VALETKEY_PASSPHRASE_FILE, --passphrase-fd, or on the terminal.")
            .fixes([Fix::Unlock]),
        VaultError::WrongKey => locked("wrong-passphrase", "This passphrase or key does not open the vault.".to_owned())
            .hint("Try again; nothing was changed.")
            .fixes([Fix::Unlock]),
        VaultError::Rekeyed => locked("vault-rekeyed", "The vault was given a new key elsewhere. Nothing was changed.".to_owned())
            .hint("Unlock it again and repeat.")
            .fixes([Fix::Unlock, Fix::TryAgain]),
        VaultError::KeyGone => locked(
            "vault-key-gone",
            "The vault key is gone from the keychain. The connections are kept; the sign-ins need it.".to_owned(),
        )
        .hint(KEY_GONE),
        VaultError::NotKept => locked("keychain-forgets", "The keychain did not keep the key. Nothing was stored.".to_owned())
            .hint("Use a passphrase instead: valetkey vault init --passphrase"),
        VaultError::Keychain(why) => keychain(why),
        VaultError::NoSlot(_) => locked("no-slot", "The vault has no key slot of this kind.".to_owned())
            .hint("run: valetkey vault status"),
        VaultError::UnknownSlot => Advice::new("no-slot", exit::USAGE, "There is no key slot with this number."),
        VaultError::LastSlot => Advice::new("last-slot", exit::USAGE, "This is the last key slot; removing it would lose the vault."),
        VaultError::SlotPassphrase(id) => locked(
            "slot-passphrase",
            format!("Key slot {id} opens with another passphrase, which is needed for the new key. Nothing was changed."),
        )
        .hint(format!("Type it on the terminal, or let the slot go: --drop {id}")),
        VaultError::OldCopyLeft => locked(
            "old-copy-left",
            "It is done, but an older copy of the vault on this disk still opens with the old key.".to_owned(),
        )
        .hint("See that the disk has room and that no other valetkey runs, then: valetkey vault rekey"),
        VaultError::NameTaken => Advice::new("name-taken", exit::USAGE, "This name is taken (letter case does not count).")
            .hint("Choose another one (with add: --name)."),
        VaultError::UnknownConnection => unknown("that name", &[]),
        VaultError::RegistrationDiffers => Advice::new(
            "registration-differs",
            exit::USAGE,
            "This registration belongs to other endpoints and cannot be shared.",
        ),
        VaultError::NoCandidate | VaultError::NoRefreshToken | VaultError::IntentPending => {
            Advice::new("internal", exit::OTHER, format!("Internal error: {error}. Nothing was lost."))
        }
        VaultError::Busy { holder } => {
            let who = holder.map_or("Another process".to_owned(), |pid| format!("Process {pid}"));
            Advice::new("busy", exit::BUSY, format!("{who} is busy with this connection."))
                .hint("Try again.")
                .fixes([Fix::TryAgain])
        }
        VaultError::Changed => Advice::new("changed", exit::BUSY, "It was changed elsewhere in the meantime.")
            .hint("Look again and repeat.")
            .fixes([Fix::TryAgain]),
        VaultError::NewerFormat(format) => locked(
            "newer-format",
            format!("The vault was written by a newer version (format {format}). It was not touched."),
        )
        .hint("Update valetkey."),
        VaultError::CannotLock => locked(
            "cannot-lock",
            "The vault's folder cannot lock files (a network or synced folder may not), so two programs could spend one sign-in twice. Nothing was changed.".to_owned(),
        )
        .hint("Keep the vault on a disk of this machine: set XDG_DATA_HOME or VALETKEY_HOME, or see valetkey paths"),
        VaultError::Moved => locked(
            "vault-moved",
            "This vault was last used on another machine, or restored from a copy. A refresh here may end the sign-ins there.".to_owned(),
        )
        .hint("If it is in use only here from now on, run: valetkey vault adopt"),
        VaultError::SecondCopy => locked(
            "second-copy",
            "This sign-in came out of a backup, and two machines must not refresh the same sign-in: many providers then end it.".to_owned(),
        )
        .hint("If it is in use only here from now on, run: valetkey vault adopt"),
        VaultError::Backup(problem) => backup(*problem),
        VaultError::Replaced => locked(
            "vault-replaced",
            "The vault's file was replaced while this program ran. Nothing was changed.".to_owned(),
        )
        .hint("Start the program again."),
        VaultError::NoCopy => locked("no-copy", "There is no whole copy of the vault to restore.".to_owned())
            .hint("Put a backup of your own in its place, or move the folder away and begin anew. See: valetkey paths"),
        VaultError::Damaged(part) => locked("vault-damaged", format!("The vault is damaged ({part}). It was not touched."))
            .hint("To go on with the copy beside it: valetkey vault restore"),
        VaultError::Tampered => locked(
            "vault-changed-outside",
            "The vault was changed outside the program: a secret does not belong to these addresses. Nothing was sent.".to_owned(),
        )
        .hint("Sign in again; or go on with the copy beside it: valetkey vault restore --anyway"),
        VaultError::NotPrivate { path, problem } => {
            let path = Untrusted::new(path.to_string_lossy()).shown();
            let problem = match problem {
                PrivacyProblem::Symlink => "is a symbolic link",
                PrivacyProblem::Owner => "belongs to another user",
                PrivacyProblem::Mode => "is open to other users",
                PrivacyProblem::Type => "is neither a plain file nor a folder",
            };
            locked("not-private", format!("{path} {problem}; refusing to use it."))
                .hint("Make it yours and private: chmod go-rwx")
        }
        VaultError::Disk(fault) => disk(fault),
        VaultError::NoRandomness => {
            Advice::new("no-randomness", exit::OTHER, "There is no secure random source; refusing to start.")
        }
    }
}

fn backup(problem: BackupProblem) -> Advice {
    match problem {
        BackupProblem::Changed => Advice::new(
            "backup-changed",
            exit::OTHER,
            "This backup is cut or was changed since it was made. Nothing was imported.",
        )
        .hint("Use another copy of it."),
        BackupProblem::Newer(version) => Advice::new(
            "backup-newer",
            exit::OTHER,
            format!("This backup was written by a newer version (backup version {version}). Nothing was imported."),
        )
        .hint("Update valetkey."),
        BackupProblem::Cost => Advice::new(
            "backup-cost",
            exit::OTHER,
            "This backup asks for more memory or time for its passphrase than valetkey ever writes. Nothing was imported.",
        )
        .hint("It was made to keep this machine busy, or is damaged. Use another copy of it."),
        BackupProblem::Passphrase => Advice::new(
            "backup-passphrase",
            exit::VAULT,
            "This passphrase does not open the backup. Nothing was imported.",
        )
        .hint("It is the one chosen when the backup was made, not the vault's."),
        BackupProblem::Large => Advice::new(
            "backup-large",
            exit::OTHER,
            "A backup has at most 16 MiB. Nothing was done.",
        )
        .hint("Make several: valetkey export --with-sign-ins --output FILE NAME…"),
    }
}

fn disk(fault: &DiskFault) -> Advice {
    let sentence = match fault {
        DiskFault::Full => "The disk is full: nothing changed.".to_owned(),
        DiskFault::ReadOnly => "The vault's folder is read-only: nothing changed.".to_owned(),
        DiskFault::Permission => {
            "The vault's folder may not be written: nothing changed.".to_owned()
        }
        DiskFault::Other(text) => format!("The disk failed: {}.", text.shown()),
    };
    Advice::new("disk", exit::VAULT, sentence)
        .hint("run: valetkey paths   or use --ephemeral to keep nothing")
}

pub(super) fn keychain_reason(why: &KeychainError) -> String {
    match why {
        KeychainError::Absent => "There is no keychain here".to_owned(),
        KeychainError::NotRunning => "The keychain is not running here".to_owned(),
        KeychainError::NoCollection => "The keychain has no collection to store in".to_owned(),
        KeychainError::Locked => "The keychain is locked".to_owned(),
        KeychainError::Unresponsive => "The keychain does not answer".to_owned(),
        KeychainError::NoEntry => "The keychain holds no key for this vault".to_owned(),
        KeychainError::Damaged => "The keychain's entry is not a vault key".to_owned(),
        KeychainError::Refused(text) => format!("The keychain refused: {}", text.shown()),
    }
}

fn keychain(why: &KeychainError) -> Advice {
    let code = match why {
        KeychainError::Absent => "keychain-absent",
        KeychainError::NotRunning => "keychain-not-running",
        KeychainError::NoCollection => "keychain-no-collection",
        KeychainError::Locked => "keychain-locked",
        KeychainError::Unresponsive => "keychain-unresponsive",
        KeychainError::NoEntry => "keychain-no-entry",
        KeychainError::Damaged => "keychain-damaged",
        KeychainError::Refused(_) => "keychain-refused",
    };
    // Of a vault that is there: a new one asks for a passphrase instead.
    let hint = match why {
        KeychainError::Absent => {
            "The vault key lies in the keychain of a desktop session. To open the vault from here too, run once there: valetkey vault slot add passphrase. Or see: valetkey doctor"
        }
        KeychainError::NotRunning => {
            "Start your desktop's keychain. To open the vault without it too, run once there: valetkey vault slot add passphrase. Or see: valetkey doctor"
        }
        KeychainError::Locked | KeychainError::NoCollection => {
            "Unlock it in your desktop session and try again. To open the vault from afar too, run once there: valetkey vault slot add passphrase"
        }
        KeychainError::Unresponsive => {
            "Look for a dialog that waits for you; if it stays silent, restart the keychain service. To open the vault from afar too, run once at the desk: valetkey vault slot add passphrase"
        }
        KeychainError::Refused(_) => "Allow it in the keychain's own settings and try again.",
        KeychainError::NoEntry => "run: valetkey doctor",
        KeychainError::Damaged => KEY_GONE,
    };
    let mut sentence = format!("{}.", keychain_reason(why));
    if *why == KeychainError::Damaged {
        sentence.push_str(" The connections are kept; the sign-ins need it.");
    }
    Advice::new(code, exit::VAULT, sentence)
        .hint(hint)
        .fixes([Fix::Unlock])
}

/// The code of an advice that a passphrase would settle.
pub(super) const PASSPHRASE_NEEDED: &str = "passphrase-needed";

pub(super) fn passphrase_needed(why: &KeychainError) -> Advice {
    let give = "Set VALETKEY_PASSPHRASE_FILE or give --passphrase-fd.";
    let (sentence, hint) = match why {
        // There is a vault, then.
        KeychainError::NoEntry => (
            "The vault opens with a passphrase.".to_owned(),
            give.to_owned(),
        ),
        other => (
            format!("{}; a passphrase is needed.", keychain_reason(other)),
            format!("{give} For a new vault: valetkey vault init --passphrase"),
        ),
    };
    Advice::new(PASSPHRASE_NEEDED, exit::VAULT, sentence)
        .hint(hint)
        .fixes([Fix::Unlock])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_10_f22_an_entry_that_is_no_vault_key_is_told_like_one_that_is_gone() {
        let gone = vault(&VaultError::KeyGone);
        let damaged = vault(&VaultError::Keychain(KeychainError::Damaged));
        assert_eq!(damaged.hint, gone.hint);
        for told in [gone, damaged] {
            assert_eq!(told.exit, exit::VAULT);
            assert!(
                told.sentence.contains("connections are kept"),
                "{}",
                told.sentence
            );
            assert!(told.sentence.contains("sign-ins"), "{}", told.sentence);
        }
    }
}
