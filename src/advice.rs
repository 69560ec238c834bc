//! The single table from an error to its sentence, next step, numbered fixes and exit code.
//!
//! Stands between the engine and the faces; tui and cli read it. Sentences are short, in the present
//! tense, and never contain outside text that is not neutralised.

use crate::engine::{
    Endpoint, Error, FailureKind, Ignored, PasteProblem, ProviderFailure, Question,
};
use crate::host::BindError;
use crate::model::{EndReason, Seconds};
use crate::oauth::{AuthorizationErrorCode, IgnoreReason};
use crate::vault::{DiskFault, KeychainError, PrivacyProblem, VaultError};

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

/// Told while the desktop asks its person to unlock the keychain.
pub const KEYCHAIN_WAIT: &str =
    "Waiting for your keychain, at most 2 minutes. Your desktop may be asking you to unlock it.";

/// Where the vault's key will live, for the first start. Nothing is asked of the keychain yet.
pub fn key_place(ssh: bool) -> &'static str {
    if ssh {
        "Sign-ins are stored encrypted. This is an SSH session: where no keychain answers, you choose \
         a passphrase when the first sign-in is stored."
    } else {
        "Sign-ins are stored encrypted. Your keychain holds the key; where there is none, you choose \
         a passphrase when the first sign-in is stored."
    }
}

/// What to tell a person about an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// A fixed token for scripts.
    pub code: &'static str,
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
    /// Send the client secret in the body instead of a header (RFC 6749 section 2.3.1).
    SecretInBody,
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
            Self::SecretInBody => "sign in again, sending the secret in the body".to_owned(),
            Self::WithoutSecret => "try without a secret".to_owned(),
            Self::Unlock => "unlock the vault".to_owned(),
            Self::OpenPage(url) => format!("open {url}"),
            Self::SignInAgain => "sign in again".to_owned(),
        }
    }
}

impl Advice {
    fn new(code: &'static str, exit: u8, sentence: impl Into<String>) -> Self {
        Self {
            code,
            sentence: sentence.into(),
            hint: None,
            fixes: Vec::new(),
            exit,
        }
    }

    #[must_use]
    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    fn fixes(mut self, fixes: impl IntoIterator<Item = Fix>) -> Self {
        self.fixes = fixes.into_iter().collect();
        self
    }
}

