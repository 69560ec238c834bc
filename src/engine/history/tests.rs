//! Both lists in one, and the same again as one line.

use super::*;

fn id() -> ConnectionId {
    ConnectionId::from_random([1; 16])
}

fn event(at: i64, what: &str) -> Event {
    Event {
        at: UnixTime(at),
        connection: id(),
        name: "github".to_owned(),
        what: what.to_owned(),
        detail: None,
    }
}

fn handed(at: i64, pid: u32, name: &str, outcome: Outcome) -> Handed {
    Handed {
        at: UnixTime(at),
        connection: id(),
        name: "github".to_owned(),
        outcome,
        via: Via::Command,
        caller: Some(Caller {
            pid,
            name: Untrusted::new(name),
        }),
    }
}

fn told(events: Vec<Event>, handed: Vec<Handed>, limit: usize, telling: Telling) -> Vec<String> {
    let mut merge = Merge {
        events: events.into_iter().peekable(),
        lines: Vec::new(),
        limit,
        telling,
        more: false,
    };
    for handed in handed {
        if merge.hand(handed).is_break() {
            break;
        }
    }
    while let Some(event) = merge.events.next() {
        let _ = merge.push(event.into());
    }
    let line = |line: &Happened| line.sentence(|at| at.0.to_string());
    merge.lines.iter().map(line).collect()
}

#[test]
fn x_08_events_and_hand_outs_stand_in_one_order() {
    let events = vec![
        event(30, "refreshed"),
        event(20, "ended"),
        event(10, "signed-in"),
    ];
    let handed = vec![
        handed(30, 3, "git", Outcome::Given),
        handed(
            20,
            2,
            "git\u{1b}[2J\n",
            Outcome::Refused("denied".to_owned()),
        ),
        handed(5, 1, "sh", Outcome::Given),
    ];
    assert_eq!(
        told(events, handed, 5, Telling::Each),
        [
            "token given to git (3)",
            "refreshed",
            "ended",
            "token refused to git␛[2J␊ (2): denied",
            "signed in",
        ]
    );
}

#[test]
fn x_08_the_same_hand_out_again_is_one_line_with_a_number() {
    let given = |at, name| handed(at, 1, name, Outcome::Given);
    let all = || {
        vec![
            given(9, "git"),
            given(8, "git"),
            given(7, "git"),
            given(6, "sh"),
            given(2, "git"),
        ]
    };
    let events = || vec![event(4, "tested"), event(1, "added")];
    assert_eq!(
        told(events(), all(), 10, Telling::Folded),
        [
            "token given to git 3 times since 7",
            "token given to sh (1)",
            "tested",
            "token given to git (1)",
            "added",
        ]
    );
    assert_eq!(told(events(), all(), 2, Telling::Folded).len(), 2);
    assert_eq!(told(events(), all(), 9, Telling::Each).len(), 7);
}

#[test]
fn what_the_vault_keeps_as_a_word_is_told_plainly_and_stays_a_word_for_scripts() {
    for (what, word, told) in [
        ("ended", "revoked-by-you", "ended: you revoked it"),
        ("ended", "ended-by-provider", "ended: the provider ended it"),
        (
            "ended",
            "endpoints-changed",
            "ended: an address was changed, which parked it",
        ),
        (
            "dropped",
            "vault-key-gone",
            "dropped: the vault key is gone",
        ),
        (
            "failed",
            "transport",
            "failed: the provider was not reached",
        ),
        // A name is nobody's word.
        ("renamed", "revoked-by-you", "renamed: revoked-by-you"),
        ("ended", "something-new", "ended: something-new"),
    ] {
        let line = Happened::from(Event {
            detail: Some(Untrusted::new(word)),
            ..event(1, what)
        });
        assert_eq!(line.sentence(|at| at.0.to_string()), told);
        let kept = line.detail().map(|detail| detail.to_string());
        assert_eq!(kept.as_deref(), Some(word));
    }
    let refused = handed(1, 2, "git", Outcome::Refused("needs-sign-in".to_owned()));
    let refused = Happened::from(refused).sentence(|at| at.0.to_string());
    assert_eq!(refused, "token refused to git (2): needs sign in");
}
