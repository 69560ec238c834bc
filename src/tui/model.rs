//! All state of the face.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use super::authorize::Authorize;
use super::bulk::{Bulk, Deed};
use super::face::Face;
use super::notice::Notice;
use super::screens::{
    Adopting, AgentAsks, Asking, Bringing, BulkScreen, Details, Dropping, Editing, Finished,
    HelpScreen, HistoryScreen, InterruptedScreen, Leaving, OtherScopes, PaletteScreen, Renaming,
    Revoking, ThirdParty, Waiting,
};
use super::table::Table;
use super::theme::Look;
use super::wizard::{Presets, ScopeChoice, Wizard};
use crate::actions::{Facts, Keymap, Place};
use crate::agent::Question;
use crate::engine::{Interrupted, Row, StepUp};
use crate::host::{FirstWay, Multiplexer};
use crate::model::{Connection, ConnectionId, ScopeSet, UnixTime};

/// From this width on the details stand beside the table.
pub(super) const SPLIT_FROM: u16 = 110;
/// The smallest screen that is drawn.
pub(super) const LEAST: (u16, u16) = (20, 5);

/// What the face is told once, at its start.
#[allow(clippy::option_option)] // no wizard, an empty one, one with a text
pub struct Setup {
    pub look: Look,
    pub mouse: bool,
    pub keys: Keymap,
    /// No browser opens here: why, in a sentence.
    pub elsewhere: Option<String>,
    /// Over SSH, as the title line says it.
    pub ssh: bool,
    /// Others can reach the ports of this machine: forwarding one comes last.
    pub shared: bool,
    /// The multiplexer between the program and the person's terminal.
    pub inside: Multiplexer,
    /// The way of signing in that the person wants first.
    pub first_way: Option<FirstWay>,
    pub copies: Copies,
    /// Told in the first frame: one sentence.
    pub warning: Option<String>,
    /// The practice provider in a memory vault.
    pub practice: bool,
    /// Practice was begun in the table, and leaving it leads back there.
    pub leads_back: bool,
    /// Told in the first frame: where one has come from.
    pub greeting: Option<&'static str>,
    /// One sentence: where the vault's key will live, for the first start.
    pub key_place: String,
    /// Providers of the wizard's list, made when somebody looks at it.
    pub presets: Presets,
    /// Open the wizard at once, with this typed at its first question.
    pub start_wizard: Option<Option<String>>,
    /// For absolute times.
    pub zone: TimeZone,
    /// Sign-ins that ended with their program or line, oldest first.
    pub interrupted: Vec<Interrupted>,
}

/// Where copied text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copies {
    /// To the terminal's clipboard; nobody can know whether it takes it.
    Terminal,
    /// To the desktop's.
    Native,
    Nowhere,
}

/// How the vault stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VaultState {
    /// Not made yet.
    None,
    Locked,
    Open,
    /// In memory only; nothing stays.
    Memory,
}

impl VaultState {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::None => "no vault yet",
            Self::Locked => "vault locked",
            Self::Open => "vault open",
            Self::Memory => "vault in memory",
        }
    }
}

/// What every screen may read.
pub(super) struct World {
    pub setup: Setup,
    pub size: (u16, u16),
    pub now: UnixTime,
    pub vault: VaultState,
    /// Revocations that the provider did not hear yet.
    pub waiting: usize,
    pub table: Table,
    /// The rows were read at least once.
    pub loaded: bool,
    pub mouse: bool,
    /// Definitions deleted since the program started, the latest last. They hold no token.
    pub deleted: Vec<Connection>,
    /// One thing done with several connections, the latest.
    pub bulk: Option<Bulk>,
    /// What resources want of connections that may not do it.
    pub step_ups: HashMap<ConnectionId, StepUp>,
    /// Questions of the agent that wait, oldest first.
    pub asked: Vec<Question>,
    /// The settings on disk are others than those in use.
    pub settings_changed: bool,
}

impl World {
    /// Lines of a body at this size; also how far a page key moves.
    pub(super) fn page_lines(&self) -> usize {
        usize::from(self.size.1).saturating_sub(4).max(1)
    }

    /// Lines between the title and the footer, while nothing but a waiting program is told there.
    pub(super) fn body_lines(&self) -> usize {
        super::view::body_lines(self.size.1).saturating_sub(usize::from(!self.asked.is_empty()))
    }

    pub(super) fn is_split(&self) -> bool {
        self.size.0 >= SPLIT_FROM
    }

    /// The scopes that are explained for this provider.
    pub(super) fn known_scopes(&self, provider_id: &str) -> &[ScopeChoice] {
        let mut presets = self.setup.presets.iter();
        let preset = presets.find(|preset| preset.id == provider_id);
        preset.map_or(&[], |preset| &preset.scopes)
    }

    /// What choosing other scopes for a connection begins with: `requested`, and what a resource wanted too.
    pub(super) fn proposed_scopes(&self, row: &Row, requested: &ScopeSet) -> ScopeSet {
        let state = self.step_ups.get(&row.summary.id);
        let granted = row.granted();
        state.map_or_else(
            || requested.clone(),
            |state| state.proposed(requested, granted),
        )
    }

