//! The numbered lines of the screen and what each does.

use super::Authorize;
use crate::advice::Fix;
use crate::engine::{Answer, Question, Step, Way};
use crate::host::FirstWay;
use crate::model::{Scope, ScopeSet};
use crate::tui::face::Effect;
use crate::tui::masked::MaskedField;
use crate::tui::model::{Screen, World};
use crate::tui::request::{AddressUse, Request};
use crate::tui::screens::{Asking, OtherScopes};

/// A line that can be pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// The code of the device way; pressing opens its page, or copies the code where no browser is.
    Code,
    Forward,
    OpenAgain,
    CopyAddress,
    Paste,
    UseCode,
    ApproveHere,
    Allow(Scope),
    Approve,
    Decline,
    Answer(Answer),
    Fix(Fix),
}

impl Authorize {
    /// The lines of this moment, in order of their numbers.
    pub(super) fn choices(&self) -> Vec<Choice> {
        if let Some(failure) = &self.failure {
            return failure.fixes().iter().cloned().map(Choice::Fix).collect();
        }
        if let Some(question) = &self.question {
            let answers = match question {
                Question::WiderGrant { .. } => [Answer::Accept, Answer::GiveBack],
                Question::OtherAccount { .. } => [Answer::GiveBack, Answer::Accept],
            };
            return answers.map(Choice::Answer).to_vec();
        }
        if let Some(consent) = &self.consent {
            let scopes = consent
                .iter()
                .map(|(scope, _)| Choice::Allow(scope.clone()));
            // What decides comes first: enter must not untick, and its number stays the same.
            let decide = [Choice::Approve, Choice::Decline];
            return decide.into_iter().chain(scopes).collect();
        }
        if self.attempt.is_none() || self.went_on() {
            return Vec::new();
        }
        let has = |wanted: fn(&Way) -> bool| self.ways.iter().any(wanted);
        let device = has(|way| matches!(way, Way::Device { .. }));
        let mut choices = Vec::new();
        if device && !self.late_code {
            choices.push(Choice::Code);
        }
        // Without a browser here the forward comes before what needs a local one.
        let forward = has(|way| matches!(way, Way::Forward { .. }));
        if forward && self.options.no_browser && !self.shared {
            choices.push(Choice::Forward);
        }
        let open = has(|way| matches!(way, Way::Open { .. }));
        let by_key = self.browser_here && self.first_way.is_some();
        if open && (by_key || !self.options.no_browser) {
            choices.push(Choice::OpenAgain);
        }
        let paste = has(|way| matches!(way, Way::Paste));
        if open || paste {
            choices.push(Choice::CopyAddress);
        }
        if paste {
            choices.push(Choice::Paste);
        }
        if device && self.late_code {
            choices.push(Choice::Code);
        } else if self.subject.device == Some(true) && !device {
            choices.push(Choice::UseCode);
        }
        if forward && (self.shared || !self.options.no_browser) {
            choices.push(Choice::Forward);
        }
        if self.practice {
            // Where no browser opens nothing else is as near.
            let at = if self.options.no_browser {
                0
            } else {
                choices.len()
            };
            choices.insert(at, Choice::ApproveHere);
        }
        // The later of two ends up before the earlier.
        let first: &[Choice] = match self.first_way {
            Some(FirstWay::Browser) => &[Choice::OpenAgain],
            Some(FirstWay::Device) => &[Choice::UseCode, Choice::Code],
            Some(FirstWay::Forward) => &[Choice::Forward],
            Some(FirstWay::Paste) => &[Choice::Paste, Choice::CopyAddress],
            None => &[],
        };
        for wished in first {
            if let Some(at) = choices.iter().position(|choice| choice == wished) {
                choices[..=at].rotate_right(1);
            }
        }
        choices
    }

    /// Whether the lines have their numbers. The ways come in one by one until the approval is waited for, and
    /// one more with the definition: a number that moved under the finger would press another line, most of
    /// all over a slow connection.
    pub(super) fn is_numbered(&self) -> bool {
        let asks = self.failure.is_some() || self.question.is_some() || self.consent.is_some();
        let all_known = self.subject.device.is_some() && self.steps.contains_key(&Step::Approve);
        asks || all_known
    }

