//! Draws the sign-in.

use super::choice::Choice;
use super::{Authorize, Progress};
use crate::advice::Fix;
use crate::engine::{Answer, Question, Step, StepState};
use crate::model::Scope;
use crate::tui::glyph;
use crate::tui::model::World;
use crate::tui::page::{Page, Pen};
use crate::tui::text;
use crate::tui::theme::Role;

/// Where the person said so.
const ANYWHERE: &str = "Use a browser anywhere. The first way that works wins.";

/// Where one was to open.
const NONE_OPENED: &str = "No browser could be started here. Use one anywhere; the first way that works wins. {browser-here-or-elsewhere} tries here again.";

/// How much is said of each way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ways {
    Unfolded,
    /// One line for each but the selected one.
    Folded,
}

/// What a step is called, and the plain meaning while it has nothing else to tell.
fn step_words(step: Step, done: bool) -> (&'static str, &'static str) {
    match step {
        Step::Listen if done => ("Ready for the answer", ""),
        Step::Listen => ("Get ready for the answer", ""),
        Step::Browser if done => ("Browser opened", ""),
        Step::Browser => ("Open the browser", ""),
        Step::Approve if done => ("Approved", ""),
        Step::Approve => ("Waiting for your approval", ""),
        Step::Check => ("Check the answer", "is it genuine"),
        Step::Exchange => ("Exchange the code", "for a token"),
        Step::Store => ("Store it", "encrypted"),
        Step::Identify => ("Identify", "who you are there"),
        Step::Accept => ("Accept", "it replaces what was there"),
        Step::Test => ("Test", "a simple read"),
    }
}

impl Authorize {
    /// Where it is higher than the screen, only the selected way is unfolded.
    pub(super) fn draw(&self, pen: Pen, world: &World) -> Page {
        let page = self.draw_with(Ways::Unfolded, pen, world);
        if page.lines() <= pen.height {
            return page;
        }
        self.draw_with(Ways::Folded, pen, world)
    }

    fn draw_with(&self, ways: Ways, pen: Pen, world: &World) -> Page {
        let aside = if self.subject.in_wizard {
            "Step 6 of 7: Authorize"
        } else {
            "Authorize"
        };
        let mut page = Page::new(format!("Connecting {}", self.subject.name), aside, pen);
        if self.failure.is_some() {
            self.draw_failure(&mut page);
        } else if let Some(question) = &self.question {
            self.draw_question(question, &mut page);
        } else if self.consent.is_some() {
            self.draw_consent(&mut page, world);
        } else if let Some(host) = &self.host {
            self.draw_host(host, &mut page);
        } else if self.paste.is_some() {
            self.draw_paste(&mut page);
        } else if let Some(address) = &self.address {
            Self::draw_address(address, &mut page, world);
        } else if self.picture {
            self.draw_picture(&mut page, world);
        } else if self.options.no_browser && !self.went_on() {
            if pen.height >= 12 {
                let why = world.setup.elsewhere.as_deref().unwrap_or(ANYWHERE);
                if self.browser_failed {
                    page.text(0, Role::Plain, &world.keys().fill(NONE_OPENED));
                } else {
                    page.text(0, Role::Plain, why);
                }
                page.blank();
            }
            self.draw_ways(ways, &mut page, world);
            if ways == Ways::Unfolded {
                page.blank();
            }
            self.draw_waiting(&mut page, world);
            self.draw_asked(&mut page, world);
        } else {
            self.draw_steps(&mut page, world);
            self.draw_asked(&mut page, world);
            if !self.went_on() {
                page.blank();
                if !self.choices().is_empty() {
                    page.text(0, Role::Plain, "If Approve does nothing, use another way:");
                }
                self.draw_ways(ways, &mut page, world);
            }
        }
        // On a page of its own stands only what belongs to it.
        if !self.is_on_a_page() {
            for sentence in self.wrong_paste.iter().chain(&self.ignored) {
                page.blank();
                page.text(0, Role::Warn, sentence);
            }
        }
        page
    }

    fn draw_steps(&self, page: &mut Page, world: &World) {
        for step in Step::ALL {
            let progress = self.steps.get(&step);
            let quiet = matches!(step, Step::Accept | Step::Test);
            if progress.is_none() && quiet {
                continue;
            }
            self.draw_step(page, step, progress, world);
        }
    }

    fn draw_step(&self, page: &mut Page, step: Step, progress: Option<&Progress>, world: &World) {
        let state = progress.map(|progress| progress.state);
        let (name, meaning) = step_words(step, state == Some(StepState::Done));
        let (glyph, role) = match state {
            None => (glyph::OPEN, Role::Dim),
            Some(StepState::Active) => (glyph::ACTIVE, Role::Key),
            Some(StepState::Done) => (glyph::DONE, Role::Good),
            Some(StepState::Skipped) => (glyph::NONE, Role::Dim),
            Some(StepState::Failed) => (glyph::FAILED, Role::Bad),
        };
        let detail = progress.and_then(|progress| progress.detail.clone());
        let beside = match (state, detail) {
            (Some(StepState::Active), detail) => {
                let since = progress.map_or(world.now, |progress| progress.since);
                let elapsed = text::clock(world.now.since(since));
                let end = if step == Step::Approve {
                    self.end_words(world)
                } else {
                    String::new()
                };
                format!("{elapsed}   {end}{}", detail.unwrap_or_default())
            }
            (Some(StepState::Skipped), None) => "skipped".to_owned(),
            (_, Some(detail)) => detail,
            (_, None) => meaning.to_owned(),
        };
        let name_role = if state.is_none() {
            Role::Dim
        } else {
            Role::Plain
        };
        let column = if page.pen().width >= 60 { 30 } else { 0 };
        let name = text::fit(name, text::width(name).max(column), "");
        page.spans(
            0,
            &[
                (role, format!("{glyph} ")),
                (name_role, format!("{name} ")),
                (Role::Dim, beside),
            ],
        );
    }

