//! Stories of a running sign-in.

use std::sync::Arc;

use super::example::{NOW, attempt, device_way, elsewhere, id, name, rows, scopes, setup};
use super::script::Script;
use crate::engine::{Answer, AttemptEvent, Change, Error, Interrupted, Question, Step, StepState};
use crate::model::{Seconds, UnixTime, Untrusted};
use crate::tui::{Copies, Msg, Reply, Request, Setup, update};

#[test]
fn a_paste_anywhere_goes_to_the_masked_field_and_waits_for_enter() {
    let mut script = Script::usual();
    script.keys("down u");
    script.paste("http://127.0.0.1/callback?code=codecanary\n");
    assert!(script.asked() == ["sign-in"] && !script.shows("codecanary"));
    assert!(script.shows("•••• 41 characters"), "{}", script.frame());
    script.keys("enter");
    assert_eq!(
        script.backend.pasted,
        ["http://127.0.0.1/callback?code=codecanary"]
    );
    assert!(script.shows("Connected as ada."));
}

#[test]
fn a_refused_paste_says_why_and_the_sign_in_goes_on() {
    let mut script = Script::usual();
    script.keys("down u 3");
    let sentence = "This is the address of the first page, not of the last one.".to_owned();
    script.send(Msg::Done(Reply::PasteRefused {
        attempt: attempt(1),
        sentence,
    }));
    assert!(script.shows("not of the last one"), "{}", script.frame());
    script.keys("esc");
    assert!(script.shows("Waiting for your approval"));
}

#[test]
fn a_wrong_paste_leaves_the_field_open_with_the_error_under_it() {
    use crate::engine::{Ignored, PasteProblem};
    let mut script = Script::usual();
    script.backend.paste_ignored = true;
    script.keys("down u");
    let address = "https://gitlab.com/oauth/authorize?client_id=x";
    script.paste(address).keys("enter");
    script.event(AttemptEvent::Ignored(Ignored::Paste(
        PasteProblem::AuthorizationAddress,
    )));
    let frame = script.frame();
    let field = frame.lines().find(|line| line.contains("▸ Address"));
    assert!(
        field.is_some_and(|line| line.contains("✗ This is the first")),
        "{frame}"
    );
    // What comes next shows the steps again.
    script.event(AttemptEvent::Step {
        step: Step::Check,
        state: StepState::Active,
        detail: None,
    });
    assert!(script.shows("Check the answer"), "{}", script.frame());
}

#[test]
fn an_address_is_shown_whole_or_not_at_all() {
    let mut script = Script::usual();
    script.keys("down u o");
    assert!(script.shows("state=statecanary"), "{}", script.frame());
    assert!(!script.shows("Paste"), "{}", script.frame());
    script.resize(24, 6);
    assert!(!script.shows("https://"), "{}", script.frame());
    let frame = script.frame();
    let words: Vec<&str> = frame.split_whitespace().collect();
    assert!(words.join(" ").contains("is too long for this"), "{frame}");
    script.resize(80, 24).keys("esc");
    assert!(script.shows("Waiting for your approval"));
}

#[test]
fn an_unknown_scope_leads_to_the_scopes() {
    let mut script = Script::usual();
    script.backend.fail_sign_in = Some("invalid_scope");
    script.keys("down u");
    assert!(
        script.shows("Asked for: repo read:user"),
        "{}",
        script.frame()
    );
    assert!(script.shows("2  change the scopes"), "{}", script.frame());
    script.keys("2");
    assert!(
        script.shows("Other scopes for github") && script.shows("▸ Scopes"),
        "{}",
        script.frame()
    );
    let mut script = Script::usual();
    script.backend.fail_sign_in = Some("invalid_scope");
    script.keys("a \"gitl\" enter enter \"cid\" enter enter enter enter 2");
    assert!(
        script.shows("Step 4 of 7") && script.shows("▸ Scopes"),
        "{}",
        script.frame()
    );
}

