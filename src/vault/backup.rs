//! The file of an encrypted backup: sealed under a passphrase of its own, readable without any vault.
//!
//! `MAGIC`, version, cost of the passphrase (memory, passes, lanes) and salt; the sealed body (nonce first),
//! bound to all of that; a digest of everything before. The digest protects nothing: it tells a file
//! that was cut or damaged from a passphrase that is wrong.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::passphrase::{Cost, Effort, calibrate, derive};
use super::seal::{self, Binding, Kind};
use super::{VaultError, key};
use crate::model::Secret;

/// What every backup begins with.
const MAGIC: &[u8; 16] = b"valetkey backup\n";
/// Written by this version, and the newest it reads.
const VERSION: u32 = 1;
const SALT: usize = 16;
/// Magic, four numbers, salt.
const HEADER: usize = MAGIC.len() + 4 * 4 + SALT;
const DIGEST: usize = 32;

/// Longest backup that is read, in bytes.
pub const LONGEST_BACKUP: usize = 16 << 20;

/// Why a backup cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BackupProblem {
    #[error("it is cut or was changed")]
    Changed,
    /// The number is its version.
    #[error("it was written by a newer version (backup version {0})")]
    Newer(u32),
    #[error("it asks for more work on its passphrase than this program does")]
    Cost,
    #[error("the passphrase does not open it")]
    Passphrase,
    #[error("it is larger than 16 MiB")]
    Large,
}

/// Whether these bytes are meant to be a backup.
pub fn is_backup(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Looks at everything that can be known without the passphrase.
///
/// # Errors
/// [`VaultError::Backup`].
pub fn check_backup(bytes: &[u8]) -> Result<(), VaultError> {
    Parts::of(bytes).map(drop)
}

/// Seals a body under a passphrase.
pub(super) fn seal(
    passphrase: &Secret,
    body: &[u8],
    effort: Effort,
) -> Result<Vec<u8>, VaultError> {
    let salt: [u8; SALT] = key::random()?;
    let (backup_key, cost) = match effort {
        Effort::Calibrated => calibrate(passphrase, &salt)?,
        Effort::Fixed(cost) => (derive(passphrase, &salt, cost)?, cost),
    };
    let mut bytes = MAGIC.to_vec();
    for number in [VERSION, cost.memory_kib, cost.passes, cost.lanes] {
        bytes.extend(number.to_be_bytes());
    }
    bytes.extend(salt);
    let sealed = seal::seal(backup_key.as_bytes(), &place(&bytes), body)?;
    bytes.extend(sealed);
    bytes.extend(Sha256::digest(&bytes));
    if bytes.len() > LONGEST_BACKUP {
        return Err(VaultError::Backup(BackupProblem::Large));
    }
    Ok(bytes)
}

/// The body of a backup.
///
/// # Errors
/// [`VaultError::Backup`].
pub(super) fn open(bytes: &[u8], passphrase: &Secret) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let parts = Parts::of(bytes)?;
    let backup_key = derive(passphrase, parts.salt, parts.cost)?;
    seal::open(backup_key.as_bytes(), &place(parts.header), parts.sealed)
        .ok_or(VaultError::Backup(BackupProblem::Passphrase))
}

struct Parts<'b> {
    header: &'b [u8],
    cost: Cost,
    salt: &'b [u8],
    sealed: &'b [u8],
}

impl<'b> Parts<'b> {
    fn of(bytes: &'b [u8]) -> Result<Self, VaultError> {
        let changed = VaultError::Backup(BackupProblem::Changed);
        if bytes.len() > LONGEST_BACKUP {
            return Err(VaultError::Backup(BackupProblem::Large));
        }
        let (header, rest) = bytes.split_at_checked(HEADER).ok_or(changed.clone())?;
        let (numbers, salt) = header[MAGIC.len()..].split_at(4 * 4);
        let mut numbers = numbers
            .chunks_exact(4)
            .map(|four| four.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)));
        let mut number = || numbers.next().unwrap_or_default();
        let version = number();
        if !is_backup(header) || version == 0 {
            return Err(changed);
        }
        // Whatever else a newer version does, this much stays.
        if version > VERSION {
            return Err(VaultError::Backup(BackupProblem::Newer(version)));
        }
        let cost = Cost {
            memory_kib: number(),
            passes: number(),
            lanes: number(),
        };
        let sealed = rest.len().checked_sub(DIGEST).ok_or(changed.clone())?;
        let (sealed, digest) = rest.split_at(sealed);
        if Sha256::digest(&bytes[..HEADER + sealed.len()]).as_slice() != digest {
            return Err(changed);
        }
        if !cost.is_sane() {
            return Err(VaultError::Backup(BackupProblem::Cost));
        }
        Ok(Self {
            header,
            cost,
            salt,
            sealed,
        })
    }
}

/// The body opens under its own header only.
fn place(header: &[u8]) -> Binding<'static> {
    Binding {
        owner: "backup",
        kind: Kind::Backup,
        generation: 0,
        identity: Sha256::digest(header).into(),
    }
}
