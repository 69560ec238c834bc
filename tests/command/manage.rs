//! `list`, `show`, `test`, `refresh`, `revoke`, `remove`, and the commands about the program itself.

use serde_json::json;

use crate::home::{Home, NAME, sandbox};

#[test]
fn list_and_show_have_their_promised_shape() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let listed = home.run(&["list", "--json"]).ended(0).json();
    assert_eq!(listed["version"], 1);
    let row = &listed["connections"][0];
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let expected = json!({
        "id": text(&row["id"]), "name": NAME,
        "provider": {"id": text(&row["provider"]["id"]), "name": text(&row["provider"]["name"]), "kind": "custom"},
        "client_id": "valetkey-practice",
        "account": {"label": "Ada Practice", "id": "sub-ada", "source": "test-read"}, "health": "untested", "reason": "untested",
        "message": "Not used since the sign-in; test it.",
        "scopes": {
            "requested": ["profile", "items:read"], "granted": ["profile", "items:read"],
            "stated": true, "refused": [], "added": [],
        },
        "access_token": {"expires_at": text(&row["access_token"]["expires_at"]), "expiry": "stated"},
        "refresh_token": {"present": true, "rotates": null, "ends_at": null},
        "resources": [], "tested_at": null, "signed_in_at": text(&row["signed_in_at"]),
    });
    assert_eq!(*row, expected);
    let shown = home.run(&["show", NAME, "--json"]).ended(0).json();
    for (key, value) in expected.as_object().expect("an object") {
        assert_eq!(shown[key], *value, "{key}");
    }
    assert_eq!(shown["version"], 1);
    assert_eq!(shown["auth"], "none");
    assert_eq!(shown["endpoints"]["revocation"], sandbox.at("/revoke"));
    assert_eq!(shown["quirks"], json!([]));
    let host = sandbox.url().trim_start_matches("https://").to_owned();
    assert_eq!(shown["hosts"], json!([host]));
    assert!(shown["redirect_uri"].is_string() && shown["last_test"].is_null());
    assert!(sandbox.requests().is_empty(), "no network");
}

#[test]
fn looking_needs_no_passphrase() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    std::fs::remove_file(home.passphrase_file()).expect("removed");
    for arguments in [
        vec!["list"],
        vec!["show", NAME],
        vec!["vault", "status"],
        vec!["paths"],
    ] {
        let mut command = home.command(&arguments);
        let output = crate::home::run(command.env_remove("VALETKEY_PASSPHRASE_FILE"));
        assert!(!output.ended(0).stdout.is_empty());
    }
}

#[test]
fn rows_are_sorted_by_name_and_shown_as_a_table() {
    let sandbox = sandbox(&[]);
    let home = Home::new();
    for name in ["zoo", "Ant", "bee"] {
        let mut flags = home.definition(&sandbox);
        let place = flags
            .iter()
            .position(|flag| flag == NAME)
            .expect("the name");
        flags[place] = name.to_owned();
        home.run(&flags).ended(0);
    }
    let listed = home.run(&["list", "--json"]).json();
    let names: Vec<_> = (0..3)
        .map(|row| listed["connections"][row]["name"].clone())
        .collect();
    assert_eq!(names, ["Ant", "bee", "zoo"]);
    let table = home.run(&["list"]).ended(0).stdout;
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("NAME  PROVIDER"), "{table}");
    assert!(
        lines[1].starts_with("Ant ") && lines[1].ends_with("needs sign-in"),
        "{table}"
    );
}

#[test]
fn c_02_a_test_read_shows_who_it_is_and_stays_on_its_own_hosts() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let value = home.run(&["test", NAME, "--json"]).ended(0).json();
    assert_eq!(
        (&value["version"], &value["status"]),
        (&json!(1), &json!(200))
    );
    assert_eq!(value["connection"], NAME);
    assert_eq!(
        home.run(&["list", "--json"]).json()["connections"][0]["health"],
        "connected"
    );
    let items = sandbox.at("/items");
    home.run(&["test", NAME, "--url", &items]).ended(0);
    let output = home
        .run(&["test", NAME, "--url", "https://evil.example/"])
        .ended(2);
    assert!(
        output.stderr.contains("the token is not sent there"),
        "{output:#?}"
    );
    sandbox.set("me_status=403").expect("a switch");
    home.run(&["test", NAME]).ended(7);
}

#[test]
fn l_01_revoking_ends_it_at_the_provider_and_keeps_the_definition() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let output = home.run(&["revoke", NAME]).ended(0);
    assert!(output.stderr.contains("The settings stay"), "{output:#?}");
    assert!(sandbox.live_refresh_tokens().is_empty());
    assert_eq!(sandbox.requests_to("/revoke").len(), 2);
    let row = home.run(&["show", NAME, "--json"]).ended(0).json();
    assert_eq!(
        (&row["health"], &row["reason"]),
        (&json!("needs sign-in"), &json!("revoked-by-you"))
    );
    let again = home.run(&["revoke", NAME]).ended(3);
    let told = "so there is nothing to revoke from here. You revoked this sign-in.";
    assert!(again.stderr.contains(told), "{again:#?}");
}

