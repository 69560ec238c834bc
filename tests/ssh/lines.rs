//! Line by line without a terminal: `ssh -T`, scripts, a serial line.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Stdio};

use serde_json::Value;
use valetkey::sandbox::Approval;

use crate::lab::{Lab, NAME, connected};

fn start(lab: &Lab, line: &str) -> Child {
    let mut command = lab.ssh(&["-T", line]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().expect("ssh")
}

#[test]
fn z_05_a_paste_goes_in_by_stdin_without_a_terminal() {
    let lab = Lab::set();
    let mut child = start(&lab, &format!("valetkey login {NAME} --paste"));
    let said = BufReader::new(child.stderr.take().expect("piped"));
    let begins = lab.provider.at("/authorize?");
    let mut lines = said.lines().map_while(Result::ok);
    let address = lines.find(|line| line.trim().starts_with(&begins));
    let address = address.expect("the address");
    let callback = lab.provider.approve(address.trim(), &Approval::default());
    let mut stdin = child.stdin.take().expect("piped");
    writeln!(stdin, "{}", callback.expect("approved")).expect("pasted");
    let told: Vec<String> = lines.collect();
    let output = child.wait_with_output().expect("ended");
    assert!(output.status.success(), "{told:?}");
    assert!(output.stdout.is_empty());
    assert!(!told.join("\n").contains("code="), "never echoed: {told:?}");
    connected(&lab);
}

#[test]
fn z_01_a_code_needs_no_terminal_either() {
    let lab = Lab::set();
    sign_in_by_code(&lab, &format!("valetkey login {NAME} --device"));
    connected(&lab);
}

/// Runs this line on the server; ada approves its code.
pub(crate) fn sign_in_by_code(lab: &Lab, line: &str) {
    let mut child = start(lab, line);
    let said = BufReader::new(child.stderr.take().expect("piped"));
    let mut lines = said.lines().map_while(Result::ok);
    let code = lines.find_map(|line| line.trim().strip_prefix("type ").map(str::to_owned));
    let code = code.expect("a code");
    lab.provider
        .approve_device(code.trim(), "ada")
        .expect("approved");
    let told: Vec<String> = lines.collect();
    assert!(child.wait().expect("ended").success(), "{told:?}");
}

#[test]
fn z_02_the_ways_are_told_as_json_with_every_form_of_the_line() {
    let lab = Lab::set();
    let line = format!("valetkey login {NAME} --json --ssh-host '-p 2200 ada@build'");
    let mut child = start(&lab, &line);
    let told = BufReader::new(child.stdout.take().expect("piped"));
    let events = told.lines().map_while(Result::ok);
    let mut events = events.map(|line| serde_json::from_str::<Value>(&line).expect("JSON"));
    let way = events
        .find(|event| event["way"] == "forward")
        .expect("told");
    let text = |name: &str| way[name].as_str().expect("text").to_owned();
    assert!(text("command").starts_with("ssh -N -L 127.0.0.1:"), "{way}");
    assert!(text("command").ends_with(" -p 2200 ada@build"), "{way}");
    assert!(text("escape").starts_with("-L 127.0.0.1:"), "{way}");
    assert!(
        text("control").starts_with("ssh -O forward -L 127.0.0.1:"),
        "{way}"
    );
    assert!(text("url").starts_with("http://127.0.0.1:"), "{way}");
    let code = events.find(|event| event["way"] == "device").expect("told");
    let code = code["code"].as_str().expect("a code").to_owned();
    lab.provider.approve_device(&code, "ada").expect("approved");
    let last = events.last().expect("an end");
    assert_eq!(last["event"], "done", "{last}");
    assert!(child.wait().expect("ended").success());
}

#[test]
fn z_10_a_hang_up_is_gone_on_with_line_by_line() {
    let lab = Lab::set();
    let mut terminal = lab.terminal(&format!("valetkey login {NAME} --device"));
    terminal.until_shows("type  ");
    let text = terminal.text();
    let code = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("type "));
    let code = code.expect("a code").trim().to_owned();
    let ids = lab.processes().join(" ");
    lab.server.sh(&format!("kill -HUP {ids}"));
    lab.until_no_process();
    lab.provider.approve_device(&code, "ada").expect("approved");
    let mut terminal = lab.terminal(&format!("valetkey login {NAME}"));
    terminal.until_shows("1 go on, with the same code   2 forget it");
    terminal.press("1\r");
    terminal.until_shows("Signed in to notes as Ada Practice");
    assert_eq!(lab.provider.requests_to("/device_authorization").len(), 1);
}
