//! The command line as clap sees it: one definition feeds parser, help and completions.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::settings::Loaded;

/// Connect to OAuth 2.0 services, watch them in one table (or line by line: --plain), hand fresh tokens to scripts.
#[derive(Parser)]
#[command(
    name = "valetkey",
    version,
    about,
    long_about = "Connects to OAuth 2.0 services, in a table or line by line (--plain or VALETKEY_PLAIN=1, for \
                  screen readers and simple terminals), and keeps the sign-ins encrypted. Without a command it \
                  opens the table, or the list with what can be done (a terminal is needed).",
    after_help = EXAMPLES,
    disable_help_subcommand = true
)]
pub(super) struct Cli {
    /// Keep everything in memory; nothing is stored
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(super) ephemeral: bool,
    /// Tell more on stderr; secrets never
    #[arg(long, short, global = true, help_heading = GLOBAL)]
    pub(super) verbose: bool,
    /// Line by line, nothing is redrawn
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(super) plain: bool,
    /// Read the vault's passphrase from this open file descriptor
    #[arg(long, global = true, value_name = "N", help_heading = GLOBAL)]
    pub(super) passphrase_fd: Option<i32>,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    /// Read when they are first asked for.
    #[arg(skip)]
    pub(super) settings: OnceCell<Loaded>,
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

#[derive(Subcommand)]
pub(super) enum Command {
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
        name: String,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Tell what happened: sign-ins, changes, and who was given a token
    History {
        /// Name of the connection; all of them when absent, deleted ones too
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
    Test {
        /// Name of the connection
        name: String,
        /// GET this address instead; it must lie on the connection's hosts
        #[arg(long, value_name = "URL")]
        url: Option<String>,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Renew the access token now, or that of every connection where it is due
    Refresh {
        /// Name of the connection
        #[arg(required_unless_present = "all_due", conflicts_with = "all_due")]
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
        name: String,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Delete a connection
    Remove {
        /// Name of the connection
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
    },
    /// Print a completion script
    Completions {
        /// Whose completion script
        shell: clap_complete::Shell,
    },
}

#[derive(Subcommand)]
pub(super) enum PresetsCommand {
    /// Check a preset file and explain what is wrong
    Check {
        /// The file, in the format of docs/PROVIDERS.md
        file: PathBuf,
    },
}

#[derive(Subcommand)]
pub(super) enum AgentCommand {
    /// Start it
    Start(AgentStart),
    /// End it
    Stop,
    /// How it is
    Status {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a unit for systemd that starts it with your session
    Unit,
}

#[derive(Args)]
pub(super) struct AgentStart {
    /// Stay in the foreground, as a service manager wants it
    #[arg(long)]
    pub(super) foreground: bool,
    /// Begin without the vault's key; valetkey vault unlock hands it over later
    #[arg(long)]
    pub(super) locked: bool,
    /// Forget the vault's key so long after each unlocking: 90s, 15m, 8h, 2d
    #[arg(long, value_name = "SPAN")]
    pub(super) lifetime: Option<String>,
    /// End when nobody asked for anything for so long
    #[arg(long, value_name = "SPAN")]
    pub(super) idle_exit: Option<String>,
}

#[derive(Subcommand)]
pub(super) enum VaultCommand {
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
pub(super) enum SlotCommand {
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
pub(super) enum NewSlotKind {
    /// The keychain of this desktop
    Keychain,
    /// A passphrase
    Passphrase,
}

/// Where a new passphrase comes from when nobody types it.
#[derive(Args)]
pub(super) struct NewPassphrase {
    /// Read the new passphrase from this file
    #[arg(
        long,
        value_name = "F",
        conflicts_with = "new_passphrase_fd",
        help_heading = "New passphrase"
    )]
    pub(super) new_passphrase_file: Option<PathBuf>,
    /// Read the new passphrase from this open file descriptor
    #[arg(long, value_name = "N", help_heading = "New passphrase")]
    pub(super) new_passphrase_fd: Option<i32>,
}

#[derive(Args, Default)]
pub(super) struct Add {
    /// A preset's id, or nothing for a provider of your own
    #[arg(value_name = "PRESET")]
    pub(super) what: Option<String>,
    /// Its name; the preset's id or the host when absent
    #[arg(long)]
    pub(super) name: Option<String>,
    /// Where the browser goes to approve
    #[arg(long, value_name = "U")]
    pub(super) authorization_url: Option<String>,
    /// Where codes and refresh tokens are exchanged
    #[arg(long, value_name = "U")]
    pub(super) token_url: Option<String>,
    /// Where device codes are requested (RFC 8628)
    #[arg(long, value_name = "U")]
    pub(super) device_url: Option<String>,
    /// Where tokens are ended (RFC 7009)
    #[arg(long, value_name = "U")]
    pub(super) revocation_url: Option<String>,
    /// Where a token's state can be asked for (RFC 7662)
    #[arg(long, value_name = "U")]
    pub(super) introspection_url: Option<String>,
    /// Who signed in (OpenID Connect)
    #[arg(long, value_name = "U")]
    pub(super) userinfo_url: Option<String>,
    /// Where identity tokens' keys are published
    #[arg(long, value_name = "U")]
    pub(super) jwks_url: Option<String>,
    /// Issuer identifier, compared byte for byte
    #[arg(long, value_name = "U")]
    pub(super) issuer: Option<String>,
    /// The app's client ID; not a secret
    #[arg(long, value_name = "ID")]
    pub(super) client_id: Option<String>,
    /// Read the client secret from this file (- for stdin); never from an argument
    #[arg(long, value_name = "FILE")]
    pub(super) client_secret_file: Option<PathBuf>,
    /// How the client identifies itself: none, basic or post
    #[arg(long, value_name = "METHOD")]
    pub(super) auth: Option<String>,
    /// Scopes, separated by spaces; repeatable
    #[arg(long, value_name = "SCOPES")]
    pub(super) scope: Vec<String>,
    /// Where the browser comes back to; port 0 or none means any free one
    #[arg(long, value_name = "U")]
    pub(super) redirect_uri: Option<String>,
    /// Resource indicator (RFC 8707), repeatable
    #[arg(long, value_name = "U")]
    pub(super) resource: Vec<String>,
    /// Address of the test read (GET)
    #[arg(long, value_name = "U")]
    pub(super) test_url: Option<String>,
    /// Value of a preset's variable (valetkey presets --json lists them)
    #[arg(long, value_name = "VAR=VALUE")]
    pub(super) set: Vec<String>,
    /// Extra parameter: authorize:k=v (or k=v), token:k=v or refresh:k=v
    #[arg(long, value_name = "K=V")]
    pub(super) param: Vec<String>,
    /// A named deviation of the provider
    #[arg(long, value_name = "NAME")]
    pub(super) quirk: Vec<String>,
    /// Trust these certificates too, for this connection only (PEM)
    #[arg(long, value_name = "F")]
    pub(super) ca_file: Option<PathBuf>,
    /// Allow plain http for 127.0.0.1, `[::1]` and localhost
    #[arg(long)]
    pub(super) dev_http: bool,
    /// Sign in at once
    #[arg(long)]
    pub(super) sign_in: bool,
    /// Ask nothing: everything comes from flags
    #[arg(long)]
    pub(super) no_input: bool,
    /// Print the new connection as JSON
    #[arg(long)]
    pub(super) json: bool,
}

impl Add {
    /// Some address of a provider of one's own is given.
    pub(super) fn has_addresses(&self) -> bool {
        self.authorization_url.is_some() || self.token_url.is_some() || self.device_url.is_some()
    }
}

#[derive(Args)]
#[command(
    after_help = "Plain TOML for dotfiles: names, addresses, client IDs and scopes; no secret, no token, no account. It \
                  needs no unlocking.\n\n\
                  With --with-sign-ins an encrypted backup is written instead, tokens and client secrets in it. \
                  That is a second copy, and two machines must not refresh the same sign-in: where it is \
                  imported, nothing is refreshed before `valetkey vault adopt`."
)]
pub(super) struct Export {
    /// Names of the connections; all of them when absent
    #[arg(value_name = "NAME")]
    pub(super) names: Vec<String>,
    /// Write to this file instead of stdout
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long, requires = "output", conflicts_with = "with_sign_ins")]
    pub(super) force: bool,
    /// An encrypted backup with tokens and client secrets; asks on a terminal
    #[arg(long)]
    pub(super) with_sign_ins: bool,
    #[command(flatten)]
    pub(super) new: NewPassphrase,
}

#[derive(Args)]
#[command(
    after_help = "Everything wrong with the file is listed at once, and then nothing is imported. Otherwise every host \
                  of every connection is shown first; `!` marks what to look at twice: a host in another domain \
                  than the address where you approve (the last two labels of its name, or three under endings \
                  like co.uk), and one that the preset of that name does not talk to. Names that exist are left \
                  as they are."
)]
pub(super) struct Import {
    /// A file that `export` wrote, plain or encrypted; - for stdin
    pub(super) file: PathBuf,
    /// The hosts were looked at: do not ask
    #[arg(long)]
    pub(super) yes: bool,
    /// Give a connection of the file another name here; repeatable
    #[arg(long, value_name = "OLD=NEW")]
    pub(super) rename: Vec<String>,
    /// Print what was done as JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Read the passphrase of an encrypted backup from this file
    #[arg(
        long,
        value_name = "F",
        conflicts_with = "backup_passphrase_fd",
        help_heading = "Passphrase of a backup"
    )]
    pub(super) backup_passphrase_file: Option<PathBuf>,
    /// Read it from this open file descriptor
    #[arg(long, value_name = "N", help_heading = "Passphrase of a backup")]
    pub(super) backup_passphrase_fd: Option<i32>,
}