/// The advice for an error.
pub fn advise(error: &Error) -> Advice {
    match error {
        Error::UnknownConnection { name, known } => unknown(&name.shown().to_string(), known),
        Error::Incomplete(what) => {
            Advice::new("incomplete", exit::USAGE, format!("This definition is not complete: {what}."))
        }
        Error::Vault(error) => vault(error),
        Error::PassphraseNeeded(why) => passphrase_needed(why),
        Error::Random(_) => {
            Advice::new("no-randomness", exit::OTHER, "There is no secure random source; refusing to start.")
        }
        Error::Build(problem) => {
            Advice::new("configuration", exit::USAGE, format!("The request cannot be built: {problem}."))
                .hint("Look at the connection's details and correct them.")
        }
        Error::Bind(problem) => bind(problem),
        Error::Worker(_) => Advice::new(
            "worker",
            exit::OTHER,
            "The helper process that talks to the provider broke off. What was stored is kept.",
        )
        .hint("Try again; whatever it was doing is resolved first."),
        Error::NoWay => Advice::new(
            "no-way",
            exit::USAGE,
            "This provider has neither an authorization URL nor a device URL.",
        )
        .hint("Add one of them to the connection."),
        Error::SecretNeeded => Advice::new(
            "secret-needed",
            exit::USAGE,
            "This provider wants the app's client secret for the browser sign-in, and none is stored.",
        )
        .hint("run: valetkey edit NAME --client-secret-file FILE")
        .fixes([Fix::ChangeSecret]),
        Error::Declined => Advice::new("declined", exit::DENIED, "You declined. Nothing was changed.")
            .fixes([Fix::SignInAgain]),
        Error::Authorization(refusal) => authorization(refusal),
        Error::WrongIssuer { expected, got } => {
            let got = got.as_ref().map_or("nobody".to_owned(), |got| got.shown().to_string());
            Advice::new(
                "wrong-issuer",
                exit::REFUSED,
                format!("The answer came from another provider (expected {expected}, got {got}). Nothing was exchanged."),
            )
            .hint("Sign in again from a fresh browser window; if it repeats, check the issuer.")
            .fixes([Fix::SignInAgain])
        }
        Error::NobodyAnswered { waited } => Advice::new(
            "nobody-answered",
            exit::NEEDS_SIGN_IN,
            format!("No answer came in {}. Nothing was changed.", span(*waited)),
        )
        .hint("Try again, or paste the address the browser ended on.")
        .fixes([Fix::TryAgain, Fix::Paste, Fix::Device]),
        Error::StartLinkReused => Advice::new(
            "start-link-reused",
            exit::REFUSED,
            "This start link was used twice. The sign-in was stopped.",
        )
        .hint("Start again, and open the link only once.")
        .fixes([Fix::SignInAgain]),
        Error::Paste(problem) => {
            Advice::new("paste", exit::USAGE, paste(*problem)).fixes([Fix::Paste])
        }
        Error::Cancelled => Advice::new("cancelled", exit::INTERRUPTED, "Stopped. Nothing was changed.")
            .fixes([Fix::TryAgain]),
        Error::EditedMeanwhile => Advice::new(
            "edited",
            exit::OTHER,
            "The connection was edited during the sign-in; start again.",
        )
        .fixes([Fix::SignInAgain]),
        Error::Overtaken => Advice::new(
            "overtaken",
            exit::BUSY,
            "Another sign-in of this connection ran at the same time; the later one counts.",
        )
        .hint("Look at the connection, and sign in again if it is not what you want."),
        Error::IdToken(problem) => Advice::new(
            "identity-token",
            exit::REFUSED,
            format!("The identity token was refused: {problem}. Nothing was stored."),
        )
        .hint("Check the issuer and the client ID; a wrong clock shows here too.")
        .fixes([Fix::SignInAgain, Fix::ChangeClientId]),
        Error::DeviceCodeExpired => {
            Advice::new("code-expired", exit::NEEDS_SIGN_IN, "The code expired before it was approved.")
                .hint("Ask for a new one.")
                .fixes([Fix::TryAgain])
        }
        Error::GivenBack { question, revoked } => given_back(question, *revoked),
        Error::Provider(failure) => provider(failure),
        Error::NeedsSignIn { name, reason, message } => needs_sign_in(name, *reason, message.as_deref()),
        Error::RefreshInterrupted { name } => Advice::new(
            "refresh-interrupted",
            exit::NEEDS_SIGN_IN,
            format!("The last refresh of {name} was interrupted twice; the provider may have changed the token."),
        )
        .hint(format!("run: valetkey refresh {name}   or: valetkey login {name}"))
        .fixes([Fix::TryAgain, Fix::SignInAgain]),
        Error::NoRefreshToken { name } => Advice::new(
            "no-refresh-token",
            exit::NEEDS_SIGN_IN,
            format!("{name} has no refresh token, so it cannot be renewed."),
        )
        .hint(format!("run: valetkey login {name}"))
        .fixes([Fix::SignInAgain]),
        Error::NoTestRead => Advice::new("no-test-read", exit::USAGE, "No test read is known for this provider.")
            .hint("Name one of its addresses: valetkey test NAME --url URL"),
        Error::ForeignHost { authority } => Advice::new(
            "foreign-host",
            exit::USAGE,
            format!("{authority} is not one of this connection's hosts; the token is not sent there."),
        )
        .hint("Only hosts of the connection's own endpoints and test read get its token."),
        Error::NoBrowser => Advice::new(
            "no-browser",
            exit::OTHER,
            "No browser could be started here.",
        )
        .hint("Copy the address and open it yourself, or set BROWSER."),
        Error::NoRevocation { manage_url } => {
            let advice = Advice::new(
                "no-revocation",
                exit::REFUSED,
                "This provider offers no revocation that works for this connection. Nothing was changed; the sign-in stays valid there.",
            );
            match manage_url {
                Some(url) => advice
                    .hint(format!("End it by hand at {url} and delete it here: valetkey remove NAME --forget"))
                    .fixes([Fix::OpenPage(url.clone())]),
                None => advice.hint("Delete it here only: valetkey remove NAME --forget"),
            }
        }
        Error::Busy => Advice::new("busy", exit::BUSY, "Another process is refreshing this connection and did not finish in 45 s.")
            .hint("Try again.")
            .fixes([Fix::TryAgain]),
        Error::Internal(what) => {
            Advice::new("internal", exit::OTHER, format!("Internal error: {what}. Nothing was lost."))
        }
    }
}

