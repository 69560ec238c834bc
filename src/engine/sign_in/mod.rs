//! The story of a sign-in: listen → browser → approve → check → exchange → store → identify →
//! accept → test (DESIGN section 5). Nothing already stored changes before `accept`.

mod acceptance;
mod approval;
mod ways;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::attempt::Control;
use super::device::{DeviceTick, DeviceWay};
use super::interrupted::Note;
use super::{
    Attempt, AttemptEvent, Change, Engine, Error, Ignored, Outcome, SignInOptions, Step, StepState,
    hold,
};
use crate::host::{Page, Serving, fault_point, random_bytes};
use crate::model::{AttemptId, Connection, ConnectionId, Seconds, Untrusted};
use crate::oauth::Note as TokenNote;
use acceptance::Accepted;
use approval::Approved;

/// How long a stopped attempt waits for a device poll in flight.
const LATE_POLL: Duration = Duration::from_secs(3);
/// How long an attempt waits for the person (conformance 0.3).
const FLOW_LIFETIME: Seconds = Seconds(600);

impl Engine {
    /// Starts a sign-in. A running one of the same connection is cancelled (conformance A-12).
    /// Must be called on the runtime that is to carry it.
    pub fn sign_in(&self, id: &ConnectionId, options: SignInOptions) -> Result<Attempt, Error> {
        let mut connection = self.connection_by_id(id)?;
        if let Some(scopes) = &options.scopes {
            connection.requested = scopes.clone();
        }
        let attempt = AttemptId::from_random(random_bytes()?);
        let (control, inbox) = mpsc::unbounded_channel();
        let remote = super::attempt::Remote(control);
        let (alive, ended) = watch::channel(());
        let note = Note::default();
        let mut older = Vec::new();
        {
            let mut running = hold(&self.0.attempts);
            for running in running.iter().filter(|running| running.connection == *id) {
                running.remote.cancel();
                older.push(running.ended.clone());
            }
            running.push(super::Running {
                attempt: attempt.clone(),
                connection: id.clone(),
                remote: remote.clone(),
                note: note.clone(),
                ended,
            });
        }
        self.tell(&Change::Connections);
        let story = Story {
            engine: self.clone(),
            attempt: attempt.clone(),
            connection,
            options,
            inbox,
            older,
            note,
            _alive: alive,
            step: Step::Listen,
            notes: Vec::new(),
            port: 0,
            serving: None,
        };
        let task = tokio::spawn(story.tell());
        Ok(Attempt {
            id: attempt,
            connection: id.clone(),
            remote,
            task,
        })
    }

    /// The control of a running attempt, for a viewer that knows only its id.
    pub fn attempt(&self, attempt: &AttemptId) -> Option<super::attempt::Remote> {
        let running = hold(&self.0.attempts);
        running
            .iter()
            .find(|r| r.attempt == *attempt)
            .map(|r| r.remote.clone())
    }
}

struct Story {
    engine: Engine,
    attempt: AttemptId,
    connection: Connection,
    options: SignInOptions,
    inbox: mpsc::UnboundedReceiver<Control>,
    /// Cancelled attempts of this connection; each channel closes when its attempt has ended.
    older: Vec<watch::Receiver<()>>,
    note: Note,
    _alive: watch::Sender<()>,
    /// The step under way, for telling where it failed.
    step: Step,
    /// What a person may want to know about the token answer.
    notes: Vec<TokenNote>,
    /// The listener's port; 0 without one.
    port: u16,
    /// The listener, as long as an answer may come by it.
    serving: Option<Serving>,
}

impl Story {
    async fn tell(mut self) -> Result<Outcome, Arc<Error>> {
        let run = AssertUnwindSafe(Box::pin(self.run())).catch_unwind();
        let result = if let Ok(result) = run.await {
            result
        } else {
            // A fault of the program ends this attempt and nothing else (conformance V-07). What it
            // changed here is whole: only the listener is still to be closed.
            self.close_listener(Some(Page::Failed)).await;
            Err(Error::Internal("the sign-in broke off"))
        };
        hold(&self.engine.0.attempts).retain(|running| running.attempt != self.attempt);
        // Who stops a sign-in takes its note away; a hang-up does not.
        if !matches!(result, Err(Error::Cancelled)) {
            self.engine.attempt_over(&self.connection.id, &self.note);
        }
        let result = match result {
            Ok(outcome) => {
                self.event(AttemptEvent::Done {
                    outcome: outcome.clone(),
                });
                Ok(outcome)
            }
            Err(Error::Cancelled) => {
                self.event(AttemptEvent::Cancelled);
                Err(Arc::new(Error::Cancelled))
            }
            Err(error) => {
                let error = Arc::new(error);
                self.state(self.step, StepState::Failed, None);
                self.event(AttemptEvent::Failed {
                    error: error.clone(),
                    step: self.step,
                });
                Err(error)
            }
        };
        self.engine.tell(&Change::Connections);
        result
    }

