//! Whole sign-ins against npm `oidc-provider`, approved in Chromium.

use valetkey::sandbox::{Options, Sandbox, Tls};

use crate::home::{Home, Ran};
use crate::person::Person;
use crate::server::{BASIC_SECRET, POST_SECRET, Server};

/// A home with a vault, a server and somebody at the browser.
struct Stage {
    home: Home,
    server: Server,
    person: Person,
}

impl Stage {
    async fn set() -> Self {
        Self::in_home(Home::new()).await
    }

    async fn in_home(mut home: Home) -> Self {
        let passphrase = home.file("passphrase", "correct horse battery staple\n");
        home.set("VALETKEY_PASSPHRASE_FILE", passphrase);
        let person = Person::at(&mut home).await;
        let server = Server::start(&home).await;
        Self {
            home,
            server,
            person,
        }
    }

    /// Adds the connection `acme`.
    async fn add(&self, client: &str, more: &[&str]) {
        let at = |path: &str| self.server.at(path);
        let flags = [
            ("--authorization-url", at("/auth")),
            ("--token-url", at("/token")),
            ("--device-url", at("/device/auth")),
            ("--revocation-url", at("/token/revocation")),
            ("--introspection-url", at("/token/introspection")),
            ("--userinfo-url", at("/me")),
            ("--jwks-url", at("/jwks")),
            ("--test-url", at("/me")),
            ("--issuer", self.server.issuer().to_owned()),
            ("--client-id", client.to_owned()),
        ];
        let mut arguments = vec!["add", "--no-input", "--dev-http", "--name=acme"];
        arguments.push("--scope=openid profile email");
        for (flag, value) in &flags {
            arguments.extend([flag, value.as_str()]);
        }
        arguments.extend(more);
        self.home.run(&arguments).await.ok();
    }

    async fn add_confidential(&self, client: &str, method: &str, secret: &str) {
        let file = self.home.file("secret", &format!("{secret}\n"));
        let file = file.to_str().expect("a path").to_owned();
        self.add(client, &["--client-secret-file", &file, "--auth", method])
            .await;
    }

    async fn token(&self) -> String {
        self.home.run(&["token", "acme"]).await.ok().line()
    }

    /// `login` with the browser; the page the person ended on must say `words`.
    async fn login(&self, words: &str) -> Ran {
        let (ran, saw) = tokio::join!(self.home.run(&["login", "acme"]), self.person.saw());
        let text = saw["text"].as_str().expect("text");
        assert!(text.contains(words), "{saw:#}\n{ran:#?}");
        assert_eq!(saw["path"], "/done");
        code_is_in_no_history(&saw);
        ran
    }

    /// What every good sign-in can do afterwards: hand out, test, renew, end.
    async fn lives_and_ends(&self) {
        // A device code that was asked for before the person was there counts as one each time.
        let refused = self.server.count("grant.error");
        let first = self.token().await;
        assert_eq!(self.server.introspect(&first).await["active"], true);
        assert_eq!(self.server.userinfo(&first).await, 200);

        let test = self.home.run(&["test", "acme", "--json"]).await.ok().json();
        assert_eq!(test["status"], 200);
        let list = self.home.run(&["list", "--json"]).await.ok().json();
        let row = &list["connections"][0];
        assert_eq!(row["health"], "connected", "{row:#}");
        assert_eq!(row["account"]["label"], "ada", "{row:#}");

        for renewals in 1..=2 {
            let before = self.token().await;
            self.home.run(&["refresh", "acme"]).await.ok();
            let after = self.token().await;
            assert_ne!(before, after);
            assert_eq!(self.server.introspect(&after).await["active"], true);
            // Each renewal spends a refresh token and brings another.
            assert_eq!(self.server.count("refresh_token.consumed"), renewals);
            assert_eq!(self.server.count("refresh_token.saved"), 1 + renewals);
        }
        assert_eq!(self.server.count("grant.error"), refused);

        let ended = self.token().await;
        self.home.run(&["revoke", "acme"]).await.ok();
        assert_eq!(self.server.introspect(&ended).await["active"], false);
        assert_eq!(self.server.userinfo(&ended).await, 401);
        self.home.run(&["token", "acme"]).await.ends(3, "acme");
    }
}

