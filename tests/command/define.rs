//! `add`, `edit`, `rename`, `presets`: definitions from flags.

use serde_json::json;

use crate::home::{Home, NAME, sandbox};

#[test]
fn everything_missing_is_listed_at_once() {
    let home = Home::new();
    let output = home.run(&["add", "--no-input"]).ended(2);
    for flag in [
        "--client-id",
        "--token-url",
        "--authorization-url or --device-url",
    ] {
        assert!(
            output.stderr.contains(&format!("{flag} is missing")),
            "{output:#?}"
        );
    }
    assert_eq!(output.stdout, "");
    let output = home
        .run(&[
            "add",
            "--no-input",
            "--client-id",
            "x",
            "--token-url",
            "http://example.com/t",
            "--authorization-url",
            "https://example.com/a#f",
            "--auth",
            "magic",
            "--quirk",
            "odd",
            "--redirect-uri",
            "ftp://x",
            "--resource",
            "not an address",
            "--name",
            "../x",
            "--param",
            "state=1",
            "--issuer",
            "http://example.com",
        ])
        .ended(2);
    for what in [
        "--token-url:",
        "--authorization-url:",
        "--auth:",
        "--quirk odd",
        "--redirect-uri:",
        "--resource",
        "--name:",
        "--param state=1",
        "--issuer:",
    ] {
        assert!(output.stderr.contains(what), "{what}: {output:#?}");
    }
    assert_eq!(
        home.run(&["list", "--json"]).json()["connections"],
        json!([])
    );
}

#[test]
fn a_definition_from_flags_is_saved_without_signing_in() {
    let sandbox = sandbox(&[]);
    let home = Home::new();
    let mut flags = home.definition(&sandbox);
    flags.push("--json".to_owned());
    let added = home.run(&flags).ended(0).json();
    assert_eq!(added["version"], 1);
    assert_eq!(added["name"], NAME);
    assert_eq!(added["health"], "needs sign-in");
    assert_eq!(added["reason"], "never-signed-in");
    assert_eq!(added["endpoints"]["token"], sandbox.at("/token"));
    assert_eq!(
        added["scopes"]["requested"],
        json!(["profile", "items:read"])
    );
    assert!(sandbox.requests().is_empty());
}

#[test]
fn f1_a_taken_name_is_refused_in_any_case() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    let mut flags = home.definition(&sandbox);
    let place = flags
        .iter()
        .position(|flag| flag == NAME)
        .expect("the name");
    flags[place] = NAME.to_uppercase();
    let output = home.run(&flags).ended(2);
    assert!(output.stderr.contains("This name is taken"), "{output:#?}");
}

#[test]
fn a_name_is_found_for_a_preset_that_is_connected_already() {
    let home = Home::new();
    for expected in ["linear", "linear-2"] {
        let output = home.run(&[
            "add",
            "linear",
            "--client-id",
            "abc",
            "--no-input",
            "--json",
        ]);
        assert_eq!(output.ended(0).json()["name"], expected);
    }
}

#[test]
fn unknown_presets_come_with_candidates() {
    let home = Home::new();
    let output = home.run(&["add", "githb", "--no-input"]).ended(2);
    assert!(
        output.stderr.contains("There is no preset named githb."),
        "{output:#?}"
    );
    let output = home.run(&["add", "lin", "--no-input"]).ended(2);
    assert!(output.stderr.contains("linear"), "{output:#?}");
}

#[test]
fn a_03_reserved_parameters_are_refused() {
    let sandbox = sandbox(&[]);
    let home = Home::new();
    for name in [
        "state",
        "STATE",
        "redirect_uri",
        "code_challenge",
        "%73tate",
        "client_id",
        "nonce",
    ] {
        let mut flags = home.definition(&sandbox);
        flags.extend(["--param".to_owned(), format!("authorize:{name}=x")]);
        let output = home.run(&flags).ended(2);
        assert!(output.stderr.contains("--param"), "{name}: {output:#?}");
    }
}

