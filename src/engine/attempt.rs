//! A running sign-in as its viewers hold it.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::model::{AttemptId, ConnectionId, Secret};

use super::{Answer, Error, Outcome};

/// What a viewer may say to a running attempt.
pub(super) enum Control {
    Paste(Secret),
    /// A new one-time start address of the same attempt; opened here when `open`.
    StartUrl {
        open: bool,
        reply: oneshot::Sender<Option<String>>,
    },
    /// The provider's page itself, for a browser on another machine.
    AuthorizationUrl {
        reply: oneshot::Sender<Option<Secret>>,
    },
    UseDevice,
    /// The name of this machine was filled in.
    ForwardAgain,
    Answer(Answer),
    Cancel,
}

/// A running sign-in. Dropping it does not stop it; [`Remote::cancel`] does.
pub struct Attempt {
    pub id: AttemptId,
    pub connection: ConnectionId,
    pub remote: Remote,
    pub(super) task: JoinHandle<Result<Outcome, Arc<Error>>>,
}

impl Attempt {
    /// Waits for its end.
    pub async fn outcome(self) -> Result<Outcome, Arc<Error>> {
        match self.task.await {
            Ok(result) => result,
            Err(_) => Err(Arc::new(Error::Internal("the sign-in broke off"))),
        }
    }
}

/// How viewers talk to an attempt. What is said to one that has ended is dropped.
#[derive(Clone)]
pub struct Remote(pub(super) mpsc::UnboundedSender<Control>);

impl Remote {
    /// The address (or text) that the browser ended on. It is wiped after use.
    pub fn paste(&self, text: Secret) {
        let _ = self.0.send(Control::Paste(text));
    }

    /// Asks for a device code beside the other ways.
    pub fn use_device(&self) {
        let _ = self.0.send(Control::UseDevice);
    }

    pub fn answer(&self, answer: Answer) {
        let _ = self.0.send(Control::Answer(answer));
    }

    /// Stops it; nothing already stored changes.
    pub fn cancel(&self) {
        let _ = self.0.send(Control::Cancel);
    }

    /// A new one-time start address, opened in the browser of this machine when `open`; `None`
    /// when no listener is open any more.
    pub async fn start_url(&self, open: bool) -> Option<String> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Control::StartUrl { open, reply }).ok()?;
        answer.await.ok().flatten()
    }

    /// The provider's page itself, for a browser on another machine, whose last address is then
    /// pasted. It holds `state`: show it only when the person asks for it (conformance W-13).
    pub async fn authorization_url(&self) -> Option<Secret> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Control::AuthorizationUrl { reply }).ok()?;
        answer.await.ok().flatten()
    }
}
