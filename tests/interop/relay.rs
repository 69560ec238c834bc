//! The relay page (assets/relay) in Chromium: a provider that takes no loopback address, and what the page
//! does with answers that are not ours. It is served over https, on loopback, under a name of its own.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use valetkey::sandbox::{Options, Sandbox, Tls};

use crate::home::{Home, in_time};
use crate::person::Person;

const PAGE: &str = include_str!("../../assets/relay/index.html");
const HOST: &str = "relay.example";
const ADDRESS: &str = "https://relay.example/valetkey/";

/// Whatever static host: it answers every request with the page.
struct Relay {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    async fn start() -> Self {
        let own = rcgen::generate_simple_self_signed([HOST.to_owned()]).expect("a certificate");
        let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], PrivateKeyDer::from(key))
            .expect("usable");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, sink) = (acceptor.clone(), Arc::clone(&sink));
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        let Ok(byte) = stream.read_u8().await else {
                            return;
                        };
                        head.push(byte);
                    }
                    let head = String::from_utf8_lossy(&head);
                    let line = head.lines().next().unwrap_or_default().to_owned();
                    sink.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(line);
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\
                         Content-Length: {}\r\nConnection: close\r\n\r\n{PAGE}",
                        PAGE.len()
                    );
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self { port, asked }
    }

    /// The pages that were asked for; a browser's icon is not one.
    fn pages(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let page = |line: &&String| line.starts_with("GET /valetkey/");
        asked.iter().filter(page).cloned().collect()
    }
}

struct Stage {
    home: Home,
    person: Person,
    relay: Relay,
}

impl Stage {
    async fn set() -> Self {
        let mut home = Home::new();
        let passphrase = home.file("passphrase", "correct horse battery staple\n");
        home.set("VALETKEY_PASSPHRASE_FILE", passphrase);
        let person = Person::at(&mut home).await;
        let relay = Relay::start().await;
        home.set("INTEROP_RELAY", format!("{HOST} 127.0.0.1:{}", relay.port));
        Self {
            home,
            person,
            relay,
        }
    }

    async fn opens(&self, address: &str) -> Value {
        self.person.opens(&self.home, address).await
    }
}

#[tokio::test]
async fn a_provider_that_refuses_loopback_is_signed_in_to_through_a_relay() {
    let stage = Stage::set().await;
    let options = Options {
        tls: Tls::Off,
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await.expect("the sandbox");
    let http = reqwest::Client::builder().no_proxy().build();
    let register = http
        .expect("a client")
        .post(sandbox.at("/register"))
        .header("content-type", "application/json")
        .body(
            json!({
                "redirect_uris": [ADDRESS],
                "token_endpoint_auth_method": "none",
                "grant_types": ["authorization_code", "refresh_token"],
            })
            .to_string(),
        );
    let answer = in_time("registration", register.send())
        .await
        .expect("an answer");
    let answer = in_time("registration", answer.text()).await.expect("text");
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    let client = answer["client_id"].as_str().expect("a client");
    let (authorize, token) = (sandbox.at("/authorize"), sandbox.at("/token"));
    let mut arguments = vec!["add", "--no-input", "--dev-http", "--name=practice"];
    arguments.extend(["--client-id", client, "--scope=profile"]);
    arguments.extend(["--authorization-url", &authorize, "--token-url", &token]);
    arguments.extend(["--redirect-uri", ADDRESS]);
    stage.home.run(&arguments).await.ok();

    let (ran, saw) = tokio::join!(stage.home.run(&["login", "practice"]), stage.person.saw());
    let text = saw["text"].as_str().expect("text");
    assert!(text.contains("Connected to"), "{saw:#}\n{ran:#?}");
    ran.ok();
    assert_eq!(saw["path"], "/done");
    let pages = stage.relay.pages();
    assert_eq!(pages.len(), 1, "{pages:?}");
    // Neither the relay's address nor ours stays in the history with its code.
    for list in ["back", "history"] {
        let pages = saw[list].to_string();
        assert!(
            pages.contains("/done") && !pages.contains("code="),
            "{pages}"
        );
    }
    let token = stage.home.run(&["token", "practice"]).await.ok().line();
    assert!(sandbox.accepts_access(&token));
}

#[tokio::test]
async fn the_relay_passes_on_what_is_ours_and_nothing_else() {
    let stage = Stage::set().await;
    let letters = "A".repeat(43);
    // Nobody listens there: the page gave the address to paste before.
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let query = format!("?code=x&state={letters}.{port}");
    let saw = stage.opens(&format!("{ADDRESS}{query}")).await;
    let onward = format!("http://127.0.0.1:{port}/callback{query}");
    assert_eq!(saw["left_for"], onward);
    let relay = &saw["relay"];
    assert_eq!(relay["to_copy"], format!("{ADDRESS}{query}"));
    let text = relay["text"].as_str().expect("text");
    assert!(text.contains("Back to your terminal"), "{saw:#}");
    // Copying stays.
    let mut stage = stage;
    stage.home.set("INTEROP_COPY", "1");
    let saw = stage.opens(&format!("{ADDRESS}{query}")).await;
    assert_eq!(saw["relay"]["stayed"], true, "{saw:#}");
    assert!(saw["left_for"].is_null(), "{saw:#}");
    for query in [
        String::new(),
        format!("?code=x&state={letters}"),
        format!("?code=x&state={letters}.1023"),
        format!("?code=x&state={letters}.65536"),
        format!("?code=x&state={letters}.8765@evil.example"),
        format!("?code=x&state={letters}.8765&state={letters}.8765"),
    ] {
        let saw = stage.opens(&format!("{ADDRESS}{query}")).await;
        let text = saw["relay"]["text"].as_str().expect("text");
        assert!(text.contains("Nothing to pass on"), "{query}: {saw:#}");
        assert!(saw["left_for"].is_null(), "{query}: {saw:#}");
    }
}
