//! An hour of an agent that renews ahead (FT-50): `VALETKEY_SOAK` says how many seconds, and the
//! lifetimes are then those of real providers. Memory is measured after half an hour of warming up: until
//! each of its threads has done everything once, the C library's heap still finds its size.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::thread::sleep;
use std::time::{Duration, Instant};

use valetkey::host::{Clock as _, SystemClock};
use valetkey::model::Grant;

use crate::agent_talk::{Agent, token_of};
use crate::campaign::Chance;
use crate::home::{Home, sandbox};

const CONNECTIONS: u32 = 12;
/// How late a renewal may be seen, and how exact the clocks are, in seconds.
const LEEWAY: i64 = 5;
struct Plan {
    /// Parts of a hundred that memory may grow between the first and the last third. A short run is
    /// over before the process has everything that it keeps.
    growth: u64,
    warm_up: u64,
    seconds: u64,
    lifetimes: std::ops::Range<u64>,
}

impl Plan {
    fn of_this_run() -> Self {
        match std::env::var("VALETKEY_SOAK") {
            Ok(seconds) => Self {
                growth: 5,
                warm_up: 1_800,
                seconds: seconds.parse().expect("a number of seconds"),
                lifetimes: 60..600,
            },
            Err(_) => Self {
                growth: 100,
                warm_up: 0,
                seconds: 70,
                lifetimes: 60..62,
            },
        }
    }
}

/// What an agent uses, as it was seen.
struct Sample {
    private_kib: u64,
    descriptors: usize,
}

fn look(agent: &Agent<'_>) -> Sample {
    let status = fs::read_to_string(format!("/proc/{}/status", agent.pid)).expect("alive");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let private = line.and_then(|line| line.split_whitespace().next());
    Sample {
        private_kib: private.and_then(|text| text.parse().ok()).expect("a size"),
        descriptors: fs::read_dir(format!("/proc/{}/fd", agent.pid))
            .expect("allowed")
            .count(),
    }
}

/// When the program renews it, by the rule it states: a tenth of the life and at least a minute before
/// the end, but never more than half the life.
fn renewed_at(grant: &Grant) -> (i64, i64) {
    let end = grant.expiry.at().expect("an end").0;
    let life = end - grant.issued_at.0;
    (end - 60.max(life / 10).min(life / 2), end)
}

#[test]
fn ft_50_an_agent_that_renews_ahead_stays_as_it_is() {
    let plan = Plan::of_this_run();
    let sandbox = sandbox(&["rotation=on", "grace=0"]);
    let home = Home::new();
    let mut chance = Chance::of(7);
    let mut lifetime =
        || plan.lifetimes.start + chance.below(plan.lifetimes.end - plan.lifetimes.start);
    let names: Vec<String> = (0..CONNECTIONS)
        .map(|number| format!("account-{number}"))
        .collect();
    for name in &names {
        sandbox
            .set(&format!("expires_in={}", lifetime()))
            .expect("a switch");
        let mut definition = home.definition(&sandbox);
        let at = definition.iter().position(|word| word == crate::home::NAME);
        definition[at.expect("a name")].clone_from(name);
        home.run(&definition).ended(0);
        home.login_by(&sandbox, &["login", name], sandbox.browser())
            .ended(0);
        home.run(&["edit", name, "refresh-ahead=yes"]).ended(0);
    }
    let agent = home.agent();
    let vault = home.opened();
    let read = |name: &str| {
        vault
            .connection(name)
            .expect("read")
            .expect("there")
            .grant
            .expect("signed in")
    };
    let mut seen: BTreeMap<&String, Grant> = names.iter().map(|name| (name, read(name))).collect();
    let (mut early, mut late, mut wrong, mut renewals, mut given) = (0, 0, 0, 0_u32, 0_u32);
    let mut samples = Vec::new();
    let began = Instant::now();
    let warm = Duration::from_secs(plan.warm_up);
    while began.elapsed() < warm + Duration::from_secs(plan.seconds) {
        sandbox
            .set(&format!("expires_in={}", lifetime()))
            .expect("a switch");
        for name in &names {
            let grant = read(name);
            let before = &seen[name];
            let now = SystemClock.now().0;
            if grant.generation == before.generation {
                late += u32::from(now > renewed_at(before).0 + LEEWAY);
            } else {
                early += u32::from(grant.issued_at.0 < renewed_at(before).0 - 1);
                renewals += 1;
                seen.insert(name, grant);
            }
            let told = agent.talk().ask(&token_of(name)).expect("told");
            let token = told["token"]["access_token"].as_str().unwrap_or_default();
            given += 1;
            wrong += u32::from(!sandbox.accepts_access(token));
        }
        if began.elapsed() >= warm {
            samples.push(look(&agent));
        }
        sandbox.clear_requests();
        // The campaign itself takes time: that is what it is about.
        sleep(Duration::from_secs(1));
    }
    let third = samples.len() / 3;
    let typical = |part: &[Sample]| {
        let mut sizes: Vec<u64> = part.iter().map(|sample| sample.private_kib).collect();
        sizes.sort_unstable();
        sizes[sizes.len() / 2]
    };
    let (first, last) = (
        typical(&samples[..third]),
        typical(&samples[samples.len() - third..]),
    );
    let descriptors = samples.iter().map(|sample| sample.descriptors);
    let (few, many) = (descriptors.clone().min(), descriptors.max());
    let _ = writeln!(
        std::io::stderr(),
        "FT-50: {} s, {renewals} renewals, {given} tokens given; early {early}, late {late}, refused {wrong}; \
         private memory {first} KiB, at the end {last} KiB; descriptors {few:?} to {many:?}",
        began.elapsed().as_secs()
    );
    assert!(renewals > CONNECTIONS, "it renews");
    assert_eq!((early, late, wrong), (0, 0, 0));
    assert!(
        last * 100 <= first * (100 + plan.growth),
        "{first} KiB became {last}"
    );
    assert!(
        many <= few.map(|few| few + 8),
        "{few:?} descriptors became {many:?}"
    );
}