fn unknown(name: &str, known: &[String]) -> Advice {
    let advice = Advice::new(
        "unknown-connection",
        exit::USAGE,
        format!("There is no connection named {name}."),
    );
    let near: Vec<&str> = known
        .iter()
        .map(String::as_str)
        .filter(|known| {
            let (a, b) = (known.to_lowercase(), name.to_lowercase());
            a.contains(&b) || b.contains(&a) || a.chars().next() == b.chars().next()
        })
        .take(5)
        .collect();
    if known.is_empty() {
        advice.hint("Nothing is connected yet. run: valetkey add")
    } else if near.is_empty() {
        advice.hint("run: valetkey list")
    } else {
        advice.hint(format!("Did you mean: {}?", near.join(", ")))
    }
}

fn vault(error: &VaultError) -> Advice {
    let locked = |code, sentence: String| Advice::new(code, exit::VAULT, sentence);
    match error {
        VaultError::NotMade => Advice::new("no-vault", exit::VAULT, "There is no vault yet.")
            .hint("run: valetkey vault init"),
        VaultError::AlreadyMade => Advice::new("vault-exists", exit::USAGE, "There is a vault already.")
            .hint("run: valetkey vault status"),
        VaultError::Locked => locked("vault-locked", "The vault is locked.".to_owned())
            .hint("Give its passphrase: VALETKEY_PASSPHRASE_FILE, --passphrase-fd, or on the terminal.")
            .fixes([Fix::Unlock]),
        VaultError::WrongKey => locked("wrong-passphrase", "This passphrase or key does not open the vault.".to_owned())
            .hint("Try again; nothing was changed.")
            .fixes([Fix::Unlock]),
        VaultError::KeyGone => locked(
            "vault-key-gone",
            "The vault key is gone from the keychain. The connections are kept; the sign-ins need it.".to_owned(),
        )
        .hint("Restore the keychain entry, or use another key slot if there is one."),
        VaultError::NotKept => locked("keychain-forgets", "The keychain did not keep the key. Nothing was stored.".to_owned())
            .hint("Use a passphrase instead: valetkey vault init --passphrase"),
        VaultError::Keychain(why) => keychain(why),
        VaultError::NoSlot(_) => locked("no-slot", "The vault has no key slot of this kind.".to_owned())
            .hint("run: valetkey vault status"),
        VaultError::UnknownSlot => Advice::new("no-slot", exit::USAGE, "There is no key slot with this number."),
        VaultError::LastSlot => Advice::new("last-slot", exit::USAGE, "This is the last key slot; removing it would lose the vault."),
        VaultError::NameTaken => Advice::new("name-taken", exit::USAGE, "This name is taken (letter case does not count).")
            .hint("Choose another with --name."),
        VaultError::UnknownConnection => unknown("that name", &[]),
        VaultError::RegistrationDiffers => Advice::new(
            "registration-differs",
            exit::USAGE,
            "This registration belongs to other endpoints and cannot be shared.",
        ),
        VaultError::NoCandidate | VaultError::NoRefreshToken | VaultError::IntentPending => {
            Advice::new("internal", exit::OTHER, format!("Internal error: {error}. Nothing was lost."))
        }
        VaultError::Busy { holder } => {
            let who = holder.map_or("Another process".to_owned(), |pid| format!("Process {pid}"));
            Advice::new("busy", exit::BUSY, format!("{who} is busy with this connection."))
                .hint("Try again.")
                .fixes([Fix::TryAgain])
        }
        VaultError::Changed => Advice::new("changed", exit::BUSY, "It was changed elsewhere in the meantime.")
            .hint("Look again and repeat.")
            .fixes([Fix::TryAgain]),
        VaultError::NewerFormat(format) => locked(
            "newer-format",
            format!("The vault was written by a newer version (format {format}). It was not touched."),
        )
        .hint("Update valetkey."),
        VaultError::Damaged(part) => locked("vault-damaged", format!("The vault is damaged ({part}). It was not touched."))
            .hint("A copy lies beside it: vault.db.bak"),
        VaultError::Tampered => locked(
            "vault-changed-outside",
            "The vault was changed outside the program: a secret does not belong to these addresses. Nothing was sent.".to_owned(),
        )
        .hint("Sign in again, or restore the copy vault.db.bak"),
        VaultError::NotPrivate { path, problem } => {
            let path = crate::model::Untrusted::new(path.to_string_lossy()).shown();
            let problem = match problem {
                PrivacyProblem::Symlink => "is a symbolic link",
                PrivacyProblem::Owner => "belongs to another user",
                PrivacyProblem::Mode => "is open to other users",
                PrivacyProblem::Type => "is neither a plain file nor a folder",
            };
            locked("not-private", format!("{path} {problem}; refusing to use it."))
                .hint("Make it yours and private: chmod go-rwx")
        }
        VaultError::Disk(fault) => disk(fault),
        VaultError::NoRandomness => {
            Advice::new("no-randomness", exit::OTHER, "There is no secure random source; refusing to start.")
        }
    }
}

