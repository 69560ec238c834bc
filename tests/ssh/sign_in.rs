//! Signing in from far away, in each way that SSH leaves. After the connection was chosen there is one
//! paste, or one copied line, and nothing else to type.

use std::time::Instant;

use crate::lab::{Lab, NAME, authorization_address, connected, deliver, device_code, forward};
use crate::pty::Pty;

/// The table on the server, seen on the laptop, with the connection selected.
fn table(lab: &Lab) -> Pty {
    let mut terminal = lab.terminal("valetkey");
    terminal.until_shows("Nobody has signed in yet");
    terminal
}

#[test]
fn z_01_a_device_code_needs_no_input_at_all_after_the_connection_was_chosen() {
    let lab = Lab::set();
    let mut terminal = table(&lab);
    terminal.press("u");
    terminal.until_shows("type   ");
    let begun = Instant::now();
    let code = device_code(&terminal);
    lab.provider.approve_device(&code, "ada").expect("approved");
    terminal.until_shows("Connected as Ada Practice");
    println!(
        "device code: {:?} from the approval to the end",
        begun.elapsed()
    );
    connected(&lab);
}

#[test]
fn z_02_the_forward_line_works_as_it_is_printed_and_nothing_else_is_typed() {
    let lab = Lab::set();
    let mut terminal = table(&lab);
    let begun = Instant::now();
    terminal.press("u");
    terminal.until_shows("h fills in HOST");
    // Once for this machine: its name. Then nothing but the line.
    terminal.press("h");
    terminal.until_shows("What did you type");
    terminal.press("ada@server\r");
    terminal.until_shows("-p 2222 ada@server");
    let (line, start, port) = forward(&terminal);
    deliver(&lab, &line, &start, port);
    terminal.until_shows("Connected as Ada Practice");
    println!("forwarded port: {:?} in all", begun.elapsed());
    connected(&lab);
    terminal.press("\r");
    terminal.until_shows("connected");
    terminal.press("u");
    terminal.until_shows("-p 2222 ada@server");
}

#[test]
fn z_03_z_05_a_pasted_address_is_the_one_thing_typed_line_by_line() {
    let lab = Lab::set();
    let mut terminal = lab.terminal(&format!("valetkey login {NAME} --no-browser"));
    let begun = Instant::now();
    terminal.until_shows("paste its whole address here");
    let address = authorization_address(&lab, &terminal);
    let approval = valetkey::sandbox::Approval::default();
    let callback = lab.provider.approve(&address, &approval).expect("approved");
    terminal.press(&format!("{callback}\r"));
    terminal.until_shows("Signed in to notes as Ada Practice");
    assert_eq!(terminal.end(), 0);
    println!("paste: {:?} in all", begun.elapsed());
    let code = callback.split("code=").nth(1).expect("a code");
    let code = code.split('&').next().expect("a code");
    assert!(!terminal.written().contains(code), "never echoed");
    connected(&lab);
}

#[test]
fn z_02_a_real_browser_on_the_laptop_goes_through_the_forwarded_port() {
    let lab = Lab::set();
    let begin = format!("valetkey login {NAME} --ssh-host ada@server");
    let mut terminal = lab.terminal(&begin);
    terminal.until_shows("then open");
    let (line, start, port) = forward(&terminal);
    let mut tunnel = lab.paste_line(&line);
    tunnel.until_open(&lab.laptop, ("127.0.0.1", port));
    let saw = lab.chromium(&start);
    let text = saw["text"].as_str().expect("text");
    assert!(text.contains("as Ada Practice"), "{saw:#}");
    assert_eq!(saw["path"], "/done");
    terminal.until_shows("Signed in to notes as Ada Practice");
    connected(&lab);
}

#[test]
fn z_03_z_06_the_page_that_a_real_browser_cannot_load_has_the_address_to_paste() {
    let lab = Lab::set();
    let mut terminal = lab.terminal(&format!("valetkey login {NAME} --no-browser"));
    terminal.until_shows("paste its whole address here");
    terminal.until_shows("Never send it to anyone");
    let saw = lab.chromium(&authorization_address(&lab, &terminal));
    let address = saw["unreachable"].as_str().expect("a page that fails");
    terminal.press(&format!("{address}\r"));
    terminal.until_shows("Signed in to notes as Ada Practice");
    connected(&lab);
}
