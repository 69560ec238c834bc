//! What a provider says of a token, in words (conformance L-09, L-10).

use super::{Advice, Fix, exit};
use crate::engine::IntrospectionReport;
use crate::model::UnixTime;

/// Asked before a token leaves for a host that has nothing to do with the sign-in.
pub fn question(authority: &str) -> String {
    format!("This sends the token to {authority}, which is not the host you signed in at.")
}

/// The provider's answer in one line; `time` tells a moment as the face does.
pub fn told(report: &IntrospectionReport, time: impl Fn(UnixTime) -> String) -> String {
    let host = &report.authority;
    let end = report.expires_at.map(time);
    if !report.active {
        return format!("{host} says: not active.");
    }
    if report.contradictory {
        return format!(
            "{host} contradicts itself: it says active, and that the token ended at {}.",
            end.unwrap_or_default()
        );
    }
    let account = report
        .account
        .as_ref()
        .map(|account| format!("signed in as {account}"));
    let scopes = report.scopes.as_ref().map(|scopes| match scopes.len() {
        0 => "no scopes".to_owned(),
        _ => format!("scopes {scopes}"),
    });
    let end = end.map(|end| format!("ends {end}"));
    let parts: Vec<String> = [Some("active".to_owned()), account, scopes, end]
        .into_iter()
        .flatten()
        .collect();
    format!("{host} says: {}.", parts.join(", "))
}

/// The token works nowhere any more, as the provider tells it.
pub fn inactive(name: &str, report: &IntrospectionReport) -> Advice {
    Advice::new(
        "token-inactive",
        exit::REFUSED,
        format!(
            "{} The sign-in is kept here.",
            told(report, UnixTime::rfc3339)
        ),
    )
    .hint(format!(
        "run: valetkey refresh {name}   or: valetkey login {name}"
    ))
    .fixes([Fix::SignInAgain])
}

pub(super) fn none() -> Advice {
    Advice::new(
        "no-introspection",
        exit::USAGE,
        "No introspection URL is known for this provider, so it cannot be asked about the token.",
    )
    .hint("If it has one: valetkey edit NAME introspection-url=URL")
}

pub(super) fn third_party(authority: &str) -> Advice {
    Advice::new(
        "third-party",
        exit::DENIED,
        format!("{} It was not sent.", question(authority)),
    )
    .hint(format!(
        "If you trust {authority}: add --send-to {authority}"
    ))
}
