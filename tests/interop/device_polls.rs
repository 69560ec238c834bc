//! FT-37: the device code way against npm `oidc-provider`, which asks to slow down, does not answer, and a
//! machine that sleeps. `VALETKEY_SEEDS=from..to` runs that many devices, forty at a time.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Duration;

use serde_json::Value;

use crate::home::Home;
use crate::server::Server;

/// Devices side by side.
const TOGETHER: u64 = 40;
const SECOND: u64 = 1_000_000;

fn seeds() -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("VALETKEY_SEEDS") else {
        return 0..4;
    };
    let (from, to) = text.split_once("..").expect("from..to");
    from.parse().expect("a number")..to.parse().expect("a number")
}

/// Polls that came before they were allowed, by the server's own clock: an interval of one second, five more
/// for good with each `slow_down` (RFC 8628 section 3.5), and no faster after no answer.
fn too_early(polls: &[Value]) -> Vec<String> {
    let mut devices: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let mut early = Vec::new();
    for poll in polls {
        let code = poll["code"].as_str().expect("a code");
        let at = poll["at"].as_u64().expect("a time");
        let (last, interval) = devices.entry(code).or_insert((0, SECOND));
        if *last > 0 && at < *last + *interval {
            early.push(format!("{code}: {} us after the last", at - *last));
        }
        *last = at;
        if poll["answer"] == "slow_down" {
            *interval += 5 * SECOND;
        }
    }
    early
}

/// One device signs in. Every third sleeps for a while on the way.
async fn device(home: &Home, name: String, sleeps: bool) -> bool {
    let mut child = home.start(&["login", &name, "--device", "--timeout", "120"]);
    if sleeps {
        let id = child.id().expect("running").to_string();
        // The moment is not chosen: the machine sleeps when it sleeps.
        for (signal, after) in [("-STOP", 1_300), ("-CONT", 2_700)] {
            tokio::time::sleep(Duration::from_millis(after)).await;
            let sent = home.program("kill").args([signal, &id]).status().await;
            drop(sent);
        }
    }
    let ended = tokio::time::timeout(Duration::from_secs(180), child.wait()).await;
    ended.is_ok_and(|status| status.is_ok_and(|status| status.success()))
}

#[tokio::test]
async fn ft_37_k_05_no_poll_comes_before_it_is_allowed() {
    let seeds = seeds();
    let mut home = Home::new();
    let passphrase = home.file("passphrase", "correct horse battery staple\n");
    home.set("VALETKEY_PASSPHRASE_FILE", passphrase);
    let storm = [("DEVICE_STORM", (seeds.start + 1).to_string())];
    let server = Server::start_with(&home, &storm).await;
    let at = |path: &str| server.at(path);
    for number in 0..TOGETHER.min(seeds.end - seeds.start) {
        let name = format!("device-{number}");
        let (device, token) = (at("/device/auth"), at("/token"));
        let mut arguments = vec!["add", "--no-input", "--dev-http", "--name", &name];
        arguments.extend(["--client-id=public", "--scope=openid profile"]);
        arguments.extend(["--device-url", &device, "--token-url", &token]);
        home.run(&arguments).await.ok();
    }
    let (mut signed_in, mut next) = (0, seeds.start);
    while next < seeds.end {
        let until = seeds.end.min(next + TOGETHER);
        let devices = (next..until).map(|seed| {
            let name = format!("device-{}", seed - next);
            device(&home, name, seed % 3 == 0)
        });
        let ended = futures_util::future::join_all(devices).await;
        signed_in += ended.iter().filter(|ended| **ended).count();
        next = until;
    }
    let polls = server.all("poll");
    let of = |answer: &str| polls.iter().filter(|poll| poll["answer"] == answer).count();
    let early = too_early(&polls);
    let _ = writeln!(
        std::io::stderr(),
        "FT-37: seeds {seeds:?}: {signed_in} signed in, {} polls, {} slow_down, {} without an answer, {} too early",
        polls.len(),
        of("slow_down"),
        of("none"),
        early.len()
    );
    assert_eq!(early, Vec::<String>::new());
    assert_eq!(signed_in as u64, seeds.end - seeds.start);
    assert!(polls.len() as u64 >= 2 * signed_in as u64);
}
