//! One preset's whole life at its dressed provider: sign in, test read, refresh, revoke.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use valetkey::engine::{Change, Engine, Error, NewConnection, World};
use valetkey::host::{Browser, BrowserError, BrowserUrl, Environment, ManualClock, Opened};
use valetkey::model::{Connection, ConnectionId, Expiry, Quirk, Secret, UnixTime, Untrusted};
use valetkey::provider::Preset;
use valetkey::vault::{Home, Keychain, KeychainError};

use crate::child::Surroundings;
use crate::definition::{app, definition, names};
use crate::dressed::{By, Dressed, Script};
use crate::facts::{RefreshTokens, Takes, Told};
use crate::fixture::{Expires, Fixture};
use crate::reads::revocation_needs_secret;
use crate::wire::Wire;

/// When every story begins.
pub(crate) const NOON: i64 = 1_800_000_000;
/// The same in words.
const DATE: &str = "Fri, 15 Jan 2027 08:00:00 GMT";

/// Where and why a story ended early.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) at: &'static str,
    pub(crate) words: String,
}

pub(crate) fn ended(at: &'static str, words: impl Into<String>) -> Ended {
    Ended {
        at,
        words: words.into(),
    }
}

/// The proxy, and who stands behind it now.
pub(crate) struct Stage {
    wire: Wire,
    current: Arc<Mutex<Option<Arc<Dressed>>>>,
}

impl Stage {
    pub(crate) fn open(surroundings: Surroundings) -> Self {
        let current: Arc<Mutex<Option<Arc<Dressed>>>> = Arc::default();
        let behind = current.clone();
        let wire = Wire::open(
            surroundings,
            Some(DATE),
            Arc::new(move |request| {
                let dressed = behind.lock().unwrap_or_else(PoisonError::into_inner);
                dressed.clone()?.handle(&request)
            }),
        );
        Self { wire, current }
    }

    /// Plays one preset by one way, perhaps without one of its quirks.
    pub(crate) async fn play(
        &self,
        preset: &Preset,
        facts: &Fixture,
        by: By,
        without: Option<&Quirk>,
    ) -> Result<(), Ended> {
        let new = definition(preset, facts, by, without).map_err(|why| ended("define", why))?;
        let dressed = Arc::new(Dressed::new(facts.clone(), by, app(&new)));
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(dressed.clone());
        let mut story = Story::begin(&self.wire, dressed.clone(), new)?;
        let end = story.tell().await;
        let violations = dressed.violations();
        if violations.is_empty() {
            return end;
        }
        let at = end.as_ref().err().map_or("rules", |end| end.at);
        let words = end.err().map(|end| end.words).unwrap_or_default();
        Err(ended(
            at,
            format!(
                "{words}\n  {}\n  seen:\n  {}",
                violations.join("\n  "),
                dressed.seen()
            ),
        ))
    }
}

pub(crate) struct Story<'a> {
    pub(crate) wire: &'a Wire,
    pub(crate) dressed: Arc<Dressed>,
    pub(crate) engine: Engine,
    clock: Arc<ManualClock>,
    pub(crate) id: ConnectionId,
    name: String,
    has_secret: bool,
    pub(crate) opened: mpsc::UnboundedReceiver<String>,
    pub(crate) changes: mpsc::UnboundedReceiver<Change>,
}

impl<'a> Story<'a> {
    fn begin(wire: &'a Wire, dressed: Arc<Dressed>, new: NewConnection) -> Result<Self, Ended> {
        let (shown, opened) = mpsc::unbounded_channel();
        let clock = Arc::new(ManualClock::at(UnixTime(NOON)));
        let world = World {
            clock: clock.clone(),
            browser: Arc::new(Shown(shown)),
            keychain: Arc::new(NoKeychain),
            environment: Environment {
                browser_variable: true,
                ..Environment::default()
            },
            jobs_here: true,
        };
        let engine = Engine::open(world, Home::Memory).map_err(failed("define"))?;
        let has_secret = new.client_secret.is_some();
        let id = engine.add(new).map_err(failed("define"))?;
        let name = engine.connection_by_id(&id).map_err(failed("define"))?;
        Ok(Self {
            wire,
            dressed,
            changes: engine.subscribe(),
            engine,
            clock,
            id,
            name: name.name.to_string(),
            has_secret,
            opened,
        })
    }

