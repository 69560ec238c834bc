//! A picture of every screen.

use super::example::{device_way, elsewhere, setup};
use super::script::Script;
use crate::engine::{AttemptEvent, Question};
use crate::model::Untrusted;
use crate::tui::{Look, Setup};

fn snap(name: &str, script: &Script) {
    insta::assert_snapshot!(name, script.frame());
}

const TO_GITLAB_APP: &str = "a \"gitl\" enter enter";
const TO_REVIEW: &str = "a \"gitl\" enter enter \"4f1c0a9a\" enter enter enter";

#[test]
fn table_at_many_sizes() {
    for (width, height) in [(120, 40), (80, 24), (60, 16), (40, 12), (20, 5), (1, 1)] {
        let mut script = Script::usual();
        script.resize(width, height);
        script.keys("down");
        snap(&format!("table_{width}x{height}"), &script);
    }
}

#[test]
fn w_10_without_colour_and_in_ascii() {
    let look = Look {
        colour: false,
        ascii: true,
        ..Look::default()
    };
    let mut script = Script::new(Setup { look, ..setup() }, super::example::rows(), (80, 24));
    script.keys("space down");
    snap("table_ascii", &script);
    assert!(script.frame().is_ascii(), "{}", script.frame());
}

#[test]
fn first_start() {
    snap("first_start", &Script::empty());
    let script = Script::new(
        Setup {
            practice: true,
            ..setup()
        },
        Vec::new(),
        (80, 24),
    );
    snap("first_start_practice", &script);
}

#[test]
fn filter() {
    let mut script = Script::usual();
    script.keys("/ \"lin\"");
    snap("filter_open", &script);
    script.keys("enter / \"zz\"");
    snap("filter_nothing", &script);
}

#[test]
fn details() {
    let mut script = Script::usual();
    script.keys("down enter");
    snap("details_80x24", &script);
    script.resize(120, 40);
    snap("details_120x40", &script);
    script.resize(40, 12);
    snap("details_40x12", &script);
}

#[test]
fn x_08_history() {
    let mut script = Script::usual();
    script.keys("down enter h");
    snap("history_80x24", &script);
    script.keys("down down G");
    snap("history_80x24_end", &script);
    script.keys("g").resize(40, 12);
    snap("history_40x12", &script);
    script.resize(20, 5);
    snap("history_20x5", &script);
    script.resize(120, 40).keys("esc");
    assert!(script.shows("Redirect URL"), "{}", script.frame());
    script.keys("esc h");
    snap("history_120x40", &script);
}

#[test]
fn x_08_newer_lines_do_not_move_the_selected_one() {
    use crate::engine::Change;
    let mut script = Script::usual();
    script.keys("down h down down down");
    let selected = |script: &Script| {
        let frame = script.frame();
        let line = frame.lines().find(|line| line.contains('▸'));
        line.map(str::to_owned).expect("a line is selected")
    };
    let before = selected(&script);
    script.backend.newer = true;
    script.send(crate::tui::Msg::Engine(Change::Connections));
    assert!(
        script.shows("token given to curl (9)"),
        "{}",
        script.frame()
    );
    assert_eq!(selected(&script), before);
    script.keys("g");
    assert!(selected(&script).contains("curl"));
}

#[test]
fn x_08_hand_outs_that_cannot_be_read_are_said_to_be_missing() {
    let mut script = Script::usual();
    script.backend.unread = true;
    script.keys("down h");
    snap("history_unread", &script);
}

#[test]
fn wizard_steps() {
    let mut script = Script::usual();
    script.keys("a");
    snap("wizard_1_provider", &script);
    script.keys("\"git\"");
    snap("wizard_1_found", &script);
    script.keys("\"l\" enter");
    snap("wizard_2_details", &script);
    let mut script = Script::usual();
    script.keys("a \"gith\" enter enter");
    snap("wizard_3_app_two_ways", &script);
    let mut script = Script::usual();
    script.keys(TO_GITLAB_APP);
    snap("wizard_3_app", &script);
    script.keys("\"4f1c0a9a\" enter enter");
    snap("wizard_4_scopes", &script);
    script.keys("enter");
    snap("wizard_5_review", &script);
    script.resize(40, 12);
    snap("wizard_5_review_40x12", &script);
    script.resize(20, 5);
    snap("wizard_5_review_20x5", &script);
}

#[test]
fn e_15_a_secret_is_said_to_be_recoverable() {
    let mut script = Script::usual();
    script.keys("a \"gith\" enter enter up up up up up 2 enter \"cid\" enter \"s3cr3tcanary\"");
    assert!(script.shows("not confidential"), "{}", script.frame());
    snap("wizard_3_app_secret", &script);
}

#[test]
fn own_provider() {
    let mut script = Script::usual();
    script.keys("a \"other\" enter");
    snap("wizard_2_own", &script);
    script.keys("\"http://x.example/a\" enter \"https://x.example/t\" enter enter");
    snap("wizard_2_own_problem", &script);
}

