//! Waiting for the approval: the first way to settle wins, everything unproven is ignored.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::{Instant, sleep_until};

use super::super::attempt::Control;
use super::super::device::{DeviceTick, DeviceWay};
use super::super::{Error, Ignored, PasteProblem, Step, StepState};
use super::Story;
use crate::host::{ListenerEvent, Serving};
use crate::model::GrantId;
use crate::oauth::{
    Approval, AuthorizationErrorCode, CallbackVerdict, Flow, IgnoreReason, PasteVerdict,
};

/// How long after a browser set out nothing need be wrong. A provider's page whose policy blocks a form's
/// redirect looks like a dead button in Chromium and Safari (conformance E-14).
const HINT_AFTER: Duration = Duration::from_secs(45);

/// How the approval came in.
pub(super) enum Approved {
    Code(Approval),
    /// The device way stored its tokens already.
    ByDevice(GrantId),
}

impl Story {
    /// Waits until one way settles: the first wins (conformance K-09).
    pub(super) async fn approval(
        &mut self,
        flow: Option<&Arc<Flow>>,
        device: &mut DeviceWay,
        deadline: Instant,
    ) -> Result<Approved, Error> {
        let mut hint = None;
        loop {
            tokio::select! {
                event = next_event(&mut self.serving) => {
                    if matches!(event, ListenerEvent::Opened) {
                        hint = Some(Instant::now() + HINT_AFTER);
                    }
                    if let Some(approved) = self.heard(event, flow)? {
                        return self.first_wins(approved, device).await;
                    }
                }
                control = self.inbox.recv() => {
                    let Some(control) = control else { continue };
                    if let Some(approved) = self.told(control, flow, device).await? {
                        return self.first_wins(approved, device).await;
                    }
                }
                tick = device.tick() => match tick {
                    DeviceTick::Stored(grant, notes) => {
                        self.notes = notes;
                        return Ok(Approved::ByDevice(grant));
                    }
                    DeviceTick::Waiting => {}
                    DeviceTick::SlowDown => self.ignored(Ignored::SlowDown),
                    DeviceTick::Failed(error) => {
                        if flow.is_none() || matches!(*error, Error::Declined) {
                            return Err(*error);
                        }
                        self.ignored(Ignored::DeviceWayClosed(Arc::new(*error)));
                    }
                },
                () = sleep_until(hint.unwrap_or(deadline)), if hint.is_some() => {
                    hint = None;
                    self.ignored(Ignored::NoAnswerYet);
                }
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
            Some(DeviceTick::Stored(grant, notes)) => {
                self.notes = notes;
                Ok(Approved::ByDevice(grant))
            }
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
    pub(super) fn overhear_the_rest(&mut self) {
        while let Some(event) = next_event(&mut self.serving).now_or_never() {
            if let Some(what) = overheard(&event) {
                self.ignored(what);
            }
        }
    }

    async fn told(
        &mut self,
        control: Control,
        flow: Option<&Arc<Flow>>,
        device: &mut DeviceWay,
    ) -> Result<Option<Approved>, Error> {
        match control {
            Control::Cancel => Err(Error::Cancelled),
            Control::Answer(_) => Ok(None),
            Control::ForwardAgain => {
                self.offer_forward();
                Ok(None)
            }
            Control::UseDevice => {
                if !device.is_open() && self.connection.provider.endpoints.device.is_some() {
                    self.open_device_way(device, false).await?;
                }
                Ok(None)
            }
            Control::StartUrl { open, reply } => {
                let url = self.serving.as_ref().map(Serving::start_url);
                if let (true, Some(url)) = (open, url.as_deref()) {
                    self.open_browser(url).await;
                }
                let _ = reply.send(url);
                Ok(None)
            }
            Control::AuthorizationUrl { reply } => {
                let _ = reply.send(flow.and_then(|flow| flow.authorization_url().ok()));
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
            CallbackVerdict::Code(approval) => {
                self.state(Step::Check, StepState::Done, None);
                Ok(Some(Approved::Code(approval)))
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
}

async fn next_event(serving: &mut Option<Serving>) -> ListenerEvent {
    match serving {
        Some(serving) => serving.next().await,
        None => std::future::pending().await,
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
        ListenerEvent::UnknownPeer => Some(Ignored::UnknownPeer),
        ListenerEvent::TlsHello => Some(Ignored::TlsHello),
        ListenerEvent::Opened | ListenerEvent::Answer(_) | ListenerEvent::StartLinkReused => None,
    }
}