fn disk(fault: &DiskFault) -> Advice {
    let sentence = match fault {
        DiskFault::Full => "The disk is full: nothing changed.".to_owned(),
        DiskFault::ReadOnly => "The vault's folder is read-only: nothing changed.".to_owned(),
        DiskFault::Permission => {
            "The vault's folder may not be written: nothing changed.".to_owned()
        }
        DiskFault::Other(text) => format!("The disk failed: {}.", text.shown()),
    };
    Advice::new("disk", exit::VAULT, sentence)
        .hint("run: valetkey paths   or use --ephemeral to keep nothing")
}

fn keychain_reason(why: &KeychainError) -> String {
    match why {
        KeychainError::Absent => "There is no keychain here".to_owned(),
        KeychainError::NoCollection => "The keychain has no collection to store in".to_owned(),
        KeychainError::Locked => "The keychain is locked".to_owned(),
        KeychainError::Unresponsive => "The keychain does not answer".to_owned(),
        KeychainError::NoEntry => "The keychain holds no key for this vault".to_owned(),
        KeychainError::Damaged => "The keychain's entry is not a vault key".to_owned(),
        KeychainError::Refused(text) => format!("The keychain refused: {}", text.shown()),
    }
}

fn keychain(why: &KeychainError) -> Advice {
    let code = match why {
        KeychainError::Absent => "keychain-absent",
        KeychainError::NoCollection => "keychain-no-collection",
        KeychainError::Locked => "keychain-locked",
        KeychainError::Unresponsive => "keychain-unresponsive",
        KeychainError::NoEntry => "keychain-no-entry",
        KeychainError::Damaged => "keychain-damaged",
        KeychainError::Refused(_) => "keychain-refused",
    };
    let hint = match why {
        KeychainError::Locked | KeychainError::NoCollection => {
            "Unlock it in your desktop session and try again."
        }
        KeychainError::Unresponsive => {
            "Try again; if it stays silent, restart the keychain service."
        }
        _ => "Make a vault with a passphrase: valetkey vault init --passphrase",
    };
    Advice::new(code, exit::VAULT, format!("{}.", keychain_reason(why)))
        .hint(hint)
        .fixes([Fix::Unlock])
}

