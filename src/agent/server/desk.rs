//! What all conversations share: the open vault, the lock, the questions, the books.

use std::cell::{Cell, RefCell, RefMut};
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tokio::sync::Notify;
use zeroize::Zeroizing;

use super::books::Books;
use super::shelf::Shelf;
use crate::advice::{Advice, advise, agent as words};
use crate::agent::gate::Gate;
use crate::agent::questions::Questions;
use crate::agent::sessions::Sessions;
use crate::agent::wire::Status;
use crate::engine::{Engine, Error};
use crate::host::Clock;
use crate::model::{ConnectionId, Seconds, Secret, UnixTime};
use crate::vault::{Handouts, Home, Unlock, Vault, VaultError, VaultKey};

/// How often the clocks are looked at while something ends by them: timers do not count sleep.
const LOOK: Duration = Duration::from_secs(30);

/// How an agent is to behave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::agent) struct Terms {
    /// It locks itself so long after each unlocking.
    pub(in crate::agent) lifetime: Option<Seconds>,
    /// It ends when nobody asked for so long.
    pub(in crate::agent) idle_exit: Option<Seconds>,
}

/// The agent's state. One thread owns it.
pub(in crate::agent) struct Desk {
    /// For what takes time: its handle may wait for a disk, on other threads.
    pub(super) engine: Engine,
    /// For reading, so that nothing else delays a token that is at hand.
    reader: RefCell<Option<Vault>>,
    pub(super) shelf: RefCell<Shelf>,
    home: Home,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) gate: RefCell<Gate>,
    pub(super) sessions: RefCell<Sessions>,
    pub(super) questions: RefCell<Questions>,
    /// Who renews a connection's token now; the others wait for it.
    pub(super) turns: RefCell<HashMap<ConnectionId, Rc<tokio::sync::Mutex<()>>>>,
    pub(super) need_sign_in: RefCell<Vec<String>>,
    pub(super) ahead: Cell<usize>,
    /// The lock, or what it locks, has changed.
    pub(super) changed: Notify,
    pub(super) clients: Cell<usize>,
    pub(super) books: Books,
    pub(super) handouts: Handouts,
    served: Cell<u64>,
    turned_away: Cell<u64>,
    asked_at: Cell<i64>,
    /// How often somebody asked, and the news of it.
    asked: Cell<u64>,
    pub(super) asked_now: Notify,
    terms: Terms,
    started_at: UnixTime,
    stop: Notify,
}

impl Desk {
    /// Closed: [`Desk::unlock`] opens it.
    pub(in crate::agent) fn new(
        engine: Engine,
        home: Home,
        state: &Path,
        clock: Arc<dyn Clock>,
        terms: Terms,
    ) -> Self {
        let started_at = clock.now();
        let desk = Self {
            engine,
            reader: RefCell::default(),
            shelf: RefCell::default(),
            home,
            gate: RefCell::new(Gate::new(terms.lifetime)),
            sessions: RefCell::default(),
            questions: RefCell::default(),
            turns: RefCell::default(),
            need_sign_in: RefCell::default(),
            ahead: Cell::new(0),
            changed: Notify::new(),
            clients: Cell::new(0),
            books: Books::default(),
            handouts: Handouts::in_state(state),
            served: Cell::new(0),
            turned_away: Cell::new(0),
            asked_at: Cell::new(0),
            asked: Cell::new(0),
            asked_now: Notify::new(),
            terms,
            started_at,
            stop: Notify::new(),
            clock,
        };
        desk.asked_at.set(desk.up());
        desk
    }

    /// Seconds of the clock that nobody sets, sleep included.
    pub(super) fn up(&self) -> i64 {
        let up = self.clock.uptime().map(|uptime| uptime.seconds);
        up.unwrap_or_else(|| self.clock.now().0)
    }

    /// Somebody asked for something.
    pub(super) fn was_asked(&self) {
        self.asked_at.set(self.up());
        self.asked.set(self.asked.get() + 1);
        // Nothing is kept for later: whoever rests hears it, whoever is awake counts.
        self.asked_now.notify_waiters();
    }

    /// How often somebody asked for something.
    pub(super) fn times_asked(&self) -> u64 {
        self.asked.get()
    }

    pub(super) fn count_served(&self) {
        self.served.set(self.served.get() + 1);
    }

    /// Takes the vault's key (base64) from whoever opened it.
    pub(in crate::agent) fn unlock(&self, key: &Secret) -> Result<(), Advice> {
        let now = self.up();
        let may_try = self.gate.borrow().may_try(now);
        may_try.map_err(words::wait)?;
        let key = read_key(key).ok_or_else(words::no_key)?;
        match self.unlock_both(&key) {
            Ok(()) => {
                self.gate.borrow_mut().open(now);
                self.changed.notify_waiters();
                Ok(())
            }
            Err(error) => {
                if matches!(error, Error::Vault(VaultError::Rekeyed)) {
                    self.gate.borrow_mut().wrong(now);
                    return Err(words::wrong_key());
                }
                Err(advise(&error))
            }
        }
    }

