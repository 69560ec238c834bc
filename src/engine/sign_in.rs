//! The story of a sign-in: listen → browser → approve → check → exchange → store → identify →
//! accept → test (DESIGN section 5). Nothing already stored changes before `accept`.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::attempt::Control;
use super::device::{DeviceTick, DeviceWay};
use super::job::{Job, Report};
use super::{
    Answer, Attempt, AttemptEvent, Change, Engine, Error, Ignored, Outcome, PasteProblem, Question,
    SignInOptions, Step, StepState, Way, hold,
};
use crate::host::{
    BrowserUrl, FirstWay, Judgement, Listener, ListenerEvent, Page, Serving, random_bytes,
};
use crate::model::{
    Account, AccountSource, AttemptId, Connection, ConnectionId, ScopeSet, Seconds, Secret, Shown,
    Untrusted,
};
use crate::oauth::{AuthorizationErrorCode, CallbackVerdict, Flow, IgnoreReason, PasteVerdict};

/// How long an attempt waits for the person (conformance 0.3).
const FLOW_LIFETIME: Seconds = Seconds(600);

impl Engine {
    /// Starts a sign-in. A running one of the same connection is cancelled (conformance A-12).
    /// Must be called on the runtime that is to carry it.
    pub fn sign_in(&self, id: &ConnectionId, options: SignInOptions) -> Result<Attempt, Error> {
        let connection = self.connection_by_id(id)?;
        let attempt = AttemptId::from_random(random_bytes()?);
        let (control, inbox) = mpsc::unbounded_channel();
        let remote = super::attempt::Remote(control);
        let (alive, ended) = watch::channel(());
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
            _alive: alive,
            step: Step::Listen,
            port: 0,
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
    _alive: watch::Sender<()>,
    /// The step under way, for telling where it failed.
    step: Step,
    /// The listener's port; 0 without one.
    port: u16,
}

/// How the approval came in.
enum Approved {
    Code(Secret),
    /// The device way stored its tokens already.
    ByDevice,
}

impl Story {
    async fn tell(mut self) -> Result<Outcome, Arc<Error>> {
        let result = Box::pin(self.run()).await;
        hold(&self.engine.0.attempts).retain(|running| running.attempt != self.attempt);
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
        let deadline = Instant::now() + Duration::from_secs(self.lifetime().0);
        let (flow, mut serving) = match self.listen()? {
            Some((flow, serving)) => (Some(flow), Some(serving)),
            None => (None, None),
        };
        let mut device = DeviceWay::default();
        self.offer_ways(serving.as_ref()).await;
        if self.wants_device_at_once() {
            self.open_device_way(&mut device, flow.is_none()).await?;
        }
        self.begin(Step::Approve);
        let approved = self
            .approval(flow.as_ref(), &mut serving, &mut device, deadline)
            .await;
        let result = match approved {
            Ok(approved) => self.after_approval(flow, approved).await,
            Err(error) => Err(error),
        };
        self.overhear_the_rest(&mut serving);
        if let Some(serving) = serving {
            serving.finish(self.page(&result));
            serving.close().await;
        }
        let (account, granted) = result?;
        let test = self.test().await;
        Ok(Outcome {
            name: self.engine.connection_by_id(&self.connection.id)?.name,
            account,
            requested: self.connection.requested.clone(),
            granted,
            test,
        })
    }

