//! The single table from an error to its sentence, next step, fixes and exit code.

use crate::engine::Error;

/// What to tell a person about an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    pub sentence: String,
    pub hint: Option<String>,
    pub fixes: Vec<Fix>,
    pub exit: u8,
}

/// A next step that a face may offer as a numbered choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fix {
    TryAgain,
    Paste,
    Device,
    WaitForPort,
    ChangeRedirect,
    ChangeClientId,
    ChangeSecret,
    SecretInBody,
    WithoutSecret,
    Unlock,
    OpenPage(String),
    SignInAgain,
}

impl Fix {
    /// The line of the choice.
    pub fn label(&self) -> String {
        match self {
            Self::TryAgain => "try again",
            Self::Paste => "paste the address instead",
            Self::Device => "use a code instead",
            Self::WaitForPort => "wait for the port",
            Self::ChangeRedirect => "use another redirect URL",
            Self::ChangeClientId => "correct the client ID",
            Self::ChangeSecret => "correct the secret",
            Self::SecretInBody => "sign in again, sending the secret in the body",
            Self::WithoutSecret => "try without a secret",
            Self::Unlock => "unlock the vault",
            Self::OpenPage(url) => return format!("open {url}"),
            Self::SignInAgain => "sign in again",
        }
        .to_owned()
    }
}

/// The advice for an error.
pub fn advise(error: &Error) -> Advice {
    let fixes = match error.0 {
        "invalid_client" => vec![
            Fix::SecretInBody,
            Fix::ChangeClientId,
            Fix::ChangeSecret,
            Fix::WithoutSecret,
        ],
        "denied" => vec![Fix::TryAgain],
        _ => vec![Fix::TryAgain, Fix::Paste],
    };
    let sentence = match error.0 {
        "invalid_client" => "The provider does not accept this client ID and secret together.",
        "denied" => "You declined. Nothing was changed.",
        "timeout" => "No answer came in 10 minutes. Nothing was changed.",
        other => other,
    };
    Advice {
        sentence: sentence.to_owned(),
        hint: None,
        fixes,
        exit: 1,
    }
}