/// Neither the back button nor the list of visited pages leads to an address with the code.
fn code_is_in_no_history(saw: &serde_json::Value) {
    for list in ["back", "history"] {
        let pages: Vec<&str> = saw[list]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|page| page.as_str())
            .collect();
        assert!(
            pages.iter().any(|page| page.ends_with("/done")),
            "{pages:?}"
        );
        assert!(
            !pages.iter().any(|page| page.contains("code=")),
            "{pages:?}"
        );
    }
}

#[tokio::test]
async fn f_16_public_client_with_pkce_and_no_code_in_the_browsers_history() {
    let stage = Stage::set().await;
    stage.add("public", &[]).await;
    stage
        .login("Connected to 127.0.0.1 as ada")
        .await
        .ok()
        .ends(0, "Signed in to acme as ada.");
    stage.lives_and_ends().await;
    // And again: the definition stayed.
    stage.login("Connected to").await.ok();
    let token = stage.token().await;
    assert_eq!(stage.server.introspect(&token).await["active"], true);
}

#[tokio::test]
async fn confidential_client_with_a_basic_header() {
    let stage = Stage::set().await;
    stage.add_confidential("basic", "basic", BASIC_SECRET).await;
    stage.login("Connected to").await.ok();
    stage.lives_and_ends().await;
}

#[tokio::test]
async fn confidential_client_with_the_secret_in_the_body() {
    let stage = Stage::set().await;
    stage.add_confidential("post", "post", POST_SECRET).await;
    stage.login("Connected to").await.ok();
    stage.lives_and_ends().await;
}

#[tokio::test]
async fn device_code_typed_on_the_verification_page() {
    let stage = Stage::set().await;
    stage.add("public", &[]).await;
    let mut login = stage.home.login(&["acme", "--device"]);
    let way = login.way("device").await;
    let page = way["url"].as_str().expect("a page");
    let code = way["code"].as_str().expect("a code");
    let saw = stage.person.enter_code(&stage.home, page, code).await;
    let text = saw["text"].as_str().expect("text");
    assert!(text.contains("Success"), "{saw:#}");
    login.done().await;
    stage.lives_and_ends().await;
}

#[tokio::test]
async fn wrong_client_secret_is_refused_and_leaves_nothing() {
    let stage = Stage::set().await;
    stage
        .add_confidential("basic", "basic", "not the secret at all")
        .await;
    stage
        .login("It did not work")
        .await
        .ends(7, "does not accept this client ID and secret together");
    assert_eq!(stage.server.count("access_token.issued"), 0);
    stage.home.run(&["token", "acme"]).await.ends(3, "acme");
}

#[tokio::test]
async fn declined_consent_is_a_choice_and_not_a_fault() {
    let mut stage = Stage::set().await;
    stage.home.set("INTEROP_DECISION", "decline");
    stage.add("public", &[]).await;
    stage
        .login("You declined")
        .await
        .ends(5, "You declined. Nothing was changed.");
}

#[tokio::test]
async fn redirect_by_name_and_by_the_other_family() {
    for host in ["localhost", "[::1]"] {
        let stage = Stage::set().await;
        let redirect = format!("http://{host}/callback");
        stage.add("public", &["--redirect-uri", &redirect]).await;
        stage.login("Connected to").await.ok();
        let token = stage.token().await;
        assert_eq!(stage.server.introspect(&token).await["active"], true);
    }
}

