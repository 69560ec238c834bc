//! Revocations that wait, at the command line: told truthfully, told again, dropped by hand (L-04).

use serde_json::json;

use crate::home::{Home, NAME, sandbox};

/// Puts every pause behind it.
fn let_time_pass(home: &Home) {
    let sql = rusqlite::Connection::open(home.root().join("data/vault.db")).expect("opens");
    let changed = sql.execute("UPDATE waiting SET next_at = next_at - 700000", []);
    assert!(changed.expect("changed") > 0);
}

#[test]
fn l_04_a_revocation_that_was_not_heard_is_not_claimed_and_waits() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let before = home.kept(NAME);
    sandbox.set("revocation=503").expect("a switch");
    let output = home.run(&["revoke", NAME, "--json"]).ended(4);
    assert_eq!(output.json()["error"]["code"], "revocation-waits");
    let told = output.json()["error"]["message"].to_string();
    assert!(
        told.contains("it will be told again (1 waiting), next try 20"),
        "{told}"
    );
    let kept = home.kept(NAME);
    assert_eq!(
        (kept.access, kept.refresh),
        (None, None),
        "out of reach here"
    );
    assert!(
        sandbox.accepts_refresh(before.refresh.as_deref().expect("one")),
        "and alive there"
    );
    home.run(&["token", NAME]).ended(3);

    // Everybody who looks is told, without a key and without the network.
    sandbox.clear_requests();
    let listed = home.run(&["list", "--json"]).ended(0).json();
    let waits = &listed["waiting_revocations"][0];
    assert_eq!(
        (
            &waits["connection"],
            &waits["tries"],
            &waits["reason"],
            &waits["page"]
        ),
        (&json!(NAME), &json!(1), &json!("status 503"), &json!(null))
    );
    let shown = home.run(&["show", NAME, "--json"]).ended(0).json();
    assert_eq!(shown["waiting_revocations"][0], *waits);
    for arguments in [vec!["list"], vec!["show", NAME], vec!["doctor"]] {
        let output = home.run(&arguments);
        let told = format!("{}{}", output.stdout, output.stderr);
        assert!(
            told.contains("did not hear the revocation (status 503)"),
            "{told}"
        );
    }
    let doctor = home.run(&["doctor", "--json"]).json();
    let checks = doctor["checks"].as_array().expect("checks");
    let check = checks.iter().find(|check| check["id"] == "revocations");
    assert_eq!(
        check.expect("a check")["run"],
        json!(["valetkey revoke --pending"])
    );
    assert!(sandbox.requests().is_empty());

    sandbox.unset("revocation");
    let told = home.run(&["revoke", "--pending", "--json"]).ended(0).json();
    assert_eq!(told["revocations"][0]["revoked"], true);
    assert!(!sandbox.accepts_refresh(before.refresh.as_deref().expect("one")));
    let listed = home.run(&["list", "--json"]).ended(0).json();
    assert_eq!(listed["waiting_revocations"], json!([]));
    let history = home.run(&["history", NAME]).ended(0);
    assert!(
        history.stdout.contains("put off") && history.stdout.contains("revoked"),
        "{history:#?}"
    );
    let again = home.run(&["revoke", "--pending"]).ended(0);
    assert!(again.stderr.contains("No revocation waits."), "{again:#?}");
}

#[test]
fn l_04_it_is_told_on_the_way_of_what_goes_over_the_network_anyway() {
    for way in [
        vec!["refresh", "--all-due"],
        vec!["revoke", "other"],
        vec!["revoke", NAME],
    ] {
        let sandbox = sandbox(&[]);
        let home = Home::signed_in(&sandbox);
        let first = home.kept(NAME).refresh.expect("one");
        home.run(&home.definition_of("other", &sandbox)).ended(0);
        home.login_by(&sandbox, &["login", "other"], sandbox.browser())
            .ended(0);
        sandbox.set("revocation=503").expect("a switch");
        home.run(&["revoke", NAME]).ended(4);
        sandbox.unset("revocation");
        // Not by those that only look, nor by a token that is at hand.
        let_time_pass(&home);
        sandbox.clear_requests();
        home.run(&["list"]).ended(0);
        home.run(&["token", "other"]).ended(0);
        assert!(sandbox.requests().is_empty());
        home.run(&way).ended(0);
        assert!(!sandbox.accepts_refresh(&first), "{way:?}");
        let listed = home.run(&["list", "--json"]).ended(0).json();
        assert_eq!(listed["waiting_revocations"], json!([]), "{way:?}");
    }
}

