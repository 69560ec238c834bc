//! The settings in a real terminal: what the table does with them.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use rustix::fs::Mode;
use vt100::MouseProtocolMode;

use crate::colours::{attributes, is_colour, selection_stands_out};
use crate::home::{Home, sandbox};
use crate::term::{DEADLINE, Term};

impl Home {
    pub(crate) fn settings(&self, text: &str) {
        let folder = self.path("config");
        fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join("config.toml");
        fs::write(&file, text).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("mode");
    }
}

fn table(home: &Home) -> Term {
    let sandbox = sandbox();
    home.add(&sandbox, "notes");
    home.add(&sandbox, "other");
    let mut term = home.start(&[]);
    term.until_shows("2 connections");
    term
}

/// Every attribute that the table and its help sent.
fn sent(mut term: Term) -> Vec<u16> {
    assert!(selection_stands_out(&term), "{}", term.text());
    term.press("?");
    term.until_shows("Keys: Connections");
    term.press("\x03");
    assert_eq!(term.end(), 0);
    attributes(&term.written())
}

#[test]
fn w_10_monochrome_sends_no_colour() {
    let home = Home::new();
    home.settings("theme = \"monochrome\"\n");
    let colours: Vec<u16> = sent(table(&home))
        .into_iter()
        .filter(|sent| is_colour(*sent))
        .collect();
    assert_eq!(colours, [0_u16; 0]);
}

#[test]
fn w_10_high_contrast_sends_nothing_dim() {
    let home = Home::new();
    home.settings("theme = \"high-contrast\"\n");
    let sent = sent(table(&home));
    assert!(!sent.contains(&2) && sent.contains(&1) && sent.contains(&7));
}

#[test]
fn w_10_no_color_is_stronger_than_a_theme_of_ones_own() {
    let theme = "[theme]\nkey = \"#a0c4ff\"\nselected = \"blue\"\n";
    let home = Home::new();
    home.settings(theme);
    let own = sent(table(&home));
    assert!(
        own.windows(5).any(|five| five == [38, 2, 0xa0, 0xc4, 0xff]),
        "{own:?}"
    );
    let home = Home::new().set("NO_COLOR", "1");
    home.settings(theme);
    let none = sent(table(&home));
    assert!(!none.iter().any(|sent| is_colour(*sent)), "{none:?}");
}

#[test]
fn the_mouse_stays_with_the_terminal_where_the_settings_say_so() {
    let home = Home::new();
    home.settings("mouse = false\n");
    let mut term = table(&home);
    assert_eq!(term.screen().mouse_protocol_mode(), MouseProtocolMode::None);
    term.press("M");
    term.until_shows("The mouse works here now");
    assert_ne!(term.screen().mouse_protocol_mode(), MouseProtocolMode::None);
    term.press("q");
    assert_eq!(term.end(), 0);
}

#[test]
fn w_11_ascii_is_set_in_any_locale() {
    let home = Home::new();
    home.settings("ascii = true\n");
    let mut term = table(&home);
    term.press("q");
    assert_eq!(term.end(), 0);
    assert!(term.written().is_ascii());
    let home = Home::new().set("LANG", "C");
    home.settings("ascii = false\n");
    assert!(table(&home).shows("▸"));
}

#[test]
fn w_08_nothing_is_sent_to_the_clipboard_where_it_is_off() {
    let home = Home::new();
    home.settings("clipboard = \"off\"\n");
    let mut term = table(&home);
    term.press("c");
    term.until_shows("Nothing was copied");
    term.press("q");
    assert_eq!(term.end(), 0);
    assert!(!term.written().contains("\x1b]52"));
}

/// A program that tells the test what it is given, in a folder of its own.
fn told_by(home: &Home, name: &str) -> (PathBuf, Receiver<String>) {
    let folder = home.path("bin");
    fs::create_dir(&folder).expect("made");
    let pipe = home.path("copied");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, Mode::RUSR | Mode::WUSR).expect("a pipe");
    let program = folder.join(name);
    let script = format!("#!/bin/sh\ncat > '{}'\n", pipe.display());
    fs::write(&program, script).expect("written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("mode");
    let (sender, told) = channel();
    thread::spawn(move || {
        // Open for writing too: opening does not wait for a writer.
        let both = fs::File::options().read(true).write(true).open(&pipe);
        let mut bytes = [0; 64];
        while let Ok(count) = both.as_ref().expect("opens").read(&mut bytes) {
            let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
            if sender.send(text).is_err() {
                break;
            }
        }
    });
    (folder, told)
}

#[test]
fn w_08_the_desktops_own_program_is_used_at_the_desk_and_not_over_ssh() {
    let sandbox = sandbox();
    for ssh in [false, true] {
        let home = Home::new().set("DISPLAY", ":0").with_idle_browser();
        let (folder, copied) = told_by(&home, "xclip");
        let mut home = home.set("PATH", &format!("{}:/usr/bin:/bin", folder.display()));
        if ssh {
            home = home.set("SSH_CONNECTION", "203.0.113.9 50000 198.51.100.7 22");
        }
        home.add(&sandbox, "notes");
        let mut term = home.start(&[]);
        term.until_shows("1 connection");
        term.press("c");
        if ssh {
            term.until_shows("sent to your terminal's clipboard");
        } else {
            term.until_shows("The name was copied.");
            assert_eq!(copied.recv_timeout(DEADLINE).expect("copied"), "notes");
        }
        term.press("q");
        assert_eq!(term.end(), 0);
        assert_eq!(term.written().contains("\x1b]52"), ssh);
        assert!(copied.try_recv().is_err(), "once, or never");
    }
}

#[test]
fn u_11_a_bad_file_is_told_in_the_table_and_does_not_keep_it_closed() {
    let home = Home::new();
    home.settings("mouse = \"no\"\ntheem = \"default\"\n");
    let mut term = table(&home);
    assert!(
        term.shows("config.toml:1:9: mouse: true or false is needed"),
        "{}",
        term.text()
    );
    assert!(term.shows("(1 more:"), "{}", term.text());
    assert_ne!(term.screen().mouse_protocol_mode(), MouseProtocolMode::None);
    term.press("q");
    assert_eq!(term.end(), 0);
}

#[test]
fn keys_of_ones_own_act_in_the_real_terminal_and_stand_in_the_footer() {
    let home = Home::new();
    home.settings("[keys]\nadd = [\"f2\"]\nquit = [\"x\"]\nrevoke-or-delete = [\"f8\"]\n");
    let mut term = table(&home);
    assert!(term.shows("F2 add"), "{}", term.text());
    // `q` quits no more; the next key is answered.
    term.press("qa");
    term.press("?");
    term.until_shows("Keys: Connections");
    term.press("\x1b");
    term.until_shows("2 connections");
    term.press("\x1bOQ");
    term.until_shows("Step 1 of 7");
    term.press("\x1b");
    term.until_shows("2 connections");
    term.press("x");
    assert_eq!(term.end(), 0);
}

#[test]
fn a_key_that_would_mean_two_things_is_refused_with_both_places() {
    let home = Home::new();
    home.settings("mouse = false\n[keys]\nrefresh = [\"t\"]\n");
    let mut term = table(&home);
    let text = term.text().replace('\n', " ");
    let text: Vec<&str> = text.split_whitespace().collect();
    let text = text.join(" ");
    assert!(
        text.contains("config.toml:3:11: keys.refresh: `t` is `test` already"),
        "{text}"
    );
    assert!(text.contains("docs/KEYS.md"), "{text}");
    term.press("q");
    assert_eq!(term.end(), 0);
}
