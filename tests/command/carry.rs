//! `export` and `import` of definitions as plain TOML.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::finder::Finder;
use crate::home::{Home, NAME, run, sandbox};
use crate::kept;

/// A file of this name in a home.
pub(crate) fn file(home: &Home, name: &str, text: &str) -> String {
    let path = home.path().join(name);
    fs::write(&path, text).expect("written");
    path.display().to_string()
}

fn exported(home: &Home) -> String {
    home.run(&["export"]).ended(0).stdout
}

pub(crate) fn names(home: &Home) -> Vec<String> {
    let listed = home.run(&["list", "--json"]).ended(0).json();
    let rows = listed["connections"].as_array().expect("rows").clone();
    let name = |row: &serde_json::Value| row["name"].as_str().expect("a name").to_owned();
    rows.iter().map(name).collect()
}

/// Every built-in preset, and an own provider with an odd text wherever one is legal.
fn with_many() -> Home {
    let home = Home::new();
    for preset in ["github", "linear", "slack", "gitlab", "google", "microsoft"] {
        let secret = file(&home, "secret", "canary-2b7f90c1aa-client-secret");
        kept::secrets(["canary-2b7f90c1aa-client-secret"]);
        let mut add = vec![
            "add",
            preset,
            "--no-input",
            "--yes",
            "--client-id",
            "Iv1.a b",
        ];
        if preset != "slack" {
            add.extend(["--client-secret-file", &secret]);
        }
        home.run(&add).ended(0);
    }
    home.run(&[
        "add",
        "gitlab",
        "--no-input",
        "--client-id",
        "x",
        "--name",
        "own-gitlab",
        "--set",
        "host=git.acme.example:8443",
    ])
    .ended(0);
    let odd = "'\"#=[]\\ \u{202e}\u{feff}é";
    home.run(&[
        "add",
        "--no-input",
        "--name",
        "Zoë",
        "--authorization-url",
        "https://id.acme.example/a?x='",
        "--authorization-url",
        "https://id.acme.example/a?x=%27",
        "--token-url",
        "https://id.acme.example/t",
    ])
    .ended(2);
    home.run(&[
        "add",
        "--no-input",
        "--name",
        "Zoë",
        "--authorization-url",
        "https://id.acme.example/a?x=%27",
        "--token-url",
        "https://id.acme.example/t",
        "--client-id",
        odd,
        "--issuer",
        "HTTPS://ID.acme.example",
        "--param",
        &format!("prompt={odd}"),
        "--param",
        "token:a=",
        "--quirk",
        "nested-token:user",
        "--resource",
        "urn:x:y",
        "--scope",
        "z #x a",
        "--redirect-uri",
        "http://[::1]:8765",
        "--test-url",
        "http://localhost:1/me",
        "--dev-http",
        "--yes",
    ])
    .ended(0);
    home
}

#[test]
fn x_05_a_plain_export_holds_no_secret_and_needs_no_unlocking() {
    let sandbox = sandbox(&[]);
    let home = Home::new();
    let secret = file(&home, "secret", "practice-secret-not-real");
    let mut flags: Vec<String> = home
        .definition(&sandbox)
        .into_iter()
        .map(|flag| flag.replace("valetkey-practice", "valetkey-confidential"))
        .collect();
    flags.extend(["--client-secret-file".to_owned(), secret]);
    home.run(&flags).ended(0);
    home.login(&sandbox).ended(0);
    home.run(&["token", NAME]).token();
    let secrets = sandbox.secrets_issued();
    assert!(secrets.len() > 3);
    fs::remove_file(home.passphrase_file()).expect("removed");
    let plain = exported(&home);
    assert!(
        plain.contains("valetkey-confidential") && plain.contains("needs_client_secret = true")
    );
    let finder = Finder::of(
        secrets
            .into_iter()
            .chain(["practice-secret-not-real".to_owned()]),
    );
    assert!(finder.find(plain.as_bytes()).is_empty());
    for word in ["ada", "Ada Practice", "sub-ada"] {
        assert!(!plain.contains(word), "no account either: {word}");
    }
}

#[test]
fn x_06_an_export_imported_into_an_empty_home_is_exported_byte_for_byte() {
    let home = with_many();
    let plain = exported(&home);
    let other = Home::empty();
    let from = file(&other, "connections.toml", &plain);
    let output = other.run(&["import", &from, "--yes"]).ended(0);
    assert!(
        output.stderr.contains("Imported 8 connections."),
        "{output:#?}"
    );
    assert_eq!(exported(&other), plain);
    assert_eq!(names(&other), names(&home));
    // Secrets stay behind, and what to do about that is said.
    assert!(
        output
            .stderr
            .contains("valetkey edit github --client-secret-file FILE"),
        "{output:#?}"
    );
    let some = home.run(&["export", "zoë", "GitHub"]).ended(0).stdout;
    assert_eq!(some.matches("[[connection]]").count(), 2);
    home.run(&["export", "nobody"]).ended(2);
}

