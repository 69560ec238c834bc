//! Clocks that are set while tokens live: at most one refresh too many, and none too few.

use valetkey::advice::advise;
use valetkey::engine::Error;
use valetkey::model::{Health, ScopeSet, UnixTime};

use crate::stage::{NAME, NOON, Stage, off};

const DAY: i64 = 86_400;
const HOUR: u32 = 3600;

/// What a clock may be set to, by the true time.
type Setting = fn(i64) -> i64;

const SETTINGS: [(&str, Setting); 4] = [
    ("a day ahead", |now| now + DAY),
    ("a day back", |now| now - DAY),
    ("ten years ahead", |now| now + 3652 * DAY),
    ("1970", |_| 0),
];

fn refreshes(stage: &Stage) -> usize {
    stage.sandbox.requests_to("/token").len()
}

fn health(stage: &Stage) -> Health {
    stage.engine.rows().expect("rows")[0].verdict.health
}

/// Asks three times; every token must be good at the provider, whose clock nobody sets. Returns how
/// often a refresh was asked for and how often a moved clock was told.
async fn ask_thrice(stage: &Stage, what: &str) -> (usize, usize) {
    let before = refreshes(stage);
    let mut told = 0;
    for _ in 0..3 {
        let handout = stage.engine.fresh_token(NAME, None).await.expect(what);
        assert!(
            stage.sandbox.accepts_access(handout.token.reveal()),
            "{what}"
        );
        told += usize::from(handout.clock_moved);
    }
    (refreshes(stage) - before, told)
}

/// So many rounds of two settings each; `VALETKEY_CLOCK_ROUNDS` asks for a campaign.
fn rounds(short: u32) -> u32 {
    std::env::var("VALETKEY_CLOCK_ROUNDS").map_or(short, |rounds| rounds.parse().expect("a number"))
}

async fn set_back_and_forth(rounds: u32, restarts: bool) {
    for (name, setting) in SETTINGS {
        let mut stage = Stage::signed_in().await;
        let mut true_time = NOON;
        for round in 0..rounds {
            for wrong in [true, false] {
                let what = format!("{name}, wrong: {wrong}, round {round}");
                stage.pass(10);
                true_time += 10;
                let now = if wrong { setting(true_time) } else { true_time };
                stage.clock.set(UnixTime(now));
                if restarts {
                    stage.clock.reboot();
                    stage.restart();
                }
                let (asked, told) = ask_thrice(&stage, &what).await;
                assert!(asked <= 1, "{what}: {asked} refreshes");
                assert!(told <= asked, "{what}: told {told} times");
            }
        }
        assert!(stage.sandbox.reuse_events().is_empty());
    }
}

#[tokio::test]
async fn ft_25_j_11_a_clock_set_while_the_machine_runs_costs_at_most_one_refresh_a_time() {
    set_back_and_forth(rounds(25), false).await;
}

#[tokio::test]
async fn ft_25_j_11_a_clock_set_over_a_start_of_the_machine_costs_at_most_one_refresh_a_time() {
    set_back_and_forth(rounds(8), true).await;
}

#[tokio::test]
async fn ft_25_a_clock_set_during_a_sign_in_or_a_refresh_loses_nothing() {
    for (name, setting) in SETTINGS {
        for _ in 0..rounds(1) {
            set_in_flow(name, setting).await;
        }
    }
}

async fn set_in_flow(name: &str, setting: Setting) {
    let stage = Stage::new().await;
    let attempt = stage.begin();
    let approved = stage.approve().await;
    stage.clock.set(UnixTime(setting(NOON)));
    let page = tokio::spawn(off(move || approved.deliver(&approved.callback)));
    attempt.outcome().await.expect(name);
    page.await.expect("a page");
    let (asked, _) = ask_thrice(&stage, name).await;
    assert!(
        asked <= 2,
        "{name}: {asked} requests after the sign-in's own"
    );

    stage.clock.set(UnixTime(NOON));
    stage.pass(2 * HOUR);
    stage.once("/token", &["token_hold=on"]);
    let before = refreshes(&stage);
    let engine = stage.engine.clone();
    let caller = tokio::spawn(async move { engine.fresh_token(NAME, None).await });
    stage.sandbox.until_held(1).await;
    stage.clock.set(UnixTime(setting(NOON)));
    stage.sandbox.release(1);
    caller.await.expect("done").expect(name);
    let (asked, _) = ask_thrice(&stage, name).await;
    assert!(asked <= 1, "{name}");
    assert_eq!(refreshes(&stage), before + 1 + asked, "{name}");
}

#[tokio::test]
async fn ft_25_j_11_a_clock_set_back_makes_no_old_token_valid() {
    for days in [1, 365] {
        let mut stage = Stage::signed_in().await;
        stage.token().await.expect("good");
        stage.pass(2 * HOUR);
        stage.clock.set(UnixTime(NOON - days * DAY));
        assert_eq!(health(&stage), Health::Expired);
        // Whether or not the program was started anew.
        stage.restart();
        assert_eq!(health(&stage), Health::Expired);
        let (asked, _) = ask_thrice(&stage, "set back").await;
        assert_eq!(asked, 1);
        assert_eq!(health(&stage), Health::Connected);
    }
}

