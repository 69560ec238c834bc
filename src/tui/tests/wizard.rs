//! Stories of the wizard.

use super::example::{elsewhere, scopes, setup};
use super::script::Script;
use crate::engine::{Look, Seen};
use crate::model::{ClientAuth, ProviderKind};
use crate::oauth::sight::Sight;
use crate::tui::Setup;

#[test]
fn back_loses_nothing_and_leaving_keeps_all_but_secrets() {
    let mut script = Script::usual();
    script.keys(
        "a \"gith\" enter enter up up up up 2 enter \"my-client\" enter \"hunter2\" enter enter",
    );
    assert!(script.shows("Step 4 of 7"), "{}", script.frame());
    script.keys("up \"gist\" esc");
    assert!(
        script.shows("my-client") && script.shows("•••• 7 characters"),
        "{}",
        script.frame()
    );
    script.keys("esc esc esc");
    assert!(script.model.screens.is_empty());
    script.keys("a");
    assert!(
        script.shows("Go on connecting GitHub"),
        "{}",
        script.frame()
    );
    script.keys("enter");
    assert!(
        script.shows("Step") && !script.shows("7 characters"),
        "{}",
        script.frame()
    );
}

#[test]
fn another_provider_has_its_own_draft() {
    let mut script = Script::usual();
    script.keys("a \"gitl\" enter enter \"lab-client\" esc esc ctrl-u \"gith\" enter enter");
    assert!(
        script.shows("Connect GitHub") && !script.shows("lab-client"),
        "{}",
        script.frame()
    );
    script.keys("esc esc ctrl-u \"gitl\" enter enter");
    assert!(script.shows("lab-client"), "{}", script.frame());
}

#[test]
fn a_preset_makes_the_whole_definition() {
    let mut script = Script::usual();
    script.keys("a \"gitl\" enter enter \"cid\" enter enter enter enter");
    let new = script.backend.saved.first().expect("saved");
    assert_eq!(new.provider.kind, ProviderKind::Preset);
    assert_eq!(
        (new.client_id.as_str(), new.auth),
        ("cid", ClientAuth::None)
    );
    assert_eq!(new.scopes, scopes("read_user"));
    assert!(new.client_secret.is_none() && new.name.is_none());
    assert_eq!(script.asked(), ["save", "sign-in"]);
}

#[test]
fn a_variable_fills_the_addresses_that_were_not_edited() {
    let mut script = Script::usual();
    script.keys("a \"gitl\" enter up up up up ctrl-u \"git.acme.io\" enter");
    assert!(
        script.shows("https://git.acme.io/oauth/token"),
        "{}",
        script.frame()
    );
    script.keys("up up ctrl-u \"https://t.acme.io/t\" up up ctrl-u \"git2.acme.io\" enter");
    let frame = script.frame();
    assert!(
        frame.contains("https://git2.acme.io/oauth/authorize")
            && frame.contains("https://t.acme.io/t"),
        "{frame}"
    );
}

#[test]
fn an_own_provider_needs_its_addresses_and_says_so_beside_the_field() {
    let mut script = Script::usual();
    script.keys("a \"other\" enter down down down enter");
    assert!(
        script.shows("The authorization URL is needed"),
        "{}",
        script.frame()
    );
    script.keys("\"https://id.example/auth\" enter \"ftp://x\" enter enter");
    assert!(
        script.shows("Only https addresses are allowed here."),
        "{}",
        script.frame()
    );
    script.keys("ctrl-u \"https://id.example/token\" enter enter \"cid\" enter enter enter enter");
    let new = script
        .backend
        .saved
        .first()
        .unwrap_or_else(|| panic!("{}", script.frame()));
    assert_eq!(new.provider.hosts(), ["id.example"]);
    assert_eq!(new.provider.kind, ProviderKind::Custom);
    assert!(new.scopes.is_empty());
}

#[test]
fn plain_http_needs_the_switch_and_this_machine() {
    let mut script = Script::usual();
    script.keys("a \"other\" enter \"http://127.0.0.1:9/a\" enter");
    let frame = script.frame();
    let error = frame.lines().position(|line| line.contains("✗ Plain http"));
    let tick = frame
        .lines()
        .position(|line| line.contains("▸ [ ] Plain http on this machine"));
    assert_eq!(error.map(|at| at + 1), tick, "{frame}");
    script.keys("space \"http://127.0.0.1:9/t\" enter enter");
    assert!(script.shows("Step 3 of 7"), "{}", script.frame());
    script.keys("esc");
    assert!(script.shows("[x] Plain http"), "{}", script.frame());
}

