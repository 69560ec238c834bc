//! Copies reach the terminal of the laptop through whatever lies between (conformance W-08, Z-11).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::lab::Lab;
use crate::pty::Pty;

/// Copies the forward line in a table that was opened by this command on the server; the clipboard
/// sequences that arrived.
fn copied(open: &str) -> Vec<String> {
    let lab = Lab::set();
    let mut terminal = lab.terminal(open);
    terminal.until_shows("Nobody has signed in yet");
    terminal.press("u");
    terminal.until_shows("then open");
    // The code comes last, above the others.
    terminal.until_shows("type   ");
    terminal.press("\x1b[B");
    terminal.until_shows("▸ 2  Forward");
    terminal.press("c");
    terminal.until_shows("sent to your terminal");
    // The frame that says so comes after the copy.
    clipboard(&terminal)
}

fn clipboard(terminal: &Pty) -> Vec<String> {
    let written = terminal.written();
    // tmux leaves out which clipboard it is for.
    let sequences = written.split("\x1b]52;").skip(1);
    sequences
        .map(|sequence| {
            let (_, rest) = sequence.split_once(';').expect("a clipboard");
            let end = rest.find(['\x07', '\x1b']).expect("an end");
            let text = STANDARD.decode(&rest[..end]).expect("base64");
            String::from_utf8(text).expect("text")
        })
        .collect()
}

#[track_caller]
fn is_the_line(copied: &[String]) {
    assert!(!copied.is_empty(), "nothing arrived");
    for text in copied {
        assert!(text.starts_with("ssh -N -L 127.0.0.1:"), "{text}");
        assert!(text.ends_with(" -p 2222 ada@HOST"), "{text}");
    }
}

#[test]
fn w_08_a_copy_over_ssh_goes_to_the_persons_own_terminal() {
    is_the_line(&copied("valetkey"));
}

#[test]
fn w_08_z_11_tmux_hands_a_copy_on_when_it_takes_or_passes_it() {
    for option in [
        "set -g set-clipboard on",
        "set -g set-clipboard off; set -g allow-passthrough on",
    ] {
        let tmux = option.replace("; ", " \\; ");
        let line = format!(
            "LANG=C.UTF-8 tmux -u -f /dev/null new-session -d valetkey \\; {tmux} \\; attach"
        );
        is_the_line(&copied(&line));
    }
}

#[test]
fn w_08_z_11_screen_hands_a_copy_on() {
    is_the_line(&copied(
        "mkdir -m 700 -p ~/.screen; SCREENDIR=~/.screen LANG=C.UTF-8 screen -U -c /dev/null valetkey",
    ));
}