    fn end_words(&self, world: &World) -> String {
        format!(
            "gives up in {}",
            text::clock(self.gives_up().since(world.now))
        )
    }

    /// The line that says how far it is, where the ways take the room.
    fn draw_waiting(&self, page: &mut Page, world: &World) {
        let active = self
            .steps
            .iter()
            .rev()
            .find(|(_, progress)| progress.state == StepState::Active);
        if let Some((step, progress)) = active {
            self.draw_step(page, *step, Some(progress), world);
        } else {
            let words = format!("{} Getting ready", glyph::ACTIVE);
            page.text(0, Role::Plain, &words);
        }
    }

    /// What is asked for, as long as that can be changed.
    fn draw_asked(&self, page: &mut Page, world: &World) {
        if !self.may_ask_for_others() || page.pen().height < 12 {
            return;
        }
        let asked = match self.subject.requested.len() {
            0 => "the provider's default".to_owned(),
            _ => self.subject.requested.to_string(),
        };
        let key = world.keys().fill("{other-scopes} asks for others");
        page.blank();
        page.text(0, Role::Plain, &format!("Asks for: {asked}   {key}"));
    }

    fn draw_paste(&self, page: &mut Page) {
        page.text(0, Role::Plain, "Approve in the browser. When it then fails to load a page, copy the whole address of that page from its address line, and paste it here.");
        page.text(0, Role::Warn, "Never send this address to anyone.");
        page.blank();
        if let Some(field) = &self.paste {
            page.masked(0, true, "Address", 9, field, self.wrong_paste.as_deref());
        }
        page.blank();
        page.text(
            0,
            Role::Dim,
            "Enter checks it; the sign-in goes on waiting meanwhile.",
        );
    }

    fn draw_question(&self, question: &Question, page: &mut Page) {
        let provider = &self.subject.provider;
        let words = match question {
            Question::WiderGrant { added } => {
                format!("{provider} granted more than you asked for: {added}")
            }
            Question::OtherAccount { before, now } => {
                format!("You signed in as {now}. This connection belongs to {before}.")
            }
        };
        page.text(0, Role::Strong, &words);
        page.blank();
        for (index, choice) in self.choices().into_iter().enumerate() {
            let words = match (question, choice) {
                (Question::WiderGrant { .. }, Choice::Answer(Answer::Accept)) => {
                    "keep it, with the wider access".to_owned()
                }
                (Question::WiderGrant { .. }, _) => "give it back; what was there stays".to_owned(),
                (Question::OtherAccount { now, .. }, Choice::Answer(Answer::Accept)) => {
                    format!("replace it with {now}")
                }
                (Question::OtherAccount { before, now }, _) => {
                    format!("keep {before}; the sign-in of {now} is given back")
                }
            };
            page.item(
                index,
                index == self.at,
                &format!("{}", index + 1),
                3,
                &words,
            );
        }
    }

    fn draw_consent(&self, page: &mut Page, world: &World) {
        page.text(
            0,
            Role::Plain,
            "The practice provider asks: may Valetkey have this? Space unticks.",
        );
        page.blank();
        let consent = self.consent.as_deref().unwrap_or_default();
        for (index, choice) in self.choices().into_iter().enumerate() {
            let (label, meaning) = match choice {
                Choice::Allow(scope) => {
                    let allowed = consent.iter().any(|(known, on)| *known == scope && *on);
                    let label = format!("[{}] {scope}", if allowed { "x" } else { " " });
                    (label, meaning(&scope, world))
                }
                Choice::Approve => ("Approve".to_owned(), ""),
                _ => ("Decline".to_owned(), ""),
            };
            page.item(
                index,
                index == self.at,
                &format!("{}  {label}", index + 1),
                25,
                meaning,
            );
        }
    }

    fn draw_failure(&self, page: &mut Page) {
        let Some(failure) = &self.failure else {
            return;
        };
        if let Some(step) = failure.step {
            page.text(
                0,
                Role::Bad,
                &format!("{} {}", glyph::FAILED, step_words(step, false).0),
            );
        }
        if failure.chosen {
            let done = format!("{} {}", glyph::DONE, failure.sentence);
            page.text(0, Role::Plain, &done);
        } else {
            page.text(2, Role::Plain, &failure.sentence);
        }
        if let Some(hint) = &failure.hint {
            page.text(2, Role::Dim, hint);
        }
        if failure.fixes().contains(&Fix::ChangeScopes) {
            let asked = format!("Asked for: {}", self.subject.requested);
            page.text(2, Role::Plain, &asked);
        }
        page.blank();
        for (index, fix) in failure.fixes().iter().enumerate() {
            let address = match fix {
                Fix::OpenPage(address) => address,
                _ => "",
            };
            let (number, label) = (format!("{}", index + 1), clean(&fix.label()));
            page.with_address(address, |page| {
                page.item(index, index == self.at, &number, 3, &label);
            });
        }
    }
}

/// What a scope of the practice provider allows.
fn meaning<'w>(scope: &Scope, world: &'w World) -> &'w str {
    let presets = world.setup.presets.iter();
    let mut known = presets.flat_map(|preset| preset.scopes.iter());
    known
        .find(|choice| choice.scope == *scope)
        .map_or("", |choice| &choice.known.help)
}

/// One line without controls, for addresses that are shown whole.
pub(super) fn clean(address: &str) -> String {
    address.chars().filter(|c| !c.is_control()).collect()
}