#[test]
fn enter_does_not_take_back_a_tick() {
    let mut script = Script::usual();
    script.keys("a \"http://127.0.0.1:9/a\" enter \"http://127.0.0.1:9/t\" enter space");
    assert!(script.shows("▸ Go on"), "{}", script.frame());
    script.keys("up up enter");
    assert!(
        script.shows("[x] Plain http") && script.shows("▸ Go on"),
        "{}",
        script.frame()
    );
    // A space does.
    script.keys("up up space down down down down enter");
    assert!(
        script.shows("▸ [ ] Plain http"),
        "the tick is what is missing: {}",
        script.frame()
    );
}

#[test]
fn scopes_that_nobody_knows_are_typed_at_once() {
    let mut script = Script::usual();
    script.keys("a \"https://one.example/a\" enter \"https://one.example/t\" enter enter");
    script.keys("\"cid\" enter enter \"read\"");
    assert!(script.shows("1 chosen"), "{}", script.frame());
    script.keys("ctrl-u enter");
    assert!(script.shows("Step 5 of 7"), "{}", script.frame());
    script.keys("esc esc esc esc ctrl-u \"gith\" enter enter \"cid\" enter enter");
    assert!(
        script.shows("▸ Go on"),
        "known ones are ticked: {}",
        script.frame()
    );
}

#[test]
fn where_no_browser_is_a_code_is_the_way() {
    let setup = Setup {
        elsewhere: elsewhere(),
        ..setup()
    };
    let mut presets = super::example::presets();
    presets[0].ways.reverse();
    let setup = Setup {
        presets: std::cell::LazyCell::new(Box::new(move || presets)),
        ..setup
    };
    let mut script = Script::new(setup, Vec::new(), (80, 24));
    script.keys("a \"gith\" enter enter");
    assert!(
        script.shows("(x) a code on a web page"),
        "{}",
        script.frame()
    );
}

#[test]
fn another_address_at_the_first_step_is_taken_over() {
    let mut script = Script::usual();
    script.keys("a \"https://one.example/a\" enter \"https://one.example/t\" esc");
    script.keys("ctrl-u \"https://two.example/a\" enter");
    assert!(
        script.shows("Connect two.example") && !script.shows("one.example"),
        "{}",
        script.frame()
    );
    script.keys("esc ctrl-u \"https://one.example/a\" enter");
    assert!(
        script.shows("https://one.example/t"),
        "what was typed for it is still there: {}",
        script.frame()
    );
}

#[test]
fn a_client_id_outlives_leaving_at_the_third_step() {
    let mut script = Script::usual();
    script.keys("a \"https://one.example/a\" enter \"https://one.example/t\" enter enter");
    script.keys("\"my-client\" esc esc esc a");
    assert!(
        script.shows("▸ Go on connecting one.example"),
        "{}",
        script.frame()
    );
    script.keys("enter");
    assert!(script.shows("my-client"), "{}", script.frame());
}

#[test]
fn an_own_provider_is_called_by_its_host_alone() {
    let mut script = Script::usual();
    script.keys("a \"other\" enter \"https://id.example:8443/a\" enter");
    script.keys("\"https://id.example:8443/t\" enter enter \"cid\" enter enter enter");
    assert!(
        script.shows("left empty: id.example, with a number")
            && script.shows("id.example:8443")
            && script.shows("no revocation URL was typed"),
        "{}",
        script.frame()
    );
}

#[test]
fn an_address_of_a_preset_offers_it() {
    let mut script = Script::usual();
    script.keys("a").paste("https://gitlab.com/oauth/authorize");
    assert!(script.shows("▸ GitLab"), "{}", script.frame());
    script
        .keys("ctrl-u")
        .paste("https://id.example/authorize")
        .keys("enter");
    assert!(
        script.shows("https://id.example/authorize"),
        "{}",
        script.frame()
    );
}

#[test]
fn b_08_nothing_is_ticked_beyond_the_smallest_set() {
    let mut script = Script::usual();
    script.keys("a \"gith\" enter enter \"cid\" enter enter");
    let frame = script.frame();
    assert!(
        frame.contains("No scope chosen: the provider will choose its default."),
        "{frame}"
    );
    assert_eq!(frame.matches("[x]").count(), 0);
    script.keys("down down space");
    assert!(script.shows("1 chosen"), "{}", script.frame());
}

