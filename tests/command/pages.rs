//! The security page says what people must know before they trust the program.

const PAGE: &str = include_str!("../../docs/SECURITY.md");

#[track_caller]
fn says(words: &str) {
    let page = PAGE.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.contains(words), "the page does not say: {words}");
}

#[test]
fn t_13_any_program_of_the_user_can_ask_the_unlocked_keychain() {
    says("any program that runs as you can ask the unlocked Secret Service");
    says("no boundary on Linux");
}

#[test]
fn x_07_copies_keep_old_records_and_destroying_the_key_erases() {
    says("backups, snapshots, copy-on-write file systems");
    says("Destroying the key is therefore the way to erase");
    says("An encrypted backup of yours has a passphrase of its own and outlives the vault's key");
}

#[test]
fn x_05_two_machines_must_not_refresh_the_same_sign_in() {
    says("Two machines must not refresh the same sign-in");
    says("The mark is a record of each such sign-in and not of the whole vault");
}

#[test]
fn t_10_a_lost_key_keeps_the_connections_and_loses_the_sign_ins() {
    says("The connections stay listed with their settings; their sign-ins are lost");
}

#[test]
fn the_page_names_only_commands_that_there_are() {
    let home = crate::home::Home::empty();
    let commands: std::collections::BTreeSet<&str> = PAGE
        .split("`valetkey ")
        .skip(1)
        .filter_map(|rest| rest.split([' ', '`', '\n']).next())
        .collect();
    assert!(commands.len() >= 3, "{commands:?}");
    for command in commands {
        home.run(&[command, "--help"]).ended(0);
    }
}
