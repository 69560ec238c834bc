//! The proof of the presets: every preset signs in, reads, refreshes and revokes against a provider that
//! is dressed in that service's facts.
//!
//! The facts stand in `tests/fixtures/providers/ID.toml`, written from each service's documentation and
//! never from `assets/`. The dressed provider plays them strictly: a request that breaks a fact is refused
//! and fails the test. It uses no room of the house, so nothing checks itself. The presets keep their real
//! addresses: a proxy on loopback leads every host name to the dressed provider (see `child`).

mod authorize;
mod child;
mod definition;
mod dressed;
mod endpoints;
mod facts;
#[allow(dead_code)] // shared with other targets
#[path = "../terminal/far.rs"]
mod far;
mod fixture;
mod form;
#[allow(dead_code)] // shared with other targets
#[path = "../terminal/home.rs"]
mod home;
mod identity;
#[path = "../support/kept.rs"]
mod kept;
mod page;
mod reads;
mod request;
mod sign_in;
#[path = "../record/steady.rs"]
mod steady;
mod story;
mod strict;
mod table;
#[allow(dead_code)] // shared with other targets
#[path = "../terminal/term.rs"]
mod term;
mod walk;
#[allow(dead_code)] // shared with other targets
#[path = "../support/web.rs"]
mod web;
mod wire;
