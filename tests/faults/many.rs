//! Five hundred connections, a hundred of which are due (FT-48). How fast the table starts with them is
//! measured by `benches/start.rs`.

use serde_json::Value;

use crate::campaign::{Tally, run};
use crate::many_home::Many;
use crate::pty::Pty;
use crate::world;

const ALL: u32 = 500;
const DUE: u32 = 100;

/// Names of the connections of this health.
fn in_health(many: &Many, health: &str) -> Vec<String> {
    let list = many.home.run(&["list", "--json"]).ended(0).json();
    let rows = list["connections"].as_array().expect("rows").clone();
    let named = |row: &Value| row["name"].as_str().expect("a name").to_owned();
    rows.iter()
        .filter(|row| row["health"] == health)
        .map(named)
        .collect()
}

#[test]
fn ft_48_of_five_hundred_connections_each_that_is_due_is_renewed_once() {
    let tally = run(
        "FT-48",
        1,
        || (),
        |(), chance| {
            let mut tally = Tally::default();
            // The draw: how many, and whether a table is open beside it.
            let due = if chance.seed() == 0 {
                DUE
            } else {
                1 + u32::try_from(chance.below(u64::from(DUE))).expect("few")
            };
            let many = Many::of(ALL, due);
            let names: Vec<String> = (0..due).map(|n| format!("connection-{n:03}")).collect();
            if in_health(&many, "expired") != names {
                tally.complain("what is due is not shown as expired");
            }
            let mut table = Pty::start(world::in_a_terminal(&many.home));
            table.until_shows("500 connections");
            let both: Vec<_> = (0..2)
                .map(|_| world::started(&many.home, &["refresh", "--all-due"]))
                .collect();
            for one in both {
                let output = one.wait_with_output().expect("ended");
                if !output.status.success() {
                    tally.complain(format!("{output:?}"));
                }
            }
            table.press("q");
            assert_eq!(table.end(), 0);
            let asked = many.sandbox.requests_to("/token").len();
            if asked != usize::try_from(due).expect("few") {
                tally.complain(format!("{asked} requests for {due} that are due"));
            }
            if !many.sandbox.reuse_events().is_empty() {
                tally.complain("one was asked for twice");
            }
            if !in_health(&many, "expired").is_empty() {
                tally.complain("something is still due");
            }
            many.home.run(&["refresh", "--all-due"]).ended(0);
            if many.sandbox.requests_to("/token").len() != asked {
                tally.complain("something was asked for although nothing was due");
            }
            tally.count("vaults of 500");
            tally
        },
    );
    tally.is_clean();
}