    /// Opens the listener, where the provider has a browser sign-in and a device code was not
    /// asked for alone.
    fn listen(&mut self) -> Result<Option<(Arc<Flow>, Serving)>, Error> {
        let endpoints = &self.connection.provider.endpoints;
        if endpoints.authorization.is_none() || self.options.device {
            if endpoints.device.is_none() {
                return Err(Error::NoWay);
            }
            self.state(Step::Listen, StepState::Skipped, None);
            return Ok(None);
        }
        let redirect = &self.connection.registration.redirect;
        let listener = Listener::bind(redirect)?;
        let port = listener.port();
        self.port = port;
        let redirect_uri = redirect.with_port(port);
        let flow = Arc::new(Flow::new(
            self.attempt.clone(),
            self.connection.clone(),
            redirect_uri,
            &random_bytes()?,
            self.engine.now().plus(self.lifetime()),
        ));
        let judging = flow.clone();
        let judge = move |query: &str| match judging.check_callback(query) {
            CallbackVerdict::Ignored(reason) => judgement(reason),
            _ => Judgement::Settles,
        };
        let serving = listener.serve(flow.authorization_url()?, Box::new(judge));
        let detail = format!("{}:{port}", redirect.host.as_str());
        self.state(Step::Listen, StepState::Done, Some(detail));
        Ok(Some((flow, serving)))
    }

    /// Opens the browser where there is one, and names the other ways.
    async fn offer_ways(&mut self, serving: Option<&Serving>) {
        let Some(serving) = serving else {
            self.state(Step::Browser, StepState::Skipped, None);
            return;
        };
        self.begin(Step::Browser);
        let remote = self.browser_is_elsewhere();
        let port = self.port;
        let start_url = serving.start_url();
        if self.engine.environment().ssh.is_some() {
            let host = self.connection.registration.redirect.host;
            let command = self.engine.environment().forward_command(port, host, None);
            self.event(AttemptEvent::Way(Way::Forward {
                command,
                start_url: start_url.clone(),
            }));
        }
        self.event(AttemptEvent::Way(Way::Open {
            start_url: start_url.clone(),
        }));
        self.event(AttemptEvent::Way(Way::Paste));
        if self.options.no_browser || remote {
            self.state(Step::Browser, StepState::Skipped, None);
            return;
        }
        self.open_browser(&start_url).await;
    }

    async fn open_browser(&mut self, start_url: &str) {
        let browser = self.engine.0.world.browser.clone();
        let opened = match BrowserUrl::check(start_url) {
            // Launchers are watched for a moment: off the event loop.
            Ok(url) => tokio::task::spawn_blocking(move || browser.open(&url))
                .await
                .ok(),
            Err(_) => None,
        };
        match opened {
            Some(Ok(opened)) => {
                let program = opened.program.shown().to_string();
                self.state(Step::Browser, StepState::Done, Some(program));
            }
            _ => self.state(
                Step::Browser,
                StepState::Skipped,
                Some("no browser could be started".to_owned()),
            ),
        }
    }

    fn browser_is_elsewhere(&self) -> bool {
        self.engine.environment().first_way(false).way != FirstWay::Browser
    }

    /// A device code is requested unasked only where no browser works here (conformance K-01).
    fn wants_device_at_once(&self) -> bool {
        let offered = self.connection.provider.endpoints.device.is_some();
        offered && (self.options.device || self.browser_is_elsewhere())
    }

    async fn open_device_way(
        &mut self,
        device: &mut DeviceWay,
        only_way: bool,
    ) -> Result<(), Error> {
        match device.open(&self.engine, &self.connection).await {
            Ok(way) => {
                self.event(AttemptEvent::Way(way));
                Ok(())
            }
            Err(error) if only_way => Err(error),
            Err(error) => {
                self.ignored(Ignored::DeviceWayClosed(Arc::new(error)));
                Ok(())
            }
        }
    }

