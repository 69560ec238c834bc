//! A look at the addresses of a provider that no preset vouches for, once they are all typed: what answers
//! there, and whether the two were swapped (bad input F3).

use super::draft::FieldId;
use super::{Stage, Wizard, result};
use crate::engine::Look;
use crate::tui::face::Effect;
use crate::tui::request::Request;

/// The addresses as they were typed.
pub(in crate::tui) type Pair = [String; 2];

/// How far a look is.
pub(super) struct Looking {
    at: Pair,
    pub(super) found: Option<Look>,
}

const BOTH: [FieldId; 2] = [FieldId::Authorization, FieldId::Token];

impl Wizard {
    fn pair(&self) -> Pair {
        BOTH.map(|id| self.draft().text(id).to_owned())
    }

    /// Asks for a look where one is due: at the review, for addresses that were typed.
    pub(super) fn look_at_addresses(&mut self) -> Vec<Effect> {
        let at = self.pair();
        let typed = BOTH.iter().any(|id| self.draft().is_edited(*id));
        let known = self
            .looking
            .as_ref()
            .is_some_and(|looking| looking.at == at);
        if self.stage != Stage::Review || !typed || known {
            return Vec::new();
        }
        let Some(provider) = result::provider(self.draft()) else {
            return Vec::new();
        };
        self.looking = Some(Looking {
            at: at.clone(),
            found: None,
        });
        vec![Effect::Ask(Request::LookAt {
            typed: at,
            endpoints: Box::new(provider.endpoints),
            ca_pem: self.draft().ca_pem().map(str::to_owned),
        })]
    }

    /// The look at these addresses is over; one at others is of no use any more.
    pub(in crate::tui) fn looked(&mut self, at: &Pair, found: Look) {
        if let Some(looking) = self.looking.as_mut().filter(|looking| looking.at == *at) {
            let swapped = found.swapped();
            looking.found = Some(found);
            // Enter, pressed by habit, must not go on with them.
            if swapped && self.stage == Stage::Review {
                self.at = 0;
            }
        }
    }

    /// The look at what is typed now.
    pub(super) fn look_of_now(&self) -> Option<&Looking> {
        let at = self.pair();
        self.looking.as_ref().filter(|looking| looking.at == at)
    }

    pub(super) fn swapped(&self) -> bool {
        let found = self
            .look_of_now()
            .and_then(|looking| looking.found.as_ref());
        found.is_some_and(Look::swapped)
    }

    /// Puts each address into the other's place and looks again.
    pub(super) fn swap(&mut self) -> Vec<Effect> {
        let [authorization, token] = self.pair();
        let draft = self.draft_mut();
        draft.field_mut(FieldId::Authorization).set(token);
        draft.field_mut(FieldId::Token).set(authorization);
        self.at = self.aim(0);
        self.look_at_addresses()
    }
}
