//! Answers that are taken although they are unusual: what is stored of them, at the sign-in and at the refresh.

use valetkey::advice;
use valetkey::engine::{Answer, AttemptEvent, Question, Telling};
use valetkey::model::{Expiry, Health, Quirk, ScopeSet, UnixTime};

use super::{health, sent, sign_in};
use crate::stage::{NOON, Stage, off};

/// What a person asks for in these stories, and is granted.
const ASKED: &str = "items:read items:write profile";

/// One answer and what is stored of it.
struct Case {
    row: &'static str,
    /// The provider's switches, at the sign-in and at the refresh.
    switches: Vec<&'static str>,
    /// The quirk that the definition names.
    quirk: Option<Quirk>,
    expiry: Expiry,
    /// As the provider stated them.
    scopes: Option<&'static str>,
    /// A part of what is told when the sign-in is done; empty where nothing is.
    remark: &'static str,
}

const HOUR: Expiry = Expiry::At(UnixTime(NOON + 3600));

/// An answer with these switches; its lifetime and scopes are as they should be.
fn case(row: &'static str, switches: &[&'static str]) -> Case {
    Case {
        row,
        switches: switches.to_vec(),
        quirk: None,
        expiry: HOUR,
        scopes: Some(ASKED),
        remark: "",
    }
}

impl Case {
    fn expiry(self, expiry: Expiry) -> Self {
        Self { expiry, ..self }
    }

    fn scopes(self, scopes: Option<&'static str>) -> Self {
        Self { scopes, ..self }
    }

    fn under(self, quirk: Quirk) -> Self {
        let quirk = Some(quirk);
        Self { quirk, ..self }
    }

    fn remark(self, remark: &'static str) -> Self {
        Self { remark, ..self }
    }
}

fn cases() -> Vec<Case> {
    let after = |seconds: i64| Expiry::At(UnixTime(NOON + seconds));
    let mut cases = vec![
        case("A10", &["token_type=absent"]).under(Quirk::MissingTokenType),
        case("A11", &["token_type=bEaReR"]),
        case("A15", &["expires_in=\"3600\""]),
        case("A16", &["expires_in=3600.9"]),
        case("A16", &["expires_in=3.6e3"]),
        case("A18", &["expires_in=0"]).expiry(after(0)),
        case("A19", &["expires_in=9999999999999"]).expiry(after(9_999_999_999_999)),
        case("A20", &["expires_in=absent"]).expiry(Expiry::NotStated),
        case("A21", &["scope=absent"]).scopes(None),
        case("A21", &["scope=text:"]).scopes(Some("")),
        case("A21", &["scope=null"]).scopes(Some("")),
        case("A21", &["scope=[]"]).scopes(Some("")),
        case("A21", &["scope_form=comma"]).under(Quirk::CommaScopesInAnswer),
        case("A21", &["scope_form=array"]).under(Quirk::ScopeArray),
        case("A25", &["rotation=off", "refresh_token=absent"]),
        case("A26", &["rotation=off"]),
        case("A30", &["token_shape=form"]).under(Quirk::FormEncodedAnswer),
        case("A32", &["token_status=201"]).under(Quirk::AnySuccessStatus),
        case("A47", &["token_header=Set-Cookie: session=canary-cookie"]),
        case("A47", &["token_header=Refresh: 0;url=/elsewhere"]),
    ];
    for switch in [
        "expires_in=-1",
        "expires_in=soon",
        "expires_in=1e400",
        "expires_in=raw:NaN",
        "expires_in={}",
    ] {
        let unknown = case("A17", &[switch]).expiry(Expiry::NotStated);
        cases.push(unknown.remark("lifetime that makes no sense"));
    }
    cases
}

/// A stage whose provider sends refresh tokens, whatever the case says of them at the refresh.
async fn stage_for(case: &Case) -> Stage {
    let stage = Stage::with(|new| {
        new.provider.quirks.extend(case.quirk.clone());
    })
    .await;
    for switch in &case.switches {
        if !switch.starts_with("refresh_token=") {
            stage.set(switch);
        }
    }
    stage
}

/// What the history says beside the refresh that came last.
fn remark_of_the_refresh(stage: &Stage) -> Option<String> {
    let history = stage.engine.history(Some(&stage.id), 1, Telling::Each);
    let last = history.expect("reads").lines.remove(0);
    assert_eq!(last.action(), "refreshed");
    last.detail().map(|detail| detail.to_string())
}