#[test]
fn late_events_of_another_attempt_are_dropped() {
    let mut script = Script::usual();
    script.backend.fail_sign_in = Some("timeout");
    script.keys("down u");
    script.backend.fail_sign_in = None;
    script.keys("1");
    assert!(
        script.shows("Waiting for your approval"),
        "{}",
        script.frame()
    );
    let late = AttemptEvent::Failed {
        error: Arc::new(Error::Internal("late")),
        step: Step::Check,
    };
    let late = Change::Attempt {
        attempt: attempt(1),
        connection: id(1),
        event: late,
    };
    script.send(Msg::Engine(late));
    assert!(
        script.shows("Waiting for your approval"),
        "{}",
        script.frame()
    );
    let other = AttemptEvent::Step {
        step: Step::Check,
        state: StepState::Failed,
        detail: Some("intruder".to_owned()),
    };
    script.send(Msg::Engine(Change::Attempt {
        attempt: attempt(9),
        connection: id(1),
        event: other,
    }));
    assert!(!script.shows("intruder"));
}

#[test]
fn stopping_asks_each_time_and_cancels() {
    let mut script = Script::usual();
    script.keys("down u esc esc");
    assert!(script.shows("Waiting for your approval"));
    script.keys("esc");
    assert!(script.shows("Keep waiting"));
    script.keys("2");
    assert_eq!(script.asked(), ["sign-in", "cancel"]);
    assert!(script.model.screens.is_empty());
}

#[test]
fn a_sign_in_that_starts_after_its_screen_was_left_is_cancelled() {
    let mut script = Script::usual();
    let started = Reply::Started {
        connection: id(1),
        attempt: attempt(5),
    };
    let requests = update(&mut script.model, Msg::Done(started));
    assert!(matches!(requests.as_slice(), [Request::Cancel { .. }]));
}

#[test]
fn b_03_a_wider_grant_is_asked_about_and_enter_alone_does_not_keep_it() {
    let mut script = Script::usual();
    script
        .keys("down u")
        .event(AttemptEvent::Asked(Question::WiderGrant {
            added: scopes("admin"),
        }));
    assert!(script.shows("granted more than you asked for: admin"));
    let enter = crossterm::event::KeyEvent::from(crossterm::event::KeyCode::Enter);
    let requests = update(&mut script.model, Msg::Key(enter));
    assert!(matches!(
        requests.as_slice(),
        [Request::AnswerQuestion {
            answer: Answer::GiveBack,
            ..
        }]
    ));
}

#[test]
fn a_10_another_account_is_named_before_it_replaces() {
    let mut script = Script::usual();
    let question = Question::OtherAccount {
        before: Untrusted::new("ada").shown(),
        now: Untrusted::new("bob").shown(),
    };
    script.keys("down u").event(AttemptEvent::Asked(question));
    assert!(script.shows("You signed in as bob. This connection belongs to ada."));
    let two = crossterm::event::KeyEvent::from(crossterm::event::KeyCode::Char('2'));
    let requests = update(&mut script.model, Msg::Key(two));
    assert!(matches!(
        requests.as_slice(),
        [Request::AnswerQuestion {
            answer: Answer::Accept,
            ..
        }]
    ));
}

#[test]
fn a_10_keeping_the_old_account_is_told_as_the_choice_that_it_was() {
    for chosen in [true, false] {
        let question = Question::OtherAccount {
            before: Untrusted::new("ada").shown(),
            now: Untrusted::new("bob").shown(),
        };
        let error = Error::GivenBack {
            question: Box::new(question),
            chosen,
            revoked: true,
        };
        let mut script = Script::usual();
        script.keys("down u").event(AttemptEvent::Failed {
            error: Arc::new(error),
            step: Step::Accept,
        });
        let done = "✓ ada stays signed in, as you chose; the sign-in of bob was given back.";
        let frame = script.frame();
        assert_eq!(script.shows(done), chosen, "{frame}");
        // Nobody may have been there to say yes.
        assert_eq!(script.shows("✗ Accept"), !chosen, "{frame}");
    }
}

