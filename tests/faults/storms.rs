//! Many processes and few tokens (FT-04, FT-05, FT-06).

use std::process::Child;
use std::time::Instant;

use rustix::process::Signal;

use crate::campaign::{Tally, run};
use crate::home::NAME;
use crate::processes::{id, send, until, worker_of};
use crate::world::World;

const CALLERS: usize = 100;

fn strict() -> World {
    World::new(&["rotation=on", "grace=0"])
}

/// What the callers printed; every one must have ended well.
fn tokens(callers: Vec<Child>, tally: &mut Tally) -> Vec<String> {
    let mut tokens: Vec<String> = callers
        .into_iter()
        .filter_map(|caller| {
            let output = caller.wait_with_output().expect("ended");
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            if output.status.code() != Some(0) || !told.is_empty() {
                tally.complain(format!("a caller: {:?}, {told}", output.status));
                return None;
            }
            Some(String::from_utf8(output.stdout).expect("text"))
        })
        .collect();
    tokens.sort();
    tokens.dedup();
    tokens
}

#[test]
fn ft_04_a_hundred_processes_cause_one_refresh_and_get_the_same_token() {
    let tally = run("FT-04", 2, strict, |world, _| {
        let mut tally = Tally::default();
        world.arm();
        let began = Instant::now();
        let callers = (0..CALLERS).map(|_| world.start()).collect();
        let tokens = tokens(callers, &mut tally);
        tally.took("until the slowest of 100 had its token", began.elapsed());
        let asked = world.facts().asked;
        if asked != 1 || tokens.len() != 1 {
            tally.complain(format!("{asked} requests, {} tokens", tokens.len()));
        }
        if !world.sandbox.accepts_access(tokens[0].trim_end()) {
            tally.complain("a token nobody knows");
        }
        tally
    });
    tally.is_clean();
}

#[test]
fn ft_06_when_the_holder_is_killed_the_next_one_goes_on() {
    let world = || World::new(&["rotation=on", "grace=60"]);
    let tally = run("FT-06", 2, world, |world, chance| {
        let mut tally = Tally::default();
        world.arm();
        // The provider has changed the token already, or does so when nobody hears it any more.
        let hold = chance.one_of(&["token_hold=before", "token_hold=on"]);
        world.sandbox.once("/token", &[hold]).expect("a switch");
        let mut first = world.start();
        let worker = worker_of(&mut first);
        let callers: Vec<Child> = (1..CALLERS).map(|_| world.start()).collect();
        until("the request", || world.sandbox.held() > 0);
        let began = Instant::now();
        send(id(&first), Signal::KILL);
        if let Some(worker) = worker {
            send(worker, Signal::KILL);
        }
        first.wait().expect("ended");
        let tokens = tokens(callers, &mut tally);
        tally.took("from the kill until all 99 had a token", began.elapsed());
        world.sandbox.release(1);
        world.settle();
        let asked = world.facts().asked;
        if asked > 2 || tokens.len() != 1 {
            tally.complain(format!("{asked} presentations, {} tokens", tokens.len()));
        }
        if !world.sandbox.reuse_events().is_empty() {
            tally.complain("a spent token was presented after its grace");
        }
        tally
    });
    tally.is_clean();
}

/// Fifty grants whose tokens live for seconds, and a hundred processes that ask for any of them.
struct Crowd {
    world: World,
    names: Vec<String>,
}

impl Crowd {
    fn new() -> Self {
        let world = strict();
        let mut names = vec![NAME.to_owned()];
        for number in 1..50 {
            let name = format!("grant-{number}");
            let mut flags = world.home.definition(&world.sandbox);
            let place = flags.iter().position(|flag| flag == NAME).expect("a name");
            flags[place].clone_from(&name);
            world.home.run(&flags).ended(0);
            let browser = world.sandbox.browser();
            world
                .home
                .login_by(&world.sandbox, &["login", &name], browser)
                .ended(0);
            names.push(name);
        }
        world.sandbox.clear_requests();
        Self { world, names }
    }
}

/// One wave of a hundred callers over fifty grants, some of which are due.
#[test]
fn ft_05_many_grants_are_refreshed_once_each_when_they_are_due() {
    let tally = run("FT-05", 2, Crowd::new, |crowd, chance| {
        let mut tally = Tally::default();
        let world = &crowd.world;
        let due = 1 + chance.below(crowd.names.len() as u64);
        world.age_some(due);
        world.sandbox.clear_requests();
        let callers = (0..CALLERS)
            .map(|number| {
                let name = &crowd.names[number % crowd.names.len()];
                world.start_for(name)
            })
            .collect();
        tokens(callers, &mut tally);
        let asked = world.facts().asked as u64;
        if asked != due {
            tally.complain(format!("{asked} refreshes for {due} expiries"));
        }
        if !world.sandbox.reuse_events().is_empty() {
            tally.complain("a spent token was presented");
        }
        tally.count("waves");
        tally
    });
    tally.is_clean();
}
