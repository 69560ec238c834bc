//! `git-credential`: the protocol, spoken as git speaks it.

use std::io::Write as _;
use std::process::Stdio;

use valetkey::sandbox::SandboxThread;

use crate::home::{Home, NAME, Output, sandbox};

/// Runs an operation with this input.
fn speak(home: &Home, arguments: &[&str], input: &[u8]) -> Output {
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

fn get(home: &Home, input: &str) -> Output {
    speak(home, &["git-credential", "get"], input.as_bytes())
}

fn host(sandbox: &SandboxThread) -> String {
    sandbox.url().trim_start_matches("https://").to_owned()
}

/// Adds another connection to the same provider, signed in.
fn second(home: &Home, sandbox: &SandboxThread, name: &str) {
    home.run(&home.definition_of(name, sandbox)).ended(0);
    home.login_by(sandbox, &["login", name], sandbox.browser())
        .ended(0);
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
fn c_02_y_16_no_other_host_and_no_look_alike_gets_a_token() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let host = host(&sandbox);
    let port = host.split_once(':').expect("a port").1;
    let mut hosts = vec![
        String::new(),
        "127.0.0.1".to_owned(),
        "127.0.0.1:443".to_owned(),
        format!("127.1:{port}"),
        format!("2130706433:{port}"),
        format!("127.0.0.2:{port}"),
        format!("localhost:{port}"),
        format!("127.0.0.1:0{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        format!("ada@{host}"),
        format!("evil.example@{host}"),
    ];
    for tail in [
        "/",
        "/x",
        "?x",
        "#x",
        "%2f",
        "%0a",
        ".",
        ":1",
        "\u{ff0f}",
        " ",
        "@evil.example",
        "\\",
    ] {
        hosts.push(format!("{host}{tail}"));
    }
    for other in hosts {
        let answer = get(&home, &format!("protocol=https\nhost={other}\n\n")).ended(0);
        assert_eq!(
            (answer.stdout.as_str(), answer.stderr.as_str()),
            ("", ""),
            "{other}"
        );
    }
    for protocol in ["http", "ssh", "git", "ftp", "HTTPS", "file", "imap", ""] {
        let answer = get(&home, &format!("protocol={protocol}\nhost={host}\n\n")).ended(0);
        assert_eq!(answer.stdout, "", "{protocol}");
    }
    let named = ["git-credential", "--connection", NAME, "get"];
    let answer = speak(&home, &named, b"protocol=https\nhost=evil.example\n\n").ended(0);
    assert_eq!(answer.stdout, "", "not even by name");
    let told = speak(
        &home,
        &["-v", "git-credential", "get"],
        b"protocol=https\nhost=evil.example\n",
    );
    assert!(
        told.stderr
            .contains("evil.example is no host of a connection"),
        "{told:#?}"
    );
    get(&home, &format!("protocol=https\nhost={host}\n\n"))
        .ended(0)
        .stdout
        .find("password=")
        .expect("the right one");
}

#[test]
fn c_02_plain_http_needs_a_connection_that_allows_it() {
    let options = valetkey::sandbox::Options::default();
    let sandbox = SandboxThread::start(options).expect("a sandbox");
    let home = Home::new();
    let at = |path: &str| sandbox.at(path);
    home.run(&[
        "add",
        "--no-input",
        "--dev-http",
        "--name",
        NAME,
        "--authorization-url",
        &at("/authorize"),
        "--token-url",
        &at("/token"),
        "--client-id",
        "valetkey-practice",
        "--resource",
        "https://git.example/",
    ])
    .ended(0);
    home.login(&sandbox).ended(0);
    let host = sandbox.url().trim_start_matches("http://").to_owned();
    let given = |protocol: &str, host: &str| {
        let answer = get(&home, &format!("protocol={protocol}\nhost={host}\n"));
        answer.ended(0).stdout.contains("password=")
    };
    assert!(given("http", &host));
    assert!(!given("https", &host), "that is another place");
    assert!(given("https", "git.example") && given("https", "Git.Example:443"));
    assert!(!given("http", "git.example") && !given("https", "git.example:444"));
}

#[test]
fn y_16_of_several_connections_none_is_guessed() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    second(&home, &sandbox, "work");
    let asked = format!("protocol=https\nhost={}\n", host(&sandbox));
    let several = get(&home, &asked).ended(2);
    assert_eq!(several.stdout, "");
    assert!(
        several.stderr.contains("2 connections have a token"),
        "{several:#?}"
    );
    assert!(several.stderr.contains("practice, work"), "{several:#?}");
    for user in ["oauth2", "x-access-token"] {
        get(&home, &format!("{asked}username={user}\n")).ended(2);
    }
    let password = |output: Output| {
        let lines = output.ended(0).stdout;
        let line = lines
            .lines()
            .find_map(|line| line.strip_prefix("password="));
        line.expect("a password").to_owned()
    };
    let work = home.run(&["token", "work"]).token();
    assert_ne!(work, home.run(&["token", NAME]).token());
    let by_user = get(&home, &format!("{asked}username=Work\n"));
    assert_eq!(password(by_user), work);
    let by_flag = ["git-credential", "--connection", "work", "get"];
    assert_eq!(password(speak(&home, &by_flag, asked.as_bytes())), work);
    // Both are signed in as ada; nobody as bob.
    get(&home, &format!("{asked}username=bob\n")).ended(2);
    let unknown = ["git-credential", "--connection", "nobody", "get"];
    speak(&home, &unknown, asked.as_bytes()).ended(2);
}

#[test]
fn y_16_another_accounts_name_gets_no_token_of_the_only_connection() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    home.run(&["test", NAME]).ended(0);
    let account = home.run(&["show", NAME, "--json"]).ended(0).json();
    let account = account["account"]["label"]
        .as_str()
        .expect("known")
        .to_owned();
    let asked = |user: &str| format!("protocol=https\nhost={}\nusername={user}\n", host(&sandbox));
    for user in [NAME, account.as_str(), "oauth2", ""] {
        let answer = get(&home, &asked(user)).ended(0);
        assert!(answer.stdout.contains("password="), "{user}");
    }
    let answer = get(&home, &asked("bob")).ended(2);
    assert_eq!(answer.stdout, "");
    assert!(
        answer.stderr.contains("named bob or signed in as bob"),
        "{answer:#?}"
    );
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
