//! What hands tokens to programs.

use std::ffi::OsString;

use clap::Args;

use super::connections;

#[derive(Args)]
pub(in crate::cli) struct Token {
    /// Name of the connection
    #[arg(add = connections())]
    pub(in crate::cli) name: String,
    /// Renew when less than so many seconds are left
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(0..=31_536_000))]
    pub(in crate::cli) min_valid: Option<u64>,
    /// Refuse unless the connection's tokens are issued for this resource (RFC 8707)
    #[arg(long, value_name = "U")]
    pub(in crate::cli) resource: Option<String>,
    /// Print it with its expiry and scopes as JSON
    #[arg(long, conflicts_with_all = ["header", "env"])]
    pub(in crate::cli) json: bool,
    /// Print an `Authorization: Bearer …` line
    #[arg(long, conflicts_with = "env")]
    pub(in crate::cli) header: bool,
    /// Print VAR='…' for a shell to read
    #[arg(long, value_name = "VAR")]
    pub(in crate::cli) env: Option<String>,
    /// Print it even on a terminal
    #[arg(long)]
    pub(in crate::cli) show: bool,
    /// Ask for the passphrase, or sign in with the browser, when that is needed
    #[arg(long)]
    pub(in crate::cli) interactive: bool,
}

#[derive(Args)]
#[command(
    after_help = "The program finds the token in the environment variable VALETKEY_TOKEN, or with --fd in the file that \
                  VALETKEY_TOKEN_FILE names. Either way the token is visible to every program that it starts.\n\n\
                  Where its output does not go to a terminal, `<concealed>` stands in the token's place (in its base64 \
                  forms too). The exit code is the program's own; 128 and the number when a signal ended it."
)]
pub(in crate::cli) struct Exec {
    /// Name of the connection
    #[arg(add = connections())]
    pub(in crate::cli) name: String,
    /// Put the token into this environment variable instead
    #[arg(long, value_name = "VAR", conflicts_with = "fd")]
    pub(in crate::cli) env: Option<String>,
    /// Give the token by an open file whose path a variable tells; no variable holds the token
    #[arg(long)]
    pub(in crate::cli) fd: bool,
    /// Renew when less than so many seconds are left
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(0..=31_536_000))]
    pub(in crate::cli) min_valid: Option<u64>,
    /// Pass the program's output on as it is, the token included
    #[arg(long)]
    pub(in crate::cli) no_conceal: bool,
    /// The program and its arguments, after `--`
    #[arg(last = true, required = true, value_name = "CMD")]
    pub(in crate::cli) command: Vec<OsString>,
}

#[derive(Args)]
#[command(after_help = "Put it into git's settings, for one host:\n  \
                  git config --global credential.https://github.com.helper '!valetkey git-credential'\n\n\
                  The connection is the one whose hosts contain the host that git names (valetkey show NAME lists them). \
                  With several: --connection NAME, or its name as the user: credential.https://HOST.username NAME")]
pub(in crate::cli) struct GitCredential {
    /// Answer from this connection only
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) connection: Option<String>,
    /// What git asks for: get, store or erase; anything else is passed over, as git wants it
    pub(in crate::cli) operation: String,
}

#[derive(Args)]
#[command(after_help = "In a kubeconfig:\n  \
                  users:\n  - name: me\n    user:\n      exec:\n        apiVersion: client.authentication.k8s.io/v1\n        \
                  command: valetkey\n        args: [kube-credential, NAME]\n        interactiveMode: Never")]
pub(in crate::cli) struct KubeCredential {
    /// Name of the connection
    #[arg(add = connections())]
    pub(in crate::cli) name: String,
    /// Renew when less than so many seconds are left
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(0..=31_536_000))]
    pub(in crate::cli) min_valid: Option<u64>,
}