#[test]
fn where_nobody_is_signed_in_revoking_leads_to_deleting_and_not_to_a_sign_in() {
    let home = Home::with(&sandbox(&[]));
    let output = home.run(&["revoke", NAME]).ended(3);
    let told = "Nobody is signed in to practice, so there is nothing to revoke from here.\n  To delete its settings: valetkey remove practice\n";
    assert!(output.stderr.ends_with(told), "{output:#?}");
    assert!(!output.stderr.contains("login"), "{output:#?}");
    home.run(&["remove", NAME]).ended(0);
}

#[test]
fn l_06_removing_a_signed_in_connection_wants_to_know_how() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let output = home.run(&["remove", NAME]).ended(2);
    assert!(output.stderr.contains("--revoke") && output.stderr.contains("--forget"));
    home.run(&["remove", NAME, "--revoke", "--forget"]).ended(2);
    let output = home.run(&["remove", NAME, "--forget"]).ended(0);
    assert!(
        output.stderr.contains("the sign-in stays valid at "),
        "{output:#?}"
    );
    assert_eq!(sandbox.live_refresh_tokens().len(), 1);
    home.run(&["show", NAME]).ended(2);

    let home = Home::signed_in(&sandbox);
    let kept = home.kept(NAME).refresh.expect("one");
    home.run(&["remove", NAME, "--revoke"]).ended(0);
    assert!(!sandbox.accepts_refresh(&kept));
    assert_eq!(
        home.run(&["list", "--json"]).json()["connections"],
        json!([])
    );
}

#[test]
fn l_05_a_removal_whose_revocation_is_refused_removes_nothing() {
    let sandbox = sandbox(&["revocation=invalid_client"]);
    let home = Home::signed_in(&sandbox);
    let before = home.kept(NAME);
    home.run(&["remove", NAME, "--revoke"]).ended(7);
    assert_eq!(home.kept(NAME), before);
}

#[test]
fn a_definition_that_was_never_signed_in_is_removed_without_a_question() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    home.run(&["remove", NAME]).ended(0);
    assert!(sandbox.requests().is_empty());
}

#[test]
fn paths_lie_in_the_home() {
    let home = Home::empty();
    let value = home.run(&["paths", "--json"]).ended(0).json();
    let root = home.root().display().to_string();
    for name in ["config", "data", "state", "run"] {
        assert_eq!(value[name], format!("{root}/{name}"));
    }
    assert!(!home.root().exists(), "looking makes nothing");
    home.run(&["list"]).ended(0);
    assert!(!home.root().exists());
}

#[test]
fn completions_are_printed_for_every_shell() {
    let home = Home::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = home.run(&["completions", shell]).ended(0);
        assert!(
            output.stdout.contains("valetkey") && output.stderr.is_empty(),
            "{shell}"
        );
    }
    home.run(&["completions", "csh"]).ended(2);
}

/// The commands of `--help`, in its order.
fn commands(home: &Home) -> Vec<String> {
    let help = home.run(&["--help"]).ended(0).stdout;
    let (_, rest) = help.split_once("Commands:").expect("commands");
    let commands: Vec<String> = rest
        .lines()
        .skip(1)
        .map_while(|line| line.strip_prefix("  "))
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect();
    assert!(commands.len() > 20, "{commands:?}");
    commands
}

#[test]
fn help_fits_eighty_columns() {
    let home = Home::empty();
    let mut pages = vec![vec!["--help".to_owned()], vec!["-h".to_owned()]];
    for command in commands(&home) {
        pages.push(vec![command.clone(), "--help".to_owned()]);
        pages.push(vec![command, "-h".to_owned()]);
    }
    for page in pages {
        for line in home.run(&page).ended(0).stdout.lines() {
            assert!(line.chars().count() <= 80, "{page:?}: {line}");
        }
    }
}

#[test]
fn the_manual_names_every_command() {
    let home = Home::empty();
    let page = home.run(&["man"]).ended(0).stdout;
    assert!(page.starts_with(".ie"), "{page}");
    let folder = home.path().join("man1");
    let told = home.run(&["man", folder.to_str().expect("text")]).ended(0);
    assert!(told.stdout.is_empty());
    for command in commands(&home) {
        let escaped = command.replace('-', "\\-");
        assert!(
            page.contains(&format!("valetkey\\-{escaped}(1)")),
            "{command}"
        );
        let own = std::fs::read_to_string(folder.join(format!("valetkey-{command}.1")));
        assert!(own.expect("a page").contains(".SH SYNOPSIS"), "{command}");
    }
}

