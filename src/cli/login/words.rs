//! A sign-in in words, line by line on stderr.

use super::super::output;
use crate::advice;
use crate::engine::{AttemptEvent, Ignored, Outcome, Question, Step, StepState};
use crate::model::ScopeSet;

/// Tells one event. `pastes`: an address can be pasted here.
pub(super) fn tell(event: &AttemptEvent, pastes: bool) {
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
            step: Step::Approve,
            state: StepState::Active,
            ..
        } => output::note(if pastes {
            "Waiting for your approval. Ctrl-C stops."
        } else {
            "Waiting for your approval."
        }),
        // Counted; told at the end where it helps.
        AttemptEvent::Ignored(Ignored::Unrelated { .. }) => {}
        AttemptEvent::Ignored(what) => output::note(&advice::ignored(what).1),
        AttemptEvent::Done { outcome } => output::note(&done(outcome)),
        _ => {}
    }
}

/// What an empty line or a question mark is answered with while the approval is waited for. `asked`: it was a
/// question mark. `code`: a code was given out.
pub(super) fn waits_for(asked: bool, practice: bool, code: bool) -> &'static str {
    match (asked, practice, code) {
        (false, true, _) => "Still waiting. Type approve or deny; ? says more, Ctrl-C stops.",
        (false, false, _) => {
            "Still waiting for your approval. ? says what may be typed here, Ctrl-C stops."
        }
        (true, true, _) => {
            "The pretend service asks whether this connection may have what it asks for: approve says yes, deny says no. Or paste the whole address that the browser ended on; it is not shown. Ctrl-C stops, and nothing is changed."
        }
        (true, false, true) => {
            "This goes on by itself when you have approved in a browser. The code is typed there, on the provider's page. Only if the browser ends on a page that does not load, paste its whole address here; it is not shown. Ctrl-C stops, and nothing is changed."
        }
        (true, false, false) => {
            "This goes on by itself when you have approved in the browser. Only if the browser ends on a page that does not load, paste its whole address here; it is not shown. Ctrl-C stops, and nothing is changed."
        }
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
    let mut told = format!(
        "Signed in to {} {account}. {}",
        outcome.name,
        granted(&outcome.requested, outcome.granted.as_ref())
    );
    for remark in outcome.notes.iter().copied().filter_map(advice::remark) {
        told.push('\n');
        told.push_str(remark);
    }
    told
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
    use crate::model::ConnectionName;
    use crate::oauth::Note;

    #[test]
    fn a17_a24_what_was_odd_about_the_answer_is_told_when_the_sign_in_is_done() {
        let said = |notes| {
            done(&Outcome {
                name: ConnectionName::parse("github").expect("a name"),
                account: None,
                requested: ScopeSet::default(),
                granted: None,
                notes,
                test: None,
            })
        };
        assert_eq!(said(vec![Note::TokenTypeMissing]).lines().count(), 1);
        let all = said(vec![Note::LifetimeNotUnderstood, Note::RefreshTokenEmpty]);
        let lines: Vec<&str> = all.lines().collect();
        assert!(lines[1].contains("lifetime that makes no sense"), "{all}");
        assert!(lines[2].contains("cannot be renewed"), "{all}");
    }

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