    fn facts(&self) -> &Fixture {
        &self.dressed.facts
    }

    fn connection(&self) -> Connection {
        self.engine.connection_by_id(&self.id).expect("there")
    }

    async fn tell(&mut self) -> Result<(), Ended> {
        self.sign_in().await?;
        self.check_grant()?;
        self.test().await?;
        self.refresh().await?;
        self.ended_elsewhere().await?;
        self.cut_refresh().await?;
        self.revoke().await
    }

    /// Who signed in, what was granted, how long it lives, whether it can be renewed.
    fn check_grant(&self) -> Result<(), Ended> {
        let fail = |words: String| Err(ended("answer", words));
        let connection = self.connection();
        let Some(grant) = connection.grant else {
            return fail("nothing was stored".to_owned());
        };
        let facts = self.facts();
        let account = grant.account.as_ref().map(|account| account.label.raw());
        if !self.is_right(account) {
            return fail(format!("signed in as {account:?}, not {:?}", facts.account));
        }
        let body = &facts.token().answer.body;
        let states = body.contains("$SCOPES") || body.contains("$SCOPE_LIST");
        let wanted: Option<BTreeSet<String>> = match &facts.granted {
            Some(granted) => Some(granted.iter().cloned().collect()),
            None => states.then(|| self.dressed.app.asked.clone()),
        };
        let granted = grant.granted.as_ref().map(names);
        if granted != wanted {
            return fail(format!("granted is {granted:?}, not {wanted:?}"));
        }
        let expiry = match (&facts.expires, grant.expiry) {
            (Expires::Seconds(span), Expiry::At(at)) => at == UnixTime(NOON + span),
            (Expires::Word(word), Expiry::Never) => word == "never",
            (Expires::Word(word), Expiry::NotStated) => word == "not-stated",
            _ => false,
        };
        if !expiry {
            return fail(format!("ends {:?}, not {:?}", grant.expiry, facts.expires));
        }
        let ends = facts.ends_after.map(|span| UnixTime(NOON + span));
        if grant.ends_at != ends {
            return fail(format!(
                "the sign-in ends {:?}, not {ends:?}",
                grant.ends_at
            ));
        }
        if grant.has_refresh_token != facts.refresh.is_some() {
            return fail(format!("a refresh token: {}", grant.has_refresh_token));
        }
        Ok(())
    }

    async fn test(&self) -> Result<(), Ended> {
        let report = match self.engine.test(&self.name, None).await {
            // Where no read of the service proves anything.
            Err(Error::NoTestRead) if self.facts().test.is_none() => return Ok(()),
            report => report.map_err(failed("test"))?,
        };
        // Some test reads name nobody.
        let read = report.account.as_ref().map(ToString::to_string);
        if read.is_some() && !self.is_right(read.as_deref()) {
            let wanted = &self.facts().account;
            return Err(ended("test", format!("it reads {read:?}, not {wanted:?}")));
        }
        Ok(())
    }

    fn is_right(&self, account: Option<&str>) -> bool {
        let known = &self.facts().account;
        match account {
            Some(account) => known.iter().any(|known| known == account),
            None => known.is_empty(),
        }
    }

    /// Twice: the second time proves that what the first brought was kept.
    async fn refresh(&self) -> Result<(), Ended> {
        let Some(facts) = &self.facts().refresh else {
            return match self.engine.refresh(&self.id).await {
                Err(Error::NoRefreshToken { .. }) => Ok(()),
                other => Err(ended("refresh", format!("{:?}", other.err()))),
            };
        };
        for _ in 0..2 {
            self.clock.advance(valetkey::model::Seconds(60));
            let renewed = self.engine.refresh(&self.id).await;
            let renewed = renewed.map_err(failed("refresh"))?;
            let rotates = renewed.grant.and_then(|grant| grant.rotates);
            if rotates != Some(facts.tokens == RefreshTokens::Rotates) {
                return Err(ended("refresh", format!("rotates: {rotates:?}")));
            }
        }
        let handout = self.engine.fresh_token(&self.name, None).await;
        let handout = handout.map_err(failed("refresh"))?;
        if !self.dressed.takes_access(handout.token.reveal()) {
            return Err(ended("refresh", "the token at hand is not the new one"));
        }
        self.test().await
    }