#[test]
fn z_07_where_no_browser_starts_the_other_ways_are_said_to_be_needed() {
    let browser = |state, detail: Option<&str>| AttemptEvent::Step {
        step: Step::Browser,
        state,
        detail: detail.map(str::to_owned),
    };
    let mut script = Script::usual();
    script.keys("down u");
    script.event(browser(StepState::Done, Some("firefox")));
    assert!(
        script.shows("If Approve does nothing"),
        "{}",
        script.frame()
    );
    script.event(browser(
        StepState::Skipped,
        Some("no browser could be started"),
    ));
    assert!(
        script.shows("No browser could be started here.")
            && script.shows("B tries here again")
            && script.shows("Address   copy it, and open it in a browser anywhere")
            && !script.shows("If Approve does nothing")
            && !script.shows("the page again"),
        "{}",
        script.frame()
    );
    script
        .keys("B")
        .event(browser(StepState::Done, Some("firefox")));
    assert!(
        script.shows("If Approve does nothing"),
        "{}",
        script.frame()
    );
}

#[test]
fn without_a_browser_enter_copies_the_code_and_practice_is_approved_here_first() {
    let setup = Setup {
        elsewhere: elsewhere(),
        practice: true,
        ..setup()
    };
    let mut script = Script::new(setup, rows(), (80, 24));
    script.keys("down u").event(AttemptEvent::Way(device_way()));
    assert!(script.shows("▸ 1  Here"), "{}", script.frame());
    script.keys("down enter");
    assert_eq!(script.backend.copied, ["WDJB-MJHT"]);
    assert!(!script.asked().contains(&"open-page"));
}

#[test]
fn without_a_wizard_below_no_fix_promises_an_edit() {
    let mut script = Script::usual();
    script.backend.fail_sign_in = Some("invalid_client");
    script.keys("down u");
    assert!(
        script.shows("1  try again") && !script.shows("client ID\n"),
        "{}",
        script.frame()
    );
}

#[test]
fn fixes_lead_into_the_wizard_with_everything_typed() {
    let mut script = Script::usual();
    script.backend.fail_sign_in = Some("invalid_client");
    script.keys(
        "a \"gith\" enter enter up up up up 2 enter \"cid\" enter \"s3cret\" enter enter enter enter",
    );
    assert!(
        script.shows("does not accept this client ID"),
        "{}",
        script.frame()
    );
    script.keys("2");
    assert!(
        script.shows("Step 3 of 7") && script.shows("cid"),
        "{}",
        script.frame()
    );
    script.backend.fail_sign_in = None;
    script.keys("\"x\" enter enter enter enter");
    assert!(script.shows("Step 6 of 7"), "{}", script.frame());
    let ids: Vec<&str> = script
        .backend
        .saved
        .iter()
        .map(|new| new.client_id.as_str())
        .collect();
    assert_eq!(ids, ["cid", "cidx"]);
    assert_eq!(
        script.model.world.table.len(),
        5,
        "the earlier try was replaced"
    );
}

#[test]
fn a_corrected_try_may_keep_the_name_of_the_try_before() {
    let mut script = Script::usual();
    script.backend.fail_sign_in = Some("invalid_client");
    script.keys("a \"gitl\" enter enter \"cid\" enter enter enter up \"mine\" enter enter");
    script.backend.fail_sign_in = None;
    script.keys("2 \"x\" enter enter enter enter");
    assert!(script.shows("Step 6 of 7"), "{}", script.frame());
    let saved = script.backend.saved.iter();
    let names: Vec<&str> = saved
        .filter_map(|new| new.name.as_ref())
        .map(|name| name.as_str())
        .collect();
    assert_eq!(names, ["mine", "mine"]);
    assert_eq!(script.model.world.table.len(), 5);
}

