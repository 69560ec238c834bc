//! `refresh --all-due`: one request for each that is due, none for the others.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::home::{Home, NAME, sandbox};

/// Connections beside the first one, each signed in as its own.
const MORE: usize = 12;

fn name(number: usize) -> String {
    format!("{NAME}-{number:02}")
}

/// Makes the tokens of these connections an hour old.
fn make_due(home: &Home, names: &[String]) {
    let sql = rusqlite::Connection::open(home.root().join("data/vault.db")).expect("opens");
    for name in names {
        let update =
            "UPDATE grants SET issued_at = issued_at - 7200, expires_at = expires_at - 7200
            WHERE connection = (SELECT id FROM connection WHERE name = ?1)";
        assert_eq!(sql.execute(update, [name]).expect("changed"), 1, "{name}");
    }
}

/// A home with many connections: each its own sign-in at the same provider.
fn crowd(sandbox: &valetkey::sandbox::SandboxThread) -> (Home, Vec<String>) {
    let home = Home::new();
    let names: Vec<String> = (0..MORE).map(name).collect();
    for name in &names {
        home.run(&home.definition_of(name, sandbox)).ended(0);
        home.login_by(sandbox, &["login", name], sandbox.browser())
            .ended(0);
    }
    sandbox.clear_requests();
    (home, names)
}

#[test]
fn j_17_each_due_connection_sends_one_request_and_no_other_any() {
    let sandbox = sandbox(&[]);
    let (home, names) = crowd(&sandbox);
    let (due, fresh) = names.split_at(7);
    let (revoked, due) = due.split_last().expect("some");
    home.run(&["revoke", revoked]).ended(0);
    let before: Vec<_> = names.iter().map(|name| home.kept(name).refresh).collect();
    make_due(&home, due);
    sandbox.clear_requests();

    let output = home.run(&["refresh", "--all-due"]).ended(0);
    assert_eq!(output.stdout, "");
    let mut lines: Vec<&str> = output.stderr.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines.len(), due.len(), "{output:#?}");
    for (line, name) in lines.iter().zip(due) {
        assert!(line.starts_with(&format!("Refreshed {name}. ")), "{line}");
    }
    let spent: Vec<String> = sandbox
        .requests_to("/token")
        .iter()
        .map(|request| {
            request
                .form()
                .get("refresh_token")
                .expect("a refresh")
                .to_owned()
        })
        .collect();
    assert_eq!(spent.len(), due.len());
    let expected: BTreeSet<String> = before.iter().take(due.len()).flatten().cloned().collect();
    assert_eq!(spent.into_iter().collect::<BTreeSet<_>>(), expected);
    for (name, before) in fresh.iter().zip(&before[7..]) {
        assert_eq!(&home.kept(name).refresh, before, "{name} was left alone");
    }

    // Now nothing is due: no request, and not even a key.
    sandbox.clear_requests();
    let mut command = home.command(&["refresh", "--all-due", "--json"]);
    let again = crate::home::run(command.env_remove("VALETKEY_PASSPHRASE_FILE")).ended(0);
    assert_eq!(
        again.json(),
        serde_json::json!({"version": 1, "connections": [], "revocations": []})
    );
    assert!(again.stderr.contains("Nothing is due."), "{again:#?}");
    assert!(sandbox.requests().is_empty());
}

#[test]
fn j_17_the_worst_outcome_is_the_exit_code_and_json_tells_each() {
    let sandbox = sandbox(&[]);
    let (home, names) = crowd(&sandbox);
    let due = &names[..3];
    make_due(&home, due);
    // Whichever is asked second is ended, whichever third has no luck; the first goes well.
    sandbox.once("/token", &[]).expect("switches");
    sandbox
        .once("/token", &["token_error=invalid_grant"])
        .expect("switches");
    sandbox
        .once("/token", &["token_unavailable=503"])
        .expect("switches");
    let output = home.run(&["refresh", "--all-due", "--json"]).ended(3);
    let value = output.json();
    let told = value["connections"].as_array().expect("a list");
    let told_names: Vec<&str> = told.iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(told_names, due, "sorted");
    let mut codes: Vec<&Value> = told.iter().map(|one| &one["error"]["exit"]).collect();
    codes.sort_by_key(|code| code.as_u64());
    assert_eq!(codes, [&Value::Null, &Value::from(3), &Value::from(4)]);
    for one in told {
        assert_eq!(one["refreshed"], one["error"].is_null());
        assert!(
            one["expires_at"].is_string() && one["id"].is_string(),
            "{one}"
        );
    }
    assert_eq!(output.stderr.lines().count(), 3, "{output:#?}");
    // The one without luck is still due, the ended one is not asked about again.
    sandbox.clear_requests();
    home.run(&["refresh", "--all-due"]).ended(0);
    assert_eq!(sandbox.requests_to("/token").len(), 1);
}

#[test]
fn refresh_wants_a_name_or_all_due_and_not_both() {
    let home = Home::new();
    home.run(&["refresh"]).ended(2);
    home.run(&["refresh", NAME, "--all-due"]).ended(2);
    home.run(&["refresh", "--all-due"]).ended(0);
}
