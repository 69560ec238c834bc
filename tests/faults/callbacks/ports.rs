//! FT-15: machines whose ports or addresses are not as they should be, each in a network of its own.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::campaign::{Tally, is_campaign, run};
use crate::home::{Home, Output, run as run_to_end, sandbox};

/// Longest time until something is said.
const PATIENCE: Duration = Duration::from_secs(3);

/// Holds ports and says when it does: `perl -e … HOST PORT…`.
const HOLDER: &str = r#"use IO::Socket::IP; my $host = shift; $| = 1;
    my @held = map { IO::Socket::IP->new(LocalHost => $host, LocalPort => $_, Listen => 5) or die "$_: $@" } @ARGV;
    print "held\n"; sleep 60;"#;

/// What is wrong with the machine, which connection signs in, and how that ends.
struct Situation {
    name: &'static str,
    /// Shell; `hold HOST PORT…` takes ports first.
    made_by: &'static str,
    connection: &'static str,
    code: i32,
    says: &'static str,
}

const UP: &str = "ip link set lo up";

const SITUATIONS: [Situation; 11] = [
    situation("nothing is wrong", UP, "any", 3, "No answer came in 1 s"),
    situation("no loopback", "true", "any", 1, "no loopback address"),
    situation(
        "the port is taken",
        "hold 127.0.0.1 8765",
        "fixed",
        8,
        "Port 8765 is taken by perl",
    ),
    situation(
        "the port is taken everywhere",
        "hold 0.0.0.0 8765",
        "fixed",
        8,
        "Port 8765 is taken by perl",
    ),
    situation(
        "one family of localhost is taken",
        "hold ::1 8765",
        "localhost",
        8,
        "Port 8765 is taken by perl",
    ),
    situation(
        "the other one is taken",
        "hold 127.0.0.1 8765",
        "localhost",
        8,
        "Port 8765 is taken by perl",
    ),
    situation(
        "IPv6 is off",
        "no_v6",
        "localhost",
        3,
        "No answer came in 1 s",
    ),
    situation(
        "IPv6 is off and wanted",
        "no_v6",
        "v6",
        1,
        "no loopback address",
    ),
    situation("IPv4 is off", "no_v4", "any", 1, "no loopback address"),
    situation(
        "all ports are in use",
        "few 40000 40003; hold 127.0.0.1 40000 40001 40002 40003",
        "any",
        1,
        "no free port",
    ),
    situation(
        "one port is left",
        "few 40000 40003; hold 127.0.0.1 40000 40001 40002",
        "any",
        1,
        "no free port",
    ),
];

const fn situation(
    name: &'static str,
    made_by: &'static str,
    connection: &'static str,
    code: i32,
    says: &'static str,
) -> Situation {
    Situation {
        name,
        made_by,
        connection,
        code,
        says,
    }
}

/// Connections for each form of redirect address. No provider is ever asked.
fn home() -> Home {
    let sandbox = sandbox(&[]);
    let home = Home::new();
    for (name, redirect) in [
        ("any", "http://127.0.0.1/callback"),
        ("fixed", "http://127.0.0.1:8765/callback"),
        ("localhost", "http://localhost:8765/callback"),
        ("v6", "http://[::1]/callback"),
    ] {
        let mut flags = home.definition_of(name, &sandbox);
        flags.extend(["--redirect-uri".to_owned(), redirect.to_owned()]);
        home.run(&flags).ended(0);
    }
    home
}

fn sign_in(home: &Home, situation: &Situation) -> (Output, Duration) {
    let plain = home.command(&[
        "login",
        situation.connection,
        "--no-browser",
        "--timeout",
        "1",
    ]);
    let script = format!(
        r#"set -e
        PATH=$PATH:/usr/sbin:/sbin
        hold() {{
            ip link set lo up
            : > "$HOME/held"
            perl -e '{HOLDER}' "$@" >> "$HOME/held" & holder=$!
            until grep -q held "$HOME/held"; do kill -0 $holder; done
        }}
        no_v6() {{ ip link set lo up; echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; }}
        no_v4() {{ ip link set lo up; ip addr del 127.0.0.1/8 dev lo; }}
        few() {{ echo "$1 $2" > /proc/sys/net/ipv4/ip_local_port_range; }}
        holder=
        {}
        set +e
        "$@"
        code=$?
        [ -z "$holder" ] || kill $holder
        exit $code"#,
        situation.made_by
    );
    let mut inside = Command::new("unshare");
    inside.args(["--net", "/bin/sh", "-c", &script, "sh"]);
    inside.arg(plain.get_program()).args(plain.get_args());
    inside.env_clear();
    inside.envs(plain.get_envs().filter_map(|(k, v)| Some((k, v?))));
    inside.current_dir(home.path()).stdin(Stdio::null());
    let began = Instant::now();
    let output = run_to_end(&mut inside);
    (output, began.elapsed())
}

#[test]
fn ft_15_e_04_e_08_whatever_is_wrong_with_the_ports_is_said_at_once() {
    let tally = run("FT-15", SITUATIONS.len() as u64, home, |home, chance| {
        let mut tally = Tally::default();
        let count = SITUATIONS.len() as u64;
        let which = usize::try_from(chance.seed() % count).expect("small");
        let situation = &SITUATIONS[which];
        let (output, took) = sign_in(home, situation);
        tally.count(situation.name);
        tally.took("a sign-in", took);
        let told = output.code == Some(situation.code) && output.stderr.contains(situation.says);
        if !told {
            tally.complain(format!("{}: {output:?}", situation.name));
        }
        // The second in which nobody answers is asked for.
        if is_campaign() && situation.code != 3 && took > PATIENCE {
            tally.complain(format!("{}: {} ms", situation.name, took.as_millis()));
        }
        tally
    });
    tally.is_clean();
}
