//! The single table from an error to its sentence, next step, numbered fixes and exit code.
//!
//! Stands between the engine and the faces; tui and cli read it. Sentences are short, in the present
//! tense, and never contain outside text that is not neutralised.

pub mod agent;
mod build;
pub mod doctor;
pub mod endpoints;
pub mod fields;
mod ignored;
pub mod import;
mod place;
mod provider;
pub mod settings;
mod vault;
mod waiting;

use std::borrow::Cow;

use crate::engine::{Error, Question, Withheld};
use crate::host::{BindError, Fault, Scarce, WorkerError};
use crate::model::{EndReason, Seconds, Untrusted};

pub use build::version;
pub use ignored::ignored;
use ignored::paste;
pub use place::browser_elsewhere;
use provider::{authorization, provider};
use vault::{passphrase_needed, vault};
pub use waiting::{dropped, retold, still_waits};

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

/// Told after it where a passphrase would do too.
pub const KEYCHAIN_INSTEAD: &str = "Press enter to use a passphrase instead.";

/// Told whenever sign-ins get a second copy (conformance X-05).
pub const TWO_MACHINES: &str =
    "Two machines must not refresh the same sign-in: many providers then end it for both.";

/// Told once when tokens were looked at again because the time of day was set (conformance J-11).
pub const CLOCK_MOVED: &str = "System clock moved; tokens rechecked.";

/// Told when a refresh failed and what is left of the old token is given.
pub fn using_the_rest(left: u64, problem: &Error) -> String {
    format!(
        "using a token that expires in {left} s; the refresh failed. {}",
        advise(problem).sentence
    )
}

/// The limit for locked memory is too small.
pub const MEMORY_NOT_LOCKED: &str = "Memory locking is unavailable, so the swap space may come to hold secrets. To \
     change that, raise the limit: ulimit -l 512";

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

/// What to tell when the system gives the process too little to work with. Nothing was begun.
pub fn scarce(scarce: Scarce) -> Advice {
    match scarce {
        Scarce::Files { limit } => Advice::new(
            "file-limit",
            exit::OTHER,
            format!(
                "This process may open only {limit} files at a time, and {} are needed. Nothing was changed.",
                Scarce::FILES
            ),
        )
        .hint("Raise the limit and try again: ulimit -n 256"),
        Scarce::Threads => Advice::new(
            "process-limit",
            exit::OTHER,
            "The system lets you start no more threads. Nothing was changed.",
        )
        .hint("End some other programs, or raise the limit (ulimit -u), and try again."),
    }
}

/// What to tell about a fault of the program itself, line by line: nothing of what it was working on.
pub fn fault(fault: &Fault) -> [String; 2] {
    let told = format!(
        "valetkey: Internal error {} at {}. What was stored is kept.",
        fault.code, fault.place
    );
    let next = match &fault.note {
        Some(note) => {
            let note = Untrusted::new(note.to_string_lossy()).shown();
            format!(
                "  Try again. If it comes back, report it with this note, which holds no secret: {note}"
            )
        }
        None => "  Try again. If it comes back, report it with these two lines.".to_owned(),
    };
    [told, next]
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
            code: Cow::Borrowed(code),
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

/// A person is to be asked, and the agent knows none.
pub const NOBODY_TO_ASK: &str = "nobody-to-ask";

fn withheld(name: &str, why: Withheld) -> Advice {
    let change = format!("To change that: valetkey edit {name} policy=allow");
    let denied = |code, sentence: String| Advice::new(code, exit::DENIED, sentence);
    match why {
        Withheld::Denied => denied(
            "policy-deny",
            format!("{name} is set to give its token to no program (policy=deny)."),
        )
        .hint(change),
        Withheld::NobodyToAsk => denied(
            NOBODY_TO_ASK,
            format!("{name} is set to be confirmed before a program gets its token, and nobody can be asked here."),
        )
        .hint(format!("Open the table (valetkey) beside it, or run this on a terminal. {change}")),
        Withheld::Refused => denied("not-confirmed", "You said no. No token was given.".to_owned()),
        Withheld::Lifetime => Advice::new(
            "lifetime-over",
            exit::VAULT,
            format!("The time is over for which the agent serves {name} after unlocking."),
        )
        .hint("run: valetkey vault unlock"),
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
        Error::Worker(WorkerError::Start(cause)) => Advice::new(
            "worker-start",
            exit::OTHER,
            format!(
                "The worker process that talks to the provider could not be started: {}. Nothing was sent.",
                Untrusted::new(cause.to_string()).shown()
            ),
        )
        .hint("Try again; `valetkey doctor` looks for what is wrong here."),
        Error::Worker(_) => Advice::new(
            "worker",
            exit::OTHER,
            "The worker process that talks to the provider broke off. What was stored is kept.",
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
        Error::Clock { problem, skew } => Advice::new(
            "clock",
            exit::REFUSED,
            format!(
                "The identity token was refused: {problem}. Nothing was stored. {}",
                doctor::clock_skew(*skew)
            ),
        )
        .hint("Set the clock of this machine, then sign in again.")
        .fixes([Fix::SignInAgain]),
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
            format!("A refresh of {name} was interrupted; the provider may have changed the token."),
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
        Error::OtherResource { name, known } => Advice::new(
            "resource",
            exit::USAGE,
            format!("The tokens of {name} are not issued for this resource."),
        )
        .hint(if known.is_empty() {
            "It names none. Add another connection with --resource for it.".to_owned()
        } else {
            format!("Its resources: {}", Untrusted::new(known.join("  ")).shown())
        }),
        Error::Withheld { name, why } => withheld(name, *why),
        Error::NotAnSshTarget => Advice::new(
            "ssh-host",
            exit::USAGE,
            "This names no machine.",
        )
        .hint("Give what you type after ssh to get here, such as ada@build or -p 2200 ada@build."),
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
        Error::RevocationWaits { waiting, count } => waiting::put_off(waiting, *count),
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
            .fixes([
                Fix::WaitForPort,
                Fix::Paste,
                Fix::Device,
                Fix::ChangeRedirect,
            ])
        }
        BindError::NoLoopback => Advice::new(
            "no-loopback",
            exit::OTHER,
            "This machine has no loopback address of the kind that the redirect URL names.",
        )
        .hint("Paste the answer (--paste), use a code (--device), or register a redirect URL of the other kind.")
        .fixes([Fix::Paste, Fix::Device, Fix::ChangeRedirect]),
        other => Advice::new(
            "listen",
            exit::OTHER,
            format!("The local address cannot be opened: {other}."),
        )
        .fixes([Fix::TryAgain, Fix::Device]),
    }
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
    use crate::engine::{Endpoint, FailureKind, ProviderFailure};

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
