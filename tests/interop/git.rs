//! Real git, cloning from a server that demands the token.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::kept::Provider;
use crate::sealed::{Home, NAME, sandbox};
use crate::stub::{Answer, Asked, Stub, other, told};

/// Git without this machine's or this user's settings, and without anybody to ask.
fn git(home: &Home, arguments: &[&str]) -> Command {
    let mut command = other(home, "git");
    command
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", home.path().join("gitconfig"))
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_ASKPASS", "/bin/false");
    command
}

#[track_caller]
fn must(home: &Home, arguments: &[&str]) {
    let (code, out, err) = told(&mut git(home, arguments));
    assert_eq!(code, Some(0), "{arguments:?}: {out}{err}");
}

/// A repository with one file, as files that any web server can serve.
fn repository(home: &Home) -> PathBuf {
    must(home, &["config", "--global", "user.name", "Ada"]);
    must(home, &["config", "--global", "user.email", "ada@example"]);
    must(home, &["init", "--quiet", "work"]);
    fs::write(home.path().join("work/README"), "It came through.\n").expect("written");
    must(home, &["-C", "work", "add", "README"]);
    must(home, &["-C", "work", "commit", "--quiet", "-m", "Begin"]);
    must(
        home,
        &[
            "clone",
            "--quiet",
            "--bare",
            "work",
            "served/repository.git",
        ],
    );
    must(home, &["-C", "served/repository.git", "update-server-info"]);
    home.path().join("served")
}

/// The password of a `Basic` header.
fn password(asked: &Asked) -> Option<String> {
    let basic = asked.header("authorization")?.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(basic).ok()?).ok()?;
    Some(text.split_once(':')?.1.to_owned())
}

/// Serves files to whoever brings a token that the provider accepts.
fn server(folder: &Path, provider: &Arc<Provider>) -> Stub {
    let (folder, provider) = (folder.to_owned(), provider.clone());
    Stub::plain(move |asked| {
        if !password(asked).is_some_and(|token| provider.accepts_access(&token)) {
            return Answer::of(401, "who are you?").with("WWW-Authenticate", "Basic realm=\"git\"");
        }
        let path = asked.path.split('?').next().unwrap_or_default();
        match fs::read(folder.join(path.trim_start_matches('/'))) {
            Ok(bytes) => Answer::of(200, bytes),
            Err(_) => Answer::of(404, ""),
        }
    })
}

/// A connection whose test read lies on that server.
fn connected(provider: &Provider, home: &Home, name: &str, server: &Stub) {
    let mut definition = home.definition_of(name, provider);
    let place = definition.iter().position(|word| word == "--test-url");
    definition[place.expect("a test read") + 1] = format!("http://{}/", server.authority());
    definition.extend(["--dev-http", "--yes"].map(str::to_owned));
    home.run(&definition).ended(0);
    home.login_by(provider, &["login", name], provider.browser())
        .ended(0);
    provider.clear_requests();
}

fn clone(home: &Home, server: &Stub, into: &str) -> (Option<i32>, String) {
    let url = format!("http://{}/repository.git", server.authority());
    let (code, _, err) = told(&mut git(home, &["clone", "--quiet", &url, into]));
    (code, err)
}

#[test]
fn y_14_c_02_git_clones_with_the_token_and_another_host_gets_none() {
    let provider = Arc::new(sandbox(&[]));
    let home = Home::new();
    let folder = repository(&home);
    let server = server(&folder, &provider);
    let elsewhere = Stub::plain(|_| {
        Answer::of(401, "who are you?").with("WWW-Authenticate", "Basic realm=\"git\"")
    });
    connected(&provider, &home, NAME, &server);
    let (code, err) = clone(&home, &server, "without");
    assert_ne!(code, Some(0), "git has no helper yet: {err}");
    // For every host, as people do it.
    must(
        &home,
        &[
            "config",
            "--global",
            "credential.helper",
            "!valetkey git-credential",
        ],
    );
    server.take();
    let (code, err) = clone(&home, &server, "with");
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let read = fs::read_to_string(home.path().join("with/README")).expect("cloned");
    assert_eq!(read, "It came through.\n");
    let token = home.run(&["token", NAME]).token();
    assert!(
        server
            .take()
            .iter()
            .any(|asked| password(asked) == Some(token.clone()))
    );

    let (code, err) = clone(&home, &elsewhere, "other");
    assert_ne!(code, Some(0), "{err}");
    let seen = elsewhere.take();
    assert!(!seen.is_empty(), "it was asked");
    for asked in seen {
        assert_eq!(asked.header("authorization"), None, "{asked:?}");
    }
}

#[test]
fn y_14_a_refused_token_is_renewed_once_for_the_next_try() {
    let provider = Arc::new(sandbox(&[]));
    let home = Home::new();
    let folder = repository(&home);
    let server = server(&folder, &provider);
    connected(&provider, &home, NAME, &server);
    must(
        &home,
        &[
            "config",
            "--global",
            "credential.helper",
            "!valetkey git-credential",
        ],
    );
    // Ended at the provider, which nobody told us.
    provider.advance(7200);
    home.age(60);
    let (code, err) = clone(&home, &server, "first");
    assert_ne!(code, Some(0), "{err}");
    assert!(err.contains("It was renewed; try again."), "{err}");
    assert_eq!(provider.requests_to("/token").len(), 1);
    let (code, err) = clone(&home, &server, "second");
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert_eq!(provider.requests_to("/token").len(), 1);
}

#[test]
fn y_16_with_two_accounts_git_is_told_which_to_name() {
    let provider = Arc::new(sandbox(&[]));
    let home = Home::new();
    let folder = repository(&home);
    let server = server(&folder, &provider);
    connected(&provider, &home, NAME, &server);
    connected(&provider, &home, "work", &server);
    must(
        &home,
        &[
            "config",
            "--global",
            "credential.helper",
            "!valetkey git-credential",
        ],
    );
    let (code, err) = clone(&home, &server, "first");
    assert_ne!(code, Some(0));
    let key = format!("credential.http://{}.username", server.authority());
    assert!(err.contains(&format!("git config {key} NAME")), "{err}");
    // What it says works.
    must(&home, &["config", "--global", &key, "work"]);
    let (code, err) = clone(&home, &server, "second");
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let token = home.run(&["token", "work"]).token();
    assert!(
        server
            .take()
            .iter()
            .any(|asked| password(asked) == Some(token.clone()))
    );
}