fn passphrase_needed(why: &KeychainError) -> Advice {
    let sentence = match why {
        KeychainError::NoEntry => "The vault opens with a passphrase.".to_owned(),
        other => format!("{}; a passphrase is needed.", keychain_reason(other)),
    };
    Advice::new("passphrase-needed", exit::VAULT, sentence)
        .hint("Set VALETKEY_PASSPHRASE_FILE or give --passphrase-fd; `token` asks only with --interactive. For a new vault: valetkey vault init --passphrase")
        .fixes([Fix::Unlock])
}

fn bind(problem: &BindError) -> Advice {
    match problem {
        BindError::PortTaken { port, owner, .. } => {
            let owner = owner
                .as_ref()
                .map_or(String::new(), |owner| format!(" by {owner}"));
            Advice::new(
                "port-taken",
                exit::BUSY,
                format!("Port {port} is taken{owner}; this provider compares ports."),
            )
            .hint("Stop that program or wait for it, or register another redirect URL.")
            .fixes([Fix::WaitForPort, Fix::Device, Fix::ChangeRedirect])
        }
        other => Advice::new(
            "listen",
            exit::OTHER,
            format!("The local address cannot be opened: {other}."),
        )
        .fixes([Fix::TryAgain, Fix::Device]),
    }
}

fn authorization(refusal: &crate::oauth::AuthorizationError) -> Advice {
    let (code, exit, mut sentence, hint): (_, u8, String, &str) = match &refusal.code {
        AuthorizationErrorCode::InvalidRequest => (
            "invalid_request",
            exit::REFUSED,
            "The provider says that the sign-in request is not valid.".to_owned(),
            "Check the redirect URL, the scopes and the extra parameters.",
        ),
        AuthorizationErrorCode::UnauthorizedClient => (
            "unauthorized_client",
            exit::REFUSED,
            "This app may not sign people in this way.".to_owned(),
            "Check the app's settings at the provider and its client ID.",
        ),
        AuthorizationErrorCode::AccessDenied => (
            "declined",
            exit::DENIED,
            "You declined. Nothing was changed.".to_owned(),
            "Sign in again.",
        ),
        AuthorizationErrorCode::UnsupportedResponseType => (
            "unsupported_response_type",
            exit::REFUSED,
            "The provider does not offer the authorization code grant to this app.".to_owned(),
            "Check the authorization URL and the kind of app.",
        ),
        AuthorizationErrorCode::InvalidScope => (
            "invalid_scope",
            exit::REFUSED,
            "The provider does not know one of the scopes, or this app may not ask for it."
                .to_owned(),
            "Change the scopes and sign in again.",
        ),
        AuthorizationErrorCode::ServerError => (
            "server_error",
            exit::OFFLINE,
            "The provider met an error of its own.".to_owned(),
            "Try again in a minute.",
        ),
        AuthorizationErrorCode::TemporarilyUnavailable => (
            "temporarily_unavailable",
            exit::OFFLINE,
            "The provider is busy.".to_owned(),
            "Try again in a while.",
        ),
        AuthorizationErrorCode::Unknown(text) => (
            "authorization-refused",
            exit::REFUSED,
            format!("The provider refused the sign-in ({}).", text.shown()),
            "Its own words, if any, stand above.",
        ),
    };
    if let Some(text) = &refusal.description {
        sentence = format!("{sentence} It says: \"{}\"", text.shown());
    }
    Advice::new(code, exit, sentence)
        .hint(hint)
        .fixes([Fix::TryAgain])
}

fn given_back(question: &Question, revoked: bool) -> Advice {
    let fate = if revoked {
        "The new sign-in was given back; nothing was changed here."
    } else {
        "The new sign-in was forgotten here; the provider could not be told without ending the old one too."
    };
    match question {
        Question::WiderGrant { added } => Advice::new(
            "wider-grant",
            exit::DENIED,
            format!("The provider granted more than was asked for ({added}). {fate}"),
        )
        .hint("Accept it with --accept-wider, or sign in again with fewer scopes."),
        Question::OtherAccount { before, now } => Advice::new(
            "other-account",
            exit::DENIED,
            format!("You signed in as {now}; this connection belongs to {before}. {fate}"),
        )
        .hint("Accept it with --accept-account, or add a second connection."),
    }
    .fixes([Fix::SignInAgain])
}

