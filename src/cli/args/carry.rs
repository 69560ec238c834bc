//! `export` and `import`.

use std::path::PathBuf;

use clap::Args;

use super::{NewPassphrase, connections};

#[derive(Args)]
#[command(
    after_help = "Plain TOML for dotfiles: names, addresses, client IDs and scopes; no secret, no token, no account. It \
                  needs no unlocking.\n\n\
                  With --with-sign-ins an encrypted backup is written instead, tokens and client secrets in it. \
                  That is a second copy, and two machines must not refresh the same sign-in: where it is \
                  imported, nothing is refreshed before `valetkey vault adopt`."
)]
pub(in crate::cli) struct Export {
    /// Names of the connections; all of them when absent
    #[arg(value_name = "NAME", add = connections())]
    pub(in crate::cli) names: Vec<String>,
    /// Write to this file instead of stdout
    #[arg(long, short, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long, requires = "output", conflicts_with = "with_sign_ins")]
    pub(in crate::cli) force: bool,
    /// An encrypted backup with tokens and client secrets; asks on a terminal
    #[arg(long)]
    pub(in crate::cli) with_sign_ins: bool,
    #[command(flatten)]
    pub(in crate::cli) new: NewPassphrase,
}

#[derive(Args)]
#[command(
    after_help = "Everything wrong with the file is listed at once, and then nothing is imported. Otherwise every host \
                  of every connection is shown first; `!` marks what to look at twice: a host in another domain \
                  than the address where you approve (the last two labels of its name, or three under endings \
                  like co.uk), and one that the preset of that name does not talk to. Names that exist are left \
                  as they are."
)]
pub(in crate::cli) struct Import {
    /// A file that `export` wrote, plain or encrypted; - for stdin
    pub(in crate::cli) file: PathBuf,
    /// The hosts were looked at: do not ask
    #[arg(long)]
    pub(in crate::cli) yes: bool,
    /// Give a connection of the file another name here; repeatable
    #[arg(long, value_name = "OLD=NEW")]
    pub(in crate::cli) rename: Vec<String>,
    /// Print what was done as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// Read the passphrase of an encrypted backup from this file
    #[arg(
        long,
        value_name = "F",
        conflicts_with = "backup_passphrase_fd",
        help_heading = "Passphrase of a backup"
    )]
    pub(in crate::cli) backup_passphrase_file: Option<PathBuf>,
    /// Read it from this open file descriptor
    #[arg(long, value_name = "N", help_heading = "Passphrase of a backup")]
    pub(in crate::cli) backup_passphrase_fd: Option<i32>,
}

impl Import {
    /// This file and nothing else.
    pub(in crate::cli) fn of(file: PathBuf) -> Self {
        Self {
            file,
            yes: false,
            rename: Vec::new(),
            json: false,
            backup_passphrase_file: None,
            backup_passphrase_fd: None,
        }
    }
}