    /// Waits until one way settles: the first wins (conformance K-09).
    async fn approval(
        &mut self,
        flow: Option<&Arc<Flow>>,
        serving: &mut Option<Serving>,
        device: &mut DeviceWay,
        deadline: Instant,
    ) -> Result<Approved, Error> {
        loop {
            tokio::select! {
                event = next_event(serving) => {
                    if let Some(approved) = self.heard(event, flow)? {
                        return self.first_wins(approved, device).await;
                    }
                }
                control = self.inbox.recv() => {
                    let Some(control) = control else { continue };
                    if let Some(approved) = self.told(control, flow, serving, device).await? {
                        return self.first_wins(approved, device).await;
                    }
                }
                tick = device.tick() => match tick {
                    DeviceTick::Stored => return Ok(Approved::ByDevice),
                    DeviceTick::Waiting => {}
                    DeviceTick::SlowDown => self.ignored(Ignored::SlowDown),
                    DeviceTick::Failed(error) => {
                        if serving.is_none() || matches!(*error, Error::Declined) {
                            return Err(*error);
                        }
                        self.ignored(Ignored::DeviceWayClosed(Arc::new(*error)));
                    }
                },
                () = sleep_until(deadline) => {
                    return Err(Error::NobodyAnswered { waited: self.lifetime() });
                }
            }
        }
    }

    /// A device poll under way may have stored tokens already: then the code is not spent.
    async fn first_wins(
        &mut self,
        approved: Approved,
        device: &mut DeviceWay,
    ) -> Result<Approved, Error> {
        match device.finish_poll().await {
            Some(DeviceTick::Stored) => Ok(Approved::ByDevice),
            _ => Ok(approved),
        }
    }

    fn heard(
        &mut self,
        event: ListenerEvent,
        flow: Option<&Arc<Flow>>,
    ) -> Result<Option<Approved>, Error> {
        match event {
            ListenerEvent::Answer(query) => match flow {
                Some(flow) => self.settle(flow.check_callback(query.reveal())),
                None => Ok(None),
            },
            ListenerEvent::StartLinkReused => Err(Error::StartLinkReused),
            other => {
                if let Some(what) = overheard(&other) {
                    self.ignored(what);
                }
                Ok(None)
            }
        }
    }

    /// What came while nobody listened any more, such as a second answer (conformance F-18).
    fn overhear_the_rest(&self, serving: &mut Option<Serving>) {
        while let Some(event) = next_event(serving).now_or_never() {
            if let Some(what) = overheard(&event) {
                self.ignored(what);
            }
        }
    }

    async fn told(
        &mut self,
        control: Control,
        flow: Option<&Arc<Flow>>,
        serving: &mut Option<Serving>,
        device: &mut DeviceWay,
    ) -> Result<Option<Approved>, Error> {
        match control {
            Control::Cancel => Err(Error::Cancelled),
            Control::Answer(_) => Ok(None),
            Control::UseDevice => {
                if !device.is_open() && self.connection.provider.endpoints.device.is_some() {
                    self.open_device_way(device, false).await?;
                }
                Ok(None)
            }
            Control::StartUrl { open, reply } => {
                let url = serving.as_ref().map(Serving::start_url);
                if let (true, Some(url)) = (open, url.as_deref()) {
                    self.open_browser(url).await;
                }
                let _ = reply.send(url);
                Ok(None)
            }
            Control::Paste(text) => match flow {
                Some(flow) => self.pasted(flow.check_paste(&text)),
                None => Ok(None),
            },
        }
    }

    fn pasted(&mut self, verdict: PasteVerdict) -> Result<Option<Approved>, Error> {
        let problem = match verdict {
            PasteVerdict::Verdict(CallbackVerdict::Ignored(reason)) => {
                PasteProblem::Ignored(reason)
            }
            PasteVerdict::Verdict(verdict) => return self.settle(verdict),
            PasteVerdict::NotAnAddress => PasteProblem::NotAnAddress,
            PasteVerdict::BareCode => PasteProblem::BareCode,
            PasteVerdict::OtherAddress => PasteProblem::OtherAddress,
            PasteVerdict::AuthorizationAddress => PasteProblem::AuthorizationAddress,
            PasteVerdict::DoubleEncoded => PasteProblem::DoubleEncoded,
            PasteVerdict::LooksLikeAToken => PasteProblem::LooksLikeAToken,
            PasteVerdict::TooLong => PasteProblem::TooLong,
        };
        self.ignored(Ignored::Paste(problem));
        Ok(None)
    }

