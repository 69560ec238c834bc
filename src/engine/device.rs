//! The device code way of an attempt (RFC 8628): one poll at a time, never earlier than allowed.

use std::pin::Pin;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep_until};

use super::failure::{Endpoint, ProviderFailure};
use super::job::{Job, Report};
use super::{Engine, Error, Way};
use crate::host::{Http, TOKEN_LIMITS};
use crate::model::{Connection, GrantId, ScopeSet, Seconds, Secret, UnixTime, Untrusted};
use crate::oauth::{self, Note, request};

/// Added for good with each `slow_down` (RFC 8628 section 3.5).
const SLOW_DOWN: Seconds = Seconds(5);
/// Never poll less often than this, even after repeated transport trouble.
const LONGEST_INTERVAL: Seconds = Seconds(60);

type Poll = Pin<Box<dyn Future<Output = Result<Report, Error>> + Send>>;

/// Closed until a code was requested, and again after its end.
#[derive(Default)]
pub(super) struct DeviceWay {
    open: Option<Open>,
}

struct Open {
    engine: Engine,
    connection: Connection,
    device_code: Secret,
    interval: Seconds,
    next: Instant,
    ends: Instant,
    /// The poll in flight; there is never a second (conformance K-07).
    poll: Option<Poll>,
}

/// What a tick of the device way brought.
pub(super) enum DeviceTick {
    Waiting,
    SlowDown,
    /// Approved; the candidate is stored.
    Stored(GrantId, Vec<Note>),
    /// The way is closed.
    Failed(Box<Error>),
}

impl DeviceWay {
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Requests a code.
    pub(super) async fn open(
        &mut self,
        engine: &Engine,
        connection: &Connection,
    ) -> Result<Way, Error> {
        let secret = engine.with_vault(|vault| vault.client_secret(connection))?;
        let request = request::device_authorization(connection, secret.as_ref())?;
        let authority = connection
            .provider
            .endpoints
            .device
            .as_ref()
            .map(|url| url.authority())
            .unwrap_or_default();
        let response = Http::new(connection.ca_pem.as_deref())
            .send(request, &TOKEN_LIMITS)
            .await
            .map_err(|error| ProviderFailure::http(Endpoint::Device, authority.clone(), &error))?;
        let answer = oauth::device_answer(connection, &response).map_err(|error| {
            ProviderFailure::answer(
                Endpoint::Device,
                authority,
                connection.registration.auth,
                &error,
            )
        })?;
        let offer = Offer {
            user_code: answer.user_code.raw().to_owned(),
            verification_uri: answer.verification_uri.to_string(),
            complete: answer
                .verification_uri_complete
                .as_ref()
                .map(ToString::to_string),
            expires_at: engine.now().plus(answer.expires_in).0,
            interval: answer.interval.0,
            foreign_host: answer.foreign_host,
            asked: Some(connection.requested.clone()),
        };
        offer.keep(engine, connection, &answer.device_code);
        let way = offer.way();
        self.wait(engine, connection, answer.device_code, &offer);
        Ok(way)
    }

    /// Goes on with the code of a sign-in that was interrupted, if it can still be used; the connection asks
    /// for what that one asked for then.
    pub(super) fn resume(&mut self, engine: &Engine, connection: &mut Connection) -> Option<Way> {
        let kept = engine.with_vault(|vault| vault.device_code(connection));
        let (offer, device_code) = Offer::read(&kept.ok()??)?;
        if offer.expires_at <= engine.now().0 {
            return None;
        }
        let way = offer.way();
        if let Some(asked) = &offer.asked {
            connection.requested.clone_from(asked);
        }
        self.wait(engine, connection, device_code, &offer);
        Some(way)
    }

    fn wait(
        &mut self,
        engine: &Engine,
        connection: &Connection,
        device_code: Secret,
        offer: &Offer,
    ) {
        let begun = Instant::now();
        let left = UnixTime(offer.expires_at).since(engine.now());
        self.open = Some(Open {
            engine: engine.clone(),
            connection: connection.clone(),
            device_code,
            interval: Seconds(offer.interval),
            next: begun + Duration::from_secs(offer.interval),
            ends: begun + Duration::from_secs(left.0),
            poll: None,
        });
    }

