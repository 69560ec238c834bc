//! The practice provider checked with plain HTTP of its own.

mod behaviour;
mod browser;
mod clients;
mod code;
mod device;
mod faults;
mod identity;
mod refresh;
mod resource;
mod tls;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

use super::{Approval, Behaviour, Options, Sandbox};

const VERIFIER: &str = "practice-verifier-practice-verifier-practice-0";
const START: i64 = 1_800_000_000;
const CALLBACK: &str = "http://127.0.0.1:45454/callback";

/// The clock stands still at [`START`], so that a second more or less decides nothing.
async fn sandbox(switches: &[&str]) -> Sandbox {
    let behaviour = Behaviour::parse(switches).expect("known switches");
    let options = Options {
        behaviour,
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await.expect("it starts");
    sandbox.freeze_at(START);
    sandbox
}

fn authorization_url(sandbox: &Sandbox, scope: &str, more: &[(&str, &str)]) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let mut url = Url::parse(&sandbox.at("/authorize")).expect("an address");
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", "valetkey-practice")
        .append_pair("redirect_uri", CALLBACK)
        .append_pair("scope", scope)
        .append_pair("state", "state-1")
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256")
        .extend_pairs(more);
    url.into()
}

fn parameter(location: &str, name: &str) -> Option<String> {
    let url = Url::parse(location).expect("an address");
    url.query_pairs()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

/// Sends raw bytes and returns everything that came back.
async fn raw(sandbox: &Sandbox, bytes: &str) -> String {
    let address = sandbox.url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(bytes.as_bytes()).await.expect("it reads");
    let mut answer = Vec::new();
    // A cut connection may end in a reset; what came before counts.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

async fn get(sandbox: &Sandbox, target: &str, token: &str) -> (u16, String) {
    let request = format!(
        "GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    split(&raw(sandbox, &request).await)
}

async fn post(sandbox: &Sandbox, path: &str, form: &[(&str, &str)], extra: &str) -> (u16, String) {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{extra}Content-Type: \
         application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    split(&raw(sandbox, &request).await)
}

fn split(answer: &str) -> (u16, String) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    (status, body.to_owned())
}

fn json(answer: &(u16, String)) -> Value {
    serde_json::from_str(&answer.1).expect("JSON")
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} is missing in {value}"))
}

async fn exchange(sandbox: &Sandbox, code: &str, verifier: &str) -> (u16, String) {
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "valetkey-practice"),
        ("redirect_uri", CALLBACK),
        ("code", code),
        ("code_verifier", verifier),
    ];
    post(sandbox, "/token", &form, "").await
}

async fn refresh(sandbox: &Sandbox, token: &str) -> (u16, String) {
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "valetkey-practice"),
        ("refresh_token", token),
    ];
    post(sandbox, "/token", &form, "").await
}

/// Approves as ada and exchanges the code.
async fn sign_in(sandbox: &Sandbox, scope: &str, more: &[(&str, &str)]) -> Value {
    let url = authorization_url(sandbox, scope, more);
    let location = sandbox
        .approve(&url, &Approval::default())
        .expect("approved");
    let code = parameter(&location, "code").expect("a code");
    let answer = exchange(sandbox, &code, VERIFIER).await;
    assert_eq!(answer.0, 200, "{}", answer.1);
    json(&answer)
}
