//! How fast the table starts with many connections, how fast it answers, and what memory it takes: the
//! figures of docs/PERFORMANCE.md (FT-48).
//!
//!     cargo build --release
//!     VALETKEY_BIN=$PWD/target/release/valetkey cargo bench --profile dev --bench start -- [--rows N] [--due N] [--rounds N]
//!
//! The real program in a pseudo-terminal of 80x24. Reported, not asserted.

// The figures are what it is for.
#![allow(clippy::print_stdout)]
#![allow(dead_code)] // what the tests share

#[path = "../tests/support/home.rs"]
mod home;
#[path = "../tests/support/kept.rs"]
mod kept;
#[path = "../tests/support/many.rs"]
mod many;
#[path = "../tests/support/pty.rs"]
mod pty;

use std::fs;
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;

use home::Home;
use many::Many;
use pty::Pty;

fn main() {
    let (mut rows, mut due, mut rounds) = (500, 100, 50);
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    while let Some(flag) = arguments.next() {
        let value = arguments.next().expect("a value after the flag");
        let number = value.parse().expect("a number");
        match flag.as_str() {
            "--rows" => rows = number,
            "--due" => due = number,
            "--rounds" => rounds = number,
            other => panic!("no such flag: {other}"),
        }
    }
    let many = Many::of(rows, due);
    let shown = format!("{rows} connections");
    let (mut starts, mut frames, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let began = Instant::now();
        let mut table = Pty::start(in_a_terminal(&many.home));
        table.until_shows(&shown);
        starts.push(began.elapsed());
        for step in 1..=20 {
            let row = format!("▸ connection-{step:03}");
            let began = Instant::now();
            table.press("j");
            table.until_shows(&row);
            frames.push(began.elapsed());
        }
        memory.push(resident(table.process_id()));
        table.press("q");
        assert_eq!(table.end(), 0);
    }
    assert!(many.sandbox.requests().is_empty(), "looking asks nobody");
    println!("{rows} connections, {due} due, {rounds} starts at 80x24");
    tell("from the start to the first frame with the rows", starts);
    tell("from a key to the frame that answers it", frames);
    let most = memory.iter().max().copied().unwrap_or_default();
    println!("memory: at most {most} KiB resident");
}

fn tell(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    println!("{what}: median {:?}, 99 % within {:?}", at(50), at(99));
}

/// The table of a home, ready to be started in a terminal.
fn in_a_terminal(home: &Home) -> CommandBuilder {
    let plain = home.command::<&str>(&[]);
    let mut command = CommandBuilder::new(plain.get_program());
    command.env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.env("TERM", "xterm-256color");
    command.cwd(home.path());
    command
}

/// Most memory that a process ever had, in KiB (proc(5), `VmHWM`).
fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let mut words = line.expect("a line").split_whitespace();
    let number = words.find_map(|word| word.parse().ok());
    number.expect("a number")
}
