//! The state of the one attempt that is served: what was used, what settled it, what the caller
//! has yet to hear.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};
use tokio::sync::{Notify, watch};
use zeroize::Zeroizing;

use super::checks::Site;
use super::event::{Judge, Judgement, ListenerEvent};
use super::pages::Page;
use super::start_link::{StartLinks, Use};
use crate::model::Secret;

/// Requests that may reach the judge in one attempt; more is an attack.
const MOST_ANSWERS: u32 = 500;
/// Events kept for the caller; beyond it only the important ones are.
const MOST_EVENTS: usize = 64;

/// How a callback is to be answered.
#[derive(Clone, Copy)]
pub(super) enum Callback {
    /// The genuine answer: on to the page of the outcome.
    Settled,
    Ignored,
    OtherBrowser,
    Fragment,
    TooMany,
    NotFound,
}

/// How a start link is to be answered.
pub(super) enum Start {
    Redirect {
        location: Zeroizing<String>,
        cookie: Zeroizing<String>,
    },
    Used,
    NotFound,
}

/// Where the held page stands.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Open,
    /// The attempt is over without a word for the browser.
    Unknown,
    Known(Page),
}

pub(super) struct Attempt {
    site: Site,
    authorization_url: Secret,
    inner: Mutex<Inner>,
    news: Notify,
    /// The page of the outcome went out.
    shown: Notify,
    outcome: watch::Sender<Outcome>,
}

struct Inner {
    links: StartLinks,
    judge: Judge,
    events: VecDeque<ListenerEvent>,
    ignored: u32,
    answers: u32,
    /// Digest of the query that settled the attempt.
    settled: Option<[u8; 32]>,
    /// A browser was sent on to the page of the outcome and has not come for it yet.
    page_due: bool,
    /// A start link was used twice.
    stopped: bool,
    told: Told,
}

/// Notices that are given once.
#[derive(Default)]
struct Told {
    second: bool,
    other_user: bool,
    unknown_peer: bool,
    tls: bool,
}

impl Attempt {
    pub(super) fn new(
        site: Site,
        seed: Zeroizing<[u8; 32]>,
        authorization_url: Secret,
        judge: Judge,
    ) -> Self {
        Self {
            site,
            authorization_url,
            inner: Mutex::new(Inner {
                links: StartLinks::new(seed),
                judge,
                events: VecDeque::new(),
                ignored: 0,
                answers: 0,
                settled: None,
                page_due: false,
                stopped: false,
                told: Told::default(),
            }),
            news: Notify::new(),
            shown: Notify::new(),
            outcome: watch::Sender::new(Outcome::Open),
        }
    }

    pub(super) fn site(&self) -> &Site {
        &self.site
    }

    pub(super) fn new_start_nonce(&self) -> String {
        self.lock().links.add()
    }

    pub(super) fn finish(&self, page: Page) {
        self.outcome.send_replace(Outcome::Known(page));
    }

    /// Lets held pages go without an outcome, unless there is one.
    pub(super) fn give_up_waiting(&self) {
        self.outcome.send_if_modified(|outcome| {
            let open = *outcome == Outcome::Open;
            if open {
                *outcome = Outcome::Unknown;
            }
            open
        });
    }

    pub(super) fn outcome(&self) -> watch::Receiver<Outcome> {
        self.outcome.subscribe()
    }

    pub(super) async fn next_event(&self) -> ListenerEvent {
        loop {
            let news = self.news.notified();
            if let Some(event) = self.lock().events.pop_front() {
                return event;
            }
            news.await;
        }
    }

    /// A start link was asked for.
    pub(super) fn start(&self, nonce: &str) -> Start {
        let mut inner = self.lock();
        if inner.stopped || inner.settled.is_some() {
            return Start::NotFound;
        }
        match inner.links.take(nonce) {
            Use::First { cookie } => {
                self.tell(&mut inner, ListenerEvent::Opened);
                Start::Redirect {
                    location: Zeroizing::new(self.authorization_url.reveal().to_owned()),
                    cookie,
                }
            }
            Use::Again => {
                inner.stopped = true;
                self.tell(&mut inner, ListenerEvent::StartLinkReused);
                Start::Used
            }
            Use::Wrong => {
                inner.ignored += 1;
                Start::NotFound
            }
            Use::Closed => {
                inner.ignored += 1;
                self.tell(&mut inner, ListenerEvent::StartLinkClosed);
                Start::NotFound
            }
        }
    }

