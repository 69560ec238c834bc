//! What every screen above the table is able to do.

use super::bulk::Bulk;
use super::field::Typed;
use super::model::{Screen, World};
use super::notice::Notice;
use super::page::{Page, Pen};
use super::request::Request;
use crate::actions::{Action, Facts, Key, Place};
use crate::model::ScopeSet;

/// What a screen wants after a key.
pub(super) enum Effect {
    /// Have something done.
    Ask(Request),
    /// Put a screen on top.
    Open(Box<Screen>),
    /// Take this screen off.
    Close,
    /// Back to the table, whatever lies between.
    Home,
    /// Tell.
    Say(Notice),
    /// Copy a text that is no secret; the name says what was copied.
    Copy(&'static str, String),
    /// Do one thing with several connections.
    Bulk(Box<Bulk>),
    /// Do another action, in the screen below.
    Do(Action),
    /// Let the wizard below correct something and sign in again.
    Correct(Correction),
    /// Let the sign-in below begin anew and ask for these scopes.
    SignInWith(ScopeSet),
}

/// What a failed sign-in may need changed in the definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Correction {
    ClientId,
    Secret,
    Redirect,
    Scopes,
    SecretInBody,
    SecretInHeader,
    WithoutSecret,
}

/// A screen. It reads the world and changes only itself; what else it wants it says as [`Effect`]s.
pub(super) trait Face {
    fn place(&self) -> Place;

    /// The field that has the focus.
    fn typed(&mut self) -> Option<Typed<'_>> {
        None
    }

    /// Whether a field has the focus.
    fn typing(&self) -> bool {
        false
    }

    /// Its field was edited.
    fn edited(&mut self, _world: &World) {}

    /// What the focused line wants, for the lines above the footer. Empty: nothing to say here, but the
    /// page keeps its height while one moves along its lines.
    fn help(&self) -> Option<&'static str> {
        None
    }

    /// Adds what the action table wants to know.
    fn facts(&self, _world: &World, _facts: &mut Facts) {}

    fn act(&mut self, action: Action, key: Key, world: &World) -> Vec<Effect>;

    /// An item was clicked: select it. `true` when it was selected already, so press it.
    fn click(&mut self, _item: usize, _world: &World) -> bool {
        false
    }

    fn page(&self, pen: Pen, world: &World) -> Page;
}

/// Where a movement leads in a list of `len` lines; `None` for other actions.
pub(super) fn moved(at: usize, len: usize, page: usize, action: Action) -> Option<usize> {
    let last = len.saturating_sub(1);
    Some(match action {
        Action::Up => at.saturating_sub(1),
        Action::Down => (at + 1).min(last),
        Action::Next => {
            if at >= last {
                0
            } else {
                at + 1
            }
        }
        Action::Previous => at.checked_sub(1).unwrap_or(last),
        Action::PageUp => at.saturating_sub(page.max(1)),
        Action::PageDown => (at + page.max(1)).min(last),
        Action::First => 0,
        Action::Last => last,
        _ => return None,
    })
}

/// What a key does on a list of numbered choices.
pub(super) enum Chosen {
    Item(usize),
    Back,
}

/// Moves along `len` numbered choices, or tells which one is pressed.
pub(super) fn choose(at: &mut usize, len: usize, action: Action, key: Key) -> Option<Chosen> {
    if let Some(to) = moved(*at, len, 1, action) {
        *at = to;
        return None;
    }
    match action {
        Action::Choose => Some(Chosen::Item(*at)),
        Action::Pick => picked(key).filter(|choice| *choice < len).map(Chosen::Item),
        Action::Back => Some(Chosen::Back),
        _ => None,
    }
}

/// The index that a number key picks.
pub(super) fn picked(key: Key) -> Option<usize> {
    match key {
        Key::Char(c) => c.to_digit(10)?.checked_sub(1).map(|n| n as usize),
        _ => None,
    }
}