    async fn run(&mut self) -> Result<Outcome, Error> {
        self.begin(Step::Listen);
        // They may hold the port, or tokens that they have yet to give back.
        for mut older in std::mem::take(&mut self.older) {
            while older.changed().await.is_ok() {}
        }
        // A sign-in that cannot be stored must not begin (conformance T-05).
        self.engine.prove_storage()?;
        self.begin_note();
        let deadline = Instant::now() + Duration::from_secs(self.lifetime().0);
        let flow = self.listen()?;
        let mut device = DeviceWay::default();
        self.offer_ways(flow.is_some()).await;
        let approved = if let Some(grant) = self.approved_meanwhile() {
            Ok(Approved::ByDevice(grant))
        } else {
            let resumed = self.resume_device_way(&mut device);
            if !resumed && (flow.is_none() || self.wants_device_at_once()) {
                self.open_device_way(&mut device, flow.is_none()).await?;
            }
            self.begin(Step::Approve);
            self.approval(flow.as_ref(), &mut device, deadline).await
        };
        let result = match approved {
            Ok(approved) => self.after_approval(flow, approved).await,
            Err(error) => {
                self.drop_late_tokens(&mut device).await;
                Err(error)
            }
        };
        self.overhear_the_rest();
        self.close_listener(Some(self.page(&result))).await;
        let (account, granted) = result?;
        let test = self.test().await;
        Ok(Outcome {
            name: self.engine.connection_by_id(&self.connection.id)?.name,
            account,
            requested: self.connection.requested.clone(),
            granted,
            notes: std::mem::take(&mut self.notes),
            test,
        })
    }

    /// A poll in flight may bring tokens that nobody waits for any more (K-06, K-09).
    async fn drop_late_tokens(&self, device: &mut DeviceWay) {
        let late = tokio::time::timeout(LATE_POLL, device.finish_poll()).await;
        if let Ok(Some(DeviceTick::Stored(grant, _))) = late {
            // Out of reach, they are given back when the next attempt begins to store.
            let _ = self
                .engine
                .give_candidate_back(&self.connection, &grant)
                .await;
        }
    }

    /// Tells the browser how it ended, if that is known, and closes the port; does nothing the second time.
    async fn close_listener(&mut self, page: Option<Page>) {
        if let Some(serving) = self.serving.take() {
            if let Some(page) = page {
                serving.finish(page);
            }
            serving.close().await;
        }
    }

    /// What the browser is told: never more than what happened.
    fn page(&self, result: &Result<Accepted, Error>) -> Page {
        match result {
            Ok((account, _)) => Page::Done {
                provider: Untrusted::new(self.connection.provider.name.clone()).shown(),
                account: account.clone(),
            },
            Err(Error::Declined) => Page::Declined,
            Err(_) => Page::Failed,
        }
    }

    fn lifetime(&self) -> Seconds {
        self.options.timeout.unwrap_or(FLOW_LIFETIME)
    }

    fn begin(&mut self, step: Step) {
        self.step = step;
        self.state(step, StepState::Active, None);
        fault_point(step.word());
    }

    fn state(&self, step: Step, state: StepState, detail: Option<String>) {
        tracing::debug!(connection = %self.connection.name, step = step.word(), state = state.word());
        self.event(AttemptEvent::Step {
            step,
            state,
            detail,
        });
    }

    fn ignored(&self, what: Ignored) {
        self.event(AttemptEvent::Ignored(what));
    }

    fn event(&self, event: AttemptEvent) {
        self.engine.tell(&Change::Attempt {
            attempt: self.attempt.clone(),
            connection: self.connection.id.clone(),
            event,
        });
    }
}
