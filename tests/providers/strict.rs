//! The dressed provider is strict: whatever breaks one of its facts ends the story, at the right place.

use valetkey::provider::Preset;

use crate::dressed::By;
use crate::facts::{Body, Client, Pkce, Port, Told};
use crate::fixture::{Expires, Fixture};
use crate::story::Stage;
use crate::table::play;

/// A fact that is changed, where the story ends for it, and a part of what is said.
type Change = (fn(&mut Fixture), &'static str, &'static str);

/// Changes to the facts of GitLab, whose preset has no quirks at all.
const CHANGES: &[Change] = &[
    (
        |facts| authorize(facts).pkce = Pkce::Refused,
        "authorize",
        "`code_challenge` is not taken",
    ),
    (
        |facts| authorize(facts).redirect.port = Port::Exact,
        "authorize",
        "is not registered",
    ),
    (
        |facts| authorize(facts).redirect.hosts = vec!["localhost".to_owned()],
        "authorize",
        "a redirect to 127.0.0.1 is not taken",
    ),
    (
        |facts| authorize(facts).redirect.hosts.clear(),
        "authorize",
        "only https",
    ),
    (
        |facts| authorize(facts).scope.known = vec!["read".to_owned()],
        "authorize",
        "is not known",
    ),
    (
        |facts| demand(&mut authorize(facts).demands),
        "authorize",
        "`kind=user` is missing",
    ),
    (
        |facts| authorize(facts).longest_state = Some(20),
        "authorize",
        "too long",
    ),
    (
        |facts| authorize(facts).omits = vec!["response_type".to_owned()],
        "authorize",
        "`response_type` is not taken",
    ),
    (
        |facts| token(facts).client = Client::Basic,
        "exchange",
        "HTTP Basic is missing",
    ),
    (
        |facts| token(facts).client = Client::Post,
        "exchange",
        "`client_secret` is missing",
    ),
    (
        |facts| token(facts).body = Body::Json,
        "exchange",
        "not application/json",
    ),
    (
        |facts| demand(&mut token(facts).demands),
        "exchange",
        "`kind` is missing",
    ),
    (|facts| token(facts).answer.status = 201, "exchange", "201"),
    (
        |facts| {
            facts.also_ask = vec!["profile".to_owned()];
            ",".clone_into(&mut token(facts).scope_separator);
        },
        "exchange",
        "WiderGrant",
    ),
    (
        |facts| facts.account = vec!["somebody-else".to_owned()],
        "answer",
        "signed in as",
    ),
    (
        |facts| facts.expires = Expires::Seconds(60),
        "answer",
        "ends",
    ),
    (
        |facts| without_refresh_token(&mut token(facts).answer),
        "answer",
        "a refresh token: false",
    ),
    (
        |facts| facts.ends_after = Some(1),
        "answer",
        "the sign-in ends",
    ),
    (
        |facts| {
            let test = facts.test.as_mut().expect("a test read");
            test.headers.insert("X-Kind".to_owned(), "*".to_owned());
        },
        "answer",
        "the header X-Kind",
    ),
    (
        |facts| without_refresh_token(&mut refresh(facts).answer),
        "refresh",
        "rotates: Some(false)",
    ),
    (
        |facts| refresh(facts).repeats_scope = true,
        "refresh",
        "`scope` is missing",
    ),
    (
        |facts| refresh(facts).ended_told = Told::Error,
        "ended",
        "NeedsSignIn",
    ),
    (
        |facts| refresh(facts).reuse_ends_all = true,
        "cut refresh",
        "2 times",
    ),
    (
        |facts| facts.revoke.as_mut().expect("a way").client = Client::Bearer,
        "revoke",
        "the bearer token is missing",
    ),
    (
        |facts| facts.revoke.as_mut().expect("a way").answer.status = 400,
        "revoke",
        "Refused",
    ),
    (|facts| facts.revoke = None, "revoke", "no such address"),
];

fn authorize(facts: &mut Fixture) -> &mut crate::facts::Authorize {
    facts.authorize.as_mut().expect("a page")
}

fn token(facts: &mut Fixture) -> &mut crate::facts::Token {
    facts.token.as_mut().expect("an address")
}

fn refresh(facts: &mut Fixture) -> &mut crate::facts::Refresh {
    facts.refresh.as_mut().expect("refresh tokens")
}

fn without_refresh_token(answer: &mut crate::facts::Answer) {
    answer.body = answer.body.replace("\"refresh_token\"", "\"another\"");
}

fn demand(demands: &mut std::collections::BTreeMap<String, String>) {
    demands.insert("kind".to_owned(), "user".to_owned());
}

#[test]
fn whatever_breaks_a_fact_ends_the_story() {
    play(
        "strict::whatever_breaks_a_fact_ends_the_story",
        &async |stage: &Stage, preset: &Preset, facts: &Fixture| {
            let mut wrong = Vec::new();
            if preset.id != "gitlab" {
                return wrong;
            }
            for (change, at, words) in CHANGES {
                let mut changed = facts.clone();
                change(&mut changed);
                match stage.play(preset, &changed, By::Browser, None).await {
                    Err(end) if end.at == *at && end.words.contains(words) => {}
                    end => wrong.push(format!("{at}, {words}: {end:?}")),
                }
            }
            wrong
        },
    );
}
