//! A sign-in that cannot begin, was given back, or is needed anew.

use super::{Advice, Fix, exit};
use crate::engine::Question;
use crate::host::BindError;
use crate::model::EndReason;

const WIDER_GRANT: &str = "wider-grant";
const OTHER_ACCOUNT: &str = "other-account";

pub(super) fn bind(problem: &BindError) -> Advice {
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

/// A person chose to keep what was there, and that was done.
pub(super) fn kept(question: &Question, revoked: bool) -> Advice {
    let (code, kept, other) = match question {
        Question::WiderGrant { added } => (
            WIDER_GRANT,
            "Nothing was changed".to_owned(),
            format!("the sign-in with {added}"),
        ),
        Question::OtherAccount { before, now } => (
            OTHER_ACCOUNT,
            format!("{before} stays signed in"),
            format!("the sign-in of {now}"),
        ),
    };
    let fate = if revoked {
        "was given back"
    } else {
        "was forgotten here, since the provider could not be told without ending the old one too"
    };
    Advice::new(
        code,
        exit::DENIED,
        format!("{kept}, as you chose; {other} {fate}."),
    )
    .fixes([Fix::SignInAgain])
}

/// Nobody was there to say yes.
pub(super) fn given_back(question: &Question, revoked: bool) -> Advice {
    let fate = if revoked {
        "The new sign-in was given back; nothing was changed here."
    } else {
        "The new sign-in was forgotten here; the provider could not be told without ending the old one too."
    };
    match question {
        Question::WiderGrant { added } => Advice::new(
            WIDER_GRANT,
            exit::DENIED,
            format!("The provider granted more than was asked for ({added}). {fate}"),
        )
        .hint("Accept it with --accept-wider, or sign in again with fewer scopes."),
        Question::OtherAccount { before, now } => Advice::new(
            OTHER_ACCOUNT,
            exit::DENIED,
            format!("You signed in as {now}; this connection belongs to {before}. {fate}"),
        )
        .hint("Accept it with --accept-account, or add a second connection."),
    }
    .fixes([Fix::SignInAgain])
}

pub(super) fn needs_sign_in(
    name: &str,
    reason: Option<EndReason>,
    message: Option<&str>,
) -> Advice {
    let why = message.map_or_else(
        || {
            match reason {
                Some(EndReason::RefreshInterrupted) => "The last refresh was interrupted, and the provider no longer accepts the old token.",
                Some(EndReason::EndedByProvider) => "The provider ended this sign-in: it was revoked, expired or used elsewhere.",
                Some(EndReason::RevokedByYou) => "You revoked this sign-in.",
                Some(EndReason::VaultKeyGone) => "The vault key is gone, and this sign-in with it.",
                Some(EndReason::AccountChanged) => "The provider switched the account during a refresh; that was stopped.",
                Some(EndReason::EndpointsChanged) => "An address was changed, which parked this sign-in: its tokens will not be sent there.",
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
