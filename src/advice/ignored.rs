//! What arrives during a sign-in and changes nothing, in words.

use super::advise;
use crate::engine::{Ignored, PasteProblem};
use crate::oauth::IgnoreReason;

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
        Ignored::NoAnswerYet => (
            "no-answer-yet",
            "No answer yet. If Approve does nothing, try Firefox, or paste the address it ended on.".to_owned(),
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

pub(super) fn paste(problem: PasteProblem) -> String {
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
