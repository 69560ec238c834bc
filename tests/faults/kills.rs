//! kill -9 and milder signals at random moments of a refresh (FT-01, FT-02, FT-03, FT-33).

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::campaign::{Chance, Tally, is_campaign, run};
use crate::home::Output;
use crate::processes::{child_of, id, is_alive, pid, send, until, worker_of};
use crate::world::{Facts, Phase, World};

const FEW: u64 = 40;

/// When the fault strikes: by the clock, or around what the provider sees.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// After the worker appeared.
    Early,
    /// The request has arrived, and nothing was done for it yet.
    Asked,
    /// The provider has changed the token, and no byte of the answer is sent.
    Changed,
    /// The answer is on its way, or just received.
    Answering,
    /// The new tokens are in the vault.
    Stored,
    /// Any time, the end included.
    Late,
}

impl Moment {
    fn draw(chance: &mut Chance) -> Self {
        match chance.below(8) {
            0 | 1 => Self::Early,
            2 => Self::Asked,
            3 => Self::Changed,
            4 | 5 => Self::Answering,
            6 => Self::Stored,
            _ => Self::Late,
        }
    }

    fn prepare(self, world: &World) {
        let hold = match self {
            Self::Early | Self::Stored | Self::Late => return,
            Self::Asked => "token_hold=before",
            Self::Changed | Self::Answering => "token_hold=on",
        };
        world.sandbox.once("/token", &[hold]).expect("a switch");
    }

    /// Lets the moment come. `over` says that nothing is left to wait for.
    fn wait(
        self,
        world: &World,
        chance: &mut Chance,
        tally: &mut Tally,
        before: &Facts,
        over: impl Fn() -> bool,
    ) {
        let held = || until("the request", || world.sandbox.held() > 0 || over());
        match self {
            Self::Early => chance.pause(Duration::from_millis(8)),
            Self::Late => chance.pause(Duration::from_millis(40)),
            Self::Asked | Self::Changed => {
                held();
                chance.pause(Duration::from_millis(2));
            }
            Self::Answering => {
                held();
                world.sandbox.release(1);
                chance.pause(Duration::from_micros(1200));
            }
            Self::Stored => {
                until("the answer", || {
                    over() || world.sandbox.delivered() > before.delivered
                });
                let sent = Instant::now();
                until("the new tokens", || {
                    over() || world.facts().generation != before.generation
                });
                tally.took(
                    "from the answer sent to the new tokens durable",
                    sent.elapsed(),
                );
            }
        }
    }

    /// Nothing is held back any more.
    fn let_go(self, world: &World) {
        if matches!(self, Self::Asked | Self::Changed) {
            world.sandbox.release(1);
        }
        world.settle();
    }
}

/// The next caller, with what must be true of it, whatever happened before.
fn recover(world: &World, tally: &mut Tally) -> Output {
    let began = Instant::now();
    let output = world.token();
    tally.took("recovery", began.elapsed());
    if is_campaign() && began.elapsed() > Duration::from_secs(5) {
        tally.complain("the recovery took over 5 s");
    }
    if !world.is_sound() {
        tally.complain("the vault is damaged");
    }
    output
}

/// The grant must be there, as the provider sees it too.
fn keeps_the_grant(world: &World, tally: &mut Tally, facts: &str, output: &Output) {
    let token = output.stdout.trim_end();
    if output.code == Some(0) && world.sandbox.accepts_access(token) {
        tally.count("grant kept");
        return;
    }
    tally.complain(format!("lost grant: {facts}; {output:?}"));
    world.sign_in_again();
}

