//! Key slots and a new vault key, as commands.

use std::fs;
use std::process::Stdio;

use crate::home::{Home, NAME, run, sandbox};

/// The home's passphrase file with other words; the second file holds the usual ones.
fn with_file(home: &Home, words: &str) -> String {
    let file = home.path().join("another-passphrase");
    fs::write(&file, words).expect("written");
    file.display().to_string()
}

fn slots(home: &Home) -> Vec<(u64, String)> {
    let listed = home.run(&["vault", "slot", "list", "--json"]).ended(0);
    let listed = listed.json();
    assert_eq!(listed["version"], 1);
    let slots = listed["slots"].as_array().expect("slots");
    slots
        .iter()
        .map(|slot| {
            assert!(slot["created_at"].is_string());
            let kind = slot["kind"].as_str().expect("a kind");
            (slot["id"].as_u64().expect("a number"), kind.to_owned())
        })
        .collect()
}

#[test]
fn t_07_slots_are_added_listed_and_removed_and_what_opens_the_vault_is_never_taken_for_the_new_one()
{
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let output = home.run(&["vault", "slot", "add", "passphrase"]).ended(2);
    assert!(
        output.stderr.contains("--new-passphrase-file"),
        "{output:#?}"
    );
    let file = with_file(&home, "another one");
    home.run(&[
        "vault",
        "slot",
        "add",
        "passphrase",
        "--new-passphrase-file",
        &file,
    ])
    .ended(0);
    let both = [(1, "passphrase".to_owned()), (2, "passphrase".to_owned())];
    assert_eq!(slots(&home), both);
    let plain = home.run(&["vault", "slot", "list"]).ended(0);
    assert!(
        plain.stdout.starts_with("Key slot 1  passphrase, since "),
        "{plain:#?}"
    );

    let mut other = home.command(&["token", NAME]);
    let token = run(other.env("VALETKEY_PASSPHRASE_FILE", &file)).token();
    assert!(sandbox.accepts_access(&token));

    // A slot goes only when another one has opened the vault.
    let output = home
        .run(&["vault", "slot", "remove", "1", "--yes"])
        .ended(2);
    assert!(
        output.stderr.contains("only the slot that would go"),
        "{output:#?}"
    );
    home.run(&["vault", "slot", "remove", "7", "--yes"])
        .ended(2);
    let mut remove = home.command(&["vault", "slot", "remove", "1"]);
    let output = run(remove.env("VALETKEY_PASSPHRASE_FILE", &file)).ended(2);
    assert!(output.stderr.contains("--yes"), "{output:#?}");
    assert_eq!(slots(&home), both);

    let mut remove = home.command(&["vault", "slot", "remove", "1", "--yes"]);
    run(remove.env("VALETKEY_PASSPHRASE_FILE", &file)).ended(0);
    assert_eq!(slots(&home), both[1..]);
    home.run(&["token", NAME]).ended(6);
    let mut last = home.command(&["vault", "slot", "remove", "2", "--yes"]);
    let output = run(last.env("VALETKEY_PASSPHRASE_FILE", &file)).ended(2);
    assert!(output.stderr.contains("last key slot"), "{output:#?}");
    let mut other = home.command(&["token", NAME]);
    run(other.env("VALETKEY_PASSPHRASE_FILE", &file)).ended(0);
}

#[test]
fn t_04_a_slot_on_a_keychain_that_is_not_there_is_not_added() {
    let home = Home::new();
    let output = home.run(&["vault", "slot", "add", "keychain"]).ended(6);
    assert!(
        output.stderr.contains("There is no keychain here"),
        "{output:#?}"
    );
    assert_eq!(slots(&home).len(), 1);
    let file = with_file(&home, "another one");
    home.run(&[
        "vault",
        "slot",
        "add",
        "keychain",
        "--new-passphrase-file",
        &file,
    ])
    .ended(2);
}

#[test]
fn t_11_after_a_rekey_the_same_passphrase_opens_the_same_sign_ins() {
    let sandbox = sandbox(&["rotation=on", "grace=0"]);
    let home = Home::signed_in(&sandbox);
    let before = home.kept(NAME);
    let output = home.run(&["vault", "rekey"]).ended(0);
    assert!(
        output.stderr.contains("The vault has a new key."),
        "{output:#?}"
    );
    assert_eq!(home.kept(NAME), before);
    home.run(&["refresh", NAME]).ended(0);
    assert!(sandbox.accepts_access(&home.run(&["token", NAME]).token()));
    assert!(sandbox.reuse_events().is_empty());

    // A new passphrase would not be taken by any slot.
    let file = with_file(&home, "another one");
    home.run(&["vault", "rekey", "--new-passphrase-file", &file])
        .ended(2);
    fs::write(home.passphrase_file(), "a guess").expect("written");
    home.run(&["vault", "rekey"]).ended(6);
}

#[test]
fn t_11_a_rekey_beside_a_refresh_under_way_is_refused_and_the_refresh_is_kept() {
    let sandbox = sandbox(&["rotation=on", "grace=0"]);
    let home = Home::signed_in(&sandbox);
    sandbox.set("token_hold=on").expect("a switch");
    let mut refresh = home.command(&["refresh", NAME]);
    let refresh = refresh
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    sandbox.wait_until_held(1);
    let output = home.run(&["vault", "rekey"]).ended(8);
    assert!(output.stderr.contains("busy"), "{output:#?}");
    sandbox.release(1);
    let refreshed = refresh.wait_with_output().expect("ended");
    assert!(refreshed.status.success(), "{refreshed:?}");
    sandbox.unset("token_hold");
    home.run(&["vault", "rekey"]).ended(0);
    home.run(&["refresh", NAME]).ended(0);
    assert!(sandbox.reuse_events().is_empty());
}

#[test]
fn t_11_a_passphrase_slot_that_cannot_follow_is_named_or_let_go() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let file = with_file(&home, "another one");
    home.run(&[
        "vault",
        "slot",
        "add",
        "passphrase",
        "--new-passphrase-file",
        &file,
    ])
    .ended(0);
    let output = home.run(&["vault", "rekey"]).ended(6);
    assert!(output.stderr.contains("Key slot 2"), "{output:#?}");
    assert!(output.stderr.contains("--drop 2"), "{output:#?}");
    home.run(&["vault", "rekey", "--drop", "2"]).ended(2);
    home.run(&["vault", "rekey", "--drop", "2", "--yes"])
        .ended(0);
    assert_eq!(slots(&home).len(), 1);
    home.run(&["token", NAME]).ended(0);
}

#[test]
fn t_10_when_the_key_is_lost_the_connections_are_kept_and_the_sign_ins_are_not() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let file = with_file(&home, "another one");
    let lose = [
        "vault",
        "rekey",
        "--lose-sign-ins",
        "--new-passphrase-file",
        &file,
    ];
    let output = home.run(&lose).ended(2);
    assert!(output.stderr.contains("1 connection stays"), "{output:#?}");
    home.run(&["token", NAME]).ended(0);
    home.run(&[lose.as_slice(), &["--yes"]].concat()).ended(0);
    let listed = home.run(&["list", "--json"]).ended(0).json();
    let row = &listed["connections"][0];
    assert_eq!(
        (&row["name"], &row["health"]),
        (&NAME.into(), &"needs sign-in".into())
    );
    assert!(
        row["message"].as_str().expect("words").contains("key"),
        "{row}"
    );
    fs::copy(&file, home.passphrase_file()).expect("the new passphrase");
    home.login(&sandbox).ended(0);
    assert!(sandbox.accepts_access(&home.run(&["token", NAME]).token()));
}
