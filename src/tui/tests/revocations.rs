//! Revocations that the provider did not hear: the table, the details and the choices tell (L-04).

use super::example::{NOW, detail_of, rows, setup};
use super::script::Script;
use crate::engine::{Change, Row};
use crate::model::{
    EndReason, Health, NextTry, Problem, ProblemKind, Seconds, Untrusted, Verdict, Waiting,
    WaitingId,
};
use crate::tui::{Msg, Reply, Revocation};

/// github, over here and not told there.
fn waits() -> (Vec<Row>, Waiting) {
    let mut rows = rows();
    let row = rows
        .iter_mut()
        .find(|row| row.summary.name.as_str() == "github");
    let row = row.expect("a row");
    row.summary.ended = Some(EndReason::RevokedByYou);
    let grant = row.summary.grant.as_ref();
    row.verdict = Verdict::of(grant, row.summary.ended, None, false, NOW);
    assert_eq!(row.verdict.health, Health::NeedsSignIn);
    let waiting = Waiting {
        id: WaitingId::from_random([7; 16]),
        of: detail_of(row).connection,
        since: NOW,
        tries: 1,
        next: NextTry::after(1, Some(Seconds(600)), NOW),
        problem: Problem {
            kind: ProblemKind::Transport,
            detail: Untrusted::new("status 503"),
            at: NOW,
        },
    };
    (rows, waiting)
}

fn script(size: (u16, u16)) -> Script {
    let (rows, waiting) = waits();
    let mut script = Script::new(setup(), rows, size);
    script.backend.untold.push(waiting);
    script.keys("/ \"github\" enter");
    script.send(Msg::Engine(Change::Connections));
    script
}

#[test]
fn l_04_the_header_and_the_details_name_what_waits() {
    let mut script = script((80, 24));
    assert!(script.shows("1 revocation waits"), "{}", script.frame());
    script.keys("enter");
    insta::assert_snapshot!("revocation_waits_details", script.frame());
    script.keys("esc");
    script.backend.untold.clear();
    script.send(Msg::Engine(Change::Connections));
    assert!(!script.shows("revocation"), "{}", script.frame());
}

#[test]
fn l_04_a_person_tells_it_again_or_drops_it() {
    let mut script = script((80, 24));
    script.asked();
    script.keys("x");
    insta::assert_snapshot!("revocation_waits_choices", script.frame());
    script.keys("1");
    assert!(script.asked().is_empty(), "the first one changes nothing");
    script.keys("x 2");
    assert_eq!(script.asked(), ["revoke"]);
    script.keys("x 3");
    assert_eq!(script.asked(), ["drop-revocation"]);
    assert!(script.shows("It is told no more."), "{}", script.frame());
}

#[test]
fn l_04_a_revocation_that_is_over_here_offers_no_second_one() {
    let (rows, _) = waits();
    let mut script = Script::new(setup(), rows, (80, 24));
    script.keys("/ \"github\" enter x");
    assert!(!script.shows("Revoke and delete  "), "{}", script.frame());
    assert!(script.shows("Delete"), "{}", script.frame());
}

#[test]
fn d12_l_03_what_is_left_is_told_with_its_end_as_the_clock_shows_it() {
    for (until, words) in [
        (Some(NOW.plus(Seconds(600))), "it stays valid until 14:38."),
        (None, "it stays valid until it ends there."),
    ] {
        let mut script = Script::usual();
        let row = script.model.world.table.selected().expect("a row");
        let (id, name) = (row.summary.id.clone(), row.summary.name.clone());
        script.send(Msg::Done(Reply::Revoked {
            id,
            name,
            outcome: Revocation::AccessTokenLives { until },
            removed: None,
        }));
        let notice = script.model.notice.as_ref().expect("a notice");
        assert!(
            notice.bad && notice.text.ends_with(words),
            "{}",
            notice.text
        );
    }
}
