//! `token`: what other programs get, and when it comes with a code instead.

use std::process::Stdio;

use serde_json::json;

use crate::home::{Home, NAME, run, sandbox};

#[test]
fn y_10_the_token_and_nothing_else_is_printed() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    for _ in 0..2 {
        let output = home.run(&["token", NAME]);
        assert_eq!(output.stderr, "");
        assert!(sandbox.accepts_access(&output.token()));
    }
    assert!(
        sandbox.requests().is_empty(),
        "a valid token needs no network"
    );
}

/// The marks of tokens in a log, in order.
fn marks(log: &str) -> Vec<String> {
    let mut found = Vec::new();
    for word in log.split("token=\"").skip(1) {
        found.extend(word.split_once('"').map(|(mark, _)| mark.to_owned()));
    }
    found
}

#[test]
fn x_03_the_log_names_a_token_by_a_mark_that_every_command_gives_it() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let told = |arguments: &[&str]| {
        let mut command = home.command(arguments);
        // The log is what is looked at here, and goes to nobody's file.
        command.env_remove("VALETKEY_DEBUG_LOG");
        let output = crate::home::run(&mut command).ended(0);
        (marks(&output.stderr), output)
    };
    let give = ["token", NAME, "--verbose"];
    let (first, output) = told(&give);
    let [mark] = &first[..] else {
        panic!("{output:#?}");
    };
    assert!(mark.starts_with("tok:") && mark.len() == 8, "{mark}");
    assert_eq!(told(&give).0, first, "the same token in another process");

    let (renewed, output) = told(&["refresh", NAME, "--verbose"]);
    assert_eq!(renewed.len(), 1, "{output:#?}");
    assert_eq!(told(&give).0, renewed, "the new token from then on");

    for kept in [home.kept(NAME).access, home.kept(NAME).refresh] {
        let beginning = &kept.expect("a token")[..8];
        assert!(!output.stderr.contains(beginning), "{}", output.stderr);
    }
}

#[test]
fn the_forms_for_headers_and_shells() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let token = home.run(&["token", NAME]).token();
    let header = home.run(&["token", NAME, "--header"]).ended(0);
    assert_eq!(header.stdout, format!("Authorization: Bearer {token}\n"));
    let line = home.run(&["token", NAME, "--env", "MY_TOKEN"]).ended(0);
    assert_eq!(line.stdout, format!("MY_TOKEN='{token}'\n"));
    for bad in ["1X", "A-B", "", "A=B", "A;rm"] {
        let output = home.run(&["token", NAME, "--env", bad]).ended(2);
        assert_eq!(output.stdout, "", "{bad}");
    }
    home.run(&["token", NAME, "--env", "X", "--header"])
        .ended(2);
    home.run(&["token", NAME, "--json", "--header"]).ended(2);
}

#[test]
fn y_14_the_json_form_has_its_promised_shape() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let value = home.run(&["token", NAME, "--json"]).ended(0).json();
    let token = home.run(&["token", NAME]).token();
    let expires_at = value["expires_at"].as_str().expect("a time").to_owned();
    assert!(expires_at.ends_with('Z'), "{expires_at}");
    assert_eq!(
        value,
        json!({
            "version": 1, "connection": NAME, "access_token": token, "token_type": "Bearer",
            "expires_at": expires_at, "scopes": ["profile", "items:read"], "resources": [],
            "binding": null, "refreshed": false,
        })
    );
}

#[test]
fn y_12_min_valid_renews_and_falls_back_on_what_is_left() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let first = home.run(&["token", NAME, "--min-valid", "60"]).token();
    let output = home.run(&["token", NAME, "--min-valid", "7200"]);
    assert_eq!(
        output.token(),
        first,
        "one just issued is not renewed again"
    );
    home.age(60);
    let second = home.run(&["token", NAME, "--min-valid", "7200"]).token();
    assert_ne!(first, second);
    home.age(60);
    sandbox.set("token_unavailable=503").expect("a switch");
    let output = home.run(&["token", NAME, "--min-valid", "7200"]);
    assert!(output.stderr.contains("the refresh failed"), "{output:#?}");
    assert_eq!(output.token(), second);
}

