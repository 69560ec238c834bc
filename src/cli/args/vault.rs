//! `vault` and its slots.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Subcommand)]
pub(in crate::cli) enum VaultCommand {
    /// Make the vault
    Init {
        /// Open it with a passphrase instead of the keychain
        #[arg(long)]
        passphrase: bool,
    },
    /// Hand the vault's key to the agent, which holds it open
    Unlock,
    /// Have the agent forget the vault's key and give out nothing
    Lock,
    /// Take a vault that was copied or restored, or sign-ins of a backup, into use on this machine
    Adopt,
    /// How the vault stands
    Status {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// The key slots: each is a way to open the vault
    Slot {
        #[command(subcommand)]
        command: SlotCommand,
    },
    /// Put the copy beside a damaged vault in its place; the damaged file is kept
    Restore {
        /// Replace a vault that opens, too
        #[arg(long)]
        anyway: bool,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Give the vault a new key; everything in it is sealed again
    #[command(
        after_help = "The slots stay and open the new key. A passphrase slot needs its passphrase for that: typed, or \
                            the one that is brought along; a slot that nobody can open is let go with --drop."
    )]
    Rekey {
        /// Let this key slot go instead of carrying it over; repeatable
        #[arg(long, value_name = "N", conflicts_with = "lose_sign_ins")]
        drop: Vec<u32>,
        /// The old key is lost: keep the connections, lose their sign-ins and client secrets
        #[arg(long)]
        lose_sign_ins: bool,
        /// With --lose-sign-ins: open it with a passphrase instead of the keychain
        #[arg(long, requires = "lose_sign_ins")]
        passphrase: bool,
        #[command(flatten)]
        new: NewPassphrase,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Subcommand)]
pub(in crate::cli) enum SlotCommand {
    /// List them
    List {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Let the keychain or another passphrase open the vault too
    #[command(
        after_help = "The open vault is opened as always (keychain, VALETKEY_PASSPHRASE_FILE, --passphrase-fd, or typed). A new \
                            passphrase is typed twice, or comes by --new-passphrase-file or --new-passphrase-fd; what opens the \
                            vault now is never taken for the new one."
    )]
    Add {
        /// What opens it
        kind: NewSlotKind,
        #[command(flatten)]
        new: NewPassphrase,
    },
    /// Take one away; another one must open the vault first
    Remove {
        /// Its number (valetkey vault slot list)
        #[arg(value_name = "N")]
        id: u32,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// Kinds of key slots that can be added.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum NewSlotKind {
    /// The keychain of this desktop
    Keychain,
    /// A passphrase
    Passphrase,
}

/// Where a new passphrase comes from when nobody types it.
#[derive(Args)]
pub(in crate::cli) struct NewPassphrase {
    /// Read the new passphrase from this file
    #[arg(
        long,
        value_name = "F",
        conflicts_with = "new_passphrase_fd",
        help_heading = "New passphrase"
    )]
    pub(in crate::cli) new_passphrase_file: Option<PathBuf>,
    /// Read the new passphrase from this open file descriptor
    #[arg(long, value_name = "N", help_heading = "New passphrase")]
    pub(in crate::cli) new_passphrase_fd: Option<i32>,
}

impl NewPassphrase {
    /// Whether one of the flags was given.
    pub(in crate::cli) fn is_given(&self) -> bool {
        self.new_passphrase_file.is_some() || self.new_passphrase_fd.is_some()
    }
}
