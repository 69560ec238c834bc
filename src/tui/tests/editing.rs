//! Changing a definition in the table.

use super::example::rows;
use super::script::Script;
use crate::engine::{Change, Field};
use crate::tui::Msg;

/// Moves to the field that is called so.
fn go_to(script: &mut Script, label: &str) {
    for key in ["up", "down"] {
        for _ in 0..20 {
            if script.shows(&format!("▸ {label}")) {
                return;
            }
            script.keys(key);
        }
    }
    panic!("no {label}: {}", script.frame());
}

/// The screen of linear, which is signed in.
fn editing() -> Script {
    let mut script = Script::usual();
    script.keys("down down e");
    script
}

#[test]
fn every_field_stands_there_and_only_changes_are_stored() {
    let mut script = editing();
    assert!(script.shows("Edit linear"), "{}", script.frame());
    insta::assert_snapshot!("edit_80x24", script.frame());
    // From the token URL to the end: a query that the address did not have.
    go_to(&mut script, "Token URL");
    script.keys("\"?x\" enter");
    assert!(script.shows("▸ Save"), "{}", script.frame());
    // Enter by habit does not end the sign-in.
    script.keys("enter enter enter");
    assert!(script.backend.edited.is_empty(), "{}", script.frame());
    assert!(script.shows("▸ Go on editing"), "{}", script.frame());
    script.keys("down enter");
    let (edits, secret) = script.backend.edited.pop().expect("stored");
    let token = "https://linear.example/oauth/token?x".to_owned();
    assert_eq!(edits, [(Field::Token, token)]);
    assert!(!secret);
    assert!(!script.shows("Edit linear"), "{}", script.frame());
    assert!(
        script.shows("linear was changed, which parked its sign-in: u signs in."),
        "{}",
        script.frame()
    );
}

#[test]
fn g_07_a_new_address_says_before_saving_that_it_parks() {
    let mut script = editing();
    assert!(!script.shows("parks this sign-in"));
    go_to(&mut script, "Token URL");
    script.keys("ctrl-u \"https://new-host.example/token\" enter");
    let words: String = script
        .frame()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert!(
        words.contains("A new address parks this sign-in: its tokens will not be sent to new-host.example. You sign in again."),
        "{words}"
    );
    insta::assert_snapshot!("edit_parks_80x24", script.frame());
    script.resize(40, 12);
    insta::assert_snapshot!("edit_parks_40x12", script.frame());
    script.resize(120, 40);
    insta::assert_snapshot!("edit_parks_120x40", script.frame());
    // The client ID belongs to the sign-in too; scopes do not.
    let mut script = editing();
    go_to(&mut script, "Client ID");
    script.keys("\"x\"");
    assert!(
        script.shows("Another client ID parks"),
        "{}",
        script.frame()
    );
    let mut script = editing();
    go_to(&mut script, "Scopes");
    script.keys("space \"admin\" enter");
    assert!(!script.shows("parks"), "{}", script.frame());
    script.keys("enter");
    let (edits, _) = script.backend.edited.pop().expect("stored");
    assert_eq!(edits, [(Field::Scopes, "read write admin".to_owned())]);
}

#[test]
fn a_problem_stands_beside_its_field_and_nothing_is_stored() {
    let mut script = editing();
    go_to(&mut script, "Token URL");
    script.keys("ctrl-u \"http://new.example\" enter");
    let frame = script.frame();
    let line = frame
        .lines()
        .position(|line| line.contains("▸ Token URL"))
        .expect("the field keeps the focus");
    let near: Vec<&str> = frame.lines().skip(line).take(2).collect();
    assert!(near.concat().contains("✗ Plain http"), "{frame}");
    // Also when it is passed over: saving goes back to it.
    script.keys("up end enter");
    assert!(script.shows("▸ Save"), "{}", script.frame());
    script.keys("enter");
    assert!(script.shows("▸ Token URL"), "{}", script.frame());
    script.keys("down ctrl-u");
    assert!(script.backend.edited.is_empty());
    // An empty token URL is one too, said only when it is left.
    let mut script = editing();
    go_to(&mut script, "Token URL");
    script.keys("ctrl-u down");
    assert!(script.shows("A token URL is needed"), "{}", script.frame());
}

