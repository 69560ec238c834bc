//! The vault with a real Secret Service in every state it can be in (conformance T-01…T-06, T-10).

use valetkey::sandbox::{Options, Sandbox, Tls};

use crate::home::in_time;
use crate::keyring::{Desk, Keyring};

const CLIENT_SECRET: &str = "canary-client-secret-0123456789";

pub(crate) async fn practice() -> Sandbox {
    let options = Options {
        tls: Tls::Off,
        ..Options::default()
    };
    Sandbox::start(options)
        .await
        .expect("the practice provider")
}

/// Adds a connection named `practice` to the sandbox.
async fn add(desk: &mut Desk, sandbox: &Sandbox) {
    let urls = ["/authorize", "/token"].map(|path| sandbox.at(path));
    let arguments = [
        "add",
        "--no-input",
        "--dev-http",
        "--name=practice",
        "--client-id=valetkey-practice",
        "--authorization-url",
        &urls[0],
        "--token-url",
        &urls[1],
        "--scope=profile items:read",
    ];
    desk.run(&arguments).await.ok();
}

async fn sign_in(desk: &Desk, sandbox: &Sandbox) {
    let mut login = desk.home.login(&["practice", "--no-browser"]);
    let way = login.way("open").await;
    let address = way["url"].as_str().expect("an address").to_owned();
    let mut browser = sandbox.browser();
    let (visit, ()) = tokio::join!(browser.visit(&address), login.done());
    let visit = visit.expect("a visit");
    assert!(visit.body.contains("Connected to"), "{}", visit.body);
}

pub(crate) async fn signed_in_desk(sandbox: &Sandbox) -> Desk {
    let mut desk = Desk::with_keyring(Keyring::Unlocked).await;
    desk.run(&["vault", "init"])
        .await
        .ok()
        .ends(0, "your keychain holds the key");
    add(&mut desk, sandbox).await;
    sign_in(&desk, sandbox).await;
    desk
}

#[track_caller]
pub(crate) fn good(sandbox: &Sandbox, token: &str) {
    assert!(sandbox.accepts_access(token), "a token nobody knows");
}

/// `add` with a client secret: it has to make the vault, and must not write the secret anywhere else.
async fn add_with_secret(desk: &mut Desk) -> crate::home::Ran {
    let file = desk.home.file("secret", CLIENT_SECRET);
    let file = file.to_str().expect("a path").to_owned();
    let arguments = [
        "add",
        "--no-input",
        "--name=app",
        "--client-id=app",
        "--client-secret-file",
        &file,
        "--authorization-url=https://login.example/authorize",
        "--token-url=https://login.example/token",
    ];
    desk.run(&arguments).await
}

async fn nothing_was_written(desk: &mut Desk) {
    let status = desk.run(&["vault", "status", "--json"]).await.ok().json();
    assert_eq!(status["made"], false, "a vault nobody can open");
    let found = desk.home.files_with(&[CLIENT_SECRET.to_owned()]);
    assert!(found.is_empty(), "in clear: {found:?}");
}

#[tokio::test]
async fn t_02_the_keychain_holds_one_key_and_the_token_outlives_a_restart() {
    let sandbox = practice().await;
    let mut desk = signed_in_desk(&sandbox).await;
    let status = desk.run(&["vault", "status", "--json"]).await.ok().json();
    assert_eq!(status["slots"].as_array().expect("slots").len(), 1);
    assert_eq!(status["slots"][0]["kind"], "keychain");

    let first = desk.run(&["token", "practice"]).await.ok().line();
    good(&sandbox, &first);
    desk.restart(Keyring::Unlocked).await;
    // The short way and the long one.
    assert_eq!(desk.run(&["token", "practice"]).await.ok().line(), first);
    let long = desk.run(&["token", "practice", "--header"]).await.ok();
    assert_eq!(long.line(), format!("Authorization: Bearer {first}"));
    desk.run(&["refresh", "practice"]).await.ok();
    let second = desk.run(&["token", "practice"]).await.ok().line();
    assert_ne!(first, second);
    good(&sandbox, &second);
}

