//! Valetkey: a terminal OAuth 2.0 connection manager.
//!
//! The map of the rooms and the rules between them stand in `docs/ARCHITECTURE.md`; a test
//! (`tests/layers.rs`) enforces the arrows.

pub mod actions;
pub mod advice;
pub mod agent;
pub mod cli;
pub mod engine;
pub mod host;
pub mod model;
pub mod oauth;
pub mod provider;
pub mod sandbox;
pub mod settings;
pub mod tui;
pub mod vault;
