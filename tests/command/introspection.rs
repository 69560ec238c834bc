//! `test --introspect`: what the provider says of the token, in words and as JSON (L-09, L-10).

use serde_json::{Value, json};
use valetkey::sandbox::SandboxThread;

use crate::home::{Home, NAME, sandbox};

fn asked(home: &Home, more: &[&str]) -> crate::home::Output {
    let mut arguments = vec!["test", NAME, "--introspect"];
    arguments.extend(more);
    home.run(&arguments)
}

/// Signed in, and the provider can be asked at this address.
fn home_with(sandbox: &SandboxThread, address: &str) -> Home {
    added(sandbox, |flags| {
        flags.extend(["--introspection-url".to_owned(), address.to_owned()]);
    })
}

fn added(sandbox: &SandboxThread, change: impl FnOnce(&mut Vec<String>)) -> Home {
    let home = Home::new();
    let mut flags = home.definition(sandbox);
    change(&mut flags);
    home.run(&flags).ended(0);
    home.login(sandbox).ended(0);
    sandbox.clear_requests();
    home
}

#[test]
fn l_09_a_test_asks_the_provider_too_when_it_is_told_to() {
    let sandbox = sandbox(&[]);
    let home = home_with(&sandbox, &sandbox.at("/introspect"));
    home.run(&["test", NAME]).ended(0);
    assert!(sandbox.requests_to("/introspect").is_empty(), "only then");
    let output = asked(&home, &[]).ended(0);
    assert!(output.stderr.contains("works: "), "{output:#?}");
    assert!(
        output
            .stderr
            .contains("says: active, signed in as ada, scopes profile items:read, ends 20"),
        "{output:#?}"
    );
    let value = asked(&home, &["--json"]).ended(0).json();
    let host = sandbox.url().trim_start_matches("https://");
    assert_eq!(
        (&value["status"], &value["host"]),
        (&json!(200), &json!(host))
    );
    let told = &value["introspection"];
    let end = told["expires_at"].as_str().expect("a time");
    assert_eq!(
        *told,
        json!({"host": host, "active": true, "contradictory": false,
            "scopes": ["profile", "items:read"], "expires_at": end, "account": "ada"})
    );
    let without = home.run(&["test", NAME, "--json"]).ended(0).json();
    assert_eq!(without["introspection"], Value::Null);
    // The read is not needed for it.
    let home = added(&sandbox, |flags| {
        let place = flags.iter().position(|flag| flag == "--test-url");
        let place = place.expect("a flag");
        flags[place] = "--introspection-url".to_owned();
        flags[place + 1] = sandbox.at("/introspect");
    });
    let value = asked(&home, &["--json"]).ended(0).json();
    assert_eq!(value["status"], Value::Null);
    assert_eq!(value["introspection"]["active"], true);
}

#[test]
fn l_09_d16_d17_answers_are_told_in_words() {
    let sandbox = sandbox(&[]);
    let home = home_with(&sandbox, &sandbox.at("/introspect"));
    for (switches, code, words) in [
        (&["introspect.active=false"][..], 7, "says: not active."),
        (
            &["introspect.active=text:true"],
            7,
            "active has the wrong type",
        ),
        (&["introspect.active=absent"], 7, "active is missing"),
        (
            &["introspect.active=true", "introspect.exp=1000000000"],
            0,
            "contradicts itself: it says active, and that the token ended at 2001-09-09T01:46:40Z.",
        ),
        (&["introspect_status=401"], 7, "introspection endpoint"),
        (&["introspect_unavailable=503"], 4, "is in trouble"),
    ] {
        for switch in switches {
            sandbox.set(switch).expect(switch);
        }
        let output = asked(&home, &[]).ended(code);
        assert!(output.stderr.contains(words), "{switches:?}: {output:#?}");
        let value = asked(&home, &["--json"]).ended(code).json();
        if code == 0 {
            assert_eq!(value["introspection"]["contradictory"], true);
        } else {
            assert_eq!(value["error"]["exit"], code, "{switches:?}");
        }
        for switch in switches {
            sandbox.unset(switch.split('=').next().expect("a switch"));
        }
        // Whatever it says, programs get the token as before.
        home.run(&["token", NAME]).ended(0);
    }
    let output = asked(&Home::signed_in(&sandbox), &[]).ended(2);
    assert!(
        output.stderr.contains("No introspection URL is known"),
        "{output:#?}"
    );
}

#[test]
fn l_10_without_a_terminal_a_third_party_gets_nothing_until_it_is_named() {
    let (provider, third) = (sandbox(&[]), sandbox(&["introspect.active=true"]));
    let home = home_with(&provider, &third.at("/introspect"));
    let host = third.url().trim_start_matches("https://").to_owned();
    let refused = |more: &[&str]| {
        let output = asked(&home, more).ended(5);
        let told = format!("This sends the token to {host}");
        assert!(output.stderr.contains(&told), "{output:#?}");
        let next = format!("add --send-to {host}");
        assert!(output.stderr.contains(&next), "{output:#?}");
    };
    refused(&[]);
    refused(&["--send-to", "127.0.0.1"]);
    let output = asked(&home, &["--json"]).ended(5);
    assert_eq!(output.json()["error"]["code"], "third-party");
    assert!(third.requests().is_empty());
    // Another authority's certificate is not trusted: nothing arrives, but it was tried.
    asked(&home, &["--send-to", &host]).ended(4);
    home.run(&["test", NAME, "--send-to", &host]).ended(2);
}
