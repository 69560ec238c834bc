//! Connecting a service, step by step: provider, details, app, scopes, review. The last two of
//! its seven steps, authorize and test, are screens of their own. Going back loses nothing: what
//! was typed lives in a draft for each provider, and the drafts outlive the screen.

mod catalogue;
mod check;
mod draft;
mod lines;
mod preset;
mod provider_list;
mod result;
mod view;

use std::collections::BTreeMap;

pub use self::catalogue::choices;
pub(super) use self::draft::{Draft, FieldId};
use self::lines::Line;
pub use self::preset::{
    BuildProvider, PresetChoice, PresetWay, RegisterStep, RegisterSteps, ScopeChoice, SecretNeed,
    Values, Variable,
};
use self::provider_list::Found;
use super::authorize::{Authorize, Subject};
use super::face::{Correction, Effect, Face, moved, picked};
use super::field::{TextField, Typed};
use super::model::World;
use super::page::{Page, Pen};
use super::request::Request;
use crate::actions::{Action, Facts, Key, Place};
use crate::model::{ClientAuth, ConnectionId, ConnectionName};

/// A step of the wizard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Provider,
    Details,
    App,
    Scopes,
    Review,
}

impl Stage {
    const ALL: [Stage; 5] = [
        Stage::Provider,
        Stage::Details,
        Stage::App,
        Stage::Scopes,
        Stage::Review,
    ];

    fn words(self) -> &'static str {
        match self {
            Self::Provider => "Step 1 of 7: Provider",
            Self::Details => "Step 2 of 7: Details",
            Self::App => "Step 3 of 7: App",
            Self::Scopes => "Step 4 of 7: Scopes",
            Self::Review => "Step 5 of 7: Review",
        }
    }

    fn next(self) -> Self {
        Self::ALL.get(self as usize + 1).copied().unwrap_or(self)
    }

    fn before(self) -> Option<Self> {
        (self as usize).checked_sub(1).map(|index| Self::ALL[index])
    }
}

/// What happens once the definition is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Saving {
    ThenSignIn,
    ThenDone,
}

/// The wizard.
pub(super) struct Wizard {
    stage: Stage,
    search: TextField,
    found: Vec<Found>,
    found_at: usize,
    /// By provider; the empty key is the own provider.
    drafts: BTreeMap<String, Draft>,
    current: String,
    /// Selected line.
    at: usize,
    problems: BTreeMap<FieldId, String>,
    secret_problem: Option<String>,
    /// The furthest step that was reached with the current provider: the list offers to go on there.
    reached: Stage,
    /// Stored already, by an earlier try of this wizard.
    saved: Option<ConnectionId>,
    saving: Option<Saving>,
}

impl Wizard {
    pub(super) fn new(world: &World) -> Self {
        let mut wizard = Self {
            stage: Stage::Provider,
            search: TextField::default(),
            found: Vec::new(),
            found_at: 0,
            drafts: BTreeMap::from([(String::new(), Draft::of_own())]),
            current: String::new(),
            at: 0,
            problems: BTreeMap::new(),
            secret_problem: None,
            reached: Stage::Provider,
            saved: None,
            saving: None,
        };
        wizard.look(world);
        wizard
    }

    /// A wizard that begins with this typed at its first question.
    pub(super) fn starting_with(typed: Option<&str>, world: &World) -> Self {
        let mut wizard = Self::new(world);
        if let Some(typed) = typed {
            wizard.search.set(typed.to_owned());
            wizard.look(world);
        }
        wizard
    }

    /// The wizard as it is kept after leaving: without secrets. `None` when nothing was begun.
    pub(super) fn into_kept(mut self, world: &World) -> Option<Self> {
        if !self.draft().is_begun() {
            return None;
        }
        for draft in self.drafts.values_mut() {
            draft.secret.wipe();
        }
        self.stage = Stage::Provider;
        self.saving = None;
        self.search.set("");
        self.look(world);
        Some(self)
    }

    pub(super) fn draft(&self) -> &Draft {
        // The own provider's draft is there from the start.
        self.drafts
            .get(&self.current)
            .unwrap_or_else(|| &self.drafts[""])
    }

    fn draft_mut(&mut self) -> &mut Draft {
        self.drafts.entry(self.current.clone()).or_default()
    }

    #[cfg(test)]
    pub(super) fn drafts(&self) -> &BTreeMap<String, Draft> {
        &self.drafts
    }

    fn go_to(&mut self, stage: Stage) {
        self.stage = stage;
        self.reached = self.reached.max(stage);
        self.problems.clear();
        self.secret_problem = None;
        self.at = self.aim(0);
    }

    /// The first line from `from` on that still wants something, else the one that goes on.
    fn aim(&self, from: usize) -> usize {
        let lines = self.lines();
        let draft = self.draft();
        let wants = |line: &Line| match line {
            Line::Field(FieldId::Authorization, _) => {
                draft.text(FieldId::Authorization).is_empty()
                    && draft.text(FieldId::Device).is_empty()
            }
            Line::Field(id @ (FieldId::Variable(_) | FieldId::Token | FieldId::ClientId), _) => {
                draft.text(*id).is_empty()
            }
            Line::Secret => draft.secret.is_empty(),
            line => line.is_goal(),
        };
        lines
            .iter()
            .enumerate()
            .skip(from)
            .find(|(_, line)| wants(line))
            .map_or(0, |(at, _)| at)
    }

