//! Revocations that wait, in words: what is known, and nothing more (conformance L-04).

use super::{Advice, Fix, exit};
use crate::engine::Retold;
use crate::model::{ProblemKind, UnixTime, Untrusted, Waiting};

/// The first try was in vain.
pub(super) fn put_off(waiting: &Waiting, count: usize) -> Advice {
    let name = &waiting.of.name;
    let advice = Advice::new(
        "revocation-waits",
        exit::OFFLINE,
        format!(
            "{}; it will be told again ({count} waiting), next try {}. {name} is over here: no program gets its token.",
            why(waiting),
            waiting.next.at.rfc3339(),
        ),
    )
    .hint(format!(
        "run: valetkey revoke --pending   or: valetkey revoke {name} --drop"
    ));
    match &waiting.of.provider.manage_url {
        Some(page) => advice.fixes([Fix::OpenPage(page.to_string())]),
        None => advice,
    }
}

/// How one that waits stands; `time` tells a moment as the face does.
pub fn still_waits(waiting: &Waiting, time: impl Fn(UnixTime) -> String) -> String {
    let next = time(waiting.next.at);
    let asked = if waiting.next.asked {
        ", as it asks"
    } else {
        ""
    };
    format!(
        "{}; the sign-in of {} may still be valid there. It will be told again, next try {next}{asked}.",
        why(waiting),
        waiting.of.name,
    )
}

/// What telling it again came to.
pub fn retold(waiting: &Waiting, retold: Retold) -> String {
    let provider = provider(waiting);
    let name = &waiting.of.name;
    match retold {
        Retold::Told {
            was_invalid: true, ..
        } => format!("{name}: {provider} knew these tokens no longer. Forgotten here too."),
        Retold::Told {
            access_token_lives: true,
            ..
        } => format!("{name}: {}", half_revoked(&provider, None)),
        Retold::Told { .. } => format!("{name}: revoked at {provider}."),
        Retold::Waits => still_waits(waiting, UnixTime::rfc3339),
        Retold::Over => format!("{name}: {provider} waits for nothing any more."),
    }
}

/// The grant is over, and its last access token is not (conformance L-03). `until`: when that ends, as the
/// face tells moments.
pub fn half_revoked(provider: &str, until: Option<String>) -> String {
    let until = until.unwrap_or_else(|| "it ends there".to_owned());
    format!(
        "The refresh token is revoked at {provider}. The access token cannot be revoked; it stays valid until {until}."
    )
}

/// A person wants it told no more.
pub fn dropped(waiting: &Waiting) -> String {
    let provider = provider(waiting);
    let page = waiting.of.provider.manage_url.as_ref();
    let page = page.map_or(String::new(), |url| format!(" End it by hand at {url}"));
    format!(
        "{provider} is not told any more that {} is over. The sign-in may stay valid there.{page}",
        waiting.of.name
    )
}

fn why(waiting: &Waiting) -> String {
    let detail = waiting.problem.detail.shown();
    let provider = provider(waiting);
    match waiting.problem.kind {
        ProblemKind::Transport => format!("{provider} did not hear the revocation ({detail})"),
        ProblemKind::Configuration => {
            format!("{provider} did not accept the revocation ({detail})")
        }
    }
}

fn provider(waiting: &Waiting) -> String {
    Untrusted::new(&*waiting.of.provider.name)
        .shown()
        .to_string()
}