#[tokio::test]
async fn t_01_neither_tokens_nor_the_key_are_on_disk_in_clear() {
    let sandbox = practice().await;
    let mut desk = signed_in_desk(&sandbox).await;
    add_with_secret(&mut desk).await.ok();
    desk.run(&["refresh", "practice"]).await.ok();

    let mut search = desk.secret_tool();
    search.args(["search", "--all", "--unlock", "service", "valetkey"]);
    let items = in_time("secret-tool", search.output())
        .await
        .expect("items");
    let items = String::from_utf8(items.stdout).expect("text");
    let keys: Vec<_> = items
        .lines()
        .filter_map(|line| line.strip_prefix("secret = "))
        .collect();
    assert_eq!(keys.len(), 1, "one small item: {items}");

    let mut secrets = sandbox.secrets_issued();
    assert!(secrets.len() >= 4, "nothing to search for");
    secrets.retain(|secret| secret.len() >= 8);
    secrets.push(CLIENT_SECRET.to_owned());
    secrets.push(keys[0].to_owned());
    let found = desk.home.files_with(&secrets);
    assert!(found.is_empty(), "in clear: {found:?}");
}

#[tokio::test]
async fn t_10_a_deleted_key_is_said_and_the_connections_stay() {
    let sandbox = practice().await;
    let mut desk = signed_in_desk(&sandbox).await;
    desk.lose_the_key().await;

    desk.run(&["token", "practice"])
        .await
        .ends(6, "The vault key is gone from the keychain.");
    desk.home
        .run(&["login", "practice", "--no-browser"])
        .await
        .ends(6, "The vault key is gone from the keychain.");
    let list = desk.run(&["list", "--json"]).await.ok().json();
    assert_eq!(list["connections"][0]["name"], "practice");
}

#[tokio::test]
async fn t_06_an_entry_that_is_not_our_key_opens_nothing() {
    let sandbox = practice().await;
    let mut desk = signed_in_desk(&sandbox).await;
    desk.put_other_bytes().await;

    desk.run(&["token", "practice"])
        .await
        .ends(6, "The keychain's entry is not a vault key.");
}

#[tokio::test]
async fn t_04_a_locked_keychain_is_said_and_recovers() {
    let sandbox = practice().await;
    let mut desk = signed_in_desk(&sandbox).await;
    desk.restart(Keyring::Locked).await;
    desk.run(&["token", "practice"])
        .await
        .ends(6, "The keychain is locked.");
    let json = desk.run(&["token", "practice", "--json"]).await.json();
    assert_eq!(json["error"]["code"], "keychain-locked");
    assert_eq!(json["error"]["exit"], 6);
    desk.restart(Keyring::Unlocked).await;
    let token = desk.run(&["token", "practice"]).await.ok().line();
    good(&sandbox, &token);
}

#[tokio::test]
async fn t_04_no_vault_is_made_on_a_locked_keychain() {
    let mut desk = Desk::with_keyring(Keyring::Unlocked).await;
    // The first start made the login keyring; now it is there and locked.
    desk.restart(Keyring::Locked).await;
    add_with_secret(&mut desk)
        .await
        .ends(6, "The keychain is locked; a passphrase is needed.");
    nothing_was_written(&mut desk).await;
    desk.restart(Keyring::Unlocked).await;
    add_with_secret(&mut desk).await.ok();
}

#[tokio::test]
async fn t_04_a_keyring_without_a_collection_is_said() {
    let mut desk = Desk::with_keyring(Keyring::Locked).await;
    add_with_secret(&mut desk).await.ends(
        6,
        "The keychain has no collection to store in; a passphrase is needed.",
    );
    nothing_was_written(&mut desk).await;
}

#[tokio::test]
async fn t_04_no_bus_and_no_service_are_an_absent_keychain() {
    let absent = "There is no keychain here; a passphrase is needed.";
    let mut desk = Desk::without_keyring().await;
    let silent = "The keychain is not running here; a passphrase is needed.";
    add_with_secret(&mut desk).await.ends(6, silent);
    nothing_was_written(&mut desk).await;

    desk.home.set("DBUS_SESSION_BUS_ADDRESS", "");
    add_with_secret(&mut desk).await.ends(6, absent);
    nothing_was_written(&mut desk).await;

    let nowhere = format!("unix:path={}/nothing", desk.home.path().display());
    desk.home.set("DBUS_SESSION_BUS_ADDRESS", nowhere);
    add_with_secret(&mut desk).await.ends(6, absent);
    nothing_was_written(&mut desk).await;
}

#[tokio::test]
async fn t_04_a_keychain_that_is_gone_later_is_said() {
    let sandbox = practice().await;
    let mut desk = signed_in_desk(&sandbox).await;
    desk.stop().await;
    desk.run(&["token", "practice"])
        .await
        .ends(6, "The keychain is not running here.");
}