#[test]
fn authorize_at_the_desk() {
    let mut script = Script::usual();
    script.keys(TO_REVIEW).keys("enter").wait(42);
    snap("authorize_desk", &script);
    script.keys("3");
    script.paste("http://127.0.0.1:41873/callback?code=codecanary&state=x");
    snap("authorize_paste", &script);
    script.resize(40, 12);
    snap("authorize_paste_40x12", &script);
}

#[test]
fn authorize_over_ssh() {
    let mut script = Script::new(
        Setup {
            ssh: true,
            elsewhere: elsewhere(),
            ..setup()
        },
        super::example::rows(),
        (80, 24),
    );
    script.keys(TO_REVIEW).keys("enter").wait(42);
    snap("authorize_ssh", &script);
    script.keys("Q");
    snap("authorize_ssh_qr", &script);
    script.keys("Q").resize(40, 12);
    snap("authorize_ssh_40x12", &script);
}

#[test]
fn authorize_questions() {
    let mut script = Script::usual();
    script.keys("down u");
    let added = super::example::scopes("admin");
    script.event(AttemptEvent::Asked(Question::WiderGrant { added }));
    snap("question_wider", &script);
    let before = Untrusted::new("ada").shown();
    let now = Untrusted::new("bob").shown();
    script.event(AttemptEvent::Asked(Question::OtherAccount { before, now }));
    snap("question_account", &script);
}

#[test]
fn authorize_failures() {
    let mut script = Script::usual();
    script.backend.fail_sign_in = Some("invalid_client");
    script.keys(TO_REVIEW).keys("enter");
    snap("failure_in_wizard", &script);
    let mut script = Script::usual();
    script.backend.fail_sign_in = Some("timeout");
    script.keys("down u");
    snap("failure_timeout", &script);
}

#[test]
fn practice_consent() {
    let mut script = Script::new(
        Setup {
            practice: true,
            ..setup()
        },
        super::example::rows(),
        (80, 24),
    );
    script.keys("down u");
    snap("practice_ways", &script);
    script.keys("6");
    snap("practice_consent", &script);
}

#[test]
fn finished() {
    let mut script = Script::usual();
    script.keys(TO_REVIEW).keys("enter 3");
    script
        .paste("http://127.0.0.1/callback?code=c&state=s")
        .keys("enter");
    snap("finished", &script);
}

#[test]
fn revoke_or_delete() {
    let mut script = Script::usual();
    script.keys("down down x");
    snap("revoke", &script);
    let mut script = Script::usual();
    script.backend.no_revocation = true;
    script.keys("down x");
    snap("revoke_not_offered", &script);
    let mut script = Script::usual();
    script.keys("space space x");
    snap("revoke_two", &script);
}

#[test]
fn passphrase() {
    let mut script = Script::usual();
    script.backend.locked = Some("open sesame");
    script.keys("down u \"wrong\"");
    snap("unlock", &script);
    script.keys("enter");
    snap("unlock_wrong", &script);
    let mut script = Script::usual();
    script.backend.locked = Some("open sesame");
    script.backend.agent_open = true;
    script.keys("down u");
    snap("unlock_beside_agent", &script);
    let mut script = Script::usual();
    script.send(crate::tui::Msg::Done(crate::tui::Reply::NeedsPassphrase {
        new: true,
        agent_open: false,
        then: None,
    }));
    script.keys("\"one\" enter \"two\" enter");
    snap("passphrase_new", &script);
    let mut script = Script::usual();
    script.backend.keychain_silent = Some(crate::engine::PassphraseWay::Unlock);
    script.keys("down u").wait(12);
    snap("keychain_waits", &script);
    let mut script = Script::usual();
    script.backend.moved = true;
    script.keys("down down r");
    snap("vault_moved", &script);
}

#[test]
fn help_palette_rename_and_quit() {
    let mut script = Script::usual();
    script.keys("?");
    snap("help", &script);
    script.keys("esc : \"re\"");
    snap("palette", &script);
    script.keys("esc n \"!\" enter");
    snap("rename", &script);
    script.keys("esc down u q");
    snap("stop_question", &script);
}

#[test]
fn w_13_the_address_with_its_state_is_shown_on_request_only() {
    let mut script = Script::usual();
    script.keys("down u");
    assert!(!script.shows("statecanary"));
    script.keys("o");
    assert!(script.shows("statecanary"), "{}", script.frame());
    script.keys("o");
    assert!(!script.shows("statecanary"));
}

#[test]
fn k_02_the_code_stands_below_its_warning() {
    let mut script = Script::usual();
    script.keys("down u").event(AttemptEvent::Way(device_way()));
    let frame = script.frame();
    let warning = frame.find("asked for yourself").expect("warning");
    let code = frame.find("WDJB-MJHT").expect("code");
    assert!(warning < code);
}
