//! The server's own work: accepting, reading, answering, within its limits (conformance F-07,
//! F-08, F-15). Nothing of a request is ever logged (F-21).

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::attempt::{Attempt, Callback, Outcome, Start};
use super::checks::{self, Refusal, Route};
use super::pages::{self, Status};
use super::parse::{Fault, HeadReader, Request};
use super::peer::{Owner, Peer};

const MOST_CONNECTIONS: usize = 32;
/// For the whole head of a request.
const HEAD_DEADLINE: Duration = Duration::from_secs(5);
/// For sending an answer to a slow reader.
const WRITE_DEADLINE: Duration = Duration::from_secs(2);
/// How long the browser waits for the outcome (F-15).
const HOLD: Duration = Duration::from_secs(10);
/// Unread bytes that are taken off a connection before it closes; a close with unread bytes would
/// reset it, and the answer would be lost.
const DRAIN: usize = 2 * 1024 * 1024;
const DRAIN_DEADLINE: Duration = Duration::from_millis(500);
/// Pause when the system has no more file handles.
const OUT_OF_HANDLES: Duration = Duration::from_millis(50);
/// How long after the end a browser may still come for the page that it was sent on to; a little less
/// than the listener's whole afterlife.
const FOLLOWS: Duration = Duration::from_millis(1500);
/// How long a browser may keep the cookie: the life of an attempt, in seconds.
const COOKIE_SECONDS: u32 = 600;

/// One accepted connection, as the accepting loop sees it.
struct Connection {
    task: AbortHandle,
    /// It holds the page of the genuine answer: never turned out.
    busy: Arc<AtomicBool>,
}

/// One accepted connection, as its own task sees it.
struct Client {
    stream: TcpStream,
    peer: SocketAddr,
    owner: Owner,
}

impl Client {
    fn owner(&self) -> Peer {
        match self.stream.local_addr() {
            Ok(server) => (self.owner)(self.peer, server),
            Err(_) => Peer::Unknown,
        }
    }
}

/// Serves until told to stop, then flushes what is being answered.
pub(super) async fn run(
    sockets: Vec<std::net::TcpListener>,
    attempt: Arc<Attempt>,
    owner: Owner,
    stop: oneshot::Receiver<()>,
) {
    // They are non-blocking since the check of `bind`; only a dead runtime can refuse them.
    let listeners: Vec<TcpListener> = sockets
        .into_iter()
        .filter_map(|socket| TcpListener::from_std(socket).ok())
        .collect();
    let mut tasks = JoinSet::new();
    let mut connections = VecDeque::new();
    let over = async {
        let _ = stop.await;
        let _ = timeout(FOLLOWS, attempt.no_page_due()).await;
    };
    tokio::pin!(over);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut over => break,
            accepted = accept(&listeners) => accepted,
        };
        while tasks.try_join_next().is_some() {}
        let Ok((stream, peer)) = accepted else {
            sleep(OUT_OF_HANDLES).await;
            continue;
        };
        if !make_room(&mut connections) {
            tasks.spawn(async move { turn_away(stream).await });
            continue;
        }
        let busy = Arc::new(AtomicBool::new(false));
        let client = Client {
            stream,
            peer,
            owner,
        };
        let task = tasks.spawn(serve(client, Arc::clone(&attempt), Arc::clone(&busy)));
        connections.push_back(Connection { task, busy });
    }
    drop(listeners);
    for connection in &connections {
        if !connection.busy.load(Ordering::Acquire) {
            connection.task.abort();
        }
    }
    while tasks.join_next().await.is_some() {}
}

async fn accept(listeners: &[TcpListener]) -> io::Result<(TcpStream, SocketAddr)> {
    poll_fn(|context| {
        for listener in listeners {
            if let Poll::Ready(accepted) = listener.poll_accept(context) {
                return Poll::Ready(accepted);
            }
        }
        Poll::Pending
    })
    .await
}

/// Turns out the oldest connection that does not hold the answer: browsers keep idle ones, others
/// read slowly, and they must not keep the real one out (F-07). False when all hold it.
fn make_room(connections: &mut VecDeque<Connection>) -> bool {
    connections.retain(|connection| !connection.task.is_finished());
    if connections.len() < MOST_CONNECTIONS {
        return true;
    }
    let other = connections
        .iter()
        .position(|connection| !connection.busy.load(Ordering::Acquire));
    match other.and_then(|at| connections.remove(at)) {
        Some(oldest) => {
            oldest.task.abort();
            true
        }
        None => false,
    }
}

async fn turn_away(mut stream: TcpStream) {
    send(&mut stream, &pages::plain(Status::Busy)).await;
}

async fn serve(mut client: Client, attempt: Arc<Attempt>, busy: Arc<AtomicBool>) {
    let mut reader = HeadReader::default();
    let answer = match timeout(HEAD_DEADLINE, read_head(&mut client.stream, &mut reader)).await {
        Ok(Ok(Some(request))) => respond(&request, &client, &attempt, &busy).await,
        // Closed, or reset, before the request was complete.
        Ok(Ok(None)) => return,
        Ok(Err(Fault::TlsHello)) => {
            attempt.tls_hello();
            return;
        }
        Ok(Err(fault)) => {
            attempt.unrelated();
            pages::plain(status_of_fault(fault))
        }
        Err(_) if reader.is_empty() => return,
        Err(_) => pages::plain(Status::Timeout),
    };
    send(&mut client.stream, &answer).await;
    if busy.load(Ordering::Acquire) {
        attempt.page_was_shown();
    }
}