#[test]
fn typing_a_part_finds_a_scope_and_ticking_completes_it() {
    let mut script = Script::usual();
    script.keys("a \"gith\" enter enter \"cid\" enter enter up \"read_a\"");
    assert!(
        script.shows("read_api") && !script.shows("[ ] api"),
        "{}",
        script.frame()
    );
    script.keys("down down space");
    let frame = script.frame();
    assert!(
        frame.contains("▏read_api") && frame.contains("[x] read_api") && frame.contains("[ ] api"),
        "{frame}"
    );
}

#[test]
fn b_05_a_scope_with_a_wrong_character_is_named() {
    let mut script = Script::usual();
    script
        .keys("a \"gith\" enter enter \"cid\" enter enter up")
        .paste("a “b”")
        .keys("enter enter");
    assert!(script.shows("U+201C"), "{}", script.frame());
}

#[test]
fn without_a_browser_here_a_page_is_copied_not_opened() {
    let mut script = Script::new(
        Setup {
            ssh: true,
            elsewhere: elsewhere(),
            ..setup()
        },
        Vec::new(),
        (80, 24),
    );
    script.keys("a \"gitl\" enter enter up up up up enter");
    assert_eq!(
        script.backend.copied,
        ["https://gitlab.com/-/user_settings/applications"]
    );
    let mut script = Script::usual();
    script.keys("a \"gitl\" enter enter up up up up enter");
    assert_eq!(script.asked(), ["open-page"]);
}

#[test]
fn the_focused_field_says_what_it_wants_and_the_page_stays_as_it_is() {
    let mut script = Script::usual();
    script.keys("a \"other\" enter down down enter");
    let row_of = |script: &Script, words: &str| {
        let frame = script.frame();
        frame.lines().position(|line| line.contains(words))
    };
    let before = row_of(&script, "Token URL");
    let mut said = std::collections::BTreeSet::new();
    for _ in 0..12 {
        script.keys("tab");
        assert_eq!(row_of(&script, "Token URL"), before, "{}", script.frame());
        let frame = script.frame();
        said.insert(
            frame
                .lines()
                .rev()
                .nth(2)
                .expect("a line")
                .trim()
                .to_owned(),
        );
    }
    let wanted = [
        "The page where you sign in and approve.",
        "Optional, and not used yet. Where a server looks up whether a token",
        "Optional. The sign-in server's own name",
    ];
    for words in wanted {
        assert!(
            said.iter().any(|line| line.starts_with(words)),
            "{words}: {said:#?}"
        );
    }
    let mut script = Script::usual();
    script.keys("a \"gitl\" enter enter tab");
    assert!(script.shows("PKCE, a one-time proof"), "{}", script.frame());
    script.resize(60, 20);
    assert!(script.shows("PKCE, a one-time proof"), "{}", script.frame());
}

#[test]
fn a_step_that_only_says_what_to_do_is_not_copied() {
    let mut script = Script::new(
        Setup {
            ssh: true,
            elsewhere: elsewhere(),
            ..setup()
        },
        Vec::new(),
        (80, 24),
    );
    script.keys("a \"gitl\" enter enter up");
    assert!(
        script.shows("▸ 4  Untick") && !script.shows("enter copy"),
        "{}",
        script.frame()
    );
    script.keys("c enter");
    assert_eq!(script.backend.copied, [""; 0]);
    assert!(script.shows("▸    Client ID"), "{}", script.frame());
    script.keys("up up c");
    assert_eq!(script.backend.copied.len(), 1);
    assert!(script.shows("enter copy"), "{}", script.frame());
}

#[test]
fn the_footer_says_what_enter_does_with_the_line() {
    let says = |script: &Script, words: &str| {
        assert!(script.shows(words), "{words}\n{}", script.frame());
    };
    let mut script = Script::usual();
    script.keys("a \"https://as.example\" enter");
    says(&script, "enter done");
    script.keys("down down");
    says(&script, "enter unfold");
    // What was unfolded begins there, and enter goes through it line by line.
    script.keys("enter");
    says(&script, "▸ Device URL");
    script.keys("enter");
    says(&script, "▸ Revocation URL");
    says(&script, "enter done");
    script.keys(&"enter ".repeat(7));
    says(&script, "▸ CA file");
    script.keys("down down");
    says(&script, "enter fold");
    script.keys("down");
    says(&script, "enter go on");
    let mut script = Script::usual();
    script.keys("a \"gitl\" enter enter");
    // In a field a digit is text, so no line offers one.
    assert!(!script.shows("1  Open"), "{}", script.frame());
    script.keys("down");
    says(&script, "enter add");
    says(&script, "1  Open");
    script.keys("enter down");
    says(&script, "enter change");
    script.keys("home");
    says(&script, "enter open");
}