    /// Waits for the next thing to happen; for ever while closed. Safe to drop at any point: a
    /// poll in flight stays in flight.
    pub(super) async fn tick(&mut self) -> DeviceTick {
        let Some(open) = self.open.as_mut() else {
            return std::future::pending().await;
        };
        if open.poll.is_none() {
            sleep_until(open.next.min(open.ends)).await;
            if Instant::now() >= open.ends {
                self.open = None;
                return DeviceTick::Failed(Box::new(Error::DeviceCodeExpired));
            }
            open.poll = Some(Box::pin(poll_once(
                open.engine.clone(),
                open.connection.clone(),
                open.device_code.duplicate(),
            )));
        }
        self.finish_poll().await.unwrap_or(DeviceTick::Waiting)
    }

    /// Waits for a poll in flight, if there is one.
    pub(super) async fn finish_poll(&mut self) -> Option<DeviceTick> {
        let open = self.open.as_mut()?;
        let result = open.poll.as_mut()?.await;
        open.poll = None;
        let tick = match result {
            Ok(Report::Stored { grant, notes }) => DeviceTick::Stored(grant, notes),
            Ok(Report::Pending) => DeviceTick::Waiting,
            Ok(Report::SlowDown) => {
                open.interval = Seconds(open.interval.0 + SLOW_DOWN.0);
                DeviceTick::SlowDown
            }
            Ok(Report::Denied) => DeviceTick::Failed(Box::new(Error::Declined)),
            Ok(Report::DeviceCodeExpired) => DeviceTick::Failed(Box::new(Error::DeviceCodeExpired)),
            Ok(Report::Failed(trouble)) => {
                match trouble.into_error(open.connection.name.as_str()) {
                    // A connection time-out: back off, as RFC 8628 section 3.5 says.
                    Error::Provider(failure) if failure.is_transport() => {
                        open.interval = Seconds(
                            (open.interval.0 * 2)
                                .min(LONGEST_INTERVAL.0)
                                .max(open.interval.0),
                        );
                        DeviceTick::Waiting
                    }
                    // Asked at the token endpoint, but it is the way that is refused.
                    Error::Provider(mut failure) => {
                        failure.at = Endpoint::Device;
                        DeviceTick::Failed(Box::new(Error::Provider(failure)))
                    }
                    error => DeviceTick::Failed(Box::new(error)),
                }
            }
            Ok(Report::Refreshed | Report::Retold(_)) => {
                DeviceTick::Failed(Box::new(Error::Internal("a poll did something else")))
            }
            Err(error) => DeviceTick::Failed(Box::new(error)),
        };
        open.next = Instant::now() + Duration::from_secs(open.interval.0);
        if matches!(tick, DeviceTick::Failed(_)) {
            self.open = None;
        }
        Some(tick)
    }
}

/// What a person needs of a code, and when to poll.
#[derive(Serialize, Deserialize)]
struct Offer {
    user_code: String,
    verification_uri: String,
    complete: Option<String>,
    expires_at: i64,
    interval: u64,
    foreign_host: bool,
    /// What is asked for; earlier versions did not keep it.
    #[serde(default)]
    asked: Option<ScopeSet>,
}

impl Offer {
    fn way(&self) -> Way {
        Way::Device {
            user_code: Untrusted::new(self.user_code.clone()).shown(),
            verification_uri: self.verification_uri.clone(),
            complete: self.complete.clone(),
            expires_at: UnixTime(self.expires_at),
            foreign_host: self.foreign_host,
        }
    }

    /// Seals it with its code, for another process that goes on (conformance Z-10): first line the code,
    /// second line the rest. Where that fails a cut line costs the code and nothing else.
    fn keep(&self, engine: &Engine, connection: &Connection, code: &Secret) {
        let Ok(rest) = serde_json::to_string(self) else {
            return;
        };
        let text = Secret::new(format!("{}\n{rest}", code.reveal()));
        let now = engine.now();
        let kept = engine.with_vault(|vault| vault.keep_device_code(connection, &text, now));
        if kept.is_ok() {
            engine.note_code(&connection.id, UnixTime(self.expires_at));
        }
    }

    fn read(kept: &Secret) -> Option<(Self, Secret)> {
        let (code, rest) = kept.reveal().split_once('\n')?;
        Some((
            serde_json::from_str(rest).ok()?,
            Secret::new(code.to_owned()),
        ))
    }
}

async fn poll_once(
    engine: Engine,
    connection: Connection,
    device_code: Secret,
) -> Result<Report, Error> {
    let lock = engine.lock_grant(&connection.id).await?;
    let job = Job::DevicePoll {
        connection: connection.id.clone(),
        identity: connection.endpoint_identity(),
        asked: connection.requested,
        device_code,
    };
    engine.run_job(&lock, job).await
}