    /// The scope being typed: the last word while no blank follows it.
    fn typed_scope(&self) -> String {
        let Some(field) = self.draft().field(FieldId::Scopes) else {
            return String::new();
        };
        let last = field
            .value()
            .rsplit(char::is_whitespace)
            .next()
            .unwrap_or_default();
        let known = self
            .draft()
            .preset
            .iter()
            .flat_map(|preset| preset.scopes.iter());
        if known
            .into_iter()
            .any(|choice| choice.scope.as_str() == last)
        {
            return String::new();
        }
        last.to_owned()
    }

    /// Checks the field that is left.
    fn leave_line(&mut self, world: &World) {
        match self.lines().get(self.at) {
            Some(Line::Field(id, _)) => {
                let id = *id;
                if matches!(id, FieldId::Variable(_)) {
                    self.draft_mut().prefill();
                }
                match check::problem(self.draft(), id, false, world) {
                    Some(words) => self.problems.insert(id, words),
                    None => self.problems.remove(&id),
                };
            }
            Some(Line::Secret) => self.secret_problem = None,
            _ => {}
        }
    }

    /// Checks the whole step; the first line with a problem is selected.
    fn check_stage(&mut self, world: &World) -> bool {
        let lines = self.lines();
        let mut first = None;
        for (at, line) in lines.iter().enumerate() {
            let problem = match line {
                Line::Field(id, _) => {
                    let problem = check::problem(self.draft(), *id, true, world);
                    match &problem {
                        Some(words) => self.problems.insert(*id, words.clone()),
                        None => self.problems.remove(id),
                    };
                    problem
                }
                Line::Secret => {
                    self.secret_problem = check::secret_problem(self.draft());
                    self.secret_problem.clone()
                }
                _ => None,
            };
            if problem.is_some() && first.is_none() {
                first = Some(at);
            }
        }
        if let Some(at) = first {
            self.at = at;
        }
        first.is_none()
    }

    fn press(&mut self, world: &World) -> Vec<Effect> {
        let Some(line) = self.lines().into_iter().nth(self.at) else {
            return Vec::new();
        };
        match line {
            Line::Field(..) | Line::Secret => {
                self.leave_line(world);
                self.at = self.aim(self.at + 1);
            }
            Line::Way(way, _) => {
                self.draft_mut().way = way;
                self.at = self.aim(0);
            }
            Line::Register(step) => {
                let is_page = step.value.starts_with("https://");
                return if is_page && world.browser_here() {
                    vec![Effect::Ask(Request::OpenPage(step.value))]
                } else {
                    vec![Effect::Copy("The line", step.value)]
                };
            }
            Line::AddSecret => {
                self.draft_mut().add_secret = true;
            }
            Line::SecretPlace => {
                let draft = self.draft_mut();
                draft.auth = Some(match result::auth(draft, true) {
                    ClientAuth::Basic => ClientAuth::Post,
                    ClientAuth::Post | ClientAuth::None => ClientAuth::Basic,
                });
            }
            Line::Scope(choice) => {
                let typed = self.typed_scope();
                self.draft_mut().toggle_scope(&choice.scope, &typed);
                // The list is whole again: stay on the scope that was ticked.
                let same =
                    |line: &Line| matches!(line, Line::Scope(other) if other.scope == choice.scope);
                self.at = self.lines().iter().position(same).unwrap_or(0);
            }
            Line::DevHttp => {
                let draft = self.draft_mut();
                draft.dev_http = !draft.dev_http;
                self.problems.clear();
            }
            Line::More => {
                let draft = self.draft_mut();
                draft.more = !draft.more;
                self.at = self
                    .lines()
                    .iter()
                    .position(|line| *line == Line::More)
                    .unwrap_or(0);
            }
            Line::GoOn => {
                if self.check_stage(world) {
                    self.go_to(self.stage.next());
                }
            }
            Line::Start => return self.save(Saving::ThenSignIn, world),
            Line::SaveOnly => return self.save(Saving::ThenDone, world),
        }
        Vec::new()
    }

    fn save(&mut self, then: Saving, world: &World) -> Vec<Effect> {
        if self.saving.is_some() || !self.check_stage(world) {
            return Vec::new();
        }
        let Some(new) = result::connection(self.draft()) else {
            // Something of an earlier step does not hold any more: go there and show it.
            for stage in [Stage::Details, Stage::App, Stage::Scopes] {
                self.go_to(stage);
                if !self.check_stage(world) {
                    break;
                }
            }
            return Vec::new();
        };
        self.saving = Some(then);
        vec![Effect::Ask(Request::SaveDefinition {
            new: Box::new(new),
            replaces: self.saved.clone(),
        })]
    }