#[test]
fn a_way_with_a_code_starts_with_it() {
    let mut script = Script::usual();
    script.keys("a \"gith\" enter enter \"cid\" enter enter enter enter");
    assert!(script.shows("WDJB"), "{}", script.frame());
}

#[test]
fn saving_only_returns_to_the_table() {
    let mut script = Script::usual();
    script.keys("a \"gitl\" enter enter \"cid\" enter enter enter down enter");
    assert_eq!(script.asked(), ["save"]);
    assert!(
        script.model.screens.is_empty() && script.shows("made is stored"),
        "{}",
        script.frame()
    );
}

#[test]
fn what_was_typed_for_one_provider_outlives_a_look_at_another() {
    let mut script = Script::empty();
    script.keys("a \"gitl\" enter enter \"4f1c0a9a\" esc esc");
    script.keys("\"other\" enter esc esc");
    assert!(script.shows("No connections yet"), "{}", script.frame());
    script.keys("a \"gitl\" enter enter");
    assert!(script.shows("4f1c0a9a"), "{}", script.frame());
}

#[test]
fn f4_a_blank_in_a_client_id_is_asked_about_and_then_kept() {
    let mut script = Script::usual();
    script.keys("a \"https://one.example/a\" enter \"https://one.example/t\" enter enter");
    script.paste("my app\n").keys("enter");
    assert!(
        script.shows("The client ID has a blank in it")
            && script.shows("▸ 3  [ ] The blank belongs"),
        "{}",
        script.frame()
    );
    // Going on without a word is not possible; the cursor goes to what is missing.
    script.keys("down down enter");
    assert!(script.shows("▸ 3  [ ] The blank"), "{}", script.frame());
    script.keys("space");
    assert!(script.shows("[x] The blank belongs"), "{}", script.frame());
    script.keys("enter enter enter enter");
    let saved = script
        .backend
        .saved
        .first()
        .map(|new| new.client_id.clone());
    assert_eq!(saved.as_deref(), Some("my app"), "{}", script.frame());
}

#[test]
fn f8_a_low_port_is_told_about_before_it_is_registered() {
    let mut script = Script::usual();
    script.keys("a \"https://one.example/a\" enter \"https://one.example/t\" enter enter");
    script.keys("up ctrl-u \"http://127.0.0.1:80/callback\"");
    let frame = script.frame();
    let words: Vec<&str> = frame.split_whitespace().collect();
    assert!(
        words
            .join(" ")
            .contains("Only the administrator may listen at port 80"),
        "{frame}"
    );
    script.keys("ctrl-u \"http://127.0.0.1:8765/callback\"");
    assert!(!script.shows("administrator"), "{}", script.frame());
}

/// An own provider, typed up to the review.
const TO_REVIEW: &str = "a \"https://one.example/a\" enter \"https://one.example/t\" enter enter \"cid\" enter enter enter";

#[test]
fn a_wizard_taken_up_again_begins_at_the_step_that_is_not_finished() {
    let mut script = Script::usual();
    script.keys(TO_REVIEW);
    assert!(script.shows("Step 5 of 7"), "{}", script.frame());
    script.keys("esc esc up up ctrl-u esc esc esc");
    assert!(script.shows("4 connections"), "{}", script.frame());
    script.keys("a enter");
    assert!(
        script.shows("Step 3 of 7") && script.shows("The client ID is needed"),
        "{}",
        script.frame()
    );
}

fn look(authorization: Sight, token: Sight) -> Look {
    let seen = |sight| {
        Some(Seen {
            authority: "one.example".to_owned(),
            sight: Ok(sight),
        })
    };
    Look {
        authorization: seen(authorization),
        token: seen(token),
    }
}