    /// The last step of the checks: only here does an answer end the waiting.
    fn settle(&mut self, verdict: CallbackVerdict) -> Result<Option<Approved>, Error> {
        self.state(Step::Approve, StepState::Done, None);
        self.begin(Step::Check);
        match verdict {
            CallbackVerdict::Code(code) => {
                self.state(Step::Check, StepState::Done, None);
                Ok(Some(Approved::Code(code)))
            }
            CallbackVerdict::Refused(refusal) => match refusal.code {
                AuthorizationErrorCode::AccessDenied => Err(Error::Declined),
                _ => Err(Error::Authorization(Box::new(refusal))),
            },
            CallbackVerdict::WrongIssuer { expected, got } => {
                Err(Error::WrongIssuer { expected, got })
            }
            CallbackVerdict::Ignored(_) => Ok(None),
        }
    }

    /// Exchange, store, identify, accept.
    async fn after_approval(
        &mut self,
        flow: Option<Arc<Flow>>,
        approved: Approved,
    ) -> Result<(Option<Shown>, Option<ScopeSet>), Error> {
        match (approved, flow) {
            (Approved::Code(code), Some(flow)) => {
                self.begin(Step::Exchange);
                self.exchange(&flow, code).await?;
                self.state(Step::Exchange, StepState::Done, None);
            }
            _ => {
                for step in [Step::Approve, Step::Check, Step::Exchange] {
                    self.state(step, StepState::Done, None);
                }
            }
        }
        self.state(Step::Store, StepState::Done, None);
        let accepted = self.accept().await;
        if let Err(Error::GivenBack(_) | Error::Cancelled) = accepted {
            self.engine.give_candidate_back(&self.connection).await?;
        }
        accepted
    }

    /// Who is it, and is it to replace what was there? `GivenBack` and `Cancelled` say no.
    async fn accept(&mut self) -> Result<(Option<Shown>, Option<ScopeSet>), Error> {
        self.begin(Step::Identify);
        let candidate = self.engine.identify_candidate(&self.connection).await?;
        let account = candidate
            .account
            .as_ref()
            .map(|account| account.label.shown());
        self.state(
            Step::Identify,
            StepState::Done,
            account.as_ref().map(ToString::to_string),
        );
        self.begin(Step::Accept);
        for question in questions(&self.connection, &candidate) {
            self.decide(question).await?;
        }
        // Cancelled since the approval: nothing is stored any more.
        while let Ok(control) = self.inbox.try_recv() {
            if matches!(control, Control::Cancel) {
                return Err(Error::Cancelled);
            }
        }
        let now = self.engine.now();
        let grant = self
            .engine
            .with_vault(|vault| vault.accept_candidate(&self.connection.id, now))?;
        self.state(Step::Accept, StepState::Done, None);
        Ok((account, grant.granted))
    }

    async fn exchange(&self, flow: &Flow, code: Secret) -> Result<(), Error> {
        let lock = self.engine.lock_grant(&self.connection.id).await?;
        let job = Job::Exchange {
            connection: self.connection.id.clone(),
            identity: flow.identity,
            attempt: self.attempt.clone(),
            redirect_uri: flow.redirect_uri.clone(),
            code,
            verifier: flow.verifier.duplicate(),
            nonce: flow.nonce.as_ref().map(Secret::duplicate),
        };
        match self.engine.run_job(&lock, job).await? {
            Report::Stored => Ok(()),
            Report::Failed(trouble) => Err(trouble.into_error(self.connection.name.as_str())),
            _ => Err(Error::Internal("an exchange reported something else")),
        }
    }

    /// Asks before a wider grant or another account replaces what is there.
    async fn decide(&mut self, question: Question) -> Result<(), Error> {
        let accepted_beforehand = match question {
            Question::WiderGrant { .. } => self.options.accept_wider,
            Question::OtherAccount { .. } => self.options.accept_account,
        };
        if accepted_beforehand {
            return Ok(());
        }
        self.event(AttemptEvent::Asked(question.clone()));
        loop {
            match self.inbox.recv().await {
                Some(Control::Answer(Answer::Accept)) => return Ok(()),
                Some(Control::Answer(Answer::GiveBack)) | None => {
                    return Err(Error::GivenBack(Box::new(question)));
                }
                Some(Control::Cancel) => return Err(Error::Cancelled),
                Some(_) => {}
            }
        }
    }

