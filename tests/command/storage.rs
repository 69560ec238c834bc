//! The vault as commands meet it: how it opens, what it refuses, who may read its files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::home::{Home, NAME, run, sandbox};

#[test]
fn t_04_without_keychain_and_passphrase_a_vault_is_not_made_and_the_way_out_is_named() {
    let home = Home::empty();
    for arguments in [
        vec!["vault", "init"],
        vec!["add", "linear", "--client-id", "x", "--no-input"],
    ] {
        let mut command = home.command(&arguments);
        let output = run(command.env_remove("VALETKEY_PASSPHRASE_FILE")).ended(6);
        assert!(
            output.stderr.contains("There is no keychain here"),
            "{output:#?}"
        );
        assert!(
            output.stderr.contains("valetkey vault init --passphrase"),
            "{output:#?}"
        );
    }
    let status = home.run(&["vault", "status", "--json"]).ended(0).json();
    assert_eq!(status["made"], false);
    home.run(&["vault", "init"]).ended(0);
    let status = home.run(&["vault", "status", "--json"]).ended(0).json();
    assert_eq!(
        status["slots"][0]["kind"], "passphrase",
        "the way out works"
    );
}

#[test]
fn a_locked_vault_and_a_wrong_passphrase_end_with_six() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let before = home.kept(NAME);
    for arguments in [
        ["token", NAME],
        ["refresh", NAME],
        ["test", NAME],
        ["login", NAME],
        ["revoke", NAME],
    ] {
        let mut command = home.command(&arguments);
        let output = run(command.env_remove("VALETKEY_PASSPHRASE_FILE")).ended(6);
        assert!(
            output.stderr.contains("The vault opens with a passphrase."),
            "{output:#?}"
        );
        // An agent would help who gives the token to programs, and nobody else.
        let named = output.stderr.contains("valetkey agent start");
        assert_eq!(named, arguments[0] == "token", "{output:#?}");
    }
    fs::write(home.passphrase_file(), "a guess").expect("written");
    for arguments in [["token", NAME], ["refresh", NAME], ["login", NAME]] {
        let output = home.run(&arguments).ended(6);
        assert_eq!(output.stdout, "");
        assert!(
            output.stderr.contains("does not open the vault"),
            "{output:#?}"
        );
    }
    assert!(sandbox.requests().is_empty());
    assert_eq!(home.kept(NAME), before);
}

#[test]
fn the_passphrase_may_come_by_a_descriptor() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let mut command = Command::new("/bin/sh");
    let script = format!(
        "exec '{}' --passphrase-fd 3 token {NAME} 3< '{}'",
        env!("CARGO_BIN_EXE_valetkey"),
        home.passphrase_file().display()
    );
    command
        .args(["-c", &script])
        .env_clear()
        .env("VALETKEY_HOME", home.root());
    assert!(sandbox.accepts_access(&run(&mut command).token()));
}

#[test]
fn vault_init_and_status_tell_how_it_stands() {
    let home = Home::empty();
    let status = home.run(&["vault", "status", "--json"]).ended(0).json();
    assert_eq!(
        (&status["version"], &status["made"]),
        (&json!(1), &json!(false))
    );
    let output = home.run(&["vault", "init", "--passphrase"]).ended(0);
    assert!(output.stderr.contains("Made the vault."), "{output:#?}");
    let status = home.run(&["vault", "status", "--json"]).ended(0).json();
    assert_eq!(status["made"], true);
    assert_eq!(status["slots"][0]["kind"], "passphrase");
    assert_eq!(status["moved"], false);
    home.run(&["vault", "init", "--passphrase"]).ended(2);
    home.run(&["vault", "init"]).ended(2);
}

#[test]
fn an_ephemeral_command_stores_nothing() {
    let home = Home::empty();
    home.run(&[
        "--ephemeral",
        "add",
        "linear",
        "--client-id",
        "x",
        "--no-input",
    ])
    .ended(0);
    assert!(!home.root().exists());
}

