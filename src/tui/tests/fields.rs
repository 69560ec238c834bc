//! Every place of the screens where outside text can stand (conformance W-01), with a text in it.

use std::sync::Arc;

use super::example::{COLOURLESS, grant, handed, row, rows, setup};
use super::script::Script;
use crate::engine::{
    AttemptEvent, Class, Endpoint, Error, FailureKind, Fate, Outcome, ProviderFailure, Question,
    Row, Step, TestReport, Way,
};
use crate::model::{Expiry, Seconds, Untrusted};
use crate::tui::model::Screen;
use crate::tui::{Look, Setup};

/// A row whose provider, account and reason are outside text.
pub(super) fn hostile_row(n: u32, provider: &str, account: &str) -> Row {
    let signed_in = grant(Some(account), None, Expiry::NotStated);
    let mut bad = row(
        n,
        &format!("bad-{n}"),
        provider,
        "read",
        Some(signed_in),
        None,
    );
    bad.verdict.message = Some(format!(
        "The provider says: {}.",
        Untrusted::new(account).shown()
    ));
    bad
}

/// The text in each place, by name.
pub(super) fn every_field(text: &str, size: (u16, u16)) -> Vec<(&'static str, Script)> {
    let mut all = vec![
        ("a row", table(text, size, "")),
        ("the details", table(text, size, "enter")),
        ("the history", table(text, size, "h")),
        ("a revocation", table(text, size, "x")),
        ("a rename", table(text, size, "n")),
        ("a filter", table(text, size, "/ \"provider:\"")),
    ];
    for (name, kind) in failures(text) {
        let failure = ProviderFailure {
            at: Endpoint::Token,
            authority: "gitlab.com".to_owned(),
            kind,
            class: Class::Configuration,
            fate: Fate::Refused,
        };
        let event = AttemptEvent::Failed {
            error: Arc::new(Error::from(failure)),
            step: Step::Exchange,
        };
        all.push((name, signing_in(text, size, event)));
    }
    let shown = || Untrusted::new(text).shown();
    let question = Question::OtherAccount {
        before: shown(),
        now: shown(),
    };
    let device = Way::Device {
        user_code: shown(),
        verification_uri: "https://gitlab.com/oauth/device".to_owned(),
        complete: None,
        expires_at: super::example::NOW.plus(Seconds(899)),
        foreign_host: true,
    };
    let outcome = Outcome {
        name: super::example::name("bad-8"),
        account: Some(shown()),
        requested: super::example::scopes("read"),
        granted: None,
        notes: Vec::new(),
        test: Some(TestReport {
            status: 200,
            millis: 9,
            account: Some(shown()),
            lines: vec![shown(), shown()],
            authority: "gitlab.com".to_owned(),
        }),
    };
    for (name, event) in [
        ("a question", AttemptEvent::Asked(question)),
        ("a device code", AttemptEvent::Way(device)),
        ("a test read", AttemptEvent::Done { outcome }),
    ] {
        all.push((name, signing_in(text, size, event)));
    }
    all
}

/// What a provider, a transport or the system may say.
fn failures(text: &str) -> Vec<(&'static str, FailureKind)> {
    let outside = || Untrusted::new(text);
    vec![
        (
            "an error's description",
            FailureKind::Refused {
                code: "invalid_client".to_owned(),
                description: Some(outside()),
                page: Some(outside()),
                basic_instead_of: None,
            },
        ),
        ("a scope", FailureKind::MoreScope(outside())),
        ("a redirect", FailureKind::Redirect(outside())),
        ("a header", FailureKind::MediaType(outside())),
        ("a token type", FailureKind::TokenType(outside())),
        ("the system's words", FailureKind::Offline(outside())),
    ]
}

fn table(text: &str, size: (u16, u16), keys: &str) -> Script {
    let mut rows = rows();
    rows.push(hostile_row(8, text, text));
    let mut script = Script::new(linked(), rows, size);
    script.backend.told = Some(text.to_owned());
    script.keys("down").keys(keys);
    script
}

/// In a terminal that takes links.
pub(super) fn linked() -> Setup {
    let look = Look {
        links: true,
        ..COLOURLESS
    };
    Setup { look, ..setup() }
}

fn signing_in(text: &str, size: (u16, u16), event: AttemptEvent) -> Script {
    let mut script = table(text, size, "u");
    let sign_in = script.model.screens.last();
    assert!(matches!(sign_in, Some(Screen::Authorize(_))));
    script.event(event);
    script
}

/// A process of this name was given a token, and the event of that name happened.
pub(super) fn add_to_history(detail: &mut crate::engine::Detail, text: &str) {
    let given = handed(&detail.connection, 9, text);
    let changed = crate::engine::Happened {
        what: crate::engine::Happening::Changed {
            word: "signed-in".to_owned(),
            detail: Some(Untrusted::new(text)),
        },
        ..given.clone()
    };
    detail.history.lines.splice(0..0, [given, changed]);
}
