//! A running sign-in: its steps as they happen, the ways to finish it, the questions it asks and
//! the fixes when it fails. Belongs to one connection and listens to one attempt at a time.

mod choice;
mod failure;
mod forward;
mod view;
mod ways;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::choice::Choice;
use self::failure::Failure;
use super::face::{Effect, Face, moved, picked};
use super::field::{TextField, Typed};
use super::masked::MaskedField;
use super::model::{Screen, World};
use super::page::{Page, Pen};
use super::request::{AddressUse, Request};
use super::screens::{Finished, Leaving, OtherScopes};
use super::table::provider_of;
use crate::actions::{Action, Facts, Key, Place};
use crate::engine::{
    Answer, AttemptEvent, Detail, Error, Ignored, Question, Row, SignInOptions, Step, StepState,
    Way,
};
use crate::host::FirstWay;
use crate::model::{AttemptId, ConnectionId, Scope, ScopeSet, Seconds, Secret, UnixTime};

/// How long a sign-in waits unless it is told otherwise.
const PATIENCE: Seconds = Seconds(600);

struct Progress {
    state: StepState,
    detail: Option<String>,
    since: UnixTime,
}

/// Who signs in where.
pub(super) struct Subject {
    pub id: ConnectionId,
    pub name: String,
    pub provider: String,
    pub requested: ScopeSet,
    /// The provider has a device endpoint; unknown until its definition was read.
    pub device: Option<bool>,
    pub in_wizard: bool,
}

/// The state of the screen.
pub(super) struct Authorize {
    subject: Subject,
    options: SignInOptions,
    /// A browser can be opened here, unasked or not.
    browser_here: bool,
    /// One was to open, and none did.
    browser_failed: bool,
    /// The way that the person wants first.
    first_way: Option<FirstWay>,
    attempt: Option<AttemptId>,
    /// Attempts that are over; whatever still arrives of them is dropped.
    past: Vec<AttemptId>,
    started: UnixTime,
    steps: BTreeMap<Step, Progress>,
    ways: Vec<Way>,
    /// The code was asked for on a line of the ways, and has its place.
    late_code: bool,
    ignored: Option<String>,
    /// Why the last paste was refused.
    wrong_paste: Option<String>,
    question: Option<Question>,
    failure: Option<Failure>,
    paste: Option<MaskedField>,
    /// The name of this machine is being filled in.
    host: Option<TextField>,
    /// Open the paste field as soon as an attempt runs.
    paste_wanted: bool,
    consent: Option<Vec<(Scope, bool)>>,
    address: Option<Secret>,
    picture: bool,
    /// Others can reach the ports of this machine.
    shared: bool,
    /// The practice provider can be answered here.
    practice: bool,
    at: usize,
}

impl Authorize {
    /// Starts a sign-in; the screen opens before anything is known of it.
    pub(super) fn start(subject: Subject, options: SignInOptions, world: &World) -> Vec<Effect> {
        let request = Request::SignIn {
            id: subject.id.clone(),
            options: options.clone(),
        };
        let screen = Self {
            subject,
            options,
            browser_here: world.browser_here(),
            browser_failed: false,
            first_way: world.setup.first_way,
            attempt: None,
            past: Vec::new(),
            started: world.now,
            steps: BTreeMap::new(),
            ways: Vec::new(),
            late_code: false,
            ignored: None,
            wrong_paste: None,
            question: None,
            failure: None,
            paste: None,
            host: None,
            paste_wanted: false,
            consent: None,
            address: None,
            picture: false,
            shared: world.setup.shared,
            practice: world.setup.practice,
            at: 0,
        };
        vec![
            Effect::Open(Box::new(Screen::Authorize(Box::new(screen)))),
            Effect::Ask(request),
        ]
    }

    /// Signs in again for a row of the table.
    pub(super) fn start_again(row: &Row, world: &World) -> Vec<Effect> {
        Self::start_for(row, Self::options(world, false), world)
    }

    /// The same, asking for these scopes.
    pub(super) fn start_with(row: &Row, scopes: ScopeSet, world: &World) -> Vec<Effect> {
        let options = SignInOptions {
            scopes: (scopes != row.summary.requested).then_some(scopes),
            ..Self::options(world, false)
        };
        Self::start_for(row, options, world)
    }

    fn start_for(row: &Row, options: SignInOptions, world: &World) -> Vec<Effect> {
        let id = row.summary.id.clone();
        let subject = Subject {
            id: id.clone(),
            name: row.summary.name.to_string(),
            provider: provider_of(row),
            requested: match &options.scopes {
                Some(scopes) => scopes.clone(),
                None => row.summary.requested.clone(),
            },
            device: None,
            in_wizard: false,
        };
        let mut effects = Self::start(subject, options, world);
        effects.push(Effect::Ask(Request::LoadDetail(id)));
        effects
    }