/// A real bash asks the program.
#[test]
fn completions_know_the_names_of_connections() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let folder = home.path().join("bin");
    std::fs::create_dir(&folder).expect("made");
    let program = home.command(&["list"]).get_program().to_owned();
    std::os::unix::fs::symlink(program, folder.join("valetkey")).expect("linked");
    let complete = |words: &str| {
        let script = format!(
            "source <(valetkey completions bash)
            function=$(complete -p valetkey | sed 's/.*-F \\([^ ]*\\).*/\\1/')
            COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMP_TYPE=9; COMPREPLY=()
            $function valetkey \"${{COMP_WORDS[$COMP_CWORD]}}\" \"${{COMP_WORDS[$COMP_CWORD-1]}}\"
            printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let inner = home.command(&["list"]);
        let mut shell = std::process::Command::new("bash");
        shell
            .args(["-c", &script])
            .env_clear()
            .envs(inner.get_envs().filter_map(|(k, v)| Some((k, v?))))
            .env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
            .current_dir(home.path());
        crate::home::run(&mut shell).ended(0).stdout
    };
    assert_eq!(complete("valetkey token ''").lines().next(), Some(NAME));
    assert_eq!(complete("valetkey refresh pr").trim(), NAME);
    assert_eq!(complete("valetkey token x").trim(), "");
    assert!(complete("valetkey add git").contains("gitlab"));
    assert!(complete("valetkey re").contains("revoke"));
}

#[test]
fn usage_mistakes_end_with_two_and_help_with_nothing() {
    let home = Home::empty();
    for arguments in [
        vec!["nonsense"],
        vec!["token"],
        vec!["login", NAME, "--timeout", "x"],
        vec![],
    ] {
        let output = home.run(&arguments).ended(2);
        assert_eq!(output.stdout, "", "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
    for arguments in [vec!["--help"], vec!["--version"], vec!["token", "--help"]] {
        assert!(!home.run(&arguments).ended(0).stdout.is_empty());
    }
}

#[test]
fn the_demo_tells_the_whole_story_and_keeps_nothing() {
    let home = Home::empty();
    let output = home.run(&["demo", "--auto"]).ended(0);
    for line in [
        "✓ exchange",
        "✓ accept",
        "Refreshed",
        "Revoked",
        "needs a new sign-in",
        "Done.",
    ] {
        assert!(output.stdout.contains(line), "{line}: {output:#?}");
    }
    assert!(!home.root().exists());
    let output = home.run(&["demo"]).ended(2);
    assert!(output.stderr.contains("not a terminal"), "{output:#?}");
}

#[test]
fn the_sandbox_runs_alone_until_it_is_stopped() {
    let home = Home::empty();
    let output = home
        .run(&["sandbox", "--behaviour", "weather=bad"])
        .ended(2);
    assert!(output.stderr.contains("unknown switch"), "{output:#?}");
    let mut running = home.start(&["sandbox", "--http", "--behaviour", "rotation=off"]);
    let base = running.stdout_line(|line| line.starts_with("http://127.0.0.1:"));
    let answer = crate::web::get(
        &format!("{base}/.well-known/oauth-authorization-server"),
        &[],
    );
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("token_endpoint"));
    running.interrupt();
    let told = running.end().ended(0).stderr;
    // All that a connection to it needs.
    for (what, value) in [
        ("authorization URL", format!("{base}/authorize")),
        ("token URL", format!("{base}/token")),
        ("test read URL", format!("{base}/me")),
        ("client ID", "valetkey-practice".to_owned()),
    ] {
        let mut lines = told.lines();
        let line = lines.find(|line| line.trim_start().starts_with(what));
        let said = line.is_some_and(|line| line.split_whitespace().any(|word| word == value));
        assert!(said, "{what}: {told}");
    }
}

#[test]
fn the_sandbox_writes_its_authority_where_a_connection_can_read_it() {
    let home = Home::empty();
    let file = home.path().join("authority.pem");
    let place = file.to_str().expect("text");
    let mut running = home.start(&["sandbox", "--write-ca", place]);
    let base = running.stdout_line(|line| line.starts_with("https://127.0.0.1:"));
    let written = std::fs::read_to_string(&file).expect("written before it is told where it runs");
    assert!(written.starts_with("-----BEGIN CERTIFICATE-----"));
    let args = [
        "add",
        "--name",
        "notes",
        "--authorization-url",
        &format!("{base}/authorize"),
        "--token-url",
        &format!("{base}/token"),
        "--client-id",
        "valetkey-practice",
        "--ca-file",
        place,
        "--no-input",
    ];
    home.run(&args).ended(0);
    running.interrupt();
    let told = running.end().ended(0).stderr;
    assert!(
        told.contains("authority") && told.contains("authority.pem"),
        "{told}"
    );
    assert!(!told.contains("BEGIN CERTIFICATE"), "{told}");
}

#[test]
fn c_03_a_resource_that_wants_more_scope_says_which() {
    let sandbox = sandbox(&[]);
    let home = Home::new();
    let mut definition = home.definition(&sandbox);
    let scope = definition
        .iter()
        .position(|word| word == "profile items:read");
    definition[scope.expect("scopes")] = "profile".to_owned();
    home.run(&definition).ended(0);
    home.login(&sandbox).ended(0);
    let items = sandbox.at("/items");
    let told = home.run(&["test", NAME, "--url", &items]).ended(7);
    assert!(
        told.stderr
            .contains("wants more than this sign-in may do: items:read"),
        "{told:#?}"
    );
    assert_eq!(
        sandbox.requests_to("/items").len(),
        1,
        "it is not asked again"
    );
}