impl Import {
    /// This file and nothing else.
    pub(super) fn of(file: PathBuf) -> Self {
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

#[derive(Args)]
pub(super) struct Login {
    /// Name of the connection
    pub(super) name: String,
    /// Use a code typed on a web page
    #[arg(long)]
    pub(super) device: bool,
    /// Open no browser here; print the address
    #[arg(long)]
    pub(super) no_browser: bool,
    /// Read the address that the browser ended on from stdin
    #[arg(long)]
    pub(super) paste: bool,
    /// What you type after ssh to get here, for the line that forwards the port; remembered
    #[arg(long, value_name = "USER@HOST", allow_hyphen_values = true)]
    pub(super) ssh_host: Option<String>,
    /// Go on with a sign-in that was interrupted, and its code
    #[arg(long)]
    pub(super) resume: bool,
    /// Give up after so many seconds (600)
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(super) timeout: Option<u64>,
    /// Keep a grant that is wider than asked for
    #[arg(long)]
    pub(super) accept_wider: bool,
    /// Let another account replace the one that was connected
    #[arg(long)]
    pub(super) accept_account: bool,
    /// One JSON object a line
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args)]
pub(super) struct Doctor {
    /// Look at this connection too, and ask its provider's host for an answer
    pub(super) name: Option<String>,
    /// Print it as JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Put placeholders for hosts, names and client IDs
    #[arg(long)]
    pub(super) anonymous: bool,
}

#[derive(Args)]
pub(super) struct Token {
    /// Name of the connection
    pub(super) name: String,
    /// Renew when less than so many seconds are left
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(0..=31_536_000))]
    pub(super) min_valid: Option<u64>,
    /// Refuse unless the connection's tokens are issued for this resource (RFC 8707)
    #[arg(long, value_name = "U")]
    pub(super) resource: Option<String>,
    /// Print it with its expiry and scopes as JSON
    #[arg(long, conflicts_with_all = ["header", "env"])]
    pub(super) json: bool,
    /// Print an `Authorization: Bearer …` line
    #[arg(long, conflicts_with = "env")]
    pub(super) header: bool,
    /// Print VAR='…' for a shell to read
    #[arg(long, value_name = "VAR")]
    pub(super) env: Option<String>,
    /// Print it even on a terminal
    #[arg(long)]
    pub(super) show: bool,
    /// Ask for the passphrase, or sign in with the browser, when that is needed
    #[arg(long)]
    pub(super) interactive: bool,
}