    /// Which key does what.
    pub(super) fn keys(&self) -> &Keymap {
        &self.setup.keys
    }

    /// Whether a local browser is of use.
    pub(super) fn browser_here(&self) -> bool {
        self.setup.elsewhere.is_none() || self.setup.first_way == Some(FirstWay::Browser)
    }

    /// Whether a sign-in opens it unasked.
    pub(super) fn browser_first(&self) -> bool {
        self.browser_here() && matches!(self.setup.first_way, None | Some(FirstWay::Browser))
    }

    /// A moment in the person's own time: `14:22`, or `2026-11-23 14:22` on another day.
    pub(super) fn clock_time(&self, at: UnixTime) -> String {
        let zoned = |time: UnixTime| {
            jiff::Timestamp::from_second(time.0)
                .map(|stamp| stamp.to_zoned(self.setup.zone.clone()))
        };
        match (zoned(at), zoned(self.now)) {
            (Ok(then), Ok(now)) if then.date() == now.date() => then.strftime("%H:%M").to_string(),
            (Ok(then), _) => then.strftime("%Y-%m-%d %H:%M").to_string(),
            (Err(_), _) => at.rfc3339(),
        }
    }
}

/// A screen above the table.
pub(super) enum Screen {
    Details(Details),
    History(HistoryScreen),
    Wizard(Box<Wizard>),
    Authorize(Box<Authorize>),
    Finished(Box<Finished>),
    Revoking(Revoking),
    Renaming(Renaming),
    Editing(Box<Editing>),
    Dropping(Dropping),
    Asking(Asking),
    Help(HelpScreen),
    Palette(PaletteScreen),
    Leaving(Leaving),
    Waiting(Waiting),
    Bulk(BulkScreen),
    Interrupted(InterruptedScreen),
    Adopting(Adopting),
    ThirdParty(ThirdParty),
    OtherScopes(Box<OtherScopes>),
    AgentAsks(AgentAsks),
    Bringing(Box<Bringing>),
}

impl Screen {
    pub(super) fn face(&self) -> &dyn Face {
        match self {
            Self::Details(screen) => screen,
            Self::History(screen) => screen,
            Self::Wizard(screen) => screen.as_ref(),
            Self::Authorize(screen) => screen.as_ref(),
            Self::Finished(screen) => screen.as_ref(),
            Self::Revoking(screen) => screen,
            Self::Renaming(screen) => screen,
            Self::Editing(screen) => screen.as_ref(),
            Self::Dropping(screen) => screen,
            Self::Asking(screen) => screen,
            Self::Help(screen) => screen,
            Self::Palette(screen) => screen,
            Self::Leaving(screen) => screen,
            Self::Waiting(screen) => screen,
            Self::Bulk(screen) => screen,
            Self::Interrupted(screen) => screen,
            Self::Adopting(screen) => screen,
            Self::ThirdParty(screen) => screen,
            Self::OtherScopes(screen) => screen.as_ref(),
            Self::AgentAsks(screen) => screen,
            Self::Bringing(screen) => screen.as_ref(),
        }
    }

    pub(super) fn face_mut(&mut self) -> &mut dyn Face {
        match self {
            Self::Details(screen) => screen,
            Self::History(screen) => screen,
            Self::Wizard(screen) => screen.as_mut(),
            Self::Authorize(screen) => screen.as_mut(),
            Self::Finished(screen) => screen.as_mut(),
            Self::Revoking(screen) => screen,
            Self::Renaming(screen) => screen,
            Self::Editing(screen) => screen.as_mut(),
            Self::Dropping(screen) => screen,
            Self::Asking(screen) => screen,
            Self::Help(screen) => screen,
            Self::Palette(screen) => screen,
            Self::Leaving(screen) => screen,
            Self::Waiting(screen) => screen,
            Self::Bulk(screen) => screen,
            Self::Interrupted(screen) => screen,
            Self::Adopting(screen) => screen,
            Self::ThirdParty(screen) => screen,
            Self::OtherScopes(screen) => screen.as_mut(),
            Self::AgentAsks(screen) => screen,
            Self::Bringing(screen) => screen.as_mut(),
        }
    }
}

/// Everything. The table lies at the bottom; the last screen sees keys first.
pub struct Model {
    pub(super) world: World,
    pub(super) screens: Vec<Screen>,
    pub(super) notice: Option<Notice>,
    /// Line of the first-start screen.
    pub(super) start_at: usize,
    /// Lines that the page is turned on (or back) from where its selection puts it.
    pub(super) turned: isize,
    /// A wizard that was left half-way, without its secrets.
    pub(super) kept: Option<Box<Wizard>>,
}