#[test]
fn over_ssh_nothing_opens_here_and_the_code_comes_first() {
    let mut script = Script::new(
        Setup {
            ssh: true,
            elsewhere: elsewhere(),
            ..setup()
        },
        rows(),
        (80, 24),
    );
    script.keys("down u");
    let frame = script.frame();
    let at = |words: &str| {
        frame
            .find(words)
            .unwrap_or_else(|| panic!("{words}: {frame}"))
    };
    assert!(at("Code") < at("Forward") && at("Forward") < at("Paste"));
    script.keys("c");
    assert_eq!(script.backend.copied, ["WDJB-MJHT"]);
    assert!(script.shows("sent to your terminal"));
    script.keys("down c");
    assert!(script.backend.copied[1].starts_with("ssh -N -L"));
}

#[test]
fn k_04_the_code_stays_beside_the_picture() {
    let mut script = Script::new(
        Setup {
            ssh: true,
            elsewhere: elsewhere(),
            ..setup()
        },
        rows(),
        (80, 24),
    );
    script.keys("down u Q");
    assert!(script.shows("Check that the page shows WDJB-MJHT"));
    assert!(script.shows("█▄▄▄█"));
}

#[test]
fn practice_approves_here_with_boxes() {
    let mut script = Script::new(
        Setup {
            practice: true,
            ..setup()
        },
        rows(),
        (80, 24),
    );
    // The cursor begins on what approves; a space there does nothing.
    script.keys("down u 6 space down down space");
    assert!(
        script.shows("[ ] repo") && script.shows("[x] read:user"),
        "{}",
        script.frame()
    );
    let enter = crossterm::event::KeyEvent::from(crossterm::event::KeyCode::Char('1'));
    let requests = update(&mut script.model, Msg::Key(enter));
    match requests.as_slice() {
        [
            Request::PracticeApprove {
                allow: Some(allow), ..
            },
        ] => assert_eq!(*allow, scopes("read:user")),
        _ => panic!("no approval"),
    }
}

#[test]
fn elapsed_time_runs_with_the_clock() {
    let mut script = Script::usual();
    script.keys("down u").wait(42);
    assert!(
        script.shows("0:42   gives up in 9:18"),
        "{}",
        script.frame()
    );
}

fn after_an_interruption(code_until: Option<UnixTime>) -> Script {
    let interrupted = vec![Interrupted {
        connection: id(2),
        name: name("linear"),
        began: UnixTime(NOW.0 - 20 * 60),
        code_until,
    }];
    Script::new(
        Setup {
            interrupted,
            ..setup()
        },
        rows(),
        (80, 24),
    )
}

#[test]
fn z_10_an_interrupted_sign_in_is_listed_at_the_next_start() {
    let mut script = after_an_interruption(Some(NOW.plus(Seconds(552))));
    insta::assert_snapshot!("interrupted_80x24", script.frame());
    script.keys("1");
    assert_eq!(script.asked(), ["sign-in"]);
    assert!(script.backend.resumed);

    let mut script = after_an_interruption(None);
    assert!(script.shows("sign in again"), "{}", script.frame());
    script.keys("2");
    assert_eq!(script.asked(), ["forget-interrupted"]);

    let mut script = after_an_interruption(None);
    script.keys("esc");
    assert_eq!(script.asked(), [""; 0], "asked again at the next start");
    assert!(script.shows("linear"));
}

fn over_ssh(shared: bool) -> Script {
    let setup = Setup {
        ssh: true,
        elsewhere: elsewhere(),
        shared,
        ..setup()
    };
    Script::new(setup, rows(), (80, 24))
}

