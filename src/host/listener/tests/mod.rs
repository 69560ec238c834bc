//! The listener against raw clients: part 2.C of the conformance list and sections E and F.

mod browser_pages;
mod flow;
mod hostile;
mod sockets;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;
use crate::host::listener::peer::{Owner, Peer};
use crate::model::{LoopbackHost, RedirectUri};

const PROVIDER: &str = "https://provider.example/authorize?state=canary-state";
const GOOD: &str = "code=good&state=right";

/// One served attempt. Its judge stands in for the protocol: `state=right` settles, `bad` is
/// malformed, nothing at all is a fragment answer, the rest is ignored.
struct World {
    serving: Serving,
    port: u16,
}

fn judge() -> Judge {
    Box::new(|query| match query {
        "" => Judgement::FragmentAnswer,
        query if query.contains("bad") => Judgement::Malformed("malformed"),
        query if query.ends_with("state=right") => Judgement::Settles,
        _ => Judgement::Ignore("wrong_state"),
    })
}

impl World {
    fn new() -> Self {
        Self::on(&RedirectUri::any_port())
    }

    fn on(redirect: &RedirectUri) -> Self {
        Self::asking(redirect, |_, _| Peer::Ours)
    }

    fn asking(redirect: &RedirectUri, owner: Owner) -> Self {
        let listener = Listener::bind(redirect).expect("free");
        let port = listener.port();
        let url = Secret::new(PROVIDER.to_owned());
        Self {
            serving: listener.serve_asking(owner, url, judge()),
            port,
        }
    }

    /// Sends the bytes on a fresh connection and reads all there is; `{P}` is the port.
    async fn raw(&self, request: &str) -> String {
        exchange(
            self.port,
            request.replace("{P}", &self.port.to_string()).as_bytes(),
        )
        .await
    }

    /// A plain GET, with more header lines if any.
    async fn get(&self, target: &str, headers: &str) -> String {
        self.raw(&format!(
            "GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{{P}}\r\n{headers}\r\n"
        ))
        .await
    }

    async fn callback(&self, query: &str) -> String {
        self.get(&format!("/callback?{query}"), "").await
    }

    /// The true answer, whose page is held: sent, and its outcome given.
    async fn settle(&mut self) -> String {
        let port = self.port;
        let page = tokio::spawn(async move { get_good(port).await });
        assert_eq!(self.answer().await, GOOD);
        self.serving.finish(Page::Failed);
        page.await.expect("no panic")
    }

    /// The true answer, and a browser that waits for the page of the outcome.
    async fn waiting(&mut self) -> TcpStream {
        let host = format!("Host: 127.0.0.1:{}\r\n\r\n", self.port);
        let answer = format!("GET /callback?{GOOD} HTTP/1.1\r\n{host}");
        exchange_once(self.port, answer.as_bytes()).await;
        assert_eq!(self.answer().await, GOOD);
        let mut browser = connect(self.port).await;
        let page = format!("GET /done HTTP/1.1\r\n{host}");
        browser.write_all(page.as_bytes()).await.expect("open");
        // Whoever came before this one was served before it.
        self.callback("code=x").await;
        browser
    }

    /// The query of the next event, which must be an answer.
    async fn answer(&mut self) -> String {
        loop {
            match self.serving.next().await {
                ListenerEvent::Answer(query) => return query.reveal().to_owned(),
                ListenerEvent::Ignored { .. } => {}
                other => panic!("unexpected {}", name(&other)),
            }
        }
    }

    async fn event(&mut self) -> &'static str {
        name(&self.serving.next().await)
    }

    /// The path of a new start link.
    fn start_path(&self) -> String {
        let url = self.serving.start_url();
        let prefix = format!("http://127.0.0.1:{}", self.port);
        url.strip_prefix(&prefix).expect("our origin").to_owned()
    }
}

async fn get_good(port: u16) -> String {
    let request = format!("GET /callback?{GOOD} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    exchange(port, request.as_bytes()).await
}

async fn connect(port: u16) -> TcpStream {
    TcpStream::connect(("127.0.0.1", port))
        .await
        .expect("listening")
}

/// As a browser does it: goes on to the page of the outcome where it is sent there.
async fn exchange(port: u16, bytes: &[u8]) -> String {
    let answer = exchange_once(port, bytes).await;
    if !answer.contains("\r\nLocation: /done\r\n") {
        return answer;
    }
    let request = str::from_utf8(bytes).expect("text");
    let headers = request.split_once("\r\n").expect("a line").1;
    exchange_once(port, format!("GET /done HTTP/1.1\r\n{headers}").as_bytes()).await
}

async fn exchange_once(port: u16, bytes: &[u8]) -> String {
    let mut stream = connect(port).await;
    // The server may answer and close before it read everything.
    let _ = stream.write_all(bytes).await;
    read_all(&mut stream).await
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut chunk).await {
        answer.extend_from_slice(&chunk[..count]);
    }
    String::from_utf8(answer).expect("our pages are UTF-8")
}

fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or("closed")
}

fn name(event: &ListenerEvent) -> &'static str {
    match event {
        ListenerEvent::Opened => "opened",
        ListenerEvent::Answer(_) => "answer",
        ListenerEvent::Ignored { reason, .. } => reason,
        ListenerEvent::SecondDifferentAnswer => "second",
        ListenerEvent::StartLinkReused => "reused",
        ListenerEvent::StartLinkClosed => "closed",
        ListenerEvent::OtherUser => "other_user",
        ListenerEvent::UnknownPeer => "unknown_peer",
        ListenerEvent::TlsHello => "tls",
    }
}
