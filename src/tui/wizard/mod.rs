//! Connecting a service, step by step: provider, details, app, scopes, review. The last two of
//! its seven steps, authorize and test, are screens of their own. Going back loses nothing: what
//! was typed lives in a draft for each provider, and the drafts outlive the screen.

mod authority;
#[cfg(test)]
mod by_hand;
mod catalogue;
mod check;
mod draft;
mod help;
mod keys;
mod lines;
mod looking;
mod preset;
mod press;
mod provider_list;
mod result;
mod view;

use std::collections::BTreeMap;

pub use self::catalogue::{choices, ready_made};
use self::check::FieldFault;
pub(super) use self::draft::{Draft, FieldId};
use self::lines::Line;
use self::looking::Looking;
pub(in crate::tui) use self::looking::Pair;
pub use self::preset::{
    BuildProvider, PresetChoice, PresetWay, Presets, RegisterStep, RegisterSteps, ScopeChoice,
    SecretNeed, Values, Variable,
};
use self::provider_list::Found;
use super::field::TextField;
use super::model::World;
use super::scope_line;
use crate::model::{ConnectionId, ConnectionName};

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
    /// By provider; an own provider by the address typed first, the empty key without one.
    drafts: BTreeMap<String, Draft>,
    current: String,
    /// Key of the own provider that was typed last.
    own: String,
    /// Selected line.
    at: usize,
    problems: BTreeMap<FieldId, FieldFault>,
    secret_problem: Option<String>,
    /// The field that is being typed in: it is not whole yet.
    typing_in: Option<FieldId>,
    /// The furthest step that was reached with the current provider: the list offers to go on there.
    reached: Stage,
    /// Stored already, by an earlier try of this wizard.
    saved: Option<ConnectionId>,
    saving: Option<Saving>,
    /// Enter went on, and waits for the authority's file to be read.
    going_on: bool,
    /// What answers at the addresses.
    looking: Option<Looking>,
    /// The preset that a typed address belongs to, by index.
    offered: Option<usize>,
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
            own: String::new(),
            at: 0,
            problems: BTreeMap::new(),
            secret_problem: None,
            typing_in: None,
            reached: Stage::Provider,
            saved: None,
            saving: None,
            going_on: false,
            looking: None,
            offered: None,
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

    /// The wizard as it is kept after leaving: without secrets, and without what stands in the table by now,
    /// where it can be edited. `None` when nothing else was begun.
    pub(super) fn into_kept(mut self, world: &World) -> Option<Self> {
        if self.saved.take().is_some() {
            self.drafts.remove(&self.current);
            self.drafts
                .entry(String::new())
                .or_insert_with(Draft::of_own);
            if self.own == self.current {
                self.own.clear();
            }
            self.current.clear();
            self.reached = Stage::Provider;
        }
        // Also one that was begun before the person turned to another provider.
        if !self.drafts.values().any(Draft::is_begun) {
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

    /// What an earlier try stored.
    pub(super) fn saved(&self) -> Option<&ConnectionId> {
        self.saved.as_ref()
    }

    /// The draft that an earlier try stored.
    #[cfg(test)]
    pub(super) fn stored_draft(&self) -> Option<&str> {
        self.saved.as_ref().map(|_| self.current.as_str())
    }

    /// A client secret was typed that leaving drops.
    pub(super) fn drops_secret(&self) -> bool {
        let kept = self.saved.as_ref().map(|_| &self.current);
        self.drafts
            .iter()
            .any(|(key, draft)| Some(key) != kept && !draft.secret.is_empty())
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
        self.offered = None;
        self.at = self.aim(0);
    }

    /// The first line from `from` on that still wants something, else the one that goes on.
    fn aim(&self, from: usize) -> usize {
        let lines = self.lines();
        let draft = self.draft();
        let wants = |line: &Line| match line {
            Line::Field(FieldId::Authorization, _) => {
                let none = draft.text(FieldId::Authorization).is_empty();
                // One from the first step is seldom whole.
                (none && draft.text(FieldId::Device).is_empty())
                    || draft.is_bare(FieldId::Authorization)
            }
            Line::Field(id @ (FieldId::Variable(_) | FieldId::Token | FieldId::ClientId), _) => {
                draft.text(*id).is_empty()
            }
            // Nobody knows what to tick there: they are typed.
            Line::Field(FieldId::Scopes, _) => {
                draft.preset.is_none() && draft.text(FieldId::Scopes).is_empty()
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

    /// The scope being typed.
    fn typed_scope(&self) -> String {
        let draft = self.draft();
        let line = draft.field(FieldId::Scopes).map_or("", TextField::value);
        scope_line::typed(line, draft.known_scopes()).to_owned()
    }

    /// Checks the field that is left.
    fn leave_line(&mut self, world: &World) {
        self.typing_in = None;
        match self.lines().get(self.at) {
            Some(Line::Field(id, _)) => {
                let id = *id;
                self.draft_mut().complete(id);
                if matches!(id, FieldId::Variable(_)) {
                    self.draft_mut().prefill();
                }
                if id == FieldId::Authority {
                    let draft = self.draft_mut();
                    let typed = draft.text(id).to_owned();
                    draft.authority.left(&typed);
                }
                if matches!(id, FieldId::Authorization | FieldId::Token) {
                    self.offered = self.preset_of_addresses(world);
                }
                match self.problem(id, false, world) {
                    Some(words) => self.problems.insert(id, words),
                    None => self.problems.remove(&id),
                };
            }
            Some(Line::Secret) => self.secret_problem = None,
            _ => {}
        }
    }

    /// The problem of a field. `complete`: an empty field that is needed is a problem too.
    fn problem(&self, id: FieldId, complete: bool, world: &World) -> Option<FieldFault> {
        // What an earlier try of this wizard stored is replaced, so its name is free.
        let rows = world.table.rows().iter();
        let others = rows.filter(|row| Some(&row.summary.id) != self.saved.as_ref());
        let taken: Vec<&ConnectionName> = others.map(|row| &row.summary.name).collect();
        check::problem(self.draft(), id, complete, &taken)
    }

    /// Checks the whole step; the first line with a problem is selected.
    fn check_stage(&mut self, world: &World) -> bool {
        self.unfold_problems(world);
        let lines = self.lines();
        let mut first = None;
        for line in &lines {
            let problem = match line {
                Line::Field(id, _) => {
                    let problem = self.problem(*id, true, world);
                    match &problem {
                        Some(fault) => self.problems.insert(*id, fault.clone()),
                        None => self.problems.remove(id),
                    };
                    problem.is_some()
                }
                Line::Secret => {
                    self.secret_problem = check::secret_problem(self.draft());
                    self.secret_problem.is_some()
                }
                _ => false,
            };
            if problem && first.is_none() {
                first = Some(line.clone());
            }
        }
        // A tick may stand between them now.
        if let Some(at) = first
            .as_ref()
            .and_then(|first| self.lines().iter().position(|line| line == first))
        {
            self.at = self.tick_below(at).unwrap_or(at);
        }
        first.is_none()
    }

    /// What is folded away is not passed over when it has a problem.
    fn unfold_problems(&mut self, world: &World) {
        if self.stage != Stage::Details || self.draft().more {
            return;
        }
        let open = self.lines();
        self.draft_mut().more = true;
        let mut folded = self.lines();
        folded.retain(|line| !open.contains(line));
        self.draft_mut().more = folded.iter().any(|line| match line {
            Line::Field(id, _) => self.problem(*id, true, world).is_some(),
            _ => false,
        });
    }

    /// An authority's file is still to be read before the next step.
    fn wants_authority(&self) -> bool {
        self.stage == Stage::Details && self.draft().lacks_authority()
    }

    /// What allows what stands in this line and is a problem, right below it.
    fn tick_below(&self, at: usize) -> Option<usize> {
        let lines = self.lines();
        let wanted = match lines.get(at) {
            Some(Line::Field(id, _)) => self.problems.get(id)?.tick?,
            _ => return None,
        };
        // One that another line wants may stand there too.
        (lines.get(at + 1) == Some(&Line::Tick(wanted))).then_some(at + 1)
    }

    /// The cursor is on something that is ticked.
    fn on_ticked(&self) -> bool {
        matches!(self.focused(), Some(Line::Tick(tick)) if self.draft().ticked(tick))
    }

    fn focused(&self) -> Option<Line> {
        self.lines().into_iter().nth(self.at)
    }
}
