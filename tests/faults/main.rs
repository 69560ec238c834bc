//! Layer 7: processes that are killed, frozen, refused and starved at random or at every moment;
//! disks that fail, folders that cannot lock, power that goes.
//!
//! The ordinary run takes a few seeds of each campaign. Long ones are run by hand over a range of
//! seeds, with the release build, and add up in docs/RELIABILITY.md:
//!
//!     VALETKEY_SEEDS=0..10000 VALETKEY_SHARDS=2 VALETKEY_BIN=$PWD/target/release/valetkey \
//!         cargo test --all-features --test faults -- --nocapture ft_01
//!
//! `./tests/run` installs what these tests start; nothing here is skipped when it is missing.

#[path = "../support/agent.rs"]
mod agent_talk;
mod agents;
mod callbacks;
mod campaign;
mod copies;
mod folders;
#[path = "../support/home.rs"]
#[allow(dead_code)]
mod home;
mod injected;
#[path = "../support/kept.rs"]
mod kept;
mod kills;
mod many;
#[path = "../support/many.rs"]
mod many_home;
mod power_loss;
mod processes;
#[path = "../support/pty.rs"]
#[allow(dead_code)]
mod pty;
mod replay;
mod revocations;
mod soak;
#[path = "../support/stage.rs"]
#[allow(dead_code)]
mod stage;
mod storms;
mod trace;
mod vault_home;
#[path = "../support/web.rs"]
#[allow(dead_code)]
mod web;
mod world;
