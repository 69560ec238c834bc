//! The settings in a real terminal: what the table does with them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use vt100::MouseProtocolMode;

use crate::colours::{attributes, is_colour, selection_stands_out};
use crate::home::{Home, sandbox};
use crate::term::Term;

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

#[test]
fn w_08_the_desktops_own_program_is_used_at_the_desk_and_not_over_ssh() {
    let sandbox = sandbox();
    for (variable, native) in [("TERM", true), ("SSH_CONNECTION", false)] {
        let home = Home::new().set("DISPLAY", ":0").with_idle_browser();
        let kept = home.path("kept");
        let bin = home.path("bin");
        fs::create_dir(&bin).expect("made");
        let program = bin.join("xclip");
        let script = format!(
            "#!/bin/sh\ncat > '{0}.new' && mv '{0}.new' '{0}'\n",
            kept.display()
        );
        fs::write(&program, script).expect("written");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("mode");
        let home = home.set("PATH", &format!("{}:/usr/bin:/bin", bin.display()));
        let home = match variable {
            "TERM" => home,
            other => home.set(other, "203.0.113.9 50000 198.51.100.7 22"),
        };
        home.add(&sandbox, "notes");
        let mut term = home.start(&[]);
        term.until_shows("1 connection");
        term.press("c");
        let words = if native {
            "The name was copied."
        } else {
            "sent to your terminal's clipboard"
        };
        term.until_shows(words);
        term.until("it is copied", |_| kept.exists() == native);
        term.press("q");
        assert_eq!(term.end(), 0);
        assert_eq!(term.written().contains("\x1b]52"), !native);
        if native {
            assert_eq!(fs::read_to_string(&kept).expect("kept"), "notes");
        }
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
