//! Storage: one file with everything the program remembers, and the only way to its secrets.
//!
//! Definitions, scopes and expiry lie in clear, so that the table opens without unlocking. Tokens
//! and client secrets exist only as sealed records, bound to the connection, kind, generation and
//! endpoint identity they belong to: whoever edits an address in the file gets no secret sent there.
//!
//! May use: `model`. Synchronous; no network and no clock (the caller passes `now`). The database
//! behind it is an implementation detail of this room; `db.rs` alone names its files.

mod anchor;
mod attempts;
mod backup;
mod candidates;
mod carry;
mod carry_body;
mod db;
mod definitions;
mod device_code;
mod error;
mod grants;
mod handouts;
mod history;
mod home;
mod issued;
mod key;
mod keychain;
mod leftovers;
mod lock;
mod mark;
mod opening;
mod passphrase;
mod records;
mod refresh;
mod registrations;
mod rekey;
mod restore;
mod rows;
mod seal;
mod second_copy;
mod slots;
mod survey;
#[cfg(test)]
mod tests;
mod unlocking;
mod verifier;
mod waiting;

pub use attempts::{AttemptNote, InterruptedAttempt, forget_attempt, interrupted_attempts};
pub use backup::{BackupProblem, LONGEST_BACKUP, check_backup, is_backup};
pub use candidates::Candidate;
pub use carry::{Addition, Backup, Carried};
pub use definitions::Edited;
pub use error::{DiskFault, PrivacyProblem, VaultError};
pub use handouts::{Handed, Handouts, Outcome, Via};
pub use history::Event;
pub use home::Home;
pub use issued::{Issued, JudgedAt};
pub use key::VaultKey;
pub use keychain::{Keychain, KeychainError};
pub use lock::{GrantLock, GrantLocks};
pub use mark::TokenMark;
pub use opening::{Status, Vault};
pub use refresh::{Intent, Refreshed};
pub use registrations::KnownRegistration;
pub use rekey::Rekey;
pub use restore::{Restored, VaultCopy};
pub use rows::{end_of_word, problem_of_word};
pub use slots::{NewSlot, SlotInfo, SlotKind};
pub use survey::{backup_made_at, check_private_folder, private_folder};
pub use unlocking::Unlock;
pub use waiting::Untold;
