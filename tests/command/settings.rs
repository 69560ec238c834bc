//! `config.toml`: what it changes, what is told of it, and that it stops nothing.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use serde_json::Value;

use crate::home::{Home, NAME, run, sandbox};

impl Home {
    /// Writes the file of the settings, for its owner alone to change.
    fn settings(&self, text: impl AsRef<[u8]>) -> PathBuf {
        let folder = self.root().join("config");
        fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join("config.toml");
        fs::write(&file, text).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("mode");
        file
    }
}

/// What `doctor` says of the settings: state and words.
fn checked(home: &Home, code: i32) -> Vec<(String, String)> {
    let report = home.run(&["doctor", "--json"]).ended(code).json();
    let checks = report["checks"].as_array().expect("checks");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let ours = checks.iter().filter(|check| check["id"] == "settings");
    ours.map(|check| (text(&check["state"]), text(&check["words"])))
        .collect()
}

#[test]
fn u_11_f10_a_bad_file_is_told_by_commands_for_people_and_stops_none() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let token = home.run(&["token", NAME]).token();
    for (text, told) in [
        (
            &b"mouse = \"no\"\n"[..],
            "config.toml:1:9: mouse: true or false is needed",
        ),
        (b"mouse = \n", "config.toml:1:"),
        (b"mosue = true\n", "config.toml:1:1: mosue: unknown here"),
        (b"mouse = true\n\0\n", "config.toml:2:"),
        (
            b"browser = \"\xff\"\n",
            "config.toml: line 1 is not UTF-8 text",
        ),
    ] {
        home.settings(text);
        let list = home.run(&["list"]).ended(0);
        assert!(list.stdout.contains(NAME), "{list:#?}");
        assert!(list.stderr.contains(told), "{list:#?}");
        for arguments in [vec!["token", NAME], vec!["token", NAME, "--min-valid", "1"]] {
            let output = home.run(&arguments).ended(0);
            assert_eq!(output.stderr, "", "{arguments:?}");
            assert_eq!(output.token(), token);
        }
        let verbose = home.run(&["token", NAME, "--verbose"]).ended(0);
        assert!(verbose.stderr.contains(told), "{verbose:#?}");
    }
}

#[test]
fn u_11_f12_a_file_that_others_could_have_written_is_not_used() {
    let home = Home::new();
    let file = home.settings("browser = \"/nonexistent\"\n");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o622)).expect("mode");
    let told = checked(&home, 1);
    assert_eq!(told.len(), 1);
    assert!(told[0].1.contains("other users can change it"), "{told:?}");
    fs::remove_file(&file).expect("removed");
    fs::create_dir(&file).expect("made");
    assert_eq!(
        checked(&home, 1),
        [("fix".to_owned(), "config.toml: it is not a file".to_owned())]
    );
    home.run(&["list"]).ended(0);
}

#[test]
fn t_12_f5_a_secret_in_the_file_is_refused_with_the_command_and_never_repeated() {
    let home = Home::new();
    home.settings("agent = true\n[github]\nclient_secret = \"canary-in-the-config\"\n");
    for arguments in [vec!["list"], vec!["doctor"], vec!["paths"]] {
        let output = home.run(&arguments);
        let all = format!("{}{}", output.stdout, output.stderr);
        assert!(
            all.contains("config.toml:3:1: client_secret: a secret does not belong"),
            "{all}"
        );
        assert!(
            all.contains("valetkey edit NAME --client-secret-file -"),
            "{all}"
        );
        assert!(!all.contains("canary"), "{all}");
    }
}

#[test]
fn u_11_doctor_and_paths_tell_the_file_and_what_is_wrong_in_it() {
    let home = Home::new();
    let file = home.root().join("config/config.toml");
    let shown = file
        .display()
        .to_string()
        .replacen(home.path().to_str().expect("text"), "~", 1);
    let (state, words) = &checked(&home, 0)[0];
    assert_eq!(state, "ok");
    assert_eq!(
        *words,
        format!("{shown} is not there; everything is at its default")
    );
    home.settings("mouse = false\n");
    assert_eq!(
        checked(&home, 0)[0].1,
        format!("{shown}, read as it stands")
    );
    home.settings("mouse = 1\nagnet = true\n");
    let found = checked(&home, 1);
    let states: Vec<&str> = found.iter().map(|(state, _)| state.as_str()).collect();
    assert_eq!(states, ["fix", "warn"]);
    assert!(found[1].1.ends_with("did you mean `agent`?"), "{found:?}");
    let paths = home.run(&["paths"]).ended(0);
    assert!(
        paths
            .stdout
            .starts_with(&format!("settings  {}\n", file.display()))
    );
    assert_eq!(paths.stderr.lines().count(), 2);
    let json = home.run(&["paths", "--json"]).ended(0).json();
    assert_eq!(json["settings"], file.to_str().expect("text"));
    assert_eq!(json["problems"].as_array().expect("a list").len(), 2);
}