#[tokio::test]
async fn many_callers_never_spend_a_refresh_token_twice() {
    let mut home = Home::new();
    home.set("REFRESH_LATE_MS", "1500");
    let stage = Stage::in_home(home).await;
    stage.add("public", &[]).await;
    stage.login("Connected to").await.ok();
    let before = stage.token().await;
    // A token just issued is left alone; this one is a minute old.
    let sql = rusqlite::Connection::open(stage.home.path().join(".local/share/valetkey/vault.db"))
        .expect("opens");
    sql.execute("UPDATE grants SET issued_at = issued_at - 60", [])
        .expect("written");
    drop(sql);
    // Longer than the server's tokens live: every caller finds it due.
    let ask = || stage.home.run(&["token", "acme", "--min-valid=3601"]);
    let (a, b, c, d) = tokio::join!(ask(), ask(), ask(), ask());
    let tokens = [a, b, c, d].map(|ran| ran.ok().line());
    assert!(!tokens.contains(&before));
    // Spending one twice would have ended the grant (RFC 9700 section 4.14.2).
    for token in &tokens {
        assert_eq!(stage.server.introspect(token).await["active"], true);
    }
    assert_eq!(stage.server.count("grant.error"), 0);
    let renewed = stage.server.count("refresh_token.consumed");
    assert!((1..=4).contains(&renewed), "{renewed}");
    assert_eq!(stage.server.count("grant.revoked"), 0);
}

#[tokio::test]
async fn grant_ended_by_the_server_needs_a_new_sign_in() {
    let stage = Stage::set().await;
    stage.add("public", &[]).await;
    stage.login("Connected to").await.ok();
    stage.server.end_grant(&stage.token().await).await;

    let refresh = stage.home.run(&["refresh", "acme"]).await;
    refresh.ends(3, "valetkey login acme");
    let list = stage.home.run(&["list", "--json"]).await.ok().json();
    assert_eq!(list["connections"][0]["health"], "needs sign-in");
    stage.home.run(&["token", "acme"]).await.ends(3, "acme");

    stage.login("Connected to").await.ok();
    let token = stage.token().await;
    assert_eq!(stage.server.introspect(&token).await["active"], true);
}

#[tokio::test]
async fn another_account_is_given_back_and_the_first_one_stays() {
    let mut stage = Stage::set().await;
    stage.add("public", &[]).await;
    stage.login("as ada").await.ok();
    let before = stage.token().await;

    stage.home.set("INTEROP_LOGIN", "grace");
    stage
        .login("Finishing in your terminal")
        .await
        .ends(5, "You signed in as grace; this connection belongs to ada.");
    assert_eq!(stage.token().await, before);
    assert_eq!(stage.server.introspect(&before).await["active"], true);
    assert_eq!(stage.server.count("grant.revoked"), 1);
    stage.home.run(&["refresh", "acme"]).await.ok();
}

#[tokio::test]
async fn practice_provider_in_a_real_browser() {
    let mut home = Home::new();
    let passphrase = home.file("passphrase", "correct horse battery staple\n");
    home.set("VALETKEY_PASSPHRASE_FILE", passphrase);
    let person = Person::at(&mut home).await;
    let options = Options {
        tls: Tls::Off,
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await.expect("the sandbox");
    let (authorize, token) = (sandbox.at("/authorize"), sandbox.at("/token"));
    let mut arguments = vec!["add", "--no-input", "--dev-http", "--name=practice"];
    arguments.extend(["--client-id=valetkey-practice", "--scope=profile"]);
    arguments.extend(["--authorization-url", &authorize, "--token-url", &token]);
    home.run(&arguments).await.ok();

    let (ran, saw) = tokio::join!(home.run(&["login", "practice"]), person.saw());
    ran.ok();
    let text = saw["text"].as_str().expect("text");
    assert!(text.contains("Connected to"), "{saw:#}");
    let token = home.run(&["token", "practice"]).await.ok().line();
    assert!(sandbox.accepts_access(&token));
}