#[test]
fn g_09_x_06_nothing_is_taken_over_before_every_host_was_seen() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    home.run(&["add", "github", "--no-input", "--client-id", "Iv1.x"])
        .ended(0);
    let plain = exported(&home).replace(
        "https://github.com/login/oauth/access_token",
        "https://evil.example/token",
    );
    let other = Home::empty();
    let from = file(&other, "connections.toml", &plain);
    let output = other.run(&["import", &from]).ended(2);
    let host = sandbox.url().trim_start_matches("https://").to_owned();
    for words in [
        "evil.example",
        "! another domain than github.com",
        "! differs from the preset github: evil.example",
        "! not as the preset github has it: endpoints",
        "! trusts 1 certificate of this file for its hosts",
        "api.github.com",
        "client ID       Iv1.x",
        "redirect http://127.0.0.1/callback",
        &host,
        "--yes",
    ] {
        assert!(output.stderr.contains(words), "{words}: {output:#?}");
    }
    assert!(output.stdout.is_empty());
    let json = other.run(&["import", &from, "--json"]).ended(2);
    assert_eq!(json.json()["error"]["code"], "choose");
    let stdin = fs::File::open(&from).expect("opens");
    let mut piped = other.command(&["import", "-"]);
    run(piped.stdin(stdin)).ended(2);
    assert!(!other.root().exists(), "not even a vault was made");

    let done = other
        .run(&["import", &from, "--yes", "--json"])
        .ended(0)
        .json();
    let github = &done["connections"][0];
    assert_eq!(
        (&github["state"], &github["name"]),
        (&json!("imported"), &json!("github"))
    );
    let evil = json!({"host": "evil.example", "uses": ["token"], "another_domain": true, "not_of_preset": true});
    assert!(
        github["hosts"].as_array().expect("hosts").contains(&evil),
        "{github}"
    );
    assert!(sandbox.requests().is_empty(), "nothing was sent");
}

#[test]
fn x_06_u_11_everything_wrong_is_listed_at_once_and_nothing_is_imported() {
    let other = Home::empty();
    let text = "version = 1\n[[connection]]\nname = \"good\"\nclient_id = \"x\"\n[connection.provider]\nid = \"a\"\n\
                [connection.provider.endpoints]\ndevice = \"https://a.example/d\"\ntoken = \"https://a.example/t\"\n\
                [[connection]]\nname = \"b\u{1f98a}d\"\nclient_id = \"\\u001b[2J\"\nsurprise = 1\n[connection.provider]\n\
                id = \"b\"\n[connection.provider.endpoints]\ntoken = \"http://a.example/t\"\n";
    let from = file(&other, "connections.toml", text);
    let output = other.run(&["import", &from, "--yes"]).ended(2);
    for words in [
        ":11:8: name: ",
        ":12:13: client_id: control characters",
        ":17:9: provider.endpoints.token: plain http",
        ":16:1: provider.endpoints.authorization or device: this is needed",
        "Nothing was imported.",
    ] {
        assert!(output.stderr.contains(words), "{words}: {output:#?}");
    }
    assert!(!output.stderr.contains('\u{1b}'));
    assert!(!other.root().exists());
    // What is unknown is passed over, and that is said.
    let from = file(
        &other,
        "connections.toml",
        &text[..text.find("[[connection]]\nname = \"b").expect("there")]
            .replace("client_id", "run = \"rm\"\nclient_id"),
    );
    let output = other.run(&["import", &from, "--yes"]).ended(0);
    assert!(
        output
            .stderr
            .contains(":4:1: good: run: unknown here, passed over"),
        "{output:#?}"
    );
    assert_eq!(names(&other), ["good"]);
}

#[test]
fn f10_u_11_what_is_no_such_file_is_told() {
    let home = Home::empty();
    let large = vec![b'#'; (1 << 20) + 1];
    let cases: [(&[u8], &str); 5] = [
        (b"version = 2", "written by a newer valetkey"),
        (b"\xff\xfe", "neither UTF-8 text nor a backup"),
        (b"x = [", "cannot be imported"),
        (&large, "larger than 1 MiB"),
        (b"valetkey backup\n", "cut or was changed"),
    ];
    for (bytes, words) in cases {
        let path = home.path().join("from");
        fs::write(&path, bytes).expect("written");
        let output = home.run(&["import", "from", "--yes"]);
        assert!(
            output.code != Some(0) && output.stderr.contains(words),
            "{output:#?}"
        );
    }
    home.run(&["import", "/nowhere/at/all", "--yes"]).ended(2);
    home.run(&["import", ".", "--yes"]).ended(2);
    assert!(!home.root().exists());
}

