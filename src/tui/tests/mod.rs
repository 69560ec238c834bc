//! Tests of the whole face: keys in, frames and requests out.

mod agent_asks;
mod anything;
mod backend;
mod editing;
mod example;
mod hostile;
mod keys;
mod screens;
mod script;
mod settings;
mod several;
mod sign_in;
mod stories;
mod storm;
mod table;
mod terminal;
mod typing;
mod undoing;
mod wizard;