    /// The redirect address was asked for: shape, cookie, then the rest (F-01).
    pub(super) fn callback<'a>(
        &self,
        query: &str,
        cookies: impl Iterator<Item = &'a str>,
    ) -> Callback {
        let mut inner = self.lock();
        if inner.stopped {
            return Callback::NotFound;
        }
        inner.answers = inner.answers.saturating_add(1);
        if inner.answers > MOST_ANSWERS {
            self.ignore(&mut inner, "too_many");
            return Callback::TooMany;
        }
        let judgement = (inner.judge)(query);
        if let Judgement::Malformed(reason) = judgement {
            self.ignore(&mut inner, reason);
            return Callback::Ignored;
        }
        if !inner.links.admits(cookies) {
            self.ignore(&mut inner, "other_browser");
            return Callback::OtherBrowser;
        }
        match judgement {
            Judgement::Malformed(reason) | Judgement::Ignore(reason) => {
                self.ignore(&mut inner, reason);
                Callback::Ignored
            }
            Judgement::FragmentAnswer => {
                self.ignore(&mut inner, "fragment-answer");
                Callback::Fragment
            }
            Judgement::Settles => self.settle(&mut inner, query),
        }
    }

    fn settle(&self, inner: &mut Inner, query: &str) -> Callback {
        let digest: [u8; 32] = Sha256::digest(query.as_bytes()).into();
        match inner.settled {
            None => {
                inner.settled = Some(digest);
                let answer = ListenerEvent::Answer(Secret::new(query.to_owned()));
                self.tell(inner, answer);
                inner.page_due = true;
                Callback::Settled
            }
            Some(first) if first == digest => Callback::Settled,
            Some(_) => {
                inner.ignored += 1;
                if !std::mem::replace(&mut inner.told.second, true) {
                    self.tell(inner, ListenerEvent::SecondDifferentAnswer);
                }
                Callback::Ignored
            }
        }
    }

    /// Whether the page of the outcome is for a browser with these cookies.
    pub(super) fn may_see_outcome<'a>(&self, cookies: impl Iterator<Item = &'a str>) -> bool {
        let inner = self.lock();
        inner.settled.is_some() && inner.links.admits(cookies)
    }

    /// The page of the outcome was sent to a browser.
    pub(super) fn page_was_shown(&self) {
        self.lock().page_due = false;
        self.shown.notify_waiters();
    }

    /// Waits until no browser is on its way to the page of the outcome.
    pub(super) async fn no_page_due(&self) {
        loop {
            let shown = self.shown.notified();
            if !self.lock().page_due {
                return;
            }
            shown.await;
        }
    }

    /// A request that has nothing to do with the sign-in.
    pub(super) fn unrelated(&self) {
        self.ignore(&mut self.lock(), "unrelated");
    }

    /// A request for a name that only resolves to us (F-02).
    pub(super) fn other_host(&self) {
        self.ignore(&mut self.lock(), "other_host");
    }

    pub(super) fn other_user(&self) {
        let mut inner = self.lock();
        inner.ignored = inner.ignored.saturating_add(1);
        if !std::mem::replace(&mut inner.told.other_user, true) {
            self.tell(&mut inner, ListenerEvent::OtherUser);
        }
    }

    pub(super) fn unknown_peer(&self) {
        let mut inner = self.lock();
        if !std::mem::replace(&mut inner.told.unknown_peer, true) {
            self.tell(&mut inner, ListenerEvent::UnknownPeer);
        }
    }

    pub(super) fn tls_hello(&self) {
        let mut inner = self.lock();
        inner.ignored = inner.ignored.saturating_add(1);
        if !std::mem::replace(&mut inner.told.tls, true) {
            self.tell(&mut inner, ListenerEvent::TlsHello);
        }
    }

    fn ignore(&self, inner: &mut Inner, reason: &'static str) {
        inner.ignored = inner.ignored.saturating_add(1);
        let count = inner.ignored;
        // A flood of one kind is one event with the latest count.
        if let Some(ListenerEvent::Ignored {
            reason: last,
            count: old,
        }) = inner.events.back_mut()
            && *last == reason
        {
            *old = count;
            return;
        }
        if inner.events.len() < MOST_EVENTS {
            self.tell(inner, ListenerEvent::Ignored { reason, count });
        }
    }

    fn tell(&self, inner: &mut Inner, event: ListenerEvent) {
        inner.events.push_back(event);
        self.news.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