#[test]
fn z_02_this_machines_name_is_filled_in_once_and_the_line_is_copied() {
    let mut script = over_ssh(false);
    script.keys("down u");
    assert!(script.shows("h fills in HOST"), "{}", script.frame());
    script.keys("h \"ada@build\"");
    insta::assert_snapshot!("ssh_host_80x24", script.frame());
    script.keys("enter");
    assert_eq!(script.backend.reached, "ada@build");
    insta::assert_snapshot!("ssh_forward_named_80x24", script.frame());
    script.keys("down c");
    let line = "ssh -N -L 127.0.0.1:41873:127.0.0.1:41873 ada@build";
    assert_eq!(script.backend.copied, [line]);
    assert!(script.shows("sent to your terminal"), "{}", script.frame());
    // The next sign-in has it.
    script.keys("esc 2 u");
    assert!(
        script.shows(line) && !script.shows("HOST"),
        "{}",
        script.frame()
    );
}

#[test]
fn z_07_where_others_share_the_machine_forwarding_comes_last() {
    let place = |script: &Script, words: &str| script.frame().find(words).expect("shown");
    let mut script = over_ssh(false);
    script.keys("down u");
    assert!(place(&script, "Forward") < place(&script, "Paste"));
    let mut script = over_ssh(true);
    script.keys("down u");
    assert!(place(&script, "Forward") > place(&script, "Paste"));
}

#[test]
fn z_01_a_key_overrides_where_the_browser_is_thought_to_be() {
    let mut script = over_ssh(false);
    script.keys("down u");
    script.asked();
    script.keys("B");
    assert_eq!(script.asked(), ["open-again"]);
    assert!(
        script.shows("If Approve does nothing"),
        "{}",
        script.frame()
    );
    script.keys("B");
    assert!(script.shows("The first way that works wins"));
}

#[test]
fn w_13_addresses_are_printed_outside_the_table_only_on_a_key() {
    let mut script = over_ssh(false);
    script.keys("down u");
    assert!(script.backend.printed.is_empty());
    script.keys("O");
    let lines: Vec<&str> = script.backend.printed.lines().collect();
    let [line, start, address] = lines.as_slice() else {
        panic!("{lines:?}")
    };
    assert!(line.starts_with("ssh -N -L 127.0.0.1:"));
    assert!(start.starts_with("http://127.0.0.1:41873/go/"));
    assert!(address.starts_with("https://gitlab.com/oauth/authorize?"));
}

/// The lines that have a number.
fn numbered(script: &Script) -> Vec<String> {
    let numbered = |line: &&str| {
        line.trim_start_matches([' ', '▸'])
            .starts_with(char::is_numeric)
    };
    let frame = script.frame();
    frame.lines().filter(numbered).map(str::to_owned).collect()
}

#[test]
fn w_11_a_way_has_its_number_when_no_number_moves_any_more() {
    let mut script = Script::usual();
    script.backend.slow = true;
    script.keys("down u");
    let mut before_numbers = 0;
    while !script.shows("Waiting for your approval") || script.shows("○ Waiting") {
        let frame = script.frame();
        if frame.contains("Address") {
            before_numbers += 1;
            assert!(!frame.contains("1  "), "{frame}");
            // The finger is faster than the line.
            script.asked();
            script.keys("1 2");
            assert_eq!(script.asked(), [""; 0], "{frame}");
        }
        assert!(script.deliver(), "{}", script.frame());
    }
    assert!(before_numbers > 0);
    let at_first = numbered(&script);
    assert!(at_first.len() > 2, "{}", script.frame());
    while script.deliver() {}
    assert_eq!(numbered(&script), at_first);
    script.keys("2");
    assert!(script.shows("clipboard"), "{}", script.frame());
}

#[test]
fn w_11_no_way_has_a_number_before_the_definition_tells_whether_a_code_is_one() {
    let mut script = Script::usual();
    script.backend.slow_detail = true;
    script.keys("down u");
    assert!(script.shows("Waiting for your approval"));
    assert_eq!(numbered(&script), [""; 0], "{}", script.frame());
    assert!(script.deliver());
    assert_eq!(numbered(&script).len(), 5, "{}", script.frame());
    assert!(script.shows("4  Code"), "{}", script.frame());
}

