//! `doctor`: what it finds, what it says to run, and what it never says.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::Value;

use crate::home::{Home, NAME, Output, run, sandbox};

/// The check with this id.
#[track_caller]
fn check<'a>(report: &'a Value, id: &str) -> &'a Value {
    let checks = report["checks"].as_array().expect("checks");
    let found = checks.iter().find(|check| check["id"] == id);
    found.unwrap_or_else(|| panic!("no {id} in {report:#}"))
}

#[track_caller]
fn said(report: &Value, id: &str, state: &str, words: &str) {
    let check = check(report, id);
    assert_eq!(check["state"], state, "{check:#}");
    let told = check["words"].as_str().expect("words");
    assert!(told.contains(words), "no {words:?} in {told:?}");
}

fn report(home: &Home, arguments: &[&str], code: i32) -> Value {
    let mut all = vec!["doctor", "--json"];
    all.extend(arguments);
    let report = home.run(&all).ended(code).json();
    assert_eq!(report["version"], 1);
    report
}

/// The report as text, from a session that knows its user's name.
fn text(home: &Home, arguments: &[&str]) -> Output {
    let mut command = home.command(&["doctor"]);
    command.args(arguments).env("USER", "ada-the-user");
    run(&mut command)
}

#[test]
fn design_7_a_sound_home_needs_no_fix_and_no_network() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let before = sandbox.connections();
    let report = report(&home, &[], 0);
    said(
        &report,
        "vault",
        "ok",
        "passphrase slot, format 1, last write",
    );
    // The sealed home has no session bus, and its vault needs none.
    said(&report, "keychain", "ok", "There is no keychain here.");
    for folder in ["config", "data", "state", "run"] {
        said(&report, folder, "ok", folder);
    }
    said(&report, "environment", "ok", "BROWSER is set");
    said(
        &report,
        "agent",
        "ok",
        "not running; programs get tokens from the vault",
    );
    assert_eq!(sandbox.connections(), before, "nobody was called");
}

#[test]
fn y_07_how_the_agent_stands_is_told() {
    let home = Home::new();
    let _agent = home.agent();
    said(
        &report(&home, &[], 0),
        "agent",
        "ok",
        "holds the vault open",
    );
    home.run(&["vault", "lock"]).ended(0);
    let found = report(&home, &[], 0);
    said(&found, "agent", "warn", "programs get no token until");
    let run = &check(&found, "agent")["run"];
    assert_eq!(run[0], "valetkey vault unlock");
    let lines = text(&home, &[]).ended(0).stdout;
    assert!(
        lines.contains("warn  agent        running, and locked"),
        "{lines}"
    );
    home.run(&["agent", "stop"]).ended(0);
    said(&report(&home, &[], 0), "agent", "ok", "not running");
}

#[test]
fn design_7_before_the_first_start_nothing_is_made() {
    let home = Home::empty();
    let report = report(&home, &[], 0);
    said(&report, "vault", "ok", "none yet");
    said(&report, "keychain", "warn", "There is no keychain here.");
    let run = &check(&report, "keychain")["run"];
    assert_eq!(run[0], "valetkey vault init --passphrase");
    assert!(check(&report, "vault")["run"].is_null());
    assert!(!home.root().exists());
}

#[test]
fn u_02_an_open_folder_is_named_with_the_command_that_closes_it() {
    let home = Home::new();
    let state = home.root().join("state");
    fs::set_permissions(&state, fs::Permissions::from_mode(0o755)).expect("opened");
    let found = report(&home, &[], 1);
    said(&found, "state", "fix", "is open to other users");
    let command = check(&found, "state")["run"][0]
        .as_str()
        .expect("a command");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).env("HOME", home.path());
    assert!(shell.status().expect("a shell").success());
    report(&home, &[], 0);
}

#[test]
fn u_02_a_folder_reached_through_a_link_is_named() {
    let home = Home::new();
    let state = home.root().join("state");
    let elsewhere = home.path().join("elsewhere");
    fs::rename(&state, &elsewhere).expect("moved");
    std::os::unix::fs::symlink(&elsewhere, &state).expect("a link");
    said(&report(&home, &[], 1), "state", "fix", "is a symbolic link");
}

#[test]
fn u_07_a_damaged_vault_is_said_and_the_rest_is_still_looked_at() {
    let home = Home::new();
    let file = home.root().join("data/vault.db");
    let mut bytes = fs::read(&file).expect("a vault");
    bytes[..16].copy_from_slice(&[0x5a; 16]);
    fs::write(&file, bytes).expect("damaged");
    let found = report(&home, &[NAME], 1);
    said(&found, "vault", "fix", "damaged");
    said(&found, "data", "ok", "data");
    let lines = text(&home, &[]).ended(1).stdout;
    assert!(
        lines.starts_with("fix   vault        The vault is damaged"),
        "{lines}"
    );
}

#[test]
fn u_07_damage_in_a_single_row_is_said() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let sql = rusqlite::Connection::open(home.root().join("data/vault.db")).expect("opens");
    let changed = sql.execute("UPDATE grants SET expiry = 'rubbish'", []);
    assert_eq!(changed.expect("changed"), 1);
    drop(sql);
    said(&report(&home, &[], 1), "vault", "fix", "damaged");
}

#[test]
fn j_14_a_vault_from_elsewhere_is_told() {
    let home = Home::new();
    let file = home.root().join("data/vault.db");
    let copy = home.path().join("copy");
    fs::copy(&file, &copy).expect("copied");
    fs::rename(&copy, &file).expect("put back");
    said(
        &report(&home, &[], 0),
        "vault",
        "warn",
        "restored from a copy",
    );
}