async fn read_head(
    stream: &mut TcpStream,
    reader: &mut HeadReader,
) -> Result<Option<Request>, Fault> {
    let mut chunk = [0; 4096];
    loop {
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return Ok(None),
            Ok(count) => {
                if let Some(request) = reader.push(&chunk[..count])? {
                    return Ok(Some(request));
                }
            }
        }
    }
}

fn status_of_fault(fault: Fault) -> Status {
    match fault {
        Fault::Malformed | Fault::TlsHello => Status::BadRequest,
        Fault::LineTooLong => Status::LineTooLong,
        Fault::HeadersTooLarge => Status::HeadersTooLarge,
    }
}

fn status_of(refusal: Refusal) -> Status {
    match refusal {
        Refusal::BadRequest => Status::BadRequest,
        Refusal::HasBody => Status::HasBody,
        Refusal::OtherHost => Status::Misdirected,
        Refusal::Method => Status::Method,
        Refusal::NotFound => Status::NotFound,
    }
}

/// The checks in their order; the answer to give.
async fn respond(
    request: &Request,
    client: &Client,
    attempt: &Attempt,
    busy: &AtomicBool,
) -> Vec<u8> {
    let route = match checks::route(request, attempt.site()) {
        Ok(route) => route,
        Err(refusal) => {
            match refusal {
                Refusal::OtherHost => attempt.other_host(),
                _ => attempt.unrelated(),
            }
            return pages::plain(status_of(refusal));
        }
    };
    match client.owner() {
        Peer::Ours => {}
        Peer::Unknown => attempt.unknown_peer(),
        Peer::Other => {
            attempt.other_user();
            return pages::plain(Status::Forbidden);
        }
    }
    if !checks::is_navigation(request) {
        attempt.unrelated();
        return pages::plain(Status::BadRequest);
    }
    match route {
        Route::Start(nonce) => start(attempt, nonce),
        Route::Callback(query) => {
            let name = cookie_name(attempt);
            callback(attempt, attempt.callback(query, cookies(request, &name)))
        }
        Route::Outcome => {
            let name = cookie_name(attempt);
            if !attempt.may_see_outcome(cookies(request, &name)) {
                attempt.unrelated();
                return pages::plain(Status::NotFound);
            }
            busy.store(true, Ordering::Release);
            held(attempt).await
        }
    }
}

fn start(attempt: &Attempt, nonce: &str) -> Vec<u8> {
    match attempt.start(nonce) {
        Start::Redirect { location, cookie } => {
            let name = cookie_name(attempt);
            let cookie = format!(
                "{name}={}; Max-Age={COOKIE_SECONDS}; Path=/; HttpOnly; SameSite=Lax",
                *cookie
            );
            pages::redirect(&location, &cookie)
        }
        Start::Used => pages::page(Status::BadRequest, pages::USED_LINK),
        Start::NotFound => pages::plain(Status::NotFound),
    }
}

fn callback(attempt: &Attempt, verdict: Callback) -> Vec<u8> {
    match verdict {
        Callback::Settled => pages::see_other(attempt.site().outcome()),
        Callback::Ignored => pages::page(Status::BadRequest, pages::IGNORED),
        Callback::OtherBrowser => pages::page(Status::BadRequest, pages::OTHER_BROWSER),
        Callback::Fragment => pages::page(Status::BadRequest, pages::FRAGMENT),
        Callback::TooMany => pages::plain(Status::Busy),
        Callback::NotFound => pages::plain(Status::NotFound),
    }
}

/// Waits for the true outcome before the page says anything.
async fn held(attempt: &Attempt) -> Vec<u8> {
    let mut outcome = attempt.outcome();
    let known = timeout(HOLD, outcome.wait_for(|outcome| *outcome != Outcome::Open)).await;
    match known.ok().and_then(Result::ok).as_deref() {
        Some(Outcome::Known(page)) => pages::outcome(page),
        _ => pages::page(Status::Ok, pages::WAITING),
    }
}

/// Cookies know no ports: the port in the name keeps two attempts apart.
fn cookie_name(attempt: &Attempt) -> String {
    format!("valetkey-{}", attempt.site().port())
}

/// The values of our cookie (RFC 6265 section 4.2).
fn cookies<'a>(request: &'a Request, name: &'a str) -> impl Iterator<Item = &'a str> {
    request
        .all("cookie")
        .filter_map(|line| std::str::from_utf8(line).ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(move |(key, _)| *key == name)
        .map(|(_, value)| value)
}

async fn send(stream: &mut TcpStream, answer: &[u8]) {
    let flush = async {
        stream.write_all(answer).await?;
        stream.shutdown().await
    };
    if matches!(timeout(WRITE_DEADLINE, flush).await, Ok(Ok(()))) {
        let _ = timeout(DRAIN_DEADLINE, drain(stream)).await;
    }
}

async fn drain(stream: &mut TcpStream) {
    let mut left = DRAIN;
    let mut chunk = [0; 4096];
    while left > 0 {
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return,
            Ok(count) => left = left.saturating_sub(count),
        }
    }
}
