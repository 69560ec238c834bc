//! The single table from an error to its sentence, next step, numbered fixes and exit code.
//!
//! Stands between the engine and the faces; tui and cli read it. Sentences are short, in the present
//! tense, and never contain outside text that is not neutralised.

pub mod agent;
mod build;
pub mod doctor;
pub mod endpoints;
pub mod fields;
mod handing;
mod ignored;
pub mod import;
pub mod introspection;
mod machine;
mod place;
mod provider;
mod remark;
mod revoking;
pub mod settings;
mod shape;
mod sign_in;
mod span;
pub mod step_up;
mod vault;
mod waiting;

use crate::engine::Error;
use crate::host::WorkerError;
use crate::model::{ConnectionName, Untrusted};

pub use build::version;
use handing::withheld;
pub use handing::{NOBODY_TO_ASK, using_the_rest};
pub use ignored::ignored;
use ignored::paste;
pub use machine::{
    CLOCK_MOVED, KEYCHAIN_INSTEAD, KEYCHAIN_WAIT, MEMORY_NOT_LOCKED, fault, key_place, scarce,
};
pub use place::browser_elsewhere;
use provider::{authorization, provider};
pub use remark::remark;
pub use revoking::{cannot_be_told, nothing_to_revoke, stays_valid};
pub use shape::{Advice, Fix, exit};
use sign_in::{bind, given_back, kept, needs_sign_in};
pub use span::span;
use vault::{passphrase_needed, vault};
pub use waiting::{dropped, half_revoked, retold, still_waits};

/// Told whenever sign-ins get a second copy (conformance X-05).
pub const TWO_MACHINES: &str =
    "Two machines must not refresh the same sign-in: many providers then end it for both.";

/// Told once where scopes are chosen: the one that keeps people signed in is not among them.
pub const WITHOUT_OFFLINE_ACCESS: &str =
    "Without offline_access you will have to sign in again whenever the token ends.";

/// Told once where scopes are chosen or looked at: less than what is asked for would do for many. `help`: what
/// is enough, in the preset's words.
pub fn narrower(asked: &str, enough: &str, help: &str) -> String {
    let shown = |text: &str| Untrusted::new(text).shown();
    format!(
        "If this is enough, ask for {} in place of {}: {}",
        shown(enough),
        shown(asked),
        shown(help),
    )
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
            "The connection has no address for this way of signing in.",
        )
        .hint("By browser it needs an authorization URL, by code a device URL: valetkey edit NAME device-url=URL"),
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
        Error::GivenBack {
            question,
            chosen: true,
            revoked,
        } => kept(question, *revoked),
        Error::GivenBack {
            question, revoked, ..
        } => given_back(question, *revoked),
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
        Error::NoTestRead => no_test_read(None),
        Error::NoIntrospection => introspection::none(),
        Error::ThirdParty { authority } => introspection::third_party(authority),
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

/// A test where no address that only reads is known. `name`: of the connection, where that is known.
pub fn no_test_read(name: Option<&ConnectionName>) -> Advice {
    let (of, name) = match name {
        Some(name) => (name.as_str(), name.as_str()),
        None => ("this provider", "NAME"),
    };
    Advice::new("no-test-read", exit::USAGE, format!("No test read is known for {of}."))
        .hint(format!(
            "A test-url is one of its addresses that only reads, such as …/me; edit adds it: valetkey edit {name} test-url=URL   or once: valetkey test {name} --url URL"
        ))
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
