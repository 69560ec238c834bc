//! Encrypted backups of sign-ins: made by nobody unasked, taken over as second copies.

use std::fs;
use std::path::Path;

use serde_json::json;
use valetkey::model::{Secret, UnixTime};
use valetkey::provider::{Definition, write_definitions};
use valetkey::vault::Backup;

use crate::carry::{file, names};
use crate::home::{Home, NAME, sandbox};
use crate::kept;

const OF_BACKUP: &str = "canary-5d1e8c7b30-passphrase-of-the-backup";

#[test]
fn x_05_a_second_copy_is_made_for_nobody_without_a_terminal() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let words = file(&home, "secret", OF_BACKUP);
    let path = home.path().join("backup").display().to_string();
    let output = home
        .run(&[
            "export",
            "--with-sign-ins",
            "--output",
            &path,
            "--new-passphrase-file",
            &words,
        ])
        .ended(2);
    assert!(
        output
            .stderr
            .contains("only for somebody who says so on a terminal"),
        "{output:#?}"
    );
    assert!(!Path::new(&path).exists());
    for arguments in [
        vec!["export", "--with-sign-ins"],
        vec!["export", "--with-sign-ins", "--force", "--output", &path],
        vec!["export", "--with-sign-ins", "--output", &words],
        vec!["export", "--new-passphrase-file", &words],
    ] {
        let output = home.run(&arguments).ended(2);
        assert!(output.stdout.is_empty(), "{output:#?}");
    }
    assert_eq!(fs::read_to_string(&words).expect("text"), OF_BACKUP);
}

/// A backup of everything in a home, as the terminal would make it.
fn backup_of(home: &Home) -> Vec<u8> {
    kept::secrets([OF_BACKUP]);
    let vault = home.opened();
    let ids: Vec<_> = vault
        .summaries()
        .expect("reads")
        .into_iter()
        .map(|row| row.id)
        .collect();
    let write = |connections: &[valetkey::model::Connection]| {
        let definitions: Vec<Definition> = connections.iter().map(Definition::of).collect();
        write_definitions(&definitions)
    };
    let passphrase = Secret::new(OF_BACKUP.to_owned());
    let at = UnixTime(1_700_000_000);
    vault
        .back_up_sign_ins(&ids, &passphrase, write, at)
        .expect("sealed")
}

/// A backup in the file `backup` of a home, and the arguments that import it.
fn arguments(home: &Home, bytes: &[u8], words: &str) -> [String; 5] {
    fs::write(home.path().join("backup"), bytes).expect("written");
    let words = file(home, "secret", words);
    [
        "import",
        "backup",
        "--yes",
        "--backup-passphrase-file",
        &words,
    ]
    .map(str::to_owned)
}

#[test]
fn x_05_j_14_an_imported_sign_in_is_given_out_and_refreshed_only_once_it_is_adopted() {
    let sandbox = sandbox(&["rotation=on", "grace=0"]);
    let home = Home::signed_in(&sandbox);
    let (before, bytes) = (home.kept(NAME), backup_of(&home));
    let other = Home::new();
    let mut unasked = arguments(&other, &bytes, OF_BACKUP).to_vec();
    unasked.remove(2);
    let output = other.run(&unasked).ended(2);
    let host = sandbox.url().trim_start_matches("https://").to_owned();
    for words in [
        &host,
        "signed in",
        "Ada Practice, as a second copy",
        "--yes",
    ] {
        assert!(output.stderr.contains(words), "{words}: {output:#?}");
    }
    assert!(names(&other).is_empty());

    let output = other.run(&arguments(&other, &bytes, OF_BACKUP)).ended(0);
    for words in [
        "1 sign-in came along as a second copy.",
        "Two machines must not refresh the same sign-in",
        "valetkey vault adopt",
    ] {
        assert!(output.stderr.contains(words), "{words}: {output:#?}");
    }
    let after = other.kept(NAME);
    assert_eq!(
        (&after.access, &after.refresh),
        (&before.access, &before.refresh)
    );
    // Y-06: it came in a file, so a person is asked before a program gets its token.
    let asked = other.run(&["token", NAME]).ended(5);
    assert!(asked.stderr.contains("policy=allow"), "{asked:#?}");
    other.run(&["edit", NAME, "policy=allow"]).ended(0);
    other.run(&["token", NAME]).token();
    let status = other.run(&["vault", "status", "--json"]).ended(0).json();
    assert_eq!(
        (&status["moved"], &status["second_copies"]),
        (&json!(false), &json!(1))
    );
    let plain = other.run(&["vault", "status"]).ended(0);
    assert!(
        plain.stdout.contains("Second copy 1 sign-in of a backup"),
        "{plain:#?}"
    );
    let doctor = other.run(&["doctor"]);
    assert!(
        doctor.stdout.contains("1 sign-in came out of a backup"),
        "{doctor:#?}"
    );

    other.age(7200);
    for command in ["token", "refresh"] {
        let told = other.run(&[command, NAME]).ended(6);
        assert!(
            told.stderr.contains("came out of a backup")
                && told.stderr.contains("run: valetkey vault adopt"),
            "{told:#?}"
        );
    }
    assert!(sandbox.requests_to("/token").is_empty());
    // The machine it came from goes on as before.
    home.run(&["token", NAME]).token();
    let told = other.run(&["vault", "adopt"]).ended(0);
    assert!(
        told.stderr.contains("Stop using the other copy"),
        "{told:#?}"
    );
    other.run(&["refresh", NAME]).ended(0);
    assert!(sandbox.accepts_access(&other.run(&["token", NAME]).token()));
    assert!(sandbox.reuse_events().is_empty());
}