    async fn test(&mut self) -> Option<super::TestReport> {
        if !self.options.test || self.connection.provider.test.is_none() {
            return None;
        }
        self.begin(Step::Test);
        let report = self.engine.test(self.connection.name.as_str(), None).await;
        match report {
            Ok(report) => {
                self.state(
                    Step::Test,
                    StepState::Done,
                    Some(format!("status {}", report.status)),
                );
                Some(report)
            }
            Err(_) => {
                // The sign-in stands; the row tells what the test found.
                self.state(Step::Test, StepState::Failed, None);
                None
            }
        }
    }

    /// What the browser is told: never more than what happened.
    fn page(&self, result: &Result<(Option<Shown>, Option<ScopeSet>), Error>) -> Page {
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
    }

    fn state(&self, step: Step, state: StepState, detail: Option<String>) {
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

async fn next_event(serving: &mut Option<Serving>) -> ListenerEvent {
    match serving {
        Some(serving) => serving.next().await,
        None => std::future::pending().await,
    }
}

/// What has to be asked before `accept`.
fn questions(
    connection: &Connection,
    candidate: &super::identify::CandidateFacts,
) -> Vec<Question> {
    let mut questions = Vec::new();
    if let Some(granted) = &candidate.granted {
        let added = granted.without(&connection.requested);
        // Who asks for nothing lets the provider choose its default.
        if !added.is_empty() && !connection.requested.is_empty() {
            questions.push(Question::WiderGrant { added });
        }
    }
    let before = connection
        .grant
        .as_ref()
        .and_then(|grant| grant.account.as_ref());
    if let (Some(before), Some(now)) = (before, &candidate.account) {
        if !same_account(before, now) {
            questions.push(Question::OtherAccount {
                before: before.label.shown(),
                now: now.label.shown(),
            });
        }
    }
    questions
}

/// By the provider's own identifiers where both have one of the same kind, else by name.
fn same_account(before: &Account, now: &Account) -> bool {
    let is_subject = |account: &Account| account.source != AccountSource::TestRead;
    match (&before.id, &now.id) {
        (Some(a), Some(b)) if is_subject(before) == is_subject(now) => a == b,
        _ => before.label == now.label,
    }
}

/// Where an answer that is not believed goes: the listener keeps waiting.
fn judgement(reason: IgnoreReason) -> Judgement {
    match reason {
        IgnoreReason::FragmentAnswer => Judgement::FragmentAnswer,
        IgnoreReason::Malformed => Judgement::Malformed(reason.as_str()),
        other => Judgement::Ignore(other.as_str()),
    }
}

/// What the listener tells in passing.
fn overheard(event: &ListenerEvent) -> Option<Ignored> {
    match *event {
        ListenerEvent::Ignored { reason, count } => Some(match IgnoreReason::from_token(reason) {
            Some(reason) => Ignored::Answer(reason),
            None if reason == "other_browser" => Ignored::OtherBrowser,
            None if reason == "other_host" => Ignored::OtherHost,
            None => Ignored::Unrelated { count },
        }),
        ListenerEvent::SecondDifferentAnswer => Some(Ignored::SecondAnswer),
        ListenerEvent::StartLinkClosed => Some(Ignored::StartLinkClosed),
        ListenerEvent::OtherUser => Some(Ignored::OtherUser),
        ListenerEvent::TlsHello => Some(Ignored::TlsHello),
        ListenerEvent::Opened
        | ListenerEvent::UnknownPeer
        | ListenerEvent::Answer(_)
        | ListenerEvent::StartLinkReused => None,
    }
}