fn set(scopes: Option<&str>) -> Option<ScopeSet> {
    scopes.map(|scopes| ScopeSet::parse(scopes).expect("scopes"))
}

#[tokio::test]
async fn i_03_unusual_answers_are_stored_as_what_they_say() {
    for case in cases() {
        let name = format!("{} {:?}", case.row, case.switches);
        let stage = stage_for(&case).await;
        let outcome = stage.sign_in().await.expect(&name);
        assert_eq!(sent(&stage), 1, "{name}");
        assert_eq!(outcome.granted, set(case.scopes), "{name}");
        let remarks: Vec<&str> = outcome
            .notes
            .iter()
            .filter_map(|note| advice::remark(*note))
            .collect();
        let told = remarks.join(" ");
        assert_eq!(told.is_empty(), case.remark.is_empty(), "{name}: {told}");
        assert!(told.contains(case.remark), "{name}: {told}");
        let grant = stage.connection().grant.expect("a grant");
        assert_eq!(grant.expiry, case.expiry, "{name}");
        assert_eq!(grant.granted, set(case.scopes), "{name}");
        assert!(grant.has_refresh_token, "{name}");
        let kept = stage.kept();
        assert!(kept.access.is_some() && kept.refresh.is_some(), "{name}");
    }
}

#[tokio::test]
async fn i_03_unusual_answers_to_a_refresh_are_stored_and_the_grant_goes_on() {
    for case in cases() {
        let name = format!("{} {:?}", case.row, case.switches);
        let stage = stage_for(&case).await;
        stage.sign_in().await.expect(&name);
        let before = stage.kept();
        for switch in &case.switches {
            stage.set(switch);
        }
        stage.sandbox.clear_requests();
        let renewed = stage.engine.refresh(&stage.id).await.expect(&name);
        assert_eq!(sent(&stage), 1, "{name}");
        assert_eq!(renewed.problem, None, "{name}");
        let grant = renewed.grant.expect("a grant");
        assert_eq!(grant.expiry, case.expiry, "{name}");
        assert_eq!(grant.in_use, set(case.scopes), "{name}");
        assert_eq!(grant.granted, set(case.scopes), "{name}: the grant itself");
        let after = stage.kept();
        assert!(after.access != before.access, "{name}");
        // The old refresh token stays where none or the same comes.
        let stays = case.switches.contains(&"rotation=off");
        assert_eq!(after.refresh == before.refresh, stays, "{name}");
        assert!(stage.sandbox.accepts_refresh(&after.refresh.expect("one")));
        let odd = !case.remark.is_empty();
        let wanted = odd.then(|| "the lifetime makes no sense".to_owned());
        assert_eq!(remark_of_the_refresh(&stage), wanted, "{name}");
        // No cookie came back, and nothing led anywhere.
        for request in stage.sandbox.requests() {
            assert_eq!(request.header("cookie"), None, "{name}");
            assert_ne!(request.path(), "/elsewhere", "{name}");
        }
    }
}

#[tokio::test]
async fn a8_a_token_of_64_kib_is_taken_whole() {
    let stage = Stage::new().await;
    let longest = "x".repeat(64 * 1024);
    stage.set(&format!("token.access_token={longest}"));
    stage.sign_in().await.expect("signed in");
    assert_eq!(stage.kept().access, Some(longest.clone()));
    stage.engine.refresh(&stage.id).await.expect("refreshed");
    assert_eq!(stage.kept().access, Some(longest));
}

#[tokio::test]
async fn a18_a_token_that_is_over_at_once_is_renewed_for_each_use_and_for_nothing_else() {
    let stage = Stage::new().await;
    stage.set("expires_in=0");
    stage.sign_in().await.expect("signed in");
    assert_eq!(health(&stage), Health::Expired);
    stage.sandbox.clear_requests();
    for uses in 1..=3 {
        let token = stage.token().await.expect("a new one");
        assert_eq!(stage.kept().access, Some(token));
        assert_eq!(sent(&stage), uses, "one refresh for each use");
    }
    // An agent that renews ahead comes back after half a minute, not at once.
    let grant = stage.connection().grant.expect("a grant");
    assert_eq!(valetkey::engine::renew_at(&grant), UnixTime(NOON + 30));
}

