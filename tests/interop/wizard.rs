//! The wizard and the table against npm `oidc-provider`: the real program on a screen, keys alone,
//! Chromium at the other end.

use serde_json::Value;

use crate::home::{Home, Ran, in_time};
use crate::keys::Keys;
use crate::person::Person;
use crate::server::{BASIC_SECRET, Server};

const PASSPHRASE: &str = "correct horse battery staple";

struct Stage {
    home: Home,
    server: Server,
    person: Person,
}

impl Stage {
    async fn set() -> Self {
        let mut home = Home::new();
        let person = Person::at(&mut home).await;
        let server = Server::start(&home).await;
        Self {
            home,
            server,
            person,
        }
    }

    /// The passphrase is in a file from now on: nothing asks for it.
    fn open_vault(&mut self) {
        let file = self.home.file("passphrase", &format!("{PASSPHRASE}\n"));
        self.home.set("VALETKEY_PASSPHRASE_FILE", file);
    }

    /// From the first screen to the wizard's step for the app.
    fn describe(&self, keys: &mut Keys, more: &[(&str, &str)]) {
        keys.until_shows("No connections yet.");
        assert!(keys.shows("a  connect a service"), "{}", keys.text());
        keys.press("a add");
        keys.until_shows("Step 1 of 7");
        keys.enter_on("Other OAuth provider", "enter choose");
        keys.until_shows("Step 2 of 7");
        keys.enter_on("More addresses", "enter unfold");
        keys.until_shows("Fewer addresses");
        let always = [
            ("Authorization URL", "/auth"),
            ("Token URL", "/token"),
            ("Revocation URL", "/token/revocation"),
            ("Introspection URL", "/token/introspection"),
            ("Userinfo URL", "/me"),
            ("Issuer", ""),
            ("Test read URL", "/me"),
        ];
        for (label, path) in always.iter().chain(more) {
            keys.fill(label, &self.server.at(path));
        }
        keys.enter_on("[ ] Plain http", "enter tick");
        keys.until_shows("[x] Plain http");
        keys.enter_on("Go on", "enter go on");
        keys.until_shows("Step 3 of 7");
    }

    /// From the app's step to the start of the sign-in, as `acme`.
    fn ask_and_save(&self, keys: &mut Keys, client: &str) {
        keys.fill("Client ID", client);
        keys.enter_on("Go on", "enter go on");
        keys.until_shows("Step 4 of 7");
        keys.fill("Scopes", "openid profile email");
        keys.enter_on("Go on", "enter go on");
        keys.until_shows("Step 5 of 7");
        let authority = self.server.issuer().trim_start_matches("http://");
        for told in [authority, client, "scopes openid profile email"] {
            assert!(keys.shows(told), "no {told:?} in\n{}", keys.text());
        }
        assert!(keys.shows("left empty: 127.0.0.1, with"), "{}", keys.text());
        keys.fill("Name", "acme");
        keys.enter_on("Save and sign in", "enter sign in");
    }

    /// A token as another program gets it: through a pipe.
    async fn token(&self) -> String {
        let line = concat!(env!("CARGO_BIN_EXE_valetkey"), " token acme | cat");
        let mut shell = self.home.program("sh");
        shell.args(["-c", line]);
        let output = in_time(line, shell.output()).await.expect("a shell");
        Ran::of(&["token", "acme"], output).ok().line()
    }

    async fn accepts(&self, token: &str) {
        assert_eq!(self.server.introspect(token).await["active"], true);
        assert_eq!(self.server.userinfo(token).await, 200);
    }

    async fn row(&self) -> Value {
        let list = self.home.run(&["list", "--json"]).await.ok().json();
        list["connections"][0].clone()
    }
}

/// The sign-in went well: what the last step says, and on to the table.
fn arrive(keys: &mut Keys) {
    keys.until_shows("Step 7 of 7: Test");
    keys.until_shows("Test read: 200");
    for told in [
        "Connected as ada.",
        "3 scopes granted: openid profile email",
    ] {
        assert!(keys.shows(told), "no {told:?} in\n{}", keys.text());
    }
    keys.enter_on("Done", "enter choose");
    keys.until_shows("✓ connected");
    let row = keys.selected();
    assert!(row.starts_with("acme") && row.contains("ada"), "{row}");
}

fn connected_page(saw: &Value) {
    let text = saw["text"].as_str().expect("text");
    assert!(text.contains("Connected to 127.0.0.1 as ada"), "{saw:#}");
    assert_eq!(saw["path"], "/done");
}

