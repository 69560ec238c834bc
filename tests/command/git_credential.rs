//! `git-credential`: the protocol, spoken as git speaks it, and what becomes of a refused token.

use std::io::Write as _;
use std::process::Stdio;

use valetkey::sandbox::SandboxThread;

use crate::home::{Home, NAME, Output, sandbox};

/// Runs an operation with this input.
pub(crate) fn speak(home: &Home, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = home.command(arguments);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    // It may have refused before the end.
    let _ = child.stdin.take().expect("piped").write_all(input);
    let output = child.wait_with_output().expect("ends");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Output {
        stdout: text(output.stdout),
        stderr: text(output.stderr),
        code: output.status.code(),
    }
}

pub(crate) fn get(home: &Home, input: &str) -> Output {
    speak(home, &["git-credential", "get"], input.as_bytes())
}

pub(crate) fn host(sandbox: &SandboxThread) -> String {
    sandbox.url().trim_start_matches("https://").to_owned()
}

#[test]
fn y_14_the_connection_of_the_host_answers() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let token = home.run(&["token", NAME]).token();
    let answer = get(
        &home,
        &format!("protocol=https\nhost={}\n\n", host(&sandbox)),
    )
    .ended(0);
    assert_eq!(answer.stderr, "");
    let lines: Vec<&str> = answer.stdout.lines().collect();
    assert_eq!(
        lines[..2],
        ["username=oauth2", &format!("password={token}")]
    );
    let expiry = lines[2]
        .strip_prefix("password_expiry_utc=")
        .expect(lines[2]);
    let kept = home.kept(NAME);
    let grant = kept.connection().grant.as_ref().expect("signed in");
    assert_eq!(expiry.parse(), Ok(grant.expiry.at().expect("stated").0));
    assert_eq!(lines.len(), 3, "{lines:?}");
    // Letters of a host have no case, and the program renews as `token` does.
    home.age(7200);
    let upper = format!("host=LOCALHOST\nprotocol=https\nhost={}\n", host(&sandbox));
    assert_eq!(get(&home, &upper).ended(2).stdout, "", "said twice");
    let answer = get(&home, &format!("protocol=https\nhost={}\n", host(&sandbox))).ended(0);
    assert!(!answer.stdout.contains(&token), "renewed");
    assert_eq!(sandbox.requests_to("/token").len(), 1);
}

#[test]
fn y_14_where_only_a_bearer_header_is_taken_git_is_told_to_send_one() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let token = home.run(&["token", NAME]).token();
    let asked = format!(
        "capability[]=authtype\ncapability[]=state\nprotocol=https\nhost={}\nwwwauth[]=Bearer realm=\"x\"\n",
        host(&sandbox)
    );
    let answer = get(&home, &asked).ended(0).stdout;
    assert!(
        answer.starts_with(&format!(
            "capability[]=authtype\nauthtype=Bearer\ncredential={token}\nephemeral=1\n"
        )),
        "{answer}"
    );
    assert!(!answer.contains("username="), "{answer}");
}

#[test]
fn y_14_values_with_control_characters_get_nothing() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let good = format!("protocol=https\nhost={}\n", host(&sandbox));
    let mut inputs: Vec<Vec<u8>> = ["\0", "\r", "\u{1b}[2J", "\u{7f}", "\u{9b}"]
        .iter()
        .flat_map(|bad| {
            [
                format!("{good}path=a{bad}b\n").into_bytes(),
                format!("protocol=https\nhost=x{bad}{}\n", host(&sandbox)).into_bytes(),
                format!("{good}username={bad}\n").into_bytes(),
            ]
        })
        .collect();
    inputs.push([good.as_bytes(), b"username=\xff\n"].concat());
    inputs.push(format!("{good}username={}\n", "x".repeat(100_000)).into_bytes());
    inputs.push(format!("{good}host=evil.example\n").into_bytes());
    inputs.push(format!("{good}quit\n").into_bytes());
    for operation in ["get", "erase"] {
        for input in &inputs {
            let answer = speak(&home, &["git-credential", operation], input).ended(2);
            let shown = input.escape_ascii();
            assert_eq!(answer.stdout, "", "{shown}");
            assert!(
                answer.stderr.contains("What git asks for is refused"),
                "{shown}"
            );
            assert!(!answer.stderr.contains('\u{1b}'));
        }
    }
}

#[test]
fn y_13_nobody_is_asked_and_what_is_wrong_is_told() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    let asked = format!("protocol=https\nhost={}\n", host(&sandbox));
    let answer = get(&home, &asked).ended(3);
    assert_eq!(answer.stdout, "");
    assert!(
        answer.stderr.contains("run: valetkey login practice"),
        "{answer:#?}"
    );
    assert!(sandbox.requests().is_empty());
}

#[test]
fn y_14_erase_renews_the_refused_token_once_and_ends_nothing() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let token = home.run(&["token", NAME]).token();
    let erase = |password: &str| {
        let input = format!(
            "protocol=https\nhost={}\nusername=oauth2\n{password}",
            host(&sandbox)
        );
        speak(&home, &["git-credential", "erase"], input.as_bytes()).ended(0)
    };
    let with = |token: &str| format!("password={token}\n");
    // A token that was issued this moment is no older than the next one would be.
    let told = erase(&with(&token));
    assert!(told.stderr.contains("quite new"), "{told:#?}");
    home.age(60);
    for other in ["", "password=\n", "password=another\n"] {
        assert_eq!(erase(other).stderr, "", "{other}");
    }
    assert!(sandbox.requests().is_empty(), "none of these is a reason");
    let told = erase(&with(&token));
    assert!(
        told.stderr.contains("It was renewed; try again."),
        "{told:#?}"
    );
    assert_eq!(sandbox.requests_to("/token").len(), 1);
    let newer = home.run(&["token", NAME]).token();
    assert_ne!(newer, token);
    // Said again, by git's other end or by a server that refuses everybody.
    erase(&with(&token));
    erase(&with(&newer));
    assert_eq!(sandbox.requests_to("/token").len(), 1);
    assert_eq!(home.run(&["token", NAME]).token(), newer);
    // Of another host, the token is not even compared.
    home.age(60);
    let elsewhere = format!("protocol=https\nhost=evil.example\npassword={newer}\n");
    speak(&home, &["git-credential", "erase"], elsewhere.as_bytes()).ended(0);
    assert_eq!(sandbox.requests_to("/token").len(), 1);
}

#[test]
fn y_14_erase_without_a_refresh_token_says_what_to_do() {
    let sandbox = sandbox(&["refresh_token=absent"]);
    let home = Home::signed_in(&sandbox);
    let token = home.run(&["token", NAME]).token();
    home.age(60);
    let input = format!(
        "protocol=https\nhost={}\npassword={token}\n",
        host(&sandbox)
    );
    let told = speak(&home, &["git-credential", "erase"], input.as_bytes()).ended(0);
    assert!(told.stderr.contains("valetkey login practice"), "{told:#?}");
    assert_eq!(home.run(&["token", NAME]).token(), token, "kept");
}

#[test]
fn y_14_store_and_operations_of_later_gits_do_nothing() {
    let home = Home::new();
    for operation in ["store", "capability", "state"] {
        let input =
            b"protocol=https\nhost=git.example\nusername=a\npassword=canary-stored-by-git\n\n";
        let answer = speak(&home, &["git-credential", operation], input).ended(0);
        assert_eq!((answer.stdout.as_str(), answer.stderr.as_str()), ("", ""));
    }
}
