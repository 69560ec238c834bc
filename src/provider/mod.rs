//! The catalogue of presets: services whose addresses, deviations and registration steps are known,
//! so that a person types a client ID and nothing else.
//!
//! May use: `oauth`, `model`. No I/O: built-in presets are compiled in, the texts of a user's own
//! files are given by the caller. The format is described in `docs/PROVIDERS.md`.

mod catalogue;
mod file;
mod preset;
mod template;

pub use catalogue::Catalogue;
pub use file::CatalogueError;
pub use preset::{
    Client, Preset, PresetProblem, ScopeHelp, SecretNeed, Step, StepAction, Variable, Way,
};

#[cfg(test)]
mod tests;