#[test]
fn y_11_every_failure_has_its_own_code_and_one_next_step() {
    let sandbox = sandbox(&["expires_in=0"]);
    let home = Home::with(&sandbox);
    let told = |arguments: &[&str], code: i32, sentence: &str| {
        let output = home.run(arguments).ended(code);
        assert_eq!(output.stdout, "");
        assert!(output.stderr.contains(sentence), "{sentence}: {output:#?}");
    };
    told(&["token", "practise"], 2, "Did you mean: practice?");
    told(&["token", NAME], 3, "run: valetkey login practice");
    home.login(&sandbox).ended(0);
    sandbox.set("token_unavailable=503").expect("a switch");
    told(&["token", NAME], 4, "status 503");
    sandbox.unset("token_unavailable");
    sandbox.set("token_drop=undone").expect("a switch");
    told(&["token", NAME], 4, "No usable answer came from");
    sandbox.unset("token_drop");
    sandbox.set("token_error=invalid_client").expect("a switch");
    home.run(&["refresh", NAME]).ended(7);
    sandbox.unset("token_error");
    home.run(&["refresh", NAME]).ended(0);
    sandbox.revoke_all();
    told(&["token", NAME], 3, "The provider ended this sign-in");
}

#[test]
fn i7_names_are_keys_and_never_paths_or_options() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    for name in ["nobody", "", "-x", "../vault.db", "pract"] {
        let output = home.run(&["token", name]).ended(2);
        assert_eq!(output.stdout, "", "{name}");
        assert!(!output.stderr.is_empty());
    }
    let output = home.run(&["token", "pract"]).ended(2);
    assert!(
        output.stderr.contains("Did you mean: practice?"),
        "{output:#?}"
    );
    home.run(&["token", "PRACTICE"]).token();
}

#[test]
fn failing_json_commands_tell_the_error_on_both_streams() {
    let home = Home::new();
    for arguments in [
        vec!["token", "nobody", "--json"],
        vec!["show", "nobody", "--json"],
        vec!["test", "nobody", "--json"],
        vec!["refresh", "nobody", "--json"],
        vec!["revoke", "nobody", "--json"],
    ] {
        let output = home.run(&arguments).ended(2);
        let error = &output.json()["error"];
        assert_eq!(output.json()["version"], 1);
        assert_eq!(
            (&error["code"], &error["exit"]),
            (&json!("unknown-connection"), &json!(2))
        );
        assert!(
            output
                .stderr
                .contains(error["message"].as_str().expect("a message"))
        );
        assert!(error["hint"].is_string());
    }
}

#[test]
fn i8_a_reader_that_is_gone_is_an_exit_code_and_no_panic() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    home.run(&["token", NAME]).token();
    for arguments in [
        vec!["token", NAME],
        vec!["token", NAME, "--json"],
        vec!["list"],
        vec!["presets"],
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = home.command(&arguments);
        let output = command
            .stdout(Stdio::from(writer))
            .stderr(Stdio::piped())
            .output();
        let output = output.expect("starts");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("panic"));
    }
}

#[test]
fn v_04_no_secret_is_in_an_argument_or_the_environment_of_any_process() {
    let sandbox = sandbox(&["token_hold=on"]);
    let home = Home::with(&sandbox);
    let mut running = home.start(&["login", NAME]);
    let url = running.opened().expect("opened");
    let (authorize, cookie) = crate::web::follow(&url);
    let callback = sandbox
        .approve(&authorize, &valetkey::sandbox::Approval::default())
        .expect("approved");
    let approved = crate::web::Approved { callback, cookie };
    let page = std::thread::spawn(move || approved.deliver(&approved.callback));
    // The exchange is under way: the worker process is alive.
    sandbox.wait_until_held(1);
    let mut seen = 0;
    for entry in std::fs::read_dir("/proc").expect("processes").flatten() {
        let text = |file: &str| std::fs::read(entry.path().join(file)).unwrap_or_default();
        let command = String::from_utf8_lossy(&text("cmdline")).into_owned();
        seen += usize::from(command.contains("__worker"));
        let all = command + &String::from_utf8_lossy(&text("environ"));
        for secret in sandbox.secrets_issued() {
            assert!(!all.contains(&secret), "in {}", entry.path().display());
        }
    }
    assert!(seen > 0, "the worker was looked at");
    sandbox.release(1);
    page.join().expect("answered");
    running.end().ended(0);
}

