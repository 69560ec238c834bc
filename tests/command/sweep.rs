//! The canary sweep: no secret that was ever issued lies in the home or in anything printed, in clear
//! or thinly veiled.

use std::fs;
use std::path::Path;

use crate::finder::{Finder, planted};
use crate::home::{Home, NAME, Output, sandbox};

/// Where one of the secrets lies.
fn sweep(secrets: &[String], places: &[(String, Vec<u8>)]) -> Vec<String> {
    let finder = Finder::of(secrets.iter().cloned());
    let hits = places.iter().flat_map(|(place, bytes)| {
        let found = finder.find(bytes).into_iter();
        found.map(move |(secret, form)| format!("{form}: {secret} in {place}"))
    });
    hits.collect()
}

fn files_under(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if entry.file_type().expect("a type").is_dir() {
            files_under(&path, found);
        } else {
            found.push((path.display().to_string(), fs::read(&path).expect("read")));
        }
    }
}

#[test]
fn t_01_x_02_no_secret_is_left_in_the_home_or_in_anything_printed() {
    let sandbox = sandbox(&[]);
    let home = Home::new();
    let mut printed: Vec<(String, Vec<u8>)> = Vec::new();
    let mut keep = |what: &str, output: Output, stdout_too: bool| {
        if stdout_too {
            printed.push((format!("stdout of {what}"), output.stdout.into_bytes()));
        }
        printed.push((format!("stderr of {what}"), output.stderr.into_bytes()));
    };
    // A confidential client, so that there is a client secret too.
    let secret = home.path().join("secret");
    fs::write(&secret, "practice-secret-not-real").expect("written");
    let mut flags: Vec<String> = home
        .definition(&sandbox)
        .into_iter()
        .map(|flag| flag.replace("valetkey-practice", "valetkey-confidential"))
        .map(|flag| flag.replace("profile items:read", "openid profile"))
        .collect();
    for (flag, value) in [
        ("--client-secret-file", secret.display().to_string()),
        ("--issuer", sandbox.issuer().to_owned()),
        ("--jwks-url", sandbox.at("/jwks")),
        ("--userinfo-url", sandbox.at("/userinfo")),
    ] {
        flags.extend([flag.to_owned(), value]);
    }
    flags.push("--verbose".to_owned());
    keep("add", home.run(&flags).ended(0), true);
    let login = ["login", NAME, "--json", "--verbose"];
    keep(
        "login",
        home.login_by(&sandbox, &login, sandbox.browser()).ended(0),
        true,
    );
    keep(
        "token",
        home.run(&["token", NAME, "--verbose"]).ended(0),
        false,
    );
    for switch in [
        "token_unavailable=503",
        "token_drop=mid-body",
        "token_body={\"access_token\":7}",
    ] {
        sandbox.set("grace=60").expect("a switch");
        sandbox.once("/token", &[switch]).expect("a switch");
        keep(
            switch,
            home.run(&["refresh", NAME, "--json", "--verbose"]),
            true,
        );
        let output = home.login_by(&sandbox, &login, sandbox.browser());
        keep(switch, output, true);
        sandbox.once("/token", &[switch]).expect("a switch");
        keep(
            switch,
            home.login_by(&sandbox, &login, sandbox.browser()),
            true,
        );
    }
    let denied = sandbox.browser().denying();
    keep(
        "a refusal",
        home.login_by(&sandbox, &login, denied).ended(5),
        true,
    );
    for arguments in [
        vec!["refresh", NAME, "--verbose"],
        vec!["test", NAME, "--json", "--verbose"],
        vec!["show", NAME, "--json"],
        vec!["list", "--json"],
        vec!["vault", "status", "--json"],
    ] {
        keep(arguments[0], home.run(&arguments).ended(0), true);
    }
    let before_revocation = everything(&home, &printed);
    home.run(&["revoke", NAME, "--json", "--verbose"]).ended(0);

    let secrets = sandbox.secrets_issued();
    assert!(secrets.len() > 20, "a full story issues many");
    assert!(
        before_revocation
            .iter()
            .any(|(place, _)| place.ends_with("vault.db"))
    );
    assert_eq!(sweep(&secrets, &before_revocation), Vec::<String>::new());
    assert_eq!(
        sweep(&secrets, &everything(&home, &printed)),
        Vec::<String>::new()
    );
}

fn everything(home: &Home, printed: &[(String, Vec<u8>)]) -> Vec<(String, Vec<u8>)> {
    let mut places = printed.to_vec();
    files_under(&home.root(), &mut places);
    places
}

#[test]
fn x_02_ft_10_the_sweep_finds_what_was_planted() {
    let (canary, texts) = planted();
    for (form, text) in texts {
        let home = Home::empty();
        fs::create_dir_all(home.root().join("state")).expect("made");
        fs::write(home.root().join("state/notes"), &text).expect("planted");
        let found = sweep(std::slice::from_ref(&canary), &everything(&home, &[]));
        // What was planted stays out of the sweep after the suite.
        fs::remove_file(home.root().join("state/notes")).expect("removed");
        assert!(!found.is_empty(), "{form}: {}", text.escape_ascii());
    }
    let clean = vec![("nothing".to_owned(), b"nothing of the kind".to_vec())];
    assert!(sweep(&[canary], &clean).is_empty());
}