    /// Goes on with a sign-in that was interrupted.
    pub(super) fn go_on(row: &Row, world: &World) -> Vec<Effect> {
        let options = SignInOptions {
            resume: true,
            ..Self::options(world, false)
        };
        Self::start_for(row, options, world)
    }

    /// The options of an ordinary sign-in.
    pub(super) fn options(world: &World, device: bool) -> SignInOptions {
        SignInOptions {
            device,
            no_browser: !world.browser_first(),
            test: true,
            ..SignInOptions::default()
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.subject.name
    }

    pub(super) fn connection(&self) -> &ConnectionId {
        &self.subject.id
    }

    /// Neither done nor failed.
    pub(super) fn is_running(&self) -> bool {
        self.failure.is_none()
    }

    pub(super) fn attempt(&self) -> Option<&AttemptId> {
        self.attempt.as_ref().filter(|_| self.is_running())
    }

    /// The definition was read.
    pub(super) fn know(&mut self, detail: &Detail) {
        if detail.connection.id == self.subject.id {
            self.subject.device = Some(detail.connection.provider.endpoints.device.is_some());
        }
    }

    /// Takes an attempt as its own; `false` when it belongs to somebody else.
    pub(super) fn adopt(&mut self, connection: &ConnectionId, attempt: &AttemptId) -> bool {
        if *connection != self.subject.id || self.past.contains(attempt) {
            return false;
        }
        if self.attempt.is_none() && self.is_running() {
            self.attempt = Some(attempt.clone());
            if std::mem::take(&mut self.paste_wanted) {
                self.paste = Some(MaskedField::default());
            }
        }
        self.attempt.as_ref() == Some(attempt)
    }

    /// Takes a step further; the end of a good sign-in is another screen.
    pub(super) fn happened(&mut self, event: AttemptEvent, now: UnixTime) -> Option<Screen> {
        match event {
            AttemptEvent::Step {
                step,
                state,
                detail,
            } => {
                if step > Step::Approve || (step == Step::Approve && state == StepState::Done) {
                    self.paste = None;
                }
                if step == Step::Browser {
                    self.browser_told(state);
                }
                let since = match self.steps.get(&step) {
                    Some(before) if before.state == state => before.since,
                    _ => now,
                };
                let before = self.steps.remove(&step);
                let detail = detail.or(before.and_then(|before| before.detail));
                self.steps.insert(
                    step,
                    Progress {
                        state,
                        detail,
                        since,
                    },
                );
            }
            AttemptEvent::Way(way) => {
                let same =
                    |other: &Way| std::mem::discriminant(other) == std::mem::discriminant(&way);
                let chosen = self.choices().into_iter().nth(self.at);
                if matches!(way, Way::Device { .. }) && !self.ways.iter().any(same) {
                    self.late_code = chosen == Some(Choice::UseCode);
                }
                match self.ways.iter_mut().find(|other| same(other)) {
                    Some(other) => *other = way,
                    None => self.ways.push(way),
                }
                // A way that comes later stands above others.
                self.stay_on(chosen);
            }
            AttemptEvent::Ignored(what) => {
                let (_, sentence) = crate::advice::ignored(&what);
                match what {
                    Ignored::Paste(_) => self.wrong_paste = Some(sentence),
                    _ => self.ignored = Some(sentence),
                }
            }
            AttemptEvent::Asked(question) => {
                self.paste = None;
                self.host = None;
                self.consent = None;
                self.question = Some(question);
                // Enter by habit must not widen or replace anything.
                let careful = Choice::Answer(Answer::GiveBack);
                self.at = self
                    .choices()
                    .iter()
                    .position(|choice| *choice == careful)
                    .unwrap_or(0);
            }
            AttemptEvent::Done { outcome } => {
                let finished =
                    Finished::new(self.subject.id.clone(), outcome, self.subject.in_wizard);
                return Some(Screen::Finished(Box::new(finished)));
            }
            AttemptEvent::Failed { error, step } => self.fail(&error, Some(step)),
            AttemptEvent::Cancelled => self.stop_listening(),
        }
        None
    }

    /// Where no browser could be started the other ways take the screen, as they do where there is none.
    fn browser_told(&mut self, state: StepState) {
        match state {
            StepState::Skipped if !self.options.no_browser => {
                let chosen = self.choices().into_iter().nth(self.at);
                self.options.no_browser = true;
                self.browser_failed = true;
                self.stay_on(chosen);
            }
            StepState::Done => self.browser_failed = false,
            _ => {}
        }
    }

    /// Who has moved stays on the line, wherever it stands now.
    fn stay_on(&mut self, chosen: Option<Choice>) {
        if let (1.., Some(chosen)) = (self.at, chosen) {
            let choices = self.choices();
            let came = chosen == Choice::UseCode && self.late_code;
            let chosen = if came { Choice::Code } else { chosen };
            self.at = choices.iter().position(|c| *c == chosen).unwrap_or(0);
        }
    }

    pub(super) fn fail(&mut self, error: &Arc<Error>, step: Option<Step>) {
        self.stop_listening();
        self.failure = Some(Failure::new(error, step, self.subject.in_wizard));
    }

    pub(super) fn paste_refused(&mut self, attempt: &AttemptId, sentence: String) {
        if self.attempt.as_ref() == Some(attempt) && self.is_running() {
            self.wrong_paste = Some(sentence);
            self.paste = Some(MaskedField::default());
        }
    }

    /// A bracketed paste anywhere on this screen is meant for the paste field.
    pub(super) fn pasted(&mut self, text: &str) {
        if let Some(host) = &mut self.host {
            host.paste(text);
            return;
        }
        if self.attempt().is_some() && self.question.is_none() {
            self.paste
                .get_or_insert_with(MaskedField::default)
                .paste(text);
        }
    }

    pub(super) fn show_address(&mut self, attempt: &AttemptId, address: Secret) {
        if self.attempt.as_ref() == Some(attempt) {
            self.address = Some(address);
        }
    }

    fn stop_listening(&mut self) {
        self.past.extend(self.attempt.take());
        self.paste = None;
        self.host = None;
        self.consent = None;
        self.question = None;
        self.address = None;
        self.picture = false;
        self.at = 0;
    }

    fn gives_up(&self) -> UnixTime {
        self.started.plus(self.options.timeout.unwrap_or(PATIENCE))
    }

    /// A new attempt with other options; nothing of the old one is kept.
    fn retry(&mut self, mut options: SignInOptions, world: &World) -> Vec<Effect> {
        options.resume = false;
        self.stop_listening();
        self.failure = None;
        self.steps.clear();
        self.ways.clear();
        self.late_code = false;
        self.ignored = None;
        self.wrong_paste = None;
        self.started = world.now;
        self.options = options.clone();
        vec![Effect::Ask(Request::SignIn {
            id: self.subject.id.clone(),
            options,
        })]
    }

    fn stop(&mut self) -> Vec<Effect> {
        if self.host.take().is_some() {
            return Vec::new();
        }
        if self.paste.take().is_some() || self.consent.take().is_some() {
            self.at = 0;
            // What was wrong with a paste means nothing elsewhere.
            self.wrong_paste = None;
            return Vec::new();
        }
        if self.address.take().is_some() || std::mem::take(&mut self.picture) {
            return Vec::new();
        }
        let opened = self.steps.contains_key(&Step::Approve);
        let attempt = self.attempt().cloned();
        if let (true, Some(attempt)) = (opened, &attempt) {
            let leaving = Leaving::attempt(self.subject.name.clone(), attempt.clone());
            return vec![Effect::Open(Box::new(Screen::Leaving(leaving)))];
        }
        let cancel = attempt.map(|attempt| Effect::Ask(Request::Cancel { attempt }));
        cancel.into_iter().chain([Effect::Close]).collect()
    }

    fn send_paste(&mut self) -> Vec<Effect> {
        let Some(attempt) = self.attempt().cloned() else {
            return Vec::new();
        };
        match self.paste.take() {
            Some(field) if !field.is_empty() => {
                self.wrong_paste = None;
                self.at = 0;
                // Open until it is known to be right: what is wrong with it stands below.
                self.paste = Some(MaskedField::default());
                vec![Effect::Ask(Request::Paste {
                    attempt,
                    text: field.secret(),
                })]
            }
            empty => {
                self.paste = empty;
                Vec::new()
            }
        }
    }

    /// The person knows better where a browser is than the facts do.
    fn change_place(&mut self) -> Vec<Effect> {
        let Some(attempt) = self.attempt().cloned() else {
            return Vec::new();
        };
        self.options.no_browser = !self.options.no_browser;
        self.at = 0;
        if !self.options.no_browser {
            vec![Effect::Ask(Request::OpenAgain { attempt })]
        } else if self.subject.device == Some(true) {
            vec![Effect::Ask(Request::UseDevice { attempt })]
        } else {
            Vec::new()
        }
    }

    /// Something stands in the place of the ways; what leaves it leads back to them.
    fn is_on_a_page(&self) -> bool {
        let asks = self.paste.is_some() || self.host.is_some() || self.consent.is_some();
        asks || self.address.is_some() || self.picture
    }

    /// It is approved, and asks for what it asks for.
    pub(super) fn went_on(&self) -> bool {
        let approved = self.steps.keys().any(|step| *step > Step::Approve);
        self.is_running() && (approved || self.question.is_some())
    }

    /// Other scopes can be chosen: it waits for an approval. The wizard has a step for its scopes.
    fn may_ask_for_others(&self) -> bool {
        let waits = self.attempt().is_some() && self.consent.is_none();
        waits && !self.subject.in_wizard && !self.went_on()
    }

    /// Lets the person choose others; this attempt goes on until they have.
    fn other_scopes(&self, world: &World) -> Vec<Effect> {
        let row = world.table.row(&self.subject.id);
        row.filter(|_| self.may_ask_for_others())
            .map_or_else(Vec::new, |row| {
                OtherScopes::above(row, &self.subject.requested)
            })
    }

    /// Begins anew with other scopes: a connection has one attempt, so the one that waits ends.
    pub(super) fn with_scopes(&mut self, scopes: ScopeSet, world: &World) -> Vec<Effect> {
        let stored = world.table.row(&self.subject.id);
        let same = stored.is_some_and(|row| row.summary.requested == scopes);
        self.subject.requested = scopes.clone();
        let options = SignInOptions {
            scopes: (!same).then_some(scopes),
            ..self.options.clone()
        };
        self.retry(options, world)
    }

    fn ask_address(&self, purpose: AddressUse) -> Vec<Effect> {
        match self.attempt().cloned() {
            Some(attempt) => vec![Effect::Ask(Request::Address { attempt, purpose })],
            None => Vec::new(),
        }
    }
}

impl Face for Authorize {
    fn place(&self) -> Place {
        // Over, with numbered fixes: nothing is left to stop.
        if self.failure.is_some() {
            Place::Choices
        } else if self.is_on_a_page() {
            Place::SignInPage
        } else {
            Place::Authorize
        }
    }

