//! The mix-up attack of RFC 9700 section 4.4.1: the person connects a provider that turns out to be an
//! attacker. It sends the browser on to an honest provider, as the honest provider's own client, in the hope
//! that the code it gives is brought to the attacker's token endpoint.
//!
//! `VALETKEY_MIX_UPS` is how often each defence is attacked.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use url::Url;
use valetkey::cli::practice_definition;
use valetkey::engine::{Error, NewConnection, Outcome, SignInOptions};
use valetkey::model::{ConnectionName, IssPolicy, IssuerProof, RedirectUri};
use valetkey::sandbox::{Approval, Options, Sandbox};

use crate::stage::{Stage, off};
use crate::web;

/// The honest client of the practice provider, for connections that share one redirect address.
const SHARED: &str = "valetkey-practice";

fn rounds() -> usize {
    let text = std::env::var("VALETKEY_MIX_UPS").unwrap_or_else(|_| "3".to_owned());
    text.parse().expect("a number")
}

/// What the two connections have to tell the providers apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Defence {
    Issuer,
    Paths,
    Nothing,
}

/// The person's program, the honest provider and the attacker.
struct Scene {
    stage: Stage,
    honest: Sandbox,
    attacker: Sandbox,
    /// The honest provider's client: its ID and the redirect address that is registered.
    client: (String, RedirectUri),
    evil: valetkey::model::ConnectionId,
}

impl Scene {
    async fn set(defence: Defence) -> Self {
        let stage = Stage::new().await;
        let honest = Sandbox::start(Options::default())
            .await
            .expect("a provider");
        let attacker = Sandbox::start(Options::default())
            .await
            .expect("a provider");
        if defence != Defence::Issuer {
            honest.set("iss=absent").expect("a switch");
            attacker.set("iss=absent").expect("a switch");
        }
        let mut good = definition(&honest, "honest", defence);
        good.client_id = match defence {
            Defence::Paths => {
                let (url, redirect) = (honest.url().to_owned(), good.redirect.to_string());
                off(move || register(&url, &redirect)).await
            }
            Defence::Issuer | Defence::Nothing => SHARED.to_owned(),
        };
        let client = (good.client_id.clone(), good.redirect.clone());
        let good = stage.engine.add(good).expect("added");
        let bad = definition(&attacker, "attacker", defence);
        let evil = stage.engine.add(bad).expect("added");
        let proof = match defence {
            Defence::Issuer => IssuerProof::Issuer,
            Defence::Paths => IssuerProof::Redirect,
            Defence::Nothing => IssuerProof::None,
        };
        for id in [&good, &evil] {
            let connection = stage.engine.connection_by_id(id).expect("there");
            assert_eq!(connection.issuer_proof(), proof);
        }
        let scene = Self {
            stage,
            honest,
            attacker,
            client,
            evil,
        };
        scene.signs_in_honestly(&good).await;
        scene
    }

    /// What the attack is to be told from.
    async fn signs_in_honestly(&self, id: &valetkey::model::ConnectionId) {
        let options = SignInOptions::default();
        let attempt = self.stage.engine.sign_in(id, options).expect("begun");
        let start = self.stage.opened().await;
        let (authorize, cookie) = off(move || web::follow(&start)).await;
        let approval = Approval::default();
        let callback = self
            .honest
            .approve(&authorize, &approval)
            .expect("approved");
        let approved = web::Approved { callback, cookie };
        let page = off(move || approved.deliver(&approved.callback)).await;
        assert_eq!(page.status, 200);
        attempt.outcome().await.expect("signed in");
        self.honest.clear_requests();
    }

    /// One attack: what the program says to the honest provider's answer, which may give none, and how the
    /// sign-in at the attacker ends. `path`: where the attacker asks for the answer.
    async fn attack(&self, path: &str) -> (Option<u16>, Result<Outcome, Arc<Error>>) {
        let options = SignInOptions::default();
        let attempt = self
            .stage
            .engine
            .sign_in(&self.evil, options)
            .expect("begun");
        let remote = attempt.remote.clone();
        let start = self.stage.opened().await;
        let (authorize, cookie) = off(move || web::follow(&start)).await;
        let forwarded = self.forwarded(&authorize, path);
        let status = match self.honest.approve(&forwarded, &Approval::default()) {
            Ok(callback) => {
                let approved = web::Approved { callback, cookie };
                Some(off(move || approved.deliver(&approved.callback).status).await)
            }
            Err(_) => None,
        };
        // An attempt that nothing has ended still waits.
        remote.cancel();
        (status, attempt.outcome().await)
    }

