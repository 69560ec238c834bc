//! The table: selection by identity, filter, order, many rows.

use std::cell::Cell;

use super::example::{grant, id, row, rows, setup};
use super::script::Script;
use crate::engine::{Change, Row};
use crate::model::{ConnectionId, Expiry};
use crate::tui::Msg;

fn selected(script: &Script) -> Option<ConnectionId> {
    script
        .model
        .world
        .table
        .selected()
        .map(|row| row.summary.id.clone())
}

fn many(count: u32) -> Vec<Row> {
    (0..count)
        .map(|n| {
            let account = format!("user{}@example.com", n % 37);
            let grant = grant(Some(&account), Some("read"), Expiry::NotStated);
            row(
                n,
                &format!("conn-{n:05}"),
                "GitHub",
                "read write",
                Some(grant),
                None,
            )
        })
        .collect()
}

#[test]
fn the_selection_stays_on_its_row() {
    let mut script = Script::usual();
    script.keys("down down");
    assert_eq!(selected(&script), Some(id(2)));
    script.keys("s s S");
    assert_eq!(selected(&script), Some(id(2)));
    script.keys("/ \"io\" enter");
    assert_eq!(selected(&script), Some(id(2)));
    script.keys("esc");
    script
        .backend
        .rows
        .push(row(9, "aaa", "GitHub", "", None, None));
    script.send(Msg::Engine(Change::Connections));
    assert_eq!(selected(&script), Some(id(2)));
    script.keys("/ \"name:github\"");
    assert_eq!(
        selected(&script),
        Some(id(1)),
        "it is filtered out: another is shown"
    );
    script.keys("esc");
    assert_eq!(selected(&script), Some(id(2)), "and it comes back");
}

