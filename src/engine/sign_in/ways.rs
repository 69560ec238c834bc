//! The ways of an attempt: the listener and the browser, and a device code beside them.

use std::sync::Arc;

use super::super::device::DeviceWay;
use super::super::{AttemptEvent, Error, Ignored, Step, StepState, Way};
use super::Story;
use crate::host::{BindError, BrowserUrl, FirstWay, Judgement, Listener, Serving, random_bytes};
use crate::model::{GrantId, Quirk};
use crate::oauth::{CallbackVerdict, Flow, IgnoreReason};
use crate::vault::Vault;

/// Stands in a redirect address that nobody listens on.
const PASTED_PORT: u16 = 8765;

impl Story {
    /// Opens the listener, where the provider has a browser sign-in and a device code was not
    /// asked for alone.
    pub(super) fn listen(&mut self) -> Result<Option<Arc<Flow>>, Error> {
        let provider = &self.connection.provider;
        // GitHub's code way needs no secret, its browser way does.
        let lacks_secret =
            provider.has(&Quirk::SecretRequired) && !self.connection.registration.has_secret;
        if provider.endpoints.authorization.is_none() || lacks_secret || self.options.device {
            if provider.endpoints.device.is_none() {
                return Err(if lacks_secret {
                    Error::SecretNeeded
                } else {
                    Error::NoWay
                });
            }
            self.state(Step::Listen, StepState::Skipped, None);
            return Ok(None);
        }
        let redirect = &self.connection.registration.redirect;
        let listener = match Listener::bind(redirect) {
            // Whoever has the port gets the answer of a browser on this machine, and cannot use it
            // (PKCE). One on another machine ends on a page that fails, as ever.
            Err(BindError::PortTaken { .. } | BindError::NoLoopback) if self.options.paste => None,
            bound => Some(bound?),
        };
        let port = match (&listener, redirect.port) {
            (Some(listener), _) => listener.port(),
            (None, fixed) => fixed.unwrap_or(PASTED_PORT),
        };
        self.port = port;
        let redirect_uri = redirect.with_port(port);
        let flow = Flow::new(
            self.attempt.clone(),
            self.connection.clone(),
            redirect_uri,
            &random_bytes()?,
            self.engine.now().plus(self.lifetime()),
        );
        let flow = Arc::new(flow.relayed_to(port));
        let Some(listener) = listener else {
            self.state(Step::Listen, StepState::Skipped, None);
            return Ok(Some(flow));
        };
        let judging = flow.clone();
        let judge = move |query: &str| match judging.check_callback(query) {
            CallbackVerdict::Ignored(reason) => judgement(reason),
            _ => Judgement::Settles,
        };
        let serving = listener.serve(flow.authorization_url()?, Box::new(judge));
        let detail = format!("{}:{port}", redirect.host.as_str());
        self.state(Step::Listen, StepState::Done, Some(detail));
        self.serving = Some(serving);
        Ok(Some(flow))
    }

    /// Opens the browser where there is one, and names the other ways. `flow`: an answer can come by a
    /// browser.
    pub(super) async fn offer_ways(&mut self, flow: bool) {
        let Some(start_url) = self.serving.as_ref().map(Serving::start_url) else {
            if flow {
                self.event(AttemptEvent::Way(Way::Paste));
            }
            self.state(Step::Browser, StepState::Skipped, None);
            return;
        };
        self.begin(Step::Browser);
        let remote = self.browser_is_elsewhere();
        self.offer_forward();
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

    /// How to forward the port, where the person came over SSH.
    pub(super) fn offer_forward(&self) {
        let environment = self.engine.environment();
        let Some(start_url) = self.serving.as_ref().map(Serving::start_url) else {
            return;
        };
        if environment.ssh.is_none() {
            return;
        }
        let target = self.engine.reached_as();
        let host = self.connection.registration.redirect.host;
        self.event(AttemptEvent::Way(Way::Forward {
            lines: environment.forward_lines(self.port, host, target.as_ref()),
            target: target.map(|target| target.to_string()),
            start_url,
        }));
    }

    pub(super) async fn open_browser(&mut self, start_url: &str) {
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

    pub(super) fn browser_is_elsewhere(&self) -> bool {
        self.engine.environment().first_way(false).way != FirstWay::Browser
    }

    /// A device code is requested unasked only where no browser works here (conformance K-01).
    pub(super) fn wants_device_at_once(&self) -> bool {
        let offered = self.connection.provider.endpoints.device.is_some();
        let first = self.engine.environment().first_way(true).way;
        offered && (self.options.device || first == FirstWay::Device)
    }

    /// Notes that it begins; what an earlier one left is only kept to go on with it.
    pub(super) fn begin_note(&mut self) {
        let id = &self.connection.id;
        if !self.options.resume {
            self.engine.forget_interrupted(id);
        }
        self.engine.begin_note(id, &self.note);
    }

    /// The approval of an interrupted sign-in that came in after its process was gone: the last poll for
    /// a device code runs in a process of its own.
    pub(super) fn approved_meanwhile(&self) -> Option<GrantId> {
        let waiting = |vault: &mut Vault| vault.candidate(&self.connection.id);
        let grant = self.engine.with_vault(waiting).ok().flatten();
        grant
            .filter(|_| self.options.resume)
            .map(|candidate| candidate.id)
    }

    /// Goes on with the device code of an interrupted sign-in; `false` when there is none any more.
    pub(super) fn resume_device_way(&mut self, device: &mut DeviceWay) -> bool {
        let stored = self.connection.requested.clone();
        let way = self
            .options
            .resume
            .then(|| device.resume(&self.engine, &mut self.connection))
            .flatten();
        let resumed = way.is_some();
        if resumed && self.connection.requested != stored {
            self.options.scopes = Some(self.connection.requested.clone());
        }
        if let Some(way) = way {
            self.event(AttemptEvent::Way(way));
        }
        resumed
    }

    pub(super) async fn open_device_way(
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
}

/// Where an answer that is not believed goes: the listener keeps waiting.
fn judgement(reason: IgnoreReason) -> Judgement {
    match reason {
        IgnoreReason::FragmentAnswer => Judgement::FragmentAnswer,
        IgnoreReason::Malformed => Judgement::Malformed(reason.as_str()),
        other => Judgement::Ignore(other.as_str()),
    }
}
