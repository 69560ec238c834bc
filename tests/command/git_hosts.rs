//! `git-credential`: which connection answers for which host, and when none does.

use valetkey::sandbox::SandboxThread;

use crate::git_credential::{get, host, speak};
use crate::home::{Home, NAME, Output, sandbox};

/// Adds another connection to the same provider, signed in.
fn second(home: &Home, sandbox: &SandboxThread, name: &str) {
    home.run(&home.definition_of(name, sandbox)).ended(0);
    home.login_by(sandbox, &["login", name], sandbox.browser())
        .ended(0);
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
