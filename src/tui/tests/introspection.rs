//! Asking a provider about a token, from the details (conformance L-09, L-10).

use super::example::{NOW, detail_of, rows, scopes, setup};
use super::script::Script;
use crate::engine::{Change, IntrospectionReport};
use crate::model::{EndpointUrl, UnixTime, Untrusted};
use crate::tui::Msg;

fn report(active: bool, ends: i64) -> IntrospectionReport {
    IntrospectionReport {
        authority: "linear.example".to_owned(),
        active,
        contradictory: active && ends < 0,
        scopes: active.then(|| scopes("read")),
        expires_at: active.then_some(UnixTime(NOW.0 + ends)),
        account: active.then(|| Untrusted::new("ada").shown()),
    }
}

fn script() -> Script {
    let mut script = Script::new(setup(), rows(), (80, 24));
    script.backend.introspection =
        Some(EndpointUrl::parse("https://linear.example/introspect", false).expect("an address"));
    script.backend.told_of_token = Some(report(true, 600));
    script.keys("/ \"linear\" enter enter");
    script.asked();
    script
}

#[test]
fn l_09_what_the_provider_says_is_told_and_stays_in_the_details() {
    let mut script = script();
    script.keys("i");
    assert_eq!(script.asked(), ["introspect"]);
    let said = "linear.example says: active, signed in as ada, scopes read";
    assert!(script.shows(said), "{}", script.frame());
    script.keys("down");
    assert!(script.shows("Asked about it"), "{}", script.frame());
    insta::assert_snapshot!("introspected_80x24", script.frame());
}

#[test]
fn what_was_said_of_a_token_goes_with_that_token() {
    let mut script = script();
    script.keys("i");
    let said = |script: &Script| script.shows("Asked about it");
    script.keys("down");
    assert!(said(&script), "{}", script.frame());
    // Whatever is read again without a change of the token leaves it.
    script.send(Msg::Engine(Change::Connections));
    assert!(said(&script), "{}", script.frame());
    for row in &mut script.backend.rows {
        if let Some(grant) = &mut row.summary.grant {
            grant.generation += 1;
        }
    }
    script.send(Msg::Engine(Change::Connections));
    assert!(!said(&script), "{}", script.frame());
}

#[test]
fn d17_a_contradiction_and_a_no_are_told_as_trouble() {
    for (report, words) in [
        (report(true, -600), "contradicts itself: it says active"),
        (report(false, 0), "linear.example says: not active."),
    ] {
        let mut script = script();
        script.backend.told_of_token = Some(report);
        script.keys("i");
        assert!(script.shows(words), "{}", script.frame());
        let notice = script.model.notice.as_ref().expect("a notice");
        assert!(notice.bad && notice.text.contains(words));
    }
}

#[test]
fn l_10_a_third_party_is_asked_about_and_enter_sends_nothing() {
    for (keys, asked) in [
        ("enter", &[][..]),
        ("esc", &[]),
        ("1", &[]),
        ("2", &["introspect-there"]),
    ] {
        let mut script = script();
        script.backend.third_party = Some("introspect.example");
        script.keys("i");
        assert_eq!(script.asked(), ["introspect"]);
        assert!(
            script.shows("This sends the token to introspect.example"),
            "{}",
            script.frame()
        );
        if keys == "2" {
            insta::assert_snapshot!("third_party_80x24", script.frame());
        }
        script.keys(keys);
        assert_eq!(script.asked(), asked, "{keys}");
        let sent = script.shows("says: active");
        assert_eq!(sent, keys == "2", "{}", script.frame());
    }
}

#[test]
fn l_10_the_question_does_not_open_under_another_screen() {
    let mut script = script();
    script.backend.third_party = Some("introspect.example");
    script.keys("esc");
    let id = script
        .model
        .world
        .table
        .selected()
        .expect("a row")
        .summary
        .id
        .clone();
    let name = super::example::name("linear");
    script.send(crate::tui::Msg::Done(crate::tui::Reply::ThirdParty {
        id,
        name,
        authority: "introspect.example".to_owned(),
    }));
    assert!(script.shows("It was not sent."), "{}", script.frame());
    script.keys("2");
    assert_eq!(script.asked(), [""; 0]);
}

#[test]
fn l_09_without_an_address_to_ask_at_the_key_says_so() {
    let mut script = Script::new(setup(), rows(), (80, 24));
    let row = rows().remove(0);
    assert_eq!(row.summary.name.as_str(), "github");
    assert!(
        detail_of(&row)
            .connection
            .provider
            .endpoints
            .introspection
            .is_none()
    );
    script.keys("down enter i");
    assert!(
        script.shows("No introspection URL is known"),
        "{}",
        script.frame()
    );
    assert!(!script.asked().contains(&"introspect"));
}
