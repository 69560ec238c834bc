//! Draws the sign-in.

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

use super::choice::Choice;
use super::{Authorize, Progress};
use crate::engine::{Answer, Question, Step, StepState, Way};
use crate::tui::glyph;
use crate::tui::model::World;
use crate::tui::page::{Page, Pen};
use crate::tui::text;
use crate::tui::theme::Role;

/// What a step is called, and the plain meaning while it has nothing else to tell.
fn step_words(step: Step, done: bool) -> (&'static str, &'static str) {
    match step {
        Step::Listen => ("Ready for the answer", ""),
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
    pub(super) fn draw(&self, pen: Pen, world: &World) -> Page {
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
            self.draw_consent(&mut page);
        } else if self.paste.is_some() {
            self.draw_paste(&mut page);
        } else if self.picture {
            self.draw_picture(&mut page, world);
        } else if self.options.no_browser {
            if pen.height >= 12 {
                page.text(
                    0,
                    Role::Plain,
                    "No browser opens on this machine. The first way that works wins.",
                );
                page.blank();
            }
            self.draw_ways(&mut page, world);
            page.blank();
            self.draw_waiting(&mut page, world);
        } else {
            self.draw_steps(&mut page, world);
            page.blank();
            if !self.choices(world).is_empty() {
                page.text(0, Role::Plain, "If Approve does nothing, use another way:");
            }
            self.draw_ways(&mut page, world);
        }
        if let Some(sentence) = &self.ignored {
            page.blank();
            page.text(0, Role::Warn, sentence);
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
        match active {
            Some((step, progress)) => self.draw_step(page, *step, Some(progress), world),
            None => {
                let words = format!("{} Getting ready", glyph::ACTIVE);
                page.text(0, Role::Plain, &words);
            }
        }
    }

    fn draw_ways(&self, page: &mut Page, world: &World) {
        if self.attempt.is_none() {
            page.text(0, Role::Dim, "Getting ready.");
            return;
        }
        for (index, choice) in self.choices(world).into_iter().enumerate() {
            let selected = index == self.at;
            let mut line = |label: &str, words: &str| {
                page.item(
                    index,
                    selected,
                    &format!("{}  {label}", index + 1),
                    13,
                    words,
                );
            };
            match choice {
                Choice::Code => {
                    line("Code", "type it on the provider's page");
                    self.draw_code(page, world);
                }
                Choice::Forward => self.draw_forward(page, index, selected),
                Choice::OpenAgain => line("Open", "the page again"),
                Choice::CopyAddress if self.options.no_browser => {
                    line("Address", "copy it, and open it in a browser anywhere");
                }
                Choice::CopyAddress => line("Address", "copy it, for another browser"),
                Choice::Paste => {
                    line(
                        "Paste",
                        "approve; if the browser then fails to load a page, paste its whole address here. Never send it to anyone.",
                    );
                }
                Choice::UseCode => line("Code", "use a code on another device instead"),
                Choice::ApproveHere => line("Here", "approve here (practice)"),
                _ => {}
            }
        }
        if let Some(address) = &self.address {
            page.blank();
            page.text(0, Role::Dim, "Good for this sign-in only; o hides it:");
            let address = crate::model::Untrusted::new(address.reveal());
            // Longer than what is ever shown of outside text: it is ours, and cut nowhere.
            for part in text::wrap(&clean(address.raw()), page.room(0)) {
                page.raw(part);
            }
        }
    }

    /// The warning, the page and the code (conformance K-02, K-03, K-04).
    fn draw_code(&self, page: &mut Page, world: &World) {
        for way in &self.ways {
            let Way::Device {
                user_code,
                verification_uri,
                expires_at,
                foreign_host,
                ..
            } = way
            else {
                continue;
            };
            let indent = if page.pen().width >= 60 { 13 } else { 3 };
            page.text(
                indent,
                Role::Warn,
                "Only type a code that you asked for yourself here.",
            );
            page.text(
                indent,
                Role::Warn,
                "Never give it to anyone, never enter one somebody sent you.",
            );
            let host: String = clean(verification_uri);
            page.spans(
                indent,
                &[(Role::Dim, "open  ".to_owned()), (Role::Strong, host)],
            );
            if *foreign_host {
                page.text(
                    indent,
                    Role::Warn,
                    "This page is on another host than the provider.",
                );
            }
            let spaced: String = user_code.as_str().chars().flat_map(|c| [c, ' ']).collect();
            page.spans(
                indent,
                &[
                    (Role::Dim, "type  ".to_owned()),
                    (Role::Banner, format!(" {spaced}")),
                ],
            );
            let left = expires_at.since(world.now);
            page.spans(
                indent,
                &[(Role::Dim, format!("ends in {}", text::clock(left)))],
            );
        }
    }

    fn draw_forward(&self, page: &mut Page, index: usize, selected: bool) {
        for way in &self.ways {
            let Way::Forward { command, start_url } = way else {
                continue;
            };
            let label = format!("{}  Forward", index + 1);
            if !self.options.no_browser {
                page.item(
                    index,
                    selected,
                    &label,
                    13,
                    "copy a command that forwards the port from another machine",
                );
                continue;
            }
            page.item(index, selected, &label, 13, "on your own machine, in another terminal (the user and host you typed to get here):");
            let indent = if page.pen().width >= 60 { 13 } else { 3 };
            page.text(indent, Role::Strong, command);
            page.spans(
                indent,
                &[
                    (Role::Dim, "then open  ".to_owned()),
                    (Role::Strong, start_url.clone()),
                ],
            );
        }
    }

    fn draw_paste(&self, page: &mut Page) {
        page.text(0, Role::Plain, "Approve in the browser. When it then fails to load a page, copy the whole address of that page from its address line, and paste it here.");
        page.text(0, Role::Warn, "Never send this address to anyone.");
        page.blank();
        if let Some(field) = &self.paste {
            page.masked(0, true, "Address", 9, field, None);
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
        for (index, choice) in self.choices_bare().into_iter().enumerate() {
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

    fn draw_consent(&self, page: &mut Page) {
        page.text(
            0,
            Role::Plain,
            "The practice provider asks: may Valetkey have this?",
        );
        page.blank();
        let consent = self.consent.as_deref().unwrap_or_default();
        for (index, choice) in self.choices_bare().into_iter().enumerate() {
            let label = match choice {
                Choice::Allow(scope) => {
                    let allowed = consent.iter().any(|(known, on)| *known == scope && *on);
                    format!("[{}] {scope}", if allowed { "x" } else { " " })
                }
                Choice::Approve => "Approve".to_owned(),
                _ => "Decline".to_owned(),
            };
            page.item(
                index,
                index == self.at,
                &format!("{}  {label}", index + 1),
                0,
                "",
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
        page.text(2, Role::Plain, &failure.sentence);
        if let Some(hint) = &failure.hint {
            page.text(2, Role::Dim, hint);
        }
        page.blank();
        for (index, fix) in failure.fixes().iter().enumerate() {
            page.item(
                index,
                index == self.at,
                &format!("{}", index + 1),
                3,
                &clean(&fix.label()),
            );
        }
    }

    fn draw_picture(&self, page: &mut Page, world: &World) {
        for way in &self.ways {
            if let Way::Device { user_code, .. } = way {
                page.text(
                    0,
                    Role::Plain,
                    &format!("Check that the page shows {user_code}"),
                );
            }
        }
        for line in self.code_picture(world).unwrap_or_default() {
            page.raw(line);
        }
    }

    /// The code's page as a QR picture, if it fits the screen. Only of a device code: an
    /// authorization address is too long for 80x24.
    pub(super) fn code_picture(&self, world: &World) -> Option<Vec<String>> {
        if world.setup.look.ascii {
            return None;
        }
        let target = self.ways.iter().find_map(|way| match way {
            Way::Device {
                complete,
                verification_uri,
                ..
            } => Some(complete.as_ref().unwrap_or(verification_uri)),
            _ => None,
        })?;
        let code = QrCode::with_error_correction_level(target, EcLevel::L).ok()?;
        // Light modules are drawn: on a dark terminal that is the usual picture.
        let picture = code
            .render::<Dense1x2>()
            .dark_color(Dense1x2::Light)
            .light_color(Dense1x2::Dark)
            .build();
        let lines: Vec<String> = picture.lines().map(str::to_owned).collect();
        let wide = lines.first().map_or(0, |line| text::width(line));
        let fits = wide + 4 <= usize::from(world.size.0) && lines.len() < world.page_lines();
        fits.then_some(lines)
    }
}

/// One line without controls, for addresses that are shown whole.
fn clean(address: &str) -> String {
    address.chars().filter(|c| !c.is_control()).collect()
}