#[tokio::test(flavor = "multi_thread")]
async fn wizard_from_the_first_start_to_the_revocation() {
    let mut stage = Stage::set().await;
    let mut keys = stage.home.at_screen();
    stage.describe(&mut keys, &[]);
    stage.ask_and_save(&mut keys, "public");
    // The first thing to store makes the vault; there is no keychain in this home.
    keys.until_shows("New passphrase");
    keys.fill_masked("Passphrase", PASSPHRASE);
    keys.fill_masked("Once more", PASSPHRASE);
    keys.press("enter go on");
    keys.until_shows("Step 6 of 7: Authorize");
    connected_page(&stage.person.saw().await);
    arrive(&mut keys);

    keys.press("t test");
    keys.until_shows("acme works: 200 from 127.0.0.1");
    keys.press("r refresh");
    keys.until_shows("acme has a fresh access token.");
    assert_eq!(stage.server.count("refresh_token.consumed"), 1);
    keys.press("enter open");
    keys.until_shows("yes, changes at every refresh");
    for told in [
        "asked    openid profile email",
        "granted  openid profile email",
    ] {
        assert!(keys.shows(told), "no {told:?} in\n{}", keys.text());
    }
    keys.press("esc back");
    keys.until_shows("NAME");
    let first_screen = keys.leave();

    stage.open_vault();
    let token = stage.token().await;
    stage.accepts(&token).await;
    let row = stage.row().await;
    assert_eq!(row["health"], "connected", "{row:#}");
    assert_eq!(row["account"]["label"], "ada", "{row:#}");
    let test = stage
        .home
        .run(&["test", "acme", "--json"])
        .await
        .ok()
        .json();
    assert_eq!(test["status"], 200);

    stage.home.unset("VALETKEY_PASSPHRASE_FILE");
    let mut keys = stage.home.at_screen();
    keys.until_shows("✓ connected");
    assert!(keys.shows("vault locked"), "{}", keys.text());
    keys.press("x revoke");
    keys.pick("Revoke  ");
    keys.until_shows("Unlock the vault");
    keys.fill_masked("Passphrase", PASSPHRASE);
    keys.press("enter go on");
    keys.until_shows("acme: revoked at the provider. The settings are kept.");
    keys.until_shows("! needs sign-in");
    let second_screen = keys.leave();
    stage.open_vault();

    assert_eq!(stage.server.introspect(&token).await["active"], false);
    assert_eq!(stage.server.userinfo(&token).await, 401);
    stage.home.run(&["token", "acme"]).await.ends(3, "acme");
    assert_eq!(stage.row().await["health"], "needs sign-in");
    // The look at the typed addresses asks the token endpoint for nothing, and is refused.
    assert_eq!(stage.server.count("grant.error"), 1);
    for secret in [token.as_str(), PASSPHRASE] {
        let written = [&first_screen, &second_screen];
        assert!(!written.iter().any(|screen| screen.contains(secret)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wizard_offers_to_correct_a_wrong_client_secret() {
    let mut stage = Stage::set().await;
    stage.open_vault();
    let mut keys = stage.home.at_screen();
    stage.describe(&mut keys, &[]);
    keys.enter_on("Secret", "enter add");
    keys.until_shows("treat it as recoverable, not confidential");
    keys.fill_masked("Secret", "not the secret at all");
    stage.ask_and_save(&mut keys, "basic");
    let saw = stage.person.saw().await;
    let text = saw["text"].as_str().expect("text");
    assert!(text.contains("It did not work"), "{saw:#}");
    keys.until_shows("does not accept this client ID and secret together");

    keys.pick("correct the secret");
    keys.until_shows("Step 3 of 7");
    // Everything else that was typed is still there.
    assert!(keys.shows("▏basic"), "{}", keys.text());
    for _ in 0.."not the secret at all".len() {
        keys.erase();
    }
    keys.fill_masked("Secret", BASIC_SECRET);
    keys.enter_on("Go on", "enter go on");
    keys.until_shows("Step 4 of 7");
    keys.press("enter go on");
    keys.until_shows("Step 5 of 7");
    keys.enter_on("Save and sign in", "enter sign in");
    keys.until_shows("Step 6 of 7: Authorize");
    connected_page(&stage.person.saw().await);
    arrive(&mut keys);
    let screen = keys.leave();
    stage.accepts(&stage.token().await).await;
    assert!(!screen.contains(BASIC_SECRET));
    let list = stage.home.run(&["list", "--json"]).await.ok().json();
    assert_eq!(list["connections"].as_array().map(Vec::len), Some(1));
}

/// The code that the screen shows, and the page beside it.
fn code_on(keys: &mut Keys) -> (String, String) {
    keys.until_shows("type   ");
    let text = keys.text();
    let after = |mark: &str| {
        let line = text
            .lines()
            .find_map(|line| line.trim_start().strip_prefix(mark));
        line.expect(mark).trim().to_owned()
    };
    (after("open  "), after("type  "))
}

#[tokio::test(flavor = "multi_thread")]
async fn wizard_over_ssh_signs_in_with_a_code() {
    let mut stage = Stage::set().await;
    stage.open_vault();
    stage.home.unset("BROWSER");
    stage
        .home
        .set("SSH_CONNECTION", "203.0.113.9 50000 198.51.100.7 22");
    let mut keys = stage.home.at_screen();
    stage.describe(&mut keys, &[("Device URL", "/device/auth")]);
    stage.ask_and_save(&mut keys, "public");
    keys.until_shows("Only type a code that you asked for yourself here.");
    let (page, code) = code_on(&mut keys);
    let saw = stage.person.enter_code(&stage.home, &page, &code).await;
    let text = saw["text"].as_str().expect("text");
    assert!(text.contains("Success"), "{saw:#}");
    arrive(&mut keys);
    keys.leave();
    stage.accepts(&stage.token().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wizard_changes_over_to_a_code_when_the_browser_does_nothing() {
    let mut stage = Stage::set().await;
    stage.open_vault();
    stage.home.set("BROWSER", "true");
    let mut keys = stage.home.at_screen();
    stage.describe(&mut keys, &[("Device URL", "/device/auth")]);
    stage.ask_and_save(&mut keys, "public");
    keys.until_shows("● Waiting for your approval");
    keys.pick("Code");
    let (page, code) = code_on(&mut keys);
    stage.person.enter_code(&stage.home, &page, &code).await;
    arrive(&mut keys);
    keys.leave();
    stage.accepts(&stage.token().await).await;
}
