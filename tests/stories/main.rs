//! Stories: the engine against the practice provider and its misbehaviours, over TLS, with a vault on
//! disk. Both clocks stand still unless a story moves them, and nothing sleeps.

#[path = "../support/kept.rs"]
mod kept;
#[path = "../support/stage.rs"]
mod stage;
#[path = "../support/web.rs"]
mod web;

mod answers;
mod attempts;
mod callbacks;
mod clocks;
mod device;
mod ending;
mod identity;
mod introspection;
mod keeping;
mod keychain_faults;
mod mix_up;
mod other_scopes;
mod paste;
mod refresh;
mod refresh_faults;
mod revocations;
mod sign_in;
