//! Tests of the whole face: keys in, frames and requests out.

mod example;
mod screens;
mod script;
mod stories;
