//! What is typed and chosen in forms: nothing is dropped without a word, and a long text is read whole.

use super::backend::authority;
use super::script::Script;
use crate::engine::Field;

/// The frame's words without the breaks between lines.
fn words(script: &Script) -> String {
    let frame = script.frame();
    frame.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn says(script: &Script, text: &str) {
    assert!(words(script).contains(text), "{text}\n{}", script.frame());
}

/// GitHub's step for the app, on its first way.
fn two_ways() -> Script {
    let mut script = Script::usual();
    script.keys("a \"gith\" enter enter up up up up");
    says(&script, "▸ 1 (x) a code on a web page");
    script
}

#[test]
fn whoever_picks_a_way_by_number_may_pick_another() {
    let mut script = two_ways();
    script.keys("2");
    says(&script, "▸ 2 (x) the browser, needs the client secret");
    says(&script, "enter go on");
    script.keys("1 2");
    says(
        &script,
        "1 ( ) a code on a web page, no secret ▸ 2 (x) the browser",
    );
    script.keys("enter \"cid\" enter \"2\"");
    says(&script, "•••• 1 character");
    assert!(!script.shows("cid2"), "{}", script.frame());
    // The arrows choose nothing before enter or a space does.
    let mut script = two_ways();
    script.keys("down");
    says(&script, "▸ 2 ( ) the browser");
    says(&script, "enter choose");
    script.keys("space");
    says(&script, "▸ 2 (x) the browser");
    says(&script, "enter go on");
    script.keys("up enter");
    says(&script, "(x) a code on a web page");
    says(&script, "▸ Client ID");
}

#[test]
fn f4_a_tick_by_number_is_taken_back_by_the_same_number() {
    let mut script = Script::usual();
    script.keys("a \"https://one.example/a\" enter \"https://one.example/t\" enter enter");
    script.paste("my app").keys("enter");
    says(&script, "▸ 3 [ ] The blank belongs to it");
    script.keys("3");
    says(&script, "▸ 3 [x] The blank belongs to it");
    says(&script, "enter go on");
    script.keys("3");
    says(&script, "▸ 3 [ ] The blank belongs to it");
    says(&script, "The client ID has a blank in it");
    says(&script, "enter tick");
    script.keys("3 enter");
    says(&script, "▸ 5 Go on");
}

/// A provider of one's own, with everything unfolded and this typed for its authority, which has the focus.
fn with_authority(file: &str) -> Script {
    let mut script = Script::usual();
    script.keys("a \"https://one.example/a\" enter \"https://one.example/t\" enter up enter");
    until(&mut script, "down", "▸ CA file");
    script.keys(&format!("\"{file}\""));
    script
}

#[track_caller]
fn until(script: &mut Script, key: &str, text: &str) {
    for _ in 0..20 {
        if script.shows(text) {
            return;
        }
        script.keys(key);
    }
    panic!("no {text:?}\n{}", script.frame());
}

#[test]
fn f17_an_authority_of_ones_own_is_read_when_its_field_is_left() {
    let mut script = with_authority("~/none.pem");
    says(
        &script,
        "A PEM file: the certificate of an authority of your own",
    );
    assert!(script.asked().is_empty());
    script.keys("down");
    assert_eq!(script.asked(), ["read-authority"]);
    says(&script, "✗ There is no such file.");
    script.keys("end enter");
    says(&script, "Step 2 of 7");
    says(&script, "▸ CA file");
    script.keys("ctrl-u \"~/ca.pem\"");
    assert!(!script.shows("no such file"), "{}", script.frame());
    script.keys("enter");
    assert_eq!(
        script.asked(),
        ["read-authority"],
        "it goes on at the first enter"
    );
    says(&script, "▸ Go on");
    script.keys("enter");
    says(&script, "Step 3 of 7");
    script.keys("\"cid\" enter enter enter");
    says(&script, "Trusts also the authority in ~/ca.pem");
    assert_eq!(script.backend.looked_trusting, Some(authority()));
    script.keys("enter");
    let new = script.backend.saved.first().expect("saved");
    assert_eq!(new.ca_pem, Some(authority()));
    assert_eq!(script.asked(), ["look-at", "save", "sign-in"]);
}

#[test]
fn f17_going_on_waits_for_the_authoritys_file_and_its_problem_is_unfolded() {
    // Emptied, it asks for nothing.
    let mut script = with_authority("~/ca.pem");
    script.keys("ctrl-u enter enter");
    says(&script, "Step 3 of 7");
    assert!(script.asked().is_empty());
    // Folded away and refused.
    let mut script = with_authority("~/none.pem");
    until(&mut script, "down", "▸ Fewer addresses");
    script.keys("enter");
    assert!(!script.shows("CA file"), "{}", script.frame());
    script.keys("down enter");
    says(&script, "▸ CA file");
    says(&script, "✗ There is no such file.");
    // Kept with the draft, and read again where it never was.
    let mut script = with_authority("~/ca.pem");
    script.keys("esc esc a enter");
    says(&script, "Step 2 of 7");
    until(&mut script, "down", "▸ Go on");
    script.keys("enter");
    says(&script, "Step 3 of 7");
    assert_eq!(script.asked(), ["read-authority"]);
    // Also where later steps were reached before.
    script.keys("esc");
    until(&mut script, "up", "▸ CA file");
    script.keys("\"x\" esc esc a enter");
    says(&script, "Step 2 of 7");
}

#[test]
fn an_answer_about_another_authority_file_is_passed_over() {
    let mut script = with_authority("~/ca.pem");
    script.keys("down up \"x\"");
    let late = |file: &str| {
        crate::tui::Msg::Done(crate::tui::Reply::AuthorityRead {
            file: file.to_owned(),
            found: Err("It is another.".to_owned()),
        })
    };
    // It was edited meanwhile.
    script.send(late("~/ca.pem"));
    assert!(!script.shows("It is another."), "{}", script.frame());
    script.keys("backspace down");
    script.send(late("~/none.pem"));
    assert!(!script.shows("It is another."), "{}", script.frame());
    until(&mut script, "down", "▸ Go on");
    script.keys("enter");
    says(&script, "Step 3 of 7");
    assert_eq!(script.asked(), ["read-authority", "read-authority"]);
}

#[test]
fn f17_edit_puts_an_authority_in_and_takes_it_away() {
    let mut script = Script::usual();
    script.keys("down down e");
    until(&mut script, "down", "▸ CA file");
    script.keys("\"~/none.pem\" enter");
    says(&script, "✗ There is no such file.");
    until(&mut script, "down", "▸ Save");
    script.keys("enter");
    says(&script, "▸ CA file");
    script.keys("ctrl-u \"~/ca.pem\" enter");
    assert_eq!(script.asked(), ["read-authority", "read-authority"]);
    says(&script, "Another authority parks this sign-in");
    says(&script, "▸ Save");
    script.keys("enter");
    says(&script, "▸ Go on editing");
    script.keys("down enter");
    let (edits, _) = script.backend.edited.pop().expect("stored");
    assert_eq!(edits, [(Field::Authority, authority())]);
    // It is taken away by a word of its own.
    script.backend.trusted = Some(authority());
    script.keys("e");
    until(&mut script, "down", "▸ Test read URL");
    says(
        &script,
        "CA file one is kept; type another file to replace it",
    );
    script.keys("down");
    says(&script, "one is kept; - takes it away");
    script.keys("\"-\" enter");
    says(&script, "Another authority parks this sign-in");
    script.keys("enter down enter");
    let (edits, _) = script.backend.edited.pop().expect("stored");
    assert_eq!(edits, [(Field::Authority, String::new())]);
}

#[test]
fn an_address_without_https_is_completed_and_never_dropped() {
    let mut script = Script::usual();
    script.keys("a \"auth.example.org/authorize\" enter");
    says(
        &script,
        "▏https://auth.example.org/authorize https:// was put before it.",
    );
    script.keys("\"auth.example.org:8443/token\" enter");
    says(
        &script,
        "▏https://auth.example.org:8443/token https:// was put before it.",
    );
    script.keys("up up \"2\" down");
    says(&script, "https://auth.example.org:8443/token2 ▸ More");
    // What cannot be completed stands there with its problem.
    for typed in [
        "http://auth.example.org/a",
        "https//auth.example.org/a",
        "/authorize",
    ] {
        let mut script = Script::usual();
        script.keys(&format!("a \"{typed}\" enter"));
        says(&script, &format!("▸ Authorization URL ▏{typed} ✗"));
    }
    // A preset is known by its address without https too.
    let mut script = Script::usual();
    script.keys("a \"gitlab.com/oauth\"");
    says(&script, "▸ GitLab");
    // What is folded away is not passed over.
    let mut script = with_authority("");
    until(&mut script, "up", "▸ Device URL");
    script.keys("\"ftp://x\"");
    until(&mut script, "down", "▸ Fewer addresses");
    script.keys("enter down enter");
    says(&script, "▸ Device URL");
    says(&script, "Only https addresses are allowed here.");
}

#[test]
fn an_address_without_a_path_is_told_about_and_taken() {
    let mut script = Script::usual();
    script.keys("a \"https://auth.example.org\" enter");
    // There it is to be made whole, and why is said.
    says(&script, "▸ Authorization URL");
    says(
        &script,
        "This address has no path; an authorization URL usually has one.",
    );
    script.keys("\"/o\"");
    assert!(!script.shows("has no path"), "{}", script.frame());
    script.keys("backspace backspace enter \"https://auth.example.org/\" enter");
    says(
        &script,
        "This address has no path; an authorization URL usually has one.",
    );
    says(
        &script,
        "This address has no path; a token URL usually has one.",
    );
    script.keys("enter");
    says(&script, "Step 3 of 7");
    let mut script = Script::usual();
    script.keys("a \"https://auth.example.org?a=b\" enter \"https://auth.example.org/t\" enter");
    assert!(!script.shows("has no path"), "{}", script.frame());
    // Right below it, however narrow the screen is.
    let mut script = Script::usual();
    script
        .keys("a \"https://auth.example.org\" enter")
        .resize(40, 12);
    let frame = script.frame();
    let mut below = frame
        .lines()
        .skip_while(|line| !line.contains("Authorization URL"));
    // After the whole of it, which is longer than its field.
    let next = below.nth(2).unwrap_or_default().trim();
    assert!(next.starts_with("This address has no path;"), "{frame}");
    // Not while it is being typed.
    let mut script = Script::usual();
    script.keys("a \"https://auth.example.org?a=b\" enter \"https://auth.example.org/t\" enter");
    script.keys("up up ctrl-u \"https://auth.example.org\"");
    assert!(!script.shows("has no path"), "{}", script.frame());
}

/// Longer than any line.
const LONG: &str = "https://login.identity.department.example.org/tenants/0123456789/oauth2/v2.0/authorize?audience=everything";

/// What the frame holds without breaks, blanks and margins.
fn joined(script: &Script) -> String {
    script.frame().split_whitespace().collect()
}

#[test]
fn a_long_address_is_read_whole_below_its_line() {
    for size in [(80, 24), (60, 20), (40, 12)] {
        let mut script = Script::usual();
        script
            .keys("a \"x\" ctrl-u")
            .paste(LONG)
            .resize(size.0, size.1);
        script.keys("enter \"https://login.identity.department.example.org/t\" enter");
        for key in ["up", "up", "up"] {
            script.keys(key);
        }
        assert!(script.shows("▸ Authorization"), "{}", script.frame());
        assert!(joined(&script).contains(LONG), "{}", script.frame());
        // Only of the selected line.
        script.keys("down");
        assert!(!joined(&script).contains(LONG), "{}", script.frame());
        // The same in the edit screen.
        let mut script = Script::usual();
        script.keys("down down e").resize(size.0, size.1);
        until(&mut script, "down", "▸ Token URL");
        script.keys("ctrl-u").paste(LONG);
        assert!(joined(&script).contains(LONG), "{}", script.frame());
    }
}

#[test]
fn the_review_breaks_long_hosts_and_cuts_nothing() {
    let host = "a-very-long-name-of-a-host.identity.department.of-an-organisation.example.org";
    for size in [(80, 24), (60, 20), (40, 12)] {
        let mut script = Script::usual();
        script
            .keys("a")
            .paste(&format!("https://{host}/a"))
            .keys("enter");
        script
            .paste(&format!("https://tokens.{host}/t"))
            .keys("enter enter");
        script.paste(&"client".repeat(12)).keys("enter enter enter");
        says(&script, "▸ Save and sign in");
        script.resize(size.0, size.1);
        let mut seen = String::new();
        script.keys("home");
        for _ in 0..30 {
            script.keys("up");
        }
        let last = "Storesthesesettingsinclear";
        for _ in 0..30 {
            seen.push_str(&joined(&script));
            script.keys("down");
        }
        // Of the two hosts the second stands nowhere else.
        let second = format!("tokens.{host}");
        for whole in [host, &second, &"client".repeat(12), last] {
            assert!(seen.contains(whole), "{size:?} {whole}\n{}", script.frame());
        }
    }
}

#[test]
fn scopes_that_were_chosen_outlive_going_back_and_leaving() {
    let mut script = Script::usual();
    script.keys("a \"gitl\" enter enter \"cid\" enter enter up space \"own:scope\" space \"read_a\" down down space");
    let chosen = "▏read_user own:scope read_api";
    says(&script, chosen);
    // A step back, all steps back, another service meanwhile, and out of the wizard.
    script.keys("esc");
    says(&script, "Step 3 of 7");
    script.keys("enter");
    says(&script, chosen);
    script.keys("esc esc esc ctrl-u \"gith\" enter esc ctrl-u \"gitl\" enter enter enter");
    says(&script, chosen);
    script.keys("esc esc esc esc a");
    says(&script, "Go on connecting GitLab");
    script.keys("enter");
    until(&mut script, "enter", "Step 4 of 7");
    says(&script, chosen);
    script.keys("end enter");
}