    /// The person ended it on the service's own page: the program says to sign in again.
    async fn ended_elsewhere(&mut self) -> Result<(), Ended> {
        if self.facts().refresh.is_none() {
            return Ok(());
        }
        self.dressed.end_all();
        let facts = self.facts().refresh.clone().expect("refresh tokens");
        let says = facts.ended_says.unwrap_or_default();
        match (self.engine.refresh(&self.id).await, facts.ended_told) {
            (Err(Error::NeedsSignIn { .. }), Told::Over) => self.sign_in().await,
            (Err(error @ Error::Provider(_)), Told::Error) if told(&error).contains(&says) => {
                self.sign_in().await
            }
            (Err(error), _) => Err(ended("ended", format!("told as {}", told(&error)))),
            (Ok(_), _) => Err(ended("ended", "a dead refresh token is not told")),
        }
    }

    /// Where a refresh token that is sent twice ends everything, it is sent once.
    async fn cut_refresh(&mut self) -> Result<(), Ended> {
        if !self
            .facts()
            .refresh
            .as_ref()
            .is_some_and(|facts| facts.reuse_ends_all)
        {
            return Ok(());
        }
        self.dressed.state().script = Script::CutRefresh;
        let _ = self.engine.refresh(&self.id).await;
        let presented = self.dressed.state().presented;
        if presented != 1 {
            return Err(ended(
                "cut refresh",
                format!("it was sent {presented} times"),
            ));
        }
        self.sign_in().await
    }

    async fn revoke(&mut self) -> Result<(), Ended> {
        let fail = |words: String| Err(ended("revoke", words));
        let facts = self.facts().clone();
        let needs = revocation_needs_secret(&facts);
        let Some(rule) = facts.revoke.filter(|_| self.has_secret || !needs) else {
            return match self.engine.revoke(&self.id).await {
                Err(Error::NoRevocation { .. }) => Ok(()),
                other => fail(format!("told as {other:?}")),
            };
        };
        let (_, had_access) = self.dressed.alive();
        let revoked = self.engine.revoke(&self.id).await;
        let revoked = revoked.map_err(failed("revoke"))?;
        let (refresh, access) = self.dressed.alive();
        let told_to_live = revoked.access_token_lives;
        // Where only refresh tokens are taken, the program cannot know what became of the other.
        let may_be_told = access || rule.takes == Takes::Refresh;
        let right = told_to_live == access || (told_to_live && may_be_told);
        if refresh || !had_access || revoked.was_invalid || !right {
            return fail(format!("{revoked:?}, but there lives: {refresh} {access}"));
        }
        // Ended already by the person: that is as good.
        self.sign_in().await?;
        self.dressed.end_all();
        match (self.engine.revoke(&self.id).await, rule.gone_told) {
            (Ok(_), Told::Over) | (Err(Error::Provider(_)), Told::Error) => Ok(()),
            (end, _) => fail(format!("what is gone already is told as {end:?}")),
        }
    }
}

pub(crate) fn failed(at: &'static str) -> impl Fn(Error) -> Ended {
    move |error| ended(at, told(&error))
}

/// An error with what the provider said.
pub(crate) fn told(error: &Error) -> String {
    match error {
        Error::Provider(failure) => format!(
            "{:?} at {}: {:?} ({})",
            failure.at,
            failure.authority,
            failure.kind,
            failure.short().raw()
        ),
        other => format!("{other:?}"),
    }
}

/// Tells the story which address it was to show.
struct Shown(mpsc::UnboundedSender<String>);

impl Browser for Shown {
    fn open(&self, url: &BrowserUrl) -> Result<Opened, BrowserError> {
        let _ = self.0.send(url.as_str().to_owned());
        Ok(Opened {
            program: Untrusted::new("a browser of the story"),
        })
    }
}

/// A machine without a keychain.
struct NoKeychain;

impl Keychain for NoKeychain {
    fn read(&self, _account: &str) -> Result<Secret, KeychainError> {
        Err(KeychainError::Absent)
    }

    fn write(&self, _account: &str, _secret: &Secret) -> Result<(), KeychainError> {
        Err(KeychainError::Absent)
    }

    fn delete(&self, _account: &str) -> Result<(), KeychainError> {
        Err(KeychainError::Absent)
    }

    fn name(&self) -> String {
        "no keychain".to_owned()
    }
}
