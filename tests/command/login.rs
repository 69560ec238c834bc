//! `login`: in words, as JSON lines, by paste, by code.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::home::{Home, NAME, Output, run, sandbox};
use crate::web;

fn events(output: &Output) -> Vec<Value> {
    let lines = output.json_lines();
    for line in &lines {
        assert_eq!(line["version"], 1);
        assert!(
            line["at"].as_str().is_some_and(|at| at.ends_with('Z')),
            "{line}"
        );
        assert_eq!(line["attempt"], lines[0]["attempt"]);
    }
    lines
}

#[test]
fn a_sign_in_is_told_in_words_on_stderr_alone() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    let output = home.login(&sandbox).ended(0);
    assert_eq!(output.stdout, "");
    assert!(
        output.stderr.contains("Opening your browser (browser)."),
        "{output:#?}"
    );
    assert!(
        output.stderr.contains("Signed in to practice"),
        "{output:#?}"
    );
    assert!(
        output.stderr.contains("Granted: profile items:read."),
        "{output:#?}"
    );
}

#[test]
fn the_json_lines_have_their_promised_shape() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    let output = home.login_by(&sandbox, &["login", NAME, "--json"], sandbox.browser());
    let lines = events(&output.ended(0));
    let steps: Vec<_> = lines
        .iter()
        .filter(|line| line["event"] == "step" && line["state"] == "done")
        .filter_map(|line| line["step"].as_str())
        .collect();
    let all = [
        "listen", "browser", "approve", "check", "exchange", "store", "identify", "accept",
    ];
    assert_eq!(steps, all);
    let ways: Vec<_> = lines.iter().filter(|line| line["event"] == "way").collect();
    assert_eq!(ways.len(), 2);
    assert_eq!(ways[0]["way"], "open");
    assert!(
        ways[0]["url"]
            .as_str()
            .is_some_and(|url| url.contains("/go/"))
    );
    assert_eq!(ways[1]["way"], "paste");
    let done = lines.last().expect("a last line");
    assert_eq!(done["event"], "done");
    assert_eq!(done["connection"]["name"], NAME);
    assert_eq!(
        done["connection"]["scopes"]["granted"],
        json!(["profile", "items:read"])
    );
}

#[test]
fn a_failure_is_the_last_json_line() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    let browser = sandbox.browser().denying();
    let output = home
        .login_by(&sandbox, &["login", NAME, "--json"], browser)
        .ended(5);
    let lines = events(&output);
    let last = lines.last().expect("a last line");
    assert_eq!(last["event"], "failed");
    assert_eq!(last["step"], "check");
    assert_eq!(last["code"], "declined");
    assert_eq!(last["exit"], 5);
    assert!(last["message"].is_string() && last["fixes"].is_array());
    let output = home.run(&["login", "nobody", "--json"]).ended(2);
    let lines = output.json_lines();
    assert_eq!(lines.len(), 1);
    assert_eq!(
        (&lines[0]["event"], &lines[0]["exit"]),
        (&json!("failed"), &json!(2))
    );
}

#[test]
fn narrowed_scopes_are_named() {
    let sandbox = sandbox(&["granted_scope=profile"]);
    let home = Home::with(&sandbox);
    let output = home.login(&sandbox).ended(0);
    assert!(
        output
            .stderr
            .contains("Granted: profile. Refused: items:read."),
        "{output:#?}"
    );
    let shown = home.run(&["list", "--json"]).json();
    let scopes = &shown["connections"][0]["scopes"];
    assert_eq!(scopes["refused"], json!(["items:read"]));
    assert_eq!(scopes["stated"], true);
}

#[test]
fn b_03_without_a_terminal_a_wider_grant_is_given_back() {
    let sandbox = sandbox(&["granted_scope=profile items:read email"]);
    let home = Home::with(&sandbox);
    let output = home.login(&sandbox).ended(5);
    assert!(
        output
            .stderr
            .contains("granted more than was asked for (email)"),
        "{output:#?}"
    );
    assert!(output.stderr.contains("--accept-wider"), "{output:#?}");
    assert!(sandbox.live_refresh_tokens().is_empty());
    let accepting = ["login", NAME, "--accept-wider"];
    let output = home
        .login_by(&sandbox, &accepting, sandbox.browser())
        .ended(0);
    assert!(
        output.stderr.contains("Added by the provider: email."),
        "{output:#?}"
    );
}

#[test]
fn a_10_without_a_terminal_another_account_is_given_back() {
    let sandbox = sandbox(&[]);
    let mut flags = Home::new().definition(&sandbox);
    flags.extend(["--userinfo-url".to_owned(), sandbox.at("/userinfo")]);
    let home = Home::new();
    let flags: Vec<String> = home
        .definition(&sandbox)
        .into_iter()
        .map(|flag| {
            if flag == "profile items:read" {
                "openid profile".to_owned()
            } else {
                flag
            }
        })
        .chain(["--userinfo-url".to_owned(), sandbox.at("/userinfo")])
        .collect();
    home.run(&flags).ended(0);
    home.login(&sandbox).ended(0);
    let before = home.kept(NAME);
    let bob = || {
        sandbox
            .browser()
            .approving(valetkey::sandbox::Approval::of("bob"))
    };
    let output = home.login_by(&sandbox, &["login", NAME], bob()).ended(5);
    assert!(
        output
            .stderr
            .contains("You signed in as Bob Practice; this connection belongs to Ada Practice."),
        "{output:#?}"
    );
    assert_eq!(home.kept(NAME), before);
    let output = home
        .login_by(&sandbox, &["login", NAME, "--accept-account"], bob())
        .ended(0);
    assert!(output.stderr.contains("as Bob Practice"), "{output:#?}");
}

