//! What a laptop and a server may lack, and what may sit on the port already.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;

use valetkey::sandbox::{Approval, Host};

use crate::lab::{Lab, NAME, authorization_address, connected, forward, signs_in_by_forward};

const FIXED: u16 = 8765;

fn with_a_fixed_port() -> Lab {
    let redirect = format!("--redirect-uri http://127.0.0.1:{FIXED}/callback");
    Lab::with(Host::V4, &[&redirect])
}

#[test]
fn z_01_a_taken_port_on_the_server_leaves_the_paste() {
    let lab = with_a_fixed_port();
    let _other: TcpListener = lab.server.listen(("127.0.0.1", FIXED));
    let mut terminal = lab.terminal("valetkey");
    terminal.until_shows("Nobody has signed in yet");
    terminal.press("u");
    terminal.until_shows("Port 8765 is taken");
    // 1 waits for the port, 2 pastes.
    terminal.press("2");
    terminal.until_shows("Never send this address to anyone");
    terminal.press("\x1bq");

    let output = lab.output(&format!("valetkey login {NAME} </dev/null"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(8), "{said}");

    let mut terminal = lab.terminal(&format!("valetkey login {NAME} --paste"));
    terminal.until_shows("paste its whole address here");
    let address = authorization_address(&lab, &terminal);
    let callback = lab.provider.approve(&address, &Approval::default());
    terminal.press(&format!("{}\r", callback.expect("approved")));
    terminal.until_shows("Signed in to notes as Ada Practice");
}

#[test]
fn z_01_a_taken_port_on_the_laptop_is_said_by_ssh_and_the_other_ways_stay() {
    let lab = with_a_fixed_port();
    let _other = lab.laptop.listen(("127.0.0.1", FIXED));
    let line = format!("valetkey login {NAME} --no-browser --ssh-host ada@server");
    let mut terminal = lab.terminal(&line);
    terminal.until_shows("then open");
    let (line, _, _) = forward(&terminal);
    let mut tunnel = lab.paste_line(&line);
    let mut said = BufReader::new(tunnel.complaints())
        .lines()
        .map_while(Result::ok);
    assert!(said.any(|line| line.contains("Address already in use")));
    terminal.until_shows("paste its whole address here");
    let address = authorization_address(&lab, &terminal);
    let callback = lab.provider.approve(&address, &Approval::default());
    terminal.press(&format!("{}\r", callback.expect("approved")));
    terminal.until_shows("Signed in to notes as Ada Practice");
    connected(&lab);
}

#[test]
fn z_02_a_dev_server_on_the_other_family_of_that_port_is_not_in_the_way() {
    let lab = with_a_fixed_port();
    let _dev = lab.laptop.listen(("::1", FIXED));
    let _dev_there = lab.server.listen(("::1", FIXED));
    signs_in_by_forward(&lab);
    assert_eq!(lab.listeners(), [FIXED], "the dev server alone");
}

#[test]
fn z_02_without_ipv6_localhost_means_the_other_family() {
    let lab = Lab::with(Host::V4, &["--redirect-uri http://localhost/callback"]);
    for machine in [&lab.laptop, &lab.server] {
        machine.sh("sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
    }
    signs_in_by_forward(&lab);
    connected(&lab);
}

#[test]
fn z_02_without_ipv4_loopback_the_ipv6_address_is_forwarded() {
    let lab = Lab::with(Host::Localhost, &["--redirect-uri 'http://[::1]/callback'"]);
    for machine in [&lab.laptop, &lab.server] {
        machine.sh("ip addr del 127.0.0.1/8 dev lo");
    }
    signs_in_by_forward(&lab);
    connected(&lab);
}

#[test]
fn z_01_a_missing_loopback_address_is_said_with_what_to_do() {
    let lab = Lab::with(Host::Localhost, &[]);
    lab.server.sh("ip addr del 127.0.0.1/8 dev lo");
    let output = lab.output(&format!("valetkey login {NAME} </dev/null"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("no loopback address"), "{said}");
    assert!(said.contains("--paste"), "{said}");
}