#[test]
fn y_13_without_a_sign_in_no_browser_is_opened() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    let mut running = home.start(&["token", NAME]);
    assert_eq!(running.opened(), None);
    running.end().ended(3);
    assert!(sandbox.requests().is_empty());
}

#[test]
fn after_a_restart_the_token_still_works() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let first = home.run(&["token", NAME]).token();
    sandbox.advance(7200);
    assert!(!sandbox.accepts_access(&first));
    home.run(&["refresh", NAME]).ended(0);
    let second = run(&mut home.command(&["token", NAME])).token();
    assert!(sandbox.accepts_access(&second));
}

#[test]
fn j_11_a_moved_clock_is_said_once_and_the_token_rechecked() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let first = home.run(&["token", NAME]).token();
    let sql = rusqlite::Connection::open(home.root().join("data/vault.db")).expect("opens");
    // As if the clock had been a day ahead when the token was issued.
    let later = "UPDATE grants SET issued_at = issued_at + 86400, expires_at = expires_at + 86400";
    assert_eq!(sql.execute(later, []).expect("changed"), 1);
    drop(sql);
    let output = home.run(&["token", NAME]);
    let said = "System clock moved; tokens rechecked.";
    assert!(output.stderr.contains(said), "{output:#?}");
    let second = output.token();
    assert_ne!(first, second);
    let again = home.run(&["token", NAME]);
    assert!(!again.stderr.contains(said), "{again:#?}");
    assert_eq!(again.token(), second);
    assert_eq!(sandbox.requests_to("/token").len(), 1);
}

#[test]
fn j_12_a_clock_far_from_the_providers_is_said_by_whoever_asked_it() {
    let sandbox = sandbox(&["date_skew=420"]);
    let home = Home::with(&sandbox);
    let said = "Your clock is 7 min behind the provider.";
    let login = home.login(&sandbox).ended(0);
    assert!(login.stderr.contains(said), "{login:#?}");
    let refresh = home.run(&["refresh", NAME]).ended(0);
    assert!(refresh.stderr.contains(said), "{refresh:#?}");
    home.age(7200);
    let token = home.run(&["token", NAME]);
    assert!(token.stderr.contains(said), "{token:#?}");
    token.token();
    // Nobody was asked.
    let token = home.run(&["token", NAME]);
    assert_eq!(token.stderr, "");
    sandbox.set("date_skew=0").expect("a switch");
    let refresh = home.run(&["refresh", NAME]).ended(0);
    assert!(!refresh.stderr.contains("Your clock"), "{refresh:#?}");
}

#[test]
fn y_16_c_02_a_token_is_given_only_for_a_resource_it_was_issued_for() {
    let sandbox = sandbox(&[]);
    let home = Home::new();
    let mut definition = home.definition(&sandbox);
    definition.extend(["--resource".to_owned(), "https://api.example/".to_owned()]);
    home.run(&definition).ended(0);
    home.login(&sandbox).ended(0);
    let token = home.run(&["token", NAME]).token();
    let same = home.run(&["token", NAME, "--resource", "https://api.example/"]);
    assert_eq!(same.token(), token);
    for other in ["https://api.exarnple.com/", "https://api.example", ""] {
        let refused = home.run(&["token", NAME, "--resource", other]).ended(2);
        assert_eq!(refused.stdout, "");
        assert!(
            refused.stderr.contains("https://api.example/"),
            "{refused:#?}"
        );
    }
}