/// One refresh; its worker is killed. What was seen at its end, and how far it had come.
fn kill_worker(world: &World, chance: &mut Chance, tally: &mut Tally) -> (Facts, Facts, Phase) {
    let before = world.arm();
    let moment = Moment::draw(chance);
    moment.prepare(world);
    let mut caller = world.start();
    let Some(worker) = worker_of(&mut caller) else {
        // It was through before it was seen, which a busy machine does once in thousands.
        tally.count("over before it could be struck");
        world.settle();
        return (before, world.facts(), Phase::Committed);
    };
    moment.wait(world, chance, tally, &before, || !is_alive(worker));
    let at_kill = world.facts();
    // Both: the caller would resolve it at once, and here the next start is to do it.
    send(id(&caller), Signal::KILL);
    send(worker, Signal::KILL);
    caller.wait().expect("ended");
    until("the worker is gone", || !is_alive(worker));
    moment.let_go(world);
    let after = world.facts();
    let phase = if after.generation == before.generation {
        at_kill.phase_since(&before)
    } else {
        Phase::Committed
    };
    tally.count(phase.name());
    (before, after, phase)
}

#[test]
fn ft_01_a_killed_refresh_loses_no_grant_within_the_providers_grace() {
    let world = || World::new(&["rotation=on", "grace=60"]);
    let tally = run("FT-01", FEW, world, |world, chance| {
        let mut tally = Tally::default();
        let (before, after, phase) = kill_worker(world, chance, &mut tally);
        let output = recover(world, &mut tally);
        let facts = format!("{phase:?} {before:?} {after:?}");
        keeps_the_grant(world, &mut tally, &facts, &output);
        if !world.sandbox.reuse_events().is_empty() {
            tally.complain("a spent token was presented after its grace");
        }
        tally
    });
    tally.is_clean();
}

#[test]
fn ft_02_without_grace_only_what_nobody_could_save_is_lost_and_each_loss_is_told() {
    let world = || World::new(&["rotation=on", "grace=0"]);
    let tally = run("FT-02", FEW, world, |world, chance| {
        let mut tally = Tally::default();
        let (before, after, phase) = kill_worker(world, chance, &mut tally);
        let output = recover(world, &mut tally);
        let facts = format!("{phase:?} {before:?} {after:?}");
        // The provider changed the token, and the new one died with the process.
        let unavoidable = after.issued > before.issued && after.generation == before.generation;
        if !unavoidable {
            keeps_the_grant(world, &mut tally, &facts, &output);
            return tally;
        }
        tally.count(if phase == Phase::Answered {
            "lost, unavoidable: killed with the answer on its way or in its memory"
        } else {
            "lost, unavoidable: killed before the answer was sent"
        });
        if output.code != Some(3) || !output.stderr.contains("interrupted") {
            tally.complain(format!("the loss is not told: {facts}; {output:?}"));
        }
        world.sign_in_again();
        tally
    });
    tally.is_clean();
}

/// Strikes the caller alone, or as a closing session does: both processes, of which the worker puts
/// the signal off.
fn strike(world: &World, chance: &mut Chance, signal: Signal, both: bool) -> Tally {
    let mut tally = Tally::default();
    let before = world.arm();
    let moment = Moment::draw(chance);
    moment.prepare(world);
    let mut caller = world.start();
    let worker = worker_of(&mut caller);
    moment.wait(world, chance, &mut tally, &before, || {
        worker.is_none_or(|worker| !is_alive(worker))
    });
    tally.count(world.facts().phase_since(&before).name());
    send(id(&caller), signal);
    if let Some(worker) = worker.filter(|_| both) {
        send(worker, signal);
    }
    caller.wait().expect("ended");
    // The next caller comes at once: it waits for the worker, whoever started that.
    let next = (!both).then(|| world.start());
    moment.let_go(world);
    if let Some(worker) = worker {
        until("the worker is done", || !is_alive(worker));
    }
    if let Some(next) = next {
        let output = next.wait_with_output().expect("ended");
        if !output.status.success() {
            tally.complain(format!("the next caller: {output:?}"));
        }
    }
    let output = recover(world, &mut tally);
    let asked = world.facts().asked;
    keeps_the_grant(world, &mut tally, &format!("{asked} requests"), &output);
    if asked != 1 || !world.sandbox.reuse_events().is_empty() {
        tally.complain(format!("{asked} requests for one refresh"));
    }
    tally
}

