//! Signing in: by a person with a browser, or by a code on another device.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use valetkey::engine::{
    Answer, AttemptEvent, Change, Error, Outcome, Remote, SignInOptions, Way as Open,
};

use crate::dressed::By;
use crate::story::{Ended, Story, ended, failed, told};
use crate::web;
use crate::wire::Wire;

impl Story<'_> {
    pub(crate) async fn sign_in(&mut self) -> Result<(), Ended> {
        match self.dressed.by {
            By::Browser => self.sign_in_by_browser().await,
            By::Device => self.sign_in_by_device().await,
        }
    }

    fn begin_sign_in(&mut self) -> Result<valetkey::engine::Attempt, Ended> {
        while self.changes.try_recv().is_ok() {}
        let options = SignInOptions {
            device: self.dressed.by == By::Device,
            ..SignInOptions::default()
        };
        let begun = self.engine.sign_in(&self.id, options);
        begun.map_err(failed("sign in"))
    }

    async fn sign_in_by_browser(&mut self) -> Result<(), Ended> {
        let attempt = self.begin_sign_in()?;
        let remote = attempt.remote.clone();
        let mut outcome = pin!(attempt.outcome());
        let start = tokio::select! {
            early = &mut outcome => {
                let why = early.err().map(|error| told(&error)).unwrap_or_default();
                return Err(ended("sign in", why));
            }
            opened = self.opened.recv() => opened.expect("the engine"),
        };
        let (page, cookie) = off(move || {
            let answer = web::get(&start, &[("Host", &host_of(&start))]);
            let page = answer.header("location").expect("a redirect").to_owned();
            (page, answer.cookie())
        })
        .await;
        let callback = match self.dressed.authorize(&page) {
            Ok(callback) => callback,
            Err(complaint) => {
                remote.cancel();
                let _ = outcome.await;
                return Err(ended("authorize", complaint));
            }
        };
        let delivered = off(move || {
            let host = host_of(&callback);
            web::get(&callback, &[("Host", &host), ("Cookie", &cookie)]).status
        });
        let wider = self.dressed.facts.wider;
        let (_, outcome) = tokio::join!(
            delivered,
            settled(outcome, &mut self.changes, &remote, wider)
        );
        outcome.map_err(|why| ended("exchange", why))
    }

    /// Time stands still and is moved a second at a time; every exchange is waited for.
    async fn sign_in_by_device(&mut self) -> Result<(), Ended> {
        let attempt = self.begin_sign_in()?;
        let remote = attempt.remote.clone();
        let mut outcome = pin!(attempt.outcome());
        loop {
            tokio::select! {
                early = &mut outcome => {
                    let why = early.err().map(|error| told(&error)).unwrap_or_default();
                    return Err(ended("device code", why));
                }
                change = self.changes.recv() => {
                    let opened = matches!(
                        change,
                        Some(Change::Attempt { event: AttemptEvent::Way(Open::Device { .. }), .. })
                    );
                    if opened {
                        break;
                    }
                }
            }
        }
        let still = Still::new();
        for _ in 0..120 {
            still.second(self.wire).await;
            if let Some(outcome) = futures_util::FutureExt::now_or_never(&mut outcome) {
                drop(still);
                outcome.map_err(|error| ended("device code", told(&error)))?;
                return Ok(());
            }
            while let Ok(change) = self.changes.try_recv() {
                answer(&change, &remote, self.dressed.facts.wider);
            }
        }
        Err(ended("device code", "two minutes of polls brought nothing"))
    }
}

/// Waits for the end of a sign-in. Whether more was granted than asked is decided as the facts say.
async fn settled(
    mut outcome: Pin<&mut impl Future<Output = Result<Outcome, Arc<Error>>>>,
    changes: &mut mpsc::UnboundedReceiver<Change>,
    remote: &Remote,
    wider: bool,
) -> Result<(), String> {
    loop {
        tokio::select! {
            outcome = &mut outcome => return outcome.map(drop).map_err(|error| told(&error)),
            Some(change) = changes.recv() => answer(&change, remote, wider),
        }
    }
}

fn answer(change: &Change, remote: &Remote, wider: bool) {
    if let Change::Attempt {
        event: AttemptEvent::Asked(_),
        ..
    } = change
    {
        remote.answer(if wider {
            Answer::Accept
        } else {
            Answer::GiveBack
        });
    }
}

/// As a browser names it, by the address it goes to.
fn host_of(address: &str) -> String {
    let rest = address.strip_prefix("http://").unwrap_or_default();
    rest.split('/').next().unwrap_or_default().to_owned()
}

/// Runs something that blocks off the one thread.
async fn off<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("done")
}

/// A paused clock that moves only when it is told to.
struct Still(#[allow(dead_code)] std::sync::mpsc::Sender<()>);

impl Still {
    fn new() -> Self {
        // Work off the thread keeps the clock from jumping ahead while an answer is on its way.
        let (keep, kept) = std::sync::mpsc::channel();
        tokio::task::spawn_blocking(move || kept.recv().ok());
        tokio::time::pause();
        Self(keep)
    }

    async fn second(&self, wire: &Wire) {
        tokio::time::advance(Duration::from_secs(1)).await;
        for _ in 0..5 {
            off(std::thread::yield_now).await;
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
        }
        while wire.is_busy() {
            off(std::thread::yield_now).await;
        }
    }
}

impl Drop for Still {
    fn drop(&mut self) {
        tokio::time::resume();
    }
}
