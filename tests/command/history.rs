//! `history`: what happened, and who was given a token.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use valetkey::model::ConnectionId;
use valetkey::sandbox::SandboxThread;
use valetkey::vault::{Handed, Handouts, Outcome, Via};

use crate::home::{Home, NAME, Output, run, sandbox};

impl Home {
    fn handouts(&self) -> PathBuf {
        self.root().join("state/history.jsonl")
    }

    /// Runs the program from a script, which is what the system then calls the caller.
    fn run_from(&self, script: &[u8], does: &str, arguments: &[&str]) -> Output {
        let path = self.path().join(std::ffi::OsStr::from_bytes(script));
        fs::write(&path, format!("#!/bin/sh\n{does}\n")).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("mode");
        let inner = self.command(arguments);
        let mut command = Command::new(path);
        command
            .arg(inner.get_program())
            .args(inner.get_args())
            .env_clear()
            .envs(inner.get_envs().filter_map(|(k, v)| Some((k, v?))))
            .current_dir(self.path());
        run(&mut command)
    }

    fn events(&self, arguments: &[&str]) -> Vec<Value> {
        let arguments = [&["history", "--json"], arguments].concat();
        // Without anything that opens the vault.
        let mut command = self.command(&arguments);
        let json = run(command.env_remove("VALETKEY_PASSPHRASE_FILE"))
            .ended(0)
            .json();
        assert_eq!(json["version"], 1);
        json["events"].as_array().expect("a list").clone()
    }

    /// A file of hand-outs that is nearly full, of lines that are none.
    fn nearly_full(&self, length: usize) {
        let _ = fs::create_dir_all(self.root().join("state"));
        let mut text = "x".repeat(length);
        text.push('\n');
        fs::write(self.handouts(), text).expect("written");
        fs::set_permissions(self.handouts(), fs::Permissions::from_mode(0o600)).expect("private");
    }
}

const ASK: &str = "\"$@\"; exit $?";

fn words(events: &[Value]) -> Vec<String> {
    let word = |event: &Value| {
        let text = |field: &str| event[field].as_str().unwrap_or("-").to_owned();
        format!("{} {}", text("action"), text("outcome"))
    };
    events.iter().map(word).collect()
}

fn nothing_secret(text: &str, sandbox: &SandboxThread) {
    for secret in sandbox.secrets_issued() {
        assert!(!text.contains(&secret), "{secret} in {text}");
    }
}

#[test]
fn x_08_y_04_every_hand_out_is_told_with_who_asked() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    // The first takes the ordinary way, the second the short one, the third an option.
    let pids: Vec<String> = [
        &["token", NAME][..],
        &["token", NAME],
        &["token", NAME, "--header"],
    ]
    .iter()
    .map(|arguments| {
        let does = format!("echo $$ > pid\n{ASK}");
        let output = home.run_from(b"asks", &does, arguments).ended(0);
        assert_eq!(output.stderr, "");
        fs::read_to_string(home.path().join("pid")).expect("a number")
    })
    .collect();
    let events = home.events(&[NAME]);
    assert_eq!(
        words(&events),
        [
            "token given",
            "token given",
            "token given",
            "signed-in done",
            "added done"
        ]
    );
    for (event, pid) in events.iter().zip(pids.iter().rev()) {
        let pid: u32 = pid.trim().parse().expect("a number");
        assert_eq!(event["caller"], json!({"pid": pid, "name": "asks"}));
        assert_eq!(event["via"], "command");
        assert_eq!(event["detail"], Value::Null);
        assert_eq!(event["connection"]["name"], NAME);
    }
    let shown = home.run(&["show", NAME, "--json"]).ended(0).json();
    assert_eq!(events[0]["connection"]["id"], shown["id"]);
    assert_eq!(events[3]["caller"], Value::Null);
    assert_eq!(events[3]["via"], Value::Null);
    assert_eq!(words(&home.events(&["--limit", "2"])).len(), 2);

    let text = home.run(&["history"]).ended(0).stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].contains("practice  token given to asks 3 times since 20"),
        "{text}"
    );
    assert!(lines[1].contains("practice  signed in"), "{text}");
    assert_eq!(lines.len(), 3, "{text}");
    let written = fs::read_to_string(home.handouts()).expect("text");
    assert_eq!(written.lines().count(), 3);
    for text in [text, written, json!(events).to_string()] {
        nothing_secret(&text, &sandbox);
    }
}

#[test]
fn x_08_w_01_a_hostile_process_name_is_harmless_wherever_it_is_told() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let name = b"g\x1b[2J) R\n\x07t";
    home.run_from(name, ASK, &["token", NAME]).ended(0);
    let text = home.run(&["history", NAME]).ended(0).stdout;
    assert!(text.contains("token given to g␛[2J) R␊␇t ("), "{text}");
    let json = home.run(&["history", "--json"]).ended(0);
    assert_eq!(json.json()["events"][0]["caller"]["name"], "g␛[2J) R␊␇t");
    let show = home.run(&["show", NAME]).ended(0).stdout;
    let written = fs::read_to_string(home.handouts()).expect("text");
    assert_eq!(written.lines().count(), 1);
    for text in [text, json.stdout, show, written] {
        assert!(!text.contains(['\u{1b}', '\u{7}']), "{text}");
    }
}