#[test]
fn u_01_files_are_private_under_any_mask() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let masked = Home::empty();
    for (arguments, mask) in [
        (vec!["vault", "init", "--passphrase"], "000"),
        (
            vec!["add", "linear", "--client-id", "x", "--no-input"],
            "000",
        ),
    ] {
        let mut command = Command::new("/bin/sh");
        let script = format!("umask {mask}; exec \"$0\" \"$@\"");
        command
            .args(["-c", &script, env!("CARGO_BIN_EXE_valetkey")])
            .args(&arguments);
        command
            .env_clear()
            .env("VALETKEY_HOME", masked.root())
            .env("VALETKEY_PASSPHRASE_FILE", masked.passphrase_file());
        run(&mut command).ended(0);
    }
    for root in [home.root(), masked.root()] {
        let files = everything_under(&root);
        assert!(files.iter().any(|file| file.ends_with("vault.db")));
        for file in files {
            let mode = fs::symlink_metadata(&file)
                .expect("there")
                .permissions()
                .mode()
                & 0o777;
            let most = if file.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode & !most, 0, "{} has mode {mode:o}", file.display());
        }
    }
}

#[test]
fn u_02_a_vault_that_others_may_read_is_refused() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let file = home.root().join("data/vault.db");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("opened");
    let output = home.run(&["token", NAME]).ended(6);
    assert!(
        output
            .stderr
            .contains("is open to other users; refusing to use it."),
        "{output:#?}"
    );
    assert_eq!(output.stdout, "");
}

#[test]
fn g_07_an_address_changed_in_the_file_gets_no_secret() {
    let sandbox = sandbox(&[]);
    let elsewhere = crate::home::sandbox(&[]);
    for command in ["refresh", "token", "revoke", "test"] {
        let home = Home::signed_in(&sandbox);
        let sql = rusqlite::Connection::open(home.root().join("data/vault.db")).expect("opens");
        let mut changed = 0;
        for table in ["connection", "registration"] {
            let update = format!("UPDATE {table} SET definition = replace(definition, ?1, ?2)");
            changed += sql
                .execute(&update, [sandbox.url(), elsewhere.url()])
                .expect("changed");
        }
        drop(sql);
        assert!(changed > 0);
        let shown = home.run(&["show", NAME, "--json"]).ended(0).json();
        assert_eq!(
            shown["endpoints"]["token"],
            elsewhere.at("/token"),
            "the edit took"
        );
        let output = home.run(&[command, NAME]).ended(6);
        assert_eq!(output.stdout, "");
        assert!(
            output
                .stderr
                .contains("The vault was changed outside the program"),
            "{command}: {output:#?}"
        );
    }
    assert_eq!(elsewhere.connections(), 0, "nobody was even called");
}