#[test]
fn x_05_a_backup_that_does_not_open_says_why_and_changes_nothing() {
    let sandbox = sandbox(&[]);
    let bytes = backup_of(&Home::signed_in(&sandbox));
    let other = Home::empty();
    let number = |at: usize, number: u32| {
        let mut bytes = bytes.clone();
        bytes.truncate(bytes.len() - 32);
        bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
        let digest = <sha2::Sha256 as sha2::Digest>::digest(&bytes);
        bytes.extend(digest);
        bytes
    };
    let cut = bytes[..bytes.len() - 1].to_vec();
    for (bytes, words, code, told) in [
        (
            bytes.clone(),
            "a guess",
            6,
            "This passphrase does not open the backup.",
        ),
        (cut, OF_BACKUP, 1, "cut or was changed since it was made"),
        (
            number(16, 2),
            OF_BACKUP,
            1,
            "written by a newer version (backup version 2)",
        ),
        (
            number(20, u32::MAX),
            OF_BACKUP,
            1,
            "asks for more memory or time",
        ),
        (vec![b'v'; 17 << 20], OF_BACKUP, 2, "no encrypted backup"),
    ] {
        let output = other.run(&arguments(&other, &bytes, words)).ended(code);
        assert!(output.stderr.contains(told), "{told}: {output:#?}");
    }
    let mut nobody = arguments(&other, &bytes, OF_BACKUP).to_vec();
    nobody.truncate(3);
    let output = other.run(&nobody).ended(2);
    assert!(
        output.stderr.contains("--backup-passphrase-file"),
        "{output:#?}"
    );
    assert!(!other.root().exists());
    // It was the right file all along.
    other.run(&arguments(&other, &bytes, OF_BACKUP)).ended(0);
    assert_eq!(names(&other), [NAME]);
}

#[test]
fn x_05_a_sign_in_is_not_taken_twice() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let bytes = backup_of(&home);
    let arguments = arguments(&home, &bytes, OF_BACKUP);
    let output = home.run(&arguments).ended(0);
    assert!(
        output
            .stderr
            .contains("same; its sign-in in the backup is left out"),
        "{output:#?}"
    );
    let again = ["--rename".to_owned(), "practice=again".to_owned()];
    let output = home.run(&[&arguments[..], &again].concat()).ended(0);
    assert!(
        output
            .stderr
            .contains("is in this vault already under another name"),
        "{output:#?}"
    );
    assert_eq!(home.kept("again").access, None);
    home.run(&["refresh", NAME]).ended(0);
}

#[test]
fn x_05_an_app_that_is_there_keeps_its_own_secret() {
    let sandbox = sandbox(&[]);
    let home = Home::new();
    let secret = file(&home, "secret", "canary-1f0e9d8c7b-in-the-backup");
    kept::secrets([
        "canary-1f0e9d8c7b-in-the-backup",
        "canary-6a5b4c3d2e-given-since",
    ]);
    let mut flags = home.definition(&sandbox);
    flags.extend(["--client-secret-file".to_owned(), secret]);
    home.run(&flags).ended(0);
    let bytes = backup_of(&home);
    let secret = file(&home, "secret", "canary-6a5b4c3d2e-given-since");
    home.run(&["edit", NAME, "--client-secret-file", &secret])
        .ended(0);
    let again = ["--rename".to_owned(), "practice=again".to_owned()];
    home.run(&[&arguments(&home, &bytes, OF_BACKUP)[..], &again].concat())
        .ended(0);
    let vault = home.opened();
    for name in [NAME, "again"] {
        let connection = vault.connection(name).expect("reads").expect(name);
        let secret = vault.client_secret(&connection).expect("opens");
        let secret = secret.expect("there");
        assert_eq!(secret.reveal(), "canary-6a5b4c3d2e-given-since", "{name}");
    }
    // Elsewhere the one in the backup is the one to have.
    let other = Home::new();
    other.run(&arguments(&other, &bytes, OF_BACKUP)).ended(0);
    let vault = other.opened();
    let connection = vault.connection(NAME).expect("reads").expect("there");
    let secret = vault.client_secret(&connection).expect("opens");
    assert_eq!(
        secret.expect("there").reveal(),
        "canary-1f0e9d8c7b-in-the-backup"
    );
}

/// The definitions inside a backup pass the same checks as a plain file.
#[test]
fn x_06_the_definitions_of_a_backup_are_checked_like_any_others() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let vault = home.opened();
    let ids: Vec<_> = vault
        .summaries()
        .expect("reads")
        .into_iter()
        .map(|row| row.id)
        .collect();
    let hostile = |_: &[valetkey::model::Connection]| "version = 1\nconnection = 7".to_owned();
    let passphrase = Secret::new(OF_BACKUP.to_owned());
    let bytes = vault
        .back_up_sign_ins(&ids, &passphrase, hostile, UnixTime(1))
        .expect("sealed");
    assert!(Backup::open(&bytes, &passphrase).is_ok());
    let other = Home::empty();
    let output = other.run(&arguments(&other, &bytes, OF_BACKUP)).ended(2);
    assert!(
        output
            .stderr
            .contains(":2:14: connection: a list is needed"),
        "{output:#?}"
    );
    assert!(!other.root().exists());
}
