//! The first step: a list of providers, found by typing a name or an address.

use super::draft::{Draft, FieldId};
use super::lines::Line;
use super::{PresetChoice, Stage, Wizard};
use crate::actions::Action;
use crate::model::EndpointUrl;
use crate::provider::search;
use crate::tui::face::{Effect, moved};
use crate::tui::model::World;

/// A line of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Go on where an earlier try was left.
    Resume(Stage),
    /// By index into the setup's presets.
    Preset(usize),
    /// The person's own: its URLs are typed.
    Other,
}

impl Wizard {
    /// Fills the list by what is typed.
    pub(in crate::tui) fn look(&mut self, world: &World) {
        let text = self.search.trimmed().to_owned();
        let presets = &world.setup.presets;
        let mut found = Vec::new();
        if text.is_empty() {
            let begun = self.reached > Stage::Provider;
            found.extend(begun.then_some(Found::Resume(self.reached)));
            found.extend((0..presets.len()).map(Found::Preset));
        } else if let Some(url) = address(&text) {
            found.extend(known_at(presets, &url).map(Found::Preset));
        } else {
            let names = presets.iter().map(|preset| (&*preset.name, &*preset.id));
            let matching = search(&text, names);
            // It may also be an address without its scheme.
            let whole = EndpointUrl::with_https(&text);
            let at_home = whole
                .and_then(|whole| known_at(presets, &address(&whole)?))
                .filter(|index| !matching.contains(index));
            found.extend(at_home.map(Found::Preset));
            found.extend(matching.into_iter().map(Found::Preset));
        }
        found.push(Found::Other);
        self.found = found;
        self.found_at = 0;
    }

    pub(super) fn act_in_list(&mut self, action: Action, world: &World) -> Vec<Effect> {
        if let Some(at) = moved(self.found_at, self.found.len(), world.page_lines(), action) {
            self.found_at = at;
            return Vec::new();
        }
        match action {
            Action::Choose => {
                self.choose(world);
                Vec::new()
            }
            Action::Back => vec![Effect::Close],
            _ => Vec::new(),
        }
    }

    pub(super) fn selected<'w>(&self, world: &'w World) -> Option<&'w PresetChoice> {
        match self.found.get(self.found_at)? {
            Found::Preset(index) => world.setup.presets.get(*index),
            Found::Resume(_) | Found::Other => None,
        }
    }

    fn take_preset(&mut self, preset: &PresetChoice, world: &World) {
        self.current.clone_from(&preset.id);
        // A draft that was begun is taken up again.
        self.drafts.entry(preset.id.clone()).or_insert_with(|| {
            let mut draft = Draft::of_preset(preset.clone());
            // Where no browser is, a code is the way that needs least.
            let code = preset.ways.iter().position(|way| way.device);
            draft.way = code.filter(|_| !world.browser_first()).unwrap_or(0);
            draft
        });
        self.reached = Stage::Details;
        self.go_to(Stage::Details);
    }

    /// The preset at home at an address that was typed for another provider.
    pub(super) fn preset_of_addresses(&self, world: &World) -> Option<usize> {
        let draft = self.draft();
        if draft.preset.is_some() {
            return None;
        }
        let typed = [FieldId::Authorization, FieldId::Token].map(|id| address(draft.text(id)));
        let urls: Vec<EndpointUrl> = typed.into_iter().flatten().collect();
        let mut all = world.setup.presets.iter();
        all.position(|preset| {
            let at_home = |url| preset.places.iter().any(|place| place.has(url));
            preset.refused.is_none() && urls.iter().any(at_home)
        })
    }

    /// Goes on with the preset that was offered.
    pub(super) fn take_offer(&mut self, world: &World) {
        let offered = self.offered.take();
        if let Some(preset) = offered.and_then(|index| world.setup.presets.get(index)) {
            self.take_preset(preset, world);
        }
    }

    /// An address that was taken over from the list and is none is told at once. What a tick allows is asked
    /// about when the next line is left.
    fn show_what_is_wrong(&mut self, world: &World) {
        let id = FieldId::Authorization;
        if let Some(fault) = self.problem(id, false, world)
            && fault.tick.is_none()
        {
            self.problems.insert(id, fault);
            let here = |line: &Line| matches!(line, Line::Field(other, _) if *other == id);
            self.at = self.lines().iter().position(here).unwrap_or(self.at);
        }
    }

    fn choose(&mut self, world: &World) {
        match self.found.get(self.found_at) {
            Some(Found::Resume(stage)) => {
                let reached = *stage;
                // What was changed on the way back may leave an earlier step unfinished.
                self.go_to(Stage::Details);
                while self.stage < reached && self.check_stage(world) && !self.wants_authority() {
                    self.go_to(self.stage.next());
                }
            }
            Some(Found::Preset(index)) => {
                let Some(preset) = world.setup.presets.get(*index) else {
                    return;
                };
                // The list says why.
                if preset.refused.is_some() {
                    return;
                }
                self.take_preset(preset, world);
            }
            Some(Found::Other) => {
                // Each address has its own draft: what was typed for another stays with that one.
                let typed = self.search.trimmed().to_owned();
                if is_like_address(&typed) {
                    self.own.clone_from(&typed);
                    self.drafts.entry(typed.clone()).or_insert_with(|| {
                        let mut draft = Draft::of_own();
                        draft.field_mut(FieldId::Authorization).set(typed);
                        draft.complete(FieldId::Authorization);
                        draft
                    });
                }
                self.current.clone_from(&self.own);
                self.reached = Stage::Details;
                self.go_to(Stage::Details);
                self.show_what_is_wrong(world);
            }
            None => {}
        }
    }
}

/// The preset that is at home at an address.
fn known_at(presets: &[PresetChoice], url: &EndpointUrl) -> Option<usize> {
    let at_home = |preset: &PresetChoice| preset.places.iter().any(|place| place.has(url));
    presets.iter().position(at_home)
}

/// Whether an address was meant, be it one or not; a name has no stroke in it.
fn is_like_address(text: &str) -> bool {
    text.contains('/') || address(text).is_some() || EndpointUrl::with_https(text).is_some()
}

/// What was typed, if it is an address. On this machine plain http is one too.
fn address(text: &str) -> Option<EndpointUrl> {
    EndpointUrl::parse(text, true).ok()
}