    fn typed(&mut self) -> Option<Typed<'_>> {
        match &mut self.host {
            Some(host) => Some(Typed::Plain(host)),
            None => self.paste.as_mut().map(Typed::Masked),
        }
    }

    fn typing(&self) -> bool {
        self.paste.is_some() || self.host.is_some()
    }

    fn facts(&self, world: &World, facts: &mut Facts) {
        facts.copyable = self.address.is_some() || self.copyable();
        // A question has the screen for itself.
        let ways = self.failure.is_none() && self.question.is_none() && self.consent.is_none();
        facts.qr = ways && self.code_picture(world).is_some();
        facts.other_scopes = self.may_ask_for_others();
        facts.forward = ways && self.attempt().is_some() && self.forward().is_some();
    }

    fn act(&mut self, action: Action, key: Key, world: &World) -> Vec<Effect> {
        if matches!(action, Action::Stop | Action::Back) {
            return self.stop();
        }
        if self.host.is_some() {
            return if action == Action::Choose {
                self.send_host()
            } else {
                Vec::new()
            };
        }
        if self.paste.is_some() {
            return if action == Action::Choose {
                self.send_paste()
            } else {
                Vec::new()
            };
        }
        if self.address.is_some() {
            return match action {
                Action::Copy => self.ask_address(AddressUse::Copy),
                Action::PrintRaw => self.ask_address(AddressUse::Print),
                Action::ShowAddress | Action::Choose => {
                    self.address = None;
                    Vec::new()
                }
                _ => Vec::new(),
            };
        }
        let choices = self.choices();
        if let Some(at) = moved(self.at, choices.len(), 1, action) {
            self.at = at;
            return Vec::new();
        }
        match action {
            // A space ticks, and does nothing else.
            Action::Toggle if !matches!(choices.get(self.at), Some(Choice::Allow(_))) => Vec::new(),
            Action::Choose | Action::Toggle => choices
                .get(self.at)
                .cloned()
                .map_or_else(Vec::new, |choice| self.press(choice, world)),
            Action::Pick if !self.is_numbered() => Vec::new(),
            Action::Pick => match picked(key).filter(|at| *at < choices.len()) {
                Some(at) => {
                    self.at = at;
                    self.press(choices[at].clone(), world)
                }
                None => Vec::new(),
            },
            Action::Copy => self.copy(),
            Action::ShowAddress => self.ask_address(AddressUse::Show),
            Action::OtherScopes => self.other_scopes(world),
            Action::BrowserHere => self.change_place(),
            Action::SshHost => {
                self.ask_host();
                Vec::new()
            }
            Action::PrintRaw => self.ask_address(AddressUse::Print),
            Action::ShowQr => {
                self.picture = !self.picture;
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn click(&mut self, item: usize, _world: &World) -> bool {
        std::mem::replace(&mut self.at, item) == item
    }

    fn page(&self, pen: Pen, world: &World) -> Page {
        self.draw(pen, world)
    }
}
