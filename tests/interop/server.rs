//! npm `oidc-provider`, and the questions a test asks it directly.

use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

use crate::home::{Home, in_time};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/provider.mjs");

/// Every character that RFC 6749 section 2.3.1 wants encoded in a Basic header.
pub(crate) const BASIC_SECRET: &str = "tricky: %41+b/c=d&e 'f\"";
pub(crate) const POST_SECRET: &str = "plain & post = % + secret";

const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) struct Server {
    issuer: String,
    events: Arc<Mutex<Vec<Value>>>,
    http: reqwest::Client,
    _child: Child,
}

impl Server {
    pub(crate) async fn start(home: &Home) -> Self {
        Self::start_with(home, &[]).await
    }

    /// The same with more variables.
    pub(crate) async fn start_with(home: &Home, variables: &[(&str, String)]) -> Self {
        let mut command = home.program("node");
        command.envs(variables.iter().map(|(name, value)| (*name, value)));
        command
            .arg(SCRIPT)
            .env("BASIC_SECRET", BASIC_SECRET)
            .env("POST_SECRET", POST_SECRET)
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("node");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let first = in_time("the server", lines.next_line()).await;
        let first = first.expect("a line").expect("its address");
        let first: Value = serde_json::from_str(&first).expect("JSON");
        let events = Arc::new(Mutex::new(Vec::new()));
        let sink = events.clone();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let event = serde_json::from_str(&line).unwrap_or(Value::String(line));
                sink.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(event);
            }
        });
        let http = reqwest::Client::builder().no_proxy().build();
        Self {
            issuer: first["issuer"].as_str().expect("an address").to_owned(),
            events,
            http: http.expect("a client"),
            _child: child,
        }
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// Every event of this kind so far, in order.
    pub(crate) fn all(&self, event: &str) -> Vec<Value> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let these = events.iter().filter(|e| e["event"] == event);
        these.cloned().collect()
    }

    /// How often this happened so far. Its answers come after its events.
    pub(crate) fn count(&self, event: &str) -> usize {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.iter().filter(|e| e["event"] == event).count()
    }

    /// Introspection (RFC 7662) by a client of its own.
    pub(crate) async fn introspect(&self, token: &str) -> Value {
        let request = self
            .http
            .post(self.at("/token/introspection"))
            .basic_auth("inspector", Some("inspector-secret"))
            .header("content-type", FORM)
            .body(form(&[("token", token)]));
        let answer = in_time("introspection", request.send())
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 200);
        let text = in_time("introspection", answer.text()).await.expect("text");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Ends a public client's grant from the server's side, by one of its tokens (RFC 7009).
    pub(crate) async fn end_grant(&self, token: &str) {
        let body = form(&[("token", token), ("client_id", "public")]);
        let request = self
            .http
            .post(self.at("/token/revocation"))
            .header("content-type", FORM)
            .body(body);
        let answer = in_time("revocation", request.send()).await;
        assert_eq!(answer.expect("an answer").status(), 200);
    }

    /// The status of a read with this token.
    pub(crate) async fn userinfo(&self, token: &str) -> u16 {
        let request = self.http.get(self.at("/me")).bearer_auth(token);
        let answer = in_time("userinfo", request.send())
            .await
            .expect("an answer");
        answer.status().as_u16()
    }
}

fn form(pairs: &[(&str, &str)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(pairs).finish()
}
