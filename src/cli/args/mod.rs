//! The command line as clap sees it: one definition feeds parser, help and completions.

mod add;
mod agent;
mod carry;
mod tokens;
mod vault;

use std::cell::OnceCell;
use std::path::PathBuf;
use std::sync::LazyLock;

use clap::{Args, Parser, Subcommand};
use clap_complete::engine::ArgValueCandidates;

pub(in crate::cli) use add::Add;
pub(in crate::cli) use agent::{AgentCommand, AgentStart};
pub(in crate::cli) use carry::{Export, Import};
pub(in crate::cli) use tokens::{Exec, GitCredential, KubeCredential, Token};
pub(in crate::cli) use vault::{NewPassphrase, NewSlotKind, SlotCommand, VaultCommand};

use crate::advice;
use crate::host::Signing;
use crate::settings::Loaded;

static VERSION: LazyLock<String> = LazyLock::new(|| advice::version(Signing::of_this_build()));

/// Connect to OAuth 2.0 services, watch them in one table (or line by line: --plain), hand fresh tokens to scripts.
#[derive(Parser)]
#[command(
    name = "valetkey",
    version = VERSION.as_str(),
    about,
    long_about = "Connects to OAuth 2.0 services, in a table or line by line (--plain or VALETKEY_PLAIN=1, for \
                  screen readers and simple terminals), and keeps the sign-ins encrypted. Without a command it \
                  opens the table, or the list with what can be done (a terminal is needed).",
    after_help = EXAMPLES,
    max_term_width = 80,
    disable_help_subcommand = true
)]
pub(in crate::cli) struct Cli {
    /// Keep everything in memory; nothing is stored
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(in crate::cli) ephemeral: bool,
    /// Tell more on stderr; secrets never
    #[arg(long, short, global = true, help_heading = GLOBAL)]
    pub(in crate::cli) verbose: bool,
    /// Line by line, nothing is redrawn
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(in crate::cli) plain: bool,
    /// Read the vault's passphrase from this open file descriptor
    #[arg(long, global = true, value_name = "N", help_heading = GLOBAL)]
    pub(in crate::cli) passphrase_fd: Option<i32>,
    #[command(subcommand)]
    pub(in crate::cli) command: Option<Command>,
    /// Read when they are first asked for.
    #[arg(skip)]
    pub(in crate::cli) settings: OnceCell<Loaded>,
}

/// Options that every command takes.
const GLOBAL: &str = "Everywhere";

const EXAMPLES: &str = "Examples:
  valetkey demo                                practise with a pretend service
  valetkey add github --client-id ID --no-input
  valetkey login github
  valetkey token github --header | curl -H @- https://api.github.com/user
  valetkey exec github --env GITHUB_TOKEN -- ./publish.sh

Environment:
  VALETKEY_HOME             keep everything below this folder
  VALETKEY_PASSPHRASE_FILE  read the vault's passphrase from this file
  VALETKEY_ASKPASS          a program that asks you yes or no (else SSH_ASKPASS)
  BROWSER, NO_COLOR         as elsewhere

Exit codes: 0 ok, 1 other, 2 usage, 3 needs sign-in, 4 offline, 5 denied, 6 vault, 7 refused, 8 busy, 130 interrupted";

/// Completed by the names of the connections.
fn connections() -> ArgValueCandidates {
    ArgValueCandidates::new(super::completions::connections)
}

const COMPLETIONS: &str = "Examples:
  bash  echo 'source <(valetkey completions bash)' >> ~/.bashrc
  zsh   echo 'source <(valetkey completions zsh)' >> ~/.zshrc
  fish  echo 'valetkey completions fish | source' >> ~/.config/fish/config.fish";