fn everything_under(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = vec![folder.to_owned()];
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        if entry.file_type().expect("a type").is_dir() {
            found.extend(everything_under(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

#[test]
fn under_sudo_the_new_vaults_place_is_told() {
    let home = Home::empty();
    let mut command = home.command(&["vault", "init"]);
    let output = run(command.env("SUDO_USER", "ada")).ended(0);
    let told = format!("{}, not with ada's own", home.root().join("data").display());
    assert!(output.stderr.contains(&told), "{output:#?}");
}

#[test]
fn j_14_a_copied_vault_gives_what_is_good_and_refreshes_nothing_until_it_is_adopted() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    std::fs::remove_file(home.root().join("state/seen")).expect("a note");
    home.run(&["token", NAME]).token();
    home.age(7200);
    for command in ["token", "refresh"] {
        let told = home.run(&[command, NAME]).ended(6);
        assert!(
            told.stderr.contains("last used on another machine")
                && told.stderr.contains("run: valetkey vault adopt"),
            "{told:?}"
        );
    }
    assert!(sandbox.requests_to("/token").is_empty());
    let told = home.run(&["vault", "adopt"]).ended(0);
    assert!(told.stderr.contains("in use here from now on"), "{told:?}");
    home.run(&["token", NAME]).token();
    let told = home.run(&["vault", "adopt"]).ended(0);
    assert!(told.stderr.contains("Nothing was changed"), "{told:?}");
}

#[test]
fn u_07_a_damaged_vault_is_told_and_restored_on_request_and_asks_before_it_refreshes() {
    let sandbox = sandbox(&["rotation=on", "grace=0"]);
    let home = Home::signed_in(&sandbox);
    let file = home.root().join("data/vault.db");
    // The copy is made after a change of a definition: with the sign-in in it.
    home.run(&["edit", NAME, "scope=profile"]).ended(0);
    let output = home.run(&["vault", "restore", "--yes"]).ended(0);
    assert!(output.stderr.contains("The vault is whole."), "{output:#?}");
    let mut bytes = fs::read(&file).expect("reads");
    bytes[..16].fill(b'x');
    fs::write(&file, &bytes).expect("damaged");

    for arguments in [vec!["list"], vec!["token", NAME], vec!["vault", "status"]] {
        let output = home.run(&arguments).ended(6);
        assert!(
            output.stderr.contains("The vault is damaged"),
            "{output:#?}"
        );
        assert!(
            output.stderr.contains("valetkey vault restore"),
            "{output:#?}"
        );
    }
    let output = home.run(&["vault", "restore"]).ended(2);
    assert!(output.stderr.contains("holds 1 connection."), "{output:#?}");
    assert!(output.stderr.contains("--yes"), "{output:#?}");
    assert_eq!(fs::read(&file).expect("reads"), bytes);

    let output = home.run(&["vault", "restore", "--yes"]).ended(0);
    assert!(
        output.stderr.contains("Restored the copy of "),
        "{output:#?}"
    );
    let aside = everything_under(&home.root().join("data"))
        .into_iter()
        .find(|path| path.to_string_lossy().contains("vault.db.damaged-"))
        .expect("kept aside");
    assert_eq!(fs::read(aside).expect("reads"), bytes);
    assert!(sandbox.accepts_access(&home.run(&["token", NAME]).token()));
    let output = home.run(&["refresh", NAME]).ended(6);
    assert!(
        output.stderr.contains("valetkey vault adopt"),
        "{output:#?}"
    );
    assert!(
        sandbox.requests_to("/token").is_empty(),
        "nothing was spent"
    );
    home.run(&["vault", "adopt"]).ended(0);
    home.run(&["refresh", NAME]).ended(0);
    assert!(sandbox.reuse_events().is_empty());
}

#[test]
fn u_07_without_a_copy_a_damaged_vault_stays_where_it_is() {
    let home = Home::new();
    let data = home.root().join("data");
    fs::write(data.join("vault.db"), "not a vault").expect("damaged");
    fs::remove_file(data.join("vault.db.bak")).expect("removed");
    let output = home.run(&["vault", "restore", "--yes"]).ended(6);
    assert!(output.stderr.contains("no whole copy"), "{output:#?}");
    assert_eq!(
        fs::read(data.join("vault.db")).expect("reads"),
        b"not a vault"
    );
}

#[test]
fn ft_52_vault_status_names_what_a_sync_program_kept() {
    let home = Home::new();
    let status = home.run(&["vault", "status", "--json"]).ended(0).json();
    assert_eq!(status["conflicts"], json!([]));
    assert_eq!(status["can_lock"], true);
    assert!(status["copy_made_at"].is_string());
    let kept = home.root().join("data/vault (conflicted copy).db");
    fs::write(&kept, "another version").expect("written");
    let status = home.run(&["vault", "status", "--json"]).ended(0).json();
    assert_eq!(status["conflicts"], json!([kept]));
    let told = home.run(&["vault", "status"]).ended(0).stdout;
    assert!(
        told.contains("vault (conflicted copy).db: another version"),
        "{told}"
    );
}
