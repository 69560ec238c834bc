//! Tests of the whole face: keys in, frames and requests out.

mod anything;
mod example;
mod hostile;
mod screens;
mod script;
mod sign_in;
mod stories;
mod table;
mod typing;
mod wizard;