#[derive(Args)]
#[command(
    after_help = "The program finds the token in the environment variable VALETKEY_TOKEN, or with --fd in the file that \
                  VALETKEY_TOKEN_FILE names. Either way the token is visible to every program that it starts.\n\n\
                  Where its output does not go to a terminal, `<concealed>` stands in the token's place (in its base64 \
                  forms too). The exit code is the program's own; 128 and the number when a signal ended it."
)]
pub(super) struct Exec {
    /// Name of the connection
    pub(super) name: String,
    /// Put the token into this environment variable instead
    #[arg(long, value_name = "VAR", conflicts_with = "fd")]
    pub(super) env: Option<String>,
    /// Give the token by an open file whose path a variable tells; no variable holds the token
    #[arg(long)]
    pub(super) fd: bool,
    /// Renew when less than so many seconds are left
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(0..=31_536_000))]
    pub(super) min_valid: Option<u64>,
    /// Pass the program's output on as it is, the token included
    #[arg(long)]
    pub(super) no_conceal: bool,
    /// The program and its arguments, after `--`
    #[arg(last = true, required = true, value_name = "CMD")]
    pub(super) command: Vec<OsString>,
}

#[derive(Args)]
#[command(after_help = "Put it into git's settings, for one host:\n  \
                  git config --global credential.https://github.com.helper '!valetkey git-credential'\n\n\
                  The connection is the one whose hosts contain the host that git names (valetkey show NAME lists them). \
                  With several: --connection NAME, or its name as the user: credential.https://HOST.username NAME")]
pub(super) struct GitCredential {
    /// Answer from this connection only
    #[arg(long, value_name = "NAME")]
    pub(super) connection: Option<String>,
    /// What git asks for: get, store or erase; anything else is passed over, as git wants it
    pub(super) operation: String,
}

#[derive(Args)]
#[command(after_help = "In a kubeconfig:\n  \
                  users:\n  - name: me\n    user:\n      exec:\n        apiVersion: client.authentication.k8s.io/v1\n        \
                  command: valetkey\n        args: [kube-credential, NAME]\n        interactiveMode: Never")]
pub(super) struct KubeCredential {
    /// Name of the connection
    pub(super) name: String,
    /// Renew when less than so many seconds are left
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(0..=31_536_000))]
    pub(super) min_valid: Option<u64>,
}

impl NewPassphrase {
    /// Whether one of the flags was given.
    pub(super) fn is_given(&self) -> bool {
        self.new_passphrase_file.is_some() || self.new_passphrase_fd.is_some()
    }
}