#[test]
fn w_11_a_code_that_is_asked_for_moves_no_other_number() {
    let mut script = Script::new(setup(), rows(), (80, 32));
    script.keys("down u");
    let labels = |script: &Script| {
        let label = |line: &String| {
            let words = line.trim_start_matches([' ', '▸']).split_whitespace();
            words.take(2).collect::<Vec<_>>().join(" ")
        };
        numbered(script).iter().map(label).collect::<Vec<_>>()
    };
    let before = labels(&script);
    assert_eq!(
        before,
        ["1 Open", "2 Address", "3 Paste", "4 Code", "5 Forward"]
    );
    script.keys("4");
    assert!(script.shows("WDJB-MJHT"), "{}", script.frame());
    assert_eq!(labels(&script), before, "{}", script.frame());
    assert!(script.shows("▸ 4  Code"), "{}", script.frame());
}

#[test]
fn a_closed_way_says_why_beside_the_ways_and_not_where_an_address_is_pasted() {
    use crate::engine::Ignored;
    let mut script = Script::usual();
    script.keys("down u");
    script.event(AttemptEvent::Ignored(Ignored::DeviceWayClosed(Arc::new(
        Error::Declined,
    ))));
    let why = "The code way is closed.";
    assert!(script.shows(why), "{}", script.frame());
    script.keys("3");
    assert!(script.shows("▸ Address"), "{}", script.frame());
    assert!(!script.shows(why), "{}", script.frame());
    script.keys("esc");
    assert!(script.shows(why), "{}", script.frame());
}

#[test]
fn what_is_opened_or_typed_elsewhere_stands_whole_on_a_narrow_screen() {
    for (ssh, keys, whole) in [
        (false, "down u 4", "https://gitlab.com/oauth/device"),
        (true, "down u down", "http://127.0.0.1:41873/go/k3v9"),
    ] {
        let place = || Setup {
            ssh,
            elsewhere: if ssh { elsewhere() } else { None },
            ..setup()
        };
        for size in [(40, 12), (60, 20)] {
            let mut script = Script::new(place(), rows(), size);
            script.keys(keys);
            assert!(script.shows(whole), "{size:?}\n{}", script.frame());
            let code = script.shows("WDJB-MJHT");
            assert!(code || ssh, "{size:?}\n{}", script.frame());
        }
    }
}

#[test]
fn no_way_to_approve_is_offered_once_it_is_approved() {
    for ssh in [false, true] {
        let mut script = over_ssh(false);
        if !ssh {
            script = Script::usual();
        }
        script.keys("down u");
        assert!(script.shows("Paste"), "{}", script.frame());
        script.event(AttemptEvent::Step {
            step: Step::Approve,
            state: StepState::Done,
            detail: None,
        });
        script.event(AttemptEvent::Step {
            step: Step::Test,
            state: StepState::Active,
            detail: None,
        });
        assert!(script.shows("✓ Approved"), "{}", script.frame());
        assert!(script.shows("● Test"), "{}", script.frame());
        for over in ["Paste", "Code", "does nothing"] {
            assert!(!script.shows(over), "{over}\n{}", script.frame());
        }
        script.asked();
        script.keys("1 2 3 c");
        assert_eq!(script.asked(), [""; 0], "{}", script.frame());
    }
}

#[test]
fn w_08_where_a_copy_may_not_arrive_the_key_that_prints_the_address_is_named() {
    let mut script = over_ssh(false);
    script.keys("down u down down c");
    assert!(
        script.shows("If it is not there: O prints it."),
        "{}",
        script.frame()
    );
    // On a desktop it is known to have arrived.
    let desktop = Setup {
        copies: Copies::Native,
        ..setup()
    };
    let mut script = Script::new(desktop, rows(), (80, 24));
    script.keys("down u down c");
    assert!(script.shows("was copied."), "{}", script.frame());
    assert!(!script.shows("If it is not there"), "{}", script.frame());
}
