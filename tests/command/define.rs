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
fn plain_http_names_the_flag_where_it_would_be_allowed() {
    let home = Home::new();
    let here = "or --dev-http for a server of yours on this machine";
    for (flags, words) in [
        (vec!["--token-url", "http://127.0.0.1:9/t"], here),
        (vec!["--issuer", "http://[::1]:9"], here),
        (vec!["--test-url", "http://localhost:9/me"], here),
        (vec!["http://localhost:9"], here),
        // Elsewhere the flag would not help; who gave it is told what it is for.
        (vec!["--token-url", "http://id.example/t"], "use https"),
        (vec!["http://id.example"], "use https"),
        (
            vec!["--dev-http", "--token-url", "http://id.example/t"],
            "--dev-http allows 127.0.0.1, [::1] and localhost only",
        ),
    ] {
        let mut command = vec!["add", "--no-input", "--client-id", "x"];
        command.extend(&flags);
        let output = home.run(&command).ended(2);
        assert!(output.stderr.contains(words), "{flags:?}: {output:#?}");
        let named = output.stderr.contains("--dev-http");
        assert_eq!(
            named,
            words.contains("--dev-http"),
            "{flags:?}: {output:#?}"
        );
    }
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
        output.stderr.contains("That parked the sign-in"),
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
fn g_07_a_test_read_where_the_tokens_come_from_parks_nothing_and_elsewhere_it_does() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let here = format!("test-url={}", sandbox.at("/me"));
    for edit in ["test-url=", &here] {
        let told = home.run(&["edit", NAME, edit]).ended(0);
        assert!(!told.stderr.contains("parked"), "{edit}: {told:#?}");
        home.run(&["token", NAME]).token();
    }
    home.run(&["test", NAME]).ended(0);
    let elsewhere = crate::home::sandbox(&[]);
    let there = format!("test-url={}", elsewhere.at("/me"));
    let told = home.run(&["edit", NAME, &there, "--yes"]).ended(0);
    assert!(told.stderr.contains("That parked the sign-in"), "{told:#?}");
    home.run(&["token", NAME]).ended(3);
    assert!(elsewhere.requests().is_empty());
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

#[test]
fn an_address_that_belongs_to_a_preset_leads_to_it() {
    let home = Home::new();
    for (address, hint) in [
        (
            "https://github.com/login/oauth/authorize",
            "valetkey add github",
        ),
        ("https://acme.zendesk.com/agent", "valetkey add zendesk"),
    ] {
        let output = home.run(&["add", address, "--no-input"]).ended(2);
        assert!(output.stderr.contains(hint), "{output:#?}");
    }
    let output = home.run(&["add", "https://id.acme.example/", "--no-input"]);
    let output = output.ended(2);
    assert!(output.stderr.contains("--authorization-url"), "{output:#?}");
    // What cannot be connected says why.
    for what in ["intercom", "https://app.intercom.com/oauth"] {
        let output = home.run(&["add", what, "--no-input", "--json"]).ended(2);
        assert_eq!(output.json()["error"]["code"], "refused-preset");
        assert!(
            output.stderr.contains("https redirect addresses only"),
            "{output:#?}"
        );
    }
}

#[test]
fn what_a_preset_is_like_can_be_read_as_json_and_fits_a_terminal() {
    let home = Home::new();
    let listed = home.run(&["presets"]).ended(0);
    for line in listed.stdout.lines().chain(listed.stderr.lines()) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let told = home.run(&["presets", "--json"]).ended(0).json();
    let presets = told["presets"].as_array().expect("a list");
    assert_eq!(presets.len(), listed.stdout.lines().count());
    let one = |id: &str| {
        let mut all = presets.iter();
        all.find(|preset| preset["id"] == id).expect(id)
    };
    assert_eq!(one("spotify")["quirks"][0], "grant-ends-after-days:181");
    assert_eq!(one("spotify")["client_secret"], "optional");
    assert_eq!(one("github")["ways"][1], "device");
    assert_eq!(one("clickup")["unverified"], true);
    assert!(one("square")["refused"].is_string());
    assert_eq!(one("google")["scopes"][0]["name"], "openid");
    let steps = one("linear")["steps"].as_array().expect("steps");
    assert!(
        steps
            .iter()
            .any(|step| step["value"] == "http://localhost:8765/callback/api.linear.app")
    );
}

#[test]
fn a_preset_of_ones_own_stands_beside_the_built_in_ones_or_in_the_place_of_one() {
    let home = Home::new();
    let folder = home.root().join("config/providers");
    std::fs::create_dir_all(&folder).expect("made");
    let own = |id: &str| {
        format!(
            "[[preset]]\nid = \"{id}\"\nname = \"Corp\"\nhint = \"our own\"\n\
             client = {{ ways = [\"browser\"], secret = \"never\", client_id = \"team-app\" }}\n\
             [preset.endpoints]\nauthorization = \"https://id.corp.example/authorize\"\n\
             token = \"https://id.corp.example/token\"\n"
        )
    };
    std::fs::write(folder.join("corp.toml"), own("corp")).expect("written");
    std::fs::write(folder.join("linear.toml"), own("linear")).expect("written");
    std::fs::write(folder.join("broken.toml"), "[[preset]]\nid = 7\n").expect("written");
    let output = home.run(&["presets"]).ended(0);
    assert!(output.stderr.contains("broken.toml:2:6:"), "{output:#?}");
    assert!(
        output.stderr.contains("This file was left out."),
        "{output:#?}"
    );
    let told = "the preset linear is your own, not the built-in one";
    assert!(output.stderr.contains(told), "{output:#?}");
    let line = |id: &str| {
        let mut lines = output.stdout.lines();
        lines
            .find(|line| line.starts_with(&format!("{id} ")))
            .expect(id)
    };
    assert!(line("corp").contains(" * our own"), "{}", line("corp"));
    assert!(line("linear").contains(" ! our own"), "{}", line("linear"));
    // It brings its client ID along.
    let added = home
        .run(&["add", "linear", "--no-input", "--json"])
        .ended(0)
        .json();
    assert_eq!(added["client_id"], "team-app");
    assert_eq!(added["provider"]["kind"], "custom");
    let file = folder.join("linear.toml").display().to_string();
    let checked = home.run(&["presets", "check", &file]).ended(0);
    assert!(
        checked.stderr.contains("takes the place of the built-in"),
        "{checked:#?}"
    );
    let file = folder.join("broken.toml").display().to_string();
    let checked = home
        .run(&["presets", "check", &file, "--json"])
        .ended(2)
        .json();
    let message = checked["error"]["message"].as_str().expect("a sentence");
    assert!(
        message.contains("broken.toml:2:6: invalid type"),
        "{message}"
    );
}

#[test]
fn b_08_a_narrower_scope_that_the_preset_knows_is_named_once() {
    let home = Home::new();
    let add = |name: &str, scope: &str| {
        home.run(&[
            "add",
            "github",
            "--no-input",
            "--name",
            name,
            "--client-id",
            "Iv1.x",
            "--scope",
            scope,
        ])
        .ended(0);
    };
    add("broad", "read:user repo admin:org");
    let words = "If this is enough, ask for public_repo in place of repo: ";
    let shown = home.run(&["show", "broad"]).ended(0).stdout;
    assert_eq!(shown.matches("in place of").count(), 1, "{shown}");
    assert!(shown.contains(words), "{shown}");
    let value = home.run(&["show", "broad", "--json"]).ended(0).json();
    assert_eq!(
        value["narrower"],
        json!([
            {"scope": "repo", "enough": "public_repo"},
            {"scope": "admin:org", "enough": "read:org"},
        ])
    );
    for (name, scope) in [("small", "read:user"), ("both", "repo public_repo")] {
        add(name, scope);
        let shown = home.run(&["show", name]).ended(0).stdout;
        assert!(!shown.contains("in place of"), "{shown}");
        let value = home.run(&["show", name, "--json"]).ended(0).json();
        assert_eq!(value["narrower"], json!([]));
    }
    let told = home.run(&["presets", "--json"]).ended(0).json();
    let github = told["presets"].as_array().expect("a list");
    let github = github.iter().find(|preset| preset["id"] == "github");
    let scopes = github.expect("there")["scopes"].as_array().expect("a list");
    let repo = scopes.iter().find(|scope| scope["name"] == "repo");
    assert_eq!(repo.expect("there")["narrower"], "public_repo");
}