#[test]
fn a_09_plain_http_is_for_this_machine_and_on_request_only() {
    let home = Home::new();
    let add = |base: &str, more: &[&str]| {
        let (authorize, token) = (format!("{base}/a"), format!("{base}/t"));
        let mut flags = vec![
            "add",
            "--no-input",
            "--client-id",
            "x",
            "--authorization-url",
            &authorize,
            "--token-url",
            &token,
        ];
        flags.extend(more);
        home.run(&flags)
    };
    add("http://example.com", &[]).ended(2);
    add("http://example.com", &["--dev-http"]).ended(2);
    add("http://127.0.0.1:9", &[]).ended(2);
    add("http://127.0.0.1:9", &["--dev-http"]).ended(0);
    add("https://user@example.com", &[]).ended(2);
}

#[test]
fn rename_and_edit_change_the_definition() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    home.run(&["rename", NAME, "other"]).ended(0);
    home.run(&["show", NAME]).ended(2);
    home.run(&[
        "edit",
        "other",
        "scope=profile",
        "client-id=valetkey-practice",
    ])
    .ended(0);
    let shown = home.run(&["show", "OTHER", "--json"]).ended(0).json();
    assert_eq!(shown["name"], "other");
    assert_eq!(shown["scopes"]["requested"], json!(["profile"]));
    assert_eq!(shown["health"], "untested", "a scope parks nothing");
    home.run(&["rename", "other", "../x"]).ended(2);
    let output = home
        .run(&[
            "edit",
            "other",
            "colour=red",
            "token-url=ftp://x",
            "secret=x",
            "name=y",
            "nothing",
        ])
        .ended(2);
    for what in ["colour:", "token-url:", "secret:", "name:", "nothing:"] {
        assert!(output.stderr.contains(what), "{what}: {output:#?}");
    }
}

#[test]
fn g_07_an_edited_address_parks_the_sign_in_and_says_so() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let elsewhere = format!("token-url={}", sandbox.at("/elsewhere"));
    let output = home.run(&["edit", NAME, &elsewhere]).ended(0);
    assert!(
        output.stderr.contains("the old tokens are not sent there"),
        "{output:#?}"
    );
    let output = home.run(&["token", NAME]).ended(3);
    assert_eq!(output.stdout, "");
    assert!(
        output.stderr.contains("An address was changed"),
        "{output:#?}"
    );
    home.run(&["refresh", NAME]).ended(3);
    home.run(&["revoke", NAME]).ended(3);
    assert!(sandbox.requests().is_empty());
}

#[test]
fn presets_are_listed_and_files_checked() {
    let home = Home::new();
    let listed = home.run(&["presets", "--json"]).ended(0).json();
    let ids: Vec<_> = listed["presets"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|preset| preset["id"].as_str())
        .collect();
    for id in ["github", "google", "slack", "linear"] {
        assert!(ids.contains(&id), "{ids:?}");
    }
    let file = home.path().join("mine.toml");
    std::fs::write(&file, "nonsense = [").expect("written");
    let file = file.display().to_string();
    let output = home.run(&["presets", "check", &file]).ended(2);
    assert!(output.stderr.contains("docs/PROVIDERS.md"), "{output:#?}");
    home.run(&["presets", "check", "/nowhere/at/all.toml"])
        .ended(2);
}

#[test]
fn q_06_a_secret_never_comes_as_an_argument() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    for (arguments, hint) in [
        (
            vec!["add", "--no-input", "--client-secret", "hunter2"],
            "--client-secret-file",
        ),
        (
            vec!["edit", NAME, "client-secret=hunter2"],
            "--client-secret-file",
        ),
    ] {
        let output = home.run(&arguments).ended(2);
        assert!(output.stderr.contains(hint), "{output:#?}");
        assert!(!output.stderr.contains("hunter2"), "{output:#?}");
    }
}