    /// Where the attacker sends the browser: to the honest provider, as its client, with the state and the
    /// challenge that the program made for the attacker.
    fn forwarded(&self, authorize: &str, path: &str) -> String {
        let sent = Url::parse(authorize).expect("an address");
        let mut to = Url::parse(&self.honest.at("/authorize")).expect("an address");
        for (name, value) in sent.query_pairs() {
            let value = match &*name {
                "client_id" => self.client.0.clone(),
                "redirect_uri" => {
                    let mut redirect = Url::parse(&value).expect("an address");
                    redirect.set_path(path);
                    redirect.into()
                }
                _ => value.into_owned(),
            };
            to.query_pairs_mut().append_pair(&name, &value);
        }
        to.into()
    }

    /// Everything of the honest provider's, and every verifier, that the attacker was sent.
    fn stolen(&self) -> Vec<String> {
        let secrets = self.honest.secrets_issued();
        let requests = self.attacker.requests();
        let seen = requests.iter().map(|request| {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            format!("{} {body}", request.target)
        });
        seen.filter(|text| {
            text.contains("code_verifier=") || secrets.iter().any(|secret| text.contains(secret))
        })
        .collect()
    }
}

fn definition(provider: &Sandbox, name: &str, defence: Defence) -> NewConnection {
    let mut new = practice_definition(provider.url(), None).expect("a definition");
    new.name = Some(ConnectionName::parse(name).expect("a name"));
    if defence != Defence::Issuer {
        new.provider.iss = IssPolicy::NotAdvertised;
    }
    if defence == Defence::Paths {
        let token = new.provider.endpoints.token.as_ref().expect("an address");
        new.redirect = RedirectUri::any_port().with_path_of(token);
    }
    new
}

/// Registers a public client with this one redirect address; its ID.
fn register(provider: &str, redirect: &str) -> String {
    let url = Url::parse(provider).expect("an address");
    let at = url.socket_addrs(|| None).expect("an address");
    let mut stream = TcpStream::connect(&*at).expect("a listener");
    let body = format!(r#"{{"redirect_uris":["{redirect}"],"token_endpoint_auth_method":"none"}}"#);
    let request = format!(
        "POST /register HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        url.authority(),
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
    let members: serde_json::Value = serde_json::from_str(body).expect("JSON");
    members["client_id"].as_str().expect("an ID").to_owned()
}

#[tokio::test]
async fn g_05_ft_18_with_iss_the_attacker_gets_nothing() {
    let scene = Scene::set(Defence::Issuer).await;
    for round in 0..rounds() {
        let (_, end) = scene.attack("/callback").await;
        let error = end.expect_err("another provider");
        assert!(matches!(*error, Error::WrongIssuer { .. }), "{error:?}");
        assert_eq!(scene.stolen(), Vec::<String>::new(), "round {round}");
    }
    assert!(scene.attacker.requests_to("/token").is_empty());
}

#[tokio::test]
async fn g_05_ft_18_without_iss_a_path_of_its_own_keeps_the_attacker_out() {
    let scene = Scene::set(Defence::Paths).await;
    let honest = scene.client.1.path.clone();
    let evil = scene.stage.engine.connection_by_id(&scene.evil);
    let evil = evil.expect("there").registration.redirect.path;
    for round in 0..rounds() {
        // Where the honest provider answers nobody waits, and where somebody waits it does not answer.
        for (path, answered) in [(&*honest, Some(404)), (&*evil, None), ("/callback", None)] {
            let (status, end) = scene.attack(path).await;
            assert_eq!(status, answered, "{path}");
            let error = end.expect_err("nothing came");
            assert!(matches!(*error, Error::Cancelled), "{path}: {error:?}");
            assert_eq!(scene.stolen(), Vec::<String>::new(), "round {round}");
        }
    }
    assert!(scene.attacker.requests_to("/token").is_empty());
}

/// Why the details say "no issuer proof": without both the attack works.
#[tokio::test]
async fn g_05_without_either_the_code_goes_to_the_attacker() {
    let scene = Scene::set(Defence::Nothing).await;
    let (status, end) = scene.attack("/callback").await;
    assert!(status.is_some() && end.is_err(), "{end:?}");
    assert_eq!(scene.stolen().len(), 1);
}