#[test]
fn u_11_the_folder_may_be_a_link_into_dotfiles() {
    let home = Home::new();
    home.settings("mouse = 7\n");
    let dotfiles = home.path().join("dotfiles");
    fs::rename(home.root().join("config"), &dotfiles).expect("moved");
    symlink(&dotfiles, home.root().join("config")).expect("a link");
    assert!(checked(&home, 1)[0].1.contains("config.toml:1:9: mouse"));
}

#[test]
fn u_11_the_browser_of_the_settings_opens_the_page_unless_browser_is_set() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    let browser = home.path().join("browser");
    home.settings(format!("browser = \"{}\"\n", browser.display()));
    let mut login = home.command(&["login", NAME]);
    let mut running = home.start_command(login.env_remove("BROWSER"));
    let url = running.opened().expect("the browser was started");
    sandbox
        .visit(&mut sandbox.browser(), &url)
        .expect("a visit");
    running.end().ended(0);
    // What the environment names is stronger.
    home.settings("browser = \"/nonexistent/browser\"\n");
    home.login(&sandbox).ended(0);
}

#[test]
fn z_01_the_first_way_and_the_host_for_the_forward_line_come_from_the_settings() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    home.settings("first_way = \"paste\"\nssh_host = \"ada@build.example\"\n");
    let mut login = home.command(&["login", NAME, "--json", "--timeout", "1"]);
    // The environment names a browser, which the setting leaves closed.
    let output = run(login.env("SSH_CONNECTION", "203.0.113.9 50000 198.51.100.7 22"));
    let events = output.json_lines();
    let way = |word: &str| events.iter().find(|event| event["way"] == word);
    let forward = way("forward").expect("a forward line");
    let command = forward["command"].as_str().expect("text");
    assert!(command.ends_with(" ada@build.example"), "{command}");
    assert!(way("paste").is_some() && way("open").is_some());
    assert!(way("device").is_none(), "no code was asked for");
    let browser = events
        .iter()
        .find(|event| event["step"] == "browser" && event["state"] != "active");
    assert_eq!(browser.expect("a step")["state"], "skipped");
}

#[test]
fn u_11_a_running_agent_is_not_asked_where_the_settings_say_so() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let agent = home.agent();
    let served = || agent.status()["served"].as_u64().expect("a number");
    home.run(&["token", NAME]).token();
    assert_eq!(served(), 1);
    home.settings("agent = false\n");
    home.run(&["token", NAME]).token();
    home.run(&["token", NAME, "--json"]).ended(0);
    home.run(&["exec", NAME, "--env", "T", "--", "true"])
        .ended(0);
    assert_eq!(served(), 1);
    // Those that could not open the vault alone are not helped either.
    home.run_by_agent(&["token", NAME]).ended(6);
    home.settings("agent = true\n");
    home.run(&["token", NAME]).token();
    assert_eq!(served(), 2);
}

#[test]
fn plain_is_set_by_flag_then_environment_then_settings() {
    let home = Home::new();
    let lists = |variable: Option<&str>, flag: bool| {
        let mut command = home.command(&[] as &[&str]);
        if flag {
            command.arg("--plain");
        }
        if let Some(value) = variable {
            command.env("VALETKEY_PLAIN", value);
        }
        // Without a terminal the table is refused, and the list is not.
        run(&mut command).code == Some(0)
    };
    assert!(!lists(None, false));
    home.settings("plain = true\n");
    assert!(lists(None, false));
    assert!(!lists(Some("0"), false));
    assert!(lists(Some("0"), true));
    home.settings("plain = false\n");
    assert!(lists(Some("1"), false));
    assert!(!lists(None, false));
}
