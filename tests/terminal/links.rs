//! Addresses to open are links where the terminal takes them (OSC 8), and the screen is the same.

use std::process::Command;

use crate::home::Home;
use crate::term::Term;

const OPEN: &str = "\x1b]8;";
const PAGE: &str = "https://github.com/settings/";

/// The step of the wizard that names a page to open; all that was written until then.
fn to_the_page(home: &Home, line: &str) -> (String, String) {
    let mut term = Term::start(home.any("/bin/sh", &["-c", line]), (80, 24));
    term.until_shows("Step 1 of 7");
    term.press("github");
    term.until_shows("▏github");
    term.press("\r");
    term.until_shows("Step 2 of 7");
    term.select("Go on");
    term.press("\r");
    term.until_shows("Step 3 of 7");
    term.until_shows(PAGE);
    let shown = term.text();
    term.press("\x03");
    term.end();
    (term.written(), shown)
}

fn in_a_terminal(variables: &[(&str, &str)], settings: &str) -> (String, String) {
    let home = variables
        .iter()
        .fold(Home::new(), |home, (name, value)| home.set(name, value));
    home.settings(settings);
    let line = format!("exec {} add", env!("CARGO_BIN_EXE_valetkey"));
    to_the_page(&home, &line)
}

#[test]
fn links_reach_the_terminal_where_it_takes_them_and_nowhere_else() {
    let (_, plain) = in_a_terminal(&[], "");
    for (variables, settings, linked) in [
        (&[][..], "", false),
        (&[("TERM", "xterm-kitty")], "", true),
        (&[("VTE_VERSION", "7600")], "", true),
        (&[("VTE_VERSION", "7600")], "links = \"off\"\n", false),
        (&[], "links = \"on\"\n", true),
    ] {
        let (written, shown) = in_a_terminal(variables, settings);
        assert_eq!(written.contains(OPEN), linked, "{variables:?} {settings}");
        assert_eq!(shown, plain, "{variables:?} {settings}");
        // Each one that is opened is closed at once.
        let opened = written.matches("\x1b]8;id=vk").count();
        assert_eq!(written.matches("\x1b]8;;\x1b\\").count(), opened);
    }
}

/// Its version, and whether that is one that hands links on (3.4).
fn tmux() -> (String, bool) {
    let told = Command::new("tmux").arg("-V").output().expect("tmux");
    let told = String::from_utf8(told.stdout).expect("text");
    let mut numbers = told.split(|c: char| !c.is_ascii_digit());
    let mut next = || numbers.find_map(|word| word.parse::<u32>().ok());
    let version = (next().expect("a version"), next().unwrap_or_default());
    (told, version >= (3, 4))
}

#[test]
fn tmux_hands_links_on_from_the_version_that_can() {
    let (version, can) = tmux();
    let home = Home::new().set("VTE_VERSION", "7600");
    let line = format!(
        "TMUX_TMPDIR=$HOME exec tmux -u -f /dev/null new-session -d '{} add' \\; \
         set -as terminal-features ',*:hyperlinks' \\; attach",
        env!("CARGO_BIN_EXE_valetkey")
    );
    let (written, shown) = to_the_page(&home, &line);
    assert_eq!(written.contains(OPEN), can, "{version}");
    assert!(shown.contains(PAGE), "{shown}");
}