#[test]
fn e1_a_pasted_address_signs_in() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    let mut command = home.command(&["login", NAME, "--paste"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut stdin = child.stdin.take().expect("piped");
    let mut told = std::io::BufReader::new(child.stderr.take().expect("piped"));
    let start = std::io::BufRead::lines(&mut told)
        .map_while(Result::ok)
        .find_map(|line| {
            line.trim()
                .strip_prefix("http://")
                .map(|rest| format!("http://{rest}"))
        })
        .expect("a start link");
    let mut browser = sandbox.browser().stopping_before_callback();
    let ended_on = sandbox.visit(&mut browser, &start).expect("a visit").url;
    writeln!(stdin, "no address at all\n{ended_on}").expect("pasted");
    drop(stdin);
    let rest: Vec<String> = std::io::BufRead::lines(told)
        .map_while(Result::ok)
        .collect();
    assert!(child.wait().expect("ended").success(), "{rest:#?}");
    assert!(
        rest.iter()
            .any(|line| line.contains("That is not an address.")),
        "{rest:#?}"
    );
    assert!(
        rest.iter()
            .any(|line| line.starts_with("Signed in to practice")),
        "{rest:#?}"
    );
    assert!(
        !rest.concat().contains("code="),
        "a pasted address is not echoed"
    );
}

#[test]
fn k_02_k_08_a_device_code_comes_with_its_warning() {
    let sandbox = sandbox(&["device_interval=1"]);
    let home = Home::with(&sandbox);
    let mut running = home.start(&["login", NAME, "--device"]);
    running
        .stderr_line(|line| line.starts_with("Only use a code that you asked for here yourself."));
    let code = running.stderr_line(|line| line.trim_start().starts_with("type "));
    let code = code.trim_start().trim_start_matches("type").trim();
    sandbox.approve_device(code, "ada").expect("approved");
    let output = running.end().ended(0);
    assert!(
        output.stderr.contains("Signed in to practice"),
        "{output:#?}"
    );
    let secret = sandbox
        .secrets_issued()
        .into_iter()
        .find(|secret| secret.starts_with("sbx_dc_"));
    assert!(!output.stderr.contains(&secret.expect("a device code")));
}

#[test]
fn the_interrupt_key_stops_the_attempt_and_changes_nothing() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let before = home.kept(NAME);
    let mut running = home.start(&["login", NAME]);
    running.stderr_line(|line| line == "Waiting for your approval.");
    running.interrupt();
    let output = running.end().ended(130);
    assert!(
        output.stderr.contains("Stopped. Nothing was changed."),
        "{output:#?}"
    );
    assert_eq!(home.kept(NAME), before);
}

#[test]
fn e_11_the_browser_is_given_a_short_start_link_without_the_state() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    let mut running = home.start(&["login", NAME]);
    let url = running.opened().expect("opened");
    assert!(url.len() < 45 && url.contains("/go/"), "{url}");
    let (authorize, cookie) = web::follow(&url);
    assert!(authorize.starts_with(&sandbox.at("/authorize?")));
    let callback = sandbox
        .approve(&authorize, &valetkey::sandbox::Approval::default())
        .expect("approved");
    let approved = web::Approved { callback, cookie };
    assert_eq!(approved.deliver(&approved.callback).status, 200);
    running.end().ended(0);
}

#[test]
fn i9_the_browser_is_one_program_and_never_a_shell_line() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    let touched = home.path().join("touched");
    let line = format!("sh -c 'touch {}'", touched.display());
    let mut command = home.command(&["login", NAME, "--timeout", "1"]);
    let output = run(command.env("BROWSER", line)).ended(3);
    assert!(
        output.stderr.contains("in a browser on this machine:"),
        "{output:#?}"
    );
    assert!(!touched.exists());
}

#[test]
fn add_can_sign_in_at_once() {
    let sandbox = sandbox(&[]);
    let home = Home::new();
    let mut flags = home.definition(&sandbox);
    flags.push("--sign-in".to_owned());
    let mut running = home.start(&flags);
    let url = running.opened().expect("opened");
    sandbox
        .visit(&mut sandbox.browser(), &url)
        .expect("a visit");
    let output = running.end().ended(0);
    assert!(
        output.stderr.contains("Signed in to practice"),
        "{output:#?}"
    );
    run(&mut home.command(&["token", NAME])).token();
}

#[test]
fn token_signs_in_when_it_is_told_to() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    home.run(&["token", NAME]).ended(3);
    let output = home.login_by(
        &sandbox,
        &["token", NAME, "--interactive"],
        sandbox.browser(),
    );
    assert!(sandbox.accepts_access(&output.token()));
}

#[test]
fn b_11_other_scopes_are_asked_for_by_a_flag_and_stay_when_they_were_granted() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let before = home.kept(NAME);
    let denying = sandbox.browser().denying();
    home.login_by(&sandbox, &["login", NAME, "--scope", "email"], denying)
        .ended(5);
    assert_eq!(home.kept(NAME), before);
    let mut flags = vec!["login", NAME, "--scope", "profile email"];
    let output = home.login_by(&sandbox, &flags, sandbox.browser()).ended(0);
    assert!(
        output.stderr.contains("Granted: profile email."),
        "{output:#?}"
    );
    let shown = home.run(&["show", NAME, "--json"]).ended(0).json();
    let both = json!(["profile", "email"]);
    assert_eq!(shown["scopes"]["requested"], both);
    assert_eq!(shown["scopes"]["granted"], both);
    flags[3] = "a\u{201c}b";
    let output = home.run(&flags).ended(2);
    assert!(
        output.stderr.contains("--scope: ") && output.stderr.contains("U+201C"),
        "{output:#?}"
    );
    home.run(&["login", NAME, "--scope", "a", "--resume"])
        .ended(2);
}
