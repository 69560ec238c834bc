//! Sign-ins that are ended elsewhere, and vaults that exist twice (FT-36, FT-39).

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::campaign::{Chance, Tally, run};
use crate::home::{Home, NAME};
use crate::world::World;

const FEW: u64 = 6;

fn strict() -> World {
    World::new(&["rotation=on", "grace=0"])
}

/// By another process: closing the database file in this one would drop the locks that the look
/// into the vault holds on it.
fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copied.expect("cp").success());
}

/// Everything that one home holds, in another one.
fn copy_of(home: &Home) -> Home {
    let other = Home::empty();
    copy(&home.root(), &other.root());
    other
}

/// Another holder of the same refresh token uses it first.
fn steal(world: &World) {
    let thief = copy_of(&world.home);
    thief.run(&["vault", "adopt"]).ended(0);
    thief.run(&["refresh", NAME]).ended(0);
}

#[test]
fn ft_36_a_sign_in_that_was_ended_elsewhere_is_asked_for_once_and_said() {
    let tally = run("FT-36", FEW, strict, |world, chance| {
        let mut tally = Tally::default();
        world.arm();
        if chance.below(2) == 0 {
            world.sandbox.revoke_all();
            tally.count("revoked at the provider");
        } else {
            steal(world);
            tally.count("used by a thief first");
        }
        world.sandbox.clear_requests();
        for asked in [1, 1] {
            let output = world.token();
            let told = "it was revoked, expired or used elsewhere";
            if output.code != Some(3) || !output.stderr.contains(told) {
                tally.complain(format!("{output:?}"));
            }
            let seen = world.facts().asked;
            if seen != asked {
                tally.complain(format!("{seen} requests"));
            }
        }
        world.sign_in_again();
        tally
    });
    tally.is_clean();
}

/// A vault that is in use elsewhere, or older than what was last seen here.
fn doubled(world: &mut World, chance: &mut Chance) -> (&'static str, Option<Home>) {
    let root = world.home.root();
    let vault = root.join("data/vault.db");
    match chance.below(3) {
        0 => ("copied to another place", Some(copy_of(&world.home))),
        1 => {
            let note = root.join("state/seen");
            let text = fs::read_to_string(&note).expect("a note");
            let mut seen: serde_json::Value = serde_json::from_str(&text).expect("json");
            seen["machine"] = "another".into();
            fs::write(&note, seen.to_string()).expect("written");
            ("on another machine", None)
        }
        _ => {
            world.whole_in_one_file();
            let kept = world.home.path().join("kept");
            copy(&vault, &kept);
            world.token();
            world.arm();
            world.whole_in_one_file();
            // The same file on the same disk, with what it held before.
            world.put_back(&kept);
            ("restored from a backup", None)
        }
    }
}

#[test]
fn ft_39_the_first_refresh_of_a_doubled_vault_always_asks() {
    // The restored token was spent before: after the question it is the provider who says no.
    let world = || World::new(&["rotation=on", "grace=600"]);
    let tally = run("FT-39", FEW, world, |world, chance| {
        let mut tally = Tally::default();
        world.arm();
        let (how, other) = doubled(world, chance);
        tally.count(how);
        world.sandbox.clear_requests();
        let home = other.as_ref().unwrap_or(&world.home);
        for command in ["token", "refresh"] {
            let output = home.run(&[command, NAME]);
            if output.code != Some(6) || !output.stderr.contains("valetkey vault adopt") {
                tally.complain(format!("{how}: {command} did not ask: {output:?}"));
            }
        }
        let asked = world.facts().asked;
        if asked != 0 {
            tally.complain(format!("{how}: {asked} requests before the answer"));
        }
        home.run(&["vault", "adopt"]).ended(0);
        home.run(&["token", NAME]).token();
        world.sign_in_again();
        tally
    });
    tally.is_clean();
}