    /// Presses a line.
    pub(super) fn press(&mut self, choice: Choice, world: &World) -> Vec<Effect> {
        let attempt = self.attempt().cloned();
        match (choice, attempt) {
            (Choice::Fix(fix), _) => self.fix(fix, world),
            (_, None) => Vec::new(),
            (Choice::Code, Some(_)) if self.options.no_browser => self.copy(),
            (Choice::Code, Some(_)) => match self.device_page() {
                Some(url) => vec![Effect::Ask(Request::OpenPage(url))],
                None => Vec::new(),
            },
            (Choice::OpenAgain, Some(attempt)) => vec![Effect::Ask(Request::OpenAgain { attempt })],
            (Choice::CopyAddress, Some(_)) => self.ask_address(AddressUse::Copy),
            (Choice::Forward, Some(_)) if self.forward().is_some_and(|f| f.target.is_none()) => {
                self.ask_host();
                Vec::new()
            }
            (Choice::Forward, Some(_)) => self.copy(),
            (Choice::Paste, Some(_)) => {
                self.paste = Some(MaskedField::default());
                Vec::new()
            }
            (Choice::UseCode, Some(attempt)) => vec![Effect::Ask(Request::UseDevice { attempt })],
            (Choice::ApproveHere, Some(_)) => {
                self.consent = Some(
                    self.subject
                        .requested
                        .iter()
                        .map(|scope| (scope.clone(), true))
                        .collect(),
                );
                self.at = 0;
                Vec::new()
            }
            (Choice::Allow(scope), Some(_)) => {
                for (known, allowed) in self.consent.iter_mut().flatten() {
                    if *known == scope {
                        *allowed = !*allowed;
                    }
                }
                Vec::new()
            }
            (Choice::Approve, Some(attempt)) => {
                let consent = self.consent.take().unwrap_or_default();
                let allow: ScopeSet = consent
                    .into_iter()
                    .filter(|(_, allowed)| *allowed)
                    .map(|(scope, _)| scope)
                    .collect();
                self.at = 0;
                vec![Effect::Ask(Request::PracticeApprove {
                    attempt,
                    allow: Some(allow),
                })]
            }
            (Choice::Decline, Some(attempt)) => {
                self.consent = None;
                self.at = 0;
                vec![Effect::Ask(Request::PracticeApprove {
                    attempt,
                    allow: None,
                })]
            }
            (Choice::Answer(answer), Some(attempt)) => {
                self.question = None;
                self.at = 0;
                vec![Effect::Ask(Request::AnswerQuestion { attempt, answer })]
            }
        }
    }

    fn fix(&mut self, fix: Fix, world: &World) -> Vec<Effect> {
        use crate::tui::face::Correction;
        let options = self.options.clone();
        let correct = |what| vec![Effect::Close, Effect::Correct(what)];
        match fix {
            Fix::TryAgain | Fix::SignInAgain | Fix::WaitForPort => self.retry(options, world),
            Fix::Paste => {
                let effects = self.retry(
                    crate::engine::SignInOptions {
                        no_browser: true,
                        paste: true,
                        ..options
                    },
                    world,
                );
                self.paste_wanted = true;
                effects
            }
            Fix::Device => self.retry(
                crate::engine::SignInOptions {
                    device: true,
                    ..options
                },
                world,
            ),
            Fix::ChangeRedirect => correct(Correction::Redirect),
            Fix::ChangeClientId => correct(Correction::ClientId),
            Fix::ChangeSecret => correct(Correction::Secret),
            Fix::ChangeScopes if self.subject.in_wizard => correct(Correction::Scopes),
            Fix::ChangeScopes => match world.table.row(&self.subject.id) {
                Some(row) => [Effect::Close]
                    .into_iter()
                    .chain(OtherScopes::open(row, &self.subject.requested))
                    .collect(),
                None => Vec::new(),
            },
            Fix::SecretInBody => correct(Correction::SecretInBody),
            Fix::SecretInHeader => correct(Correction::SecretInHeader),
            Fix::WithoutSecret => correct(Correction::WithoutSecret),
            Fix::Unlock => {
                let effects = self.retry(options, world);
                let request = effects.into_iter().find_map(|effect| match effect {
                    Effect::Ask(request) => Some(Box::new(request)),
                    _ => None,
                });
                vec![Effect::Open(Box::new(Screen::Asking(Asking::new(
                    false, request,
                ))))]
            }
            Fix::OpenPage(url) => vec![Effect::Ask(Request::OpenPage(url))],
        }
    }

    /// Whether `c` has something to copy on the selected line.
    pub(super) fn copyable(&self) -> bool {
        matches!(
            self.choices().get(self.at),
            Some(
                Choice::Code
                    | Choice::Forward
                    | Choice::OpenAgain
                    | Choice::CopyAddress
                    | Choice::Paste
                    | Choice::Fix(Fix::OpenPage(_))
            )
        )
    }

    pub(super) fn copy(&self) -> Vec<Effect> {
        match self.choices().get(self.at) {
            Some(Choice::Code) => self
                .ways
                .iter()
                .find_map(|way| match way {
                    Way::Device { user_code, .. } => {
                        Some(Effect::Copy("The code", user_code.to_string()))
                    }
                    _ => None,
                })
                .into_iter()
                .collect(),
            Some(Choice::Forward) => self
                .forward()
                .map(|forward| Effect::Copy("The command", forward.lines.command.clone()))
                .into_iter()
                .collect(),
            Some(Choice::OpenAgain | Choice::CopyAddress | Choice::Paste) => {
                self.ask_address(AddressUse::Copy)
            }
            Some(Choice::Fix(Fix::OpenPage(url))) => vec![Effect::Copy("The address", url.clone())],
            _ => Vec::new(),
        }
    }

    /// The page where a code is typed.
    fn device_page(&self) -> Option<String> {
        self.ways.iter().find_map(|way| match way {
            Way::Device {
                verification_uri, ..
            } => Some(verification_uri.clone()),
            _ => None,
        })
    }
}
