//! kill -9 between and in the middle of tries to tell a provider that does not hear (FT-38), from the
//! first of which the vault gets its second format (FT-40).

use std::time::Duration;

use rustix::process::{Pid, Signal};

use crate::campaign::{Chance, Tally, run};
use crate::home::NAME;
use crate::processes::{id, is_alive, send, until, worker_of};
use crate::world::World;

const FEW: u64 = 12;

/// What the provider does with a revocation. The third one carries it out, and nobody hears of it.
const FAULTS: [&str; 5] = [
    "revocation=503",
    "revoke_drop=undone",
    "revoke_drop=before",
    "revoke_drop=headers",
    "revocation=429",
];

struct Tokens {
    refresh: String,
    access: String,
}

/// Where the sign-in is, as seen from outside.
struct Facts {
    alive_there: bool,
    signed_in_here: bool,
    waiting: usize,
}

fn look(world: &World, tokens: &Tokens) -> Facts {
    Facts {
        alive_there: world.sandbox.accepts_refresh(&tokens.refresh)
            || world.sandbox.accepts_access(&tokens.access),
        signed_in_here: world.home.kept(NAME).refresh.is_some(),
        waiting: world.waiting().1,
    }
}

/// What must be true at every moment.
fn judge(facts: &Facts, when: &str, tally: &mut Tally) {
    if facts.alive_there && !facts.signed_in_here && facts.waiting == 0 {
        tally.complain(format!(
            "{when}: dropped: alive there, and nothing here knows of it"
        ));
    }
    if facts.signed_in_here && facts.waiting > 0 {
        tally.complain(format!("{when}: at two places"));
    }
    if facts.waiting > 1 {
        tally.complain(format!("{when}: one sign-in waits twice"));
    }
}

/// Runs a command against a provider with this fault and perhaps kills it, with its worker if it has
/// one. The exit code, if it came to that.
fn strike(
    world: &World,
    chance: &mut Chance,
    tally: &mut Tally,
    arguments: &[&str],
    fault: Option<&str>,
) -> Option<i32> {
    if let Some(fault) = fault {
        world.sandbox.set(fault).expect("a switch");
    }
    // The first try mostly comes to its end, so that something waits.
    let telling_again = arguments.contains(&"--pending") || arguments.contains(&"--all-due");
    let kill = chance.below(3) > u64::from(!telling_again);
    let held = kill && chance.below(2) == 0;
    if held {
        let switch = chance.one_of(&["revoke_hold=before", "revoke_hold=on"]);
        world.sandbox.once("/revoke", &[switch]).expect("a switch");
    }
    let mut command = world.start_command(arguments);
    let mut worker: Option<Pid> = None;
    let code = if kill {
        if telling_again {
            worker = worker_of(&mut command);
        }
        if held {
            until("the request", || {
                world.sandbox.held() > 0 || command.try_wait().expect("a child").is_some()
            });
            chance.pause(Duration::from_millis(2));
        } else {
            chance.pause(Duration::from_millis(60));
        }
        send(id(&command), Signal::KILL);
        // Sometimes the worker alone goes on, as when a terminal is closed.
        if let Some(worker) = worker.filter(|_| chance.below(2) == 0) {
            send(worker, Signal::KILL);
        }
        let ended = command.wait().expect("ended").code();
        tally.count(match (ended, worker) {
            (Some(_), _) => "through before it was struck",
            (None, Some(_)) => "killed while telling it again",
            (None, None) => "killed",
        });
        ended
    } else {
        tally.count("not struck");
        command.wait().expect("ended").code()
    };
    let held_now = world.sandbox.held();
    world.sandbox.release(held_now);
    if let Some(worker) = worker {
        until("the worker is done", || {
            let held = world.sandbox.held();
            world.sandbox.release(held);
            !is_alive(worker)
        });
    }
    world.settle();
    for switch in ["revocation", "revoke_drop", "revoke_hold"] {
        world.sandbox.unset(switch);
    }
    code
}

#[test]
fn ft_38_l_04_no_revocation_is_claimed_while_the_token_lives_and_none_is_dropped() {
    let world = || World::new(&["rotation=on"]);
    let tally = run("FT-38", FEW, world, |world, chance| {
        let mut tally = Tally::default();
        world.back_to_first_format();
        let kept = world.home.kept(NAME);
        let tokens = Tokens {
            refresh: kept.refresh.expect("signed in"),
            access: kept.access.expect("signed in"),
        };
        let fault = chance.one_of(&FAULTS);
        let code = strike(world, chance, &mut tally, &["revoke", NAME], Some(fault));
        let mut facts = look(world, &tokens);
        judge(&facts, "the first try", &mut tally);
        if code == Some(0) && facts.alive_there {
            tally.complain(format!("claimed under {fault}, and alive"));
        }
        tally.count(match (facts.signed_in_here, facts.waiting) {
            (true, _) => "then still signed in, nothing claimed",
            (false, 0) => "then over",
            (false, _) => "then waiting",
        });
        for _ in 0..chance.below(5) {
            if facts.waiting == 0 {
                break;
            }
            world.pauses_are_over();
            let fault = (chance.below(4) > 0).then(|| chance.one_of(&FAULTS));
            let way: &[&str] = if chance.below(2) == 0 {
                &["revoke", "--pending"]
            } else {
                &["refresh", "--all-due"]
            };
            let code = strike(world, chance, &mut tally, way, fault);
            facts = look(world, &tokens);
            judge(&facts, "another try", &mut tally);
            if code == Some(0) && facts.alive_there {
                tally.complain(format!("claimed by {way:?} under {fault:?}, and alive"));
            }
        }
        // The provider is well again.
        let way: &[&str] = if facts.signed_in_here {
            &["revoke", NAME]
        } else {
            if facts.waiting > 0 {
                world.pauses_are_over();
            }
            &["revoke", "--pending"]
        };
        let output = world.home.run(way);
        facts = look(world, &tokens);
        if output.code != Some(0) || facts.alive_there || facts.signed_in_here || facts.waiting > 0
        {
            tally.complain(format!("not over at the end: {output:?}"));
        }
        if !world.is_sound() {
            tally.complain("the vault is damaged");
        }
        tally.count("over at the end, here and there");
        world.sign_in_again();
        tally
    });
    tally.is_clean();
}