fn needs_sign_in(name: &str, reason: Option<EndReason>, message: Option<&str>) -> Advice {
    let why = message.map_or_else(
        || {
            match reason {
                Some(EndReason::RefreshInterrupted) => "The last refresh was interrupted, and the provider no longer accepts the old token.",
                Some(EndReason::EndedByProvider) => "The provider ended this sign-in: it was revoked, expired or used elsewhere.",
                Some(EndReason::RevokedByYou) => "You revoked this sign-in.",
                Some(EndReason::VaultKeyGone) => "The vault key is gone, and this sign-in with it.",
                Some(EndReason::AccountChanged) => "The provider switched the account during a refresh; that was stopped.",
                Some(EndReason::EndpointsChanged) => "An address was changed; the old tokens are not sent there.",
                None => "Nobody has signed in yet.",
            }
            .to_owned()
        },
        str::to_owned,
    );
    Advice::new(
        "needs-sign-in",
        exit::NEEDS_SIGN_IN,
        format!("{name} needs a new sign-in. {why}"),
    )
    .hint(format!("run: valetkey login {name}"))
    .fixes([Fix::SignInAgain])
}

fn provider(failure: &ProviderFailure) -> Advice {
    let at = failure.at.name();
    let host = &failure.authority;
    let kept = kept(failure.at);
    match &failure.kind {
        FailureKind::Refused { code, description } => {
            let says = description
                .as_ref()
                .map_or(String::new(), |text| format!(" It says: \"{}\"", text.shown()));
            refused(failure.at, code, &says)
        }
        FailureKind::Status(401) if failure.at == Endpoint::Test => Advice::new(
            "token-refused",
            exit::REFUSED,
            format!("{host} refused the token (status 401)."),
        )
        .hint("Sign in again.")
        .fixes([Fix::SignInAgain]),
        FailureKind::Status(status) => Advice::new(
            "status",
            if matches!(status, 408 | 500..) { exit::OFFLINE } else { exit::REFUSED },
            format!("The {at} at {host} answered with status {status} and no explanation."),
        )
        .hint(format!("{kept} Try again later."))
        .fixes([Fix::TryAgain]),
        FailureKind::Redirect(to) => Advice::new(
            "redirected",
            exit::REFUSED,
            format!("The {at} at {host} answered with a redirect to {}; it was not followed.", to.shown()),
        )
        .hint("Correct the token URL: redirects there could leak the sign-in."),
        FailureKind::WebPage => Advice::new(
            "web-page",
            exit::REFUSED,
            format!("The {at} at {host} sent a web page instead of OAuth data. Nothing was changed."),
        )
        .hint("Perhaps a captive portal: open any page in a browser, then try again. Or the token URL is wrong.")
        .fixes([Fix::TryAgain]),
        FailureKind::MediaType(media) => Advice::new(
            "media-type",
            exit::REFUSED,
            format!("The {at} at {host} answered with {} instead of JSON.", media.shown()),
        )
        .hint("Check the token URL; a quirk may be needed."),
        FailureKind::Malformed(what) => {
            Advice::new("malformed", exit::REFUSED, format!("The {at} at {host}: {}.", what.trim_end_matches('.')))
                .hint("The provider deviates from the standard; a quirk may be needed.")
                .fixes([Fix::TryAgain])
        }
        FailureKind::TooLarge => Advice::new(
            "too-large",
            exit::REFUSED,
            format!("The {at} at {host} sent more than fits such an answer; it was cut off."),
        )
        .hint("Check the token URL."),
        FailureKind::TokenType(kind) => Advice::new(
            "token-type",
            exit::REFUSED,
            format!("The provider sent a token of type {}, which is not supported.", kind.shown()),
        ),
        FailureKind::Later { status, after } if *status != 429 => {
            let wait = after.map_or(String::new(), |span_| format!(" It asks to wait {}.", span(span_)));
            Advice::new(
                "unavailable",
                exit::OFFLINE,
                format!("{host} is in trouble (status {status}).{wait} The sign-in is kept."),
            )
            .hint("Try again later.")
            .fixes([Fix::TryAgain])
        }
        FailureKind::Later { after, .. } => {
            let wait = after.map_or(String::new(), |span_| format!(" It asks to wait {}.", span(span_)));
            Advice::new("rate-limited", exit::OFFLINE, format!("{host} did not accept another request now.{wait} {kept}"))
                .hint("Try again later.")
                .fixes([Fix::TryAgain])
        }
        FailureKind::Offline(summary) => Advice::new(
            "offline",
            exit::OFFLINE,
            format!("{host} was not reached: {}. {kept}", summary.shown()),
        )
        .hint("Check the network and try again.")
        .fixes([Fix::TryAgain]),
    }
}

