//! A sign-in in words, line by line on stderr.

use super::super::args::Login;
use super::super::output;
use super::picture::picture;
use crate::advice;
use crate::engine::{Attempt, AttemptEvent, Ignored, Outcome, Question, Step, StepState, Way};
use crate::host::columns_of_stderr;
use crate::model::ScopeSet;

/// Tells one event. `pastes`: an address can be pasted here.
pub(super) async fn tell(event: &AttemptEvent, attempt: &Attempt, pastes: bool, login: &Login) {
    match event {
        AttemptEvent::Step {
            step: Step::Browser,
            state: StepState::Done,
            detail,
        } => {
            let browser = detail.as_deref().unwrap_or("the browser");
            output::note(&if pastes {
                format!(
                    "Opening your browser ({browser}). If it can't reach this machine, paste here the whole address it ends on (it is not shown)."
                )
            } else {
                format!("Opening your browser ({browser}).")
            });
        }
        AttemptEvent::Step {
            step: Step::Browser,
            state: StepState::Skipped,
            ..
        } if !login.device => no_browser_here(attempt, pastes).await,
        AttemptEvent::Step {
            step: Step::Approve,
            state: StepState::Active,
            ..
        } => output::note(if pastes {
            "Waiting for your approval. Ctrl-C stops."
        } else {
            "Waiting for your approval."
        }),
        AttemptEvent::Way(open) => way(open, login.qr),
        // Counted; told at the end where it helps.
        AttemptEvent::Ignored(Ignored::Unrelated { .. }) => {}
        AttemptEvent::Ignored(what) => output::note(&advice::ignored(what).1),
        AttemptEvent::Done { outcome } => output::note(&done(outcome)),
        _ => {}
    }
}

/// The ways of a machine without a browser.
async fn no_browser_here(attempt: &Attempt, pastes: bool) {
    let start = attempt.remote.start_url(false).await;
    if let Some(url) = &start {
        output::note(&format!("Open this in a browser on this machine:\n  {url}"));
    }
    let lead = if start.is_some() {
        "Or in a browser anywhere else:"
    } else {
        "Open this in a browser anywhere:"
    };
    if !pastes {
        return;
    }
    if let Some(url) = attempt.remote.authorization_url().await {
        output::note(&format!(
            "{lead}\n  {}\nApprove; the browser then fails to load a page: paste its whole address here (it is not shown). Never send it to anyone.",
            url.reveal()
        ));
    }
}

fn way(way: &Way, qr: bool) {
    match way {
        Way::Forward {
            lines,
            target,
            start_url,
        } => {
            let fill_in = if target.is_none() {
                "\n(HOST is the name you typed to get here; --ssh-host USER@HOST fills it in, once)"
            } else {
                ""
            };
            output::note(&format!(
                "Or forward the port: on your laptop, in another terminal, run\n  {}{fill_in}\nthen open  {start_url}",
                lines.command
            ));
        }
        Way::Device {
            user_code,
            verification_uri,
            complete,
            foreign_host,
            ..
        } => {
            output::note(
                "Only use a code that you asked for here yourself. Never give it to anyone, and never type one\nthat somebody sent you.",
            );
            if *foreign_host {
                output::note(
                    "The page lies on another host than the provider; check that you know it.",
                );
            }
            output::note(&format!("  open  {verification_uri}\n  type  {user_code}"));
            if qr {
                let page = complete.as_ref().unwrap_or(verification_uri);
                // As it is: folded, it would be no picture any more.
                output::ask(&format!("{}\n", picture(page, columns_of_stderr())));
                // The code is compared even where the picture brings it along (conformance K-04).
                output::note(&format!("Check that the page shows {user_code}."));
            }
        }
        Way::Open { .. } | Way::Paste => {}
    }
}

/// The question, with its numbered answers.
pub(super) fn question(question: &Question) -> String {
    match question {
        Question::WiderGrant { added } => format!(
            "The provider granted more than you asked: {added}.\n  1 keep   2 give it back\nNumber [2]: "
        ),
        Question::OtherAccount { before, now } => format!(
            "You signed in as {now}. This connection belongs to {before}.\n  1 replace   2 keep {before} ({now}'s sign-in is given back)\nNumber [2]: "
        ),
    }
}

fn done(outcome: &Outcome) -> String {
    let account = outcome
        .account
        .as_ref()
        .map_or("(identity not provided)".to_owned(), |account| {
            format!("as {account}")
        });
    format!(
        "Signed in to {} {account}. {}",
        outcome.name,
        granted(&outcome.requested, outcome.granted.as_ref())
    )
}

/// What was granted, and how it differs from what was asked (conformance B-03, B-04).
fn granted(requested: &ScopeSet, granted: Option<&ScopeSet>) -> String {
    let Some(granted) = granted else {
        return if requested.is_empty() {
            "Scopes: the provider's default.".to_owned()
        } else {
            format!("Scopes: {requested} (as requested; the provider did not list them).")
        };
    };
    let part = |label: &str, set: &ScopeSet| {
        if set.is_empty() {
            String::new()
        } else {
            format!(" {label}: {set}.")
        }
    };
    let all = if granted.is_empty() {
        "The provider reported no scopes.".to_owned()
    } else {
        format!("Granted: {granted}.")
    };
    format!(
        "{all}{}{}",
        part("Refused", &requested.without(granted)),
        part("Added by the provider", &granted.without(requested))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b_04_an_empty_scope_is_never_as_requested() {
        let scopes = |text: &str| ScopeSet::parse(text).expect("scopes");
        let said = |asked: &str, got: Option<&str>| {
            let got = got.map(&scopes);
            granted(&scopes(asked), got.as_ref())
        };
        assert_eq!(
            said("read", Some("")),
            "The provider reported no scopes. Refused: read."
        );
        assert_eq!(said("read", Some("read")), "Granted: read.");
        assert_eq!(
            said("read write", Some("read admin")),
            "Granted: read admin. Refused: write. Added by the provider: admin."
        );
        assert_eq!(
            said("read", None),
            "Scopes: read (as requested; the provider did not list them)."
        );
        assert_eq!(said("", None), "Scopes: the provider's default.");
    }
}
