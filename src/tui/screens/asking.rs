//! Asks for a passphrase: a new one, typed twice, or the one that opens the vault.

use crate::actions::{Action, Key, Place};
use crate::advice::agent::GIVES_NO_KEY;
use crate::model::{Seconds, UnixTime};
use crate::tui::face::{Effect, Face, moved};
use crate::tui::field::Typed;
use crate::tui::masked::MaskedField;
use crate::tui::model::World;
use crate::tui::page::{Page, Pen};
use crate::tui::request::Request;
use crate::tui::theme::Role;

/// The question, and what is repeated once it is answered.
pub(in crate::tui) struct Asking {
    new: bool,
    /// An agent holds the vault open.
    agent_open: bool,
    first: MaskedField,
    again: MaskedField,
    at: usize,
    problem: Option<String>,
    /// Sent; the answer is on its way (the key derivation takes a moment).
    sent: bool,
    not_before: Option<UnixTime>,
    then: Vec<Request>,
}

impl Asking {
    pub(in crate::tui) fn new(new: bool, then: Option<Box<Request>>) -> Self {
        Self {
            new,
            agent_open: false,
            first: MaskedField::default(),
            again: MaskedField::default(),
            at: 0,
            problem: None,
            sent: false,
            not_before: None,
            then: then.map(|request| *request).into_iter().collect(),
        }
    }

    /// Says why it is asked for although an agent may hold the vault open.
    pub(in crate::tui) fn beside(self, agent_open: bool) -> Self {
        Self { agent_open, ..self }
    }

    /// Something else waits for the same passphrase.
    pub(in crate::tui) fn and_then(&mut self, then: Option<Box<Request>>) {
        self.then.extend(then.map(|request| *request));
    }

    /// The vault is open: what was waiting for it.
    pub(in crate::tui) fn into_waiting(self) -> Vec<Request> {
        self.then
    }

    pub(in crate::tui) fn wrong(&mut self, wait: Seconds, now: UnixTime) {
        self.sent = false;
        self.first.wipe();
        self.problem = Some("This passphrase does not open the vault.".to_owned());
        self.not_before = (wait.0 > 0).then(|| now.plus(wait));
    }

    /// It did not work for another reason; another try is possible.
    pub(in crate::tui) fn failed(&mut self, sentence: String) {
        self.sent = false;
        self.problem = Some(sentence);
    }

    /// The next try has to wait; a countdown runs.
    pub(in crate::tui) fn is_waiting(&self, now: UnixTime) -> bool {
        self.not_before.is_some_and(|at| at > now)
    }

    fn go(&mut self, now: UnixTime) -> Vec<Effect> {
        if self.sent || self.is_waiting(now) {
            return Vec::new();
        }
        self.problem = None;
        if self.first.is_empty() {
            self.at = 0;
            self.problem = Some("A passphrase is needed.".to_owned());
            return Vec::new();
        }
        if !self.new {
            self.sent = true;
            return vec![Effect::Ask(Request::Unlock(self.first.secret()))];
        }
        if self.again.is_empty() {
            self.at = 1;
            return Vec::new();
        }
        if !self.first.same(&self.again) {
            self.again.wipe();
            self.at = 1;
            self.problem = Some("The two differ; type it again.".to_owned());
            return Vec::new();
        }
        self.sent = true;
        vec![Effect::Ask(Request::NewPassphrase(self.first.secret()))]
    }
}

impl Face for Asking {
    fn place(&self) -> Place {
        Place::Passphrase
    }

    fn typed(&mut self) -> Option<Typed<'_>> {
        Some(Typed::Masked(if self.at == 0 {
            &mut self.first
        } else {
            &mut self.again
        }))
    }

    fn typing(&self) -> bool {
        true
    }

    fn edited(&mut self, _world: &World) {
        self.problem = None;
    }

    fn act(&mut self, action: Action, _key: Key, world: &World) -> Vec<Effect> {
        let fields = if self.new { 2 } else { 1 };
        if let Some(at) = moved(self.at, fields, 1, action) {
            self.at = at;
            return Vec::new();
        }
        match action {
            Action::GoOn => self.go(world.now),
            Action::Back => vec![Effect::Close],
            _ => Vec::new(),
        }
    }

    fn page(&self, pen: Pen, world: &World) -> Page {
        let title = if self.new {
            "New passphrase"
        } else {
            "Unlock the vault"
        };
        let mut page = Page::new(title, "", pen);
        if self.new {
            let words = "Choose a passphrase. It encrypts the vault, which holds your sign-ins.";
            page.text(0, Role::Plain, words);
            let words = "There is no recovery: if you forget it, you sign in everywhere again.";
            page.text(0, Role::Strong, words);
        } else {
            page.text(
                0,
                Role::Plain,
                "The next step needs a secret from the vault.",
            );
            if self.agent_open {
                page.text(0, Role::Dim, GIVES_NO_KEY);
            }
        }
        page.blank();
        let problem = self.problem.as_deref();
        let here = |at: usize| problem.filter(|_| self.at == at);
        page.masked(0, self.at == 0, "Passphrase", 13, &self.first, here(0));
        if self.new {
            page.masked(1, self.at == 1, "Once more", 13, &self.again, here(1));
        }
        page.blank();
        if let Some(at) = self.not_before.filter(|at| *at > world.now) {
            let left = at.since(world.now).0;
            page.text(
                0,
                Role::Plain,
                &format!("The next try is possible in {left} s."),
            );
        } else if self.sent {
            page.text(0, Role::Plain, "Checking it; this takes a moment.");
        }
        page
    }
}