#[tokio::test]
async fn t_04_a_frozen_keychain_ends_in_its_own_words() {
    let sandbox = practice().await;
    let mut desk = signed_in_desk(&sandbox).await;
    desk.freeze();
    desk.run(&["token", "practice"])
        .await
        .ends(6, "The keychain does not answer.");
    let list = desk.run(&["list", "--json"]).await.ok().json();
    assert_eq!(list["connections"][0]["name"], "practice");
    desk.thaw();
    let token = desk.run(&["token", "practice"]).await.ok().line();
    good(&sandbox, &token);
}

#[tokio::test]
async fn t_04_no_vault_is_made_on_a_frozen_keychain() {
    let mut desk = Desk::with_keyring(Keyring::Unlocked).await;
    desk.freeze();
    add_with_secret(&mut desk)
        .await
        .ends(6, "The keychain does not answer; a passphrase is needed.");
    nothing_was_written(&mut desk).await;
}

/// The desktop's own dialog and a daemon that is stuck look the same from here: no answer.
#[tokio::test(flavor = "multi_thread")]
async fn t_04_at_a_terminal_a_passphrase_may_come_instead_of_a_silent_keychain() {
    let desk = Desk::with_keyring(Keyring::Unlocked).await;
    desk.freeze();
    let mut keys = desk.home.at_screen_with(&["vault", "init"]);
    keys.0
        .until_shows("Press enter to use a passphrase instead.");
    keys.0.press("\r");
    for question in ["Passphrase:", "Once more:"] {
        keys.0.until_shows(question);
        keys.0.press("correct horse\r");
    }
    keys.0.until_shows("your passphrase opens it");
    assert_eq!(keys.0.end(), 0);
    let status = desk.home.run(&["vault", "status", "--json"]).await.ok();
    assert_eq!(status.json()["slots"][0]["kind"], "passphrase");
}

#[tokio::test(flavor = "multi_thread")]
async fn t_04_in_the_table_a_silent_keychain_is_waited_for_until_it_answers() {
    let sandbox = practice().await;
    let desk = signed_in_desk(&sandbox).await;
    desk.freeze();
    let mut keys = desk.home.at_screen();
    keys.until_shows("practice");
    keys.press("r refresh");
    keys.until_shows("Waiting for your keychain");
    // Only the keychain opens this vault: nothing can be used instead.
    assert!(keys.shows("1  Stop waiting"), "{}", keys.text());
    desk.thaw();
    keys.until_shows("practice has a fresh access token.");
}

#[tokio::test]
async fn t_04_without_a_keychain_a_passphrase_brought_along_makes_the_vault() {
    let sandbox = practice().await;
    let mut desk = Desk::without_keyring().await;
    let passphrase = desk
        .home
        .file("passphrase", "correct horse battery staple\n");
    desk.home.set("VALETKEY_PASSPHRASE_FILE", passphrase);
    desk.run(&["vault", "init"])
        .await
        .ok()
        .ends(0, "your passphrase opens it");
    add(&mut desk, &sandbox).await;
    sign_in(&desk, &sandbox).await;
    let token = desk.run(&["token", "practice"]).await.ok().line();
    good(&sandbox, &token);
    desk.home.set("VALETKEY_PASSPHRASE_FILE", "");
    desk.run(&["token", "practice"])
        .await
        .ends(6, "The vault opens with a passphrase.");
}

#[tokio::test]
async fn t_09_the_entry_has_a_plain_label_and_says_nothing_else() {
    let mut desk = Desk::with_keyring(Keyring::Unlocked).await;
    desk.run(&["vault", "init"]).await.ok();
    let mut search = desk.secret_tool();
    search.args(["search", "--all", "service", "valetkey"]);
    let items = in_time("secret-tool", search.output())
        .await
        .expect("items");
    let (labels, attributes) = (
        String::from_utf8(items.stdout).expect("text"),
        String::from_utf8(items.stderr).expect("text"),
    );
    assert!(labels.contains("label = Valetkey vault key"), "{labels}");
    let mut names: Vec<&str> = attributes
        .lines()
        .filter_map(|line| line.strip_prefix("attribute.")?.split(' ').next())
        .collect();
    names.sort_unstable();
    // The name of the slot, the program, and perhaps the keychain's own mark of a kind of entry.
    names.retain(|name| !name.starts_with("xdg:"));
    assert_eq!(names, ["service", "username"], "{attributes}");
    let status = desk.run(&["vault", "status", "--json"]).await.ok().json();
    let vault = status["id"].as_str().expect("an id");
    let account = format!("attribute.username = vault-{}-", &vault[..8]);
    assert!(attributes.contains(&account), "{attributes}");
}