#[test]
fn ft_03_a_killed_caller_loses_nothing_even_without_grace() {
    let world = || World::new(&["rotation=on", "grace=0"]);
    let tally = run("FT-03", FEW, world, |world, chance| {
        strike(world, chance, Signal::KILL, false)
    });
    tally.is_clean();
}

/// A person pressed the key for a refresh, and the interface is killed.
#[test]
fn ft_03_a_killed_interface_loses_nothing_either() {
    let world = || World::new(&["rotation=on", "grace=0"]);
    let tally = run("FT-03, interface", FEW / 4, world, |world, chance| {
        let mut tally = Tally::default();
        let before = world.arm();
        let moment = Moment::draw(chance);
        moment.prepare(world);
        let mut screen = world.interface();
        screen.until_shows("expired");
        screen.press("r");
        let interface = screen.process_id();
        // It may be through before it was seen.
        let through = || world.facts().generation != before.generation;
        let worker = child_of(interface, through);
        let worker_is_over = || worker.is_none_or(|worker| !is_alive(worker));
        moment.wait(world, chance, &mut tally, &before, worker_is_over);
        tally.count(world.facts().phase_since(&before).name());
        send(pid(interface), Signal::KILL);
        screen.end();
        moment.let_go(world);
        until("the worker is done", worker_is_over);
        let output = recover(world, &mut tally);
        let asked = world.facts().asked;
        keeps_the_grant(world, &mut tally, &format!("{asked} requests"), &output);
        if asked != 1 || !world.sandbox.reuse_events().is_empty() {
            tally.complain(format!("{asked} requests for one refresh"));
        }
        tally
    });
    tally.is_clean();
}

/// The worker, or both, are stopped past the end of everything, and go on.
#[test]
fn ft_26_a_refresh_that_was_frozen_goes_on_where_it_was() {
    let world = || World::new(&["rotation=on", "grace=0"]);
    let tally = run("FT-26", FEW / 2, world, |world, chance| {
        let mut tally = Tally::default();
        let before = world.arm();
        let moment = Moment::draw(chance);
        moment.prepare(world);
        let mut caller = world.start();
        let worker = worker_of(&mut caller);
        moment.wait(world, chance, &mut tally, &before, || {
            worker.is_none_or(|worker| !is_alive(worker))
        });
        tally.count(world.facts().phase_since(&before).name());
        let both = chance.below(2) == 0;
        let frozen = || both.then(|| id(&caller)).into_iter().chain(worker);
        frozen().for_each(|process| send(process, Signal::STOP));
        // One second to eight hours.
        let slept = 1 + chance.below(8 * 3600);
        world.sandbox.advance(slept.cast_signed());
        if matches!(moment, Moment::Asked | Moment::Changed) {
            world.sandbox.release(1);
        }
        frozen().for_each(|process| send(process, Signal::CONT));
        let ended = caller.wait_with_output().expect("ended");
        world.settle();
        if !ended.status.success() {
            tally.complain(format!("the caller: {ended:?}"));
        }
        let asked = world.facts().asked;
        if asked != 1 {
            tally.complain(format!("{asked} requests for one refresh"));
        }
        let token = String::from_utf8(ended.stdout).expect("text");
        let output = recover(world, &mut tally);
        if output.stdout != token {
            tally.complain("another token after the wake-up");
        }
        if !world.is_sound() || !world.sandbox.reuse_events().is_empty() {
            tally.complain("damage");
        }
        // Its lifetime has passed at the provider, not here: this world starts anew.
        world.sign_in_again();
        tally
    });
    tally.is_clean();
}

#[test]
fn ft_33_ending_signals_wait_for_the_durable_write() {
    let world = || World::new(&["rotation=on", "grace=0"]);
    let tally = run("FT-33", FEW, world, |world, chance| {
        let signal = chance.one_of(&[Signal::TERM, Signal::INT, Signal::HUP]);
        let both = chance.below(2) == 0;
        strike(world, chance, signal, both)
    });
    tally.is_clean();
}
