//! The redirect address under attack: random requests, crowds, impatient browsers, other programs at the
//! port, other users (FT-07, FT-15 to FT-17, FT-20, FT-37, FT-43, FT-45).

mod browsers;
mod crowds;
mod neighbours;
mod ports;
mod requests;

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustix::net::sockopt;
use tokio::runtime::{Builder, Runtime};
use url::Url;
use valetkey::engine::{Attempt, Error};
use valetkey::model::Seconds;

use crate::campaign::Tally;
use crate::stage::Stage;
use crate::web::Approved;

/// A stage and the thread that carries it.
struct Ground {
    runtime: Runtime,
    stage: Stage,
}

impl Ground {
    fn new() -> Self {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let stage = runtime.block_on(Stage::new());
        Self { runtime, stage }
    }

    /// The same with a registration that names this port.
    fn on_port(port: u16) -> Self {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let stage = runtime.block_on(Stage::with(|new| new.redirect.port = Some(port)));
        Self { runtime, stage }
    }
}

/// One request on a connection of its own. The connection is reset at the end, so that a million of them
/// leave nothing behind in the kernel's tables.
fn exchange(port: u16, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).map_err(io::Error::from)?;
    // The answer may come, and the connection close, before everything was read.
    let _ = stream.write_all(request);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => Ok(answer),
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(answer),
        Err(error) => Err(error),
    }
}

fn status(answer: &[u8]) -> &str {
    let status = answer.get(9..12).unwrap_or(b"none");
    std::str::from_utf8(status).unwrap_or("junk")
}

/// The pieces of a true answer.
struct True {
    port: u16,
    cookie: String,
    query: String,
    code: String,
    state: String,
    iss: String,
}

impl True {
    fn of(approved: &Approved) -> Self {
        let url = Url::parse(&approved.callback).expect("an address");
        let part = |name: &str| {
            let found = url.query_pairs().find(|(key, _)| key == name);
            found
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        };
        Self {
            port: url.port().expect("a port"),
            cookie: approved.cookie.clone(),
            query: url.query().expect("a query").to_owned(),
            code: part("code"),
            state: part("state"),
            iss: part("iss"),
        }
    }

    /// A GET of this path and query by the right browser.
    fn get(&self, target: &str) -> Vec<u8> {
        let (port, cookie) = (self.port, &self.cookie);
        let head =
            format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n");
        head.into_bytes()
    }

    fn answer(&self) -> Vec<u8> {
        self.get(&format!("/callback?{}", self.query))
    }
}

/// Delivers the true answer as a browser does, and follows it to the page of the outcome.
fn deliver(truth: &True) -> Vec<u8> {
    let first = exchange(truth.port, &truth.answer()).unwrap_or_default();
    if status(&first) != "303" {
        return first;
    }
    exchange(truth.port, &truth.get("/done")).unwrap_or_default()
}

fn options() -> valetkey::engine::SignInOptions {
    valetkey::engine::SignInOptions {
        timeout: Some(Seconds(600)),
        ..Default::default()
    }
}

/// How an attempt ended, in one word.
async fn ended(attempt: Attempt) -> &'static str {
    match attempt.outcome().await {
        Ok(_) => "signed in",
        Err(error) => match &*error {
            Error::Declined => "declined",
            Error::Cancelled => "cancelled",
            Error::StartLinkReused => "start link used twice",
            Error::Provider(_) => "refused by the provider",
            _ => "failed otherwise",
        },
    }
}

/// Panics of any thread or task, which a server's task would swallow.
fn watch_for_panics() -> Arc<std::sync::atomic::AtomicUsize> {
    let panics = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = Arc::clone(&panics);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        before(info);
    }));
    panics
}

fn expect(tally: &mut Tally, what: &str, got: &str, wanted: &str) {
    if got != wanted {
        tally.complain(format!("{what}: {got} instead of {wanted}"));
    }
}