/// How many entries of the program the keychain holds.
async fn entries(desk: &Desk) -> usize {
    let mut search = desk.secret_tool();
    search.args(["search", "--all", "--unlock", "service", "valetkey"]);
    let items = in_time("secret-tool", search.output())
        .await
        .expect("items");
    let items = String::from_utf8(items.stdout).expect("text");
    items
        .lines()
        .filter(|line| line.starts_with("secret = "))
        .count()
}

#[tokio::test]
async fn t_11_a_new_key_replaces_the_keychains_entry_and_slots_come_and_go_with_theirs() {
    let sandbox = practice().await;
    let mut desk = signed_in_desk(&sandbox).await;
    let before = desk.run(&["token", "practice"]).await.ok().line();
    desk.run(&["vault", "rekey"])
        .await
        .ok()
        .ends(0, "The vault has a new key.");
    assert_eq!(entries(&desk).await, 1, "the old entry went");
    assert_eq!(desk.run(&["token", "practice"]).await.ok().line(), before);
    desk.restart(Keyring::Unlocked).await;
    assert_eq!(desk.run(&["token", "practice"]).await.ok().line(), before);

    let file = desk.home.file("passphrase", "correct horse\n");
    let file = file.to_str().expect("a path").to_owned();
    let add = [
        "vault",
        "slot",
        "add",
        "passphrase",
        "--new-passphrase-file",
        &file,
    ];
    desk.run(&add).await.ok();
    desk.run(&["vault", "slot", "add", "keychain"]).await.ok();
    assert_eq!(entries(&desk).await, 2);
    // Another entry opens the vault, then the passphrase has to.
    desk.run(&["vault", "slot", "remove", "1", "--yes"])
        .await
        .ok();
    assert_eq!(entries(&desk).await, 1);
    desk.run(&["vault", "slot", "remove", "3", "--yes"])
        .await
        .ends(6, "The vault opens with a passphrase.");
    desk.home.set("VALETKEY_PASSPHRASE_FILE", &file);
    desk.run(&["vault", "slot", "remove", "3", "--yes"])
        .await
        .ok();
    assert_eq!(entries(&desk).await, 0);
    assert_eq!(desk.run(&["token", "practice"]).await.ok().line(), before);
}

#[tokio::test]
async fn t_10_after_the_key_is_gone_a_new_one_keeps_the_connections() {
    let sandbox = practice().await;
    let mut desk = signed_in_desk(&sandbox).await;
    let mut clear = desk.secret_tool();
    clear.args(["clear", "service", "valetkey"]);
    let cleared = in_time("secret-tool", clear.status()).await;
    assert!(cleared.expect("secret-tool").success());
    desk.run(&["token", "practice"])
        .await
        .ends(6, "valetkey vault rekey --lose-sign-ins");
    desk.run(&["vault", "rekey", "--lose-sign-ins", "--yes"])
        .await
        .ok();
    let list = desk.run(&["list", "--json"]).await.ok().json();
    assert_eq!(list["connections"][0]["health"], "needs sign-in");
    sign_in(&desk, &sandbox).await;
    let token = desk.run(&["token", "practice"]).await.ok().line();
    good(&sandbox, &token);
}

#[tokio::test]
async fn t_04_one_vault_opens_by_keychain_at_the_desk_and_by_passphrase_without_one() {
    let sandbox = practice().await;
    let mut desk = signed_in_desk(&sandbox).await;
    let file = desk.home.file("passphrase", "correct horse\n");
    let path = file.to_str().expect("a path");
    let add = [
        "vault",
        "slot",
        "add",
        "passphrase",
        "--new-passphrase-file",
    ];
    desk.run(&[&add[..], &[path]].concat()).await.ok();
    let at_the_desk = desk.run(&["token", "practice"]).await.ok().line();

    // The same home seen from another session: no bus, no keychain, no display.
    desk.stop().await;
    desk.home.unset("DBUS_SESSION_BUS_ADDRESS");
    desk.home.set("SSH_CONNECTION", "127.0.0.1 4 127.0.0.1 22");
    desk.run(&["token", "practice"])
        .await
        .ends(6, "There is no keychain here; a passphrase is needed.");
    desk.home.set("VALETKEY_PASSPHRASE_FILE", file);
    assert_eq!(
        desk.run(&["token", "practice"]).await.ok().line(),
        at_the_desk
    );
    desk.run(&["refresh", "practice"]).await.ok();
    let over_ssh = desk.run(&["token", "practice"]).await.ok().line();
    good(&sandbox, &over_ssh);
    assert_ne!(at_the_desk, over_ssh);
}
