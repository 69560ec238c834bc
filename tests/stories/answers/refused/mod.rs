//! Answers that cannot be used. None of them changes what is stored, is asked for again more often than is safe,
//! or costs a sign-in that is there.

mod cases;

use valetkey::model::Health;

use super::{body, health, sent, sign_in, words};
use crate::stage::Stage;
use cases::{members, statuses, texts, transport};

/// One answer and what must come of it.
struct Case {
    row: &'static str,
    /// The provider's switches for one request.
    switches: Vec<String>,
    /// A part of what the person is told.
    told: &'static str,
    /// The state of the row after a refresh that was answered so.
    health: Health,
    /// Requests of that refresh: two where no whole answer came (J-05).
    sent: usize,
}

/// An answer that nobody can read: perhaps a gateway's, and the provider may have done its part.
fn case(row: &'static str, switches: impl Into<Switches>, told: &'static str) -> Case {
    Case {
        row,
        switches: switches.into().0,
        told,
        health: Health::Offline,
        sent: 1,
    }
}

impl Case {
    /// The provider says no, or is not what the definition says.
    fn error(self) -> Self {
        Self {
            health: Health::Error,
            ..self
        }
    }

    /// No whole answer came: the one repeat of J-05 is allowed.
    fn lost(self) -> Self {
        Self { sent: 2, ..self }
    }

    fn switches(&self) -> Vec<&str> {
        self.switches.iter().map(String::as_str).collect()
    }
}

struct Switches(Vec<String>);

impl From<&str> for Switches {
    fn from(switch: &str) -> Self {
        Self(vec![switch.to_owned()])
    }
}

impl From<String> for Switches {
    fn from(switch: String) -> Self {
        Self(vec![switch])
    }
}

impl<const N: usize> From<[&str; N]> for Switches {
    fn from(switches: [&str; N]) -> Self {
        Self(switches.map(str::to_owned).to_vec())
    }
}

impl From<(String, &str)> for Switches {
    fn from((first, second): (String, &str)) -> Self {
        Self(vec![first, second.to_owned()])
    }
}

/// Queues the answer for so many requests.
fn answer_with(stage: &Stage, case: &Case, times: usize) {
    let here = stage.sandbox.url().to_owned();
    let switches: Vec<String> = case
        .switches()
        .iter()
        .map(|switch| switch.replace("{HERE}", &here))
        .collect();
    let switches: Vec<&str> = switches.iter().map(String::as_str).collect();
    for _ in 0..times {
        stage.once("/token", &switches);
    }
}

/// What is wrong, and what became of the sign-in.
fn is_told(told: &str, case: &Case, kept: &str) {
    let wanted = case.told.replace("{KEPT}", kept);
    assert!(told.contains(&wanted), "{}: {told}", case.row);
    assert!(told.contains(kept), "{}: {told}", case.row);
}

/// During a sign-in: the person is told what is wrong, the code is presented once, nothing is stored, and the
/// sign-in that was there is as it was.
async fn at_the_exchange(cases: Vec<Case>) {
    let stage = Stage::signed_in().await;
    let before = stage.kept();
    for case in cases {
        let name = format!("{} {:.60}", case.row, case.switches[0]);
        stage.sandbox.clear_requests();
        answer_with(&stage, &case, 1);
        let error = sign_in(&stage).await.expect_err(&name);
        is_told(&words(&error), &case, "Nothing was changed.");
        assert_eq!(sent(&stage), 1, "{name}");
        assert_eq!(stage.sandbox.requests_to("/elsewhere").len(), 0, "{name}");
        assert!(stage.kept() == before, "{name}: the vault changed");
    }
    let token = stage.token().await.expect("the old one");
    assert!(stage.sandbox.accepts_access(&token));
}

/// During a refresh: the person is told the same, the grant is kept, the row says so, and the next refresh goes on
/// with the same refresh token.
async fn at_the_refresh(cases: Vec<Case>) {
    let stage = Stage::signed_in().await;
    // A provider that did its part before the answer was spoilt forgives the second presentation.
    stage.set("grace=1000000");
    for case in cases {
        let name = format!("{} {:.60}", case.row, case.switches[0]);
        let before = stage.kept();
        let grant = stage.connection().grant;
        stage.sandbox.clear_requests();
        answer_with(&stage, &case, case.sent);
        let error = stage.engine.refresh(&stage.id).await.expect_err(&name);
        is_told(&words(&error), &case, "The sign-in is kept.");
        assert_eq!(sent(&stage), case.sent, "{name}");
        assert_eq!(stage.sandbox.requests_to("/elsewhere").len(), 0, "{name}");
        let after = stage.kept();
        assert!(after.refresh == before.refresh, "{name}: the refresh token");
        assert!(after.access == before.access, "{name}: the access token");
        assert_eq!(stage.connection().grant, grant, "{name}");
        assert_eq!(stage.connection().ended, None, "{name}");
        assert_eq!(health(&stage), case.health, "{name}");
        let renewed = stage.engine.refresh(&stage.id).await.expect(&name);
        assert_eq!(renewed.problem, None, "{name}");
    }
}

#[tokio::test]
async fn i_06_a_text_that_is_not_one_object_stores_nothing() {
    at_the_exchange(texts()).await;
}

#[tokio::test]
async fn j_07_a_text_that_is_not_one_object_costs_no_grant() {
    at_the_refresh(texts()).await;
}

#[tokio::test]
async fn i_01_members_that_make_no_sense_store_nothing() {
    at_the_exchange(members()).await;
}

#[tokio::test]
async fn j_07_members_that_make_no_sense_cost_no_grant() {
    at_the_refresh(members()).await;
}

#[tokio::test]
async fn i_05_refusals_and_odd_statuses_store_nothing() {
    at_the_exchange(statuses()).await;
}

#[tokio::test]
async fn i_08_no_refusal_but_invalid_grant_costs_a_grant() {
    at_the_refresh(statuses()).await;
}

#[tokio::test]
async fn h_03_what_is_no_proper_http_stores_nothing() {
    at_the_exchange(transport()).await;
}

#[tokio::test]
async fn j_05_what_is_no_proper_http_costs_no_grant_and_one_repeat_at_most() {
    at_the_refresh(transport()).await;
}