/// What became of the sign-in when a request failed: during a first one there is none to keep.
fn kept(at: Endpoint) -> &'static str {
    match at {
        Endpoint::Token | Endpoint::Device | Endpoint::Userinfo | Endpoint::Keys => {
            "Nothing was changed."
        }
        Endpoint::Refresh | Endpoint::Revocation | Endpoint::Test => "The sign-in is kept.",
    }
}

fn refused(at: Endpoint, code: &str, says: &str) -> Advice {
    match code {
        "invalid_client" => Advice::new(
            "invalid_client",
            exit::REFUSED,
            format!("The provider does not accept this client ID and secret together.{says}"),
        )
        .hint("Correct the client ID or the secret, or send the secret another way.")
        .fixes([Fix::SecretInBody, Fix::ChangeClientId, Fix::ChangeSecret, Fix::WithoutSecret]),
        "invalid_grant" => Advice::new(
            "invalid_grant",
            exit::NEEDS_SIGN_IN,
            format!("The code or refresh token is no longer good, or the redirect address differs from the one registered.{says}"),
        )
        .hint("Sign in again.")
        .fixes([Fix::SignInAgain, Fix::ChangeRedirect]),
        "unauthorized_client" => Advice::new(
            "unauthorized_client",
            exit::REFUSED,
            format!("The provider does not allow this app to do that.{says}"),
        )
        .hint("Check the app's settings at the provider; an organisation may block it.")
        .fixes([Fix::ChangeClientId]),
        "invalid_scope" => Advice::new(
            "invalid_scope",
            exit::REFUSED,
            format!("The provider does not know one of the scopes.{says}"),
        )
        .hint("Change the scopes and sign in again."),
        _ => {
            let shown = crate::model::Untrusted::new(code).shown();
            Advice::new("refused", exit::REFUSED, format!("The provider's {} refused it ({shown}).{says}", at.name()))
                .hint("Nothing was changed. Try again, or look at the connection's details.")
                .fixes([Fix::TryAgain])
        }
    }
}

