//! What cannot be revoked, in words: why, and what is left to do (conformance L-05).

use super::{Advice, exit};
use crate::model::{Connection, NoRevocation, Untrusted};

/// Why the provider of a connection cannot be told that its sign-in is over.
pub fn cannot_be_told(connection: &Connection, why: NoRevocation) -> String {
    let provider = Untrusted::new(&*connection.provider.name).shown();
    match why {
        NoRevocation::NotOffered => format!("{provider} offers no way to revoke it from here."),
        NoRevocation::NoAddress => {
            format!("No revocation URL is known for {provider}, so it cannot be told.")
        }
        NoRevocation::NoSecret => format!(
            "{provider} takes a revocation only with the app's client secret, and none is stored."
        ),
    }
}

/// What deleting leaves behind there, and where to end that by hand. An address stays the last thing.
pub fn stays_valid(connection: &Connection) -> String {
    let provider = Untrusted::new(&*connection.provider.name).shown();
    match &connection.provider.manage_url {
        Some(page) => format!("the sign-in stays valid at {provider}; end it by hand at {page}"),
        None => format!("the sign-in stays valid at {provider}"),
    }
}

/// Nobody is signed in to a connection whose sign-in was to be ended. `why`: what ended it, if there was one. To
/// sign in, so that there is something to end, is no advice.
pub fn nothing_to_revoke(connection: &Connection, why: Option<&str>) -> Advice {
    let name = &connection.name;
    let why = why.map_or(String::new(), |why| format!(" {why}"));
    Advice::new(
        "nothing-to-revoke",
        exit::NEEDS_SIGN_IN,
        format!("Nobody is signed in to {name}, so there is nothing to revoke from here.{why}"),
    )
    .hint(format!("To delete its settings: valetkey remove {name}"))
}