#[test]
fn f3_swapped_addresses_are_noticed_and_asked_about() {
    let mut script = Script::usual();
    script.backend.looks = [
        look(Sight::Token, Sight::Page),
        look(Sight::Page, Sight::Token),
    ]
    .into();
    script.keys(TO_REVIEW);
    assert!(
        script.shows("The two addresses look swapped.") && script.shows("▸ Swap the two addresses"),
        "{}",
        script.frame()
    );
    insta::assert_snapshot!("review_swapped_80x24", script.frame());
    script.keys("enter");
    assert!(
        script.shows("a page answers, as it should") && script.shows("▸ Save and sign in"),
        "{}",
        script.frame()
    );
    assert_eq!(script.asked(), ["look-at", "look-at"]);
    script.keys("enter");
    let new = script.backend.saved.first().expect("saved");
    let of = |url: &Option<crate::model::EndpointUrl>| url.as_ref().map(ToString::to_string);
    let endpoints = &new.provider.endpoints;
    assert_eq!(
        of(&endpoints.authorization).as_deref(),
        Some("https://one.example/t")
    );
    assert_eq!(
        of(&endpoints.token).as_deref(),
        Some("https://one.example/a")
    );
}

#[test]
fn f3_a_look_at_other_addresses_says_nothing_and_a_preset_is_not_looked_at() {
    let mut script = Script::usual();
    script.keys(TO_REVIEW);
    assert!(
        script.shows("looking; nothing secret is sent"),
        "{}",
        script.frame()
    );
    let late = |script: &mut Script, token: &str| {
        script.send(crate::tui::Msg::Done(crate::tui::Reply::Looked {
            typed: ["https://one.example/a".to_owned(), token.to_owned()],
            look: Box::new(look(Sight::Token, Sight::Page)),
        }));
    };
    late(&mut script, "https://one.example/older");
    assert!(!script.shows("swapped"), "{}", script.frame());
    late(&mut script, "https://one.example/t");
    assert!(script.shows("swapped"), "{}", script.frame());
    let mut script = Script::usual();
    script.keys("a \"gitl\" enter enter \"cid\" enter enter");
    assert!(script.shows("Step 4 of 7"), "{}", script.frame());
    script.keys("enter");
    assert!(script.shows("Step 5 of 7"), "{}", script.frame());
    assert!(script.asked().is_empty(), "{:?}", script.asked());
}

#[test]
fn an_address_of_a_preset_that_is_typed_as_another_provider_offers_it_too() {
    let mut script = Script::usual();
    script.keys("a \"other\" enter \"https://gitlab.com/oauth/authorize\" enter");
    assert!(
        script.shows("▸ It belongs to GitLab: use what is known of it"),
        "{}",
        script.frame()
    );
    // Nothing is taken from whoever goes on typing.
    script.keys("down \"https://id.example/token\" enter");
    assert!(
        script.shows("https://id.example/token"),
        "{}",
        script.frame()
    );
    script.keys("up up up enter");
    assert!(
        script.shows("Connect GitLab") && script.shows("https://gitlab.com/oauth/token"),
        "{}",
        script.frame()
    );
    let mut script = Script::usual();
    script.keys("a \"other\" enter \"https://gitlab.com.evil.example/oauth/authorize\" enter");
    assert!(!script.shows("It belongs to"), "{}", script.frame());
}

#[test]
fn what_is_stored_is_no_draft_any_more_and_other_drafts_stay() {
    let mut script = Script::usual();
    // One that is begun, and one that is stored and whose sign-in is stopped.
    script.keys("a \"gitl\" enter enter \"glclient\" esc esc esc");
    script.keys("a \"gith\" enter enter \"cid\" enter enter enter enter");
    assert!(script.asked().contains(&"sign-in"));
    script.keys("esc 2 esc esc esc esc esc");
    assert!(script.shows("is stored. u signs in."), "{}", script.frame());
    // Nothing would store it a second time over what was edited meanwhile.
    script.keys("a");
    assert!(
        !script.shows("Go on connecting GitHub"),
        "{}",
        script.frame()
    );
    script.keys("\"gitl\" enter enter");
    assert!(script.shows("glclient"), "{}", script.frame());
    // Nor is a provider of one's own lost with it.
    let mut script = Script::usual();
    script.keys("a \"https://as.example/authorize\" enter \"https://as.example/token\" esc");
    script.keys("ctrl-u \"gith\" enter enter \"cid\" enter enter enter down enter");
    assert!(script.shows("is stored. u signs in."), "{}", script.frame());
    script.keys("a \"other\" enter");
    assert!(script.shows("as.example/token"), "{}", script.frame());
}

#[test]
fn a_secret_that_leaving_drops_is_said() {
    let mut script = Script::usual();
    script.keys("a \"gitl\" enter enter \"cid\" down enter \"s3cret-s3cret\" esc esc esc");
    assert!(
        script.shows("but not the client secret"),
        "{}",
        script.frame()
    );
}
