//! What is typed and chosen in forms: nothing is dropped without a word, and a long text is read whole.

use super::script::Script;

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
