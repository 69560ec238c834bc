//! The real program in a pseudo-terminal, as a person meets it: keys go in, a terminal emulator
//! shows what comes out. Nothing here knows the program's inside.

mod agent;
mod asked;
#[path = "../faults/campaign.rs"]
#[allow(dead_code)]
mod campaign;
mod carry;
mod colours;
mod exec;
mod far;
mod home;
mod idle;
#[path = "../support/kept.rs"]
mod kept;
mod key_scripts;
mod links;
mod panics;
mod pasting;
mod plain;
mod prompts;
#[path = "../record/mod.rs"]
mod record;
mod refusals;
mod settings;
mod sizes;
mod step_up;
mod stops;
mod storms;
mod story;
mod term;
mod terminals;
mod ways_out;
