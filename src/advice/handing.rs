//! Tokens on their way to other programs.

use super::{Advice, advise, exit};
use crate::engine::{Error, Withheld};

/// Told when a refresh failed and what is left of the old token is given.
pub fn using_the_rest(left: u64, problem: &Error) -> String {
    format!(
        "using a token that expires in {left} s; the refresh failed. {}",
        advise(problem).sentence
    )
}

/// A person is to be asked, and the agent knows none.
pub const NOBODY_TO_ASK: &str = "nobody-to-ask";

pub(super) fn withheld(name: &str, why: Withheld) -> Advice {
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