#[test]
fn f15_x_06_names_that_exist_are_left_as_they_are_and_can_be_taken_under_another() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let before = home.kept(NAME);
    let plain = exported(&home);
    let from = file(&home, "connections.toml", &plain);
    let output = home.run(&["import", &from, "--yes"]).ended(0);
    assert!(
        output.stderr.contains("practice: exists already, same"),
        "{output:#?}"
    );
    assert!(output.stderr.contains("Nothing to import."));

    let changed = plain
        .replace("/me\"", "/other\"")
        .replace("\"profile\"", "\"email\"");
    let from = file(&home, "connections.toml", &changed);
    let output = home.run(&["import", &from, "--yes"]).ended(0);
    assert!(
        output
            .stderr
            .contains("practice: exists already, differs: skipped (test read, scopes)"),
        "{output:#?}"
    );
    assert_eq!(home.kept(NAME), before);

    let rename = |to: &str| home.run(&["import", &from, "--yes", "--rename", to]);
    for wrong in ["practice", "nobody=x", "practice=../x", "=x"] {
        let output = rename(wrong).ended(2);
        assert!(output.stderr.contains("--rename OLD=NEW"), "{output:#?}");
    }
    rename("Practice=second").ended(0);
    assert_eq!(names(&home), ["practice", "second"]);
    assert_eq!(home.kept(NAME), before);
    assert_eq!(home.kept("second").access, None);
}

#[test]
fn w_02_x_06_hostile_texts_are_shown_harmless_in_the_review() {
    let home = Home::empty();
    let text = "version = 1\n[[connection]]\nname = \"a\"\nclient_id = \"x\u{202e}y\u{200b}\"\n[connection.provider]\n\
                id = \"a\"\nname = \"GitHub\u{2066}\u{e0041}\"\n[connection.provider.endpoints]\n\
                authorization = \"https://g\u{456}thub.com/a\"\ntoken = \"https://a.example/t\"\n\
                [connection.provider.parameters]\nauthorize = [[\"x\", \"\u{2028}\"]]\n";
    let from = file(&home, "connections.toml", text);
    let output = home.run(&["import", &from]).ended(2);
    for bad in [
        '\u{202e}',
        '\u{200b}',
        '\u{2066}',
        '\u{e0041}',
        '\u{2028}',
        '\u{456}',
    ] {
        assert!(!output.stderr.contains(bad), "{bad:?}");
    }
    assert!(output.stderr.contains("x⟨U+202E⟩y⟨U+200B⟩"), "{output:#?}");
    assert!(output.stderr.contains("xn--gthub"), "{output:#?}");
}

#[test]
fn x_05_u_02_an_export_follows_no_link_and_replaces_nothing_unasked() {
    let home = with_one();
    let place = |name: &str| home.path().join(name);
    let to = |name: &str, more: &[&str]| {
        let path = place(name).display().to_string();
        home.run(&[&["export", "--output", &path], more].concat())
    };
    to("plain.toml", &[]).ended(0);
    let mode = fs::metadata(place("plain.toml"))
        .expect("made")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(
        fs::read_to_string(place("plain.toml")).expect("text"),
        exported(&home)
    );

    fs::write(place("other"), "mine").expect("written");
    symlink(place("other"), place("link")).expect("a link");
    symlink(place("nowhere"), place("dangling")).expect("a link");
    fs::create_dir(place("folder")).expect("made");
    for name in ["plain.toml", "other", "link", "dangling", "folder"] {
        let output = to(name, &[]).ended(2);
        assert!(output.stderr.contains("exists already"), "{output:#?}");
    }
    for name in ["link", "dangling", "folder"] {
        let output = to(name, &["--force"]).ended(2);
        assert!(
            output.stderr.contains("is a link, or no plain file"),
            "{output:#?}"
        );
    }
    assert_eq!(fs::read_to_string(place("other")).expect("text"), "mine");
    assert!(!place("nowhere").exists());
    to("other", &["--force"]).ended(0);
    assert_eq!(
        fs::read_to_string(place("other")).expect("text"),
        exported(&home)
    );
    to("no/such/folder.toml", &[]).ended(1);
    assert!(left_over(home.path()).is_empty());
}

fn with_one() -> Home {
    let home = Home::new();
    home.run(&["add", "linear", "--no-input", "--client-id", "x"])
        .ended(0);
    home
}

fn left_over(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .filter(|path| path.display().to_string().contains(".valetkey-export-"))
        .collect()
}