#[test]
fn j_11_a_clock_behind_the_vault_is_told_without_a_network() {
    let home = Home::new();
    let sql = rusqlite::Connection::open(home.root().join("data/vault.db")).expect("opens");
    let later = "UPDATE vault SET last_write = unixepoch() + 300000";
    assert_eq!(sql.execute(later, []).expect("changed"), 1);
    drop(sql);
    said(
        &report(&home, &[], 0),
        "time",
        "warn",
        "3 days behind the vault's last write",
    );
}

#[test]
fn j_12_ft_27_the_clock_is_compared_with_the_providers() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let found = report(&home, &[NAME], 0);
    said(&found, "clock", "ok", "from the provider");
    said(&found, "reach", "ok", "answered in");
    said(&found, "sign-in", "ok", "");
    for (skew, words) in [
        ("date_skew=600", "Your clock is 10 min behind the provider."),
        (
            "date_skew=-600",
            "Your clock is 10 min ahead of the provider.",
        ),
    ] {
        sandbox.set(skew).expect("a switch");
        said(&report(&home, &[NAME], 0), "clock", "warn", words);
    }
    for request in sandbox.requests() {
        let asked = (request.method.as_str(), request.path());
        let known = [("HEAD", "/"), ("GET", "/authorize"), ("POST", "/token")];
        assert!(known.contains(&asked), "{asked:?}");
        assert!(request.body.is_empty() && !request.target.contains('?'));
    }
}

#[test]
fn a_provider_out_of_reach_and_a_sign_in_that_ended_are_told() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    drop(sandbox);
    let found = report(&home, &[NAME], 1);
    said(&found, "reach", "fix", "was not reached");
    said(&found, "sign-in", "fix", "Nobody has signed in yet.");
    assert_eq!(
        check(&found, "sign-in")["run"][0],
        "valetkey login practice"
    );
    let unknown = home.run(&["doctor", "nobody", "--json"]).ended(2).json();
    assert_eq!(unknown["error"]["code"], "unknown-connection");
}

#[test]
fn x_04_a_report_can_be_pasted_in_public() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let kept = home.kept(NAME);
    let connection = kept.connection();
    let account = connection
        .grant
        .as_ref()
        .and_then(|grant| grant.account.as_ref());
    let account = account.expect("an account").label.raw().to_owned();
    let secrets = sandbox.secrets_issued();
    let host = sandbox.url().trim_start_matches("https://").to_owned();

    let plain = text(&home, &[NAME]).ended(0).stdout;
    assert!(plain.contains(&host), "{plain}");
    let veiled = text(&home, &[NAME, "--anonymous"]).ended(0).stdout;
    assert!(veiled.contains("host-1"), "{veiled}");
    let json = text(&home, &[NAME, "--anonymous", "--json"])
        .ended(0)
        .stdout;
    for text in [&plain, &veiled, &json] {
        assert!(secrets.len() >= 3);
        for secret in secrets.iter().filter(|secret| secret.len() >= 8) {
            assert!(!text.contains(secret.as_str()), "{text}");
        }
        assert!(!text.contains(&account), "{text}");
        // The way to the home tells a name as well.
        assert!(
            !text.contains(home.path().to_str().expect("text")),
            "{text}"
        );
    }
    for text in [&veiled, &json] {
        for name in [
            host.as_str(),
            "127.0.0.1",
            "valetkey-practice",
            NAME,
            "ada-the-user",
        ] {
            assert!(!text.contains(name), "{name} in {text}");
        }
    }

    // A command to run names the connection.
    let unused = Home::with(&sandbox);
    let plain = text(&unused, &[NAME]).ended(1).stdout;
    assert!(plain.contains("valetkey login practice"), "{plain}");
    let veiled = text(&unused, &[NAME, "--anonymous"]).ended(1).stdout;
    assert!(veiled.contains("valetkey login NAME"), "{veiled}");
    assert!(!veiled.contains(NAME), "{veiled}");
}

#[test]
fn a_scope_that_was_never_granted_is_told() {
    let sandbox = sandbox(&["granted_scope=profile"]);
    let home = Home::signed_in(&sandbox);
    let found = report(&home, &[NAME], 0);
    said(&found, "scopes", "warn", "not granted: items:read");
    assert_eq!(check(&found, "scopes")["run"][0], "valetkey login practice");
}

#[test]
fn u_10_sockets_lie_in_the_users_own_runtime_folder_or_below_the_state() {
    let home = Home::empty();
    let run_folder = |runtime: Option<&str>| {
        let mut command = home.command(&["paths", "--json"]);
        command
            .env_remove("VALETKEY_HOME")
            .env_remove("XDG_RUNTIME_DIR");
        if let Some(runtime) = runtime {
            command.env("XDG_RUNTIME_DIR", runtime);
        }
        let paths = run(&mut command).ended(0).json();
        let below_state = format!("{}/run", paths["state"].as_str().expect("a path"));
        (
            paths["run"].as_str().expect("a path").to_owned(),
            below_state,
        )
    };
    let (run, _) = run_folder(Some("/run/user/1000"));
    assert_eq!(run, "/run/user/1000/valetkey");
    // Unset, empty or relative: never a shared folder for temporary files.
    for runtime in [None, Some(""), Some("tmp"), Some("./x")] {
        let (run, below_state) = run_folder(runtime);
        assert_eq!(run, below_state, "{runtime:?}");
        assert!(run.starts_with(home.path().to_str().expect("text")));
    }
}
