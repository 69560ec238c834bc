//! The line is cut while a sign-in is under way (conformance FT-30, FT-31, Z-10): no port stays open,
//! nothing is half-stored, and the next start lists it.
//!
//! A few moments here; `VALETKEY_CUTS=200` goes through that many.

use std::time::{Duration, Instant};

use crate::lab::{Lab, device_code};
use crate::pty::Pty;

/// How the line ends.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// The program on the server gets a hang-up, as a closed window sends it.
    HangUp,
    /// The person's `ssh` is killed.
    Client,
    /// The wire goes dead; sshd notices after two unanswered questions, a second apart.
    Wire,
}

const CUTS: [Cut; 3] = [Cut::HangUp, Cut::Client, Cut::Wire];

impl Cut {
    fn happen(self, lab: &Lab, terminal: &Pty) {
        match self {
            Self::HangUp => {
                let ids = lab.processes().join(" ");
                lab.server.sh(&format!("kill -HUP {ids}"));
            }
            Self::Client => {
                let ssh = rustix::process::Pid::from_raw(terminal.process_id().cast_signed());
                let ssh = ssh.expect("a process");
                rustix::process::kill_process(ssh, rustix::process::Signal::KILL).expect("killed");
            }
            Self::Wire => drop(lab.server.sh("ip link set wire down")),
        }
    }

    fn mend(self, lab: &Lab) {
        if matches!(self, Self::Wire) {
            lab.server.sh(
                "ip link set wire up; ip -6 addr add fd77::2/64 dev wire nodad 2>/dev/null || true",
            );
        }
    }
}

/// Where the sign-in is when it happens.
const MOMENTS: [&str; 3] = ["Forward", "type   ", "Waiting for your approval"];

#[test]
fn ft_30_ft_31_z_10_a_cut_line_leaves_no_port_and_nothing_half_stored() {
    let cuts = std::env::var("VALETKEY_CUTS").map_or(6, |count| count.parse().expect("a number"));
    let lab = Lab::set();
    let mut slowest = Duration::ZERO;
    for index in 0..cuts {
        let cut = CUTS[index % CUTS.len()];
        let moment = MOMENTS[index / CUTS.len() % MOMENTS.len()];
        let mut terminal = lab.terminal("valetkey");
        if index > 0 {
            // The one before was journalled.
            terminal.until_shows("was interrupted at");
            terminal.press("2");
        }
        terminal.until_shows("Nobody has signed in yet");
        terminal.press("u");
        terminal.until_shows(moment);
        let begun = Instant::now();
        cut.happen(&lab, &terminal);
        if matches!(cut, Cut::Wire) {
            lab.until_no_process();
        }
        lab.until_no_listener();
        let took = begun.elapsed();
        if !matches!(cut, Cut::Wire) {
            slowest = slowest.max(took);
        }
        cut.mend(&lab);
        drop(terminal);
        lab.until_no_process();
        let row = lab.row();
        assert_eq!(
            row["health"], "needs sign-in",
            "{cut:?} at {moment}: {row:#}"
        );
    }
    println!("{cuts} cuts; the slowest listener went after {slowest:?}");
}

#[test]
fn z_10_the_next_start_lists_it_and_goes_on_with_its_code() {
    let lab = Lab::set();
    let mut terminal = lab.terminal("valetkey");
    terminal.until_shows("Nobody has signed in yet");
    terminal.press("u");
    terminal.until_shows("type   ");
    let code = device_code(&terminal);
    Cut::Client.happen(&lab, &terminal);
    lab.until_no_process();
    // The person goes on in the browser, which knows nothing of the line.
    lab.provider.approve_device(&code, "ada").expect("approved");

    let mut terminal = lab.terminal("valetkey");
    terminal.until_shows("was interrupted at");
    terminal.until_shows("with the same code, good for");
    terminal.press("1");
    terminal.until_shows("Connected as Ada Practice");
    let asked = lab.provider.requests_to("/device_authorization");
    assert_eq!(asked.len(), 1, "the code was not asked for twice");
}

#[test]
fn z_10_what_is_forgotten_is_not_listed_again() {
    let lab = Lab::set();
    let mut terminal = lab.terminal("valetkey");
    terminal.until_shows("Nobody has signed in yet");
    terminal.press("u");
    terminal.until_shows("type   ");
    Cut::HangUp.happen(&lab, &terminal);
    lab.until_no_process();
    let mut terminal = lab.terminal("valetkey");
    terminal.until_shows("was interrupted at");
    terminal.press("2");
    terminal.until_shows("Nobody has signed in yet");
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    let mut terminal = lab.terminal("valetkey");
    terminal.until_shows("Nobody has signed in yet");
}