#[test]
fn l_04_refresh_all_due_leaves_what_is_not_due_and_tells_what_still_waits() {
    let sandbox = sandbox(&["revocation=503"]);
    let home = Home::signed_in(&sandbox);
    home.run(&["revoke", NAME]).ended(4);
    sandbox.clear_requests();
    let output = home.run(&["refresh", "--all-due"]).ended(0);
    assert!(output.stderr.contains("Nothing is due."), "{output:#?}");
    assert!(sandbox.requests().is_empty());
    let_time_pass(&home);
    let output = home.run(&["refresh", "--all-due", "--json"]).ended(4);
    assert_eq!(output.json()["revocations"][0]["revoked"], false);
    assert_eq!(output.json()["revocations"][0]["tries"], 2);
}

#[test]
fn l_04_l_06_revoke_and_delete_keeps_what_is_needed_to_tell_the_provider() {
    let sandbox = sandbox(&["revocation=503"]);
    let home = Home::signed_in(&sandbox);
    let refresh = home.kept(NAME).refresh.expect("one");
    let output = home.run(&["remove", NAME, "--revoke"]).ended(4);
    assert!(
        output.stderr.contains(&format!("Deleted {NAME} here.")),
        "{output:#?}"
    );
    assert!(
        output.stderr.contains("it will be told again (1 waiting)"),
        "{output:#?}"
    );
    let listed = home.run(&["list", "--json"]).ended(0).json();
    assert_eq!(listed["connections"], json!([]));
    assert_eq!(listed["waiting_revocations"][0]["connection"], NAME);
    // By its name, though the connection is gone.
    home.run(&["revoke", NAME]).ended(4);
    sandbox.unset("revocation");
    home.run(&["revoke", NAME]).ended(0);
    assert!(!sandbox.accepts_refresh(&refresh));
    home.run(&["revoke", NAME]).ended(2);
}

#[test]
fn l_04_a_person_drops_it_by_hand_and_hears_that_it_may_live() {
    let sandbox = sandbox(&["revocation=503"]);
    let home = Home::signed_in(&sandbox);
    let refresh = home.kept(NAME).refresh.expect("one");
    home.run(&["revoke", NAME, "--drop"]).ended(2);
    home.run(&["revoke", NAME]).ended(4);
    let output = home.run(&["revoke", NAME, "--drop"]).ended(0);
    assert!(
        output.stderr.contains("may stay valid there"),
        "{output:#?}"
    );
    assert!(sandbox.accepts_refresh(&refresh));
    sandbox.clear_requests();
    home.run(&["revoke", "--pending"]).ended(0);
    assert!(sandbox.requests().is_empty());
    home.run(&["revoke"]).ended(2);
    home.run(&["revoke", NAME, "--pending"]).ended(2);
}

#[test]
fn l_04_retry_after_is_kept_and_told() {
    let sandbox = sandbox(&["revocation=503", "retry_after=7200"]);
    let home = Home::signed_in(&sandbox);
    home.run(&["revoke", NAME]).ended(4);
    sandbox.unset("revocation");
    sandbox.clear_requests();
    for arguments in [vec!["revoke", "--pending"], vec!["revoke", NAME]] {
        let output = home.run(&arguments).ended(4);
        assert!(output.stderr.contains("next try 20"), "{output:#?}");
    }
    assert!(sandbox.requests().is_empty());
}

#[test]
fn l_04_the_agent_tells_it_when_its_time_has_come() {
    let sandbox = sandbox(&["revocation=503"]);
    let home = Home::signed_in(&sandbox);
    let refresh = home.kept(NAME).refresh.expect("one");
    home.run(&["revoke", NAME]).ended(4);
    sandbox.unset("revocation");
    sandbox.clear_requests();
    let agent = home.agent();
    agent.status();
    assert!(sandbox.requests().is_empty(), "not before its time");
    // It sees the change of the vault and looks.
    let_time_pass(&home);
    while sandbox.accepts_refresh(&refresh) {
        std::thread::yield_now();
    }
    let waits = || home.run(&["list", "--json"]).ended(0).json()["waiting_revocations"].take();
    while waits() != json!([]) {
        std::thread::yield_now();
    }
    drop(agent);
}

#[test]
fn d12_l_03_an_access_token_that_cannot_be_revoked_is_told_with_its_end() {
    let sandbox = sandbox(&["revocation=unsupported_token_type"]);
    let home = Home::signed_in(&sandbox);
    let output = home.run(&["revoke", NAME]).ended(0);
    let words = "The access token cannot be revoked; it stays valid until 20";
    assert!(
        output.stderr.contains("The refresh token is revoked at") && output.stderr.contains(words),
        "{output:#?}"
    );
    let home = Home::signed_in(&sandbox);
    let told = home.run(&["revoke", NAME, "--json"]).ended(0).json();
    assert_eq!(told["access_token_lives"], true);
    assert!(
        told["access_token_until"]
            .as_str()
            .is_some_and(|at| at.starts_with("20") && at.ends_with('Z'))
    );
}