#[derive(Subcommand)]
pub(in crate::cli) enum Command {
    /// Add a connection
    Add(Box<Add>),
    /// Sign in: opens the browser and waits
    Login(Login),
    /// List the connections
    List {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one connection
    Show {
        /// Name of the connection
        #[arg(add = connections())]
        name: String,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Tell what happened: sign-ins, changes, and who was given a token
    History {
        /// Name of the connection; all of them when absent, deleted ones too
        #[arg(add = connections())]
        name: Option<String>,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
        /// How many lines, the newest first
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// Print a fresh access token
    Token(Token),
    /// Run a program with a fresh access token
    Exec(Exec),
    /// Speak git's credential helper protocol
    GitCredential(GitCredential),
    /// Print a fresh access token as kubectl wants it
    KubeCredential(KubeCredential),
    /// Read once with the connection's token, to see that it works
    Test(Test),
    /// Renew the access token now, or that of every connection where it is due
    Refresh {
        /// Name of the connection
        #[arg(add = connections(), required_unless_present = "all_due", conflicts_with = "all_due")]
        name: Option<String>,
        /// Every connection whose token is due; the others are left alone
        #[arg(long)]
        all_due: bool,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// End the sign-in at the provider; the definition stays
    Revoke {
        /// Name of the connection
        #[arg(add = connections())]
        #[arg(required_unless_present = "pending", conflicts_with = "pending")]
        name: Option<String>,
        /// Tell every provider that did not hear an earlier revocation
        #[arg(long)]
        pending: bool,
        /// Tell it no more: forget a revocation that waits; the sign-in may stay valid at the provider
        #[arg(long, requires = "name")]
        drop: bool,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Delete a connection
    Remove {
        /// Name of the connection
        #[arg(add = connections())]
        name: String,
        /// End the sign-in at the provider first
        #[arg(long, conflicts_with = "forget")]
        revoke: bool,
        /// Delete it here only; the sign-in stays valid at the provider
        #[arg(long)]
        forget: bool,
    },
    /// Give a connection another name
    Rename {
        /// The name it has
        #[arg(add = connections())]
        from: String,
        /// The name it gets
        to: String,
    },
    /// Change fields of a definition: FIELD=VALUE…
    #[command(
        after_help = "Fields: authorization-url token-url device-url revocation-url introspection-url \
                            userinfo-url issuer client-id redirect-uri scope test-url auth ca-file\n\
                            For programs that ask for its tokens: policy (allow, confirm, confirm-session, deny), \
                            lifetime (15m, 8h: how long the agent serves it after unlocking), refresh-ahead (yes, no)\n\
                            A new address, client ID or redirect URI parks the sign-in: sign in again."
    )]
    Edit {
        /// Name of the connection
        #[arg(add = connections())]
        name: String,
        /// What to change, and to what; nothing after the `=` clears an optional field
        #[arg(
            required_unless_present = "client_secret_file",
            value_name = "FIELD=VALUE"
        )]
        fields: Vec<String>,
        /// Read a new client secret from this file (- for stdin)
        #[arg(long, value_name = "FILE")]
        client_secret_file: Option<PathBuf>,
        /// Yes to what would be asked: a blank in the client ID, a test read at another host
        #[arg(long)]
        yes: bool,
    },
    /// Write definitions down as TOML, without any secret
    Export(Export),
    /// Take connections over from a file, after a look at every host
    Import(Import),
    /// List the presets, or check a file of your own
    Presets {
        #[command(subcommand)]
        check: Option<PresetsCommand>,
        /// Print it as JSON
        #[arg(long, global = true)]
        json: bool,
    },
    /// Make the vault, see how it stands, change what opens it
    Vault {
        #[command(subcommand)]
        command: VaultCommand,
    },
    /// A background process that holds the vault open and serves tokens
    Agent {
        #[command(subcommand)]
        command: AgentCommand,
    },
    /// Look for what is wrong here, or with one connection
    Doctor(Doctor),
    /// Print where everything lives
    Paths {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Practise with a pretend service on this machine; nothing is kept
    Demo {
        /// Port of the pretend service; any free one when absent
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        port: u16,
        /// Run the whole story without a terminal and print it
        #[arg(long)]
        auto: bool,
    },
    /// Run the pretend service alone
    Sandbox {
        /// Port to listen on; any free one when absent
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        port: u16,
        /// Misbehave: key=value, repeatable; `help` lists every switch
        #[arg(long, value_name = "K=V")]
        behaviour: Vec<String>,
        /// Serve plain http instead of https
        #[arg(long)]
        http: bool,
        /// Write the certificate of its authority into this file, for --ca-file
        #[arg(long, value_name = "FILE", conflicts_with = "http")]
        write_ca: Option<PathBuf>,
    },
    /// Print a completion script; it knows the names of the connections
    #[command(after_help = COMPLETIONS)]
    Completions {
        /// Whose completion script
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one for each command
    #[command(
        after_help = "Examples:\n  valetkey man | man -l -\n  valetkey man ~/.local/share/man/man1"
    )]
    Man {
        /// Write the pages of all commands into this folder
        folder: Option<std::path::PathBuf>,
    },
}

#[derive(Subcommand)]
pub(in crate::cli) enum PresetsCommand {
    /// Check a preset file and explain what is wrong
    Check {
        /// The file, in the format of docs/PROVIDERS.md
        file: PathBuf,
    },
}

#[derive(Args)]
pub(in crate::cli) struct Test {
    /// Name of the connection
    #[arg(add = connections())]
    pub(in crate::cli) name: String,
    /// GET this address instead; it must lie on the connection's hosts
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) url: Option<String>,
    /// Ask the provider too what it says of the token (RFC 7662)
    #[arg(long)]
    pub(in crate::cli) introspect: bool,
    /// Where that is a third party's host: this one may be sent the token
    #[arg(long, value_name = "HOST", requires = "introspect")]
    pub(in crate::cli) send_to: Option<String>,
    /// Print it as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Args)]
pub(in crate::cli) struct Login {
    /// Name of the connection
    #[arg(add = connections())]
    pub(in crate::cli) name: String,
    /// Ask for these scopes instead ("a b"); what you have stays until they are granted
    #[arg(
        long,
        visible_alias = "scopes",
        value_name = "SCOPES",
        conflicts_with = "resume"
    )]
    pub(in crate::cli) scope: Option<String>,
    /// Use a code typed on a web page
    #[arg(long)]
    pub(in crate::cli) device: bool,
    /// Draw the code's page as a picture for a phone
    #[arg(long, conflicts_with = "json")]
    pub(in crate::cli) qr: bool,
    /// Open no browser here; print the address
    #[arg(long)]
    pub(in crate::cli) no_browser: bool,
    /// Read the address that the browser ended on from stdin
    #[arg(long)]
    pub(in crate::cli) paste: bool,
    /// What you type after ssh to get here, for the line that forwards the port; remembered
    #[arg(long, value_name = "USER@HOST", allow_hyphen_values = true)]
    pub(in crate::cli) ssh_host: Option<String>,
    /// Go on with a sign-in that was interrupted, and its code
    #[arg(long)]
    pub(in crate::cli) resume: bool,
    /// Give up after so many seconds (600)
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(in crate::cli) timeout: Option<u64>,
    /// Keep a grant that is wider than asked for
    #[arg(long)]
    pub(in crate::cli) accept_wider: bool,
    /// Let another account replace the one that was connected
    #[arg(long)]
    pub(in crate::cli) accept_account: bool,
    /// One JSON object a line
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Args)]
pub(in crate::cli) struct Doctor {
    /// Look at this connection too, and ask its provider's host for an answer
    #[arg(add = connections())]
    pub(in crate::cli) name: Option<String>,
    /// Print it as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// Put placeholders for hosts, names and client IDs
    #[arg(long)]
    pub(in crate::cli) anonymous: bool,
}