impl Model {
    pub fn new(setup: Setup, size: (u16, u16), now: UnixTime) -> Self {
        let vault = if setup.practice {
            VaultState::Memory
        } else {
            VaultState::None
        };
        let mouse = setup.mouse;
        let start = setup.start_wizard.clone();
        let greeting = setup.greeting.map(Notice::info);
        let notice = setup.warning.clone().map(Notice::bad).or(greeting);
        let table = Table::with_keys(setup.keys.clone());
        let mut model = Self {
            world: World {
                waiting: 0,
                setup,
                size,
                now,
                vault,
                table,
                loaded: false,
                mouse,
                deleted: Vec::new(),
                bulk: None,
                step_ups: HashMap::new(),
                asked: Vec::new(),
                settings_changed: false,
            },
            screens: Vec::new(),
            notice,
            start_at: 0,
            turned: 0,
            kept: None,
        };
        let interrupted = std::mem::take(&mut model.world.setup.interrupted);
        // The oldest lies on top.
        for attempt in interrupted.into_iter().rev() {
            let screen = InterruptedScreen::new(attempt);
            model.screens.push(Screen::Interrupted(screen));
        }
        if let Some(typed) = start {
            let wizard = Wizard::starting_with(typed.as_deref(), &model.world);
            model.screens.push(Screen::Wizard(Box::new(wizard)));
        }
        model
    }

    /// The screen that has the keys; `None` is the table.
    pub(super) fn top(&self) -> Option<&Screen> {
        self.screens
            .last()
            .filter(|screen| !matches!(screen, Screen::Details(details) if self.world.is_split() && !details.focused))
    }

    pub(super) fn place(&self) -> Place {
        match self.top() {
            Some(screen) => screen.face().place(),
            None if self.world.table.finding() => Place::Finding,
            None if self.world.table.is_empty() => Place::Start,
            None => Place::Table,
        }
    }

    pub(super) fn typing(&self) -> bool {
        match self.top() {
            Some(screen) => screen.face().typing(),
            None => self.world.table.finding(),
        }
    }

    pub(super) fn facts(&self) -> Facts {
        let world = &self.world;
        // Marks count where the table has the keys; a screen is about its own connection.
        let targets = match self.top() {
            Some(_) => world.table.selected().into_iter().collect(),
            None => world.table.targets(),
        };
        // Of several, those that can be are done.
        let can = |deed: Deed| targets.iter().any(|row| deed.lack(row).is_none());
        let mut facts = Facts {
            row: !targets.is_empty(),
            marked: self.top().is_none() && world.table.marked() > 0,
            signed_in: can(Deed::Test),
            refresh_token: can(Deed::Refresh),
            rows: !world.table.is_empty(),
            narrowed: world.table.narrowed() || !self.screens.is_empty(),
            lockable: world.vault == VaultState::Open,
            copyable: !targets.is_empty(),
            split: world.is_split() && matches!(self.screens.last(), Some(Screen::Details(_))),
            practice: !world.setup.practice,
            no_vault: world.vault == VaultState::None && !world.setup.practice,
            deleted: !world.deleted.is_empty(),
            changed: world.settings_changed,
            qr: false,
            forward: false,
            introspection: false,
            other_scopes: false,
            asked: super::asked::can_open(self),
            enter: None,
        };
        if let Some(screen) = self.top() {
            facts.copyable = false;
            screen.face().facts(world, &mut facts);
        }
        facts.copyable |= self
            .notice
            .as_ref()
            .is_some_and(|notice| notice.copy.is_some());
        facts
    }

    /// A sign-in that is still running.
    pub(super) fn running(&self) -> Option<&Authorize> {
        self.screens.iter().find_map(|screen| match screen {
            Screen::Authorize(authorize) if authorize.is_running() => Some(authorize.as_ref()),
            _ => None,
        })
    }

    /// Whether something on the screen counts seconds.
    pub fn counts_seconds(&self) -> bool {
        self.running().is_some()
            || match self.screens.last() {
                Some(Screen::Asking(asking)) => asking.is_waiting(self.world.now),
                Some(Screen::Waiting(_)) => true,
                _ => false,
            }
    }

    /// When a visible text will read differently by itself, if ever.
    pub fn next_change(&self) -> Option<UnixTime> {
        if self.world.size.0 < LEAST.0 || self.world.size.1 < LEAST.1 {
            return None;
        }
        match self.screens.last() {
            None => self.world.table.next_change(self.world.now),
            Some(Screen::Details(details)) => {
                let details = details.next_change(self.world.now);
                let table = self
                    .world
                    .is_split()
                    .then(|| self.world.table.next_change(self.world.now));
                [details, table.flatten()].into_iter().flatten().min()
            }
            Some(_) => None,
        }
    }

    /// Whether the mouse belongs to the program now.
    pub fn wants_mouse(&self) -> bool {
        self.world.mouse
    }

    pub fn size(&self) -> (u16, u16) {
        self.world.size
    }

    pub fn multiplexer(&self) -> Multiplexer {
        self.world.setup.inside
    }

    pub fn look(&self) -> Look {
        self.world.setup.look
    }
}