#[tokio::test]
async fn ft_26_j_11_time_spent_asleep_counts() {
    let stage = Stage::signed_in().await;
    stage.token().await.expect("good");
    // Asleep for two hours, and the clock of the board had stopped.
    stage.pass(2 * HOUR);
    stage.clock.set(UnixTime(NOON));
    let (asked, _) = ask_thrice(&stage, "asleep").await;
    assert_eq!(asked, 1);
}

#[tokio::test]
async fn j_11_tokens_from_the_future_are_rechecked_and_that_is_said_once() {
    let mut stage = Stage::signed_in().await;
    stage.token().await.expect("good");
    stage.clock.set(UnixTime(NOON - DAY));
    stage.clock.reboot();
    stage.restart();
    assert_eq!(ask_thrice(&stage, "from the future").await, (1, 1));
    assert_eq!(ask_thrice(&stage, "again").await, (0, 0));
    let grant = stage.connection().grant.expect("a grant");
    assert_eq!(grant.issued_at, UnixTime(NOON - DAY));
}

#[tokio::test]
async fn j_11_a_recheck_that_fails_is_not_repeated_and_what_is_there_is_handed_out() {
    let mut stage = Stage::signed_in().await;
    let token = stage.token().await.expect("good");
    stage.set("token_unavailable=503");
    stage.clock.set(UnixTime(NOON - DAY));
    stage.clock.reboot();
    stage.restart();
    let handout = stage.engine.fresh_token(NAME, None).await.expect("the old");
    assert_eq!(handout.token.reveal(), token);
    assert!(handout.clock_moved && handout.warning.is_some());
    assert_eq!(ask_thrice(&stage, "out of reach").await, (0, 0));
    // From the first look on the other clock counts: it ends after its own life at the latest.
    stage.sandbox.unset("token_unavailable");
    stage.pass(HOUR);
    assert_eq!(ask_thrice(&stage, "an hour later").await.0, 1);
}

#[tokio::test]
async fn j_11_without_a_refresh_token_a_moved_clock_costs_nothing() {
    let mut stage = Stage::new().await;
    stage.set("refresh_token=absent");
    stage.sign_in().await.expect("signed in");
    stage.sandbox.clear_requests();
    stage.clock.set(UnixTime(NOON - DAY));
    stage.clock.reboot();
    stage.restart();
    assert_eq!(ask_thrice(&stage, "no refresh token").await, (0, 1));
}

#[tokio::test]
async fn ft_27_j_12_ten_minutes_off_are_named_as_a_clock_problem() {
    for (switch, ahead) in [("date_skew=-600", true), ("date_skew=600", false)] {
        let stage = Stage::signed_in().await;
        assert_eq!(stage.engine.clock_skew(), None);
        stage.set(switch);
        stage.engine.refresh(&stage.id).await.expect("refreshed");
        let skew = stage.engine.clock_skew().expect("seen");
        assert_eq!((skew.is_ahead(), skew.size().0), (ahead, 600));
        stage.sandbox.unset("date_skew");
        stage.engine.refresh(&stage.id).await.expect("refreshed");
        assert_eq!(stage.engine.clock_skew(), None, "set right");
        // A sign-in and a failing refresh tell too.
        stage.set(switch);
        stage.sign_in().await.expect("signed in");
        assert!(stage.engine.clock_skew().is_some());
    }
}

#[tokio::test]
async fn ft_27_j_12_an_identity_token_that_fails_by_the_clock_says_so() {
    let stage = Stage::with(|new| {
        new.scopes = ScopeSet::parse("openid profile").expect("scopes");
    })
    .await;
    for behind in [600, 7200] {
        stage.clock.set(UnixTime(NOON - behind));
        let error = stage.sign_in().await.expect_err("not valid yet");
        let Error::Clock { skew, .. } = &*error else {
            panic!("{error:?}");
        };
        assert!(!skew.is_ahead());
        let sentence = advise(&error).sentence;
        assert!(sentence.contains("behind the provider."), "{sentence}");
    }
    stage.clock.set(UnixTime(NOON + 7200));
    let error = stage.sign_in().await.expect_err("expired");
    assert!(matches!(&*error, Error::Clock { skew, .. } if skew.is_ahead()));
    // A fault of the token itself is not blamed on the clock, nor an old token on a right clock.
    stage.once("/token", &["id_token=wrong_aud"]);
    let error = stage.sign_in().await.expect_err("of another client");
    assert!(matches!(&*error, Error::IdToken(_)), "{error:?}");
    stage.clock.set(UnixTime(NOON));
    stage.once("/token", &["id_token=expired"]);
    let error = stage.sign_in().await.expect_err("old");
    assert!(matches!(&*error, Error::IdToken(_)), "{error:?}");
    stage.sign_in().await.expect("by the right time");
}
