//! The catalogue of presets: services whose addresses, deviations and registration steps are known,
//! so that a person types a client ID and nothing else; and definitions of connections as files.
//!
//! May use: `oauth`, `model`. No I/O: built-in presets are compiled in, the texts of a user's own
//! files are given by the caller. The format is described in `docs/PROVIDERS.md`.

mod authority;
mod catalogue;
mod client;
mod definition;
mod file;
mod narrower;
mod offline;
mod parts;
mod places;
mod preset;
mod rules;
mod sound;
mod template;
mod variable;

pub use authority::check_certificates;
pub use catalogue::{Catalogue, search};
pub use client::{Client, SecretNeed, Way};
pub use definition::{
    Definition, Definitions, HostUse, Located, MOST_DEFINITIONS, Origin, hosts, read_definitions,
    write_definitions,
};
pub use file::CatalogueError;
pub use narrower::{Narrower, narrower};
pub use offline::ends_with_its_token;
pub use places::Place;
pub use preset::{Preset, PresetProblem, ScopeHelp, Step, StepAction};
pub use rules::check_resource;
pub use variable::Variable;

#[cfg(test)]
mod built_in;
#[cfg(test)]
mod part_2f;
#[cfg(test)]
mod tests;
