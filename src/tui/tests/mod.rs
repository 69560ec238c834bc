//! Tests of the whole face: keys in, frames and requests out.

mod agent_asks;
mod anything;
mod backend;
mod bringing;
mod editing;
mod emulator;
mod example;
mod fields;
mod hostile;
mod hostile_campaign;
mod hostile_catalogue;
mod keys;
mod revocations;
mod screens;
mod script;
mod settings;
mod several;
mod sign_in;
mod states;
mod stories;
mod storm;
mod table;
mod terminal;
mod typing;
mod undoing;
mod wizard;
