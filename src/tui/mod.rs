//! The interactive face, in the Elm shape: [`update`] is pure, [`view`] only draws, one queue of
//! [`Msg`] carries keys, engine changes and answers to the one owner of the [`Model`].
//!
//! May use: actions, advice, agent (its client), engine (its vocabulary), model. It reaches the outside only through
//! [`Backend`], which performs [`Request`]s, and through the terminal that `run` owns.

mod asked;
mod authority_file;
mod authorize;
mod backend;
mod beyond;
mod bottom;
mod bulk;
mod engine;
mod face;
mod field;
mod fresh;
mod glyph;
mod hit;
mod home;
mod keys;
mod link;
mod masked;
mod model;
mod msg;
mod notice;
mod page;
mod reply;
mod request;
mod run;
mod scope_line;
mod screens;
mod table;
mod terminal;
mod text;
mod theme;
mod update;
mod view;
mod wizard;

pub use backend::{Backend, Replies};
pub use engine::{CatalogueDoor, EngineBackend, PracticeDoor};
pub use fresh::{Fresh, SettingsDoor};
pub use model::{Copies, Model, Setup, VaultState};
pub use msg::{AgentNews, Doing, ImportFound, Msg, Reply, Revocation};
pub use request::{AddressUse, Request};
pub use run::{Ended, RunError, run};
pub use theme::Look;
pub use update::update;
pub use view::view;
pub use wizard::{
    BuildProvider, PresetChoice, PresetWay, Presets, RegisterStep, RegisterSteps, ScopeChoice,
    SecretNeed, Values, Variable, choices, ready_made,
};

#[cfg(test)]
mod tests;
