//! Small things that must be in sight: what a filter found and the way out of it, the selected way of a
//! sign-in, the other way to hold the vault's key.

use super::example::{COLOURLESS, elsewhere, rows, setup};
use super::script::Script;
use crate::tui::{Look, Setup};

#[test]
fn the_filter_says_how_many_match() {
    let mut script = Script::usual();
    script.keys("/ \"l\"");
    let all = rows().len();
    let shown = |script: &Script| {
        let frame = script.frame();
        let line = frame.lines().find(|line| line.starts_with(" / "));
        line.expect("the filter line").to_owned()
    };
    let found = script.model.world.table.found();
    assert!((2..all).contains(&found), "{}", script.frame());
    assert!(shown(&script).ends_with(&format!("{found} of {all} match")));
    script.keys("\"inear\"");
    assert!(shown(&script).ends_with(&format!("1 of {all} matches")));
    script.keys("\"zz\"");
    assert!(shown(&script).ends_with("nothing matches"));
    // It stays while the filter does, and not longer.
    script.keys("backspace backspace enter");
    assert!(shown(&script).ends_with(&format!("1 of {all} matches")));
    script.keys("esc");
    assert!(!script.frame().contains("match"), "{}", script.frame());
}

#[test]
fn the_way_out_of_a_filter_stays_in_the_footer() {
    for size in [(120, 40), (80, 24), (60, 20), (40, 12), (30, 10), (20, 5)] {
        let mut script = Script::new(setup(), rows(), size);
        script.keys("/ \"li\" enter");
        assert!(
            script.shows("esc clear") && script.shows("? more"),
            "{size:?}\n{}",
            script.frame()
        );
        script.keys("esc");
        assert!(!script.shows("esc clear"), "{}", script.frame());
    }
}

#[test]
fn the_vaults_key_can_be_held_another_way_from_the_start() {
    let mut script = Script::empty();
    assert!(script.shows("v  choose another way"), "{}", script.frame());
    script.keys("down down down enter");
    assert!(script.shows("New passphrase"), "{}", script.frame());
    script.keys("esc v \"fake\" enter \"fake\" enter");
    assert_eq!(script.asked(), ["new-passphrase"]);
    assert!(script.shows("The vault is made."), "{}", script.frame());
    assert!(!script.shows("another way") && !script.shows("keychain"));
    // Once it is made there is nothing to choose.
    script.keys("v");
    assert!(
        script.shows("The vault is made already"),
        "{}",
        script.frame()
    );
    assert!(script.asked().is_empty());
}

#[test]
fn on_a_low_screen_only_the_selected_way_is_unfolded() {
    let over_ssh = |size| {
        let ssh = Setup {
            ssh: true,
            elsewhere: elsewhere(),
            ..setup()
        };
        let mut script = Script::new(ssh, rows(), size);
        script.keys("down u");
        script
    };
    let command = "ssh -N -L";
    let script = over_ssh((80, 24));
    assert!(script.shows("WDJB") && script.shows(command));
    let mut script = over_ssh((60, 20));
    let frame = script.frame();
    assert!(
        script.shows("Never give it to anyone") && script.shows("WDJB"),
        "{frame}"
    );
    // Every way is in sight, and the end of the waiting.
    for words in ["2  Forward", "3  Address", "4  Paste", "gives up in"] {
        assert!(script.shows(words), "{words}\n{frame}");
    }
    assert!(!script.shows(command), "{frame}");
    script.keys("down");
    assert!(script.shows(command), "{}", script.frame());
    assert!(!script.shows("WDJB"), "{}", script.frame());
}

/// The line that says that a page goes on.
fn more_line(script: &Script) -> String {
    let frame = script.frame();
    let says = |line: &&str| line.contains("more above") || line.contains("more below");
    let more = frame.lines().find(says);
    more.unwrap_or_default().to_owned()
}

#[test]
fn a_page_that_goes_on_says_so_in_one_place() {
    for (width, height) in [(80, 24), (60, 20), (40, 12)] {
        for ascii in [false, true] {
            let look = Look {
                ascii,
                ..COLOURLESS
            };
            let mut script = Script::new(Setup { look, ..setup() }, rows(), (width, height));
            // A list, everything about a connection, and what happened to it.
            for keys in ["?", "down enter", "h"] {
                script.keys(keys);
                let frame = script.frame();
                let line = more_line(&script);
                assert!(line.ends_with("page down more below"), "{keys}\n{frame}");
                assert_eq!(line.chars().count(), usize::from(width) - 1, "{frame}");
                script.keys("end");
                let frame = script.frame();
                let line = more_line(&script);
                assert!(line.ends_with("page up more above"), "{keys}\n{frame}");
                script.keys("esc");
            }
        }
    }
    // In the middle both are said, with the keys where there is room for them.
    let mut script = Script::new(setup(), rows(), (80, 12));
    script.keys("? ctrl-f");
    let both = "page up page down more above and below";
    assert!(more_line(&script).ends_with(both), "{}", script.frame());
    script.resize(30, 12);
    let both = "  more above and below";
    assert!(more_line(&script).ends_with(both), "{}", script.frame());
    // One that fits says nothing.
    script.keys("esc x").resize(80, 24);
    assert_eq!(more_line(&script), "", "{}", script.frame());
}

#[test]
fn on_a_very_low_screen_an_arrow_at_the_edge_says_it() {
    let edge = |script: &Script| -> Vec<(usize, char)> {
        let frame = script.frame();
        let lines = frame.lines().enumerate();
        let last = lines.filter_map(|(y, line)| Some((y, line.chars().nth(19)?)));
        last.filter(|(_, c)| "↑↓".contains(*c)).collect()
    };
    let mut script = Script::new(setup(), rows(), (20, 5));
    script.keys("?");
    assert_eq!(edge(&script), [(3, '↓')], "{}", script.frame());
    script.keys("down down down");
    assert_eq!(edge(&script), [(1, '↑'), (3, '↓')], "{}", script.frame());
}

#[test]
fn the_whole_history_of_the_details_can_be_reached() {
    let mut script = Script::new(setup(), rows(), (40, 12));
    script.keys("down enter end");
    let frame = script.frame();
    assert!(!more_line(&script).contains("below"), "{frame}");
    let chosen = frame.lines().find(|line| line.contains('▸'));
    assert!(chosen.is_some_and(|line| line.contains(':')), "{frame}");
    // It is nothing to copy.
    assert!(!script.shows("c copy"), "{frame}");
}

#[test]
fn what_stands_above_the_first_line_can_be_turned_to() {
    let mut script = Script::new(setup(), Vec::new(), (40, 12));
    script.keys("a \"gitl\" enter enter \"cid\" enter enter enter");
    let hosts = "Talks to";
    assert!(script.shows("Step 5 of 7"), "{}", script.frame());
    assert!(!script.shows(hosts), "{}", script.frame());
    // The selection goes as far as it can; then the page turns, and a letter brings it back to its field.
    script.keys("up up up up up up up up up up up up up up");
    assert!(script.shows(hosts), "{}", script.frame());
    assert!(
        more_line(&script).contains("more below"),
        "{}",
        script.frame()
    );
    script.keys("\"n\"");
    assert!(
        script.shows("▸ Name") && !script.shows(hosts),
        "{}",
        script.frame()
    );
    // Back the same way, line by line, before the selection moves again.
    script.keys("up up");
    let turned = script.frame();
    script.keys("up down");
    assert_eq!(script.frame(), turned);
    script.keys("down down down");
    assert!(script.shows("▸ Save and sign in"), "{}", script.frame());
}