    fn unlock_both(&self, key: &Zeroizing<[u8; 32]>) -> Result<(), Error> {
        let mut reader = Vault::open(&self.home)?.ok_or(VaultError::NotMade)?;
        reader.unlock(Unlock::Key(VaultKey::from_bytes(**key)))?;
        self.engine.open_with(VaultKey::from_bytes(**key))?;
        reader.be_modest()?;
        self.shelf.borrow_mut().forget();
        *self.reader.borrow_mut() = Some(reader);
        Ok(())
    }

    /// Forgets the key and what people allowed.
    pub(super) fn lock(&self, by_person: bool) {
        self.engine.lock_vault();
        *self.reader.borrow_mut() = None;
        self.shelf.borrow_mut().forget();
        self.sessions.borrow_mut().forget();
        self.gate.borrow_mut().close(by_person);
        self.changed.notify_waiters();
    }

    /// The vault for reading.
    ///
    /// # Errors
    /// The agent is locked, or the vault has another key or another file by now, which locks it.
    pub(super) fn open_vault(&self) -> Result<RefMut<'_, Vault>, Advice> {
        if self.gate.borrow().is_over(self.up()) {
            self.lock(false);
        }
        let replaced = self
            .reader
            .borrow()
            .as_ref()
            .is_some_and(|vault| !vault.is_in_place());
        if replaced {
            self.open_again();
        }
        RefMut::filter_map(self.reader.borrow_mut(), Option::as_mut)
            .map_err(|_| words::locked(self.gate.borrow().is_locked_by_person()))
    }

    /// Another file lies in the place of the vault, restored from a copy perhaps: it is opened with the
    /// key at hand, if that still fits.
    fn open_again(&self) {
        let reader = self.reader.borrow_mut().take();
        let key = reader
            .as_ref()
            .and_then(Vault::key)
            .map(|key| Zeroizing::new(*key.as_bytes()));
        let opened = key.is_some_and(|key| self.unlock_both(&key).is_ok());
        if !opened {
            self.lock(false);
        }
    }

    /// Ends the agent.
    pub(super) fn stop(&self) {
        self.stop.notify_one();
    }

    pub(super) async fn stopped(&self) {
        self.stop.notified().await;
    }

    /// Another user's process was turned away.
    pub(super) fn turned_away(&self, uid: u32) {
        self.turned_away.set(self.turned_away.get() + 1);
        tracing::warn!(uid, "another user connected; nothing was read");
    }

    pub(super) fn status(&self) -> Status {
        let gate = self.gate.borrow();
        let now = self.up();
        let locks_at = gate.closes_at().map(|end| {
            let left = u64::try_from(end.saturating_sub(now)).unwrap_or(0);
            self.clock.now().plus(Seconds(left))
        });
        Status {
            pid: std::process::id(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            unlocked: gate.is_open(),
            locked_by_person: gate.is_locked_by_person(),
            started_at: self.started_at,
            locks_at,
            served: self.served.get(),
            turned_away: self.turned_away.get(),
            clients: self.clients.get(),
            waiting: self.questions.borrow().waiting(),
            ahead: self.ahead.get(),
            need_sign_in: self.need_sign_in.borrow().clone(),
            memory_kib: super::memory::proportional_kib(),
        }
    }

    fn is_idle(&self, now: i64) -> bool {
        let Some(limit) = self.terms.idle_exit else {
            return false;
        };
        let limit = i64::try_from(limit.0).unwrap_or(i64::MAX);
        now.saturating_sub(self.asked_at.get()) >= limit
    }
}

fn read_key(text: &Secret) -> Option<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0; 32]);
    let length = BASE64.decode_slice(text.reveal(), key.as_mut()).ok()?;
    (length == key.len()).then_some(key)
}

/// Locks and ends the agent when its time has come. Does nothing while nothing ends by time.
pub(super) async fn keep_time(desk: Rc<Desk>) {
    loop {
        let now = desk.up();
        if desk.gate.borrow().is_over(now) {
            desk.lock(false);
        }
        if desk.is_idle(now) {
            desk.stop();
            return;
        }
        let ends = desk.gate.borrow().closes_at();
        let idle = desk.terms.idle_exit.map(|limit| {
            let limit = i64::try_from(limit.0).unwrap_or(i64::MAX);
            desk.asked_at.get().saturating_add(limit)
        });
        let next = ends.into_iter().chain(idle).min();
        let sleep = next.map(|at| {
            let left = u64::try_from(at.saturating_sub(now)).unwrap_or(0).max(1);
            Duration::from_secs(left).min(LOOK)
        });
        match sleep {
            Some(span) => {
                // Whichever comes first: unlocking moves the end.
                let _ = tokio::time::timeout(span, desk.changed.notified()).await;
            }
            None => desk.changed.notified().await,
        }
    }
}