#[test]
fn x_08_a_history_that_cannot_be_written_costs_no_token() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let token = home.run(&["token", NAME]).token();
    let elsewhere = home.path().join("elsewhere");
    fs::write(&elsewhere, "untouched\n").expect("written");
    for what in ["a link", "a folder", "open to others"] {
        let _ = fs::remove_file(home.handouts());
        let _ = fs::remove_dir(home.handouts());
        match what {
            "a link" => symlink(&elsewhere, home.handouts()).expect("a link"),
            "a folder" => fs::create_dir(home.handouts()).expect("a folder"),
            _ => {
                home.nearly_full(10);
                let open = fs::Permissions::from_mode(0o622);
                fs::set_permissions(home.handouts(), open).expect("mode");
            }
        }
        let quiet = home.run(&["token", NAME]);
        assert_eq!(quiet.stderr, "", "{what}");
        assert_eq!(quiet.token(), token, "{what}");
        let told = home.run(&["token", NAME, "--verbose"]);
        assert!(
            told.stderr.contains("not written to the history"),
            "{told:#?}"
        );
        assert_eq!(told.token(), token, "{what}");
        // What the vault itself wrote down is still told, and what is missing.
        let history = home.run(&["history", NAME]).ended(0);
        assert!(history.stdout.contains("signed in"), "{history:#?}");
        assert!(history.stderr.contains("cannot be told"), "{history:#?}");
    }
    assert_eq!(fs::read_to_string(elsewhere).expect("text"), "untouched\n");
}

#[test]
fn x_08_a_full_disk_costs_no_token() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let token = home.run(&["token", NAME]).token();
    home.nearly_full(900_000);
    // The system takes no more of a file than this; beyond it a careless program is ended.
    let full = format!("ulimit -f 600\n{ASK}");
    for arguments in [&["token", NAME][..], &["token", NAME, "--json"]] {
        let output = home.run_from(b"asks", &full, arguments).ended(0);
        assert_eq!(output.stderr, "");
        assert!(output.stdout.contains(&token));
    }
    let length = fs::metadata(home.handouts()).expect("there").len();
    assert_eq!(length, 900_001);
}

#[test]
fn x_08_a_token_that_nobody_got_is_not_said_to_be_given() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    home.run(&["token", NAME]).token();
    for arguments in [&["token", NAME][..], &["token", NAME, "--json"]] {
        let nowhere = "\"$@\" > /dev/full; exit $?";
        home.run_from(b"asks", nowhere, arguments).ended(1);
    }
    let given = home
        .events(&[])
        .into_iter()
        .filter(|event| event["action"] == "token");
    assert_eq!(given.count(), 1);
}

#[test]
fn x_08_processes_that_make_room_at_once_lose_no_line() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    home.run(&["token", NAME]).token();
    home.nearly_full(1024 * 1024 - 300);
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| home.run(&["token", NAME]).token());
        }
    });
    let given = home
        .events(&[NAME])
        .into_iter()
        .filter(|event| event["action"] == "token");
    assert_eq!(given.count(), 12);
    let former = home.root().join("state/history.jsonl.1");
    assert!(fs::metadata(former).expect("room was made").len() >= 1024 * 1024);
}

#[test]
fn x_08_a_deleted_connection_stays_in_the_history_of_all() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    home.run(&["token", NAME]).token();
    home.run(&["remove", NAME, "--forget"]).ended(0);
    let events = home.events(&[]);
    assert_eq!(words(&events), ["removed done", "token given"]);
    let unknown = home.run(&["history", NAME, "--json"]).ended(2);
    assert_eq!(unknown.json()["error"]["exit"], 2);
    home.run(&home.definition(&sandbox)).ended(0);
    assert_eq!(words(&home.events(&[NAME])), ["added done"]);
    let unknown = home.run(&["history", "practise"]).ended(2);
    assert!(unknown.stderr.contains(NAME), "{unknown:#?}");
}

#[test]
fn x_08_what_the_agent_refused_is_told_with_its_reason() {
    let home = Home::empty();
    let nothing = home.run(&["history"]).ended(0);
    assert_eq!(
        (nothing.stdout.as_str(), nothing.stderr.as_str()),
        ("", "Nothing has happened yet.\n")
    );
    assert!(home.events(&[]).is_empty());
    let all = Handouts::of(&home.vault_home()).expect("on a disk");
    all.add(&[Handed {
        at: valetkey::model::UnixTime(1_700_000_000),
        connection: ConnectionId::from_random([7; 16]),
        name: "github".to_owned(),
        outcome: Outcome::Refused("denied".to_owned()),
        via: Via::Agent,
        caller: None,
    }])
    .expect("added");
    let expected = json!({
        "at": "2023-11-14T22:13:20Z",
        "connection": {"id": "07".repeat(16), "name": "github"},
        "action": "token",
        "outcome": "refused",
        "detail": "denied",
        "caller": null,
        "via": "agent",
    });
    assert_eq!(home.events(&[]), [expected]);
    let text = home.run(&["history"]).ended(0).stdout;
    assert_eq!(
        text,
        "2023-11-14T22:13:20Z  github  token refused by the agent: denied\n"
    );
}
