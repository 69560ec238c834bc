//! The callback listener: a very small HTTP/1.1 server on this machine's loopback address that
//! serves one attempt (conformance E-02..E-12, F-01..F-23; RFC 8252 sections 7.3 and 8.3).
//!
//! Order of checks (F-01): connection limits, request line, Host, method, path, the peer's user,
//! fetch metadata, then the caller's judge for the shape of the parameters, the flow cookie, and
//! the rest of the judge's word. Only the last step changes anything.

mod attempt;
mod bind;
mod checks;
mod event;
mod pages;
mod parse;
mod peer;
mod port_owner;
mod server;
mod start_link;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use bind::{BindError, Listener};
pub use event::{Judge, Judgement, ListenerEvent};
pub use pages::Page;

use crate::model::Secret;
use attempt::Attempt;

/// How long the listener may live on after the attempt ended, to flush the last page.
const LINGER: Duration = Duration::from_secs(2);

/// A listener at work. Dropping it closes the socket at once.
pub struct Serving {
    attempt: Arc<Attempt>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Listener {
    /// Serves one attempt on the held socket. `judge` is asked about the raw query of a request
    /// that passed every earlier check; it must be pure and quick. Must be called inside a tokio
    /// runtime.
    pub fn serve(self, authorization_url: Secret, judge: Judge) -> Serving {
        self.serve_asking(peer::owner, authorization_url, judge)
    }

    fn serve_asking(self, owner: peer::Owner, authorization_url: Secret, judge: Judge) -> Serving {
        let attempt = Arc::new(Attempt::new(self.site, self.seed, authorization_url, judge));
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(server::run(
            self.sockets,
            Arc::clone(&attempt),
            owner,
            stopped,
        ));
        Serving {
            attempt,
            stop: Some(stop),
            task,
        }
    }
}

impl Serving {
    /// A new one-time start address of this attempt (E-11); every call makes another.
    pub fn start_url(&self) -> String {
        let nonce = self.attempt.new_start_nonce();
        format!("{}/go/{nonce}", self.attempt.site().origin())
    }

    /// The next thing that happened. Safe to cancel.
    pub async fn next(&mut self) -> ListenerEvent {
        self.attempt.next_event().await
    }

    /// Tells the browser how it ended; the held page shows it.
    pub fn finish(&self, page: Page) {
        self.attempt.finish(page);
    }

    /// Stops listening, and waits until the last page is flushed, at most two seconds. A browser that was
    /// sent on to the page of the outcome may still come for it in that time.
    pub async fn close(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        self.attempt.give_up_waiting();
        let _ = tokio::time::timeout(LINGER, &mut self.task).await;
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}