#[test]
fn words_and_places_filter() {
    let shown = |filter: &str| {
        let mut script = Script::usual();
        script.keys(&format!("/ {filter}"));
        let frame = script.frame();
        ["github", "linear", "acme-okta", "notes-mcp"]
            .into_iter()
            .filter(|name| {
                frame
                    .lines()
                    .skip(3)
                    .take(5)
                    .any(|line| line.contains(name))
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(shown("\"state:needs\""), ["acme-okta"]);
    assert_eq!(shown("\"scope:repo\""), ["github"]);
    assert_eq!(shown("\"provider:okta\""), ["acme-okta"]);
    assert_eq!(shown("\"ada\" space \"state:conn\""), ["github", "linear"]);
    assert_eq!(shown("\"nts\""), ["notes-mcp"]);
    assert_eq!(shown("\"sta\" tab \"exp\""), ["notes-mcp"]);
}

#[test]
fn matches_are_underlined() {
    let mut script = Script::usual();
    script.keys("/ \"gth\"");
    let terminal = script.terminal();
    let line = terminal
        .backend()
        .buffer()
        .content
        .chunks(80)
        .nth(3)
        .expect("the row");
    let marked: String = line
        .iter()
        .filter(|cell| cell.modifier.contains(ratatui::style::Modifier::UNDERLINED))
        .map(ratatui::buffer::Cell::symbol)
        .collect();
    assert!(marked.starts_with("gth"), "{marked}");
}

/// What is underlined in the rows.
fn underlined(script: &Script) -> String {
    let terminal = script.terminal();
    let content = &terminal.backend().buffer().content;
    let rows = content.chunks(80).skip(3).take(4).flatten();
    rows.filter(|cell| cell.modifier.contains(ratatui::style::Modifier::UNDERLINED))
        .map(ratatui::buffer::Cell::symbol)
        .collect()
}

#[test]
fn what_follows_a_key_word_is_underlined_in_its_column_alone() {
    let mut script = Script::usual();
    // The account ada stands in a row whose name and provider hold an `a` as well.
    script.keys("/ \"account:ada@\"");
    assert_eq!(underlined(&script), "ada@ada@");
    script.keys("esc / \"provider:LIN\"");
    assert_eq!(underlined(&script), "Lin");
    script.keys("esc / \"scope:repo\" space \"git\"");
    assert_eq!(underlined(&script), "gitGitrepo");
    script.keys("esc / \"state:need\"");
    assert_eq!(underlined(&script), "need");
}

#[test]
fn what_follows_a_key_word_is_completed_from_the_table() {
    let mut script = Script::usual();
    let mut completed = |typed: &str| {
        script.keys(&format!("esc esc / {typed} tab"));
        script.model.world.table.filter().value().to_owned()
    };
    assert_eq!(completed("\"state:n\""), "state:needs");
    assert_eq!(completed("\"pro\" tab \"OK\""), "provider:okta");
    assert_eq!(completed("\"scope:read:\""), "scope:read:user");
    assert_eq!(completed("\"account:\""), "account:ada");
    assert_eq!(completed("\"x\""), "x");
}

#[test]
fn shift_arrows_choose_the_column_and_the_heading_shows_the_direction() {
    let mut script = Script::usual();
    assert!(script.shows("NAME↑"), "{}", script.frame());
    script.keys("down down shift-right");
    assert!(
        script.shows("PROVIDER↑") && !script.shows("NAME↑"),
        "{}",
        script.frame()
    );
    assert!(script.shows("Sorted by PROVIDER"), "{}", script.frame());
    script.keys("shift-left shift-left S");
    assert!(script.shows("STATE↓"), "{}", script.frame());
    assert_eq!(selected(&script), Some(id(2)));
    let look = crate::tui::Look {
        colour: false,
        ascii: true,
        ..crate::tui::Look::default()
    };
    let mut ascii = Script::new(crate::tui::Setup { look, ..setup() }, rows(), (80, 24));
    assert!(ascii.shows("NAME^"), "{}", ascii.frame());
    ascii.keys("S");
    assert!(ascii.shows("NAMEv"), "{}", ascii.frame());
}

#[test]
fn a_selection_that_is_not_the_choice_is_not_taken_away_either() {
    let mut script = Script::usual();
    script.keys("down down / \"state:needs\" enter");
    assert_eq!(selected(&script), Some(id(3)), "linear is filtered out");
    // Now linear passes the filter too, because of something elsewhere.
    for row in &mut script.backend.rows {
        if row.summary.id == id(2) {
            row.summary.grant = None;
            row.verdict = crate::model::Verdict::of(None, None, None, false, super::example::NOW);
        }
    }
    script.send(Msg::Engine(Change::Connections));
    assert!(script.shows("linear"), "{}", script.frame());
    assert_eq!(selected(&script), Some(id(3)));
    script.keys("s s s S");
    assert_eq!(selected(&script), Some(id(3)));
}

#[test]
fn ten_thousand_rows_are_walked_and_filtered() {
    let mut script = Script::new(setup(), many(10_000), (80, 24));
    assert!(script.shows("10000 connections"));
    script.keys("G");
    assert!(script.shows("▸ conn-09999"), "{}", script.frame());
    script.keys("up / \"conn-0123\"");
    assert!(
        script.shows("conn-01230") && script.shows("conn-01239"),
        "{}",
        script.frame()
    );
    script.keys("esc");
    assert!(script.shows("conn-09998"), "{}", script.frame());
}

#[test]
fn the_rows_scroll_only_as_far_as_needed() {
    let mut script = Script::new(setup(), many(100), (80, 24));
    let first = |script: &Script| {
        script
            .frame()
            .lines()
            .nth(3)
            .map(str::to_owned)
            .expect("a row")
    };
    let top = first(&script);
    let lines = Cell::new(0);
    while first(&script) == top || first(&script).contains("conn-00000") {
        script.keys("down");
        lines.set(lines.get() + 1);
        assert!(lines.get() < 100, "never scrolled");
    }
    assert!(first(&script).contains("conn-00001"), "{}", script.frame());
    let bottom = script.frame();
    script.keys("up");
    assert_eq!(first(&script), bottom.lines().nth(3).expect("a row"));
}

#[test]
fn the_cursor_stands_on_the_selected_line() {
    let mut script = Script::usual();
    script.keys("down");
    let mut terminal = script.terminal();
    terminal.backend_mut().assert_cursor_position((1, 4));
    script.keys("/ \"li\"");
    script
        .terminal()
        .backend_mut()
        .assert_cursor_position((5, 22));
}

#[test]
fn b_03_refused_and_added_scopes_are_marked() {
    let mut rows = rows();
    rows[1].summary.grant.as_mut().expect("grant").granted =
        Some(super::example::scopes("read admin"));
    let script = Script::new(setup(), rows, (100, 24));
    assert!(script.shows("read write? admin+"), "{}", script.frame());
}

#[test]
fn the_account_stays_when_rows_share_a_provider() {
    let narrow = |rows| Script::new(setup(), rows, (34, 24)).frame();
    assert!(!narrow(rows()).contains("ACCOUNT"));
    assert!(narrow(many(3)).contains("ACCOUNT"));
}

#[test]
fn b_01_a_scope_added_after_the_sign_in_was_not_refused() {
    let mut rows = super::example::rows();
    rows[1].summary.requested = super::example::scopes("read write admin");
    rows[1].summary.unasked = super::example::scopes("write admin");
    let mut script = Script::new(super::example::setup(), rows, (80, 24));
    script.keys("down down");
    assert!(
        script.shows("write admin are not asked for yet.") && script.shows("u asks"),
        "{}",
        script.frame()
    );
    script.keys("enter");
    assert!(
        script.shows("not asked for yet: write admin; u asks") && !script.shows("refused"),
        "{}",
        script.frame()
    );
}

/// The details of the second example with this grant, and its line in the table before.
fn with_grant(change: impl FnOnce(&mut crate::model::Grant)) -> (Script, String) {
    let mut rows = rows();
    change(rows[1].summary.grant.as_mut().expect("grant"));
    let mut script = Script::new(setup(), rows, (100, 40));
    let table = script.frame();
    script.keys("down down enter");
    (script, table)
}

#[test]
fn a19_a20_a_life_without_a_sensible_end_is_told_as_one() {
    use crate::model::Seconds;
    let end = super::example::NOW.plus(Seconds(9_999_999_999_999));
    for (expiry, column, line) in [
        (Expiry::At(end), "10+ years  ", "expires in over 10 years"),
        (Expiry::NotStated, "not stated", "expiry not stated"),
    ] {
        let (script, table) = with_grant(|grant| grant.expiry = expiry);
        assert!(table.contains(column), "{table}");
        assert!(script.shows(line), "{}", script.frame());
    }
}

#[test]
fn a22_what_a_refresh_added_is_marked() {
    let (script, _) = with_grant(|grant| {
        grant.granted = Some(super::example::scopes("read"));
        grant.in_use = Some(super::example::scopes("read admin"));
    });
    let marked = script.shows("added    admin, by a refresh");
    assert!(marked, "{}", script.frame());
}

#[test]
fn a23_thousands_of_scopes_fill_no_more_than_their_column_and_can_be_scrolled_through() {
    let many: Vec<String> = (0..5000).map(|n| format!("s{n}")).collect();
    let (mut script, table) =
        with_grant(|grant| grant.granted = Some(super::example::scopes(&many.join(" "))));
    let line = table.lines().find(|line| line.contains("s0+"));
    let line = line.unwrap_or_else(|| panic!("{table}"));
    assert!(line.contains(" +4"), "how many more: {line}");
    assert!(script.shows("s0 s1"), "{}", script.frame());
    script.keys("end");
    assert!(!script.shows("s0 s1"), "{}", script.frame());
}

#[test]
fn rows_stand_under_the_name_of_their_group_and_the_selection_stays() {
    let mut script = Script::new(setup(), many(200), (80, 24));
    script.keys("down down");
    let chosen = selected(&script);
    for (words, head) in [
        ("Grouped by PROVIDER", Some(" GitHub  200")),
        ("Grouped by ACCOUNT", Some(" user2@example.com  6")),
        ("Grouped by STATE", Some(" connected  200")),
        ("Not grouped", None),
    ] {
        script.keys("b");
        assert!(script.shows(words), "{}", script.frame());
        let frame = script.frame();
        let named = frame.lines().find(|line| Some(*line) == head);
        assert_eq!(named, head, "{frame}");
        assert_eq!(selected(&script), chosen, "{frame}");
        let line = frame.lines().find(|line| line.starts_with(" ▸"));
        assert!(
            line.is_some_and(|line| line.contains("conn-00002")),
            "{frame}"
        );
    }
}

#[test]
fn every_row_of_every_group_can_be_reached_at_every_height() {
    for height in [5, 8, 12, 24] {
        let mut script = Script::new(setup(), many(60), (80, height));
        script.keys("b b g");
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..60 {
            let frame = script.frame();
            let row = script.model.world.table.selected().expect("a row");
            let name = row.summary.name.to_string();
            let line = frame.lines().find(|line| line.starts_with(" ▸"));
            assert!(
                line.is_some_and(|line| line.contains(&name)),
                "{name}\n{frame}"
            );
            seen.insert(name);
            script.keys("down");
        }
        assert_eq!(seen.len(), 60);
        // Back to the first one, whose group is named again where there is room.
        script.keys("g");
        let named = script.shows(" user0@example.com  2");
        assert!(named || height < 8, "{}", script.frame());
    }
}

#[test]
fn a_click_on_the_name_of_a_group_selects_nothing_and_one_below_it_that_row() {
    use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    let mut script = Script::usual();
    script.keys("b");
    let frame = script.frame();
    let line_of = |words: &str| {
        let at = frame.lines().position(|line| line.contains(words));
        u16::try_from(at.expect("shown")).expect("few")
    };
    let (head, below) = (line_of(" Linear  1"), line_of("  linear "));
    assert_eq!(below, head + 1, "{frame}");
    let before = selected(&script);
    for (row, then) in [(head, before), (below, Some(id(2)))] {
        script.send(Msg::Mouse(MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: 8,
            row,
            modifiers: KeyModifiers::NONE,
        }));
        assert_eq!(selected(&script), then, "{}", script.frame());
    }
}
