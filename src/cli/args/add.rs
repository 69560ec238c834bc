//! `add`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

#[derive(Args, Clone, Default)]
pub(in crate::cli) struct Add {
    /// A preset's id, or nothing for a provider of your own
    #[arg(value_name = "PRESET", add = ArgValueCandidates::new(crate::cli::completions::presets))]
    pub(in crate::cli) what: Option<String>,
    /// Its name; the preset's id or the host when absent
    #[arg(long)]
    pub(in crate::cli) name: Option<String>,
    /// Where the browser goes to approve
    #[arg(long, value_name = "U")]
    pub(in crate::cli) authorization_url: Option<String>,
    /// Where codes and refresh tokens are exchanged
    #[arg(long, value_name = "U")]
    pub(in crate::cli) token_url: Option<String>,
    /// Where device codes are requested (RFC 8628)
    #[arg(long, value_name = "U")]
    pub(in crate::cli) device_url: Option<String>,
    /// Where tokens are ended (RFC 7009)
    #[arg(long, value_name = "U")]
    pub(in crate::cli) revocation_url: Option<String>,
    /// Where a token's state can be asked for (RFC 7662)
    #[arg(long, value_name = "U")]
    pub(in crate::cli) introspection_url: Option<String>,
    /// Who signed in (OpenID Connect)
    #[arg(long, value_name = "U")]
    pub(in crate::cli) userinfo_url: Option<String>,
    /// Where identity tokens' keys are published
    #[arg(long, value_name = "U")]
    pub(in crate::cli) jwks_url: Option<String>,
    /// Issuer identifier, compared byte for byte
    #[arg(long, value_name = "U")]
    pub(in crate::cli) issuer: Option<String>,
    /// The app's client ID; not a secret
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) client_id: Option<String>,
    /// Read the client secret from this file (- for stdin); never from an argument
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) client_secret_file: Option<PathBuf>,
    /// How the client identifies itself: none, basic or post
    #[arg(long, value_name = "METHOD")]
    pub(in crate::cli) auth: Option<String>,
    /// Scopes, separated by spaces; repeatable
    #[arg(long, value_name = "SCOPES")]
    pub(in crate::cli) scope: Vec<String>,
    /// Where the browser comes back to; port 0 or none means any free one
    #[arg(long, value_name = "U")]
    pub(in crate::cli) redirect_uri: Option<String>,
    /// Resource indicator (RFC 8707), repeatable
    #[arg(long, value_name = "U")]
    pub(in crate::cli) resource: Vec<String>,
    /// Address of the test read (GET)
    #[arg(long, value_name = "U")]
    pub(in crate::cli) test_url: Option<String>,
    /// Value of a preset's variable (valetkey presets --json lists them)
    #[arg(long, value_name = "VAR=VALUE")]
    pub(in crate::cli) set: Vec<String>,
    /// Extra parameter: authorize:k=v (or k=v), token:k=v or refresh:k=v
    #[arg(long, value_name = "K=V")]
    pub(in crate::cli) param: Vec<String>,
    /// A named deviation of the provider
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) quirk: Vec<String>,
    /// Trust these certificates too, for this connection only (PEM)
    #[arg(long, value_name = "F")]
    pub(in crate::cli) ca_file: Option<PathBuf>,
    /// Allow plain http for 127.0.0.1, `[::1]` and localhost
    #[arg(long)]
    pub(in crate::cli) dev_http: bool,
    /// Sign in at once
    #[arg(long)]
    pub(in crate::cli) sign_in: bool,
    /// Yes to what would be asked: a blank in the client ID, a test read at another host
    #[arg(long)]
    pub(in crate::cli) yes: bool,
    /// Ask nothing: everything comes from flags
    #[arg(long)]
    pub(in crate::cli) no_input: bool,
    /// Print the new connection as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

impl Add {
    /// Some address of a provider of one's own is given.
    pub(in crate::cli) fn has_addresses(&self) -> bool {
        self.authorization_url.is_some() || self.token_url.is_some() || self.device_url.is_some()
    }
}