/// The sentence for something that was ignored, with a hint where one helps.
pub fn ignored(what: &Ignored) -> (&'static str, String) {
    let (code, sentence) = match what {
        Ignored::Unrelated { count: 1 } => ("unrelated", "Ignored an unrelated request.".to_owned()),
        Ignored::Unrelated { count } => ("unrelated", format!("Ignored {count} unrelated requests.")),
        Ignored::OtherHost => (
            "other-host",
            "A request for another host name arrived and was refused: a web page tried to reach this sign-in.".to_owned(),
        ),
        Ignored::Answer(reason) => answer_ignored(*reason),
        Ignored::StartLinkClosed => (
            "start-link-closed",
            "Too many wrong start links were tried; they no longer work. Paste the address instead.".to_owned(),
        ),
        Ignored::OtherBrowser => (
            "other-browser",
            "A sign-in answer came from a different browser. If it was yours, paste the address it ended on.".to_owned(),
        ),
        Ignored::OtherUser => ("other-user", "Another user of this machine tried to answer; refused.".to_owned()),
        Ignored::UnknownPeer => (
            "unknown-peer",
            "The system does not say which user's browser answered; it was served.".to_owned(),
        ),
        Ignored::TlsHello => ("tls", "The browser tried https on the local http address.".to_owned()),
        Ignored::SecondAnswer => (
            "second-answer",
            "A second, different answer arrived; the first one counts. If you did not do this, revoke the connection.".to_owned(),
        ),
        Ignored::SlowDown => ("slow-down", "The provider asked to slow down.".to_owned()),
        Ignored::DeviceWayClosed(error) => {
            ("device-way-closed", format!("The code way is closed. {}", advise(error).sentence))
        }
        Ignored::Paste(problem) => ("paste", paste(*problem)),
    };
    (code, sentence)
}

fn answer_ignored(reason: IgnoreReason) -> (&'static str, String) {
    let sentence = match reason {
        IgnoreReason::WrongState => {
            "An answer with a wrong state arrived and was ignored. An old tab? Open the page again."
        }
        IgnoreReason::MissingState => "An answer without a state arrived and was ignored.",
        IgnoreReason::MissingCode => "An answer without a code arrived and was ignored.",
        IgnoreReason::Malformed => "A malformed sign-in answer was ignored.",
        IgnoreReason::UnprovenError => "An error without proof of its origin was ignored.",
        IgnoreReason::FragmentAnswer => {
            "The provider answered in a mode that is not supported (behind `#`)."
        }
    };
    (reason.as_str(), sentence.to_owned())
}

fn paste(problem: PasteProblem) -> String {
    match problem {
        PasteProblem::NotAnAddress => "That is not an address. Paste the whole address from the browser bar.",
        PasteProblem::BareCode => "That is only a code. Paste the whole address from the browser bar.",
        PasteProblem::OtherAddress => "That is a different address than this sign-in's redirect URL.",
        PasteProblem::AuthorizationAddress => "This is the first address, not the one after approval.",
        PasteProblem::DoubleEncoded => "That address was encoded twice on its way. Copy it straight from the browser bar.",
        PasteProblem::LooksLikeAToken => "That looks like a token. It was wiped; if it was real, treat it as compromised and revoke it.",
        PasteProblem::TooLong => "That is too long for a sign-in answer.",
        PasteProblem::Ignored(IgnoreReason::WrongState) => "That address is from another sign-in.",
        PasteProblem::Ignored(_) => "That address is not a complete answer.",
    }
    .to_owned()
}

/// "10 minutes", "45 s": spans as people say them.
pub fn span(seconds: Seconds) -> String {
    match seconds.0 {
        s if s % 3600 == 0 && s > 0 => plural(s / 3600, "hour"),
        s if s % 60 == 0 && s > 0 => plural(s / 60, "minute"),
        s => format!("{s} s"),
    }
}

fn plural(count: u64, unit: &str) -> String {
    if count == 1 {
        format!("1 {unit}")
    } else {
        format!("{count} {unit}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Class, Fate};
    use crate::model::Untrusted;

    #[test]
    fn i_08_a_sign_in_is_kept_only_where_there_is_one() {
        let sentence = |at| {
            let failure = ProviderFailure {
                at,
                authority: "a.example".to_owned(),
                kind: FailureKind::Offline(Untrusted::new("connection refused")),
                class: Class::Transient,
                fate: Fate::NotSent,
            };
            advise(&Error::Provider(Box::new(failure))).sentence
        };
        let first = "a.example was not reached: connection refused. Nothing was changed.";
        assert_eq!(sentence(Endpoint::Token), first);
        assert_eq!(sentence(Endpoint::Device), first);
        assert!(sentence(Endpoint::Refresh).ends_with("The sign-in is kept."));
        assert!(sentence(Endpoint::Revocation).ends_with("The sign-in is kept."));
    }
}
