//! What an advice is made of: the words, the fixes and the exit code.

use std::borrow::Cow;

/// Exit codes of the command line (DESIGN section 7). Stable.
pub mod exit {
    /// Done.
    pub const OK: u8 = 0;
    /// Anything that has no code of its own.
    pub const OTHER: u8 = 1;
    /// A mistake on the command line, an unknown name, or a token refused to a terminal.
    pub const USAGE: u8 = 2;
    /// A sign-in is needed, or nobody answered in time.
    pub const NEEDS_SIGN_IN: u8 = 3;
    /// The provider was not reached, and nothing valid is at hand.
    pub const OFFLINE: u8 = 4;
    /// The person said no.
    pub const DENIED: u8 = 5;
    /// The vault is locked or unavailable.
    pub const VAULT: u8 = 6;
    /// The provider refused; a failed test read too.
    pub const REFUSED: u8 = 7;
    /// Somebody else is at it.
    pub const BUSY: u8 = 8;
    /// Interrupted, as a shell reports it.
    pub const INTERRUPTED: u8 = 130;
}

/// What to tell a person about an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// A fixed token for scripts.
    pub code: Cow<'static, str>,
    /// What happened and why, in one sentence or two.
    pub sentence: String,
    /// What to do now; often a command.
    pub hint: Option<String>,
    /// Numbered on screen, best first.
    pub fixes: Vec<Fix>,
    /// Exit code of a command that ends with it, of [`exit`].
    pub exit: u8,
}

/// A next step that a key can take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fix {
    /// The same once more.
    TryAgain,
    /// Paste the address that the browser ended on.
    Paste,
    /// Ask for a code to type on a web page (RFC 8628).
    Device,
    /// Wait until the port is free.
    WaitForPort,
    /// Register and use another redirect URL.
    ChangeRedirect,
    /// Correct the client ID.
    ChangeClientId,
    /// Correct the client secret.
    ChangeSecret,
    /// Ask for other scopes.
    ChangeScopes,
    /// Send the client secret in the body instead of a header (RFC 6749 section 2.3.1).
    SecretInBody,
    /// Send the client secret in a header instead of the body.
    SecretInHeader,
    /// Go on as a public client.
    WithoutSecret,
    /// Give the vault's passphrase.
    Unlock,
    /// Look at this page.
    OpenPage(String),
    /// Start a new sign-in.
    SignInAgain,
}

impl Fix {
    /// What stands beside its number.
    pub fn label(&self) -> String {
        match self {
            Self::TryAgain => "try again".to_owned(),
            Self::Paste => "paste the address you ended on".to_owned(),
            Self::Device => "use a code instead".to_owned(),
            Self::WaitForPort => "wait for it".to_owned(),
            Self::ChangeRedirect => "another redirect URL".to_owned(),
            Self::ChangeClientId => "correct the client ID".to_owned(),
            Self::ChangeSecret => "correct the secret".to_owned(),
            Self::ChangeScopes => "change the scopes".to_owned(),
            Self::SecretInBody => "sign in again, sending the secret in the body".to_owned(),
            Self::SecretInHeader => "sign in again, sending the secret in a header".to_owned(),
            Self::WithoutSecret => "try without a secret".to_owned(),
            Self::Unlock => "unlock the vault".to_owned(),
            Self::OpenPage(url) => format!("open {url}"),
            Self::SignInAgain => "sign in again".to_owned(),
        }
    }
}

impl Advice {
    pub(super) fn new(code: &'static str, exit: u8, sentence: impl Into<String>) -> Self {
        Self {
            code: Cow::Borrowed(code),
            sentence: sentence.into(),
            hint: None,
            fixes: Vec::new(),
            exit,
        }
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub(super) fn fixes(mut self, fixes: impl IntoIterator<Item = Fix>) -> Self {
        self.fixes = fixes.into_iter().collect();
        self
    }
}