    /// The definition is stored.
    pub(super) fn stored(
        &mut self,
        id: ConnectionId,
        name: &ConnectionName,
        world: &World,
    ) -> Vec<Effect> {
        self.saved = Some(id.clone());
        match self.saving.take() {
            Some(Saving::ThenSignIn) => {
                let draft = self.draft();
                let way = draft.chosen_way();
                let subject = Subject {
                    id,
                    name: name.to_string(),
                    provider: draft.provider_name(),
                    requested: crate::model::ScopeSet::parse(draft.text(FieldId::Scopes))
                        .unwrap_or_default(),
                    device: !draft.text(FieldId::Device).is_empty(),
                    in_wizard: true,
                };
                Authorize::start(subject, Authorize::options(world, way.device), world)
            }
            _ => vec![Effect::Home],
        }
    }

    /// Storing failed: everything typed is still there.
    pub(super) fn not_stored(&mut self) {
        self.saving = None;
    }

    /// A failed sign-in asks for a change.
    pub(super) fn correct(&mut self, what: Correction, world: &World) -> Vec<Effect> {
        match what {
            Correction::ClientId | Correction::Redirect | Correction::Secret => {
                // A preset's redirect URL is one of the options of the second step.
                let folded = what == Correction::Redirect && self.draft().preset.is_some();
                let draft = self.draft_mut();
                draft.more |= folded;
                draft.add_secret |= what == Correction::Secret;
                self.go_to(if folded { Stage::Details } else { Stage::App });
                let wanted = |line: &Line| match what {
                    Correction::Secret => *line == Line::Secret,
                    Correction::Redirect => matches!(line, Line::Field(FieldId::Redirect, _)),
                    _ => matches!(line, Line::Field(FieldId::ClientId, _)),
                };
                self.at = self.lines().iter().position(wanted).unwrap_or(0);
                Vec::new()
            }
            Correction::SecretInBody => {
                self.draft_mut().auth = Some(ClientAuth::Post);
                self.save(Saving::ThenSignIn, world)
            }
            Correction::WithoutSecret => {
                let draft = self.draft_mut();
                draft.secret.wipe();
                draft.add_secret = false;
                self.save(Saving::ThenSignIn, world)
            }
        }
    }

    fn focused(&self) -> Option<Line> {
        self.lines().into_iter().nth(self.at)
    }
}

impl Face for Wizard {
    fn place(&self) -> Place {
        if self.stage == Stage::Provider {
            Place::Providers
        } else {
            Place::Form
        }
    }

    fn typed(&mut self) -> Option<Typed<'_>> {
        if self.stage == Stage::Provider {
            return Some(Typed::Plain(&mut self.search));
        }
        match self.focused()? {
            Line::Field(id, _) => Some(Typed::Plain(self.draft_mut().field_mut(id))),
            Line::Secret => Some(Typed::Masked(&mut self.draft_mut().secret)),
            _ => None,
        }
    }

    fn typing(&self) -> bool {
        self.stage == Stage::Provider || self.focused().is_some_and(|line| line.is_field())
    }

    fn edited(&mut self, world: &World) {
        if self.stage == Stage::Provider {
            self.look(world);
            return;
        }
        // The problem goes while it is being corrected; it is looked for again on leaving.
        match self.focused() {
            Some(Line::Field(id, _)) => {
                self.problems.remove(&id);
            }
            _ => self.secret_problem = None,
        }
    }

    fn facts(&self, _world: &World, facts: &mut Facts) {
        facts.copyable = matches!(self.focused(), Some(Line::Register(_)));
    }

    fn act(&mut self, action: Action, key: Key, world: &World) -> Vec<Effect> {
        if self.stage == Stage::Provider {
            return self.act_in_list(action, world);
        }
        let len = self.lines().len();
        if let Some(at) = moved(self.at, len, world.page_lines(), action) {
            self.leave_line(world);
            self.at = at.min(self.lines().len().saturating_sub(1));
            return Vec::new();
        }
        match action {
            Action::GoOn => self.press(world),
            Action::Toggle if matches!(self.focused(), Some(Line::Scope(_) | Line::DevHttp)) => {
                self.press(world)
            }
            Action::Pick if self.stage == Stage::App => match picked(key).filter(|at| *at < len) {
                Some(at) => {
                    self.at = at;
                    if self.typing() {
                        Vec::new()
                    } else {
                        self.press(world)
                    }
                }
                None => Vec::new(),
            },
            Action::Copy => match self.focused() {
                Some(Line::Register(step)) => vec![Effect::Copy("The line", step.value)],
                _ => Vec::new(),
            },
            Action::Back => {
                if let Some(before) = self.stage.before() {
                    self.stage = before;
                    self.problems.clear();
                    self.at = self.aim(0);
                    self.look(world);
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn click(&mut self, item: usize, world: &World) -> bool {
        if self.stage == Stage::Provider {
            return std::mem::replace(&mut self.found_at, item) == item;
        }
        let same = self.at == item;
        if !same {
            self.leave_line(world);
            self.at = item.min(self.lines().len().saturating_sub(1));
        }
        same
    }

    fn page(&self, pen: Pen, world: &World) -> Page {
        self.draw(pen, world)
    }
}