#[tokio::test]
async fn a20_a_token_of_unknown_life_is_used_until_it_is_refused() {
    let stage = Stage::new().await;
    stage.set("expires_in=absent");
    stage.sign_in().await.expect("signed in");
    stage.sandbox.clear_requests();
    let first = stage.token().await.expect("good");
    // The provider's own life of it is an hour, which it did not tell.
    stage.pass(7200);
    assert_eq!(stage.token().await.expect("as far as anybody knows"), first);
    assert_eq!(sent(&stage), 0);
    let report = stage.engine.test("practice", None).await.expect("renewed");
    assert_eq!((report.status, sent(&stage)), (200, 1));
    let second = stage.token().await.expect("good");
    assert_ne!(second, first);
    assert_eq!(sent(&stage), 1);
}

#[tokio::test]
async fn a21_scopes_between_commas_are_one_scope_without_the_quirk_and_asked_about() {
    let stage = Stage::signed_in().await;
    let before = stage.kept();
    stage.once("/token", &["scope_form=comma"]);
    let added = asked_about(&stage).await;
    assert_eq!(added.len(), 1);
    assert!(
        added.to_string().contains("items:read,items:write"),
        "{added}"
    );
    assert!(stage.kept() == before, "given back");
}

#[tokio::test]
async fn a22_scopes_that_nobody_asked_for_are_asked_about_or_told() {
    let stage = Stage::signed_in().await;
    let before = stage.kept();
    let wider = format!("scope=admin {ASKED}");
    stage.once("/token", &[&wider]);
    assert_eq!(asked_about(&stage).await.to_string(), "admin");
    assert!(stage.kept() == before, "given back");
    // During a refresh nobody can be asked, and without its answer the grant would be lost.
    stage.once("/token", &[&wider]);
    let renewed = stage.engine.refresh(&stage.id).await.expect("refreshed");
    let grant = renewed.grant.expect("a grant");
    assert_eq!(grant.granted, set(Some(ASKED)));
    assert_eq!(grant.in_use, set(Some(&format!("admin {ASKED}"))));
    let told = remark_of_the_refresh(&stage);
    assert_eq!(told.as_deref(), Some("scopes were added: admin"));
}

/// Signs in with an answer that is wider, and gives it back.
async fn asked_about(stage: &Stage) -> ScopeSet {
    let attempt = stage.begin();
    let approved = stage.approve().await;
    let page = tokio::spawn(off(move || approved.deliver(&approved.callback)));
    let added = stage
        .event(|event| match event {
            AttemptEvent::Asked(Question::WiderGrant { added }) => Some(added.clone()),
            _ => None,
        })
        .await;
    attempt.remote.answer(Answer::GiveBack);
    attempt.outcome().await.expect_err("given back");
    page.await.expect("a page");
    added
}

#[tokio::test]
async fn a23_five_thousand_scopes_are_kept_one_by_one() {
    let stage = Stage::new().await;
    let many: Vec<String> = (0..5000).map(|n| format!("s{n}")).collect();
    stage.set(&format!("scope={}", many.join(" ")));
    let outcome = sign_in(&stage).await.expect("signed in");
    assert_eq!(outcome.granted.expect("stated").len(), 5000);
    let renewed = stage.engine.refresh(&stage.id).await.expect("refreshed");
    let grant = renewed.grant.expect("a grant");
    assert_eq!(grant.granted.expect("stated").len(), 5000);
    assert_eq!(grant.in_use.expect("stated").len(), 5000);
}

#[tokio::test]
async fn a24_an_empty_refresh_token_is_none_and_told_and_costs_no_older_one() {
    let stage = Stage::new().await;
    stage.set("refresh_token=text:");
    let outcome = stage.sign_in().await.expect("signed in");
    let remark = outcome.notes.iter().find_map(|note| advice::remark(*note));
    assert!(remark.expect("told").contains("cannot be renewed"));
    assert!(!stage.connection().grant.expect("a grant").has_refresh_token);

    let stage = Stage::signed_in().await;
    let before = stage.kept();
    stage.set("rotation=off");
    stage.set("refresh_token=text:");
    stage.engine.refresh(&stage.id).await.expect("refreshed");
    let after = stage.kept();
    assert!(after.refresh == before.refresh && after.access != before.access);
    let told = remark_of_the_refresh(&stage);
    assert_eq!(told.as_deref(), Some("the new refresh token is empty"));
}