#[test]
fn esc_loses_nothing_typed_without_asking() {
    let mut script = editing();
    script.keys("esc");
    assert!(!script.shows("Edit linear"), "nothing was typed: it closes");
    let mut script = editing();
    go_to(&mut script, "Authorization URL");
    script.keys("\"abc\" esc");
    assert!(script.shows("1  Go on"), "{}", script.frame());
    insta::assert_snapshot!("edit_dropping", script.frame());
    script.keys("enter");
    assert!(script.shows("authorizeabc"), "{}", script.frame());
    script.keys("esc esc");
    assert!(script.shows("authorizeabc"), "{}", script.frame());
    script.keys("esc 2");
    assert!(!script.shows("Edit linear"), "{}", script.frame());
    assert!(script.backend.edited.is_empty());
}

#[test]
fn others_changes_come_in_beside_what_is_typed() {
    let mut script = editing();
    go_to(&mut script, "Authorization URL");
    script.keys("\"abc\"");
    for row in &mut script.backend.rows {
        row.summary.requested = super::example::scopes("elsewhere");
    }
    script.send(Msg::Engine(Change::Connections));
    assert!(script.shows("authorizeabc"), "{}", script.frame());
    assert!(script.shows("elsewhere"), "{}", script.frame());
    // A field that was touched stays as it was typed.
    go_to(&mut script, "Scopes");
    script.keys("\"mine\"");
    for row in &mut script.backend.rows {
        row.summary.requested = super::example::scopes("third");
    }
    script.send(Msg::Engine(Change::Connections));
    assert!(script.shows("elsewheremine"), "{}", script.frame());
    script.keys("home");
    // Deleted elsewhere: what was typed stays until a person lets it go.
    script.backend.rows.clear();
    script.backend.rows.push(rows().remove(0));
    script.send(Msg::Engine(Change::Connections));
    assert!(script.shows("authorizeabc"), "{}", script.frame());
    script.keys("enter enter");
    assert!(script.shows("authorizeabc"), "{}", script.frame());
}

#[test]
fn w_06_a_new_client_secret_is_masked_and_choices_turn() {
    let mut script = editing();
    go_to(&mut script, "Secret is sent");
    assert!(
        script.shows("▸ Secret is sent     none"),
        "{}",
        script.frame()
    );
    script.keys("enter space");
    assert!(script.shows("post: in the body"), "{}", script.frame());
    script.keys("down \"hunter2\"");
    assert!(!script.shows("hunter2"));
    assert!(script.shows("7 characters"), "{}", script.frame());
    script.keys("enter enter");
    let (edits, secret) = script.backend.edited.pop().expect("stored");
    assert_eq!(edits, [(Field::Auth, "post".to_owned())]);
    assert!(secret);
}

#[test]
fn the_first_line_is_no_address() {
    let script = editing();
    assert!(script.shows("▸ Scopes"), "{}", script.frame());
}

#[test]
fn f4_f19_what_looks_like_a_slip_is_asked_about_before_it_is_stored() {
    for (label, typed, asked) in [
        (
            "Client ID",
            "\"cid\" space \"x\"",
            "The client ID has a blank in it",
        ),
        (
            "Test read URL",
            "\"https://api.example/me\"",
            "sends the access token to api.example",
        ),
    ] {
        let mut script = editing();
        go_to(&mut script, label);
        script.keys("ctrl-u").keys(typed).keys("enter enter");
        let words: Vec<String> = script
            .frame()
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        assert!(words.join(" ").contains(asked), "{}", script.frame());
        assert!(script.shows("▸ Go on editing"), "{}", script.frame());
        assert!(script.backend.edited.is_empty());
        script.keys("down enter");
        assert_eq!(script.backend.edited.len(), 1, "{}", script.frame());
    }
}
