//! What a pressed line does: choosing, going on, storing, correcting.

use super::draft::{FieldId, Tick};
use super::lines::Line;
use super::{Saving, Stage, Wizard, result};
use crate::model::{ClientAuth, ConnectionId, ConnectionName, ScopeSet};
use crate::tui::authorize::{Authorize, Subject};
use crate::tui::face::{Correction, Effect};
use crate::tui::model::World;
use crate::tui::request::Request;
use crate::tui::scope_line;

impl Wizard {
    /// What [`Wizard::press`] does with this line, in a word; `None`: it goes on.
    pub(super) fn enter(&self, line: &Line, world: &World) -> Option<&'static str> {
        let draft = self.draft();
        Some(match line {
            Line::Way(way, _) if *way == draft.way => return None,
            Line::Way(..) => "choose",
            Line::Register(step) if step.page && world.browser_here() => "open",
            Line::Register(step) if step.copy.is_some() => "copy",
            Line::AddSecret => "add",
            Line::SecretPlace => "change",
            Line::Scope(choice) if scope_line::is_ticked(draft.text(FieldId::Scopes), choice) => {
                "untick"
            }
            Line::Tick(tick) if draft.ticked(*tick) => return None,
            Line::Scope(_) | Line::Tick(_) => "tick",
            Line::UsePreset => "use it",
            Line::More if draft.more => "fold",
            Line::More => "unfold",
            Line::Swap => "swap",
            Line::Start => "sign in",
            Line::SaveOnly => "save",
            // The line to go on with is another one, where it goes on.
            Line::Field(..) | Line::Secret => "done",
            Line::Register(_) | Line::GoOn => return None,
        })
    }

    /// Chooses one of several, or ticks, without leaving the line: whoever picks by number may change their
    /// mind, and in the field below the next digit would be text. `false` for other lines.
    pub(super) fn choose_here(&mut self, line: &Line, world: &World) -> bool {
        match line {
            Line::Way(way, _) => self.draft_mut().way = *way,
            Line::Tick(tick) => {
                self.turn(*tick, world);
            }
            _ => return false,
        }
        true
    }

    /// Ticks or unticks; whether it is ticked now. What is wanted again stays in sight with its tick.
    fn turn(&mut self, tick: Tick, world: &World) -> bool {
        let above = self.at.checked_sub(1);
        let above = above.and_then(|at| self.lines().into_iter().nth(at));
        let on = self.draft_mut().turn(tick);
        self.problems.clear();
        if let (false, Some(Line::Field(id, _))) = (on, above)
            && let Some(fault) = self.problem(id, false, world)
        {
            self.problems.insert(id, fault);
        }
        on
    }

    pub(super) fn press(&mut self, world: &World) -> Vec<Effect> {
        let Some(line) = self.lines().into_iter().nth(self.at) else {
            return Vec::new();
        };
        match line {
            // None is an answer too.
            Line::Field(FieldId::Scopes, _) if self.draft().text(FieldId::Scopes).is_empty() => {
                return self.go_on(world);
            }
            Line::Field(..) | Line::Secret => {
                self.leave_line(world);
                // A preset may be offered for the address.
                let offered = self.lines().get(self.at + 1) == Some(&Line::UsePreset);
                // What is unfolded is gone through line by line.
                let field = matches!(self.lines().get(self.at + 1), Some(Line::Field(..)));
                let unfolded = self.stage == Stage::Details && self.draft().more && field;
                let below = (offered || unfolded).then_some(self.at + 1);
                let next = || self.aim(self.at + 1);
                self.at = self.tick_below(self.at).or(below).unwrap_or_else(next);
            }
            Line::Way(way, _) => {
                self.draft_mut().way = way;
                self.at = self.aim(0);
            }
            Line::Register(step) => match step.copy {
                Some(page) if step.page && world.browser_here() => {
                    return vec![Effect::Ask(Request::OpenPage(page))];
                }
                Some(value) => return vec![Effect::Copy("The line", value)],
                // It is done there, not here.
                None => self.at += 1,
            },
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
            Line::Tick(tick) => {
                let on = self.turn(tick, world);
                // Put on, what comes next is next, also where the line itself is gone; taken off, it
                // stays under the cursor.
                let same = self.lines().get(self.at) == Some(&Line::Tick(tick));
                self.at = if on {
                    self.aim(self.at + usize::from(same))
                } else {
                    self.at.min(self.lines().len().saturating_sub(1))
                };
            }
            Line::More => {
                let draft = self.draft_mut();
                draft.more = !draft.more;
                // What was unfolded begins where the line stood.
                if !self.draft().more {
                    let line = self.lines().iter().position(|line| *line == Line::More);
                    self.at = line.unwrap_or(0);
                }
            }
            Line::GoOn => return self.go_on(world),
            Line::UsePreset => self.take_offer(world),
            Line::Swap => return self.swap(),
            Line::Start => return self.save(Saving::ThenSignIn, world),
            Line::SaveOnly => return self.save(Saving::ThenDone, world),
        }
        Vec::new()
    }

    /// To the next step, where nothing is missing in this one.
    pub(super) fn go_on(&mut self, world: &World) -> Vec<Effect> {
        if !self.check_stage(world) {
            return Vec::new();
        }
        if self.stage == Stage::Details
            && let Some(request) = self.draft_mut().ask_for_authority()
        {
            self.going_on = true;
            return vec![Effect::Ask(request)];
        }
        self.go_to(self.stage.next());
        self.look_at_addresses()
    }

    fn save(&mut self, then: Saving, world: &World) -> Vec<Effect> {
        if self.saving.is_some() || !self.check_stage(world) {
            return Vec::new();
        }
        let Some(new) = result::connection(self.draft()) else {
            // Something of an earlier step does not hold any more: go there and show it.
            for stage in [Stage::Details, Stage::App, Stage::Scopes] {
                self.go_to(stage);
                if !self.check_stage(world) || self.wants_authority() {
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
    pub(in crate::tui) fn stored(
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
                    requested: ScopeSet::typed(draft.text(FieldId::Scopes), draft.commas())
                        .unwrap_or_default(),
                    device: Some(!draft.text(FieldId::Device).is_empty()),
                    in_wizard: true,
                };
                Authorize::start(subject, Authorize::options(world, way.device), world)
            }
            _ => vec![Effect::Home],
        }
    }

    /// Storing failed: everything typed is still there.
    pub(in crate::tui) fn not_stored(&mut self) {
        self.saving = None;
    }

    /// A failed sign-in asks for a change.
    pub(in crate::tui) fn correct(&mut self, what: Correction, world: &World) -> Vec<Effect> {
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
            Correction::Scopes => {
                self.go_to(Stage::Scopes);
                self.at = 0;
                Vec::new()
            }
            Correction::SecretInBody => {
                self.draft_mut().auth = Some(ClientAuth::Post);
                self.save(Saving::ThenSignIn, world)
            }
            Correction::SecretInHeader => {
                self.draft_mut().auth = Some(ClientAuth::Basic);
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
}
